//! Rooms that several proxies share: each appends to a room's stream and reads what the others appended. A lease guards compaction alone.
//!
//! | key | what |
//! | --- | --- |
//! | `krateyard:log:{room}` | stream, one update an entry (`u`) |
//! | `krateyard:snapshot:{room}` | hash: `u`, one update in the place of all entries up to the id `through` |
//! | `krateyard:rooms:{cluster}` | set of the rooms of a cluster that hold something |
//! | `krateyard:compacts:{room}` | the lease |
//!
//! On the channel `krateyard:moved` a proxy says that it wrote to a room, on `krateyard:presence` who is in one. What is said there may be lost: the log is read
//! every few seconds anyhow, and people say again where they are.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use krateyard_shared::identity::ClusterName;
use krateyard_shared::sync::room::Room;
use minicbor::{Decode, Encode};
use redis::aio::ConnectionManager;
use redis::{Client, Cmd, RedisError, Value, cmd, pipe};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Elsewhere, Kept, Position, RoomKey, StorageError};
use crate::shared_redis;

const MOVED: &str = "krateyard:moved";
const PRESENCE: &str = "krateyard:presence";
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries to hear of the others.
const RETRY: Duration = Duration::from_secs(1);
/// A lease that its holder does not need for so long has none, in milliseconds.
const LEASE_MS: u64 = 30_000;
/// What waits to be published; people say again where they are.
const WAITING: usize = 256;

/// Replaces entries by a snapshot that has them all, unless another one has more: who was slow does not take back what others did meanwhile.
const COMPACT: &str = r"
local function parts(id) local ms, seq = string.match(id, '^(%d+)-(%d+)$') return tonumber(ms), tonumber(seq) end
local known = redis.call('HGET', KEYS[1], 'through')
local ms, seq = parts(ARGV[1])
if known then
  local known_ms, known_seq = parts(known)
  if known_ms > ms or (known_ms == ms and known_seq >= seq) then return 0 end
end
redis.call('HSET', KEYS[1], 'through', ARGV[1], 'u', ARGV[2])
redis.call('XTRIM', KEYS[2], 'MINID', string.format('%.0f-%.0f', ms, seq + 1))
return 1
";

/// A Redis. Copies are one and the same.
#[derive(Clone)]
pub(crate) struct Redis {
    connection: ConnectionManager,
    others: Arc<Others>,
    publish: mpsc::Sender<(&'static str, Vec<u8>)>,
}

/// What is heard of other proxies.
struct Others {
    /// This proxy among them.
    me: u64,
    feeds: Mutex<HashMap<RoomKey, Weak<Feed>>>,
    written: tokio::sync::Mutex<mpsc::Receiver<RoomKey>>,
    wrote: mpsc::Sender<RoomKey>,
}

/// What is heard of one room.
#[derive(Default)]
pub(crate) struct Feed {
    heard: Mutex<VecDeque<Elsewhere>>,
    filled: Notify,
}

/// What proxies tell each other.
#[derive(Encode, Decode)]
struct Said {
    #[n(0)]
    by: u64,
    #[n(1)]
    room: RoomKey,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    frame: Vec<u8>,
}

impl Redis {
    pub(super) fn open(url: &str, tasks: &TaskTracker, stop: &CancellationToken) -> Result<Redis, StorageError> {
        let (client, connection) = shared_redis::connect(url, PATIENCE).map_err(failed)?;
        let mut number = [0; 8];
        getrandom::fill(&mut number).map_err(|error| StorageError::Failed(format!("no randomness: {error}")))?;
        let (wrote, written) = mpsc::channel(WAITING);
        let others = Arc::new(Others { me: u64::from_le_bytes(number), feeds: Mutex::default(), written: tokio::sync::Mutex::new(written), wrote });
        let (publish, published) = mpsc::channel(WAITING);
        let (listen, speak) = (listen(client, others.clone()), speak(connection.clone(), published));
        for task in [futures::future::Either::Left(listen), futures::future::Either::Right(speak)] {
            let stop = stop.clone();
            tasks.spawn(async move { stop.run_until_cancelled(task).await });
        }
        Ok(Redis { connection, others, publish })
    }

    pub(super) fn feed(&self, key: &RoomKey) -> Arc<Feed> {
        let feed = Arc::new(Feed::default());
        let mut feeds = self.others.feeds.lock().expect("no panic while held");
        feeds.retain(|_, feed| feed.strong_count() > 0);
        feeds.insert(key.clone(), Arc::downgrade(&feed));
        feed
    }

    pub(super) async fn next_written(&self) -> RoomKey {
        match self.others.written.lock().await.recv().await {
            Some(key) => key,
            None => std::future::pending().await,
        }
    }

    pub(super) fn tell(&self, key: &RoomKey, presence: &Bytes) {
        // Full means that Redis is slow: people say again where they are.
        let _ = self.publish.try_send((PRESENCE, self.said(key, presence)));
    }

    fn said(&self, key: &RoomKey, frame: &[u8]) -> Vec<u8> {
        minicbor::to_vec(Said { by: self.others.me, room: key.clone(), frame: frame.to_vec() }).expect("a vector takes everything")
    }

    pub(super) async fn since(&self, key: &RoomKey, position: Position) -> Result<Kept, StorageError> {
        let mut query = pipe();
        query.atomic().add_command(hmget(key)).cmd("XRANGE").arg(log(key)).arg(format!("({}", id(position))).arg("+");
        type Answer = ((Option<String>, Option<Vec<u8>>), Vec<(String, Vec<Vec<u8>>)>);
        let ((through, snapshot), entries): Answer = query.query_async(&mut self.connection.clone()).await.map_err(failed)?;
        let mut kept = Kept { updates: Vec::new(), position };
        let through = through.as_deref().map(position_of).transpose()?.filter(|through| *through > position);
        if let (Some(through), Some(snapshot)) = (through, snapshot) {
            kept.updates.push(snapshot.into());
            kept.position = through;
        }
        for (id, fields) in entries {
            kept.position = kept.position.max(position_of(&id)?);
            kept.updates.extend(fields.into_iter().nth(1).map(Bytes::from));
        }
        Ok(kept)
    }

    pub(super) async fn append(&self, key: &RoomKey, updates: &[Bytes]) -> Result<Position, StorageError> {
        let mut write = pipe();
        write.atomic();
        for update in updates {
            write.cmd("XADD").arg(log(key)).arg("*").arg("u").arg(&update[..]);
        }
        if key.owner.is_none() {
            write.cmd("SADD").arg(rooms(&key.cluster)).arg(key.room.to_string()).ignore();
        }
        write.cmd("PUBLISH").arg(MOVED).arg(self.said(key, &[])).ignore();
        let ids: Vec<String> = write.query_async(&mut self.connection.clone()).await.map_err(failed)?;
        ids.last().map_or(Ok(Position::default()), |id| position_of(id))
    }

    pub(super) async fn compact(&self, key: &RoomKey, through: Position, snapshot: &[u8]) -> Result<(), StorageError> {
        let mut connection = self.connection.clone();
        let lease = format!("krateyard:compacts:{key}");
        let got: Value = cmd("SET").arg(&lease).arg(self.others.me).arg("NX").arg("PX").arg(LEASE_MS).query_async(&mut connection).await.map_err(failed)?;
        if got == Value::Nil {
            // Another one does it.
            return Ok(());
        }
        let script =
            cmd("EVAL").arg(COMPACT).arg(2).arg(snapshot_key(key)).arg(log(key)).arg(id(through)).arg(snapshot).query_async::<i64>(&mut connection).await;
        let released = cmd("DEL").arg(&lease).query_async::<i64>(&mut connection).await;
        script.and(released).map(drop).map_err(failed)
    }

    pub(super) async fn rooms(&self, cluster: &ClusterName) -> Result<Vec<Room>, StorageError> {
        let names: Vec<String> = cmd("SMEMBERS").arg(rooms(cluster)).query_async(&mut self.connection.clone()).await.map_err(failed)?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }
}

impl Feed {
    pub(super) async fn next(&self) -> Elsewhere {
        loop {
            let filled = self.filled.notified();
            if let Some(heard) = self.heard.lock().expect("no panic while held").pop_front() {
                return heard;
            }
            filled.await;
        }
    }

    fn put(&self, news: Elsewhere) {
        let mut heard = self.heard.lock().expect("no panic while held");
        // That the log moved is said once, however often it did; of presence the latest counts.
        if !(news == Elsewhere::Moved && heard.contains(&news)) {
            if heard.len() >= WAITING {
                heard.retain(|known| *known == Elsewhere::Moved);
            }
            heard.push_back(news);
        }
        drop(heard);
        self.filled.notify_one();
    }
}

impl Others {
    fn hear(&self, channel: &str, payload: &[u8]) {
        let Ok(said) = minicbor::decode::<Said>(payload) else { return };
        if said.by == self.me {
            return;
        }
        let feed = self.feeds.lock().expect("no panic while held").get(&said.room).and_then(Weak::upgrade);
        if channel == MOVED {
            if let Some(feed) = &feed {
                feed.put(Elsewhere::Moved);
            }
            // Full: the directory of whoever looks is read again before long.
            let _ = self.wrote.try_send(said.room);
        } else if let Some(feed) = feed {
            feed.put(Elsewhere::Presence(said.frame.into()));
        }
    }

    /// Something may have been missed.
    fn wake_all(&self) {
        for feed in self.feeds.lock().expect("no panic while held").values().filter_map(Weak::upgrade) {
            feed.put(Elsewhere::Moved);
        }
    }
}

async fn listen(client: Client, others: Arc<Others>) {
    loop {
        if let Err(error) = listen_once(&client, &others).await {
            tracing::warn!(%error, "other proxies cannot be heard of");
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn listen_once(client: &Client, others: &Others) -> Result<(), RedisError> {
    let mut pubsub = client.get_async_pubsub().await?;
    pubsub.subscribe(&[MOVED, PRESENCE]).await?;
    others.wake_all();
    let mut messages = pubsub.on_message();
    while let Some(message) = messages.next().await {
        others.hear(message.get_channel_name(), message.get_payload_bytes());
    }
    Ok(())
}

async fn speak(mut connection: ConnectionManager, mut published: mpsc::Receiver<(&'static str, Vec<u8>)>) {
    while let Some((channel, said)) = published.recv().await {
        // Whoever cannot be told hears it again.
        let _ = cmd("PUBLISH").arg(channel).arg(said).query_async::<i64>(&mut connection).await;
    }
}

fn log(key: &RoomKey) -> String {
    format!("krateyard:log:{key}")
}

fn snapshot_key(key: &RoomKey) -> String {
    format!("krateyard:snapshot:{key}")
}

fn rooms(cluster: &ClusterName) -> String {
    format!("krateyard:rooms:{cluster}")
}

fn hmget(key: &RoomKey) -> Cmd {
    let mut hmget = cmd("HMGET");
    hmget.arg(snapshot_key(key)).arg("through").arg("u");
    hmget
}

/// The id of an entry: milliseconds and a number within them (Redis, Streams).
fn id(position: Position) -> String {
    format!("{}-{}", (position.0 >> 64) as u64, position.0 as u64)
}

fn position_of(id: &str) -> Result<Position, StorageError> {
    let parts = id.split_once('-').and_then(|(ms, seq)| Some((ms.parse::<u64>().ok()?, seq.parse::<u64>().ok()?)));
    let (ms, seq) = parts.ok_or_else(|| StorageError::Failed(format!("{id:?} is no id of an entry")))?;
    Ok(Position(u128::from(ms) << 64 | u128::from(seq)))
}

/// Redis' own words name no data; of the URL they say the host at most.
fn failed(error: RedisError) -> StorageError {
    StorageError::Failed(error.to_string())
}
