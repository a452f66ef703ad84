//! Sharing a Yard with others over the proxy, as a state machine: what happens goes in, what is to be done comes out. No socket, no clock: the edge has them,
//! and tests have their own.
//!
//! For each room: Open and Step1 with what is known here; the proxy's own Step1 is answered with all that it lacks, from then on each edit goes out as it is
//! made. What the proxy has not acknowledged waits in the room's document, which the browser keeps: nothing else has to be remembered over a reload.

pub mod peers;
mod seat;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};

use krateyard_shared::identity::ClusterName;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::frame::Frame;
use krateyard_shared::sync::presence::Presence;
use krateyard_shared::sync::room::Room;
use krateyard_shared::sync::{CONTROL, Channel, MAX_CHANNELS, MAX_FRAME, ToApp, ToProxy, control, gate, of_channel, on_channel};

use super::core::{Change, Core};
use super::origin::Origin;
use super::transact::NewId;
use crate::refresh::backoff::Jitter;
use crate::runtime::socket::{Socket, SocketEffect, SocketEvent, State};
use peers::{Own, Peer, Peers};
use seat::{Answer, Seat, Waiting};
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
}

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
            doubtful: BTreeSet::new(),
            waiting: BTreeMap::new(),
            caught_up: 0,
            said: None,
            heard_ms: 0,
            asked_ms: 0,
            own: BTreeMap::new(),
            peers: Peers::default(),
            wake_ms: None,
            effects: Vec::new(),
        }
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
        std::mem::take(&mut self.effects)
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
        let wanted = [Room::Private, Room::Cluster].into_iter().chain(core.rooms().cloned()).chain(self.listed.iter().cloned());
        wanted.collect::<Vec<_>>().iter().for_each(|room| self.open(room, core));
    }

    fn open(&mut self, room: &Room, core: &Core) {
        let is_there = self.seats.values().any(|seat| seat.room == *room) || self.shut.contains_key(room);
        if !self.socket.is_open() || is_there || self.seats.len() >= MAX_CHANNELS - 1 || core.refused(room).is_some() {
            return;
        }
        self.last_channel += 1;
        let channel = self.last_channel;
        self.say(&ToProxy::Open { channel, cluster: self.cluster.clone(), room: room.clone() });
        self.seats.insert(channel, Seat::new(room.clone()));
        self.ask(channel, core, Answer::Rest);
    }

    fn ask(&mut self, channel: Channel, core: &Core, answer: Answer) {
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        let vector = if answer == Answer::Whole { Core::no_vector() } else { core.state_vector(&seat.room) };
        seat.asked.push_back(answer);
        self.send(channel, &Frame::Step1(&vector));
    }

    fn control(&mut self, message: ToApp, core: &mut Core, new_id: &mut NewId<'_>, now_ms: u64) {
        match message {
            ToApp::Rooms { cluster, rooms } if cluster == self.cluster => {
                self.listed = rooms.into_iter().filter(Room::is_valid).collect();
                // What could not be entered and is listed now can be.
                self.shut.retain(|room, again| again.is_some() || !self.listed.contains(room));
                self.open_all(core);
            }
            ToApp::Opened { channel, writable } => self.opened(channel, writable, core, now_ms),
            ToApp::Closed { channel, refusal } => self.closed(channel, &refusal, core, new_id, now_ms),
            ToApp::Ack { channel, frames } => self.acknowledged(channel, frames, core, now_ms),
            ToApp::Refused { channel, refusal } => self.refused(channel, &refusal, now_ms),
            ToApp::Rooms { .. } | ToApp::Unseen { .. } => {}
        }
    }

    fn opened(&mut self, channel: Channel, writable: bool, core: &mut Core, now_ms: u64) {
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        seat.writable = Some(writable);
        let room = seat.room.clone();
        if writable {
            self.doubtful.remove(&room);
            // What was done here is not given up for what is there.
            seat.asked.iter_mut().for_each(|answer| *answer = Answer::Rest);
        } else if core.may_write(&room) {
            self.doubtful.insert(room.clone());
        }
        let had_copy = core.snapshot(&room).is_some();
        core.open_room(&room);
        core.set_writable(&room, writable);
        // Where nothing can be written everything is as the proxy has it, which may have lost what others had sent already.
        if !writable && had_copy {
            self.ask(channel, core, Answer::Whole);
        }
        self.answer(channel, core);
        self.speak(core, now_ms);
    }

    fn closed(&mut self, channel: Channel, refusal: &Refusal, core: &mut Core, new_id: &mut NewId<'_>, now_ms: u64) {
        let Some(seat) = self.seats.remove(&channel) else { return };
        let room = seat.room.clone();
        self.peers.forget(&room);
        if let Refusal::Forbidden { .. } = refusal
            && room != Room::Private
        {
            self.shut.insert(room.clone(), None);
            self.waiting.remove(&room);
            self.doubtful.remove(&room);
            let salvaged = core.close_room(&room, new_id);
            self.effects.extend(salvaged.words(&room).map(SyncEffect::Tell));
            return;
        }
        self.keep_waiting(seat);
        let wait = if let Refusal::Limit { retry_after_secs, .. } = refusal { u64::from(*retry_after_secs) * 1000 } else { TRY_AGAIN_MS };
        self.shut.insert(room, Some(now_ms + wait));
    }

    fn acknowledged(&mut self, channel: Channel, frames: u64, core: &mut Core, now_ms: u64) {
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        for (waiting, vector) in seat.acknowledged(frames) {
            // Ours: it can be read.
            let _ = core.proxy_has(&seat.room, &vector);
            if waiting.was_cut_off {
                self.caught_up += waiting.changes;
            }
        }
        let is_all_there = self.waiting.is_empty() && self.seats.values().all(|seat| seat.in_flight().next().is_none());
        if is_all_there && self.caught_up > 0 {
            self.said = Some((std::mem::take(&mut self.caught_up), now_ms));
        }
    }

    fn refused(&mut self, channel: Channel, refusal: &Refusal, now_ms: u64) {
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        let back = seat.refused();
        let room = seat.room.clone();
        if let Some(back) = back {
            self.waiting.entry(room.clone()).or_default().join(back);
        }
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        match refusal {
            Refusal::Limit { retry_after_secs, .. } => seat.retry_ms = Some(now_ms + u64::from(*retry_after_secs) * 1000),
            Refusal::UpstreamDown { .. } => seat.retry_ms = Some(now_ms + TRY_AGAIN_MS),
            // That it is not writable is said by itself.
            Refusal::Forbidden { .. } => {}
            refusal => self.effects.push(SyncEffect::Tell(format!("A change could not be shared, and is kept in this browser: {refusal}"))),
        }
    }

    fn frame(&mut self, channel: Channel, frame: Frame<'_>, core: &mut Core, new_id: &mut NewId<'_>, now_ms: u64) {
        let Some(room) = self.seats.get(&channel).map(|seat| seat.room.clone()) else { return };
        match frame {
            Frame::Step1(vector) => {
                if gate::vector(vector).is_ok() && core.proxy_says(&room, vector).is_ok() {
                    if let Some(seat) = self.seats.get_mut(&channel) {
                        seat.theirs = Some(vector.to_vec());
                    }
                    self.answer(channel, core);
                }
            }
            Frame::Step2(update) => {
                let answer = self.seats.get_mut(&channel).and_then(|seat| seat.asked.pop_front());
                if gate::update(update).is_err() {
                    return;
                }
                if answer == Some(Answer::Whole) {
                    if let Ok(salvaged) = core.replace(&room, update, self.doubtful.contains(&room), new_id) {
                        self.doubtful.remove(&room);
                        self.waiting.remove(&room);
                        self.effects.extend(salvaged.words(&room).map(SyncEffect::Tell));
                    }
                } else {
                    self.hear(&room, update, core);
                }
            }
            Frame::Update(update) if gate::update(update).is_ok() => {
                self.hear(&room, update, core);
                // Only of an edit: who answers with what builds on something that nobody has would be asked for ever.
                let asks = self.seats.get(&channel).is_some_and(|seat| !seat.asked.is_empty());
                if core.is_incomplete(&room) && !asks {
                    self.ask(channel, core, Answer::Rest);
                }
            }
            Frame::Awareness(states) => {
                let me = core.client(&room);
                if self.peers.hear(&room, states, me, now_ms) {
                    self.own.entry(room).or_default().unsay();
                    self.speak(core, now_ms);
                }
            }
            Frame::AskAwareness => {
                self.own.entry(room).or_default().unsay();
                self.speak(core, now_ms);
            }
            Frame::Update(_) | Frame::Denied(_) => {}
        }
    }

    fn hear(&mut self, room: &Room, update: &[u8], core: &mut Core) {
        if let Err(error) = core.receive(room, Origin::Shared, update) {
            self.effects.push(SyncEffect::Tell(error.to_string()));
        }
    }

    /// Sends all that the proxy lacks, once it is known what that is and that it may be sent.
    fn answer(&mut self, channel: Channel, core: &Core) {
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        let Some(theirs) = seat.theirs.take_if(|_| seat.writable == Some(true)) else { return };
        seat.retry_ms = None;
        seat.is_answered = true;
        let Ok(missing) = core.missing_for(&seat.room, &theirs) else { return };
        let room = seat.room.clone();
        if missing.len() + 16 > MAX_FRAME {
            seat.is_answered = false;
            let place = room.namespace().map_or_else(|| "the cluster".into(), |namespace| format!("namespace {namespace}"));
            self.effects.push(SyncEffect::Tell(format!("What was changed of {place} here is too much to be shared at once: it is kept in this browser")));
            return;
        }
        // What a reload left: nobody counted it.
        if core.is_ahead_of(&room, &theirs) == Ok(true) && !self.waiting.contains_key(&room) {
            self.waiting.insert(room.clone(), Waiting { changes: 0, since_ms: self.heard_ms, was_cut_off: false });
        }
        let vector = core.state_vector(&room);
        self.send_edits(channel, &Frame::Step2(&missing), vector);
    }

    /// `vector` is what the proxy has, too, once it has this.
    fn send_edits(&mut self, channel: Channel, frame: &Frame<'_>, vector: Vec<u8>) {
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        seat.sent(self.waiting.remove(&seat.room), vector);
        self.send(channel, frame);
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
