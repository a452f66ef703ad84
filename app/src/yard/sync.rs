//! Sharing a Yard with others over the proxy, as a state machine: what happens goes in, what is to be done comes out. No socket, no clock: the edge has them,
//! and tests have their own.
//!
//! For each room: Open and Step1 with what is known here; the proxy's own Step1 is answered with all that it lacks, from then on each edit goes out as it is
//! made. What the proxy has not acknowledged waits in the room's document, which the browser keeps: nothing else has to be remembered over a reload.

mod heard;
pub mod peers;
mod seat;
pub mod unsent;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};

use krateyard_shared::identity::ClusterName;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::frame::Frame;
use krateyard_shared::sync::presence::Presence;
use krateyard_shared::sync::room::Room;
use krateyard_shared::sync::{CONTROL, Channel, MAX_CHANNELS, ToApp, ToProxy, control, of_channel, on_channel};

use super::core::{Change, Core};
use super::origin::Origin;
use super::transact::NewId;
use crate::refresh::backoff::Jitter;
use crate::runtime::socket::{Socket, SocketEffect, SocketEvent, State};
use peers::{Own, Peer, Peers};
use seat::{Answer, Seat, Waiting};
use unsent::{Left, Unsent};
use words::{Line, SyncState};

/// A socket on which nothing was heard for so long is asked something. Milliseconds.
const ASK_AFTER_MS: u64 = 15_000;
/// A room that could not be entered for a reason that is not the person's right. Milliseconds.
const TRY_AGAIN_MS: u64 = 30_000;
/// How long it is said that what waited is synced now. Milliseconds (look.md).
const SAID_FOR_MS: u64 = 4_000;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncEffect {
    /// Open a socket and tag what it says with this generation.
    Connect {
        /// Which.
        generation: u64,
    },
    /// Close it.
    Disconnect,
    /// Send a binary message.
    Send {
        /// Its payload.
        bytes: Vec<u8>,
    },
    /// Come back with a tick after so long, besides those that come by themselves.
    Wake {
        /// Milliseconds.
        after_ms: u64,
    },
    /// A sentence for the person.
    Tell(String),
    /// Keep that so much is not sent: it changed.
    Keep(Unsent),
}

/// What is known of a room and this person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Nothing (any more): there is no answer yet, or no connection.
    Unknown,
    /// They are in it, and what the proxy has of it is here.
    Open {
        /// Whether they may change it.
        writable: bool,
    },
    /// They may not see it.
    Refused(Refusal),
}

/// Rooms that are entered on demand, at most.
const MOST_WISHES: usize = 256;

/// One cluster's Yard on its way to others.
pub struct Sync {
    cluster: ClusterName,
    socket: Socket,
    jitter: Jitter,
    seats: BTreeMap<Channel, Seat>,
    last_channel: Channel,
    /// Rooms that the proxy says hold something.
    listed: BTreeSet<Room>,
    /// Rooms that could not be entered, and when that is tried again; never on this socket, if `None`.
    shut: BTreeMap<Room, Option<u64>>,
    /// Rooms that somebody asked to enter, whether or not they hold anything.
    wished: BTreeSet<Room>,
    /// Why rooms may not be entered.
    refusals: BTreeMap<Room, Refusal>,
    /// Rooms that may not be changed and in which something may have been done in the belief that they can be.
    doubtful: BTreeSet<Room>,
    /// Edits that were not sent, or not acknowledged when their socket was lost.
    waiting: BTreeMap<Room, Waiting>,
    /// Edits that had to wait for a connection and are acknowledged since.
    caught_up: u32,
    said: Option<(u32, u64)>,
    heard_ms: u64,
    asked_ms: u64,
    own: BTreeMap<Room, Own>,
    peers: Peers,
    wake_ms: Option<u64>,
    /// What is known to be kept of what was not sent.
    kept: Unsent,
    effects: Vec<SyncEffect>,
}

impl Sync {
    /// Does nothing until it is started. `seed` makes its waits differ from those of other browsers.
    pub fn new(cluster: ClusterName, seed: u64) -> Sync {
        Sync {
            cluster,
            socket: Socket::default(),
            jitter: Jitter::new(seed),
            seats: BTreeMap::new(),
            last_channel: CONTROL,
            listed: BTreeSet::new(),
            shut: BTreeMap::new(),
            wished: BTreeSet::new(),
            refusals: BTreeMap::new(),
            doubtful: BTreeSet::new(),
            waiting: BTreeMap::new(),
            caught_up: 0,
            said: None,
            heard_ms: 0,
            asked_ms: 0,
            own: BTreeMap::new(),
            peers: Peers::default(),
            wake_ms: None,
            kept: Unsent::default(),
            effects: Vec::new(),
        }
    }

    /// What was not sent before the page was loaded: it counts on. Before anything else.
    pub fn recall(&mut self, unsent: Unsent) {
        for (room, left) in &unsent.0 {
            if let Ok(room) = room.parse::<Room>() {
                self.waiting.entry(room).or_default().join(Waiting { changes: left.changes, since_ms: left.since_ms, was_cut_off: true });
            }
        }
        self.kept = unsent;
    }

    /// Of the socket, of the network, of time ([`SocketEvent::Tick`], at least twice a second).
    pub fn event(&mut self, event: SocketEvent, core: &mut Core, now_ms: u64) -> Vec<SyncEffect> {
        let random = self.jitter.draw();
        for effect in self.socket.handle(event, now_ms, random) {
            match effect {
                SocketEffect::Connect { generation } => self.effects.push(SyncEffect::Connect { generation }),
                SocketEffect::Disconnect => self.effects.push(SyncEffect::Disconnect),
                SocketEffect::Up => self.up(core, now_ms),
                SocketEffect::Down => self.down(),
            }
        }
        self.tick(core, now_ms);
        self.take()
    }

    /// A message of the socket of this generation.
    pub fn message(&mut self, generation: u64, bytes: &[u8], core: &mut Core, new_id: &mut NewId<'_>, now_ms: u64) -> Vec<SyncEffect> {
        if !self.socket.is_current(generation) || !self.socket.is_open() {
            return Vec::new();
        }
        self.heard_ms = now_ms;
        let _ = self.socket.handle(SocketEvent::Heard { generation }, now_ms, 0.0);
        match of_channel(bytes) {
            // What a newer proxy says, or nothing that makes sense: not understood, and nothing breaks.
            Ok((CONTROL, message)) => {
                if let Ok(message) = minicbor::decode::<ToApp>(message) {
                    self.control(message, core, new_id, now_ms);
                }
            }
            Ok((channel, frame)) => {
                if let Ok(frame) = Frame::read(frame) {
                    self.frame(channel, frame, core, new_id, now_ms);
                }
            }
            Err(_) => {}
        }
        self.take()
    }

    /// This tab changed something.
    pub fn changed(&mut self, change: &Change, core: &Core, now_ms: u64) -> Vec<SyncEffect> {
        if !change.origin.is_own() {
            return Vec::new();
        }
        let room = &change.room;
        let changes = u32::from(change.origin != Origin::Raise);
        let is_cut_off = !self.socket.is_open();
        self.waiting.entry(room.clone()).or_default().add(changes, now_ms, is_cut_off);
        match self.seats.iter().find(|(_, seat)| seat.room == *room).map(|(channel, seat)| (*channel, seat.is_live())) {
            Some((channel, true)) => self.send_edits(channel, &Frame::Update(&change.update), Core::vector_of(&change.update)),
            Some((_, false)) => {}
            None => self.open(room, core),
        }
        self.take()
    }

    /// What this tab says of itself in a room; `None` for nothing (any more).
    pub fn set_presence(&mut self, room: &Room, presence: Option<Presence>, core: &Core, now_ms: u64) -> Vec<SyncEffect> {
        self.own.entry(room.clone()).or_default().set(presence);
        self.speak(core, now_ms);
        self.take()
    }

    /// Others, by what their tabs said last.
    pub fn peers(&self) -> Vec<Peer> {
        self.peers.all()
    }

    /// Whether others said something since this was last asked.
    pub fn take_peers_changed(&mut self) -> bool {
        self.peers.take_changed()
    }

    /// The rooms that are open, and whether this person may change them.
    pub fn open_rooms(&self) -> impl Iterator<Item = (&Room, bool)> {
        self.seats.values().filter_map(|seat| Some((&seat.room, seat.writable?)))
    }

    /// Enters a room that may hold nothing yet, to learn what is there and what this person may do: see [`Sync::entry`].
    pub fn enter(&mut self, room: &Room, core: &Core) -> Vec<SyncEffect> {
        if self.wished.len() < MOST_WISHES {
            self.wished.insert(room.clone());
        }
        // A right may have come since it was refused.
        if self.refusals.remove(room).is_some() {
            self.shut.remove(room);
        }
        self.open(room, core);
        self.take()
    }

    /// What is known of a room.
    pub fn entry(&self, room: &Room) -> Entry {
        let seat = self.seats.values().find(|seat| seat.room == *room);
        match (seat, self.refusals.get(room)) {
            (Some(Seat { writable: Some(writable), asked, .. }), _) if asked.is_empty() => Entry::Open { writable: *writable },
            (None, Some(refusal)) => Entry::Refused(refusal.clone()),
            _ => Entry::Unknown,
        }
    }

    /// How it does.
    pub fn state(&self) -> SyncState {
        let line = match self.socket.state() {
            State::Closed => Line::NotStarted,
            State::Open { .. } | State::Greeting { .. } if self.seats.values().all(|seat| seat.writable.is_some()) => Line::Open,
            State::Connecting { .. } | State::Greeting { .. } | State::Open { .. } => Line::Connecting,
            State::Offline | State::Waiting { .. } => Line::Offline,
            State::Refused(_) => Line::Refused,
        };
        let flights = self.seats.values().flat_map(Seat::in_flight);
        let waiting: Vec<&Waiting> = self.waiting.values().chain(flights).collect();
        SyncState {
            line,
            changes: waiting.iter().map(|waiting| waiting.changes).sum(),
            since_ms: waiting.iter().map(|waiting| waiting.since_ms).min(),
            caught_up: self.said.map(|(changes, _)| changes),
        }
    }

    fn take(&mut self) -> Vec<SyncEffect> {
        let unsent = self.unsent();
        if unsent != self.kept {
            self.kept = unsent.clone();
            self.effects.push(SyncEffect::Keep(unsent));
        }
        std::mem::take(&mut self.effects)
    }

    fn unsent(&self) -> Unsent {
        let mut all = BTreeMap::<&Room, Waiting>::new();
        let flights = self.seats.values().flat_map(|seat| seat.in_flight().map(|waiting| (&seat.room, waiting)));
        for (room, waiting) in self.waiting.iter().chain(flights) {
            all.entry(room).or_default().join(*waiting);
        }
        let counted = all.into_iter().filter(|(_, waiting)| waiting.changes > 0);
        Unsent(counted.map(|(room, waiting)| (room.to_string(), Left { changes: waiting.changes, since_ms: waiting.since_ms })).collect())
    }

    fn say(&mut self, message: &ToProxy) {
        self.effects.push(SyncEffect::Send { bytes: control(message) });
    }

    fn send(&mut self, channel: Channel, frame: &Frame<'_>) {
        self.effects.push(SyncEffect::Send { bytes: on_channel(channel, &frame.encode()) });
    }

    fn up(&mut self, core: &Core, now_ms: u64) {
        (self.heard_ms, self.asked_ms) = (now_ms, now_ms);
        self.listed.clear();
        self.shut.clear();
        self.refusals.clear();
        self.say(&ToProxy::Look { cluster: self.cluster.clone() });
        self.open_all(core);
    }

    fn down(&mut self) {
        for (_, seat) in std::mem::take(&mut self.seats) {
            self.keep_waiting(seat);
        }
        self.peers.clear();
        self.own.values_mut().for_each(Own::unsay);
    }

    /// What a seat had under way has to be sent anew.
    fn keep_waiting(&mut self, mut seat: Seat) {
        if let Some(back) = seat.take_back() {
            self.waiting.entry(seat.room).or_default().join(back);
        }
    }

    /// One's own room, the cluster's, those of which there is something here, and those of which there is something there.
    fn open_all(&mut self, core: &Core) {
        let wanted =
            [Room::Private, Room::Cluster].into_iter().chain(core.rooms().cloned()).chain(self.listed.iter().cloned()).chain(self.wished.iter().cloned());
        wanted.collect::<Vec<_>>().iter().for_each(|room| self.open(room, core));
    }

    fn open(&mut self, room: &Room, core: &Core) {
        let is_there = self.seats.values().any(|seat| seat.room == *room) || self.shut.contains_key(room);
        if !self.socket.is_open() || is_there || self.seats.len() >= MAX_CHANNELS - 1 || core.refused(room).is_some() {
            return;
        }
        self.last_channel += 1;
        let channel = self.last_channel;
        self.say(&ToProxy::Open { channel, cluster: self.cluster.clone(), room: room.clone(), in_pieces: true });
        self.seats.insert(channel, Seat::new(room.clone()));
        self.ask(channel, core, Answer::Rest);
    }

    fn ask(&mut self, channel: Channel, core: &Core, answer: Answer) {
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        let vector = if answer == Answer::Whole { Core::no_vector() } else { core.state_vector(&seat.room) };
        seat.asked.push_back(answer);
        self.send(channel, &Frame::Step1(&vector));
    }

    fn tick(&mut self, core: &Core, now_ms: u64) {
        self.said = self.said.filter(|(_, at)| now_ms < at + SAID_FOR_MS);
        self.peers.sweep(now_ms);
        if self.wake_ms.is_some_and(|due| due <= now_ms) {
            self.wake_ms = None;
        }
        if !self.socket.is_open() {
            return;
        }
        self.shut.retain(|_, again| again.is_none_or(|due| now_ms < due));
        self.open_all(core);
        let due: Vec<Channel> = self.seats.iter().filter(|(_, seat)| seat.retry_ms.is_some_and(|due| due <= now_ms)).map(|(channel, _)| *channel).collect();
        for channel in due {
            if let Some(seat) = self.seats.get_mut(&channel) {
                seat.theirs = Some(core.proxy_vector(&seat.room));
            }
            self.answer(channel, core);
        }
        // Where nothing is heard nobody knows whether anybody is there.
        if now_ms >= self.heard_ms.max(self.asked_ms) + ASK_AFTER_MS {
            self.asked_ms = now_ms;
            match self.seats.iter().find(|(_, seat)| seat.writable.is_some()).map(|(channel, _)| *channel) {
                Some(channel) => self.ask(channel, core, Answer::Rest),
                None => self.say(&ToProxy::Look { cluster: self.cluster.clone() }),
            }
        }
        self.speak(core, now_ms);
    }

    /// Says in each room what this tab is about, as often as it may.
    fn speak(&mut self, core: &Core, now_ms: u64) {
        let open: Vec<(Channel, Room)> =
            self.seats.iter().filter(|(_, seat)| seat.writable.is_some()).map(|(channel, seat)| (*channel, seat.room.clone())).collect();
        let mut next: Option<u64> = None;
        for (channel, room) in open {
            let (Some(own), Some(client)) = (self.own.get_mut(&room), core.client(&room)) else { continue };
            if let Some(states) = own.due(client, now_ms) {
                self.send(channel, &Frame::Awareness(&states));
            }
            let due = self.own.get(&room).and_then(|own| own.next_ms(now_ms));
            next = next.into_iter().chain(due).min();
        }
        if let Some(due) = next.filter(|due| self.wake_ms.is_none_or(|wake| *due < wake)) {
            self.wake_ms = Some(due);
            self.effects.push(SyncEffect::Wake { after_ms: due.saturating_sub(now_ms).max(1) });
        }
    }
}

#[cfg(test)]
mod tests;
