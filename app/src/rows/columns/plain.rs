//! The columns of plain kinds: made once from what the kind's entry says of them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use krateyard_shared::kinds::{Format, Kind, PrinterColumn};
use krateyard_shared::quantity;
use krateyard_shared::rows::{CellValue, PlainFacts};
use krateyard_shared::time::Seconds;

use super::{AGE, Align, Cell, Column, NAME, NAMESPACE, What, Width, muted, optional, or_dash};
use crate::rows::sort::Key;

/// Name, namespace, the kind's own columns, age, and behind it what is hidden by default.
pub(super) fn columns(kind: Kind) -> &'static [Column] {
    // Columns are compared and kept as what lives for ever; each kind's are made once.
    static MADE: Mutex<BTreeMap<Kind, &'static [Column]>> = Mutex::new(BTreeMap::new());
    MADE.lock().unwrap_or_else(PoisonError::into_inner).entry(kind).or_insert_with(|| Box::leak(make(kind)))
}

fn make(kind: Kind) -> Box<[Column]> {
    let entry = kind.entry();
    let own = || entry.columns.iter().enumerate().map(|(at, printer)| (printer.wide, column(printer, at)));
    let shown = own().filter(|(wide, _)| !wide).map(|(_, column)| column);
    let hidden = own().filter(|(wide, _)| *wide).map(|(_, column)| optional(column));
    let common = [Some(NAME), entry.namespaced.then_some(NAMESPACE)].into_iter().flatten();
    common.chain(shown).chain([AGE]).chain(hidden).collect()
}

/// A column is as wide as its title needs, and at least what its cells usually need.
fn column(printer: &PrinterColumn, at: usize) -> Column {
    let (least, align, what) = match printer.format {
        Format::Status => (150, Align::Left, What::Status),
        Format::Number => (60, Align::Right, What::Plain(at)),
        Format::Age => (72, Align::Right, What::Plain(at)),
        Format::Text => (130, Align::Left, What::Plain(at)),
    };
    let title = u16::try_from(printer.title.len()).unwrap_or(u16::MAX).saturating_mul(7).saturating_add(20);
    Column { title: printer.title, width: Width::Px(least.max(title)), align, by_default: true, what }
}

pub(super) fn cell(plain: &PlainFacts, at: usize, now: Seconds) -> Cell {
    let Some(value) = plain.cells.get(at) else { return Cell::default() };
    match value {
        CellValue::Time(_) | CellValue::Span(_) | CellValue::Flag(false) => muted(value.text(now)),
        CellValue::Number(0) => muted("0"),
        // What does not fit is in the tooltip.
        CellValue::List(items, _) if items.len() > 1 => Cell { why: items.join("\n"), ..value.text(now).into() },
        value => or_dash(&value.text(now)),
    }
}

/// Numbers, quantities and flags by their value; ages by their instant, the youngest first; of what should be so many, that which lacks most first.
pub(super) fn key(plain: &PlainFacts, at: usize) -> Key {
    match plain.cells.get(at).unwrap_or(&CellValue::None) {
        CellValue::Number(number) => Key::Number(number.saturating_mul(1000)),
        CellValue::Quantity(text) => quantity::milli(text).map_or_else(|| Key::Text(text.clone()), Key::Number),
        CellValue::Ratio(have, want) => Key::Number(have.saturating_sub(*want)),
        CellValue::Time(at) => Key::Number(at.saturating_neg()),
        CellValue::Span(secs) => Key::Number(*secs),
        CellValue::Flag(flag) => Key::Number(i64::from(*flag)),
        value => Key::Text(value.text(0)),
    }
}
