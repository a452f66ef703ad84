use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::*;

const START: Position = Position { epoch: 7, seq: 40 };

fn queue() -> (Queue, Arc<AtomicUsize>) {
    let wakes = Arc::new(AtomicUsize::new(0));
    let counted = wakes.clone();
    let wake = move || {
        counted.fetch_add(1, Ordering::Relaxed);
    };
    (Queue::new(wake), wakes)
}

fn rows(count: usize) -> VecDeque<Bytes> {
    (0..count).map(|n| Bytes::from(format!("row {n}"))).collect()
}

fn drain(queue: &Queue) -> Vec<Batch> {
    std::iter::from_fn(|| queue.next()).collect()
}

fn row(text: &'static str) -> Option<Bytes> {
    Some(Bytes::from_static(text.as_bytes()))
}

fn rows_of(count: u64) -> Tally {
    Tally { count, ..Tally::default() }
}

fn reached(seq: u64, count: u64) -> Reached {
    Reached { seq, tally: rows_of(count) }
}

fn change(queue: &Queue, uid: &str, row: Option<Bytes>, seq: u64, count: u64, limit: usize) -> bool {
    queue.change([(uid.into(), row)], reached(seq, count), limit)
}

#[test]
fn a_snapshot_comes_in_chunks_and_the_last_one_says_so() {
    let (queue, _) = queue();
    queue.begin(START, rows(1200), true, rows_of(1200));
    assert_eq!(queue.sent(), None);
    let batches = drain(&queue);
    assert_eq!(batches[0], Batch::Ack { position: START, resumed: false });
    let chunks: Vec<_> =
        batches[1..].iter().map(|batch| matches!(batch, Batch::Rows { rows, done } if (rows.len() < 500) == *done).then_some(()).is_some()).collect();
    assert_eq!(chunks, [true, true, true]);
    assert_eq!(queue.sent(), Some(reached(40, 1200)));
}

#[test]
fn an_empty_scope_is_complete_as_well() {
    let (queue, _) = queue();
    queue.begin(START, rows(0), true, rows_of(0));
    assert_eq!(drain(&queue), [Batch::Ack { position: START, resumed: false }, Batch::Rows { rows: vec![], done: true }]);
}

#[test]
fn rows_of_a_list_under_way_come_as_they_come() {
    let (queue, _) = queue();
    queue.begin(START, rows(0), false, rows_of(0));
    assert_eq!(drain(&queue), [Batch::Ack { position: START, resumed: false }]);
    queue.row(&"a".into(), "a".into());
    assert_eq!(drain(&queue), [Batch::Rows { rows: vec!["a".into()], done: false }]);
    queue.row(&"b".into(), "b".into());
    queue.loaded(rows_of(2));
    assert_eq!(drain(&queue), [Batch::Rows { rows: vec!["b".into()], done: true }]);
}

#[test]
fn changes_of_one_object_collapse_into_its_latest() {
    let (queue, wakes) = queue();
    queue.begin(START, rows(0), true, rows_of(0));
    drain(&queue);
    for (seq, text) in [(41, "a1"), (42, "a2"), (43, "a3")] {
        assert!(change(&queue, "a", row(text), seq, 1, 10));
    }
    assert!(change(&queue, "b", None, 44, 1, 10));
    assert_eq!(wakes.load(Ordering::Relaxed), 2, "once for the beginning, once for all changes");
    assert_eq!(drain(&queue), [Batch::Delta { from_seq: 40, to_seq: 44, upserts: vec!["a3".into()], deletes: vec!["b".into()] }]);
    assert_eq!(queue.sent(), Some(reached(44, 1)));
}

#[test]
fn deltas_are_contiguous_even_in_pieces() {
    let (queue, _) = queue();
    queue.begin(START, rows(0), true, rows_of(0));
    drain(&queue);
    for n in 0..1100_u64 {
        assert!(change(&queue, &n.to_string(), row("x"), 41 + n, n + 1, 5000));
    }
    let mut at = 40;
    let mut upserted = 0;
    while let Some(batch) = queue.next() {
        let Batch::Delta { from_seq, to_seq, upserts, .. } = batch else { panic!("{batch:?}") };
        assert_eq!(queue.sent().is_some(), to_seq == 1140, "how many rows a page has between two pieces, nobody can say");
        assert_eq!(from_seq, at);
        (at, upserted) = (to_seq, upserted + upserts.len());
    }
    assert_eq!((at, upserted), (1140, 1100));
}

#[test]
fn changes_wait_until_the_snapshot_is_told() {
    let (queue, _) = queue();
    queue.begin(START, rows(600), true, rows_of(600));
    assert!(change(&queue, "a", row("a"), 41, 601, 10));
    let kinds: Vec<_> =
        drain(&queue).iter().map(|batch| std::mem::discriminant(batch) == std::mem::discriminant(&Batch::Rows { rows: vec![], done: true })).collect();
    assert_eq!(kinds, [false, true, true, false]);
}

#[test]
fn too_much_waiting_says_so_and_a_reset_begins_anew() {
    let (queue, _) = queue();
    queue.begin(START, rows(0), true, rows_of(0));
    drain(&queue);
    assert!(change(&queue, "a", row("a"), 41, 1, 1));
    assert!(!change(&queue, "b", row("b"), 42, 2, 1));
    let now = Position { epoch: 7, seq: 42 };
    queue.reset("too many".into(), now, rows(2), rows_of(2));
    let batches = drain(&queue);
    assert_eq!(batches[0], Batch::Reset { reason: "too many".into(), position: now });
    assert!(matches!(&batches[1..], [Batch::Rows { rows, done: true }] if rows.len() == 2));
    assert!(change(&queue, "a", None, 43, 1, 1));
    assert_eq!(drain(&queue), [Batch::Delta { from_seq: 42, to_seq: 43, upserts: vec![], deletes: vec!["a".into()] }]);
}

#[test]
fn an_end_is_the_last_word() {
    let (queue, _) = queue();
    queue.begin(START, rows(5), true, rows_of(5));
    queue.end(End::Denied(Refusal::Unauthenticated));
    assert_eq!(drain(&queue), [Batch::End(End::Denied(Refusal::Unauthenticated))]);
}

#[test]
fn who_comes_back_is_told_what_changed_and_where_that_ends() {
    let (queue, _) = queue();
    queue.resume(30, START, vec![("a".into(), row("a")), ("b".into(), None)], rows_of(7));
    assert_eq!(queue.next(), Some(Batch::Ack { position: START, resumed: true }));
    assert_eq!(queue.sent(), None, "how many rows it had is not known");
    assert_eq!(queue.next(), Some(Batch::Delta { from_seq: 30, to_seq: 40, upserts: vec!["a".into()], deletes: vec!["b".into()] }));
    assert_eq!(queue.sent(), Some(reached(40, 7)));
}

#[test]
fn who_missed_nothing_of_its_own_is_told_so() {
    let (elsewhere, _) = queue();
    elsewhere.resume(30, START, vec![], rows_of(7));
    let empty = Batch::Delta { from_seq: 30, to_seq: 40, upserts: vec![], deletes: vec![] };
    assert_eq!(drain(&elsewhere), [Batch::Ack { position: START, resumed: true }, empty]);
    let (nothing, _) = queue();
    nothing.resume(40, START, vec![], rows_of(7));
    assert_eq!(drain(&nothing), [Batch::Ack { position: START, resumed: true }]);
    assert_eq!(nothing.sent(), Some(reached(40, 7)));
}

#[test]
fn what_went_and_came_again_while_the_list_came_is_there() {
    let (queue, _) = queue();
    queue.begin(START, rows(1), false, rows_of(1));
    assert!(change(&queue, "a", None, 40, 0, 10));
    queue.row(&"a".into(), "a".into());
    queue.loaded(rows_of(1));
    assert_eq!(drain(&queue)[1..], [Batch::Rows { rows: vec!["row 0".into(), "a".into()], done: true }]);
}

#[test]
fn an_object_is_told_by_what_changed_to_who_takes_that_and_whole_to_others() {
    let versions =
        [json!({"a": 1, "long": "x".repeat(100)}), json!({"a": 2, "long": "x".repeat(100)}), json!([]), json!({"b": "y".repeat(MOST_KEPT)}), json!({"b": 1})];
    for patches in [true, false] {
        let (queue, _) = queue();
        queue.begin_object(START, patches);
        queue.next();
        let (mut copy, mut patched) = (Value::Null, 0);
        for version in &versions {
            // One that nobody saw.
            queue.object(Some(json!({"never": "told"}).to_string()));
            queue.object(Some(version.to_string()));
            match queue.next() {
                Some(Batch::Object(Some(json))) => copy = serde_json::from_str(&json).unwrap(),
                Some(Batch::ObjectPatch(patch)) => {
                    json_patch::apply(&mut copy, &serde_json::from_str(&patch).unwrap()).unwrap();
                    patched += 1;
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(copy, *version);
        }
        assert_eq!(patched, usize::from(patches), "the second alone is shorter as a patch, and of a long one no copy is kept");
        queue.object(None);
        queue.next();
        queue.object(Some(versions[0].to_string()));
        assert_eq!(queue.next(), Some(Batch::Object(Some(versions[0].to_string()))), "what is there again is another");
    }
}

#[test]
fn live_is_said_after_what_made_it_so_and_stale_at_once() {
    let (queue, _) = queue();
    queue.begin(START, rows(0), true, rows_of(0));
    drain(&queue);
    let stale = || Freshness::Stale { since: 1, cause: "gone".into() };
    let deltas = |batches: Vec<Batch>| batches.iter().map(|batch| matches!(batch, Batch::Delta { .. })).collect::<Vec<_>>();
    assert!(change(&queue, "a", row("a"), 41, 1, 10));
    queue.freshness(stale());
    assert_eq!(deltas(drain(&queue)), [false, true]);
    assert!(change(&queue, "a", row("b"), 42, 1, 10));
    queue.freshness(Freshness::Live);
    assert!(matches!(queue.next(), Some(Batch::Delta { to_seq: 42, .. })));
    // What comes after it does not hold it up.
    assert!(change(&queue, "a", row("c"), 43, 1, 10));
    assert_eq!(queue.next(), Some(Batch::Freshness(Freshness::Live)));
    assert_eq!(deltas(drain(&queue)), [true]);
}

#[test]
fn pods_of_a_workload_are_no_fresher_than_what_stands_between() {
    let (queue, _) = queue();
    let stale = || Freshness::Stale { since: 1, cause: "gone".into() };
    queue.begin(START, rows(1), true, rows_of(1));
    queue.between(stale());
    drain(&queue);
    queue.freshness(Freshness::Live);
    assert_eq!(drain(&queue), [Batch::Freshness(stale())]);
    queue.between(Freshness::Live);
    assert_eq!(drain(&queue), [Batch::Freshness(Freshness::Live)]);
    queue.freshness(Freshness::CatchingUp);
    assert_eq!(drain(&queue), [Batch::Freshness(Freshness::CatchingUp)]);
}
