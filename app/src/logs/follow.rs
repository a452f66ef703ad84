//! How a window stays in touch with the proxy: one machine that is told what happened and says what to do. It opens no socket, keeps no line and reads no clock.
//!
//! What becomes of a container (it waits, restarts, its log is rotated, its node does not answer) is the proxy's to follow. Here is the last leg: after a cut the
//! page says what it has of each source, in a [`LogCursor`] that proxy and page advance alike, and the proxy goes on exactly there or says what it can not prove.

mod sources;

use krateyard_shared::logs::{INITIAL_CREDIT, LogBegin, LogControl, LogFrame, LogGap, LogLine, LogQuery};
use krateyard_shared::refusal::Refusal;

use self::sources::Followed;
use super::buffer::Gap;
use super::sources::Source;
use super::stamp::Stamp;
use crate::stream::StreamState;

/// Where a log begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Range {
    /// This many lines from the end, of each source.
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
    /// It begins.
    Start,
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
    /// Whether more lines are wanted.
    Room(bool),
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Open a socket; the one before it, if any, is closed.
    Open(LogQuery),
    /// Close the socket.
    Close,
    /// Say what is here of each source.
    Begin(LogBegin),
    /// Send credit.
    Grant(u64),
    /// A source, by the index that it keeps here over all sockets.
    Source(u32, Source),
    /// Keep a line of a source.
    Line(u32, Stamp, String),
    /// Show a gap of a source, or of all.
    Gap(Option<u32>, Gap),
    /// The last gap of a lost connection says more now.
    Mend(Gap),
}

/// Where a follow is.
#[derive(Debug, Clone, PartialEq)]
enum Phase {
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
    Ended(String),
    Denied(Refusal),
    Gone,
}

/// The machine.
#[derive(Debug)]
pub struct Follow {
    query: LogQuery,
    phase: Phase,
    sources: Followed,
    /// Everything that was there at first is here: what joins from now on is new.
    began: bool,
    /// When the connection was lost, until it is known what that cost; and whether it cost anything.
    lost_ms: Option<u64>,
    lost_lines: bool,
    /// More than may be followed at once: why, and how many are left out.
    left_out: Option<(Refusal, u32)>,
    taken: u64,
    has_room: bool,
    attempt: u32,
    as_of_ms: u64,
    seed: u64,
}

const FIRST_RETRY_MS: u64 = 500;
const LAST_RETRY_MS: u64 = 30_000;
/// A socket that says nothing by then is given up.
const OPEN_MS: u64 = 10_000;

impl Follow {
    /// A follow that begins with [`Input::Start`]. `query` names the target; what it says of where to begin is replaced. `seed` spreads retries.
    pub fn new(query: LogQuery, range: Range, seed: u64, now_ms: u64) -> Follow {
        let (tail, since_secs) = match range {
            Range::Tail(lines) => (Some(lines), None),
            Range::Since(secs) => (None, Some(secs)),
            Range::All => (None, None),
        };
        Follow {
            query: LogQuery { tail, since_secs, since_time: None, resume: true, ..query },
            phase: Phase::Connecting { since_ms: now_ms },
            sources: Followed::default(),
            began: false,
            lost_ms: None,
            lost_lines: false,
            left_out: None,
            taken: 0,
            has_room: true,
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
            Phase::Connecting { since_ms } if self.attempt > 0 => reconnecting(*since_ms, "connection lost"),
            Phase::Connecting { since_ms } => StreamState::Connecting { since_ms: *since_ms },
            Phase::Streaming { caught_up } => self.sources.state(*caught_up, self.as_of_ms),
            Phase::Lost { next_ms, cause } => reconnecting(*next_ms, cause),
            Phase::Ended(reason) => StreamState::Ended { code: None, reason: reason.clone() },
            Phase::Denied(refusal) => StreamState::Denied(refusal.clone()),
            Phase::Gone => StreamState::Gone,
        }
    }

    /// Whether everything is here that was there when it was asked for; what comes from now on is new.
    pub fn is_caught_up(&self) -> bool {
        matches!(self.phase, Phase::Streaming { caught_up: true } | Phase::Ended(_))
    }

    /// Why there is no log yet, while there is none.
    pub fn waits_for(&self) -> Option<&str> {
        self.sources.waits_for().filter(|_| matches!(self.phase, Phase::Streaming { .. }))
    }

    /// What a person should know besides the state: which sources do not do well, what was left out, why there is no connection. A sentence without its dot.
    pub fn trouble(&self) -> Option<String> {
        match &self.phase {
            Phase::Streaming { .. } => {
                let left_out = self.left_out.as_ref().map(|(refusal, count)| format!("{count} more left out: {refusal}"));
                let trouble = if self.query.previous { self.sources.without_previous() } else { self.sources.trouble() };
                let parts: Vec<String> = trouble.into_iter().chain(left_out).collect();
                (!parts.is_empty()).then(|| parts.join("; "))
            }
            Phase::Lost { cause, .. } => Some(cause.clone()),
            _ => None,
        }
    }

    /// When to tick next.
    pub fn wake_ms(&self) -> Option<u64> {
        match &self.phase {
            Phase::Connecting { since_ms } => Some(since_ms + OPEN_MS),
            Phase::Lost { next_ms, .. } => Some(*next_ms),
            Phase::Streaming { .. } | Phase::Ended(_) | Phase::Denied(_) | Phase::Gone => None,
        }
    }

    /// Takes what happened.
    pub fn step(&mut self, input: Input, now_ms: u64) -> Vec<Effect> {
        match input {
            Input::Start => self.open(now_ms),
            Input::Opened => vec![Effect::Begin(LogBegin { cursors: self.sources.cursors() })],
            Input::Frame(frame) => self.frame(frame, now_ms),
            Input::Closed { code, reason } => self.closed(code, &reason, now_ms),
            Input::Tick if self.wake_ms().is_some_and(|wake_ms| wake_ms <= now_ms) => self.wake(now_ms),
            Input::Tick => Vec::new(),
            Input::Again => {
                self.attempt = 0;
                self.open(now_ms)
            }
            Input::Room(has_room) => {
                self.has_room = has_room;
                self.grant().into_iter().collect()
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

    fn open(&mut self, now_ms: u64) -> Vec<Effect> {
        self.sources.forget_socket();
        (self.taken, self.left_out, self.lost_lines) = (0, None, false);
        self.phase = Phase::Connecting { since_ms: now_ms };
        vec![Effect::Open(self.query.clone())]
    }

    fn frame(&mut self, frame: LogFrame, now_ms: u64) -> Vec<Effect> {
        if let Phase::Connecting { .. } = self.phase {
            self.phase = Phase::Streaming { caught_up: false };
        }
        if !matches!(self.phase, Phase::Streaming { .. }) {
            return Vec::new();
        }
        self.as_of_ms = now_ms;
        match frame {
            LogFrame::Lines { l } => self.lines(l, now_ms),
            LogFrame::Control(LogControl::Source { index, pod, uid, container, role: _, run }) => {
                self.sources.joined(index, &pod, uid.as_deref(), &container, run, self.began)
            }
            LogFrame::Control(LogControl::State { index, state }) => self.sources.told(index, state),
            LogFrame::Control(LogControl::CaughtUp) => {
                self.phase = Phase::Streaming { caught_up: true };
                (self.attempt, self.began) = (0, true);
                let whole = !self.lost_lines;
                let mended = self.lost_ms.take().map(|at_ms| Effect::Mend(Gap::Lost { at_ms, back_ms: Some(now_ms), whole }));
                mended.into_iter().chain(self.sources.caught_up()).collect()
            }
            LogFrame::Control(LogControl::Gap { index, count, reason }) => {
                self.lost_lines |= !matches!(reason, LogGap::Restarted { .. } | LogGap::Cut { .. });
                self.sources.gap(index, count, reason)
            }
            LogFrame::Control(LogControl::Limit { refusal, left_out }) => {
                self.left_out = (left_out > 0).then_some((refusal, left_out));
                Vec::new()
            }
            LogFrame::Control(LogControl::Ended { reason }) => self.settle(Phase::Ended(reason)),
            LogFrame::Control(LogControl::Refused { refusal }) => self.refused(refusal, now_ms),
        }
    }

    fn lines(&mut self, lines: Vec<LogLine>, now_ms: u64) -> Vec<Effect> {
        self.attempt = 0;
        let mut effects = Vec::with_capacity(lines.len() + 1);
        for line in lines {
            self.taken += (line.1.len() + line.2.len() + 1) as u64;
            self.sources.line(line, now_ms, &mut effects);
        }
        effects.extend(self.grant());
        effects
    }

    /// Credit for what was taken, in pieces that are worth a frame; what is held back is granted once there is room.
    fn grant(&mut self) -> Option<Effect> {
        (self.has_room && self.taken >= INITIAL_CREDIT / 4).then(|| Effect::Grant(std::mem::take(&mut self.taken)))
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
        if !self.sources.has_lines() || self.lost_ms.is_some() {
            return Vec::new();
        }
        self.lost_ms = Some(now_ms);
        vec![Effect::Gap(None, Gap::Lost { at_ms: now_ms, back_ms: None, whole: false })]
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
