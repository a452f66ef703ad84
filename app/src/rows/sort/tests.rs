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
