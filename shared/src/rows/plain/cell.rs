use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::time::{self, Seconds};

/// What stands in one cell: typed, so that it can be ordered, and an age ticks.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CellValue {
    /// Nothing: kubectl writes `<none>`, `<unset>`, `<unknown>`, `N/A` or leaves it empty.
    #[n(0)]
    None,
    /// Words.
    #[n(1)]
    Text(#[n(0)] String),
    /// A count.
    #[n(2)]
    Number(#[n(0)] i64),
    /// A quantity as Kubernetes writes it, such as `1Gi`; a number with decimals is one as well.
    #[n(3)]
    Quantity(#[n(0)] String),
    /// So many of so many: `2/3`.
    #[n(4)]
    Ratio(#[n(0)] i64, #[n(1)] i64),
    /// An instant, shown as its age.
    #[n(5)]
    Time(#[n(0)] Seconds),
    /// A span in seconds that is over.
    #[n(6)]
    Span(#[n(0)] i64),
    /// Yes or no.
    #[n(7)]
    Flag(#[n(0)] bool),
    /// Some words of several, and how many more there are.
    #[n(8)]
    List(#[n(0)] Vec<String>, #[n(1)] u32),
}

impl CellValue {
    /// As kubectl writes it, at this instant; empty for nothing.
    pub fn text(&self, now: Seconds) -> String {
        match self {
            CellValue::None => String::new(),
            CellValue::Text(text) | CellValue::Quantity(text) => text.clone(),
            CellValue::Number(number) => number.to_string(),
            CellValue::Ratio(have, want) => format!("{have}/{want}"),
            CellValue::Time(at) => time::age(now - at),
            CellValue::Span(secs) => time::age(*secs),
            CellValue::Flag(flag) => flag.to_string(),
            CellValue::List(items, 0) => items.join(","),
            CellValue::List(items, more) => format!("{} + {more} more...", items.join(",")),
        }
    }

    /// A text; nothing when it is empty.
    pub(super) fn of_text(text: impl Into<String>) -> CellValue {
        let text = text.into();
        if text.is_empty() { CellValue::None } else { CellValue::Text(text) }
    }

    /// The first `most` of some words; nothing when there are none.
    pub(super) fn of_list(items: impl IntoIterator<Item = impl Into<String>>, most: usize) -> CellValue {
        let mut items = items.into_iter();
        let shown: Vec<String> = items.by_ref().take(most).map(Into::into).collect();
        if shown.is_empty() { CellValue::None } else { CellValue::List(shown, u32::try_from(items.count()).unwrap_or(u32::MAX)) }
    }

    /// An instant; nothing when there is none.
    pub(super) fn of_time(at: Option<Seconds>) -> CellValue {
        at.map_or(CellValue::None, CellValue::Time)
    }
}
