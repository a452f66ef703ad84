//! Which columns a table shows: those of the default, as a person changed them, as far as there is room.

use super::choice::Choice;
use super::{Column, Width, label};

/// What the name needs beside other columns, in CSS pixels.
const NAME_PX: i32 = 110;
/// The same where a person asked for columns: the default ones give way earlier then.
const NAME_ASKED_PX: i32 = 180;

/// The same beside columns that are only worth showing where there is room: names come first.
const NAME_BESIDE_EXTRAS_PX: i32 = 150;

/// The columns of one table at one width.
#[derive(Debug, Clone, Default)]
pub struct Fitted {
    /// In their order.
    pub columns: Vec<&'static Column>,
    /// What they need, in CSS pixels: where it is more than the width the table scrolls sideways.
    pub least_px: i32,
}

/// Compares which columns, not what they say: each lives for ever, once.
impl PartialEq for Fitted {
    fn eq(&self, other: &Fitted) -> bool {
        self.least_px == other.least_px
            && self.columns.len() == other.columns.len()
            && self.columns.iter().zip(&other.columns).all(|(a, b)| std::ptr::eq(*a, *b))
    }
}

/// The columns that a table shows in this width (CSS pixels; 0 while it is not known). Where there is not room for all, fewer from the right: but name, status,
/// age, and what a person asked for. `is_worth` says which of the others are shown unless the person does not want them.
pub fn fit(columns: &'static [Column], choice: &Choice, width: i32, is_worth: impl Fn(&Column) -> bool) -> Fitted {
    let is_shown = |column: &&Column| choice.is_shown(column, column.by_default || is_worth(column));
    let mut shown: Vec<&'static Column> = columns.iter().filter(is_shown).chain(choice.labels().iter().filter_map(|key| label::column(key))).collect();
    let is_asked = |column: &Column| choice.is_asked(column) || !columns.iter().any(|own| std::ptr::eq(own, column));
    let least = if shown.iter().any(|column| is_asked(column)) { NAME_ASKED_PX } else { NAME_PX };
    while width > 0
        && needed(&shown, NAME_BESIDE_EXTRAS_PX) > width
        && let Some(at) = shown.iter().rposition(|column| !column.by_default && !is_asked(column))
    {
        shown.remove(at);
    }
    while width > 0
        && needed(&shown, least) > width
        && let Some(at) = shown.iter().rposition(|column| !column.is_kept() && !is_asked(column))
    {
        shown.remove(at);
    }
    Fitted { least_px: needed(&shown, NAME_PX), columns: shown }
}

/// What columns need, with so much for those that take what is left.
fn needed(shown: &[&Column], flexible_px: i32) -> i32 {
    let px = |column: &&Column| match column.width {
        Width::Px(px) => i32::from(px),
        Width::Flexible(_) => flexible_px,
    };
    shown.iter().map(px).sum()
}

#[cfg(test)]
mod tests {
    use krateyard_shared::kinds::Kind;

    use super::*;
    use crate::rows::columns;

    fn titles(text: &str, width: i32) -> Vec<&'static str> {
        fit(columns::of(Kind::Pod), &Choice::parse(text), width, |_| false).columns.iter().map(|column| column.title).collect()
    }

    #[test]
    fn a_person_switches_wide_columns_on_and_others_off() {
        assert_eq!(titles("", 0), ["Name", "Ready", "Status", "Restarts", "Age"]);
        assert_eq!(titles("+Node\n-Restarts\n+IP", 0), ["Name", "Ready", "Status", "Age", "Node", "IP"]);
        assert_eq!(titles("-Name", 0)[0], "Name", "without a name there is no row");
    }

    #[test]
    fn what_is_only_worth_showing_leaves_room_for_names() {
        let with_use = |text: &str, width| fit(columns::of(Kind::Pod), &Choice::parse(text), width, |column| column.gauge().is_some()).columns.len();
        assert_eq!((with_use("", 700), with_use("", 590), with_use("", 560)), (7, 6, 5));
        assert!(["CPU", "Memory"].iter().all(|title| titles("+CPU\n+Memory", 560).contains(title)), "a person asked for both");
    }

    #[test]
    fn what_was_asked_for_stays_where_the_rest_makes_room_and_scrolls_where_even_that_is_too_much() {
        assert_eq!(titles("", 380), ["Name", "Ready", "Status", "Age"]);
        assert_eq!(titles("+Node\n=app", 380), ["Name", "Status", "Age", "Node", "app"]);
        assert!(fit(columns::of(Kind::Pod), &Choice::parse("+Node\n=app"), 380, |_| false).least_px > 380);
    }
}
