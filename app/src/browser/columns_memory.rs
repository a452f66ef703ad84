//! The columns that a person chose for the lists of each kind, in this browser.

use super::preferences::{recall, remember};
use crate::rows::columns::choice::Choice;

/// What was chosen for a resource (plural and group; empty for everything of a namespace).
pub fn recall_columns(user: &str, resource: &str) -> Choice {
    recall(&key(user, resource)).map(|text| Choice::parse(&text)).unwrap_or_default()
}

/// Call it when the person chose.
pub fn remember_columns(user: &str, resource: &str, choice: &Choice) {
    remember(&key(user, resource), &choice.text());
}

fn key(user: &str, resource: &str) -> String {
    format!("krateyard.columns {user} {resource}")
}
