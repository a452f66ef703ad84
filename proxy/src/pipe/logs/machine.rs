//! How one source is read: a machine that is told what happened and says what to do. It opens nothing, and reads no clock.

mod absent;
mod trouble;

use krateyard_shared::logs::{LogCursor, LogGap, LogSourceState};
use krateyard_shared::refusal::Refusal;

use super::facts::Known;

/// After its log ended, a container's state is waited for so long.
const SETTLE_MS: u64 = 500;
/// A stream whose pod or run is over, as its cluster says, may go on so long.
const LINGER_MS: u64 = 5_000;
/// A resumed log that says nothing for so long does not have what was delivered.
const PROVE_MS: u64 = 5_000;
/// A log that ended is asked for again after so long where nobody tells of its container, and then ever later.
const ASK_MS: u64 = 2_000;
/// A container that waits is asked again after so long when nobody tells of it.
const WAITING_MS: u64 = 3_000;
/// A quiet log is looked at beside its stream after a time, each next time after twice as long, up to so many times as long.
const MOST_QUIET: u64 = 16;
const FIRST_RETRY_MS: u64 = 100;
const LAST_RETRY_MS: u64 = 15_000;

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Input {
    /// What is known of the container changed.
    Facts,
    /// The log is being read; `proved`: nothing has to be found again in it.
    Opened {
        proved: bool,
    },
    /// The pod is not on a node yet.
    NotStarted,
    Refused(Refusal),
    /// What was delivered was found again.
    Proved,
    /// What was delivered is not there.
    Broken,
    /// The node has no such log any more.
    Unavailable,
    /// Something came.
    Bytes,
    /// The stream ended, or failed.
    Closed(Option<String>),
    /// A look beside the stream showed a line that the stream did not bring.
    Silent,
    Tick,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// Begin to read where the cursor says; what was open is closed.
    Open {
        previous: bool,
    },
    Close,
    /// Look for the last line beside the stream.
    Probe,
    Tell(LogSourceState),
    Gap(LogGap),
}

#[derive(Debug, Clone, PartialEq)]
enum Phase {
    Waiting { again_ms: u64 },
    Opening,
    Proving { until_ms: u64 },
    Live { probe_ms: u64, after_ms: u64, until_ms: Option<u64> },
    Lost { next_ms: u64 },
    Settling { until_ms: u64 },
    Ended { again_ms: Option<u64> },
    Over,
}

/// One source.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) cursor: LogCursor,
    pub(super) known: Known,
    phase: Phase,
    /// A person asked for the run before.
    previous: bool,
    /// The rest of a run that was replaced is being read.
    rest: bool,
    /// What was delivered is not in the log of the present run, or in that of the run before.
    not_here: bool,
    not_before: bool,
    attempt: u32,
    /// After how long a log that says nothing is looked at beside its stream.
    quiet_ms: u64,
    seed: u64,
    told: Option<LogSourceState>,
}

impl Machine {
    /// A source that is not opened yet: [`Machine::begin`].
    pub(super) fn new(cursor: LogCursor, known: Known, previous: bool, quiet_ms: u64, seed: u64) -> Machine {
        Machine {
            cursor,
            known,
            phase: Phase::Over,
            previous,
            rest: false,
            not_here: false,
            not_before: false,
            attempt: 0,
            quiet_ms,
            seed: seed | 1,
            told: None,
        }
    }

    /// Begins.
    pub(super) fn begin(&mut self, now_ms: u64) -> Vec<Effect> {
        self.phase = Phase::Opening;
        match &self.known {
            Known::Gone => self.lost_for_good(),
            Known::Is(facts) if self.cursor.ended && !self.previous && !facts.is_running() && self.cursor.run == Some(facts.restarts) => {
                let state = facts.ended();
                self.end(state, None)
            }
            Known::Is(facts) if !self.previous && !facts.has_log() && self.cursor.newest.is_none() => self.wait(facts.why(), now_ms),
            _ => self.open(),
        }
    }

    /// Begins with a log that is open already.
    pub(super) fn begin_open(&mut self, now_ms: u64) {
        self.own_run();
        self.live(now_ms);
    }

    /// When to tick next.
    pub(super) fn wake_ms(&self) -> Option<u64> {
        match &self.phase {
            Phase::Waiting { again_ms } => Some(*again_ms),
            Phase::Proving { until_ms } | Phase::Settling { until_ms } => Some(*until_ms),
            Phase::Live { probe_ms, until_ms, .. } => Some(until_ms.map_or(*probe_ms, |until_ms| until_ms.min(*probe_ms))),
            Phase::Lost { next_ms } => Some(*next_ms),
            Phase::Ended { again_ms } => *again_ms,
            Phase::Opening | Phase::Over => None,
        }
    }

    /// Whether nothing will ever come of it any more.
    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Whether nothing will come of it any more, or not before another run: for what waits for all that is there.
    pub(super) fn is_resting(&self) -> bool {
        matches!(self.phase, Phase::Waiting { .. } | Phase::Lost { .. } | Phase::Ended { .. } | Phase::Over)
    }

    /// Whether it waits to be read again: what was there has perhaps not come.
    pub(super) fn is_lost(&self) -> bool {
        matches!(self.phase, Phase::Lost { .. })
    }

    /// Whether lines come as they are written.
    pub(super) fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live { .. }) && !self.rest
    }

    /// Whether it is known that the run that is being read has ended, so that its log is complete.
    pub(super) fn run_has_ended(&self) -> bool {
        let by_facts = match &self.known {
            Known::Is(facts) => self.cursor.run.is_some_and(|run| facts.restarts > run) || !facts.is_running(),
            Known::Gone => true,
            Known::Unknown => false,
        };
        self.previous || self.rest || by_facts
    }

    /// Takes what happened.
    pub(super) fn step(&mut self, input: Input, now_ms: u64) -> Vec<Effect> {
        if self.phase == Phase::Over && input != Input::Facts {
            return Vec::new();
        }
        match input {
            Input::Facts => self.facts(now_ms),
            Input::Opened { proved: true } | Input::Proved => {
                (self.not_here, self.not_before) = (false, false);
                if self.has_restarted() && !self.rest && !self.previous {
                    // It is of the later run all along: its cluster told of that late.
                    self.cursor.run = None;
                    self.own_run();
                }
                self.live(now_ms);
                self.tell_live()
            }
            Input::Opened { proved: false } => {
                self.phase = Phase::Proving { until_ms: now_ms + PROVE_MS };
                Vec::new()
            }
            Input::Bytes => {
                match &mut self.phase {
                    Phase::Proving { until_ms } => *until_ms = now_ms + PROVE_MS,
                    Phase::Live { probe_ms, after_ms, .. } => (*probe_ms, *after_ms) = (now_ms + self.quiet_ms, self.quiet_ms),
                    _ => {}
                }
                Vec::new()
            }
            Input::NotStarted => self.wait("the pod is not on a node yet".into(), now_ms),
            Input::Refused(refusal) => self.refused(refusal, now_ms),
            Input::Broken => self.broken(),
            Input::Unavailable => self.unavailable(now_ms),
            Input::Closed(None) if matches!(self.phase, Phase::Proving { .. }) => {
                // A follow of what runs does not end by itself.
                let is_cut = matches!(&self.known, Known::Is(_)) && !self.run_has_ended();
                if is_cut { self.lose("the log ended".into(), now_ms) } else { self.broken() }
            }
            Input::Closed(None) => self.closed(now_ms),
            Input::Closed(Some(cause)) => self.lose(cause, now_ms),
            Input::Silent => self.lose("the log stopped without a word".into(), now_ms),
            Input::Tick if self.wake_ms().is_some_and(|wake_ms| wake_ms <= now_ms) => self.wake(now_ms),
            Input::Tick => Vec::new(),
        }
    }

    fn wake(&mut self, now_ms: u64) -> Vec<Effect> {
        match &mut self.phase {
            Phase::Proving { .. } => self.broken(),
            Phase::Live { until_ms: Some(until_ms), .. } if *until_ms <= now_ms => {
                let mut effects = vec![Effect::Close];
                effects.extend(if self.known == Known::Gone { self.gone() } else { self.open() });
                effects
            }
            Phase::Live { probe_ms, after_ms, .. } => {
                *after_ms = (*after_ms * 2).min(self.quiet_ms * MOST_QUIET);
                *probe_ms = now_ms + *after_ms;
                if self.rest { Vec::new() } else { vec![Effect::Probe] }
            }
            // Its cluster says that it runs: so does the log go on.
            Phase::Settling { .. } => self.lose("the log ended".into(), now_ms),
            _ => self.open(),
        }
    }

    fn facts(&mut self, now_ms: u64) -> Vec<Effect> {
        if self.cursor.run.is_none() {
            self.own_run();
        }
        let is_over = self.known == Known::Gone;
        let restarted = self.has_restarted();
        match &mut self.phase {
            Phase::Live { until_ms, .. } if (is_over || restarted) && !self.previous && !self.rest => {
                until_ms.get_or_insert(now_ms + LINGER_MS);
                Vec::new()
            }
            Phase::Waiting { .. } | Phase::Settling { .. } | Phase::Ended { .. } if is_over => self.gone(),
            Phase::Lost { .. } if is_over => self.lost_for_good(),
            Phase::Ended { .. } | Phase::Settling { .. } if self.previous => Vec::new(),
            Phase::Ended { .. } if restarted => self.open(),
            Phase::Settling { .. } => self.closed(now_ms),
            Phase::Waiting { again_ms } => match &self.known {
                Known::Is(facts) if facts.has_log() => self.open(),
                Known::Is(facts) => {
                    // What is known to wait is told when it changes.
                    *again_ms = now_ms + LAST_RETRY_MS;
                    let why = facts.why();
                    self.tell(LogSourceState::Waiting { why })
                }
                _ => Vec::new(),
            },
            Phase::Ended { .. } => match &self.known {
                Known::Is(facts) if !facts.is_running() => {
                    let state = facts.ended();
                    self.tell(state)
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Whether its cluster tells of a later run than the one that was read.
    fn has_restarted(&self) -> bool {
        matches!((&self.known, self.cursor.run), (Known::Is(facts), Some(run)) if facts.restarts > run)
    }

    fn own_run(&mut self) {
        if let Known::Is(facts) = &self.known
            && (self.cursor.run.is_none() || (!self.cursor.begun && self.cursor.newest.is_none()))
        {
            self.cursor.run = Some(facts.restarts);
        }
    }

    fn open(&mut self) -> Vec<Effect> {
        if self.known == Known::Gone {
            return self.gone();
        }
        self.phase = Phase::Opening;
        if self.previous {
            return vec![Effect::Open { previous: true }];
        }
        self.own_run();
        let mut effects = Vec::new();
        if self.cursor.behind && self.cursor.newest.is_some() {
            effects.extend(self.tell_gap(LogGap::Lost));
        }
        self.rest = self.has_restarted();
        effects.push(Effect::Open { previous: self.rest });
        effects
    }

    fn live(&mut self, now_ms: u64) {
        // Changes that came while it was opened.
        let is_over = !self.previous && !self.rest && (self.known == Known::Gone || self.has_restarted());
        self.phase = Phase::Live { probe_ms: now_ms + self.quiet_ms, after_ms: self.quiet_ms, until_ms: is_over.then_some(now_ms + LINGER_MS) };
    }

    /// A new line came.
    pub(super) fn progressed(&mut self) -> Vec<Effect> {
        self.attempt = 0;
        if self.rest || self.previous { Vec::new() } else { self.tell(LogSourceState::Live) }
    }

    fn tell_live(&mut self) -> Vec<Effect> {
        // Whoever may not see the pod asks now and then whether another run began: that is no news.
        let asks_only = self.known == Known::Unknown && matches!(self.told, Some(LogSourceState::Ended { .. }));
        if self.rest || self.previous || asks_only { Vec::new() } else { self.tell(LogSourceState::Live) }
    }

    /// A log was read to its end.
    fn closed(&mut self, now_ms: u64) -> Vec<Effect> {
        if self.rest {
            self.rest = false;
            let restarted = self.next_run();
            return self.anew(restarted);
        }
        if self.previous {
            let code = if let Known::Is(facts) = &self.known { facts.last_code } else { None };
            return self.end(LogSourceState::Ended { code, reason: "the container's run has ended".into() }, None);
        }
        match &self.known {
            Known::Gone => self.gone(),
            _ if self.has_restarted() => self.open(),
            Known::Is(facts) if facts.is_running() => {
                if !matches!(self.phase, Phase::Settling { .. }) {
                    self.phase = Phase::Settling { until_ms: now_ms + SETTLE_MS };
                }
                Vec::new()
            }
            Known::Is(facts) => {
                let state = facts.ended();
                self.end(state, None)
            }
            Known::Unknown => {
                let again_ms = self.again(now_ms);
                self.end(LogSourceState::Ended { code: None, reason: "the container's run has ended".into() }, again_ms)
            }
        }
    }

    /// When to ask again for a run that nobody tells of.
    fn again(&mut self, now_ms: u64) -> Option<u64> {
        self.attempt += 1;
        (!self.previous).then(|| now_ms + ASK_MS.max(self.delay()))
    }

    fn end(&mut self, state: LogSourceState, again_ms: Option<u64>) -> Vec<Effect> {
        self.phase = Phase::Ended { again_ms };
        self.cursor.end();
        self.tell(state)
    }

    fn gone(&mut self) -> Vec<Effect> {
        self.phase = Phase::Over;
        self.tell(LogSourceState::Gone)
    }

    fn tell(&mut self, state: LogSourceState) -> Vec<Effect> {
        if self.told.as_ref() == Some(&state) {
            return Vec::new();
        }
        self.told = Some(state.clone());
        vec![Effect::Tell(state)]
    }

    /// Exponential, with a quarter of jitter (xorshift64).
    fn delay(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        let whole = (FIRST_RETRY_MS << self.attempt.saturating_sub(1).min(10)).min(LAST_RETRY_MS);
        whole - whole / 4 + self.seed % (whole / 4)
    }
}

#[cfg(test)]
mod tests;
