use krateyard_shared::kinds::Kind;

use super::*;
use crate::rows::columns;
use crate::rows::fixtures::{crashing, event, pending, running};

fn names(rows: &[Arc<Row>]) -> Vec<&str> {
    rows.iter().map(|row| row.name.as_str()).collect()
}

fn pods() -> Vec<Arc<Row>> {
    [running("b", "web"), pending("c", "web"), crashing("z", "web"), running("a", "web"), crashing("a", "payments")].map(Arc::new).to_vec()
}

fn column(title: &str) -> &'static Column {
    columns::of(Kind::Pod).iter().find(|column| column.title == title).unwrap()
}

#[test]
fn degraded_first_then_pending_then_ready_then_by_name() {
    let mut rows = pods();
    Sorter::default().sort(&mut rows, Order::ByHealth, &Usage::default());
    assert_eq!(names(&rows), ["a", "z", "c", "a", "b"]);
}

#[test]
fn events_newest_first() {
    let mut rows = [event("old", "2026-11-21T14:00:00Z"), event("new", "2026-11-21T14:05:00Z")].map(Arc::new).to_vec();
    Sorter::default().sort(&mut rows, Order::ByHealth, &Usage::default());
    assert_eq!(names(&rows), ["new", "old"]);
}

#[test]
fn a_clicked_column_sorts_by_its_value_and_the_second_click_reverses() {
    let (mut rows, mut sorter) = (pods(), Sorter::default());
    sorter.sort(&mut rows, Order::By(column("Restarts"), Direction::Descending), &Usage::default());
    assert_eq!(names(&rows)[..2], ["a", "z"]);
    sorter.sort(&mut rows, Order::By(column("Name"), Direction::Ascending), &Usage::default());
    assert_eq!(names(&rows), ["a", "a", "b", "c", "z"]);
    sorter.sort(&mut rows, Order::By(column("Name"), Direction::Descending), &Usage::default());
    assert_eq!(names(&rows), ["z", "c", "b", "a", "a"]);
}

#[test]
fn a_sorter_that_remembers_orders_as_a_new_one_when_rows_change() {
    let (mut rows, mut sorter) = (pods(), Sorter::default());
    sorter.sort(&mut rows, Order::ByHealth, &Usage::default());
    // The pending pod runs now, under the same uid.
    let at = rows.iter().position(|row| row.name == "c").unwrap();
    rows[at] = Arc::new(running("c", "web"));
    let mut fresh = rows.clone();
    sorter.sort(&mut rows, Order::ByHealth, &Usage::default());
    Sorter::default().sort(&mut fresh, Order::ByHealth, &Usage::default());
    assert_eq!((names(&rows), names(&fresh)), (vec!["a", "z", "a", "b", "c"], vec!["a", "z", "a", "b", "c"]));
}

#[test]
fn a_sorter_that_remembers_orders_as_a_new_one_whatever_changes() {
    let make: [fn(&str, &str) -> Row; 3] = [running, crashing, pending];
    for seed in 0..50_u64 {
        let (mut random, mut sorter, mut rows) = (seed, Sorter::default(), Vec::<Arc<Row>>::new());
        let mut draw = |below: u64| {
            // SplitMix64.
            random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (random ^ (random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            usize::try_from(((mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 33) % below).unwrap()
        };
        let orders = [Order::ByHealth, Order::By(column("Name"), Direction::Descending), Order::By(column("Name"), Direction::Ascending)];
        for step in 0..60 {
            for _ in 0..draw(5) {
                let name = format!("pod-{}", draw(20));
                let row = Arc::new(make[draw(3)](&name, "web"));
                match (rows.iter().position(|known| known.name == name), draw(4)) {
                    (Some(at), 0) => drop(rows.swap_remove(at)),
                    (Some(at), _) => rows[at] = row,
                    (None, _) => rows.push(row),
                }
            }
            let order = orders[if draw(8) == 0 { draw(3) } else { 0 }];
            let (mut ours, mut fresh) = (rows.clone(), rows.clone());
            sorter.sort(&mut ours, order, &Usage::default());
            Sorter::default().sort(&mut fresh, order, &Usage::default());
            let same = ours.len() == fresh.len() && ours.iter().zip(&fresh).all(|(a, b)| Arc::ptr_eq(a, b));
            assert!(same, "seed {seed} step {step}: {:?} {:?}", names(&ours), names(&fresh));
            let mut by_hand = rows.clone();
            by_hand.sort_by(|a, b| order.directed(order.key(a, &Usage::default()).cmp(&order.key(b, &Usage::default()))).then_with(|| by_name(a, b)));
            assert_eq!(names(&ours), names(&by_hand), "seed {seed} step {step}");
        }
    }
}
