//! From rows to the lines on screen: filtered, in order, as a list or a tree.

use std::collections::HashMap;
use std::sync::Arc;

use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::Row;
use leptos::prelude::*;

use super::board::Lines;
use crate::rows::tree::{Folds, Tree, kinds_below};
use crate::rows::{Filter, Line, LineId, Order, Sorter, Usage};
use crate::store::{Table, TableLease};
use crate::view::desk::Desk;
use crate::yard::Collection;

/// What lines are made of.
#[derive(Clone, Copy)]
pub struct Sources {
    /// The rows of the collection.
    pub table: Signal<Arc<Table>>,
    /// What the filter says.
    pub filter: RwSignal<String>,
    /// The order.
    pub order: RwSignal<Order>,
    /// The pointer is inside: nothing moves.
    pub is_frozen: RwSignal<bool>,
    /// A tree instead of a list.
    pub is_tree: RwSignal<bool>,
    /// What a person opened or closed.
    pub folds: RwSignal<Folds>,
    /// What they use now.
    pub usage: Memo<Usage>,
}

/// Places of rows by their uids, as they were when the pointer came.
type Places = StoredValue<HashMap<String, usize>>;

/// The lines. While the pointer is over them nothing moves: new rows join at the end, of the list or of their siblings.
pub fn lines_of(desk: Desk, collection: &Collection, sources: Sources) -> Memo<Lines> {
    let kind = collection.kind();
    let below = rows_below(desk, collection, kind, sources.is_tree);
    let (sorter, sorter_below) = (StoredValue::new(Sorter::default()), StoredValue::new(Sorter::default()));
    let places: Places = StoredValue::new(HashMap::new());
    Memo::new(move |was: Option<&Lines>| {
        let filter = Filter::parse(&sources.filter.get());
        let (order, is_frozen) = (sources.order.get(), sources.is_frozen.get());
        let sorted = |sorter: StoredValue<Sorter>, mut rows: Vec<Arc<Row>>| {
            // Followed only while the order depends on it.
            let usage = if order.is_by_use() { sources.usage.get() } else { Usage::default() };
            sorter.update_value(|sorter| sorter.sort(&mut rows, order, &usage));
            rows
        };
        if !sources.is_tree.get() {
            let rows = sources.table.with(|table| table.rows.iter().filter(|row| filter.passes(row)).cloned().collect());
            let mut lines: Vec<_> = sorted(sorter, rows).into_iter().map(Line::of).collect();
            if let (true, Some(was)) = (is_frozen, was) {
                let places: HashMap<LineId, usize> = was.iter().enumerate().map(|(at, line)| (line.id, at)).collect();
                lines.sort_by_key(|line| places.get(&line.id).copied().unwrap_or(usize::MAX));
            }
            return Arc::new(lines);
        }
        let mut rows = sorted(sorter, sources.table.with(|table| table.rows.clone()));
        let below = below.get().map(|table| table.get());
        let mut others = sorted(sorter_below, below.as_ref().map(|table| table.rows.clone()).unwrap_or_default());
        keep_places(places, is_frozen, &mut rows, &mut others);
        let table = sources.table.get();
        let (of, rows_of) = match (kind, &below) {
            (Some(_), Some(below)) => (below, &others),
            _ => (&table, &rows),
        };
        let tree = Tree { roots: kind.is_some().then_some(&rows[..]), rows: rows_of, missing: &of.missing, complete: of.complete };
        Arc::new(sources.folds.with(|folds| tree.lines(&filter, folds)))
    })
}

/// Rows stay where they were while the pointer is over them; else this is where they are.
fn keep_places(places: Places, is_frozen: bool, rows: &mut [Arc<Row>], others: &mut [Arc<Row>]) {
    if is_frozen {
        places.with_value(|places| {
            let place = |row: &Arc<Row>| places.get(&row.uid).copied().unwrap_or(usize::MAX);
            rows.sort_by_key(place);
            others.sort_by_key(place);
        });
    } else {
        places.set_value(rows.iter().chain(others.iter()).enumerate().map(|(at, row)| (row.uid.clone(), at)).collect());
    }
}

/// The rows that a tree shows below those of the collection, for as long as there is a tree. A list of everything has them all.
fn rows_below(desk: Desk, collection: &Collection, kind: Option<Kind>, is_tree: RwSignal<bool>) -> RwSignal<Option<Signal<Arc<Table>>>> {
    let (held, table) = (StoredValue::new(None::<TableLease>), RwSignal::new(None));
    let scopes = collection.whole().scopes();
    Effect::new(move |_| {
        let lease = kind.filter(|_| is_tree.get()).map(|kind| desk.workspace.table(&kinds_below(kind)[..], scopes.clone()));
        table.set(lease.as_ref().map(|lease| lease.table));
        held.set_value(lease);
    });
    table
}
