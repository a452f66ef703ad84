//! The order of a table: degraded first, then pending, then ready, then by name; events newest first; or by a column that a person clicked.

use std::cmp::Ordering;
use std::collections::HashMap;
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

/// Orders rows again and again: what a row sorts by is worked out once for each allocation, not once for each sort.
#[derive(Debug, Default)]
pub struct Sorter {
    keys: HashMap<Box<str>, (Arc<Row>, Key)>,
    order: Order,
}

impl Sorter {
    /// Orders rows. Rows of equal keys are in the order of their names, then namespaces: the same rows always come out the same way.
    /// `usage` is what a column of it sorts by.
    pub fn sort(&mut self, rows: &mut [Arc<Row>], order: Order, usage: &Usage) {
        if !order.same_as(self.order) {
            self.keys.clear();
            self.order = order;
        }
        let mut keyed: Vec<(Key, Arc<Row>)> = rows.iter().map(|row| (self.key(row, usage), row.clone())).collect();
        keyed.sort_unstable_by(|(a_key, a), (b_key, b)| order.directed(a_key.cmp(b_key)).then_with(|| by_name(a, b)));
        for (slot, (_, row)) in rows.iter_mut().zip(keyed) {
            *slot = row;
        }
        if self.keys.len() > 2 * rows.len() + 64 {
            let alive: std::collections::HashSet<&str> = rows.iter().map(|row| row.uid.as_str()).collect();
            self.keys.retain(|uid, _| alive.contains(&**uid));
        }
    }

    fn key(&mut self, row: &Arc<Row>, usage: &Usage) -> Key {
        // It changes while the row does not. What is not measured comes before what uses nothing.
        if let Order::By(column, _) = self.order
            && let Some(gauge) = column.gauge()
        {
            return Key::Number(usage.amount(gauge, row).unwrap_or(-1));
        }
        if let Some((known, key)) = self.keys.get(row.uid.as_str())
            && Arc::ptr_eq(known, row)
        {
            return key.clone();
        }
        let key = self.order.key(row);
        self.keys.insert(row.uid.as_str().into(), (row.clone(), key.clone()));
        key
    }
}

impl Order {
    /// Whether it is by what is used now, which changes while rows do not.
    pub fn is_by_use(self) -> bool {
        matches!(self, Order::By(column, _) if column.gauge().is_some())
    }

    fn key(self, row: &Row) -> Key {
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
            (Order::By(a, _), Order::By(b, _)) => a.title == b.title && std::ptr::eq(a, b),
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
