//! Documents that people edit at random with yrs, each on a copy of their own, and everything that their copies say to each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use yrs::block::ClientID;
use yrs::types::Attrs;
use yrs::undo::Options;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{
    Any, Array, ArrayPrelim, Doc, Map, MapPrelim, OffsetKind, ReadTxn, StateVector, Text, TextPrelim, Transact, UndoManager, Update, XmlElementPrelim,
    XmlFragment, XmlTextPrelim,
};

use crate::random::Random;

/// What the copies of a document said.
pub(crate) struct Said {
    /// Every edit, what copies sent each other, and what yrs makes of those: merged, as differences, whole.
    pub(crate) updates: Vec<Vec<u8>>,
    /// State vectors on the way.
    pub(crate) vectors: Vec<Vec<u8>>,
    /// All of one copy in the end.
    pub(crate) whole: Vec<u8>,
}

struct Copy {
    doc: Doc,
    undo: UndoManager,
}

/// So many edits, by a few people who hear of each other now and then, late or out of order.
pub(crate) fn edited(random: &mut Random, edits: usize) -> Said {
    let said = Arc::new(Mutex::new(vec![Update::EMPTY_V1.to_vec()]));
    let large = random.one_in(2);
    let mut copies: Vec<_> = (0..2 + random.below(3) as u64).map(|n| copy(if large { (random.next() >> 11).max(8) + n } else { n + 1 }, &said)).collect();
    let mut vectors = Vec::new();
    for _ in 0..edits {
        let at = random.below(copies.len());
        edit(&mut copies[at], random);
        if random.one_in(3) {
            let early: Vec<_> = (0..1 + random.below(4)).map(|_| random.of(&lock(&said)).clone()).collect();
            early.iter().for_each(|update| hear(&copies[at].doc, update));
        }
        if random.one_in(8) {
            let (from, to) = (random.of(&copies).doc.clone(), &copies[at].doc);
            let vector = to.transact().state_vector();
            vectors.push(vector.encode_v1());
            if from.guid() != to.guid() {
                let lacking = from.transact().encode_state_as_update_v1(&vector);
                hear(to, &lacking);
                lock(&said).push(lacking);
            }
        }
    }
    // What copies heard they said again.
    let mut updates = lock(&said).clone();
    let some: Vec<_> = (0..1 + random.below(6)).map(|_| random.of(&updates).clone()).collect();
    let merged = yrs::merge_updates_v1(&some).unwrap();
    let vector = vectors.last().cloned().unwrap_or_else(|| StateVector::default().encode_v1());
    updates.push(yrs::diff_updates_v1(&merged, &vector).unwrap());
    updates.push(merged);
    let whole = copies[0].doc.transact().encode_state_as_update_v1(&StateVector::default());
    updates.push(whole.clone());
    Said { updates, vectors, whole }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn hear(doc: &Doc, update: &[u8]) {
    doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
}

fn copy(client: u64, said: &Arc<Mutex<Vec<Vec<u8>>>>) -> Copy {
    // Counted as in JavaScript, so that no edit is in the middle of a letter.
    let doc = Doc::with_options(yrs::Options { offset_kind: OffsetKind::Utf16, ..yrs::Options::with_client_id(ClientID::new(client)) });
    let said = said.clone();
    doc.observe_update_v1("said", move |_, event| lock(&said).push(event.update.clone())).unwrap();
    let options = Options { capture_timeout_millis: 0, timestamp: Arc::new(|| 0), ..Options::default() };
    let mut undo = UndoManager::with_options(options);
    undo.expand_scope(&doc, &doc.get_or_insert_map("map"));
    undo.expand_scope(&doc, &doc.get_or_insert_array("array"));
    undo.expand_scope(&doc, &doc.get_or_insert_text("text"));
    Copy { doc, undo }
}

fn edit(copy: &mut Copy, random: &mut Random) {
    let doc = &copy.doc;
    match random.below(12) {
        0..=2 => {
            let map = doc.get_or_insert_map("map");
            let key = *random.of(&["a", "b", "krate ü"]);
            let mut txn = doc.transact_mut();
            match random.below(6) {
                0 => drop(map.remove(&mut txn, key)),
                1 => drop(map.insert(&mut txn, key, MapPrelim::from([("x", 1), ("y", 2)]))),
                2 => drop(map.insert(&mut txn, key, ArrayPrelim::from([1, 2, 3]))),
                3 => drop(map.insert(&mut txn, key, TextPrelim::new("inner"))),
                _ => drop(map.insert(&mut txn, key, value(random, 3))),
            }
        }
        3..=5 => {
            let array = doc.get_or_insert_array("array");
            let mut txn = doc.transact_mut();
            let length = array.len(&txn) as usize;
            let at = random.below(length + 1) as u32;
            match random.below(6) {
                0 | 1 if length > 0 => {
                    let at = random.below(length);
                    array.remove_range(&mut txn, at as u32, 1 + random.below((length - at).min(4)) as u32);
                }
                2 => drop(array.insert(&mut txn, at, MapPrelim::default()).insert(&mut txn, "deep", ArrayPrelim::from([at]))),
                3 => drop(array.insert(&mut txn, at, vec![1_u8, 2, 3])),
                4 if random.one_in(4) => drop(array.insert(&mut txn, at, Doc::with_client_id(99))),
                _ => array.insert_range(&mut txn, at, (0..1 + random.below(4)).map(|n| Any::from(n as u32)).collect::<Vec<_>>()),
            }
        }
        6..=8 => {
            let text = doc.get_or_insert_text("text");
            let mut txn = doc.transact_mut();
            let length = text.len(&txn) as usize;
            let at = random.below(length + 1);
            let span = random.below(length - at + 1).min(5);
            match random.below(6) {
                0 if span > 0 => text.remove_range(&mut txn, at as u32, span as u32),
                1 if span > 0 => {
                    let on = if random.one_in(2) { Any::Bool(true) } else { Any::Null };
                    text.format(&mut txn, at as u32, span as u32, Attrs::from([("bold".into(), on)]));
                }
                2 => drop(text.insert_embed(&mut txn, at as u32, Any::from("image".to_owned()))),
                _ => text.insert(&mut txn, at as u32, random.of::<&str>(&["x", "note", "ü", "two words"])),
            }
        }
        9 => {
            let xml = doc.get_or_insert_xml_fragment("xml");
            let mut txn = doc.transact_mut();
            let length = xml.len(&txn);
            match random.below(3) {
                0 if length > 0 => xml.remove_range(&mut txn, random.below(length as usize) as u32, 1),
                1 => drop(xml.push_back(&mut txn, XmlTextPrelim::new("said"))),
                _ => drop(xml.push_front(&mut txn, XmlElementPrelim::new("p", []))),
            }
        }
        10 => drop(copy.undo.undo_blocking()),
        _ => drop(copy.undo.redo_blocking()),
    }
}

fn value(random: &mut Random, depth: usize) -> Any {
    match random.below(if depth > 0 { 10 } else { 8 }) {
        0 => Any::Null,
        1 => Any::Undefined,
        2 => Any::Bool(random.one_in(2)),
        3 => Any::from(random.next() as i64 >> random.below(64)),
        4 => Any::from(random.below(1000) as f64 / 7.0),
        5 => Any::from("text".repeat(random.below(9))),
        6 => Any::from(vec![7_u8; random.below(9)]),
        7 => Any::from(random.below(100) as f64),
        8 => Any::from((0..random.below(4)).map(|_| value(random, depth - 1)).collect::<Vec<_>>()),
        _ => Any::from((0..random.below(4)).map(|n| (n.to_string(), value(random, depth - 1))).collect::<HashMap<_, _>>()),
    }
}
