//! A shell that outlives the sockets of its viewer: what it said lately is kept by byte position, so that a viewer who was cut off goes on where the screen ended.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use axum::extract::ws::{CloseFrame, close_code};
use bytes::Bytes;
use krateyard_shared::shell::{INITIAL_CREDIT, KEPT, ShellSession, ShellStatus, Size};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

/// A frame of output is no longer than this.
const FRAME: usize = 32 * 1024;

/// One running shell.
pub(crate) struct Held {
    pub(crate) id: String,
    /// Whose it is, and where: nobody else's socket and no other place's ever gets it.
    pub(super) place: Place,
    input: mpsc::Sender<Bytes>,
    /// Of the terminal that it is shown in: never behind what was typed, which may wait for a program that does not read.
    size: watch::Sender<Size>,
    state: Mutex<State>,
    changed: Notify,
}

/// Whose shell, and where it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub(crate) struct Place {
    pub(crate) user: String,
    pub(crate) cluster: String,
    pub(crate) namespace: String,
    pub(crate) pod: String,
    pub(crate) container: String,
}

/// A socket that shows a shell; of several the last one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Viewer(u64);

struct State {
    /// What it said last. One piece: a terminal echoes byte by byte, and pieces of a byte each would take many times their size, and long to find one in.
    output: VecDeque<u8>,
    /// Positions of the first byte that is kept, of the one that comes next, and of the first that nobody has drawn.
    base: u64,
    end: u64,
    drawn: u64,
    /// And of the first that the viewer was not sent.
    sent: u64,
    /// The viewer takes output before this position.
    granted: u64,
    /// While a paste is on its way, output does not wait for credit.
    is_open: bool,
    taken: u64,
    started: Option<String>,
    over: Option<(ShellStatus, CloseFrame)>,
    viewers: u64,
    viewer: Option<Viewer>,
    left: Instant,
    is_done: bool,
    /// Something was typed or said.
    last: Instant,
}

/// What a viewer is to be sent next.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    Started(String),
    Output(Bytes),
    Over(ShellStatus, CloseFrame),
}

/// How far one viewer's socket was served.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) position: u64,
    pub(super) started: bool,
}

impl Held {
    /// With the end of its input. It has no viewer yet.
    pub(super) fn new(id: String, place: Place, inputs: usize) -> (Held, mpsc::Receiver<Bytes>) {
        let (input, inputs) = mpsc::channel(inputs);
        let state = State {
            output: VecDeque::new(),
            base: 0,
            end: 0,
            drawn: 0,
            sent: 0,
            granted: 0,
            is_open: false,
            taken: 0,
            started: None,
            over: None,
            viewers: 0,
            viewer: None,
            left: Instant::now(),
            is_done: false,
            last: Instant::now(),
        };
        (Held { id, place, input, size: watch::Sender::new(Size { cols: 80, rows: 24 }), state: Mutex::new(state), changed: Notify::new() }, inputs)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while it is held")
    }

    /// Waits until there is an answer; asked again whenever anything changed.
    async fn wait_for<T>(&self, mut answer: impl FnMut(&mut State) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            if let Some(answer) = answer(&mut self.state()) {
                return answer;
            }
            changed.await;
        }
    }

    /// A socket shows it from now on, and whichever did before does not.
    pub(crate) fn attach(&self, size: Size, position: Option<u64>) -> (Viewer, ShellSession) {
        self.size.send_replace(size);
        let mut state = self.state();
        state.viewers += 1;
        let viewer = Viewer(state.viewers);
        state.viewer = Some(viewer);
        state.is_open = false;
        // A position that was never reached is nobody's: all that is kept.
        let position = position.filter(|position| *position <= state.end).unwrap_or(0).max(state.base);
        (state.drawn, state.sent) = (position, position);
        state.granted = position + INITIAL_CREDIT;
        let session = ShellSession { id: self.id.clone(), position, taken: state.taken };
        drop(state);
        self.changed.notify_waiters();
        (viewer, session)
    }

    /// The socket has gone; the shell goes on.
    pub(crate) fn detach(&self, viewer: Viewer) {
        let mut state = self.state();
        if state.viewer == Some(viewer) {
            state.viewer = None;
            state.left = Instant::now();
            drop(state);
            self.changed.notify_waiters();
        }
    }

    /// The viewer is done with it.
    pub(crate) fn done(&self, viewer: Viewer) {
        let mut state = self.state();
        if state.viewer == Some(viewer) {
            (state.is_done, state.left) = (true, Instant::now());
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// The viewer has drawn so much more.
    pub(crate) fn grant(&self, viewer: Viewer, bytes: u64) {
        let mut state = self.state();
        if state.viewer == Some(viewer) {
            // No more than it was sent, whatever it says: what it has not got is not let go.
            state.drawn = state.drawn.saturating_add(bytes).min(state.sent);
            state.granted = state.granted.saturating_add(bytes.min(1 << 40));
            drop(state);
            self.changed.notify_waiters();
        }
    }

    /// Passes input on, once. While a paste fills the way to the pod, its echo is not held back for credit: the credit would stand behind the paste in this very
    /// socket.
    pub(crate) async fn put(&self, viewer: Viewer, input: Bytes) {
        let place = match self.input.try_reserve() {
            Ok(place) => Ok(place),
            Err(mpsc::error::TrySendError::Full(())) => {
                self.set_open(viewer, true);
                let place = self.input.reserve().await;
                self.set_open(viewer, false);
                place.map_err(drop)
            }
            Err(mpsc::error::TrySendError::Closed(())) => Err(()),
        };
        let (Ok(place), mut state) = (place, self.state()) else { return };
        // Another socket was told meanwhile how much was taken.
        if state.viewer == Some(viewer) {
            state.taken += input.len() as u64;
            state.last = Instant::now();
            place.send(input);
        }
    }

    /// The terminal has another size.
    pub(crate) fn resize(&self, viewer: Viewer, size: Size) {
        if self.state().viewer == Some(viewer) {
            self.size.send_replace(size);
        }
    }

    pub(super) fn sizes(&self) -> watch::Receiver<Size> {
        self.size.subscribe()
    }

    fn set_open(&self, viewer: Viewer, is_open: bool) {
        let mut state = self.state();
        if state.viewer == Some(viewer) {
            state.is_open = is_open;
            drop(state);
            self.changed.notify_waiters();
        }
    }

    /// Bytes typed and said so far.
    pub(super) fn bytes(&self) -> (u64, u64) {
        let state = self.state();
        (state.taken, state.end)
    }

    /// There is such a shell.
    pub(super) fn start(&self, shell: &str) {
        self.state().started = Some(shell.to_owned());
        self.changed.notify_waiters();
    }

    /// What the shell said.
    pub(super) fn push(&self, output: Bytes) {
        let mut state = self.state();
        state.end += output.len() as u64;
        state.last = Instant::now();
        state.output.extend(output);
        // What nobody has drawn yet is never let go: `may_read` sees to it that it is not more than is kept.
        let past = (state.end - state.base).saturating_sub(KEPT).min(state.drawn.saturating_sub(state.base));
        state.output.drain(..past as usize);
        state.base += past;
        drop(state);
        self.changed.notify_waiters();
    }

    /// Waits until more may be read: while the viewer takes it, or while what it has not drawn fits into what is kept.
    pub(super) async fn may_read(&self) {
        let may = |state: &mut State| {
            let takes = state.viewer.is_none() || state.is_open || state.end < state.granted;
            (takes && state.end - state.drawn < KEPT).then_some(())
        };
        self.wait_for(may).await;
    }

    /// Waits until nobody wants the shell any more: its viewer is done, was gone for too long, or nothing was typed or said for too long.
    pub(super) async fn abandoned(&self, keep: Duration, idle: Duration) {
        loop {
            let due = self.state().due(keep, idle);
            tokio::select! {
                () = self.wait_for(|state| (state.due(keep, idle) != due).then_some(())) => {}
                () = tokio::time::sleep_until(due) => return,
            }
        }
    }

    /// How it ended.
    pub(super) fn finish(&self, status: ShellStatus, close: CloseFrame) {
        self.state().over = Some((status, close));
        self.changed.notify_waiters();
    }

    /// Waits for what a viewer is to be sent.
    pub(super) async fn next(&self, viewer: Viewer, served: &mut Served) -> Next {
        self.wait_for(|state| {
            if state.viewer != Some(viewer) {
                let close = CloseFrame { code: close_code::NORMAL, reason: "".into() };
                return Some(Next::Over(ShellStatus::Lost { reason: "another window of yours shows it now".into() }, close));
            }
            if let Some(shell) = state.started.as_ref().filter(|_| !served.started) {
                served.started = true;
                return Some(Next::Started(shell.clone()));
            }
            if let Some(output) = state.output_from(served.position) {
                served.position += output.len() as u64;
                state.sent = served.position;
                return Some(Next::Output(output));
            }
            let (status, close) = state.over.clone().filter(|_| served.position == state.end)?;
            Some(Next::Over(status, close))
        })
        .await
    }
}

impl State {
    /// When nobody wants it any more, unless something happens before.
    fn due(&self, keep: Duration, idle: Duration) -> Instant {
        if self.is_done {
            return self.left;
        }
        let gone = self.viewer.is_none().then(|| self.left + keep);
        gone.into_iter().fold(self.last + idle, Ord::min)
    }

    /// What comes at a position and may be sent now, in one piece.
    fn output_from(&self, position: u64) -> Option<Bytes> {
        let until = if self.is_open { self.end } else { self.end.min(self.granted) };
        let most = usize::try_from(until.checked_sub(position).filter(|left| *left > 0)?).unwrap_or(FRAME).min(FRAME);
        let skip = (position - self.base) as usize;
        let (first, second) = self.output.as_slices();
        let piece = if skip < first.len() { &first[skip..] } else { &second[skip - first.len()..] };
        Some(Bytes::copy_from_slice(&piece[..most.min(piece.len())]))
    }
}

#[cfg(test)]
mod tests;
