//! What keeps a log from being read, and for how long.

use krateyard_shared::logs::{LogGap, LogSourceState};
use krateyard_shared::refusal::Refusal;

use super::super::facts::Known;
use super::{Effect, Machine, Phase, WAITING_MS};

impl Machine {
    /// The pod went while its log was not being read.
    pub(super) fn lost_for_good(&mut self) -> Vec<Effect> {
        let is_open = !self.cursor.ended && (self.cursor.newest.is_some() || self.cursor.floor.is_some());
        let mut effects = if is_open { self.tell_gap(LogGap::Lost) } else { Vec::new() };
        effects.extend(self.gone());
        effects
    }

    pub(super) fn wait(&mut self, why: String, now_ms: u64) -> Vec<Effect> {
        self.attempt += 1;
        self.phase = Phase::Waiting { again_ms: now_ms + WAITING_MS.max(self.delay()) };
        self.tell(LogSourceState::Waiting { why })
    }

    pub(super) fn refused(&mut self, refusal: Refusal, now_ms: u64) -> Vec<Effect> {
        match refusal {
            Refusal::Limit { retry_after_secs, .. } => {
                self.attempt += 1;
                self.phase = Phase::Lost { next_ms: now_ms + u64::from(retry_after_secs) * 1000 };
                self.tell(LogSourceState::Denied { refusal })
            }
            refusal if refusal.is_passing() => self.lose(refusal.to_string(), now_ms),
            Refusal::NotFound { .. } | Refusal::Gone { .. } => match &self.known {
                // A kubelet does not know every pod that its cluster does.
                Known::Is(_) => self.lose(refusal.to_string(), now_ms),
                _ => self.lost_for_good(),
            },
            Refusal::Rejected { .. } if self.rest => self.without_rest(),
            Refusal::Rejected { message } if !self.previous => self.wait(message, now_ms),
            refusal => {
                self.phase = Phase::Over;
                self.tell(LogSourceState::Denied { refusal })
            }
        }
    }

    pub(super) fn lose(&mut self, cause: String, now_ms: u64) -> Vec<Effect> {
        if self.known == Known::Gone {
            let mut effects = vec![Effect::Close];
            effects.extend(self.lost_for_good());
            return effects;
        }
        self.attempt += 1;
        self.phase = Phase::Lost { next_ms: now_ms + self.delay() };
        let mut effects = vec![Effect::Close];
        effects.extend(self.tell(LogSourceState::Reconnecting { attempt: self.attempt, cause }));
        effects
    }
}
