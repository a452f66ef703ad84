//! Rooms: the unit of permission of a Yard. Each is a document of its own; all of a cluster share one plane.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};

/// The group of the virtual resource by which RBAC can rule rooms; no API server serves it.
pub const YARDS_GROUP: &str = "krateyard.dev";
/// Its plural.
pub const YARDS: &str = "yards";

/// A room of a cluster's Yard.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub enum Room {
    /// What is about the cluster itself, or about several namespaces.
    #[n(0)]
    Cluster,
    /// One person's own: nobody else ever sees it.
    #[n(1)]
    Private,
    /// What is about one namespace.
    #[n(2)]
    Namespace(#[n(0)] String),
}

/// A room's name is none: neither `_cluster` nor `_private` nor a namespace's (a DNS label, RFC 1123).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no room: _cluster, _private, or a namespace")]
pub struct NoRoom;

impl Room {
    /// The namespace, where it is one's.
    pub fn namespace(&self) -> Option<&str> {
        if let Room::Namespace(namespace) = self { Some(namespace) } else { None }
    }

    /// Whether its name is one that a cluster could have.
    pub fn is_valid(&self) -> bool {
        self.namespace().is_none_or(is_label)
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            // A label never begins so.
            Room::Cluster => "_cluster",
            Room::Private => "_private",
            Room::Namespace(namespace) => namespace,
        })
    }
}

impl FromStr for Room {
    type Err = NoRoom;

    fn from_str(name: &str) -> Result<Room, NoRoom> {
        match name {
            "_cluster" => Ok(Room::Cluster),
            "_private" => Ok(Room::Private),
            namespace if is_label(namespace) => Ok(Room::Namespace(namespace.to_owned())),
            _ => Err(NoRoom),
        }
    }
}

fn is_label(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_named_in_one_way_and_no_namespace_is_named_like_the_others() {
        for room in [Room::Cluster, Room::Private, Room::Namespace("web-1".into())] {
            assert_eq!(room.to_string().parse(), Ok(room));
        }
        for name in ["", "_other", "Web", "-web", "web-", "a/b", "ü", &"a".repeat(64)] {
            assert_eq!(name.parse::<Room>(), Err(NoRoom), "{name}");
        }
    }
}
