//! What becomes of this person's own things in a room that turns out not to be theirs to change, or not to see: they go to the private room.

use std::collections::BTreeMap;
use std::sync::Arc;

use krateyard_shared::sync::room::Room;
use yrs::StateVector;

use super::{Copy, Core, News, Routed};
use crate::yard::document::{Dirty, Document, DocumentError};
use crate::yard::origin::Origin;
use crate::yard::state::KrateId;
use crate::yard::stored::{Home, Item, StoredKrate, StoredNote, StoredWindow, Write};
use crate::yard::transact::NewId;

/// How much went to the private room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Salvaged {
    pub krates: usize,
    pub notes: usize,
}

impl Salvaged {
    /// A sentence for the person; `None` if nothing had to go.
    pub fn words(&self, room: &Room) -> Option<String> {
        let some = |count: usize, one: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            count => Some(format!("{count} {one}s")),
        };
        let what: Vec<String> = [some(self.krates, "krate"), some(self.notes, "note")].into_iter().flatten().collect();
        let of = room.namespace().map_or_else(|| "the whole cluster".into(), |namespace| format!("namespace {namespace}"));
        (!what.is_empty())
            .then(|| format!("You may not change what is shared of {of}: {} of yours went to your private room, and only you see it", what.join(" and ")))
    }
}

impl Core {
    /// The proxy has this, one update after another, of a room that this person may not change: that is the room from now on. What else was done to the copy here is undone; with `salvage`
    /// (it was done in the belief that it may be) what of the copy the proxy has never heard of goes to the private room.
    ///
    /// # Errors
    /// When an update can not be read, or they are not all there is; the room is as before then.
    pub fn replace(&mut self, room: &Room, updates: &[Vec<u8>], salvage: bool, new_id: &mut NewId<'_>) -> Result<Salvaged, DocumentError> {
        let mut theirs = Copy::of(Document::new(0), 0);
        for update in updates {
            match theirs.apply(Origin::Shared, update) {
                Ok(()) | Err(DocumentError::Newer { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if theirs.early.is_some() {
            return Err(DocumentError::Apply("something is missing".into()));
        }
        let theirs = theirs.document;
        if self.rooms.get(room).is_some_and(|copy| copy.document.is_same(&theirs)) {
            return Ok(Salvaged::default());
        }
        let known = theirs.keys();
        let mut own = self.mirror.keys_of(room);
        own.krates.retain(|key| !known.krates.contains(key));
        own.windows.retain(|key| !known.windows.contains(key));
        own.arrows.retain(|key| !known.arrows.contains(key));
        let (.., notes, _) = theirs.read(&known);
        // A text that was changed here is not lost either.
        own.notes.retain(|key| notes.get(key).is_none_or(|note| self.mirror.notes.of(room, key).is_some_and(|own| own.text != note.text)));
        let salvaged = if salvage { self.salvage(room, &own, new_id) } else { Salvaged::default() };
        self.drop_room(room);
        updates.iter().try_for_each(|update| self.receive(room, Origin::Shared, update))?;
        Ok(salvaged)
    }

    /// This person may not read a room any more: it leaves, and what is kept of it. Only what the proxy has never heard of goes to the private room: all of it
    /// if nothing of it ever came from others, else what the proxy is known not to have. One's own room stays.
    pub fn close_room(&mut self, room: &Room, new_id: &mut NewId<'_>) -> Salvaged {
        if *room == Room::Private {
            return Salvaged::default();
        }
        let own = match self.rooms.get(room) {
            Some(Copy { document, known: Some(known), .. }) => document.keys_after(known),
            Some(Copy { document, shared: false, .. }) => document.keys_after(&StateVector::default()),
            _ => Dirty::default(),
        };
        let salvaged = self.salvage(room, &own, new_id);
        self.drop_room(room);
        self.mirror.set_writable(room, false);
        salvaged
    }

    fn drop_room(&mut self, room: &Room) {
        let keys = self.mirror.keys_of(room);
        self.mirror.refresh(room, None, &keys);
        self.steps.forget(room);
        self.rooms.remove(room);
        self.news.push(News::Wiped(room.clone()));
    }

    /// Copies into the private room: a krate under its own key, a window that was added to somebody else's in a new one. No step of undo.
    fn salvage(&mut self, room: &Room, own: &Dirty, new_id: &mut NewId<'_>) -> Salvaged {
        // Of a newer schema: not touched.
        if !self.may_write(&Room::Private) {
            return Salvaged::default();
        }
        let mut writes = Vec::new();
        let mut homes = BTreeMap::<KrateId, KrateId>::new();
        let windows: Vec<(&Arc<str>, StoredWindow)> =
            own.windows.iter().filter_map(|id| self.mirror.windows.of(room, id).map(|window| (id, window.clone()))).collect();
        for id in &own.krates {
            if let Some(krate) = self.mirror.krates.of(room, id) {
                homes.insert(id.clone(), id.clone());
                writes.push(krate.put(id));
            }
        }
        for (id, window) in windows {
            let home = homes.entry(window.home.krate.clone()).or_insert_with(|| {
                let (krate, at) = (new_id(), window.home.at);
                writes.push(Write::PutKrate(krate.clone(), StoredKrate { subject: window.subject.clone(), at, z: self.mirror.next_z(), minimised: false }));
                krate
            });
            let home = Home { krate: home.clone(), ..window.home.clone() };
            writes.push(StoredWindow { home, ..window }.put(id));
        }
        let notes: Vec<StoredNote> = own.notes.iter().filter_map(|id| self.mirror.notes.of(room, id).cloned()).collect();
        let salvaged = Salvaged { krates: homes.len(), notes: notes.len() };
        writes.extend(notes.iter().map(|note| note.put(&new_id())));
        writes.extend(own.arrows.iter().filter_map(|id| Some(self.mirror.arrows.of(room, id)?.put(id))));
        self.write(Origin::Salvaged, &Routed::from([(Room::Private, writes)]));
        salvaged
    }
}
