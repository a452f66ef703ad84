//! Where rooms are kept. What [`Storage::append`] has answered is there after whatever happens to the process.

mod memory;

use std::fmt;

use bytes::Bytes;
use krateyard_shared::identity::ClusterName;
use krateyard_shared::sync::room::Room;

/// A room among all that a proxy keeps. A private one is its owner's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RoomKey {
    pub(crate) cluster: ClusterName,
    pub(crate) room: Room,
    /// The person, as the cluster knows them, of a private room; `None` for every other.
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
pub(crate) struct Position(pub(crate) u64);

/// What went wrong with keeping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StorageError {
    /// It does not answer, or refuses to write; it may do so later.
    #[allow(dead_code, reason = "memory does not fail")]
    #[error("the storage of rooms fails: {0}")]
    Failed(String),
}

/// A place where rooms are kept.
#[derive(Clone)]
pub(crate) enum Storage {
    /// Until the proxy ends.
    Memory(memory::Memory),
}

impl Storage {
    /// Of a proxy that keeps nothing past its end.
    pub(crate) fn in_memory() -> Storage {
        Storage::Memory(memory::Memory::default())
    }

    /// Everything of a room.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn load(&self, key: &RoomKey) -> Result<Kept, StorageError> {
        match self {
            Storage::Memory(memory) => Ok(memory.load(key)),
        }
    }

    /// Adds updates after all others: all or none, and they are kept once this returns.
    ///
    /// # Errors
    /// When they are not kept.
    pub(crate) async fn append(&self, key: &RoomKey, updates: &[Bytes]) -> Result<Position, StorageError> {
        match self {
            Storage::Memory(memory) => Ok(memory.append(key, updates)),
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
        }
    }

    /// The rooms of a cluster of which anything is kept; not the private ones.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) async fn rooms(&self, cluster: &ClusterName) -> Result<Vec<Room>, StorageError> {
        match self {
            Storage::Memory(memory) => Ok(memory.rooms(cluster)),
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
