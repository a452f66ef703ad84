//! A room as a value: frames in, what comes of them out. No sockets, no tasks, no clock of its own.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::MAX_FRAME;
use krateyard_shared::sync::frame::Frame;
use tokio::time::Instant;

use super::document::{Applied, Document};
use super::outbox::Said;
use super::presence::{Person, Presence};
use crate::config::Limits;

/// One end of a socket's channel in one room; no two of a process are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PeerId(pub(crate) u64);

/// What comes of something.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outgoing {
    /// To one peer.
    To(PeerId, Said),
    /// An edit, to all who follow the document, but the one who made it.
    Edit(PeerId, Bytes),
    /// To everybody.
    All(Bytes),
    /// To the other proxies.
    Elsewhere(Bytes),
    /// To be kept; once it is, [`Room::kept`] is told.
    Append(Bytes),
}

/// What one peer may send.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    peers: usize,
    frames_per_sec: f64,
    bytes_per_sec: f64,
}

impl Bounds {
    pub(super) fn of(limits: &Limits) -> Bounds {
        Bounds { peers: limits.room_peers, frames_per_sec: limits.edits_per_sec.into(), bytes_per_sec: limits.edit_bytes_per_sec as f64 }
    }

    /// So much may come at once: what was done offline for days comes so.
    const BURST_SECS: f64 = 20.0;
}

/// A room.
pub(super) struct Room {
    document: Document,
    presence: Presence,
    peers: BTreeMap<PeerId, Peer>,
    bounds: Bounds,
    /// Updates that were given out to be kept, and of those how many are.
    appended: u64,
    kept: u64,
    /// Why nothing more is taken for now.
    stuck: Option<Refusal>,
}

struct Peer {
    person: Person,
    writable: bool,
    /// It takes long answers in pieces.
    in_pieces: bool,
    /// It has asked for the document: before that an edit would build on what it has not got.
    follows: bool,
    /// Document frames that were taken from it.
    taken: u64,
    /// Of those, which are durable once so many updates of the room are: (updates, frames), in order.
    unacknowledged: VecDeque<(u64, u64)>,
    /// What it sent builds on something that is not here: nothing is acknowledged until it has sent all that is missing.
    is_early: bool,
    budget: Budget,
}

/// What a peer may still send: refilled as time goes by.
struct Budget {
    frames: f64,
    bytes: f64,
    at: Instant,
}

impl Room {
    pub(super) fn new(document: Document, bounds: Bounds) -> Room {
        Room { document, presence: Presence::default(), peers: BTreeMap::new(), bounds, appended: 0, kept: 0, stuck: None }
    }

    pub(super) fn document(&self) -> &Document {
        &self.document
    }

    /// Who follows the document.
    pub(super) fn followers(&self) -> impl Iterator<Item = PeerId> {
        self.peers.iter().filter(|(_, peer)| peer.follows).map(|(id, _)| *id)
    }

    pub(super) fn is_deserted(&self) -> bool {
        self.peers.is_empty()
    }

    /// Takes no edits from now on, or takes them again.
    pub(super) fn set_stuck(&mut self, why: Option<Refusal>) {
        self.stuck = why;
    }

    /// Somebody comes in: told whether the room can be changed, what is known here, and who is there.
    ///
    /// # Errors
    /// `Limit` when the room is full.
    pub(super) fn join(&mut self, now: Instant, peer: PeerId, person: Person, writable: bool, in_pieces: bool) -> Result<Vec<Outgoing>, Refusal> {
        if self.peers.len() >= self.bounds.peers {
            return Err(Refusal::Limit { which: "people in this room".into(), retry_after_secs: 30 });
        }
        let budget = Budget::full(now, self.bounds);
        self.peers.insert(peer, Peer { person, writable, in_pieces, follows: false, taken: 0, unacknowledged: VecDeque::new(), is_early: false, budget });
        let mut out = vec![Outgoing::To(peer, Said::Opened(writable)), self.ask(peer)];
        out.extend(self.presence.everybody().map(|states| Outgoing::To(peer, Said::Frame(states))));
        Ok(out)
    }

    pub(super) fn leave(&mut self, peer: PeerId) {
        self.peers.remove(&peer);
        self.presence.forget(peer);
    }

    /// The right to change the room came or went.
    pub(super) fn allow(&mut self, peer: PeerId, writable: bool) -> Vec<Outgoing> {
        match self.peers.get_mut(&peer) {
            Some(known) if known.writable != writable => {
                known.writable = writable;
                let mut out = vec![Outgoing::To(peer, Said::Opened(writable))];
                // What was refused meanwhile is asked for.
                out.extend(writable.then(|| self.ask(peer)));
                out
            }
            _ => Vec::new(),
        }
    }

    /// A frame of a peer.
    pub(super) fn receive(&mut self, now: Instant, peer: PeerId, frame: &[u8]) -> Vec<Outgoing> {
        if !self.peers.contains_key(&peer) {
            return Vec::new();
        }
        match self.interpret(now, peer, frame) {
            Ok(out) => out,
            Err(refusal) => vec![Outgoing::To(peer, Said::Refused(refusal))],
        }
    }

    fn interpret(&mut self, now: Instant, peer: PeerId, frame: &[u8]) -> Result<Vec<Outgoing>, Refusal> {
        if frame.len() > MAX_FRAME {
            return Err(Refusal::Limit { which: "bytes in one frame".into(), retry_after_secs: 60 });
        }
        match Frame::read(frame).map_err(|error| bad("frame", &error.to_string()))? {
            Frame::Step1(vector) => {
                let Some(known) = self.peers.get_mut(&peer) else { return Ok(Vec::new()) };
                let missing = self.document.missing_for(vector, known.in_pieces)?;
                known.follows = true;
                Ok(missing.iter().map(|frame| Outgoing::To(peer, Said::Frame(frame.clone()))).collect())
            }
            Frame::Step2(update) => self.edit(now, peer, update, true),
            Frame::Update(update) => self.edit(now, peer, update, false),
            Frame::Awareness(states) => {
                let Some(known) = self.peers.get_mut(&peer) else { return Ok(Vec::new()) };
                known.budget.take(now, self.bounds, states.len())?;
                self.presence.hear(now, peer, &known.person, states)?;
                Ok(Vec::new())
            }
            Frame::AskAwareness => Ok(self.presence.everybody().map(|states| Outgoing::To(peer, Said::Frame(states))).into_iter().collect()),
            Frame::Denied(_) => Ok(Vec::new()),
        }
    }

    /// What a peer wants to write, or answers to what was asked.
    fn edit(&mut self, now: Instant, peer: PeerId, update: &[u8], is_answer: bool) -> Result<Vec<Outgoing>, Refusal> {
        let checked = self.document.check(update)?;
        let Some(known) = self.peers.get_mut(&peer) else { return Ok(Vec::new()) };
        if !known.writable {
            // An answer always names everything that was ever deleted; without anything new in it nobody tried to change anything.
            return if is_answer && !checked.has_structs() { Ok(Vec::new()) } else { Err(read_only()) };
        }
        if let Some(why) = &self.stuck {
            return Err(why.clone());
        }
        known.budget.take(now, self.bounds, update.len())?;
        let applied = self.document.apply(&checked)?;
        known.taken += 1;
        let (news, is_early) = match applied {
            // An edit that is whole says nothing of an earlier one; an answer has everything.
            Applied::Whole(news) => (news, known.is_early && !is_answer),
            Applied::Partly(news) => (news, true),
        };
        known.is_early = is_early;
        self.appended += u64::from(news.is_some());
        if !is_early {
            known.unacknowledged.push_back((self.appended, known.taken));
        }
        let mut out: Vec<Outgoing> = Vec::new();
        if let Some(news) = news {
            out.push(Outgoing::Edit(peer, Frame::Update(&news).encode().into()));
            out.push(Outgoing::Append(news));
        } else {
            out.extend(self.acknowledge());
        }
        // Only an edit is asked about: who answers with what builds on something that nobody has would be asked for ever.
        out.extend((is_early && !is_answer).then(|| self.ask(peer)));
        Ok(out)
    }

    /// So many more updates are kept.
    pub(super) fn kept(&mut self, count: usize) -> Vec<Outgoing> {
        self.kept += count as u64;
        self.acknowledge()
    }

    fn acknowledge(&mut self) -> Vec<Outgoing> {
        let kept = self.kept;
        let due = |peer: &mut Peer| {
            let mut frames = None;
            while peer.unacknowledged.front().is_some_and(|(updates, _)| *updates <= kept) {
                frames = peer.unacknowledged.pop_front().map(|(_, frames)| frames);
            }
            frames
        };
        self.peers.iter_mut().filter_map(|(id, peer)| due(peer).map(|frames| Outgoing::To(*id, Said::Acked(frames)))).collect()
    }

    /// What the peers are to be told of each other, a few times a second at most.
    pub(super) fn tell_presence(&mut self, now: Instant) -> Vec<Outgoing> {
        self.presence.sweep(now);
        let Some((all, own)) = self.presence.news() else { return Vec::new() };
        [Some(Outgoing::All(all)), own.map(Outgoing::Elsewhere)].into_iter().flatten().collect()
    }

    /// States of peers of another proxy, as an awareness frame.
    pub(super) fn hear_presence(&mut self, now: Instant, frame: &[u8]) {
        if let Ok(Frame::Awareness(states)) = Frame::read(frame) {
            self.presence.hear_elsewhere(now, states);
        }
    }

    /// An update that another proxy took in, and keeps.
    pub(super) fn hear_update(&mut self, update: &[u8]) -> Vec<Outgoing> {
        match self.document.take(update) {
            Ok(Applied::Whole(news) | Applied::Partly(news)) => news.map(|news| Outgoing::All(Frame::Update(&news).encode().into())).into_iter().collect(),
            Err(refusal) => {
                tracing::error!(%refusal, "an update that was kept cannot be read");
                Vec::new()
            }
        }
    }

    /// Whether [`Room::tell_presence`] has something to say.
    pub(super) fn has_presence_news(&self) -> bool {
        self.presence.has_news()
    }

    fn ask(&self, peer: PeerId) -> Outgoing {
        Outgoing::To(peer, Said::Frame(Frame::Step1(&self.document.vector()).encode().into()))
    }
}

impl Budget {
    fn full(at: Instant, bounds: Bounds) -> Budget {
        Budget { frames: bounds.frames_per_sec * Bounds::BURST_SECS, bytes: bounds.bytes_per_sec * Bounds::BURST_SECS, at }
    }

    fn take(&mut self, now: Instant, bounds: Bounds, bytes: usize) -> Result<(), Refusal> {
        let (full, passed) = (Budget::full(now, bounds), now.saturating_duration_since(self.at).as_secs_f64());
        self.frames = (self.frames + passed * bounds.frames_per_sec).min(full.frames);
        self.bytes = (self.bytes + passed * bounds.bytes_per_sec).min(full.bytes);
        self.at = now;
        if self.frames < 1.0 || self.bytes < bytes as f64 {
            return Err(Refusal::Limit { which: "changes at once".into(), retry_after_secs: 2 });
        }
        self.frames -= 1.0;
        self.bytes -= bytes as f64;
        Ok(())
    }
}

fn read_only() -> Refusal {
    use krateyard_shared::sync::room::{YARDS, YARDS_GROUP};
    Refusal::Forbidden { verb: "update".into(), resource: format!("{YARDS}.{YARDS_GROUP}"), namespace: None }
}

fn bad(field: &str, problem: &str) -> Refusal {
    Refusal::BadRequest { field: field.into(), problem: problem.into() }
}

#[cfg(test)]
mod tests;
