//! Peers of a Yard's rooms as tests have them: the app's socket, and a copy of a room's document.

use krateyard_shared::identity::ClusterName;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::frame::Frame;
use krateyard_shared::sync::room::Room;
use krateyard_shared::sync::{self, CONTROL, Channel, PROTOCOL, ToApp, ToProxy, gate};
use tokio_tungstenite::tungstenite::Message;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Doc, Map, ReadTxn, StateVector, Transact, Update, WriteTxn};

use crate::bench::{Bench, Socket, bounded};

/// What comes over the app's socket.
#[derive(Debug)]
pub(crate) enum Heard {
    Control(ToApp),
    Frame(Channel, Vec<u8>),
}

/// The app's socket of one account.
pub(crate) struct App(pub(crate) Socket);

impl App {
    pub(crate) async fn open(bench: &Bench, account: &str) -> App {
        let bearer = format!("Bearer demo-{account}");
        App(bench.connect("/ws/sync", &[("authorization", &bearer), ("sec-websocket-protocol", PROTOCOL)]).await.unwrap())
    }

    pub(crate) async fn say(&mut self, message: &ToProxy) {
        self.0.send(Message::binary(sync::control(message))).await;
    }

    pub(crate) async fn enter(&mut self, channel: Channel, room: &Room) {
        self.say(&ToProxy::Open { channel, cluster: demo(), room: room.clone(), in_pieces: true }).await;
    }

    /// As an app does that knows of no pieces.
    pub(crate) async fn enter_for_whole_answers(&mut self, channel: Channel, room: &Room) {
        self.say(&ToProxy::Open { channel, cluster: demo(), room: room.clone(), in_pieces: false }).await;
    }

    pub(crate) async fn send(&mut self, channel: Channel, frame: &[u8]) {
        self.0.send(Message::binary(sync::on_channel(channel, frame))).await;
    }

    pub(crate) async fn next(&mut self) -> Heard {
        let message = self.0.next().await.unwrap().into_data();
        match sync::of_channel(&message).unwrap() {
            (CONTROL, control) => Heard::Control(minicbor::decode(control).unwrap()),
            (channel, frame) => Heard::Frame(channel, frame.to_vec()),
        }
    }

    pub(crate) async fn until<T>(&mut self, mut fits: impl FnMut(Heard) -> Option<T>) -> T {
        bounded(async {
            loop {
                if let Some(found) = fits(self.next().await) {
                    return found;
                }
            }
        })
        .await
    }

    /// How entering a room went: whether it can be changed, or why not.
    pub(crate) async fn entered(&mut self, of: Channel) -> Result<bool, Refusal> {
        self.until(|heard| match heard {
            Heard::Control(ToApp::Opened { channel, writable }) if channel == of => Some(Ok(writable)),
            Heard::Control(ToApp::Closed { channel, refusal }) if channel == of => Some(Err(refusal)),
            Heard::Frame(channel, _) if channel == of => panic!("channel {channel} spoke before it was opened"),
            _ => None,
        })
        .await
    }

    pub(crate) async fn rooms(&mut self) -> Vec<String> {
        self.until(|heard| match heard {
            Heard::Control(ToApp::Rooms { rooms, .. }) => Some(rooms.iter().map(ToString::to_string).collect()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn acknowledged(&mut self, of: Channel, count: u64) {
        self.until(|heard| matches!(heard, Heard::Control(ToApp::Ack { channel, frames }) if channel == of && frames >= count).then_some(())).await;
    }
}

/// One copy of a room's document.
pub(crate) struct Copy(Doc);

impl Copy {
    pub(crate) fn new(client: u64) -> Copy {
        Copy(Doc::with_client_id(client))
    }

    pub(crate) fn write(&self, key: &str) -> Vec<u8> {
        let mut txn = self.0.transact_mut();
        txn.get_or_insert_map("k").insert(&mut txn, key, 1);
        Frame::Update(&txn.encode_update_v1()).encode()
    }

    pub(crate) fn ask(&self) -> Vec<u8> {
        Frame::Step1(&self.0.transact().state_vector().encode_v1()).encode()
    }

    /// The beginning of what another copy lacks.
    pub(crate) fn piece_for(&self, other: &Copy, bytes: usize) -> Option<Vec<u8>> {
        let known = other.0.transact().state_vector();
        gate::piece(&self.0.transact().encode_diff_v1(&known), bytes).unwrap()
    }

    /// Takes in what a frame brings, and gives the answer to a question.
    pub(crate) fn hear(&self, frame: &[u8]) -> Option<Vec<u8>> {
        match Frame::read(frame).unwrap() {
            Frame::Step1(vector) => {
                let update = self.0.transact().encode_state_as_update_v1(&StateVector::decode_v1(vector).unwrap());
                return Some(Frame::Step2(&update).encode());
            }
            Frame::Step2(update) | Frame::Update(update) => self.0.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap(),
            _ => {}
        }
        None
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        let mut txn = self.0.transact_mut();
        let map = txn.get_or_insert_map("k");
        map.contains_key(&txn, key)
    }
}

pub(crate) fn demo() -> ClusterName {
    ClusterName("demo".into())
}

pub(crate) fn of(namespace: &str) -> Room {
    Room::Namespace(namespace.into())
}
