//! How a stream does, in words: one place for every table, log and shell.

use krateyard_shared::refusal::Refusal;

/// The state of one window's stream. Instants are milliseconds since 1970, as the browser's clock gives them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StreamState {
    /// Waits for a click of its own viewer (a shell).
    #[default]
    NotStarted,
    /// Asked, not answered yet.
    Connecting {
        /// Since when.
        since_ms: u64,
    },
    /// Confirmed up to date.
    Live,
    /// Up to date as far as is known, with a word of its own: the shell's name, or `polling`.
    LiveAs(String),
    /// The reader is behind the source by this many seconds.
    Behind {
        /// How far.
        secs: u64,
    },
    /// The connection was lost.
    Reconnecting {
        /// From 1.
        attempt: u32,
        /// When the next try is due.
        next_ms: u64,
        /// What is on screen is as of this instant.
        as_of_ms: u64,
        /// Why.
        cause: String,
    },
    /// Connected, but without confirmation.
    Stale {
        /// What is on screen is as of this instant.
        as_of_ms: u64,
        /// Why.
        cause: String,
    },
    /// It ended by itself.
    Ended {
        /// Exit code, where there is one.
        code: Option<i32>,
        /// Why.
        reason: String,
    },
    /// Not allowed: settled until rights change or the person asks again.
    Denied(Refusal),
    /// The object is gone.
    Gone,
}

impl StreamState {
    /// Whether what is on screen is confirmed.
    pub fn is_live(&self) -> bool {
        matches!(self, StreamState::Live | StreamState::LiveAs(_))
    }

    /// Whether data on screen is kept although it can not be confirmed: it is shown dimmed, with its age.
    pub fn is_unconfirmed(&self) -> bool {
        matches!(self, StreamState::Reconnecting { .. } | StreamState::Stale { .. })
    }

    /// The words in a window's header.
    pub fn words(&self, now_ms: u64) -> String {
        let secs = |ms: u64| ms / 1000;
        match self {
            StreamState::NotStarted => "not started".into(),
            StreamState::Connecting { since_ms } => match secs(now_ms.saturating_sub(*since_ms)) {
                0 => "connecting".into(),
                secs => format!("connecting, {secs} s"),
            },
            StreamState::Live => "live".into(),
            StreamState::LiveAs(word) => word.clone(),
            StreamState::Behind { secs } => format!("behind {secs} s"),
            StreamState::Reconnecting { attempt, next_ms, .. } => match secs(next_ms.saturating_sub(now_ms) + 999) {
                0 => format!("reconnecting, attempt {attempt}"),
                secs => format!("reconnecting, attempt {attempt}, in {secs} s"),
            },
            StreamState::Stale { as_of_ms, .. } => format!("stale {}", span(secs(now_ms.saturating_sub(*as_of_ms)))),
            StreamState::Ended { code: Some(code), .. } => format!("ended {code}"),
            StreamState::Ended { code: None, .. } => "ended".into(),
            StreamState::Denied(Refusal::Rejected { .. } | Refusal::BadRequest { .. } | Refusal::UpstreamDown { .. }) => "not available".into(),
            StreamState::Denied(_) => "denied".into(),
            StreamState::Gone => "gone".into(),
        }
    }
}

/// A span of time in a sentence: `12 s`, `4m 12s`, `2h 5m`.
pub fn span(secs: u64) -> String {
    match secs {
        0..60 => format!("{secs} s"),
        60..3600 => format!("{}m {}s", secs / 60, secs % 60),
        _ => format!("{}h {}m", secs / 3600, secs / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_words_and_spans_count_down_and_up() {
        let states = [
            (StreamState::NotStarted, "not started"),
            (StreamState::Connecting { since_ms: 8_000 }, "connecting, 2 s"),
            (StreamState::Connecting { since_ms: 9_500 }, "connecting"),
            (StreamState::Live, "live"),
            (StreamState::LiveAs("bash".into()), "bash"),
            (StreamState::Behind { secs: 12 }, "behind 12 s"),
            (StreamState::Reconnecting { attempt: 3, next_ms: 13_200, as_of_ms: 0, cause: String::new() }, "reconnecting, attempt 3, in 4 s"),
            (StreamState::Stale { as_of_ms: 0, cause: String::new() }, "stale 10 s"),
            (StreamState::Ended { code: Some(137), reason: String::new() }, "ended 137"),
            (StreamState::Denied(Refusal::Expired), "denied"),
        ];
        for (state, words) in states {
            assert_eq!(state.words(10_000), words);
        }
        assert_eq!(span(252), "4m 12s");
    }
}
