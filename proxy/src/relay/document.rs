//! A room's document, as the proxy holds it: complete at every moment, so that what it is asked for it can give.

use std::cell::Cell;
use std::sync::Arc;

use bytes::Bytes;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::MAX_DOCUMENT;
use krateyard_shared::sync::frame::Frame;
use krateyard_shared::sync::gate::{self, Facts};
use yrs::block::ClientID;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Doc, OffsetKind, Options, ReadTxn, StateVector, Transact, Update};

/// A longer answer goes in pieces, to whoever takes them, in bytes: each socket has one of them in its buffers, where a room may have thousands of people and 8 MiB.
pub(super) const PIECE: usize = 64 << 10;
/// What an update without structs and deletions looks like (Yjs, `encodeStateAsUpdate` of an empty document).
const EMPTY_UPDATE: [u8; 2] = [0, 0];

/// What came of an update.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Applied {
    /// The document has it all; this is what was new in it, if anything.
    Whole(Option<Bytes>),
    /// It builds on something that is not here: that was left out, and its sender is to be asked for what is missing.
    Partly(Option<Bytes>),
}

/// A document and its encoded form.
pub(super) struct Document {
    doc: Doc,
    /// As one Step2 frame, and in pieces; made when somebody needs it, once for all who come until the next change.
    whole: Option<Arc<[Bytes]>>,
    pieces: Option<Arc<[Bytes]>>,
    /// No less than the bytes that the document takes as one update.
    size: usize,
    /// No less than the types that it has inside of types.
    nested: usize,
    /// How far each client's structs are here.
    known: StateVector,
    is_empty: bool,
}

/// An update that passed the gate, seen from the document that it is for; nothing else is taken in.
pub(super) struct Checked<'a> {
    update: &'a [u8],
    facts: Facts,
    /// Clients of which the document had nothing.
    newcomers: usize,
}

impl Checked<'_> {
    /// Whether it writes anything, apart from deletions.
    pub(super) fn has_structs(&self) -> bool {
        self.facts.structs > 0
    }
}

impl Document {
    pub(super) fn new() -> Document {
        Document { doc: fresh(), whole: None, pieces: None, size: 0, nested: 0, known: StateVector::default(), is_empty: true }
    }

    /// Made of what was kept. What cannot be read is skipped, and counted: the rest is not lost with it.
    pub(super) fn restore(updates: impl IntoIterator<Item = Bytes>) -> (Document, usize) {
        let (mut document, mut unreadable) = (Document::new(), 0);
        for update in updates {
            unreadable += usize::from(document.take(&update).is_err());
        }
        (document, unreadable)
    }

    /// No less than the bytes that it takes as one update.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// An update as bytes, past the gate and taken in.
    ///
    /// # Errors
    /// As [`Document::check`] and [`Document::apply`].
    pub(super) fn take(&mut self, update: &[u8]) -> Result<Applied, Refusal> {
        let checked = self.check(update)?;
        self.apply(&checked)
    }

    /// Lets an update through the gate.
    ///
    /// # Errors
    /// `BadRequest` when it does not pass.
    pub(super) fn check<'a>(&self, update: &'a [u8]) -> Result<Checked<'a>, Refusal> {
        let newcomers = Cell::new(0);
        let known = |client| {
            let end = self.known.get(&ClientID::new(client));
            newcomers.update(|count| count + usize::from(end == 0));
            u64::from(end)
        };
        let facts = gate::update_onto(update, known).map_err(|error| unreadable(&error.to_string()))?;
        Ok(Checked { update, facts, newcomers: newcomers.get() })
    }

    /// Takes in an update, which is to be of a check of just now.
    ///
    /// # Errors
    /// `Limit` when the document would grow past its bound, `BadRequest` when yrs cannot read the update.
    pub(super) fn apply(&mut self, checked: &Checked<'_>) -> Result<Applied, Refusal> {
        let Checked { update, facts: Facts { nested, gap, .. }, newcomers } = *checked;
        if self.size + update.len() > MAX_DOCUMENT {
            self.size = self.encode().len();
            if self.size + update.len() > MAX_DOCUMENT {
                return Err(Refusal::Limit { which: "changes in this room: it is full".into(), retry_after_secs: 60 });
            }
        }
        if nested > 0 && self.nested + nested > gate::MAX_NESTED {
            self.nested = gate::update(&self.encode()).map_or(0, |facts| facts.nested);
            if self.nested + nested > gate::MAX_NESTED {
                return Err(Refusal::Limit { which: "types inside of types in this room".into(), retry_after_secs: 60 });
            }
        }
        // Past that nobody could be handed the room as a whole any more, and it could not be opened again.
        if newcomers > 0 && (self.known.len() + newcomers) as u64 > gate::MAX_CLIENTS {
            return Err(Refusal::Limit { which: "sessions that changed this room".into(), retry_after_secs: 60 });
        }
        // yrs would take it in all the same and leave a hole, which everybody who comes later would be handed.
        if gap {
            return Ok(Applied::Partly(None));
        }
        let decoded = Update::decode_v1(update).map_err(|error| unreadable(&error.to_string()))?;
        let news = {
            let mut txn = self.doc.transact_mut();
            txn.apply_update(decoded).map_err(|error| unreadable(&error.to_string()))?;
            txn.has_changes().then(|| Bytes::from(txn.encode_update_v1())).filter(|news| news[..] != EMPTY_UPDATE)
        };
        if let Some(news) = &news {
            self.size += news.len();
            self.nested += nested;
            (self.whole, self.pieces) = (None, None);
            self.known = self.doc.transact().state_vector();
            self.is_empty = false;
        }
        if !self.waits() {
            return Ok(Applied::Whole(news));
        }
        // What waits would grow without bound in the hands of somebody who never sends what it waits for.
        let integrated = self.encode();
        let doc = fresh();
        let whole = Update::decode_v1(&integrated).map_err(|error| unreadable(&error.to_string()))?;
        doc.transact_mut().apply_update(whole).map_err(|error| unreadable(&error.to_string()))?;
        self.known = doc.transact().state_vector();
        self.doc = doc;
        Ok(Applied::Partly(news))
    }

    /// What this copy knows.
    pub(super) fn vector(&self) -> Vec<u8> {
        self.known.encode_v1()
    }

    /// What a copy with this state vector lacks, as frames: Updates of [`PIECE`] bytes each `in_pieces`, where it is long, and in the end a Step2. Whoever has nothing
    /// gets what everybody gets who has nothing.
    ///
    /// # Errors
    /// `BadRequest` when it is none.
    pub(super) fn missing_for(&mut self, vector: &[u8], in_pieces: bool) -> Result<Arc<[Bytes]>, Refusal> {
        gate::vector(vector).map_err(|error| unreadable(&error.to_string()))?;
        let theirs = StateVector::decode_v1(vector).map_err(|error| unreadable(&error.to_string()))?;
        if !theirs.is_empty() {
            return Ok(answer(&self.doc.transact().encode_diff_v1(&theirs), in_pieces));
        }
        let known = if in_pieces { &self.pieces } else { &self.whole };
        if let Some(known) = known {
            return Ok(known.clone());
        }
        let update = self.encode();
        self.size = update.len();
        let frames = answer(&update, in_pieces);
        *(if in_pieces { &mut self.pieces } else { &mut self.whole }) = Some(frames.clone());
        Ok(frames)
    }

    /// All of it as one update, to be kept.
    pub(super) fn compacted(&self) -> Bytes {
        self.encode().into()
    }

    /// Without what waits.
    fn encode(&self) -> Vec<u8> {
        if self.is_empty { EMPTY_UPDATE.to_vec() } else { self.doc.transact().encode_diff_v1(&StateVector::default()) }
    }

    fn waits(&self) -> bool {
        let txn = self.doc.transact();
        txn.store().pending_update().is_some() || txn.store().pending_ds().is_some_and(|deletes| !deletes.is_empty())
    }
}

/// An update as the frames that answer a question.
fn answer(update: &[u8], in_pieces: bool) -> Arc<[Bytes]> {
    // What was encoded here passes the gate.
    let pieces = (in_pieces && update.len() > PIECE).then(|| gate::pieces(update, PIECE).ok()).flatten();
    let Some((last, before)) = pieces.as_ref().and_then(|pieces| pieces.split_last()) else { return [Frame::Step2(update).encode().into()].into() };
    before.iter().map(|piece| Frame::Update(piece).encode().into()).chain([Frame::Step2(last).encode().into()]).collect()
}

/// It never writes, so that its number never shows: formats that have become redundant are deleted by who edits, never here, where nobody would hear of it. Counts as
/// JavaScript does (see `gate`).
fn fresh() -> Doc {
    Doc::with_options(Options { offset_kind: OffsetKind::Utf16, cleanup_formatting: false, ..Options::with_client_id(ClientID::new(0)) })
}

fn unreadable(problem: &str) -> Refusal {
    Refusal::BadRequest { field: "update".into(), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use yrs::types::Attrs;
    use yrs::{ArrayPrelim, Map, MapPrelim, Text, WriteTxn};

    use super::*;

    /// The updates of a client that writes `count` keys.
    fn writes(client: u64, count: usize) -> Vec<Vec<u8>> {
        let doc = Doc::with_client_id(client);
        let write = |i: usize| {
            let mut txn = doc.transact_mut();
            txn.get_or_insert_map("k").insert(&mut txn, format!("key{client}-{i}"), i as i64);
            txn.encode_update_v1()
        };
        (0..count).map(write).collect()
    }

    fn keys(document: &Document) -> usize {
        let mut txn = document.doc.transact_mut();
        let map = txn.get_or_insert_map("k");
        map.len(&txn) as usize
    }

    #[test]
    fn what_was_new_is_passed_on_and_what_was_known_is_not() {
        let [first, second] = &writes(1, 2)[..] else { unreachable!() };
        let mut document = Document::new();
        assert_eq!(document.missing_for(&[0], true).unwrap()[..], [Frame::Step2(&EMPTY_UPDATE).encode()]);
        assert!(matches!(document.take(first), Ok(Applied::Whole(Some(_)))));
        assert_eq!(document.take(first), Ok(Applied::Whole(None)));
        assert!(matches!(document.take(second), Ok(Applied::Whole(Some(_)))));
        let (restored, unreadable) = Document::restore([document.compacted(), Bytes::from_static(b"nonsense")]);
        assert_eq!((keys(&restored), unreadable), (2, 1));
        assert!(document.take(&[9, 9, 9]).is_err());
    }

    #[test]
    fn what_builds_on_something_unknown_is_left_out_and_asked_for() {
        let updates = writes(1, 3);
        let mut document = Document::new();
        document.take(&updates[0]).unwrap();
        assert_eq!(document.take(&updates[2]), Ok(Applied::Partly(None)));
        assert!(!document.waits());
        assert_eq!(keys(&document), 1);
        for update in &updates {
            assert!(matches!(document.take(update), Ok(Applied::Whole(_))));
        }
        assert_eq!(keys(&document), 3);
        // What another client wrote over it builds on it as well.
        let (ann, bob) = (Doc::with_client_id(5), Doc::with_client_id(6));
        let set = |doc: &Doc, value: i64| {
            let mut txn = doc.transact_mut();
            txn.get_or_insert_map("k").insert(&mut txn, "same", value);
            txn.encode_update_v1()
        };
        let first = set(&ann, 1);
        bob.transact_mut().apply_update(Update::decode_v1(&first).unwrap()).unwrap();
        let second = set(&bob, 2);
        assert!(matches!(document.take(&second), Ok(Applied::Partly(_))));
        assert!(!document.waits() && keys(&document) == 3);
        assert!(matches!(document.take(&first), Ok(Applied::Whole(Some(_)))) && matches!(document.take(&second), Ok(Applied::Whole(Some(_)))));
    }

    #[test]
    fn everybody_who_comes_with_nothing_shares_one_encoding() {
        let mut document = Document::new();
        document.take(&writes(1, 1)[0]).unwrap();
        for in_pieces in [false, true] {
            let (first, second) = (document.missing_for(&[0], in_pieces).unwrap(), document.missing_for(&[0], in_pieces).unwrap());
            assert_eq!((first.len(), first.as_ptr()), (1, second.as_ptr()));
            document.take(&writes(2 + u64::from(in_pieces), 1)[0]).unwrap();
            assert_ne!(document.missing_for(&[0], in_pieces).unwrap(), first);
        }
        // Who knows everything is told the deletions alone, of which there are none.
        let vector = document.vector();
        assert_eq!(document.missing_for(&vector, true).unwrap()[..], [Frame::Step2(&EMPTY_UPDATE).encode()]);
        assert!(document.missing_for(&[0xff], true).is_err());
    }

    #[test]
    fn a_long_answer_goes_in_pieces_that_all_share_and_ends_in_a_step2() {
        let mut document = Document::new();
        (1..=8).flat_map(|client| writes(client, 2_000)).for_each(|update| drop(document.take(&update).unwrap()));
        let [whole] = &document.missing_for(&[0], false).unwrap()[..] else { panic!("one frame for who takes no pieces") };
        assert!(whole.len() > 3 * PIECE);
        let mut stale = Document::new();
        writes(1, 700).iter().for_each(|update| drop(stale.take(update).unwrap()));
        for mut copy in [Document::new(), stale] {
            let pieces = document.missing_for(&copy.vector(), true).unwrap();
            assert!(pieces.len() > 3 && pieces.iter().all(|frame| frame.len() <= PIECE + 64));
            for (at, frame) in pieces.iter().enumerate() {
                let is_last = at + 1 == pieces.len();
                match Frame::read(frame).unwrap() {
                    Frame::Step2(update) if is_last => drop(copy.take(update).unwrap()),
                    Frame::Update(update) if !is_last => {
                        assert!(matches!(copy.take(update), Ok(Applied::Whole(Some(_)))), "it builds on nothing that comes later")
                    }
                    frame => panic!("{frame:?}"),
                }
            }
            assert_eq!((copy.vector(), keys(&copy)), (document.vector(), 16_000));
        }
        assert_eq!(document.missing_for(&[0], true).unwrap().as_ptr(), document.missing_for(&[0], true).unwrap().as_ptr());
    }

    #[test]
    fn a_room_never_has_more_clients_than_it_can_be_handed_out_with() {
        let mut document = Document::new();
        let write = |client: u64| writes(client, 1).remove(0);
        for client in 1..=gate::MAX_CLIENTS {
            document.take(&write(client)).unwrap();
        }
        assert!(matches!(document.take(&write(gate::MAX_CLIENTS + 1)), Err(Refusal::Limit { .. })));
        assert!(document.take(&writes(1, 2)[1]).is_ok(), "who is known goes on");
        let (restored, unreadable) = Document::restore([document.compacted()]);
        assert_eq!((keys(&restored), unreadable), (gate::MAX_CLIENTS as usize + 1, 0));
    }

    #[test]
    fn a_document_that_is_full_takes_nothing_and_stays_as_it_is() {
        let doc = Doc::with_client_id(1);
        let large = |key: &str| {
            let mut txn = doc.transact_mut();
            txn.get_or_insert_map("k").insert(&mut txn, key, "x".repeat(1 << 20));
            txn.encode_update_v1()
        };
        let mut document = Document::new();
        let taken = (0..20).take_while(|i| document.take(&large(&format!("key{i}"))).is_ok()).count();
        assert_eq!((taken, keys(&document)), (7, 7), "eight of a MiB each and their keys are more than 8 MiB");
        assert!(document.missing_for(&[0], false).unwrap()[0].len() <= MAX_DOCUMENT);
    }

    #[test]
    fn nothing_is_deleted_that_nobody_deleted() {
        let writes = |client, updates: &[&[u8]], edit: &dyn Fn(&yrs::TextRef, &mut yrs::TransactionMut<'_>)| {
            let doc = Doc::with_options(Options { cleanup_formatting: false, ..Options::with_client_id(ClientID::new(client)) });
            let copy = doc.get_or_insert_text("t");
            updates.iter().for_each(|update| doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap());
            let mut txn = doc.transact_mut();
            edit(&copy, &mut txn);
            txn.encode_update_v1()
        };
        let bold = |text: &yrs::TextRef, txn: &mut yrs::TransactionMut<'_>| text.format(txn, 0, 4, Attrs::from([("bold".into(), true.into())]));
        let first = writes(1, &[], &|text, txn| text.insert(txn, 0, "text"));
        let (second, third) = (writes(2, &[&first], &bold), writes(3, &[&first], &bold));
        let mut document = Document::new();
        for update in [&first, &second, &third] {
            document.take(update).unwrap();
        }
        assert_eq!(gate::update(&document.compacted()).unwrap().deletes, 0);
    }

    #[test]
    fn types_inside_of_types_are_bounded_over_all_updates() {
        let doc = Doc::with_client_id(1);
        let nest = |key: &str, count: usize| {
            let mut txn = doc.transact_mut();
            let map = txn.get_or_insert_map("k").insert(&mut txn, key, MapPrelim::default());
            for n in 0..count {
                map.insert(&mut txn, n.to_string(), ArrayPrelim::default());
            }
            txn.encode_update_v1()
        };
        let mut document = Document::new();
        // Each deletes what the one before made, and is collected in the document.
        for _ in 0..4 {
            assert!(matches!(document.take(&nest("same", gate::MAX_NESTED / 3)), Ok(Applied::Whole(Some(_)))));
        }
        document.take(&nest("other", gate::MAX_NESTED / 2)).unwrap();
        assert!(matches!(document.take(&nest("third", gate::MAX_NESTED / 4)), Err(Refusal::Limit { .. })));
    }
}
