//! The beginning of an update that is too long for one frame: as much of it as fits, of which everything builds on what is known or on what comes with it. Without
//! deletions: they go with what is left in the end.

use super::structs::{GC, HAS_ORIGIN, HAS_PARENT_SUB, HAS_RIGHT_ORIGIN, KIND, SKIP};
use super::walk::Walk;
use super::{Refused, content};
use crate::sync::lib0::put_number;

/// What a piece takes besides its structs, for each client: count, client and clock.
const HEAD: usize = 20;

/// The structs of one client.
struct Section {
    client: u64,
    /// Where they begin.
    clock: u64,
    structs: Vec<Struct>,
    /// So many of them are in the piece.
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
    needs: Vec<(u64, u64)>,
}

/// As much of an update as fits into so many bytes, in an order in which nothing comes before what it builds on; at least one struct. `None` where the update has
/// none, or is not whole by itself.
///
/// # Errors
/// When it may not be decoded ([`super::update`]).
pub fn piece(update: &[u8], bytes: usize) -> Result<Option<Vec<u8>>, Refused> {
    super::update(update)?;
    let mut sections = sections(update)?;
    let mut left = bytes;
    loop {
        let before = left;
        for at in 0..sections.len() {
            while let Some(next) = sections[at].structs.get(sections[at].taken) {
                let is_first = sections.iter().all(|section| section.taken == 0);
                let size = next.to - next.from + if sections[at].taken == 0 { HEAD } else { 0 };
                if (size > left && !is_first) || !next.needs.iter().all(|need| is_there(&sections, *need)) {
                    break;
                }
                left = left.saturating_sub(size);
                sections[at].taken += 1;
            }
        }
        if left == before {
            break;
        }
    }
    sections.retain(|section| section.taken > 0);
    Ok((!sections.is_empty()).then(|| encode(update, &sections)))
}

/// Whether something is known, or in the piece already. What the update does not begin before is known.
fn is_there(sections: &[Section], (client, clock): (u64, u64)) -> bool {
    let Some(section) = sections.iter().find(|section| section.client == client) else { return true };
    let end = section.taken.checked_sub(1).map_or(section.clock, |last| section.structs[last].end);
    clock < end
}

fn encode(update: &[u8], sections: &[Section]) -> Vec<u8> {
    let mut piece = Vec::new();
    put_number(&mut piece, sections.len() as u64);
    for Section { client, clock, structs, taken } in sections {
        for number in [*taken as u64, *client, *clock] {
            put_number(&mut piece, number);
        }
        piece.extend_from_slice(&update[structs[0].from..structs[taken - 1].to]);
    }
    put_number(&mut piece, 0);
    piece
}

/// Of an update that passed the gate.
fn sections(update: &[u8]) -> Result<Vec<Section>, Refused> {
    let mut walk = Walk::new(update);
    let mut sections = Vec::new();
    for _ in 0..walk.number("count of clients")? {
        let count = walk.number("count of structs")?;
        let (client, clock) = (walk.number("client")?, walk.clock("clock")?);
        let (mut structs, mut end) = (Vec::new(), clock);
        for _ in 0..count {
            let from = walk.at();
            let mut needs = Vec::new();
            end += length(&mut walk, &mut needs)?;
            structs.push(Struct { from, to: walk.at(), end, needs });
        }
        sections.push(Section { client, clock, structs, taken: 0 });
    }
    Ok(sections)
}

/// How much of the clock the struct takes that comes next, and what it builds on.
fn length(walk: &mut Walk<'_>, needs: &mut Vec<(u64, u64)>) -> Result<u64, Refused> {
    let at = walk.at();
    let info = walk.byte("struct")?;
    if info == GC || info == SKIP {
        return walk.length("range");
    }
    let mut need = |walk: &mut Walk<'_>| -> Result<(), Refused> {
        needs.push((walk.number("client")?, walk.clock("clock")?));
        Ok(())
    };
    if info & HAS_ORIGIN != 0 {
        need(walk)?;
    }
    if info & HAS_RIGHT_ORIGIN != 0 {
        need(walk)?;
    }
    if info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN) == 0 {
        if walk.number("parent")? == 0 {
            need(walk)?
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
    fn what_may_not_be_decoded_and_what_has_nothing_has_no_pieces() {
        assert!(piece(&[1, 1, 1], 100).is_err());
        assert_eq!(piece(&[0, 0], 100), Ok(None));
        assert_eq!(piece(&[0, 1, 7, 2, 0, 3, 5, 1], 100), Ok(None));
    }
}
