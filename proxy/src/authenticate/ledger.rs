//! What other proxies know of sessions: nothing, where there is one proxy, else what stands in their Redis.
//!
//! | key | what |
//! | --- | --- |
//! | `krateyard:session:{id}` | hash: `sealed`, the session, which its cookie alone opens; `shown`, what is shown of it to who looks after sessions |
//! | `krateyard:sessions` | sorted set of the ids, by when they expire |
//! | `krateyard:ended` | stream of the ids (`id`) of sessions that were ended |
//! | `krateyard:proxies` | sorted set of the proxies, by when they said last what they have |
//! | `krateyard:at:{proxy}` | the sessions that a proxy has, with their sockets; goes by itself when it is not said again |
//!
//! An id is a hash of the cookie, so it opens nothing. That a session ended is read from a stream, and not heard: who was cut off reads it later.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use krateyard_shared::api::SessionInfo;
use krateyard_shared::refusal::Refusal;
use redis::aio::ConnectionManager;
use redis::{RedisError, cmd, pipe};
use tokio::time::Instant;

use super::sealed::{self, Record};
use crate::config::Secret;
use crate::relay::storage::StorageError;
use crate::shared_redis;

const SESSIONS: &str = "krateyard:sessions";
const ENDED: &str = "krateyard:ended";
const PROXIES: &str = "krateyard:proxies";
/// How long one answer may take: somebody waits for it.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long somebody who signs out waits for the others to be told.
const TELLING: Duration = Duration::from_secs(1);
/// Between two looks for sessions that were ended elsewhere, which are to end here within 5 s.
pub(super) const LOOK: Duration = Duration::from_secs(1);
/// Between two times that a proxy says what it has, and how long that counts.
const SAY: Duration = Duration::from_secs(5);
const SAID_MS: u64 = 15_000;
/// A proxy that said nothing for so long is not asked about, in seconds.
const FORGOTTEN: i64 = 3600;
/// Ended sessions that are remembered, about.
const REMEMBERED: usize = 10_000;
const AT_ONCE: usize = 1000;

/// What other proxies know of sessions.
pub(super) enum Ledger {
    /// There are no others.
    Alone,
    /// They share a Redis.
    Shared(Box<Shared>),
}

/// What stands in a Redis.
pub(super) struct Shared {
    connection: ConnectionManager,
    /// This proxy among the others.
    me: String,
    /// Sessions that ended here, and of which the others do not know that yet.
    untold: Mutex<BTreeSet<String>>,
}

/// How far a proxy has read.
pub(super) struct Reading {
    ended: String,
    said: Option<Instant>,
}

impl Default for Reading {
    fn default() -> Reading {
        Reading { ended: "0-0".into(), said: None }
    }
}

impl Ledger {
    /// In a Redis by its URL; nothing is asked of it yet.
    ///
    /// # Errors
    /// When the URL is none.
    pub(super) fn in_redis(url: &str, me: String) -> Result<Ledger, StorageError> {
        let (_, connection) = shared_redis::connect(url, PATIENCE).map_err(|error| StorageError::Failed(error.to_string()))?;
        Ok(Ledger::Shared(Box::new(Shared { connection, me, untold: Mutex::default() })))
    }

    /// Lets the others know of a session that begins.
    ///
    /// # Errors
    /// `StoreDown`: then none of them knows it.
    pub(super) async fn put(&self, cookie: &Secret, info: &SessionInfo, record: &Record) -> Result<(), Refusal> {
        match self {
            Ledger::Alone => Ok(()),
            Ledger::Shared(shared) => shared.put(cookie, info, record).await,
        }
    }

    /// A session that began elsewhere, if this is its cookie.
    ///
    /// # Errors
    /// `StoreDown` when that cannot be known.
    pub(super) async fn open(&self, cookie: &Secret, id: &str) -> Result<Option<Record>, Refusal> {
        match self {
            Ledger::Alone => Ok(None),
            Ledger::Shared(shared) => shared.open(cookie, id).await,
        }
    }

    /// Ends a session at all other proxies. Where they cannot be told now, they are told later.
    ///
    /// # Errors
    /// `StoreDown` when they are told later.
    pub(super) async fn end(&self, id: &str) -> Result<(), Refusal> {
        let Ledger::Shared(shared) = self else { return Ok(()) };
        shared.untold.lock().expect("no panic while held").insert(id.to_owned());
        match tokio::time::timeout(TELLING, shared.tell()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(down()),
        }
    }

    /// The sessions that the others have, and those that nobody uses at present, each once.
    ///
    /// # Errors
    /// `StoreDown`: what is known here is not all.
    pub(super) async fn others(&self) -> Result<BTreeMap<String, SessionInfo>, Refusal> {
        match self {
            Ledger::Alone => Ok(BTreeMap::new()),
            Ledger::Shared(shared) => shared.others().await.map_err(failed),
        }
    }
}

impl Shared {
    async fn put(&self, cookie: &Secret, info: &SessionInfo, record: &Record) -> Result<(), Refusal> {
        let sealed = sealed::seal(cookie, &info.id, record).map_err(|_| down())?;
        let mut write = pipe();
        write.atomic().cmd("HSET").arg(key(&info.id)).arg("sealed").arg(sealed).arg("shown").arg(shown(&[info])).ignore();
        write.cmd("EXPIREAT").arg(key(&info.id)).arg(info.expires).ignore();
        write.cmd("ZREMRANGEBYSCORE").arg(SESSIONS).arg("-inf").arg(now()).ignore();
        write.cmd("ZADD").arg(SESSIONS).arg(info.expires).arg(&info.id).ignore();
        write.query_async::<()>(&mut self.connection.clone()).await.map_err(failed)
    }

    async fn open(&self, cookie: &Secret, id: &str) -> Result<Option<Record>, Refusal> {
        if self.untold.lock().expect("no panic while held").contains(id) {
            return Ok(None);
        }
        let mut get = cmd("HGET");
        let sealed: Option<Vec<u8>> = get.arg(key(id)).arg("sealed").query_async(&mut self.connection.clone()).await.map_err(failed)?;
        Ok(sealed.and_then(|sealed| sealed::open(cookie, id, &sealed)))
    }

    /// One look: which sessions were ended elsewhere, or here; and what is here is said when it is time to.
    pub(super) async fn look(&self, reading: &mut Reading, here: impl Fn() -> Vec<SessionInfo>) -> Result<Vec<String>, RedisError> {
        self.tell().await?;
        let mut read = cmd("XREAD");
        read.arg("COUNT").arg(AT_ONCE).arg("STREAMS").arg(ENDED).arg(&reading.ended);
        type Answer = Option<Vec<(String, Vec<(String, Vec<String>)>)>>;
        let streams: Answer = read.query_async(&mut self.connection.clone()).await?;
        let entries = streams.into_iter().flatten().flat_map(|(_, entries)| entries);
        let mut ended = Vec::new();
        for (position, fields) in entries {
            reading.ended = position;
            ended.extend(fields.into_iter().nth(1));
        }
        if reading.said.is_none_or(|said| said.elapsed() >= SAY) {
            let here = here();
            let mut say = pipe();
            say.atomic().cmd("ZREMRANGEBYSCORE").arg(PROXIES).arg("-inf").arg(now() - FORGOTTEN).ignore();
            say.cmd("ZADD").arg(PROXIES).arg(now()).arg(&self.me).ignore();
            say.cmd("SET").arg(at(&self.me)).arg(shown(&here.iter().collect::<Vec<_>>())).arg("PX").arg(SAID_MS).ignore();
            say.query_async::<()>(&mut self.connection.clone()).await?;
            reading.said = Some(Instant::now());
        }
        Ok(ended)
    }

    async fn tell(&self) -> Result<(), RedisError> {
        let ids: Vec<String> = self.untold.lock().expect("no panic while held").iter().take(AT_ONCE).cloned().collect();
        if ids.is_empty() {
            return Ok(());
        }
        let mut write = pipe();
        write.atomic();
        for id in &ids {
            write.cmd("DEL").arg(key(id)).ignore().cmd("ZREM").arg(SESSIONS).arg(id).ignore();
            write.cmd("XADD").arg(ENDED).arg("MAXLEN").arg("~").arg(REMEMBERED).arg("*").arg("id").arg(id).ignore();
        }
        write.query_async::<()>(&mut self.connection.clone()).await?;
        self.untold.lock().expect("no panic while held").retain(|id| !ids.contains(id));
        Ok(())
    }

    async fn others(&self) -> Result<BTreeMap<String, SessionInfo>, RedisError> {
        let connection = &mut self.connection.clone();
        let mut find = pipe();
        find.cmd("ZRANGEBYSCORE").arg(SESSIONS).arg(now()).arg("+inf").cmd("ZRANGE").arg(PROXIES).arg(0).arg(-1);
        let (ids, proxies): (Vec<String>, Vec<String>) = find.query_async(connection).await?;
        let others: Vec<String> = proxies.into_iter().filter(|proxy| *proxy != self.me).collect();
        if ids.is_empty() && others.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut read = pipe();
        for id in &ids {
            read.cmd("HGET").arg(key(id)).arg("shown");
        }
        for proxy in &others {
            read.cmd("GET").arg(at(proxy));
        }
        let texts: Vec<Option<Vec<u8>>> = read.query_async(connection).await?;
        let mut found = BTreeMap::<String, SessionInfo>::new();
        for info in texts.iter().flatten().flat_map(|text| serde_json::from_slice::<Vec<SessionInfo>>(text).unwrap_or_default()) {
            found.entry(info.id.clone()).and_modify(|known| known.sockets += info.sockets).or_insert(info);
        }
        Ok(found)
    }
}

fn key(id: &str) -> String {
    format!("krateyard:session:{id}")
}

fn at(proxy: &str) -> String {
    format!("krateyard:at:{proxy}")
}

fn shown(infos: &[&SessionInfo]) -> Vec<u8> {
    serde_json::to_vec(infos).expect("names and numbers are JSON")
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn down() -> Refusal {
    Refusal::StoreDown { what: "sessions".into() }
}

/// Redis' own words name no data; of the URL they say the host at most.
fn failed(error: RedisError) -> Refusal {
    tracing::warn!(%error, "sessions that proxies share cannot be read or written");
    down()
}
