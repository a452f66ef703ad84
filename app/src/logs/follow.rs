//! How a log is followed: one machine that is told what happened and says what to do. It opens no socket, keeps no line and reads no clock.

pub mod container;

use krateyard_shared::logs::{INITIAL_CREDIT, LogControl, LogFrame, LogGap, LogLine, LogQuery};
use krateyard_shared::refusal::Refusal;

use super::buffer::Gap;
use super::seen::Seen;
use super::stamp::Stamp;
use crate::stream::StreamState;
pub use container::{Container, Run};

/// Where a log begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Range {
    /// This many lines from the end.
    Tail(u32),
    /// Lines younger than this many seconds.
    Since(u32),
    /// Everything that the node kept.
    #[default]
    All,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Input {
    /// The container's state became known, or changed.
    Container(Container),
    /// The socket is open.
    Opened,
    /// A frame came.
    Frame(LogFrame),
    /// The socket closed, or could not be opened.
    Closed { code: u16, reason: String },
    /// [`Follow::wake_ms`] has passed.
    Tick,
    /// A person asked to try again.
    Again,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Open a socket; the one before it, if any, is closed.
    Open(LogQuery),
    /// Close the socket.
    Close,
    /// Send credit.
    Grant(u64),
    /// Keep a line.
    Line(Stamp, String),
    /// Show a gap.
    Gap(Gap),
    /// The last gap of a lost connection says more now.
    Mend(Gap),
}

/// Where a follow is.
#[derive(Debug, Clone, PartialEq)]
enum Phase {
    /// The container has not run: asked again when it changes, and at `again_ms`.
    Waiting {
        why: String,
        again_ms: Option<u64>,
    },
    Connecting {
        since_ms: u64,
    },
    Streaming {
        caught_up: bool,
    },
    /// Lost; tried again at `next_ms`.
    Lost {
        next_ms: u64,
        cause: String,
    },
    /// The run ended; `again_ms` when it is not known yet whether another one began.
    Ended {
        code: Option<i32>,
        reason: String,
        again_ms: Option<u64>,
    },
    Denied(Refusal),
    Gone,
}

/// The machine.
#[derive(Debug)]
pub struct Follow {
    query: LogQuery,
    phase: Phase,
    container: Container,
    /// Restarts of the container when the stream was opened.
    run: u32,
    /// How the run before ended, until its successor's first line.
    restarted: Option<Option<i32>>,
    /// When the connection was lost, until it is known what that cost.
    lost_ms: Option<u64>,
    seen: Seen,
    taken: u64,
    attempt: u32,
    as_of_ms: u64,
    seed: u64,
}

const FIRST_RETRY_MS: u64 = 500;
const LAST_RETRY_MS: u64 = 30_000;
/// A socket that is not open by then is given up.
const OPEN_MS: u64 = 10_000;
/// How long to wait for the container's state to follow the end of its log.
const SETTLE_MS: u64 = 1_500;
/// How often to ask for the log of a container that waits, beside every change of it.
const WAITING_MS: u64 = 5_000;
/// How long to wait for the row of a pod before asking without it: who may read logs may not be allowed to list pods.
const ROW_MS: u64 = 2_000;

impl Follow {
    /// A follow that has not begun: tell it the [`Container`]. `query` names the target; what it says of where to begin is replaced. `seed` spreads retries.
    pub fn new(query: LogQuery, range: Range, seed: u64, now_ms: u64) -> Follow {
        let (tail, since_secs) = match range {
            Range::Tail(lines) => (Some(lines), None),
            Range::Since(secs) => (None, Some(secs)),
            Range::All => (None, None),
        };
        Follow {
            query: LogQuery { tail, since_secs, since_time: None, ..query },
            phase: Phase::Waiting { why: String::new(), again_ms: Some(now_ms + ROW_MS) },
            container: Container::default(),
            run: 0,
            restarted: None,
            lost_ms: None,
            seen: Seen::new(range != Range::All),
            taken: 0,
            attempt: 0,
            as_of_ms: now_ms,
            seed: seed | 1,
        }
    }

    /// How the stream does.
    pub fn state(&self) -> StreamState {
        let reconnecting =
            |next_ms: u64, cause: &str| StreamState::Reconnecting { attempt: self.attempt, next_ms, as_of_ms: self.as_of_ms, cause: cause.into() };
        match &self.phase {
            Phase::Waiting { .. } => StreamState::NotStarted,
            Phase::Connecting { since_ms } if self.attempt > 0 => reconnecting(*since_ms, "connection lost"),
            Phase::Connecting { since_ms } => StreamState::Connecting { since_ms: *since_ms },
            Phase::Streaming { caught_up: false } => StreamState::LiveAs("catching up".into()),
            Phase::Streaming { caught_up: true } => StreamState::Live,
            Phase::Lost { next_ms, cause } => reconnecting(*next_ms, cause),
            Phase::Ended { code, reason, .. } => StreamState::Ended { code: *code, reason: reason.clone() },
            Phase::Denied(refusal) => StreamState::Denied(refusal.clone()),
            Phase::Gone => StreamState::Gone,
        }
    }

    /// Why the container has no log yet, while it has none.
    pub fn waits_for(&self) -> Option<&str> {
        match &self.phase {
            Phase::Waiting { why, .. } => Some(why),
            _ => None,
        }
    }

    /// When to tick next.
    pub fn wake_ms(&self) -> Option<u64> {
        match &self.phase {
            Phase::Waiting { again_ms, .. } | Phase::Ended { again_ms, .. } => *again_ms,
            Phase::Connecting { since_ms } => Some(since_ms + OPEN_MS),
            Phase::Lost { next_ms, .. } => Some(*next_ms),
            Phase::Streaming { .. } | Phase::Denied(_) | Phase::Gone => None,
        }
    }

    /// Takes what happened.
    pub fn step(&mut self, input: Input, now_ms: u64) -> Vec<Effect> {
        match input {
            Input::Container(container) => self.changed(container, now_ms),
            Input::Opened => Vec::new(),
            Input::Frame(frame) => self.frame(frame, now_ms),
            Input::Closed { code, reason } => self.closed(code, &reason, now_ms),
            Input::Tick if self.wake_ms().is_some_and(|wake_ms| wake_ms <= now_ms) => self.wake(now_ms),
            Input::Tick => Vec::new(),
            Input::Again => {
                self.attempt = 0;
                self.open(now_ms)
            }
        }
    }

    fn wake(&mut self, now_ms: u64) -> Vec<Effect> {
        if let Phase::Connecting { .. } = self.phase {
            let mut effects = vec![Effect::Close];
            effects.extend(self.lose("no answer", now_ms, None));
            return effects;
        }
        self.open(now_ms)
    }

    fn changed(&mut self, container: Container, now_ms: u64) -> Vec<Effect> {
        if container == self.container {
            return Vec::new();
        }
        self.container = container;
        let began_anew = self.container.restarts > self.run || self.container.run == Run::Running;
        match &self.phase {
            Phase::Waiting { .. } if self.container.has_log() || (self.query.previous && self.container.restarts > 0) => self.open(now_ms),
            Phase::Waiting { again_ms, .. } => {
                // What is known to wait is asked again when it changes.
                let again_ms = again_ms.filter(|_| self.container.run == Run::Unknown);
                self.phase = Phase::Waiting { why: self.container.why(), again_ms };
                Vec::new()
            }
            Phase::Ended { .. } if self.container.run == Run::Gone => self.settle(Phase::Gone),
            Phase::Ended { .. } if !self.query.previous && began_anew && self.container.has_log() => self.open(now_ms),
            Phase::Ended { reason, again_ms, .. } if self.container.exit().is_some() && !self.query.previous => {
                let reason = self.container.ended_because().unwrap_or_else(|| reason.clone());
                self.phase = Phase::Ended { code: self.container.exit(), reason, again_ms: *again_ms };
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn open(&mut self, now_ms: u64) -> Vec<Effect> {
        let mut query = self.query.clone();
        if let (Some(since), false) = (self.seen.since(), query.previous) {
            (query.tail, query.since_secs, query.since_time) = (None, None, Some(since.rfc3339()));
        }
        if matches!(self.phase, Phase::Ended { .. }) || self.container.restarts > self.run {
            // Told once a line of the new run is here: then it is also known how long it was quiet.
            self.restarted = self.seen.last().is_some().then(|| self.container.exit()).filter(|_| self.container.restarts > self.run);
        }
        self.seen.resume();
        self.run = self.container.restarts;
        self.taken = 0;
        self.phase = Phase::Connecting { since_ms: now_ms };
        vec![Effect::Open(query)]
    }

    fn frame(&mut self, frame: LogFrame, now_ms: u64) -> Vec<Effect> {
        if !matches!(self.phase, Phase::Connecting { .. } | Phase::Streaming { .. }) {
            return Vec::new();
        }
        self.as_of_ms = now_ms;
        match frame {
            LogFrame::Lines { l } => self.lines(l, now_ms),
            LogFrame::Control(LogControl::Source { .. }) => Vec::new(),
            LogFrame::Control(LogControl::CaughtUp) => {
                self.phase = Phase::Streaming { caught_up: true };
                self.attempt = 0;
                self.found_again(now_ms).into_iter().collect()
            }
            LogFrame::Control(LogControl::Gap { reason: LogGap::Cut { bytes }, .. }) => vec![Effect::Gap(Gap::Cut { bytes })],
            LogFrame::Control(LogControl::Gap { count, reason, .. }) => vec![Effect::Gap(Gap::Dropped { count, reason: reason.to_string() })],
            LogFrame::Control(LogControl::State { .. } | LogControl::Limit { .. }) => Vec::new(),
            LogFrame::Control(LogControl::Ended { reason }) => self.ended(&reason, now_ms),
            LogFrame::Control(LogControl::Refused { refusal }) => self.refused(refusal, now_ms),
        }
    }

    fn lines(&mut self, lines: Vec<LogLine>, now_ms: u64) -> Vec<Effect> {
        if let Phase::Connecting { .. } = self.phase {
            self.phase = Phase::Streaming { caught_up: false };
        }
        let mut effects = Vec::with_capacity(lines.len() + 1);
        for LogLine(_, time, text) in lines {
            self.taken += (time.len() + text.len() + 1) as u64;
            let at = Stamp::parse(&time).or(self.seen.last()).unwrap_or_default();
            let before = self.seen.last();
            if !self.seen.is_new(at, &text) {
                continue;
            }
            self.attempt = 0;
            effects.extend(self.found_again(now_ms));
            if let Some(code) = self.restarted.take() {
                let quiet_secs = before.and_then(|before| u64::try_from(at.secs - before.secs).ok());
                effects.push(Effect::Gap(Gap::Restarted { code, quiet_secs }));
            }
            effects.push(Effect::Line(at, text));
        }
        if self.taken >= INITIAL_CREDIT / 4 {
            effects.push(Effect::Grant(std::mem::take(&mut self.taken)));
        }
        effects
    }

    /// After a cut: the connection is back, and it is known now whether lines are missing.
    fn found_again(&mut self, now_ms: u64) -> Option<Effect> {
        let at_ms = self.lost_ms.take()?;
        Some(Effect::Mend(Gap::Lost { at_ms, back_ms: Some(now_ms), whole: self.seen.repeated() }))
    }

    fn ended(&mut self, reason: &str, now_ms: u64) -> Vec<Effect> {
        let mut effects: Vec<Effect> = self.found_again(now_ms).into_iter().chain([Effect::Close]).collect();
        if self.query.previous {
            self.phase = Phase::Ended { code: self.container.exit(), reason: reason.into(), again_ms: None };
            return effects;
        }
        match self.container.run {
            Run::Gone => self.phase = Phase::Gone,
            _ if self.container.restarts > self.run && self.container.has_log() => {
                self.phase = Phase::Ended { code: None, reason: reason.into(), again_ms: None };
                effects.extend(self.open(now_ms));
            }
            // The container's state is behind its log: it tells soon what became of it.
            Run::Running | Run::Unknown => {
                self.attempt += 1;
                let again_ms = Some(now_ms + SETTLE_MS.max(self.delay()));
                self.phase = Phase::Ended { code: None, reason: reason.into(), again_ms };
            }
            _ => {
                let reason = self.container.ended_because().unwrap_or_else(|| reason.into());
                self.phase = Phase::Ended { code: self.container.exit(), reason, again_ms: None };
            }
        }
        effects
    }

    fn closed(&mut self, code: u16, reason: &str, now_ms: u64) -> Vec<Effect> {
        if !matches!(self.phase, Phase::Connecting { .. } | Phase::Streaming { .. }) {
            return Vec::new();
        }
        // 4400 to 4499: do not reconnect. The reason is the refusal.
        match serde_json::from_str::<Refusal>(reason) {
            Ok(refusal) => self.refused(refusal, now_ms),
            Err(_) if (4400..4500).contains(&code) => self.refused(Refusal::Rejected { message: format!("closed by the proxy ({code}) {reason}") }, now_ms),
            Err(_) => self.lose(if reason.is_empty() { "connection lost" } else { reason }, now_ms, None),
        }
    }

    fn refused(&mut self, refusal: Refusal, now_ms: u64) -> Vec<Effect> {
        match refusal {
            Refusal::NotFound { .. } | Refusal::Gone { .. } => self.settle(Phase::Gone),
            Refusal::Limit { retry_after_secs, .. } => self.lose(&refusal.to_string(), now_ms, Some(u64::from(retry_after_secs) * 1000)),
            Refusal::UpstreamDown { .. } => self.lose(&refusal.to_string(), now_ms, None),
            Refusal::Rejected { message } if !self.query.previous => {
                self.phase = Phase::Waiting { why: message, again_ms: Some(now_ms + WAITING_MS) };
                vec![Effect::Close]
            }
            refusal => self.settle(Phase::Denied(refusal)),
        }
    }

    fn settle(&mut self, phase: Phase) -> Vec<Effect> {
        self.phase = phase;
        vec![Effect::Close]
    }

    fn lose(&mut self, cause: &str, now_ms: u64, delay_ms: Option<u64>) -> Vec<Effect> {
        self.attempt += 1;
        let next_ms = now_ms + delay_ms.unwrap_or_else(|| self.delay());
        self.phase = Phase::Lost { next_ms, cause: cause.into() };
        if self.seen.last().is_none() || self.lost_ms.is_some() {
            return Vec::new();
        }
        self.lost_ms = Some(now_ms);
        vec![Effect::Gap(Gap::Lost { at_ms: now_ms, back_ms: None, whole: false })]
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
