//! How sharing does, in words.

use crate::stream::span;

/// A wait shorter than this is not worth a word. Milliseconds.
const UNSAID_MS: u64 = 2_000;

/// How sharing does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncState {
    /// The connection.
    pub line: Line,
    /// Edits that the proxy has not acknowledged.
    pub changes: u32,
    /// Since when the oldest of them waits, in milliseconds since 1970.
    pub since_ms: Option<u64>,
    /// So many edits had to wait for a connection and are shared since a moment ago.
    pub caught_up: Option<u32>,
}

/// The connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Line {
    /// Nobody wants one.
    #[default]
    NotStarted,
    /// Being made.
    Connecting,
    /// Rooms are open.
    Open,
    /// None; it is tried again.
    Offline,
    /// The proxy refuses: settled until somebody signs in.
    Refused,
}

impl SyncState {
    /// How old the oldest unacknowledged edit is, in milliseconds; 0 if all is there.
    pub fn lag_ms(&self, now_ms: u64) -> u64 {
        self.since_ms.map_or(0, |since| now_ms.saturating_sub(since))
    }

    /// Whether all that was done here is with the proxy, and all that is there came here.
    pub fn is_synced(&self) -> bool {
        self.line == Line::Open && self.since_ms.is_none()
    }

    /// A few words for the top bar.
    pub fn words(&self, now_ms: u64) -> String {
        let changes = |count: u32| if count == 1 { "1 change".to_owned() } else { format!("{count} changes") };
        match (self.line, self.caught_up) {
            (Line::Open, Some(count)) => format!("{} synced", changes(count)),
            (Line::Open, None) if self.lag_ms(now_ms) < UNSAID_MS => "synced".into(),
            (Line::Open, None) => format!("{} waiting, {}", changes(self.changes.max(1)), span(self.lag_ms(now_ms) / 1000)),
            (Line::NotStarted | Line::Connecting, _) if self.changes == 0 => "connecting".into(),
            (Line::Offline | Line::Refused, _) if self.changes == 0 => "offline".into(),
            (Line::Connecting, _) => format!("connecting, {} kept", changes(self.changes)),
            // Nobody is asked for a connection before it is known who is here, which is so without a network.
            (Line::NotStarted | Line::Offline | Line::Refused, _) => format!("offline, {} kept", changes(self.changes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_waits_and_what_arrived() {
        let state = |line, changes, since_ms, caught_up| SyncState { line, changes, since_ms, caught_up };
        for (state, words) in [
            (state(Line::Open, 0, None, None), "synced"),
            (state(Line::Open, 1, Some(9_000), None), "synced"),
            (state(Line::Open, 2, Some(1_000), None), "2 changes waiting, 9 s"),
            (state(Line::Open, 0, None, Some(12)), "12 changes synced"),
            (state(Line::Offline, 1, Some(0), None), "offline, 1 change kept"),
            (state(Line::Offline, 0, None, None), "offline"),
            (state(Line::Connecting, 0, None, None), "connecting"),
            (state(Line::NotStarted, 3, Some(0), None), "offline, 3 changes kept"),
        ] {
            assert_eq!(state.words(10_000), words);
        }
    }
}
