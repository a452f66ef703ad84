//! One room on one socket.

use std::collections::VecDeque;

use krateyard_shared::sync::MAX_DOCUMENT;
use krateyard_shared::sync::room::Room;

/// Edits that are not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Waiting {
    /// How many.
    pub(super) changes: u32,
    /// Since when the oldest of them is.
    pub(super) since_ms: u64,
    /// Whether there was no connection when they were made, or it was lost before they arrived.
    pub(super) was_cut_off: bool,
}

impl Waiting {
    pub(super) fn add(&mut self, changes: u32, now_ms: u64, is_cut_off: bool) {
        self.join(Waiting { changes, since_ms: now_ms, was_cut_off: is_cut_off });
    }

    pub(super) fn join(&mut self, other: Waiting) {
        let is_none = *self == Waiting::default();
        *self = Waiting {
            changes: self.changes + other.changes,
            since_ms: if is_none { other.since_ms } else { self.since_ms.min(other.since_ms) },
            was_cut_off: self.was_cut_off || other.was_cut_off,
        };
    }
}

/// What there is of an answer, in bytes at most: two full rooms, as the proxy lets wait for a socket.
const MOST_GATHERED: usize = 2 * MAX_DOCUMENT;

/// What an answer to a question is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// What is lacking here.
    Rest,
    /// All there is: what is here gives way to it.
    Whole,
}

/// A room on a socket.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) room: Room,
    /// Whether it may be changed; `None` until it is entered.
    pub(super) writable: Option<bool>,
    /// What the questions under way ask for: they are answered in order.
    pub(super) asked: VecDeque<Answer>,
    /// What came so far of an answer that is to be all there is, and of what was edited meanwhile.
    whole: Vec<Vec<u8>>,
    /// Whether what is here may be more than what the proxy has, in a room that may not be changed: to be found out from what it says it has, and from its answer.
    pub(super) is_doubted: bool,
    /// What the proxy said it has, until that is answered.
    pub(super) theirs: Option<Vec<u8>>,
    /// Whether the proxy was sent all that it lacked: from then on each edit goes by itself.
    pub(super) is_answered: bool,
    /// Whether that goes in pieces, and the last one was not sent yet.
    pub(super) is_in_pieces: bool,
    /// When what was refused is sent again.
    pub(super) retry_ms: Option<u64>,
    /// Document frames that were sent, without those that were refused: what the proxy counts, too.
    frames: u64,
    flights: VecDeque<Flight>,
}

#[derive(Debug)]
struct Flight {
    number: u64,
    waiting: Waiting,
    /// What the proxy has once it has this.
    vector: Vec<u8>,
}

impl Seat {
    pub(super) fn new(room: Room) -> Seat {
        Seat {
            room,
            writable: None,
            asked: VecDeque::new(),
            whole: Vec::new(),
            is_doubted: false,
            theirs: None,
            is_answered: false,
            is_in_pieces: false,
            retry_ms: None,
            frames: 0,
            flights: VecDeque::new(),
        }
    }

    /// Whether what comes is to be all there is, once that is complete.
    pub(super) fn gathers(&self) -> bool {
        self.asked.front() == Some(&Answer::Whole)
    }

    /// Takes a piece of all there is. Of more than there can be nothing is taken: it is none that anything could be done with.
    pub(super) fn gather(&mut self, update: &[u8]) {
        if self.whole.iter().map(Vec::len).sum::<usize>() + update.len() <= MOST_GATHERED {
            self.whole.push(update.to_vec());
        }
    }

    /// What was gathered.
    pub(super) fn gathered(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.whole)
    }

    /// Whether an edit can be sent by itself.
    pub(super) fn is_live(&self) -> bool {
        self.writable == Some(true) && self.is_answered && self.retry_ms.is_none()
    }

    /// Edits under way.
    pub(super) fn in_flight(&self) -> impl Iterator<Item = &Waiting> {
        self.flights.iter().filter(|flight| flight.waiting != Waiting::default()).map(|flight| &flight.waiting)
    }

    /// Whether anything is under way.
    pub(super) fn is_under_way(&self) -> bool {
        !self.flights.is_empty()
    }

    /// A document frame was sent.
    pub(super) fn sent(&mut self, waiting: Option<Waiting>, vector: Vec<u8>) {
        self.frames += 1;
        self.flights.push_back(Flight { number: self.frames, waiting: waiting.unwrap_or_default(), vector });
    }

    /// So many frames are durable.
    pub(super) fn acknowledged(&mut self, frames: u64) -> Vec<(Waiting, Vec<u8>)> {
        let done = self.flights.iter().take_while(|flight| flight.number <= frames).count();
        self.flights.drain(..done).map(|flight| (flight.waiting, flight.vector)).collect()
    }

    /// A frame was not taken, and it is not known which: all that is under way has to be sent again, as one.
    pub(super) fn refused(&mut self) -> Option<Waiting> {
        self.frames = self.frames.saturating_sub(1);
        self.is_answered = false;
        self.take_back()
    }

    /// What is under way, as what waits.
    pub(super) fn take_back(&mut self) -> Option<Waiting> {
        let waiting = self.flights.drain(..).map(|flight| flight.waiting).filter(|waiting| *waiting != Waiting::default());
        waiting.reduce(|mut all, one| {
            all.join(one);
            all
        })
    }
}
