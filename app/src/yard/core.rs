//! A Yard without a browser: the documents of its rooms, mirror and undo as one value. Every edit enters through [`Core::act`], everything else through
//! [`Core::receive`].

mod number;
mod salvage;

use std::collections::BTreeMap;
use std::sync::Arc;

use krateyard_shared::sync::room::Room;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{ReadTxn, StateVector, Transact, Update};

use super::action::YardAction;
use super::document::{Document, DocumentError};
use super::mirror::Mirror;
use super::origin::Origin;
use super::route::Routed;
use super::state::{WindowId, YardState};
use super::steps::{Before, Step, Steps};
use super::transact::{NewId, plan, to_front};

pub use number::Resting;
pub use salvage::Salvaged;

/// One person's copy of a Yard.
pub struct Core {
    client: u64,
    /// Documents made so far: each has a number of its own, also the second one of a room.
    made: u64,
    rooms: BTreeMap<Room, Copy>,
    mirror: Mirror,
    steps: Steps,
    news: Vec<News>,
}

/// The copy of a room.
struct Copy {
    document: Document,
    /// Its number as its peers know it: of no other copy, while a document may go on under a number of before.
    peer: u64,
    /// What came before something that it builds on, merged: yrs alone now and then keeps such updates waiting although everything is there.
    early: Option<Vec<u8>>,
    /// Set once and for good: a document that may not be touched.
    refused: Option<DocumentError>,
    /// Whether any of it came from others: then not all of it is this person's.
    shared: bool,
    /// What of it the proxy has, once that is known.
    known: Option<StateVector>,
}

/// What happened to a room's document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It changed.
    Change(Change),
    /// All of it is gone from this browser: what follows begins anew.
    Wiped(Room),
}

/// An update as it came out of a transaction, V1 encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Of which room.
    pub room: Room,
    /// Who made it.
    pub origin: Origin,
    /// The update.
    pub update: Vec<u8>,
}

impl Core {
    /// An empty Yard. `client` is a random number below 2^53 that no other copy ever uses.
    pub fn new(client: u64) -> Core {
        Core { client, made: 0, rooms: BTreeMap::new(), mirror: Mirror::default(), steps: Steps::default(), news: Vec::new() }
    }

    /// The Yard as it is.
    pub fn state(&self) -> &Arc<YardState> {
        self.mirror.state()
    }

    /// The rooms of which there is a copy.
    pub fn rooms(&self) -> impl Iterator<Item = &Room> {
        self.rooms.keys()
    }

    /// Whether there is a copy of a room.
    pub fn has(&self, room: &Room) -> bool {
        self.rooms.contains_key(room)
    }

    /// Why a room takes no edits, if so.
    pub fn refused(&self, room: &Room) -> Option<&DocumentError> {
        self.rooms.get(room)?.refused.as_ref()
    }

    /// Whether this person may change a room, as far as is known: yes until somebody says no.
    pub fn may_write(&self, room: &Room) -> bool {
        self.mirror.may_write(room)
    }

    /// Whether there is a step to take back.
    pub fn can_undo(&self) -> bool {
        self.steps.can_undo()
    }

    /// Whether there is a step to do again.
    pub fn can_redo(&self) -> bool {
        self.steps.can_redo()
    }

    /// One edit. Gives the window that [`YardAction::Open`] opened or found open, the first one that [`YardAction::Place`] put, or the note or arrow that was put.
    pub fn act(&mut self, action: &YardAction, new_id: &mut NewId<'_>) -> Option<WindowId> {
        match action {
            YardAction::Undo => {
                if let Some(writes) = self.steps.undo(&self.mirror) {
                    let step = self.write(Origin::Undo, &writes);
                    self.steps.undid(step);
                }
            }
            YardAction::Redo => {
                if let Some(writes) = self.steps.redo(&self.mirror) {
                    let step = self.write(Origin::Undo, &writes);
                    self.steps.redid(step);
                }
            }
            YardAction::Raise { krate } => {
                self.write(Origin::Raise, &to_front(&self.mirror, krate));
            }
            _ => {
                let plan = plan(&self.mirror, action, new_id);
                let step = self.write(Origin::Local, &plan.writes);
                self.steps.did(step);
                if let Some(krate) = plan.raise {
                    self.write(Origin::Raise, &to_front(&self.mirror, &krate));
                }
                return plan.made;
            }
        }
        None
    }

    /// Takes an update in that did not start here.
    pub fn receive(&mut self, room: &Room, origin: Origin, update: &[u8]) -> Result<(), DocumentError> {
        // What another tab or the browser still has of a room that was closed.
        if self.is_closed(room) && origin != Origin::Shared {
            return Ok(());
        }
        let copy = self.copy(room);
        if let Some(refused) = &copy.refused {
            return Err(refused.clone());
        }
        let written = copy.clock();
        let applied = copy.apply(origin, update);
        copy.shared |= origin == Origin::Shared;
        let is_taken = origin != Origin::Restored && copy.clock() != written;
        if let Err(error @ DocumentError::Newer { .. }) = &applied {
            copy.refused = Some(error.clone());
            self.mirror.set_writable(room, false);
        }
        self.refresh(room);
        if is_taken {
            self.renumber(room);
        }
        applied
    }

    /// Begins a copy of a room, if there is none, also of one that was closed.
    pub fn open_room(&mut self, room: &Room) {
        self.copy(room);
    }

    /// Whether a room was closed: there is no copy, and nobody here may make one.
    pub fn is_closed(&self, room: &Room) -> bool {
        !self.rooms.contains_key(room) && !self.may_write(room)
    }

    /// What was kept of a room is not all this person's own.
    pub fn set_shared(&mut self, room: &Room) {
        if !self.is_closed(room) {
            self.copy(room).shared = true;
        }
    }

    /// Whether any of a room came from others.
    pub fn is_shared(&self, room: &Room) -> bool {
        self.rooms.get(room).is_some_and(|copy| copy.shared)
    }

    /// The proxy has what this state vector says, and nothing else: it may have begun anew.
    ///
    /// # Errors
    /// When it can not be read.
    pub fn proxy_says(&mut self, room: &Room, state_vector: &[u8]) -> Result<(), DocumentError> {
        let vector = decode_vector(state_vector)?;
        if let Some(copy) = self.rooms.get_mut(room) {
            copy.known = Some(vector);
        }
        Ok(())
    }

    /// What the proxy is known to have, encoded.
    pub fn proxy_vector(&self, room: &Room) -> Vec<u8> {
        self.rooms.get(room).and_then(|copy| copy.known.as_ref()).map_or_else(Core::no_vector, StateVector::encode_v1)
    }

    /// What a copy knows that has this update and all before it, encoded; nothing if it can not be read.
    pub fn vector_of(update: &[u8]) -> Vec<u8> {
        let Ok(update) = Update::decode_v1(update) else { return Core::no_vector() };
        // `Update::state_vector` has only those of whom the update has everything from the beginning.
        let mut vector = StateVector::default();
        for (client, ranges) in update.insertions(true).iter() {
            ranges.iter().for_each(|range| vector.set_max(*client, range.end));
        }
        vector.encode_v1()
    }

    /// What a copy knows that knows nothing, encoded.
    pub fn no_vector() -> Vec<u8> {
        StateVector::default().encode_v1()
    }

    /// The proxy has what this state vector says, too.
    ///
    /// # Errors
    /// When it can not be read.
    pub fn proxy_has(&mut self, room: &Room, state_vector: &[u8]) -> Result<(), DocumentError> {
        let vector = decode_vector(state_vector)?;
        if let Some(copy) = self.rooms.get_mut(room) {
            copy.known.get_or_insert_default().merge(vector);
        }
        Ok(())
    }

    /// Somebody who knows says whether this person may change a room. What they did in it meanwhile stays in the copy: see [`Core::replace`]. One's own room
    /// is always theirs.
    pub fn set_writable(&mut self, room: &Room, writable: bool) {
        if *room != Room::Private && self.refused(room).is_none() {
            self.mirror.set_writable(room, writable);
        }
    }

    /// What happened since the last call, whoever made it.
    pub fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// A whole room as one update; `None` where there is none.
    pub fn snapshot(&self, room: &Room) -> Option<Vec<u8>> {
        Some(self.rooms.get(room)?.document.snapshot())
    }

    /// What this copy knows of a room, encoded: another copy answers with what is missing.
    pub fn state_vector(&self, room: &Room) -> Vec<u8> {
        self.vector(room).encode_v1()
    }

    /// What a copy of a room with this state vector lacks.
    pub fn missing_for(&self, room: &Room, state_vector: &[u8]) -> Result<Vec<u8>, DocumentError> {
        let theirs = decode_vector(state_vector)?;
        Ok(match self.rooms.get(room) {
            Some(copy) => copy.document.doc.transact().encode_state_as_update_v1(&theirs),
            None => Document::new(0).snapshot(),
        })
    }

    /// Whether this copy has made or heard something that a copy with this state vector has not. Deletions have no place in a state vector, so a copy that
    /// has ever deleted anything says yes.
    pub fn has_news_for(&self, room: &Room, state_vector: &[u8]) -> Result<bool, DocumentError> {
        let has_deleted = |copy: &Copy| !copy.document.doc.transact().snapshot().delete_set.is_empty();
        Ok(self.rooms.get(room).is_some_and(has_deleted) || self.is_ahead_of(room, state_vector)?)
    }

    /// Whether this copy holds something that a copy with this state vector has never heard of.
    pub fn is_ahead_of(&self, room: &Room, state_vector: &[u8]) -> Result<bool, DocumentError> {
        let theirs = decode_vector(state_vector)?;
        Ok(self.vector(room).iter().any(|(client, clock)| *clock > theirs.get(client)))
    }

    /// Whether anything was deleted here that an update does not say is. Of what can not be read: yes.
    pub fn has_deleted_more(&self, room: &Room, update: &[u8]) -> bool {
        let Some(copy) = self.rooms.get(room) else { return false };
        let deleted = copy.document.doc.transact().snapshot().delete_set;
        Update::decode_v1(update).map_or(true, |update| !deleted.diff(update.delete_set()).is_empty())
    }

    /// Whether a copy with this state vector knows something that this one does not.
    pub fn lacks_something_of(&self, room: &Room, state_vector: &[u8]) -> Result<bool, DocumentError> {
        let ours = self.vector(room);
        Ok(decode_vector(state_vector)?.iter().any(|(client, clock)| *clock > ours.get(client)))
    }

    /// Whether something is missing that what came builds on: time to ask for it.
    pub fn is_incomplete(&self, room: &Room) -> bool {
        self.rooms.get(room).is_some_and(|copy| copy.early.is_some())
    }

    /// The number of this copy of a room among all copies of it, as its peers know it.
    pub fn client(&self, room: &Room) -> Option<u64> {
        Some(self.rooms.get(room)?.peer)
    }

    fn vector(&self, room: &Room) -> StateVector {
        self.rooms.get(room).map_or_else(StateVector::default, |copy| copy.document.doc.transact().state_vector())
    }

    fn copy(&mut self, room: &Room) -> &mut Copy {
        if !self.rooms.contains_key(room) {
            self.begin(room, None);
        }
        self.rooms.get_mut(room).expect("it was just begun")
    }

    /// A copy with a number of its own, or one under which to go on.
    fn begin(&mut self, room: &Room, client: Option<u64>) {
        self.made += 1;
        let peer = number(self.client, self.made);
        self.rooms.insert(room.clone(), Copy::of(Document::new(client.unwrap_or(peer)), peer));
    }

    /// Writes, one transaction a room; what may not be written is not. Gives what changed.
    fn write(&mut self, origin: Origin, writes: &Routed) -> Step {
        let before = Before::of(&self.mirror, writes);
        for (room, writes) in writes.iter().filter(|(_, writes)| !writes.is_empty()) {
            self.copy(room).document.write(origin, writes);
            self.refresh(room);
        }
        before.after(&self.mirror)
    }

    fn refresh(&mut self, room: &Room) {
        let Some(copy) = self.rooms.get(room) else { return };
        self.mirror.refresh(room, Some(&copy.document), &copy.document.take_dirty());
        let changes = copy.document.take_changes().into_iter();
        self.news.extend(changes.map(|(origin, update)| News::Change(Change { room: room.clone(), origin, update })));
    }
}

impl Copy {
    fn of(document: Document, peer: u64) -> Copy {
        Copy { document, peer, early: None, refused: None, shared: false, known: None }
    }

    fn apply(&mut self, origin: Origin, update: &[u8]) -> Result<(), DocumentError> {
        if let Some(known) = self.known.as_mut().filter(|_| origin == Origin::Shared) {
            known.merge(Update::decode_v1(update).map_err(|error| DocumentError::Decode(error.to_string()))?.state_vector());
        }
        let is_early = self.document.leaves_gap(update);
        if !is_early {
            self.document.apply(origin, update)?;
        }
        if is_early || self.document.waits() {
            self.early = Some(match self.early.take() {
                Some(early) => yrs::merge_updates_v1([&early[..], update]).map_err(|error| DocumentError::Decode(error.to_string()))?,
                None => update.to_vec(),
            });
        }
        // With a hole in it yrs would corrupt the document: what comes before something that it builds on waits outside until that is there.
        if let Some(early) = self.early.take_if(|early| !self.document.leaves_gap(early)) {
            self.document.apply(origin, &early)?;
            self.early = self.document.waits().then_some(early);
        }
        Ok(())
    }
}

/// The number of the `made`th document of a client: as random as the client's own (SplitMix64, Steele, Lea and Flood 2014), and below 2^53.
fn number(client: u64, made: u64) -> u64 {
    let mut z = client.wrapping_add(made.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) & ((1 << 53) - 1)
}

fn decode_vector(bytes: &[u8]) -> Result<StateVector, DocumentError> {
    StateVector::decode_v1(bytes).map_err(|error| DocumentError::Decode(error.to_string()))
}

#[cfg(test)]
mod tests;
