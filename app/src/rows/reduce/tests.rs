use std::collections::BTreeMap;

use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::{Facts, NamespaceFacts};
use krateyard_shared::watch::EncodedRow;
use proptest::prelude::*;

use super::*;

/// As it comes off the wire.
fn arrived(row: Row) -> Arrived {
    let hash = EncodedRow::of(&row).hash();
    (row, hash)
}

fn row(uid: u8, phase: u8) -> Row {
    Row {
        kind: Kind::Namespace,
        uid: format!("u{uid}"),
        namespace: None,
        name: format!("n{uid}"),
        created: 0,
        deleting: None,
        labels: vec![],
        owner: None,
        facts: Facts::Namespace(NamespaceFacts { phase: format!("p{phase}") }),
    }
}

#[derive(Debug, Clone)]
enum Op {
    Apply(Vec<(u8, u8)>, Vec<u8>),
    Replace(Vec<(u8, u8)>),
}

fn op() -> impl Strategy<Value = Op> {
    let rows = || prop::collection::vec((0..12_u8, 0..3_u8), 0..8);
    prop_oneof![3 => (rows(), prop::collection::vec(0..12_u8, 0..4)).prop_map(|(u, d)| Op::Apply(u, d)), 1 => rows().prop_map(Op::Replace)]
}

proptest! {
    // A failing case prints its seed and its smallest form.
    #[test]
    fn rows_equal_a_plain_map_after_any_steps_and_changes_say_what_differs(ops in prop::collection::vec(op(), 0..30)) {
        let (mut rows, mut model) = (Rows::default(), BTreeMap::<String, Row>::new());
        for op in ops {
            let (before, old) = (rows.clone(), model.clone());
            let changes = match op {
                Op::Apply(upserts, deletes) => {
                    let upserts: Vec<_> = upserts.into_iter().map(|(uid, phase)| row(uid, phase)).collect();
                    let deletes: Vec<_> = deletes.into_iter().map(|uid| format!("u{uid}")).collect();
                    model.extend(upserts.iter().map(|row| (row.uid.clone(), row.clone())));
                    deletes.iter().for_each(|uid| { model.remove(uid); });
                    rows.apply(upserts.into_iter().map(arrived), deletes.iter().map(String::as_str))
                }
                Op::Replace(all) => {
                    let all: Vec<_> = all.into_iter().map(|(uid, phase)| row(uid, phase)).collect();
                    model = all.iter().map(|row| (row.uid.clone(), row.clone())).collect();
                    rows.replace(all.into_iter().map(arrived))
                }
            };
            let listed: BTreeMap<_, _> = rows.list().iter().map(|row| (row.uid.clone(), (**row).clone())).collect();
            prop_assert_eq!(&listed, &model);
            prop_assert_eq!(rows.list().len(), model.len());
            let mut checksum = Checksum::default();
            model.values().for_each(|row| checksum.add(EncodedRow::of(row).hash()));
            prop_assert_eq!(rows.checksum(), checksum);
            for uid in model.keys() {
                prop_assert_eq!(rows.get(uid).map(|row| &row.uid), Some(uid));
            }
            // Growth is exact, and no news means no difference.
            prop_assert_eq!(old.len() + changes.added, model.len() + changes.removed);
            if !changes.any() {
                prop_assert_eq!(&old, &model);
                prop_assert!(before.list().iter().all(|row| rows.get(&row.uid).is_some_and(|same| Arc::ptr_eq(row, same))));
            }
        }
    }
}

#[test]
fn an_unchanged_row_keeps_its_allocation_through_upsert_and_resync() {
    let mut rows = Rows::default();
    rows.apply([row(1, 0), row(2, 0)].map(arrived), []);
    let before = rows.clone();
    assert!(!rows.apply([row(1, 0)].map(arrived), []).any());
    assert_eq!(rows.replace([row(2, 1), row(1, 0), row(3, 0)].map(arrived)), Changes { added: 1, changed: 1, removed: 0 });
    assert!(Arc::ptr_eq(before.get("u1").unwrap(), rows.get("u1").unwrap()));
    assert!(!Arc::ptr_eq(before.get("u2").unwrap(), rows.get("u2").unwrap()));
}

#[test]
fn a_resync_drops_what_is_gone() {
    let mut rows = Rows::default();
    rows.apply([row(1, 0), row(2, 0)].map(arrived), []);
    assert_eq!(rows.replace([row(2, 0)].map(arrived)), Changes { added: 0, changed: 0, removed: 1 });
    assert!(rows.get("u1").is_none());
    assert_eq!(rows.list().len(), 1);
}
