//! Where rooms are kept. What [`Storage::append`] has answered is there after whatever happens to the process.

mod memory;
mod redb;
mod redis;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use krateyard_shared::identity::ClusterName;
use krateyard_shared::sync::room::Room;
use minicbor::{Decode, Encode};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A room among all that a proxy keeps. A private one is its owner's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub(crate) struct RoomKey {
    #[n(0)]
    pub(crate) cluster: ClusterName,
    #[n(1)]
    pub(crate) room: Room,
    /// The person, as the cluster knows them, of a private room; `None` for every other.
    #[n(2)]
    pub(crate) owner: Option<String>,
}

/// What is kept of a room.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Kept {
    /// In the order in which they came; the first may be a snapshot of those before.
    pub(crate) updates: Vec<Bytes>,
    /// The last of them.
    pub(crate) position: Position,
}

/// How far a room's log goes: opaque, and only compared by the storage that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Position(pub(crate) u128);

/// What went wrong with keeping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// It does not answer, or refuses to write; it may do so later.
    #[error("the storage of rooms fails: {0}")]
    Failed(String),
    /// Another process has the file.
    #[error("{} is in use by another krateyard", .0.display())]
    InUse(PathBuf),
    /// What is in the file is not what was written. It is left as it is.
    #[error("{} is damaged: put a copy in its place, or move it away to begin anew", .0.display())]
    Damaged(PathBuf),
}

/// A place where rooms are kept.
#[derive(Clone)]
pub(crate) enum Storage {
    /// Until the proxy ends.
    Memory(memory::Memory),
    /// In one file, which one proxy has.
    File(redb::File),
    /// In Redis, where other proxies keep theirs as well.
    Redis(redis::Redis),
}

/// What other proxies do in a room that is open here.
pub(crate) enum Feed {
    /// There are none.
    Alone,
    /// They write to the same log.
    Shared(Arc<redis::Feed>),
}

/// What another proxy did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Elsewhere {
    /// The log is longer than before, or may be: [`Storage::since`] says how.
    Moved,
    /// States of its peers, as an awareness frame.
    Presence(Bytes),
}

impl Storage {
    /// Of a proxy that keeps nothing past its end.
    pub(crate) fn in_memory() -> Storage {
        Storage::Memory(memory::Memory::default())
    }

    /// In a file in a folder, which is made if need be. Reads all of it, to see that it is whole: some seconds a gigabyte.
    ///
    /// # Errors
    /// When it is in use, damaged, or cannot be read and written.
    pub(crate) fn in_folder(folder: &Path) -> Result<Storage, StorageError> {
        redb::File::open(folder).map(Storage::File)
    }

    /// In a Redis that other proxies use, too. Nothing is asked of it yet.
    ///
    /// # Errors
    /// When the URL is none.
    pub(crate) fn in_redis(url: &str, tasks: &TaskTracker, stop: &CancellationToken) -> Result<Storage, StorageError> {
        redis::Redis::open(url, tasks, stop).map(Storage::Redis)
    }

    /// Whether other proxies may write to the same rooms.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Storage::Redis(_))
    }

    /// What others do in a room from now on.
    pub(crate) fn feed(&self, key: &RoomKey) -> Feed {
        match self {
            Storage::Memory(_) | Storage::File(_) => Feed::Alone,
            Storage::Redis(redis) => Feed::Shared(redis.feed(key)),
        }
    }

    /// The next room to which another proxy wrote; never, where there is none.
    pub(crate) async fn next_written(&self) -> RoomKey {
        match self {
            Storage::Memory(_) | Storage::File(_) => std::future::pending().await,
            Storage::Redis(redis) => redis.next_written().await,
        }
    }

    /// Tells other proxies the states of peers that are here. What does not get through is told again soon.
    pub(crate) fn tell(&self, key: &RoomKey, presence: &Bytes) {
        match self {
            Storage::Memory(_) | Storage::File(_) => {}
            Storage::Redis(redis) => redis.tell(key, presence),
        }
    }

    /// Everything of a room.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn load(&self, key: &RoomKey) -> Result<Kept, StorageError> {
        match self {
            Storage::Memory(memory) => Ok(memory.load(key)),
            Storage::File(file) => file.load(key).await,
            Storage::Redis(redis) => redis.since(key, Position::default()).await,
        }
    }

    /// What came after a position; where that was compacted meanwhile, everything.
    ///
    /// # Errors
    /// As [`Storage::load`].
    pub(crate) async fn since(&self, key: &RoomKey, position: Position) -> Result<Kept, StorageError> {
        match self {
            Storage::Memory(_) | Storage::File(_) => Ok(Kept { updates: Vec::new(), position }),
            Storage::Redis(redis) => redis.since(key, position).await,
        }
    }

    /// Adds updates after all others: all or none, and they are kept once this returns.
    ///
    /// # Errors
    /// When they are not kept.
    pub(crate) async fn append(&self, key: &RoomKey, updates: &[Bytes]) -> Result<Position, StorageError> {
        match self {
            Storage::Memory(memory) => Ok(memory.append(key, updates)),
            Storage::File(file) => file.append(key, updates).await,
            Storage::Redis(redis) => redis.append(key, updates).await,
        }
    }

    /// Puts a snapshot in the place of everything up to a position, in one step.
    ///
    /// # Errors
    /// When it is not done; then everything is as it was.
    pub(crate) async fn compact(&self, key: &RoomKey, through: Position, snapshot: Bytes) -> Result<(), StorageError> {
        match self {
            Storage::Memory(memory) => {
                memory.compact(key, through, snapshot);
                Ok(())
            }
            Storage::File(file) => file.compact(key, through, snapshot).await,
            Storage::Redis(redis) => redis.compact(key, through, &snapshot).await,
        }
    }

    /// The rooms of a cluster of which anything is kept; not the private ones.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) async fn rooms(&self, cluster: &ClusterName) -> Result<Vec<Room>, StorageError> {
        match self {
            Storage::Memory(memory) => Ok(memory.rooms(cluster)),
            Storage::File(file) => file.rooms(cluster).await,
            Storage::Redis(redis) => redis.rooms(cluster).await,
        }
    }
}

impl Feed {
    /// The next thing that another proxy did.
    pub(crate) async fn next(&self) -> Elsewhere {
        match self {
            Feed::Alone => std::future::pending().await,
            Feed::Shared(feed) => feed.next().await,
        }
    }
}

/// One line without white space, which no other key has: `prod/web`, `prod/_cluster`, `prod/_private/ann%40example.com`.
impl fmt::Display for RoomKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = |text: &str| -> String {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
        };
        write!(f, "{}/{}", encoded(&self.cluster.0), self.room)?;
        self.owner.as_deref().map_or(Ok(()), |owner| write!(f, "/{}", encoded(owner)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_rooms_have_one_key() {
        let key = |cluster: &str, room, owner: Option<&str>| RoomKey { cluster: ClusterName(cluster.into()), room, owner: owner.map(Into::into) };
        assert_eq!(key("prod", Room::Namespace("web".into()), None).to_string(), "prod/web");
        assert_eq!(key("arn:aws/prod", Room::Cluster, None).to_string(), "arn%3Aaws%2Fprod/_cluster");
        assert_eq!(key("prod", Room::Private, Some("ann@x/y")).to_string(), "prod/_private/ann%40x%2Fy");
    }
}
