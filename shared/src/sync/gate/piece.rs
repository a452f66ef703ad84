//! An update that is too long for one frame, or for a buffer of each who gets it, in pieces: as much as fits into each, of which everything builds on what is known, on
//! what came before or on what comes with it. Without deletions: they go with what is left in the end.

use std::collections::HashMap;

use super::structs::{GC, HAS_ORIGIN, HAS_PARENT_SUB, HAS_RIGHT_ORIGIN, KIND, SKIP};
use super::walk::Walk;
use super::{Refused, content};
use crate::sync::lib0::put_number;

/// What a piece takes besides its structs, for each client: count, client and clock.
const HEAD: usize = 20;

/// An update, taken apart.
struct Parts<'a> {
    update: &'a [u8],
    sections: Vec<Section>,
    /// Where each client's section is.
    at: HashMap<u64, usize>,
    /// Where its deletions begin.
    deletions: usize,
}

/// The structs of one client.
struct Section {
    client: u64,
    /// Where they begin.
    clock: u64,
    structs: Vec<Struct>,
    /// So many of them were in pieces before this one.
    given: usize,
    /// So many are in those and in this one.
    taken: usize,
}

/// One of them.
struct Struct {
    /// Its first and its last byte, and the one after.
    from: usize,
    to: usize,
    /// The clock after it.
    end: u64,
    /// What it builds on: clients and clocks.
    needs: Needs,
}

/// Of one struct: an origin on each side, or a parent.
type Needs = [Option<(u64, u64)>; 2];

/// As much of an update as fits into so many bytes, in an order in which nothing comes before what it builds on; at least one struct. `None` where the update has
/// none, or is not whole by itself.
///
/// # Errors
/// When it may not be decoded ([`super::update`]).
pub fn piece(update: &[u8], bytes: usize) -> Result<Option<Vec<u8>>, Refused> {
    Ok(Parts::of(update)?.next(bytes))
}

/// All of an update in pieces, each of about so many bytes at most, to be taken in in this order. The last one has what is left besides structs: its deletions, and
/// whatever builds on something that is neither known nor here.
///
/// # Errors
/// When it may not be decoded ([`super::update`]).
pub fn pieces(update: &[u8], bytes: usize) -> Result<Vec<Vec<u8>>, Refused> {
    let mut parts = Parts::of(update)?;
    let mut pieces = Vec::new();
    while let Some(piece) = parts.next(bytes) {
        pieces.push(piece);
    }
    pieces.push(parts.rest());
    Ok(pieces)
}

impl<'a> Parts<'a> {
    fn of(update: &'a [u8]) -> Result<Parts<'a>, Refused> {
        super::update(update)?;
        let mut walk = Walk::new(update);
        let sections = sections(&mut walk)?;
        let mut at = HashMap::new();
        sections.iter().enumerate().for_each(|(index, section)| {
            at.entry(section.client).or_insert(index);
        });
        Ok(Parts { update, sections, at, deletions: walk.at() })
    }

    /// The next piece; `None` where nothing more can be taken.
    fn next(&mut self, bytes: usize) -> Option<Vec<u8>> {
        let (mut left, mut is_first) = (bytes, true);
        loop {
            let before = left;
            for at in 0..self.sections.len() {
                while let Some(next) = self.sections[at].structs.get(self.sections[at].taken) {
                    let size = next.to - next.from + if self.sections[at].taken == self.sections[at].given { HEAD } else { 0 };
                    if (size > left && !is_first) || !next.needs.iter().flatten().all(|need| self.is_there(*need)) {
                        break;
                    }
                    is_first = false;
                    left = left.saturating_sub(size);
                    self.sections[at].taken += 1;
                }
            }
            if left == before {
                break;
            }
        }
        (!is_first).then(|| self.encode(&[0]))
    }

    /// What no piece had.
    fn rest(&mut self) -> Vec<u8> {
        self.sections.iter_mut().for_each(|section| section.taken = section.structs.len());
        self.encode(&self.update[self.deletions..])
    }

    /// Whether something is known, or in the pieces already. What the update does not begin before is known.
    fn is_there(&self, (client, clock): (u64, u64)) -> bool {
        self.at.get(&client).is_none_or(|at| clock < self.sections[*at].end(self.sections[*at].taken))
    }

    /// What was taken since the last time.
    fn encode(&mut self, deletions: &[u8]) -> Vec<u8> {
        let mut piece = Vec::new();
        put_number(&mut piece, self.sections.iter().filter(|section| section.taken > section.given).count() as u64);
        for section in self.sections.iter_mut().filter(|section| section.taken > section.given) {
            for number in [(section.taken - section.given) as u64, section.client, section.end(section.given)] {
                put_number(&mut piece, number);
            }
            piece.extend_from_slice(&self.update[section.structs[section.given].from..section.structs[section.taken - 1].to]);
            section.given = section.taken;
        }
        piece.extend_from_slice(deletions);
        piece
    }
}

impl Section {
    /// The clock after so many structs.
    fn end(&self, count: usize) -> u64 {
        count.checked_sub(1).map_or(self.clock, |last| self.structs[last].end)
    }
}

/// Of an update that passed the gate.
fn sections(walk: &mut Walk<'_>) -> Result<Vec<Section>, Refused> {
    let mut sections = Vec::new();
    for _ in 0..walk.number("count of clients")? {
        let count = walk.number("count of structs")?;
        let (client, clock) = (walk.number("client")?, walk.clock("clock")?);
        let (mut structs, mut end) = (Vec::new(), clock);
        for _ in 0..count {
            let from = walk.at();
            let mut needs = Needs::default();
            end += length(walk, &mut needs)?;
            structs.push(Struct { from, to: walk.at(), end, needs });
        }
        sections.push(Section { client, clock, structs, given: 0, taken: 0 });
    }
    Ok(sections)
}

/// How much of the clock the struct takes that comes next, and what it builds on.
fn length(walk: &mut Walk<'_>, needs: &mut Needs) -> Result<u64, Refused> {
    let at = walk.at();
    let info = walk.byte("struct")?;
    if info == GC || info == SKIP {
        return walk.length("range");
    }
    let need = |walk: &mut Walk<'_>| Ok(Some((walk.number("client")?, walk.clock("clock")?)));
    if info & HAS_ORIGIN != 0 {
        needs[0] = need(walk)?;
    }
    if info & HAS_RIGHT_ORIGIN != 0 {
        needs[1] = need(walk)?;
    }
    if info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN) == 0 {
        if walk.number("parent")? == 0 {
            needs[0] = need(walk)?;
        } else {
            walk.text("parent").map(|_| ())?;
        }
        if info & HAS_PARENT_SUB != 0 {
            walk.text("key")?;
        }
    }
    content::check(walk, info & KIND, at)
}

#[cfg(test)]
mod tests {
    use yrs::updates::decoder::Decode;
    use yrs::{Any, Doc, Map, MapPrelim, ReadTxn, StateVector, Transact, Update};

    use super::*;

    fn apply(doc: &Doc, update: &[u8]) {
        doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
    }

    /// What three people left who took turns at the same keys, each on top of what the one before did.
    fn woven(edits: usize) -> Doc {
        let docs = [1, 2, 3].map(Doc::with_client_id);
        for edit in 0..edits {
            let (from, to) = (&docs[edit % 3], &docs[(edit + 1) % 3]);
            {
                let mut txn = from.transact_mut();
                let root = yrs::WriteTxn::get_or_insert_map(&mut txn, "k");
                let key = format!("key{}", edit % 7);
                match root.get(&txn, &key) {
                    Some(yrs::Out::YMap(entry)) if edit % 5 > 0 => drop(entry.insert(&mut txn, "p", Any::from(edit as i64))),
                    Some(_) if edit % 5 == 0 => drop(root.remove(&mut txn, &key)),
                    _ => drop(root.insert(&mut txn, key, MapPrelim::from([("p", Any::from("x".repeat(edit % 90)))]))),
                }
            }
            let missing = from.transact().encode_diff_v1(&to.transact().state_vector());
            apply(to, &missing);
        }
        let [first, second, third] = docs;
        for other in [second, third] {
            apply(&first, &other.transact().encode_diff_v1(&StateVector::default()));
        }
        first
    }

    #[test]
    fn pieces_are_small_never_wait_for_each_other_and_end_in_the_whole() {
        let whole = woven(600);
        for (limit, at_least) in [(1, 40), (200, 10), (1_000, 2), (1 << 20, 1)] {
            let copy = Doc::with_client_id(9);
            let mut pieces = 0;
            loop {
                let missing = whole.transact().encode_diff_v1(&copy.transact().state_vector());
                let Some(piece) = piece(&missing, limit).unwrap() else { break };
                let known = copy.transact().state_vector();
                let facts = super::super::update_onto(&piece, |client| known.get(&yrs::block::ClientID::new(client)).into()).unwrap();
                assert!(!facts.gap && (piece.len() <= limit + 16 || facts.structs == 1), "{} bytes of {limit}", piece.len());
                apply(&copy, &piece);
                assert!(copy.transact().store().pending_update().is_none(), "a piece that waits for another");
                pieces += 1;
            }
            assert!(pieces >= at_least, "{pieces} pieces of {limit} bytes");
            let deletions = whole.transact().encode_diff_v1(&copy.transact().state_vector());
            apply(&copy, &deletions);
            assert!(copy.transact().snapshot() == whole.transact().snapshot());
        }
    }

    #[test]
    fn all_pieces_of_one_walk_are_taken_in_one_after_another_and_are_the_whole() {
        let whole = woven(600);
        for known in [0, 200] {
            let other = woven(known);
            let missing = whole.transact().encode_diff_v1(&other.transact().state_vector());
            for (limit, at_least) in [(1, 40), (200, 10), (1_000, 2), (1 << 20, 2)] {
                let copy = Doc::with_client_id(9);
                apply(&copy, &other.transact().encode_diff_v1(&StateVector::default()));
                let pieces = pieces(&missing, limit).unwrap();
                assert!(known > 0 || pieces.len() >= at_least, "{} pieces of {limit} bytes", pieces.len());
                let (last, structs) = pieces.split_last().unwrap();
                for piece in structs {
                    let known = copy.transact().state_vector();
                    let facts = super::super::update_onto(piece, |client| known.get(&yrs::block::ClientID::new(client)).into()).unwrap();
                    assert!(!facts.gap && facts.deletes == 0 && (piece.len() <= limit + 16 || facts.structs == 1), "{} bytes of {limit}", piece.len());
                    apply(&copy, piece);
                    assert!(copy.transact().store().pending_update().is_none(), "a piece that waits for another");
                }
                assert_eq!(super::super::update(last).unwrap().structs, 0);
                apply(&copy, last);
                assert!(copy.transact().snapshot() == whole.transact().snapshot());
            }
        }
    }

    #[test]
    fn what_may_not_be_decoded_and_what_has_nothing_has_no_pieces() {
        assert!(piece(&[1, 1, 1], 100).is_err());
        assert_eq!(piece(&[0, 0], 100), Ok(None));
        assert_eq!(piece(&[0, 1, 7, 2, 0, 3, 5, 1], 100), Ok(None));
        assert!(pieces(&[1, 1, 1], 100).is_err());
        assert_eq!(pieces(&[0, 0], 100), Ok(vec![vec![0, 0]]));
        assert_eq!(pieces(&[0, 1, 7, 2, 0, 3, 5, 1], 100), Ok(vec![vec![0, 1, 7, 2, 0, 3, 5, 1]]), "deletions alone");
    }
}
