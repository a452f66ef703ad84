//! What was not sent, as a browser keeps it over a reload: how many edits of each room. The edits themselves are in the room's document.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// By room's name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Unsent(pub BTreeMap<String, Left>);

/// Of one room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// How many edits.
    pub changes: u32,
    /// Since when the oldest of them waits, in milliseconds since 1970.
    pub since_ms: u64,
}

impl Unsent {
    /// Over all rooms.
    pub fn changes(&self) -> u32 {
        self.0.values().map(|left| left.changes).sum()
    }

    /// What a browser keeps of several tabs, after this one went from `before` to `now`: what it has of the others stays.
    #[must_use]
    pub fn moved(mut self, before: &Unsent, now: &Unsent) -> Unsent {
        for (room, was) in &before.0 {
            if let Some(left) = self.0.get_mut(room) {
                left.changes = left.changes.saturating_sub(was.changes);
            }
        }
        for (room, is) in &now.0 {
            let left = self.0.entry(room.clone()).or_insert(Left { changes: 0, since_ms: is.since_ms });
            *left = Left { changes: left.changes.saturating_add(is.changes), since_ms: left.since_ms.min(is.since_ms) };
        }
        self.0.retain(|_, left| left.changes > 0);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsent(rooms: &[(&str, u32, u64)]) -> Unsent {
        Unsent(rooms.iter().map(|(room, changes, since_ms)| ((*room).to_owned(), Left { changes: *changes, since_ms: *since_ms })).collect())
    }

    #[test]
    fn tabs_that_count_each_for_itself_add_up_to_what_is_there() {
        let none = Unsent::default();
        let (one, two) = (unsent(&[("~", 2, 10)]), unsent(&[("~", 3, 5), ("ns:web", 1, 7)]));
        let kept = none.clone().moved(&none, &one).moved(&none, &two);
        assert_eq!(kept, unsent(&[("~", 5, 5), ("ns:web", 1, 7)]));
        // The first is acknowledged, then the second: nothing is left, however often that is said.
        let kept = kept.moved(&one, &none);
        assert_eq!(kept.changes(), 4);
        assert_eq!(kept.moved(&two, &none).moved(&two, &none), none);
    }

    #[test]
    fn what_is_kept_reads_back() {
        let unsent = unsent(&[("ns:web", 12, 1_700_000_000_000)]);
        assert_eq!(serde_json::from_str::<Unsent>(&serde_json::to_string(&unsent).unwrap()).unwrap(), unsent);
    }
}
