//! The order of a table: degraded first, then pending, then ready, then by name; events newest first; or by a column that a person clicked.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use krateyard_shared::rows::{Facts, Row};
use krateyard_shared::status::{self, Health};

use super::columns::Column;
use super::usage::Usage;

/// What a column sorts by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Key {
    Number(i64),
    Text(String),
}

/// Which way a clicked column runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Direction {
    Ascending,
    Descending,
}

/// The order of a table.
#[derive(Debug, Clone, Copy, Default)]
pub enum Order {
    /// What is bad first.
    #[default]
    ByHealth,
    /// By a column.
    By(&'static Column, Direction),
}

/// Orders rows again and again: of what did not change since the last time, the order stands; what came or changed is ordered and put between.
#[derive(Debug, Default)]
pub struct Sorter {
    /// As it stood after the last sort. A row that changes has another allocation, and these hold theirs.
    last: Vec<(Key, Arc<Row>)>,
    order: Order,
}

impl Sorter {
    /// Orders rows. Rows of equal keys are in the order of their names, then namespaces: the same rows always come out the same way.
    /// `usage` is what a column of it sorts by.
    pub fn sort(&mut self, rows: &mut [Arc<Row>], order: Order, usage: &Usage) {
        // What is used changes while rows do not.
        if !order.same_as(self.order) || order.is_by_use() {
            self.last.clear();
            self.order = order;
        }
        let mut fresh: HashSet<*const Row> = rows.iter().map(Arc::as_ptr).collect();
        self.last.retain(|(_, row)| fresh.remove(&Arc::as_ptr(row)));
        let is_fresh = |row: &&Arc<Row>| fresh.contains(&Arc::as_ptr(row));
        let mut came: Vec<(Key, Arc<Row>)> = rows.iter().filter(is_fresh).map(|row| (order.key(row, usage), row.clone())).collect();
        let compare = |(a_key, a): &(Key, Arc<Row>), (b_key, b): &(Key, Arc<Row>)| order.directed(a_key.cmp(b_key)).then_with(|| by_name(a, b));
        came.sort_unstable_by(compare);
        let mut came = came.into_iter().peekable();
        let mut all = Vec::with_capacity(rows.len());
        for stood in std::mem::take(&mut self.last) {
            while let Some(before) = came.next_if(|new| compare(new, &stood).is_lt()) {
                all.push(before);
            }
            all.push(stood);
        }
        all.extend(came);
        for (slot, (_, row)) in rows.iter_mut().zip(&all) {
            *slot = row.clone();
        }
        self.last = all;
    }
}

impl Order {
    /// Whether it is by what is used now, which changes while rows do not.
    pub fn is_by_use(self) -> bool {
        matches!(self, Order::By(column, _) if column.gauge().is_some())
    }

    fn key(self, row: &Row, usage: &Usage) -> Key {
        if let Order::By(column, _) = self
            && let Some(gauge) = column.gauge()
        {
            // What is not measured comes before what uses nothing.
            return Key::Number(usage.amount(gauge, row).unwrap_or(-1));
        }
        match (self, &row.facts) {
            (Order::By(column, _), _) => column.key(row),
            (Order::ByHealth, Facts::Event(event)) => Key::Number(event.last.saturating_neg()),
            (Order::ByHealth, _) => Key::Number(rank(status::of(row).health)),
        }
    }

    fn directed(self, ordering: Ordering) -> Ordering {
        if let Order::By(_, Direction::Descending) = self { ordering.reverse() } else { ordering }
    }

    fn same_as(self, other: Order) -> bool {
        match (self, other) {
            (Order::ByHealth, Order::ByHealth) => true,
            (Order::By(a, a_way), Order::By(b, b_way)) => a.title == b.title && std::ptr::eq(a, b) && a_way == b_way,
            _ => false,
        }
    }
}

/// Where a health stands in a list.
fn rank(health: Health) -> i64 {
    match health {
        Health::Bad => 0,
        Health::Warn => 1,
        Health::Pending => 2,
        Health::Ok => 3,
        Health::Ended => 4,
        Health::Stopped => 5,
    }
}

fn by_name(a: &Row, b: &Row) -> Ordering {
    a.name.cmp(&b.name).then_with(|| a.namespace.cmp(&b.namespace)).then_with(|| a.uid.cmp(&b.uid))
}

#[cfg(test)]
mod tests;
