//! Rooms that are kept until the proxy ends: for tests, and for who wants no trace.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use krateyard_shared::identity::ClusterName;
use krateyard_shared::sync::room::Room;

use super::{Kept, Position, RoomKey};

/// Copies are one and the same.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<BTreeMap<RoomKey, Kept>>>);

impl Memory {
    pub(super) fn load(&self, key: &RoomKey) -> Kept {
        self.0.lock().expect("no panic while held").get(key).cloned().unwrap_or_default()
    }

    pub(super) fn append(&self, key: &RoomKey, updates: &[Bytes]) -> Position {
        let mut rooms = self.0.lock().expect("no panic while held");
        let kept = rooms.entry(key.clone()).or_default();
        kept.updates.extend_from_slice(updates);
        kept.position.0 += updates.len() as u128;
        kept.position
    }

    pub(super) fn compact(&self, key: &RoomKey, through: Position, snapshot: Bytes) {
        let mut rooms = self.0.lock().expect("no panic while held");
        let Some(kept) = rooms.get_mut(key) else { return };
        let later = usize::try_from(kept.position.0.saturating_sub(through.0)).unwrap_or(0).min(kept.updates.len());
        let before = kept.updates.len() - later;
        kept.updates.splice(..before, [snapshot]);
    }

    pub(super) fn rooms(&self, cluster: &ClusterName) -> Vec<Room> {
        let rooms = self.0.lock().expect("no panic while held");
        rooms.keys().filter(|key| key.cluster == *cluster && key.owner.is_none()).map(|key| key.room.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_takes_the_place_of_what_was_before_it_and_of_nothing_later() {
        let memory = Memory::default();
        let key = RoomKey { cluster: ClusterName("prod".into()), room: Room::Cluster, owner: None };
        let of = |texts: &[&'static str]| texts.iter().map(|text| Bytes::from_static(text.as_bytes())).collect::<Vec<_>>();
        let position = memory.append(&key, &of(&["a", "b"]));
        memory.append(&key, &of(&["c"]));
        memory.compact(&key, position, Bytes::from_static(b"ab"));
        assert_eq!(memory.load(&key).updates, of(&["ab", "c"]));
        let end = memory.append(&key, &of(&["d"]));
        memory.compact(&key, end, Bytes::from_static(b"abcd"));
        assert_eq!(memory.load(&key), Kept { updates: of(&["abcd"]), position: end });
        let private = RoomKey { room: Room::Private, owner: Some("ann".into()), ..key.clone() };
        memory.append(&private, &of(&["x"]));
        assert_eq!(memory.rooms(&key.cluster), [Room::Cluster]);
    }
}
