//! The shared Yard on the wire: rooms, and what is said of them.
//!
//! `/ws/sync/{cluster}/{room}` is one room in y-websocket's protocol ([`frame`]), for any Yjs client. `/ws/sync` carries many rooms on one socket, for the app:
//! each binary message is a channel (a [`lib0`] number), then a frame of that protocol; channel [`CONTROL`] carries [`ToProxy`] and [`ToApp`] instead, one
//! CBOR item each, fields by number, so that older and newer peers skip what they do not know.

pub mod awareness;
pub mod frame;
pub mod gate;
pub mod lib0;
pub mod presence;
pub mod room;

use minicbor::{Decode, Encode};

use crate::identity::ClusterName;
use crate::refusal::Refusal;
use room::Room;

/// Subprotocol of the app's socket.
pub const PROTOCOL: &str = "krateyard.sync.v1";
/// The channel of what is said of rooms.
pub const CONTROL: u32 = 0;
/// Rooms that one socket may hold at the same time: a namespace each, and two.
pub const MAX_CHANNELS: usize = 1024;
/// Longest frame of a document that is taken from a peer, in bytes: a month of one person's edits made offline is a tenth of it.
pub const MAX_FRAME: usize = 1 << 20;
/// A room's document takes no more than this, in bytes as one update: 1,000 krates edited for a month stay below 1 MB.
pub const MAX_DOCUMENT: usize = 8 << 20;

/// A room's number on one socket, chosen by the app, from 1 on.
pub type Channel = u32;

/// From the app, on [`CONTROL`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum ToProxy {
    /// Which rooms of a cluster hold something that this person may read? Answered by [`ToApp::Rooms`], at once and whenever that changes.
    #[n(0)]
    Look {
        /// The cluster.
        #[n(0)]
        cluster: ClusterName,
    },
    /// Joins a room. Answered by [`ToApp::Opened`] or [`ToApp::Closed`]; frames may follow at once.
    #[n(1)]
    Open {
        /// A number that is not in use.
        #[n(0)]
        channel: Channel,
        /// The cluster.
        #[n(1)]
        cluster: ClusterName,
        /// The room.
        #[n(2)]
        room: Room,
        /// Whether long answers may come in pieces: Updates, each of which builds on what came before, and a Step2 with what is left. Older apps take a Step2 for all.
        #[n(3)]
        #[cbor(default)]
        in_pieces: bool,
    },
    /// Leaves a room; nothing is answered.
    #[n(2)]
    Close {
        /// Its number.
        #[n(0)]
        channel: Channel,
    },
}

/// From the proxy, on [`CONTROL`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum ToApp {
    /// The rooms of a cluster that hold something and that this person may read.
    #[n(0)]
    Rooms {
        /// The cluster.
        #[n(0)]
        cluster: ClusterName,
        /// In order, each once.
        #[n(1)]
        rooms: Vec<Room>,
    },
    /// In the room. Said again when the right to change it comes or goes.
    #[n(1)]
    Opened {
        /// Its number.
        #[n(0)]
        channel: Channel,
        /// Whether this person may change it.
        #[n(1)]
        writable: bool,
    },
    /// Out of the room, or never in: what was shown of it is not to be shown any more, unless the refusal is passing.
    #[n(2)]
    Closed {
        /// Its number.
        #[n(0)]
        channel: Channel,
        /// Why.
        #[n(1)]
        refusal: Refusal,
    },
    /// So many document frames of this channel (Step2 and Update) are durable, counted from its Open.
    #[n(3)]
    Ack {
        /// Its number.
        #[n(0)]
        channel: Channel,
        /// The count.
        #[n(1)]
        frames: u64,
    },
    /// The last document frame was not taken, and is not counted.
    #[n(4)]
    Refused {
        /// Its number.
        #[n(0)]
        channel: Channel,
        /// Why.
        #[n(1)]
        refusal: Refusal,
    },
    /// The cluster is not looked at: there is no such one, or it is gone.
    #[n(5)]
    Unseen {
        /// The cluster.
        #[n(0)]
        cluster: ClusterName,
        /// Why.
        #[n(1)]
        refusal: Refusal,
    },
}

/// A message of the app's socket.
pub fn on_channel(channel: Channel, frame: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(frame.len() + 2);
    lib0::put_number(&mut bytes, channel.into());
    bytes.extend_from_slice(frame);
    bytes
}

/// What is said of rooms, as a message of the app's socket.
pub fn control(message: &impl Encode<()>) -> Vec<u8> {
    on_channel(CONTROL, &minicbor::to_vec(message).expect("a vector takes everything"))
}

/// Takes a message of the app's socket apart.
///
/// # Errors
/// When it begins with no channel.
pub fn of_channel(message: &[u8]) -> Result<(Channel, &[u8]), lib0::Malformed> {
    let mut reader = lib0::Reader::new(message);
    let channel = reader.number()?;
    Ok((Channel::try_from(channel).map_err(|_| lib0::Malformed("channel"))?, reader.rest()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_its_channel_and_control_reads_back() {
        assert_eq!(of_channel(&on_channel(300, b"abc")).unwrap(), (300, b"abc".as_slice()));
        assert!(of_channel(&[]).is_err() && of_channel(&[0x80]).is_err());
        let open = ToProxy::Open { channel: 7, cluster: ClusterName("prod".into()), room: Room::Namespace("web".into()), in_pieces: true };
        let bytes = control(&open);
        let (channel, frame) = of_channel(&bytes).unwrap();
        assert_eq!((channel, minicbor::decode::<ToProxy>(frame).unwrap()), (CONTROL, open));
        // As an app says it that knows of no pieces: three fields instead of four.
        let mut older = bytes[1..bytes.len() - 1].to_vec();
        assert_eq!(std::mem::replace(&mut older[2], 0x83), 0x84);
        assert!(matches!(minicbor::decode(&older).unwrap(), ToProxy::Open { in_pieces: false, .. }));
        let rooms = ToApp::Rooms { cluster: ClusterName("prod".into()), rooms: vec![Room::Cluster, Room::Private, Room::Namespace("web".into())] };
        assert_eq!(minicbor::decode::<ToApp>(&control(&rooms)[1..]).unwrap(), rooms);
    }
}
