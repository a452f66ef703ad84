//! What waits to be written. Bounded: beyond a number of updates it is "everything".

use std::collections::BTreeSet;

use krateyard_shared::sync::room::Room;

use super::record::Record;
use crate::yard::core::{Change, Core, News};
use crate::yard::origin::Origin;

/// More updates than this wait only while a vault is slow or broken: then whole documents are written instead of them.
const UPDATES_MOST: usize = 64;
/// Or as many bytes.
const BYTES_MOST: usize = 4 << 20;

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Pending {
    updates: Vec<Change>,
    bytes: usize,
    everything: bool,
    /// Rooms of which everything that was kept before goes first.
    pub(super) wiped: BTreeSet<Room>,
}

impl Pending {
    /// Something happened. Says whether it is to be kept.
    pub(super) fn push(&mut self, news: &News) -> bool {
        match news {
            News::Change(change) if !change.origin.is_kept() => return false,
            News::Change(_) if self.everything => {}
            News::Change(change) => {
                self.bytes += change.update.len();
                self.updates.push(change.clone());
                if self.updates.len() > UPDATES_MOST || self.bytes > BYTES_MOST {
                    self.all_again();
                }
            }
            News::Wiped(room) => {
                self.updates.retain(|change| change.room != *room);
                self.wiped.insert(room.clone());
            }
        }
        true
    }

    /// What was taken could not be written.
    pub(super) fn all_again(&mut self) {
        (self.updates, self.bytes, self.everything) = (Vec::new(), 0, true);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.updates.is_empty() && !self.everything && self.wiped.is_empty()
    }

    /// The records to write; without a Yard (it is gone) what was gathered of it.
    pub(super) fn records(&self, core: Option<&Core>) -> Vec<Vec<u8>> {
        match core.filter(|_| self.everything) {
            Some(core) => {
                let rooms = core.rooms().filter(|room| core.refused(room).is_none());
                let record = |room: &Room| Some(Record { room: room.clone(), shared: core.is_shared(room), update: &core.snapshot(room)? }.frame());
                rooms.filter_map(record).collect()
            }
            None => {
                let record = |change: &Change| Record { room: change.room.clone(), shared: change.origin == Origin::Shared, update: &change.update }.frame();
                self.updates.iter().map(record).collect()
            }
        }
    }
}
