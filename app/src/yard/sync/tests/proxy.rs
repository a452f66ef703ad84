//! A proxy as tests have it: rooms, rights and connections, nothing of which is a socket.

use std::collections::VecDeque;

use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::frame::Frame;
use krateyard_shared::sync::gate;
use yrs::block::ClientID;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Doc, Map, ReadTxn, StateVector, Transact, Update};

use super::*;

/// What a person may do in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    None,
    Read,
    Write,
}

/// Longer answers go in pieces of so many bytes: few, so that many have some.
const PIECE: usize = 300;

type Key = (Room, Option<usize>);

pub(super) struct Proxy {
    rights: Vec<BTreeMap<Room, Right>>,
    replicas: Vec<Replica>,
    /// What is durable, of all replicas: each appends to it and reads on in it.
    streams: BTreeMap<Key, Vec<Vec<u8>>>,
    connections: BTreeMap<usize, Connection>,
    /// Whoever comes next is sent to the next replica.
    turn: usize,
    /// So many document frames are refused.
    pub(super) refuse_next: usize,
    /// So many times somebody asked for all there is of a room.
    pub(super) asked_for_all: usize,
    /// The bytes of the longest frame that came.
    pub(super) longest: usize,
}

/// One of the programs that are the proxy together. One's own room has a document for each person.
#[derive(Default)]
struct Replica {
    rooms: BTreeMap<Key, Kept>,
}

struct Kept {
    doc: Doc,
    /// Taken, and not durable yet.
    pending: Vec<Vec<u8>>,
    /// How far the stream was read.
    read: usize,
}

struct Connection {
    person: usize,
    replica: usize,
    seats: BTreeMap<Channel, At>,
    out: VecDeque<Vec<u8>>,
}

struct At {
    room: Room,
    writable: bool,
    taken: u64,
    acknowledged: u64,
    /// Something that it sent builds on what is not here: nothing is acknowledged until an answer had it all.
    is_early: bool,
    state: Option<(u64, Vec<u8>)>,
}

impl Proxy {
    pub(super) fn new(rights: Vec<BTreeMap<Room, Right>>, replicas: usize) -> Proxy {
        let replicas = (0..replicas).map(|_| Replica::default()).collect();
        Proxy { rights, replicas, streams: BTreeMap::new(), connections: BTreeMap::new(), turn: 0, refuse_next: 0, asked_for_all: 0, longest: 0 }
    }

    pub(super) fn right(&self, person: usize, room: &Room) -> Right {
        if *room == Room::Private { Right::Write } else { self.rights[person].get(room).copied().unwrap_or(Right::None) }
    }

    pub(super) fn is_connected(&self, tab: usize) -> bool {
        self.connections.contains_key(&tab)
    }

    pub(super) fn connect(&mut self, tab: usize, person: usize) {
        self.turn = (self.turn + 1) % self.replicas.len();
        self.connections.insert(tab, Connection { person, replica: self.turn, seats: BTreeMap::new(), out: VecDeque::new() });
    }

    pub(super) fn disconnect(&mut self, tab: usize) {
        if let Some(connection) = self.connections.remove(&tab) {
            for at in connection.seats.into_values() {
                self.leave(&at);
            }
        }
    }

    /// A replica ends, and begins anew with what is durable. Gives the tabs that were connected to it.
    pub(super) fn reboot(&mut self, replica: usize) -> Vec<usize> {
        let gone: Vec<usize> = self.connections.iter().filter(|(_, connection)| connection.replica == replica).map(|(tab, _)| *tab).collect();
        self.connections.retain(|_, connection| connection.replica != replica);
        self.replicas[replica] = Replica::default();
        gone
    }

    /// Loses everything.
    pub(super) fn forget(&mut self) {
        self.streams.clear();
        self.replicas.iter_mut().for_each(|replica| *replica = Replica::default());
    }

    pub(super) fn set_right(&mut self, person: usize, room: &Room, right: Right) {
        self.rights[person].insert(room.clone(), right);
        let mut asked = Vec::new();
        for (tab, connection) in self.connections.iter_mut().filter(|(_, connection)| connection.person == person) {
            let here: Vec<Channel> = connection.seats.iter().filter(|(_, at)| at.room == *room).map(|(channel, _)| *channel).collect();
            for channel in here {
                if right == Right::None {
                    connection.seats.remove(&channel);
                    connection.out.push_back(control(&ToApp::Closed { channel, refusal: forbidden() }));
                } else if let Some(at) = connection.seats.get_mut(&channel).filter(|at| at.writable != (right == Right::Write)) {
                    at.writable = right == Right::Write;
                    connection.out.push_back(control(&ToApp::Opened { channel, writable: at.writable }));
                    if at.writable {
                        asked.push((*tab, channel));
                    }
                }
            }
        }
        asked.into_iter().for_each(|(tab, channel)| self.ask(tab, channel));
        self.tell_rooms();
    }

    pub(super) fn take(&mut self, tab: usize, most: usize) -> Vec<Vec<u8>> {
        let Some(connection) = self.connections.get_mut(&tab) else { return Vec::new() };
        let count = connection.out.len().min(most);
        connection.out.drain(..count).collect()
    }

    /// What was taken becomes durable and is acknowledged. Says whether anything was.
    pub(super) fn save(&mut self) -> bool {
        (0..self.replicas.len()).filter(|replica| self.save_of(*replica)).count() > 0
    }

    /// The same of one replica.
    pub(super) fn save_of(&mut self, replica: usize) -> bool {
        for (key, kept) in &mut self.replicas[replica].rooms {
            self.streams.entry(key.clone()).or_default().append(&mut kept.pending);
        }
        let mut saved = false;
        for connection in self.connections.values_mut().filter(|connection| connection.replica == replica) {
            for (channel, at) in connection.seats.iter_mut().filter(|(_, at)| at.acknowledged < at.taken && !at.is_early) {
                at.acknowledged = at.taken;
                connection.out.push_back(control(&ToApp::Ack { channel: *channel, frames: at.taken }));
                saved = true;
            }
        }
        saved
    }

    /// Every replica reads on in what all of them made durable. Says whether there was anything.
    pub(super) fn tail(&mut self) -> bool {
        (0..self.replicas.len()).filter(|replica| self.tail_of(*replica, usize::MAX)).count() > 0
    }

    /// The same of one replica, so much of each room at most.
    pub(super) fn tail_of(&mut self, replica: usize, most: usize) -> bool {
        let mut heard = Vec::new();
        for (key, kept) in &mut self.replicas[replica].rooms {
            let stream = self.streams.get(key).map_or(&[][..], |stream| &stream[..]);
            for update in stream.iter().skip(kept.read).take(most) {
                kept.read += 1;
                assert!(!gap_of(&kept.doc, update), "what one replica made durable leaves no gap in another");
                heard.push((key.clone(), apply(&kept.doc, update)));
            }
        }
        for ((room, person), news) in &heard {
            self.tell(Some(replica), room, person.unwrap_or(usize::MAX), (usize::MAX, 0), &Frame::Update(news).encode());
        }
        !heard.is_empty()
    }

    /// The keys of the krates of a room.
    pub(super) fn krates(&self, room: &Room) -> BTreeSet<KrateId> {
        let Some(kept) = self.replicas[0].rooms.get(&(room.clone(), None)) else { return BTreeSet::new() };
        let krates = kept.doc.get_or_insert_map("k");
        krates.keys(&kept.doc.transact()).map(KrateId::from).collect()
    }

    /// A room as somebody would have it who got all of it.
    pub(super) fn copy(&self, room: &Room, person: usize) -> Core {
        let mut core = Core::new(1);
        if let Some(stream) = self.streams.get(&key(room, person)) {
            core.receive(room, Origin::Shared, &all_of(&restored(stream))).unwrap();
        }
        core
    }

    /// Whether every replica that has a room has what is durable of it, and nothing else.
    pub(super) fn agrees(&self) -> bool {
        let same = |(key, kept): (&Key, &Kept)| {
            let durable = restored(self.streams.get(key).map_or(&[], |stream| &stream[..]));
            durable.transact().snapshot() == kept.doc.transact().snapshot()
        };
        self.replicas.iter().all(|replica| replica.rooms.iter().all(same))
    }

    pub(super) fn receive(&mut self, tab: usize, message: &[u8]) {
        let (channel, frame) = of_channel(message).unwrap();
        self.longest = self.longest.max(frame.len());
        if channel == CONTROL {
            match minicbor::decode::<ToProxy>(frame).unwrap() {
                ToProxy::Look { .. } => self.tell_rooms(),
                ToProxy::Open { channel, room, .. } => self.enter(tab, channel, room),
                ToProxy::Close { channel } => drop(self.connections.get_mut(&tab).unwrap().seats.remove(&channel)),
            }
            return;
        }
        let Some(connection) = self.connections.get(&tab) else { return };
        let (person, replica) = (connection.person, connection.replica);
        let Some((room, writable)) = connection.seats.get(&channel).map(|at| (at.room.clone(), at.writable)) else { return };
        let kept = self.replicas[replica].rooms.get_mut(&key(&room, person)).expect("somebody is in it");
        match Frame::read(frame).unwrap() {
            Frame::Step1(vector) => {
                self.asked_for_all += usize::from(*vector == Core::no_vector());
                let missing = kept.doc.transact().encode_state_as_update_v1(&StateVector::decode_v1(vector).unwrap());
                let pieces = gate::pieces(&missing, PIECE).unwrap();
                let (last, before) = pieces.split_last().unwrap();
                before.iter().for_each(|piece| self.put(tab, on_channel(channel, &Frame::Update(piece).encode())));
                self.put(tab, on_channel(channel, &Frame::Step2(last).encode()));
            }
            read @ (Frame::Step2(update) | Frame::Update(update)) => {
                let has_gap = gap_of(&kept.doc, update);
                if !writable || self.refuse_next > 0 {
                    let refusal = if writable { Refusal::Limit { which: "changes".into(), retry_after_secs: 2 } } else { forbidden() };
                    self.refuse_next = self.refuse_next.saturating_sub(usize::from(writable));
                    self.put(tab, control(&ToApp::Refused { channel, refusal }));
                    return;
                }
                // What builds on something that is not here is not taken in.
                let news = (!has_gap).then(|| apply(&kept.doc, update));
                kept.pending.extend(news.clone());
                let is_answer = matches!(read, Frame::Step2(_));
                let at = self.at(tab, channel);
                at.taken += 1;
                at.is_early = has_gap || (at.is_early && !is_answer);
                if let Some(news) = news {
                    self.tell(Some(replica), &room, person, (tab, channel), &Frame::Update(&news).encode());
                }
                if has_gap && !is_answer {
                    self.ask(tab, channel);
                }
                self.tell_rooms();
            }
            Frame::Awareness(states) => {
                let entry = krateyard_shared::sync::awareness::read(states, 1, 4096).unwrap().remove(0);
                self.at(tab, channel).state = Some((entry.client, states.to_vec()));
                self.tell(None, &room, person, (usize::MAX, 0), frame);
            }
            Frame::AskAwareness | Frame::Denied(_) => {}
        }
    }

    fn enter(&mut self, tab: usize, channel: Channel, room: Room) {
        let Connection { person, replica, .. } = self.connections[&tab];
        let right = self.right(person, &room);
        if right == Right::None {
            return self.put(tab, control(&ToApp::Closed { channel, refusal: forbidden() }));
        }
        let writable = right == Right::Write;
        let key = key(&room, person);
        let stream = self.streams.get(&key).map_or(&[][..], |stream| &stream[..]);
        self.replicas[replica].rooms.entry(key).or_insert_with(|| Kept { doc: restored(stream), pending: Vec::new(), read: stream.len() });
        let at = At { room, writable, taken: 0, acknowledged: 0, is_early: false, state: None };
        self.connections.get_mut(&tab).unwrap().seats.insert(channel, at);
        self.put(tab, control(&ToApp::Opened { channel, writable }));
        self.ask(tab, channel);
    }

    fn leave(&mut self, at: &At) {
        if let Some((client, _)) = at.state {
            let gone = krateyard_shared::sync::awareness::Entry { client, clock: u32::MAX, state: "null".into() };
            let frame = Frame::Awareness(&krateyard_shared::sync::awareness::write([gone].iter())).encode();
            self.tell(None, &at.room, usize::MAX, (usize::MAX, 0), &frame);
        }
    }

    fn ask(&mut self, tab: usize, channel: Channel) {
        let connection = &self.connections[&tab];
        let kept = &self.replicas[connection.replica].rooms[&key(&connection.seats[&channel].room, connection.person)];
        let vector = kept.doc.transact().state_vector().encode_v1();
        self.put(tab, on_channel(channel, &Frame::Step1(&vector).encode()));
    }

    /// To all who are in a room, at one replica or at all of them.
    fn tell(&mut self, replica: Option<usize>, room: &Room, person: usize, but: (usize, Channel), frame: &[u8]) {
        for (tab, connection) in self.connections.iter_mut().filter(|(_, connection)| replica.is_none_or(|replica| replica == connection.replica)) {
            let may = *room != Room::Private || connection.person == person;
            let here = connection.seats.iter().filter(|(channel, at)| may && at.room == *room && (*tab, **channel) != but);
            connection.out.extend(here.map(|(channel, _)| on_channel(*channel, frame)));
        }
    }

    fn tell_rooms(&mut self) {
        let held: BTreeSet<Room> = self
            .replicas
            .iter()
            .flat_map(|replica| replica.rooms.keys())
            .chain(self.streams.keys())
            .filter(|(room, _)| *room != Room::Private)
            .map(|(room, _)| room.clone())
            .collect();
        for connection in self.connections.values_mut() {
            let may = |room: &&Room| self.rights[connection.person].get(room).is_some_and(|right| *right != Right::None);
            let rooms = held.iter().filter(may).cloned().collect();
            connection.out.push_back(control(&ToApp::Rooms { cluster: ClusterName(CLUSTER.into()), rooms }));
        }
    }

    fn at(&mut self, tab: usize, channel: Channel) -> &mut At {
        self.connections.get_mut(&tab).unwrap().seats.get_mut(&channel).unwrap()
    }

    fn put(&mut self, tab: usize, message: Vec<u8>) {
        self.connections.get_mut(&tab).unwrap().out.push_back(message);
    }
}

fn key(room: &Room, person: usize) -> (Room, Option<usize>) {
    (room.clone(), (*room == Room::Private).then_some(person))
}

fn forbidden() -> Refusal {
    Refusal::Forbidden { verb: "list".into(), resource: "pods".into(), namespace: None }
}

fn all_of(doc: &Doc) -> Vec<u8> {
    doc.transact().encode_state_as_update_v1(&StateVector::default())
}

fn gap_of(doc: &Doc, update: &[u8]) -> bool {
    let known = doc.transact().state_vector();
    gate::update_onto(update, |client| known.get(&ClientID::new(client)).into()).unwrap().gap
}

/// Takes an update in, and gives what was new in it.
fn apply(doc: &Doc, update: &[u8]) -> Vec<u8> {
    let mut txn = doc.transact_mut();
    txn.apply_update(Update::decode_v1(update).unwrap()).unwrap();
    txn.encode_update_v1()
}

fn restored(updates: &[Vec<u8>]) -> Doc {
    let doc = Doc::with_client_id(0);
    updates.iter().for_each(|update| drop(apply(&doc, update)));
    doc
}
