//! The watch protocol, `/ws/watch`: one socket a tab, many subscriptions.
//!
//! Binary under the subprotocol [`BINARY`] (one CBOR item a frame, fields by number, so that older and newer peers skip what they do not know); the same
//! messages as JSON text under [`JSON`], so that a person can read them. The first frame of each side names its version.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::checksum::{self, Checksum};
use crate::identity::{ClusterName, Resource};
use crate::refusal::Refusal;
use crate::rows::Row;
use crate::scope::Scope;

/// Subprotocol of binary frames.
pub const BINARY: &str = "krateyard.v1";
/// Subprotocol of JSON frames.
pub const JSON: &str = "krateyard.v1.json";
/// Version in the first frame of each side.
pub const VERSION: u32 = 2;
/// From this version on changes of an object may come as patches.
pub const PATCHES_SINCE: u32 = 2;
/// From this version on [`Freshness::Polled`] is known.
pub const POLLED_SINCE: u32 = 2;
/// Longest frame that the proxy accepts from a browser, in bytes: a Subscribe is some hundred.
pub const MAX_CLIENT_FRAME: usize = 16 * 1024;
/// Subscriptions that one socket may hold: the 30 kinds of a namespace in 100 of them, and what windows ask for besides.
pub const MAX_SUBSCRIPTIONS: usize = 4096;

/// A subscription's number, chosen by the app, unique within its socket.
pub type SubscriptionId = u32;

/// A position in a hub's history: resuming from it is exact within one epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Position {
    /// Changes when the hub lost its history.
    #[n(0)]
    pub epoch: u64,
    /// Counts the hub's changes.
    #[n(1)]
    pub seq: u64,
}

/// From the app.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[allow(missing_docs)]
pub enum ClientMessage {
    /// First of all: the version that the app speaks.
    #[n(0)]
    Hello {
        #[n(0)]
        version: u32,
    },
    /// Asks for rows (or an object) and every change from then on.
    #[n(1)]
    Subscribe {
        #[n(0)]
        id: SubscriptionId,
        #[n(1)]
        cluster: ClusterName,
        #[n(2)]
        resource: Resource,
        #[n(3)]
        scope: Scope,
        #[n(4)]
        resume: Option<Position>,
    },
    /// Ends a subscription; nothing is answered.
    #[n(2)]
    Unsubscribe {
        #[n(0)]
        id: SubscriptionId,
    },
    /// A person asked: list past every cache.
    #[n(3)]
    Refresh {
        #[n(0)]
        id: SubscriptionId,
    },
}

/// From the proxy.
#[derive(Debug, Clone, PartialEq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[allow(missing_docs)]
pub enum ServerMessage {
    /// First of all: the version that the proxy speaks.
    #[n(0)]
    Welcome {
        #[n(0)]
        version: u32,
    },
    /// For every accepted Subscribe. Rows follow unless `resumed`.
    #[n(1)]
    Ack {
        #[n(0)]
        id: SubscriptionId,
        #[n(1)]
        position: Position,
        #[n(2)]
        resumed: bool,
    },
    /// Rows of a snapshot, in chunks.
    #[n(2)]
    Rows {
        #[n(0)]
        id: SubscriptionId,
        #[n(1)]
        rows: Vec<EncodedRow>,
        #[n(2)]
        done: bool,
    },
    /// Changes: `from_seq` is the last `to_seq`; several changes of one object may have collapsed into its latest.
    #[n(3)]
    Delta {
        #[n(0)]
        id: SubscriptionId,
        #[n(1)]
        from_seq: u64,
        #[n(2)]
        to_seq: u64,
        #[n(3)]
        upserts: Vec<EncodedRow>,
        /// Uids.
        #[n(4)]
        deletes: Vec<String>,
    },
    /// For scope `Object`: the object as JSON text, or none when it is gone (or not there yet).
    #[n(4)]
    Object {
        #[n(0)]
        id: SubscriptionId,
        #[n(1)]
        json: Option<String>,
    },
    /// The position is lost: rows follow; what is on screen may stay there until they are done.
    #[n(5)]
    Reset {
        #[n(0)]
        id: SubscriptionId,
        #[n(1)]
        reason: String,
        #[n(2)]
        position: Position,
    },
    /// The proxy ended the subscription.
    #[n(6)]
    Complete {
        #[n(0)]
        id: SubscriptionId,
        #[n(1)]
        reason: String,
    },
    /// Settled: not retried until rights or scope change or the person asks.
    #[n(7)]
    Denied {
        #[n(0)]
        id: SubscriptionId,
        #[n(1)]
        refusal: Refusal,
    },
    /// What the proxy knows of its own upstream.
    #[n(8)]
    Freshness {
        #[n(0)]
        id: SubscriptionId,
        #[n(1)]
        state: Freshness,
    },
    /// Alive, and how far each subscription is.
    #[n(9)]
    Heartbeat {
        #[n(0)]
        positions: Vec<Beat>,
    },
    /// A message that the proxy could not use; the socket stays open unless framing is lost.
    #[n(10)]
    Bad {
        #[n(0)]
        refusal: Refusal,
    },
    /// Rights changed in a cluster, or what it defines itself: what `/api/access` says may be another now.
    #[n(11)]
    AccessChanged {
        #[n(0)]
        cluster: ClusterName,
    },
    /// For scope `Object`, to peers of version [`PATCHES_SINCE`] or later: what changed since the last `Object` or patch, as JSON text ([`crate::json_patch`]).
    #[n(12)]
    ObjectPatch {
        #[n(0)]
        id: SubscriptionId,
        #[n(1)]
        patch: String,
    },
}

/// What the proxy knows of its upstream.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Freshness {
    /// Up to date as far as the API server says.
    #[n(0)]
    Live,
    /// Reconnected, not yet caught up.
    #[n(1)]
    CatchingUp,
    /// Without news since (seconds since 1970), and why.
    #[n(2)]
    #[allow(missing_docs)]
    Stale {
        #[n(0)]
        since: i64,
        #[n(1)]
        cause: String,
    },
    /// Up to date as of the last list: no watch is served here, or none is allowed, so it is listed each so many seconds. Since [`POLLED_SINCE`]:
    /// before it is `Live`.
    #[n(3)]
    #[allow(missing_docs)]
    Polled {
        #[n(0)]
        every_secs: u32,
    },
}

/// One subscription in a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Beat {
    /// Which.
    #[n(0)]
    pub id: SubscriptionId,
    /// Sequence number reached.
    #[n(1)]
    pub seq: u64,
    /// Rows in its scope.
    #[n(2)]
    pub count: u64,
    /// Of these rows. Older proxies say none.
    #[n(3)]
    #[serde(default)]
    pub checksum: Option<Checksum>,
}

/// A row, encoded once by the hub and copied into the frames of all its subscribers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct EncodedRow(#[cbor(n(0), with = "minicbor::bytes")] pub Vec<u8>);

impl EncodedRow {
    /// Encodes a row.
    pub fn of<K>(row: &Row<K>) -> EncodedRow {
        EncodedRow(minicbor::to_vec(row).expect("a Vec takes every byte"))
    }

    /// What it adds to a [`Checksum`].
    pub fn hash(&self) -> u64 {
        checksum::hash(&self.0)
    }

    /// The row, of whatever kind was asked for.
    ///
    /// # Errors
    /// When the bytes are no row of a version that this side knows.
    pub fn decode(&self) -> Result<Row<()>, minicbor::decode::Error> {
        minicbor::decode(&self.0)
    }
}

impl Serialize for EncodedRow {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.decode().map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for EncodedRow {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(EncodedRow::of(&Row::<()>::deserialize(deserializer)?))
    }
}

/// How frames of one socket are written: the subprotocol that was agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// CBOR in binary frames.
    Binary,
    /// JSON in text frames.
    Json,
}

impl Wire {
    /// The wire of an agreed subprotocol.
    pub fn of_subprotocol(name: &str) -> Option<Wire> {
        match name {
            BINARY => Some(Wire::Binary),
            JSON => Some(Wire::Json),
            _ => None,
        }
    }

    /// One message as the payload of one frame.
    pub fn encode<T: minicbor::Encode<()> + Serialize>(self, message: &T) -> Vec<u8> {
        match self {
            Wire::Binary => minicbor::to_vec(message).expect("a Vec takes every byte"),
            Wire::Json => serde_json::to_vec(message).expect("messages have no map with keys that are no text"),
        }
    }

    /// The message of one frame.
    ///
    /// # Errors
    /// `BadRequest {field: "frame"}` for what is no message of this version, or has bytes after it.
    pub fn decode<'b, T: minicbor::Decode<'b, ()> + Deserialize<'b>>(self, payload: &'b [u8]) -> Result<T, Refusal> {
        let bad = |problem: String| Refusal::BadRequest { field: "frame".into(), problem };
        match self {
            Wire::Json => serde_json::from_slice(payload).map_err(|e| bad(e.to_string())),
            Wire::Binary => {
                let mut decoder = minicbor::Decoder::new(payload);
                let message = decoder.decode().map_err(|e| bad(e.to_string()))?;
                if decoder.position() == payload.len() { Ok(message) } else { Err(bad("bytes after the message".into())) }
            }
        }
    }
}
