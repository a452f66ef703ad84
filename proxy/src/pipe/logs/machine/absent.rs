//! What was delivered is not in the log any more: it is looked for in the run before, and what is found nowhere is a gap.

use krateyard_shared::logs::{LogGap, LogSourceState};

use super::super::facts::Known;
use super::{Effect, Machine, Phase};

impl Machine {
    /// What was delivered is not there: the container may have been replaced, and then the run before has it.
    pub(super) fn broken(&mut self) -> Vec<Effect> {
        if self.previous {
            return self.anew(LogGap::Lost);
        }
        if self.rest {
            return self.without_rest();
        }
        self.not_here = true;
        if self.not_before {
            return self.nowhere();
        }
        self.rest = true;
        self.phase = Phase::Opening;
        vec![Effect::Open { previous: true }]
    }

    /// The run before is not to be had, or is another one.
    pub(super) fn without_rest(&mut self) -> Vec<Effect> {
        (self.rest, self.not_before) = (false, true);
        if self.not_here || self.cursor.seconds.is_empty() {
            return self.nowhere();
        }
        self.phase = Phase::Opening;
        vec![Effect::Open { previous: false }]
    }

    /// What was delivered is in neither of the logs that a node has.
    pub(super) fn nowhere(&mut self) -> Vec<Effect> {
        (self.not_here, self.not_before) = (false, false);
        if !self.has_restarted() {
            return self.anew(LogGap::Rotated);
        }
        let mut effects = self.tell_gap(LogGap::Replaced);
        let restarted = self.next_run();
        effects.extend(self.anew(restarted));
        effects
    }

    pub(super) fn next_run(&self) -> LogGap {
        match &self.known {
            Known::Is(facts) if self.has_restarted() => LogGap::Restarted { code: facts.last_code, run: Some(facts.restarts) },
            _ => LogGap::Restarted { code: None, run: self.cursor.run.map(|run| run + 1) },
        }
    }

    pub(super) fn anew(&mut self, reason: LogGap) -> Vec<Effect> {
        let mut effects = self.tell_gap(reason);
        effects.extend(self.open());
        effects
    }

    pub(super) fn tell_gap(&mut self, reason: LogGap) -> Vec<Effect> {
        self.cursor.gap(&reason);
        vec![Effect::Gap(reason)]
    }

    pub(super) fn unavailable(&mut self, now_ms: u64) -> Vec<Effect> {
        if self.rest {
            return self.without_rest();
        }
        let has_lines = self.cursor.newest.is_some() && !matches!(self.phase, Phase::Live { .. });
        let mut effects = vec![Effect::Close];
        if has_lines {
            effects.extend(self.tell_gap(LogGap::Lost));
        }
        let again_ms = self.again(now_ms);
        effects.extend(self.end(LogSourceState::Ended { code: None, reason: "the node has no log of it any more".into() }, again_ms));
        effects
    }
}
