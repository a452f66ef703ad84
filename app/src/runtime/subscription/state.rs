//! How a stream does, as a person is told.

use krateyard_shared::watch::Freshness;

use super::{Phase, Subscription};
use crate::stream::StreamState;

/// Why rows that are shown are not live yet.
pub(super) const CONFIRMING: &str = "rows are being confirmed";
/// Why they are not while nobody has answered who is here.
const NO_ANSWER: &str = "Krateyard does not answer; it is asked again every few seconds";

impl Subscription {
    /// The state in words, given that of the socket.
    pub fn stream_state(&self, socket: &StreamState) -> StreamState {
        match &self.phase {
            Phase::Denied { refusal, .. } => StreamState::Denied(refusal.clone()),
            _ if !socket.is_live() => self.without_socket(socket),
            Phase::Live if self.is_gone => StreamState::Gone,
            Phase::Live => match self.upstream {
                Freshness::Polled { every_secs } => StreamState::LiveAs(format!("polling each {every_secs} s")),
                _ => StreamState::Live,
            },
            Phase::Waiting | Phase::Loading => match &self.upstream {
                Freshness::Stale { since, cause } => StreamState::Stale { as_of_ms: millis(*since), cause: cause.clone() },
                _ => StreamState::Connecting { since_ms: self.since_ms },
            },
            Phase::Resyncing { cause, .. } => StreamState::Stale { as_of_ms: self.as_of_ms, cause: cause.clone() },
            Phase::Resuming { .. } => StreamState::Stale { as_of_ms: self.as_of_ms, cause: CONFIRMING.into() },
            Phase::Stale { since_ms, cause } => StreamState::Stale { as_of_ms: *since_ms, cause: cause.clone() },
            Phase::Ended { cause, retry_ms } => {
                StreamState::Reconnecting { attempt: self.failures.max(1), next_ms: *retry_ms, as_of_ms: self.as_of_ms, cause: cause.clone() }
            }
        }
    }

    fn without_socket(&self, socket: &StreamState) -> StreamState {
        match socket {
            StreamState::Reconnecting { attempt, next_ms, cause, .. } => {
                StreamState::Reconnecting { attempt: *attempt, next_ms: *next_ms, as_of_ms: self.as_of_ms, cause: cause.clone() }
            }
            // What was kept since before the page was loaded.
            StreamState::NotStarted if self.complete => StreamState::Stale { as_of_ms: self.as_of_ms, cause: NO_ANSWER.into() },
            StreamState::Connecting { .. } if self.complete => StreamState::Stale { as_of_ms: self.as_of_ms, cause: CONFIRMING.into() },
            StreamState::Stale { cause, .. } => StreamState::Stale { as_of_ms: self.as_of_ms, cause: cause.clone() },
            other => other.clone(),
        }
    }
}

/// Seconds since 1970 as milliseconds.
pub(super) fn millis(secs: i64) -> u64 {
    u64::try_from(secs).unwrap_or(0).saturating_mul(1000)
}
