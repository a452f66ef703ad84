//! The watch socket as a state machine: events in, effects out. Reconnects with backoff; what the proxy refuses for good is not tried again.

use krateyard_shared::refusal::Refusal;

use crate::refresh::backoff;
use crate::stream::StreamState;

/// The proxy sends a heartbeat every 15 s; after this long without any frame the connection counts as dead. Milliseconds.
pub const SILENCE_MS: u64 = 40_000;
/// After a hidden tab comes back: without a frame for this long, better a new socket than a guess. Milliseconds.
const SILENCE_ON_RETURN_MS: u64 = 20_000;
/// A connection that takes longer to open and greet is given up. Milliseconds.
const OPEN_TIMEOUT_MS: u64 = 10_000;
/// A connection that lasted this long was a good one: waits begin anew after it. Milliseconds.
const GOOD_MS: u64 = 5_000;
/// Close codes of refusals: reconnecting does not help (architecture.md).
const REFUSED: std::ops::Range<u16> = 4400..4500;

/// What happens to the socket.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SocketEvent {
    /// Somebody is signed in: there should be a socket.
    Start,
    /// There should be none.
    Stop,
    /// The socket of this generation is open.
    Opened { generation: u64 },
    /// It said something.
    Heard { generation: u64 },
    /// It closed; code 1006 where there is none (RFC 6455).
    Closed { generation: u64, code: u16, reason: String },
    /// Time passed.
    Tick,
    /// The browser has a network again.
    Online,
    /// The browser has none.
    Offline,
    /// The tab is on screen again.
    Shown,
    /// A person does not want to wait.
    RetryNow,
    /// The session is not valid: learned elsewhere.
    Refused(Refusal),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SocketEffect {
    /// Open a socket of this generation; any earlier one is history.
    Connect { generation: u64 },
    /// Close the socket.
    Disconnect,
    /// It is open: say Hello and what is wanted.
    Up,
    /// It is not open any more: nothing that it promised holds.
    Down,
}

/// Where the socket is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum State {
    /// Not wanted.
    #[default]
    Closed,
    /// The browser has no network.
    Offline,
    /// Waits for its next attempt.
    Waiting {
        /// When.
        next_ms: u64,
        /// Why the last one ended.
        cause: String,
    },
    /// Being opened.
    Connecting {
        /// Since when.
        since_ms: u64,
    },
    /// Open, not greeted yet.
    Greeting {
        /// Since when.
        since_ms: u64,
    },
    /// Open and alive.
    Open {
        /// Since when.
        since_ms: u64,
        /// When the last frame came.
        heard_ms: u64,
    },
    /// The proxy refuses: settled until somebody signs in or asks again.
    Refused(Refusal),
}

/// The watch socket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Socket {
    state: State,
    generation: u64,
    /// Attempts since the last good connection.
    attempt: u32,
    /// When the last frame came, of whichever connection; 0 for never.
    heard_ms: u64,
}

impl Socket {
    /// Where it is.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Whether frames can be sent.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Greeting { .. } | State::Open { .. })
    }

    /// Whether somebody is signed in, as far as is known.
    pub fn is_wanted(&self) -> bool {
        !matches!(self.state, State::Closed | State::Refused(_))
    }

    /// Whether this is the number of the present socket.
    pub fn is_current(&self, generation: u64) -> bool {
        generation == self.generation
    }

    /// The state in words.
    pub fn stream_state(&self) -> StreamState {
        let again =
            |next_ms: u64, cause: &str| StreamState::Reconnecting { attempt: self.attempt.max(1), next_ms, as_of_ms: self.heard_ms, cause: cause.into() };
        match &self.state {
            State::Closed => StreamState::NotStarted,
            State::Offline => StreamState::Stale { as_of_ms: self.heard_ms, cause: "this browser is offline".into() },
            State::Waiting { next_ms, cause } => again(*next_ms, cause),
            State::Connecting { since_ms } | State::Greeting { since_ms } if self.heard_ms == 0 => StreamState::Connecting { since_ms: *since_ms },
            State::Connecting { .. } | State::Greeting { .. } => again(0, "connecting"),
            State::Open { .. } => StreamState::Live,
            State::Refused(refusal) => StreamState::Denied(refusal.clone()),
        }
    }

    /// One event. `random` is within 0..1.
    pub fn handle(&mut self, event: SocketEvent, now_ms: u64, random: f64) -> Vec<SocketEffect> {
        use SocketEvent::{Closed, Heard, Offline, Online, Opened, Refused, RetryNow, Shown, Start, Stop, Tick};
        match event {
            Start if self.is_wanted() => vec![],
            Start => {
                self.attempt = 0;
                self.connect(now_ms)
            }
            Stop => self.leave(State::Closed),
            Refused(refusal) => self.leave(State::Refused(refusal)),
            Offline if self.is_wanted() => self.leave(State::Offline),
            Online if self.state == State::Offline => self.connect(now_ms),
            RetryNow => match self.state {
                State::Waiting { .. } | State::Refused(_) | State::Offline => self.connect(now_ms),
                _ => vec![],
            },
            Opened { generation } if self.is_current(generation) && matches!(self.state, State::Connecting { .. }) => {
                self.state = State::Greeting { since_ms: now_ms };
                vec![SocketEffect::Up]
            }
            Heard { generation } if self.is_current(generation) => {
                self.heard(now_ms);
                vec![]
            }
            Closed { generation, code, reason } if self.is_current(generation) => self.closed(code, &reason, now_ms, random),
            Tick => self.tick(now_ms, random),
            Shown => match self.state {
                State::Open { heard_ms, .. } if now_ms > heard_ms + SILENCE_ON_RETURN_MS => self.reconnect(now_ms),
                State::Waiting { .. } => self.connect(now_ms),
                _ => vec![],
            },
            // Of an earlier socket, or nothing that matters now.
            Opened { .. } | Heard { .. } | Closed { .. } | Offline | Online => vec![],
        }
    }

    fn heard(&mut self, now_ms: u64) {
        match &mut self.state {
            State::Greeting { since_ms } => self.state = State::Open { since_ms: *since_ms, heard_ms: now_ms },
            State::Open { heard_ms, .. } => *heard_ms = now_ms,
            _ => return,
        }
        self.heard_ms = now_ms;
    }

    fn closed(&mut self, code: u16, reason: &str, now_ms: u64, random: f64) -> Vec<SocketEffect> {
        if !(self.is_open() || matches!(self.state, State::Connecting { .. })) {
            return vec![];
        }
        if REFUSED.contains(&code) {
            let mut effects = self.leave(State::Refused(refusal(code, reason)));
            effects.retain(|effect| *effect != SocketEffect::Disconnect);
            return effects;
        }
        let cause = match (reason, self.is_open()) {
            ("", true) => "the connection was lost".into(),
            ("", false) => "no connection".into(),
            (reason, _) => reason.into(),
        };
        self.wait(cause, now_ms, random)
    }

    fn tick(&mut self, now_ms: u64, random: f64) -> Vec<SocketEffect> {
        match self.state {
            State::Waiting { next_ms, .. } if now_ms >= next_ms => self.connect(now_ms),
            State::Open { heard_ms, .. } if now_ms > heard_ms + SILENCE_MS => self.reconnect(now_ms),
            State::Connecting { since_ms } | State::Greeting { since_ms } if now_ms > since_ms + OPEN_TIMEOUT_MS => {
                let mut effects = self.wait("no answer".into(), now_ms, random);
                effects.insert(0, SocketEffect::Disconnect);
                effects
            }
            _ => vec![],
        }
    }

    /// Gives a silent connection up for a new one, at once.
    fn reconnect(&mut self, now_ms: u64) -> Vec<SocketEffect> {
        let mut effects = self.leave(State::Closed);
        effects.extend(self.connect(now_ms));
        effects
    }

    fn connect(&mut self, now_ms: u64) -> Vec<SocketEffect> {
        self.generation += 1;
        self.attempt = self.attempt.saturating_add(1);
        self.state = State::Connecting { since_ms: now_ms };
        vec![SocketEffect::Connect { generation: self.generation }]
    }

    fn wait(&mut self, cause: String, now_ms: u64, random: f64) -> Vec<SocketEffect> {
        if matches!(self.state, State::Open { since_ms, .. } if now_ms >= since_ms + GOOD_MS) {
            self.attempt = 0;
        }
        let was_open = self.is_open();
        self.state = State::Waiting { next_ms: now_ms + backoff::wait_ms(self.attempt.max(1), random), cause };
        if was_open { vec![SocketEffect::Down] } else { vec![] }
    }

    fn leave(&mut self, to: State) -> Vec<SocketEffect> {
        let was_open = self.is_open();
        let had_socket = was_open || matches!(self.state, State::Connecting { .. });
        if matches!(self.state, State::Open { .. }) {
            self.attempt = 0;
        }
        self.state = to;
        let mut effects = Vec::new();
        if had_socket {
            effects.push(SocketEffect::Disconnect);
        }
        if was_open {
            effects.push(SocketEffect::Down);
        }
        effects
    }
}

/// The refusal that a close frame carries: its code is 4000 + the HTTP status, its reason the refusal as a sentence.
fn refusal(code: u16, reason: &str) -> Refusal {
    match code {
        4401 if reason == Refusal::Unauthenticated.to_string() => Refusal::Unauthenticated,
        4401 => Refusal::Expired,
        _ if reason.is_empty() => Refusal::Rejected { message: format!("the proxy closed the connection ({code})") },
        _ => Refusal::Rejected { message: reason.into() },
    }
}

#[cfg(test)]
mod tests;
