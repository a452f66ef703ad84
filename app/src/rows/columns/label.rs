//! Columns of labels. A column lives for ever and is the same one each time, as those of the kinds are; how many can be made is bounded.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use krateyard_shared::rows::Row;

use super::{Align, Column, What, Width};

/// Label columns of one page: more keys than a person types in a day.
const MOST: usize = 256;
/// Rows that are looked at for keys: those of one list are alike.
const LOOKED_AT: usize = 1000;

/// The column of a label; `None` when too many were made.
pub fn column(key: &str) -> Option<&'static Column> {
    static MADE: Mutex<BTreeMap<&'static str, &'static Column>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(column) = made.get(key) {
        return Some(column);
    }
    if made.len() >= MOST {
        return None;
    }
    let key: &'static str = Box::leak(key.to_owned().into_boxed_str());
    // The part behind the slash tells labels apart; the whole key is in the tooltip.
    let title = key.rsplit('/').next().unwrap_or(key);
    let px = u16::try_from(title.len()).unwrap_or(u16::MAX).saturating_mul(7).saturating_add(24).clamp(96, 220);
    let column = Box::leak(Box::new(Column { title, width: Width::Px(px), align: Align::Left, by_default: true, what: What::Label(key) }));
    made.insert(key, column);
    Some(column)
}

/// The keys of the labels that rows carry, those of most rows first, at most `most`.
pub fn keys(rows: &[Arc<Row>], most: usize) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (key, _) in rows.iter().take(LOOKED_AT).flat_map(|row| &row.labels) {
        *counts.entry(key).or_default() += 1;
    }
    let mut keys: Vec<_> = counts.into_iter().collect();
    keys.sort_unstable_by(|(a, a_count), (b, b_count)| b_count.cmp(a_count).then_with(|| a.cmp(b)));
    keys.into_iter().take(most).map(|(key, _)| key.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::fixtures::running;

    #[test]
    fn a_label_column_is_one_and_shows_the_value() {
        let column = column("tier").unwrap();
        assert!(std::ptr::eq(column, super::column("tier").unwrap()));
        assert_eq!(column.cell(&running("a", "web"), 0).text, "back");
        assert_eq!(super::column("example.com/other").unwrap().cell(&running("a", "web"), 0).text, "-");
        assert_eq!(super::column("example.com/other").unwrap().title, "other");
    }

    #[test]
    fn keys_are_those_of_the_rows() {
        assert_eq!(keys(&[Arc::new(running("a", "web"))], 5), ["app", "tier"]);
        assert_eq!(keys(&[Arc::new(running("a", "web"))], 1), ["app"]);
    }
}
