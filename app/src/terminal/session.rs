//! A shell session: one machine that is told what happened and says what to do. It opens no socket, draws nothing and reads no clock.
//!
//! It starts only by [`Input::Start`], which a click or a key of its own viewer causes and nothing else.

mod over;

use krateyard_shared::refusal::Refusal;
use krateyard_shared::shell::{Channel, Credit, INITIAL_CREDIT, MAX_CLIENT_FRAME, ShellQuery, ShellSession, ShellStatus, Size};

use super::typed::Typed;
use crate::stream::StreamState;

/// Where a session is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum Phase {
    /// Nobody asked for it yet.
    #[default]
    NotStarted,
    Connecting {
        since_ms: u64,
    },
    Running {
        shell: String,
        since_ms: u64,
    },
    /// Cut off from a shell that goes on, since `away_ms`.
    Away {
        shell: String,
        since_ms: u64,
        attempt: u32,
        /// When to try next, or, while that is under way, to give it up.
        next_ms: u64,
        opening: bool,
        away_ms: u64,
        cause: String,
    },
    /// It ended by itself.
    Exited {
        code: Option<i32>,
        reason: String,
        ran_ms: Option<u64>,
    },
    /// The connection was lost: the screen stays.
    Lost {
        reason: String,
        ran_ms: Option<u64>,
    },
    /// The image has none of these.
    NoShell {
        tried: Vec<String>,
    },
    Denied(Refusal),
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Wanted {
    pub cluster: String,
    pub ns: String,
    pub pod: String,
    pub container: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Input {
    /// The viewer asked for a shell.
    Start(Wanted),
    /// A binary frame came.
    Frame(Vec<u8>),
    /// The socket closed, or could not be opened.
    Closed { code: u16, reason: String },
    /// Typed or pasted.
    Typed(Vec<u8>),
    /// The terminal has another size.
    Resized(Size),
    /// The terminal has drawn so many bytes.
    Drawn(u64),
    /// [`Session::wake_ms`] has passed.
    Tick,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Open a socket; the screen is empty from now on.
    Open(ShellQuery),
    /// Open a socket to the shell that goes on; the screen stays.
    Reopen(ShellQuery),
    /// Send a frame.
    Send(Vec<u8>),
    /// Draw bytes; tell [`Input::Drawn`] once that is done.
    Draw(Vec<u8>),
    /// Close the socket.
    Close,
}

/// The machine.
#[derive(Debug)]
pub struct Session {
    phase: Phase,
    size: Size,
    /// A size to be told to the shell, and when.
    resize: Option<(Size, u64)>,
    /// Drawn and not granted yet.
    drawn: u64,
    /// Handed out to be drawn, and of that what came by a socket of before: nothing is granted for it any more.
    drawing: u64,
    stale: u64,
    /// Typed before the shell was there, or while it was away.
    early: Vec<u8>,
    /// What was asked for, and what it is asked for by once it runs.
    wanted: Option<Wanted>,
    id: Option<String>,
    /// Bytes of its output that arrived.
    position: u64,
    typed: Typed,
}

/// A size is told once it rests this long: a drag of a window's edge makes dozens.
const RESIZE_MS: u64 = 100;
/// Credit is granted in pieces of this size, so that a flood of output does not cause a flood of grants.
const GRANT: u64 = INITIAL_CREDIT / 4;
/// Bytes that may be typed before the shell answers.
const EARLY: usize = 4096;
/// A socket that is not answered by then is given up.
const OPEN_MS: u64 = 20_000;
/// Between tries to get back to a shell: at first, and at most.
const FIRST_RETRY_MS: u64 = 250;
const LAST_RETRY_MS: u64 = 5_000;
/// After so long nobody tries any more: the proxy has given it up long before, unless it was told to wait longer.
const AWAY_MS: u64 = 600_000;

impl Default for Session {
    fn default() -> Session {
        Session {
            phase: Phase::NotStarted,
            size: Size { cols: 80, rows: 24 },
            resize: None,
            drawn: 0,
            drawing: 0,
            stale: 0,
            early: Vec::new(),
            wanted: None,
            id: None,
            position: 0,
            typed: Typed::default(),
        }
    }
}

impl Session {
    /// Where it is.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// How its stream does.
    pub fn state(&self) -> StreamState {
        match &self.phase {
            Phase::NotStarted => StreamState::NotStarted,
            Phase::Connecting { since_ms } => StreamState::Connecting { since_ms: *since_ms },
            Phase::Running { shell, .. } => StreamState::LiveAs(shell.clone()),
            Phase::Away { attempt, next_ms, away_ms, cause, .. } => {
                StreamState::Reconnecting { attempt: attempt + 1, next_ms: *next_ms, as_of_ms: *away_ms, cause: cause.clone() }
            }
            Phase::Exited { code, reason, .. } => StreamState::Ended { code: *code, reason: reason.clone() },
            Phase::Lost { reason, .. } => StreamState::Ended { code: None, reason: reason.clone() },
            Phase::NoShell { .. } => StreamState::Ended { code: None, reason: "no shell in the image".into() },
            Phase::Denied(refusal) => StreamState::Denied(refusal.clone()),
        }
    }

    /// When to tick next.
    pub fn wake_ms(&self) -> Option<u64> {
        match self.phase {
            Phase::Connecting { since_ms } => Some(since_ms + OPEN_MS),
            Phase::Away { next_ms, .. } => Some(next_ms),
            _ => self.resize.map(|(_, due_ms)| due_ms),
        }
    }

    /// Takes what happened.
    pub fn step(&mut self, input: Input, now_ms: u64) -> Vec<Effect> {
        match input {
            Input::Start(wanted) => self.start(wanted, now_ms),
            Input::Frame(frame) => self.frame(&frame, now_ms),
            Input::Closed { code, reason } => self.closed(code, &reason, now_ms),
            Input::Typed(bytes) => self.typed(bytes),
            Input::Resized(size) => {
                if size != self.size {
                    self.size = size;
                    self.resize = Some((size, now_ms + RESIZE_MS));
                }
                Vec::new()
            }
            Input::Drawn(bytes) => self.drawn(bytes),
            Input::Tick => self.tick(now_ms),
        }
    }

    fn start(&mut self, wanted: Wanted, now_ms: u64) -> Vec<Effect> {
        if matches!(self.phase, Phase::Connecting { .. } | Phase::Running { .. } | Phase::Away { .. }) {
            return Vec::new();
        }
        *self = Session { phase: Phase::Connecting { since_ms: now_ms }, size: self.size, wanted: Some(wanted), ..Session::default() };
        self.query().map(Effect::Open).into_iter().collect()
    }

    /// What to ask the proxy for.
    fn query(&self) -> Option<ShellQuery> {
        let Wanted { cluster, ns, pod, container } = self.wanted.clone()?;
        let position = self.id.is_some().then_some(self.position);
        Some(ShellQuery { cluster, ns, pod, container, cols: self.size.cols, rows: self.size.rows, session: self.id.clone(), position })
    }

    fn frame(&mut self, frame: &[u8], now_ms: u64) -> Vec<Effect> {
        let Some((channel, payload)) = frame.split_first() else { return Vec::new() };
        match Channel::of(*channel) {
            Some(Channel::Stdout | Channel::Stderr) if !payload.is_empty() => {
                self.position += payload.len() as u64;
                self.drawing += payload.len() as u64;
                vec![Effect::Draw(payload.to_vec())]
            }
            Some(Channel::Session) => match serde_json::from_slice(payload) {
                Ok(session) => self.met(session),
                Err(_) => Vec::new(),
            },
            Some(Channel::Status) => match serde_json::from_slice(payload) {
                Ok(status) => self.status(status, now_ms),
                Err(_) => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// The proxy says which shell this is, or that it is the one of before.
    fn met(&mut self, session: ShellSession) -> Vec<Effect> {
        let ShellSession { id, position, taken } = session;
        self.id = Some(id);
        let Phase::Away { shell, since_ms, .. } = &self.phase else { return Vec::new() };
        self.phase = Phase::Running { shell: shell.clone(), since_ms: *since_ms };
        let mut effects = Vec::new();
        if position > self.position {
            let words = format!("\r\n\x1b[0;7m {} bytes of output were not kept \x1b[0m\r\n", position - self.position);
            self.drawing += words.len() as u64;
            effects.push(Effect::Draw(words.into_bytes()));
        }
        // The proxy counts anew what this socket is granted.
        (self.position, self.drawn, self.stale) = (position, 0, self.drawing);
        effects.extend(stdin(&self.typed.after(taken)));
        effects.extend(self.flush());
        effects
    }

    fn status(&mut self, status: ShellStatus, now_ms: u64) -> Vec<Effect> {
        if !matches!(self.phase, Phase::Connecting { .. } | Phase::Running { .. } | Phase::Away { .. }) {
            return Vec::new();
        }
        let ran_ms = self.ran_ms(now_ms);
        self.phase = match status {
            // The socket closes next, with a code that says less.
            ShellStatus::Refused { refusal } if refusal.is_passing() && matches!(self.phase, Phase::Away { .. }) => {
                return [Effect::Close].into_iter().chain(self.away(&refusal.to_string(), now_ms)).collect();
            }
            ShellStatus::Refused { refusal: refusal @ Refusal::Gone { .. } } if self.id.is_some() => Phase::Lost { reason: refusal.to_string(), ran_ms },
            // Said again to who comes back.
            ShellStatus::Started { .. } if matches!(self.phase, Phase::Running { .. }) => return Vec::new(),
            ShellStatus::Started { shell } => {
                self.phase = Phase::Running { shell, since_ms: now_ms };
                return self.flush();
            }
            ShellStatus::Exited { code, reason } => Phase::Exited { code, reason, ran_ms },
            ShellStatus::NoShell { tried } => Phase::NoShell { tried },
            ShellStatus::Lost { reason } => Phase::Lost { reason, ran_ms },
            ShellStatus::Refused { refusal } => Phase::Denied(refusal),
        };
        vec![Effect::Close]
    }

    fn closed(&mut self, code: u16, reason: &str, now_ms: u64) -> Vec<Effect> {
        if !matches!(self.phase, Phase::Connecting { .. } | Phase::Running { .. } | Phase::Away { .. }) {
            return Vec::new();
        }
        let ran_ms = self.ran_ms(now_ms);
        self.phase = match serde_json::from_str::<Refusal>(reason) {
            Ok(refusal) => Phase::Denied(refusal),
            Err(_) if (4400..4500).contains(&code) => Phase::Denied(Refusal::Rejected { message: format!("closed by the proxy ({code}) {reason}") }),
            Err(_) if self.id.is_some() => return self.away(if reason.is_empty() { "the connection was lost" } else { reason }, now_ms),
            Err(_) if reason.is_empty() => Phase::Lost { reason: "the connection was lost".into(), ran_ms },
            Err(_) => Phase::Lost { reason: reason.into(), ran_ms },
        };
        Vec::new()
    }

    /// The shell goes on without this window: tried again, at once at first.
    fn away(&mut self, cause: &str, now_ms: u64) -> Vec<Effect> {
        let ran_ms = self.ran_ms(now_ms);
        match &mut self.phase {
            Phase::Running { shell, since_ms } => {
                let (shell, since_ms) = (std::mem::take(shell), *since_ms);
                let next_ms = now_ms + FIRST_RETRY_MS;
                self.phase = Phase::Away { shell, since_ms, attempt: 0, next_ms, opening: false, away_ms: now_ms, cause: cause.into() };
            }
            Phase::Away { away_ms, .. } if now_ms >= *away_ms + AWAY_MS => {
                self.phase = Phase::Lost { reason: "Krateyard could not be reached".into(), ran_ms };
            }
            Phase::Away { attempt, next_ms, opening, .. } => {
                *attempt += 1;
                *next_ms = now_ms + (FIRST_RETRY_MS << (*attempt).min(8)).min(LAST_RETRY_MS);
                *opening = false;
            }
            // It is not known whether there is a shell.
            _ => self.phase = Phase::Lost { reason: cause.into(), ran_ms },
        }
        Vec::new()
    }

    fn typed(&mut self, bytes: Vec<u8>) -> Vec<Effect> {
        match self.phase {
            Phase::Running { .. } => {
                self.typed.push(&bytes);
                stdin(&bytes)
            }
            Phase::Connecting { .. } | Phase::Away { .. } => {
                let room = EARLY.saturating_sub(self.early.len());
                self.early.extend(bytes.into_iter().take(room));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// What waited for the shell: the size, if it changed meanwhile, and what was typed.
    fn flush(&mut self) -> Vec<Effect> {
        let resize = self.resize.take().map(|(size, _)| Effect::Send(Channel::Resize.frame(&json(&size))));
        let early = std::mem::take(&mut self.early);
        self.typed.push(&early);
        resize.into_iter().chain(stdin(&early)).collect()
    }

    fn drawn(&mut self, bytes: u64) -> Vec<Effect> {
        self.drawing = self.drawing.saturating_sub(bytes);
        let of_before = bytes.min(self.stale);
        self.stale -= of_before;
        self.drawn += bytes - of_before;
        if self.drawn < GRANT || !matches!(self.phase, Phase::Connecting { .. } | Phase::Running { .. }) {
            return Vec::new();
        }
        let credit = Credit { credit: std::mem::take(&mut self.drawn) };
        vec![Effect::Send(Channel::Credit.frame(&json(&credit)))]
    }

    fn tick(&mut self, now_ms: u64) -> Vec<Effect> {
        if let Phase::Away { next_ms, opening, .. } = &mut self.phase {
            if now_ms < *next_ms {
                return Vec::new();
            }
            if *opening {
                return [Effect::Close].into_iter().chain(self.away("Krateyard did not answer", now_ms)).collect();
            }
            (*opening, *next_ms) = (true, now_ms + OPEN_MS);
            return self.query().map(Effect::Reopen).into_iter().collect();
        }
        match (&self.phase, self.resize) {
            (Phase::Connecting { since_ms }, _) if now_ms >= since_ms + OPEN_MS => {
                self.phase = Phase::Lost { reason: "the proxy did not answer".into(), ran_ms: None };
                vec![Effect::Close]
            }
            (Phase::Running { .. }, Some((size, due_ms))) if now_ms >= due_ms => {
                self.resize = None;
                vec![Effect::Send(Channel::Resize.frame(&json(&size)))]
            }
            (Phase::Connecting { .. } | Phase::Running { .. }, _) => Vec::new(),
            _ => {
                self.resize = None; // no shell to tell
                Vec::new()
            }
        }
    }

    fn ran_ms(&self, now_ms: u64) -> Option<u64> {
        if let Phase::Running { since_ms, .. } | Phase::Away { since_ms, .. } = self.phase { Some(now_ms.saturating_sub(since_ms)) } else { None }
    }
}

/// Typed bytes in frames that the proxy accepts.
fn stdin(bytes: &[u8]) -> Vec<Effect> {
    bytes.chunks(MAX_CLIENT_FRAME - 1).map(|chunk| Effect::Send(Channel::Stdin.frame(chunk))).collect()
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("no map with keys that are no text")
}

#[cfg(test)]
mod tests;
