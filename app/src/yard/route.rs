//! From what an action writes to where: which room's document each write goes to, and what has to move to another room with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use krateyard_shared::sync::room::Room;

use super::mirror::Mirror;
use super::rooms::{fits, room_between};
use super::state::{Arrow, KrateId};
use super::stored::{Item, StoredArrow, StoredKrate, StoredWindow, Write};

/// Writes by room: one transaction each.
pub(crate) type Routed = BTreeMap<Room, Vec<Write>>;

/// What is put anew, with what the action still does to it.
#[derive(Default)]
struct Moving {
    krates: BTreeMap<KrateId, (Room, StoredKrate)>,
    windows: BTreeMap<Arc<str>, (Room, StoredWindow)>,
    out: Routed,
}

/// Routes writes. `rooms` names the room of each krate that is new or goes to another one; all others stay where they are. A krate goes whole, under its own
/// keys, so that views and running shells stay.
pub(crate) fn route(mirror: &Mirror, writes: Vec<Write>, rooms: &[(KrateId, Room)]) -> Routed {
    let mut moving = Moving::default();
    let room_of = |krate: &KrateId| {
        let named = rooms.iter().find(|(id, _)| id == krate).map(|(_, room)| room.clone());
        named.or_else(|| mirror.krates.first(krate).map(|(room, _)| room.clone())).or_else(|| mirror.state().krate(krate).map(|krate| krate.room.clone()))
    };
    for (id, room) in rooms {
        if mirror.state().krate(id).is_some_and(|krate| krate.room != *room) {
            moving.krate(mirror, id, room);
            mirror.windows_of(id).for_each(|window| moving.window(mirror, window, room));
        }
    }
    moving.arrows(mirror, rooms, &writes);
    for write in writes {
        match write {
            Write::PutKrate(id, krate) => {
                let room = room_of(&id).unwrap_or(Room::Private);
                moving.krates.insert(id, (room, krate));
            }
            Write::PutWindow(id, window) => {
                let room = room_of(&window.home.krate).unwrap_or(Room::Private);
                moving.windows.insert(id, (room, window));
            }
            Write::MoveWindow(id, home) => {
                let room = room_of(&home.krate).unwrap_or(Room::Private);
                moving.window(mirror, &id, &room);
                moving.windows(mirror, id.clone(), Write::MoveWindow(id, home));
            }
            Write::MoveKrate(ref id, _) | Write::RaiseKrate(ref id, _) | Write::MinimiseKrate(ref id, _) | Write::SetKrateSubject(ref id, _) => {
                let id = id.clone();
                moving.krates(mirror, id, write);
            }
            Write::SetWindowSubject(ref id, ref subject) => {
                let id = id.clone();
                // Its krate may be there while it is still in a room where this has no place.
                if let Some((of, window)) = mirror.windows.first(&id).filter(|(of, _)| !fits(subject, of)) {
                    let room = room_of(&window.home.krate).filter(|room| room != of).unwrap_or(Room::Private);
                    moving.window(mirror, &id, &room);
                }
                moving.windows(mirror, id, write);
            }
            Write::ShowInWindow(ref id, _) | Write::ResizeWindow(ref id, _) => {
                let id = id.clone();
                moving.windows(mirror, id, write);
            }
            Write::RemoveKrate(ref id) => moving.everywhere(mirror.krates.rooms(id), &write),
            Write::RemoveWindow(ref id) => moving.everywhere(mirror.windows.rooms(id), &write),
            Write::RemoveNote(ref id) => moving.everywhere(mirror.notes.rooms(id), &write),
            Write::RemoveArrow(ref id) => moving.everywhere(mirror.arrows.rooms(id), &write),
            Write::MoveNote(ref id, _) | Write::EditNote(ref id, _) => moving.emit(mirror.notes.first(id).map(|(room, _)| room), write),
            // New ones come with their room (`Plan::put`).
            Write::PutNote(..) | Write::PutArrow(..) => {}
        }
    }
    let Moving { krates, windows, mut out } = moving;
    for (id, (room, krate)) in krates {
        out.entry(room).or_default().push(krate.put(&id));
    }
    for (id, (room, window)) in windows {
        out.entry(room).or_default().push(window.put(&id));
    }
    out
}

impl Moving {
    fn emit(&mut self, room: Option<&Room>, write: Write) {
        if let Some(room) = room {
            self.out.entry(room.clone()).or_default().push(write);
        }
    }

    fn everywhere<'a>(&mut self, rooms: impl Iterator<Item = &'a Room>, write: &Write) {
        rooms.for_each(|room| self.emit(Some(room), write.clone()));
    }

    /// A krate leaves the rooms that it is in.
    fn krate(&mut self, mirror: &Mirror, id: &KrateId, to: &Room) {
        if let Some((_, krate)) = mirror.krates.first(id) {
            self.krates.insert(id.clone(), (to.clone(), krate.clone()));
            self.everywhere(mirror.krates.rooms(id).filter(|room| *room != to), &Write::RemoveKrate(id.clone()));
        }
    }

    /// Arrows go where their krates are then, as if they were drawn there; one's own stay so, and so do those that this person may not move.
    fn arrows(&mut self, mirror: &Mirror, rooms: &[(KrateId, Room)], writes: &[Write]) {
        let after = |id: &KrateId| {
            let named = rooms.iter().find(|(krate, _)| krate == id).map(|(_, room)| room);
            named.or_else(|| mirror.state().krate(id).map(|krate| &krate.room))
        };
        let touched = |arrow: &Arrow| rooms.iter().any(|(id, _)| arrow.from == *id || arrow.to == *id);
        let goes = |arrow: &Arrow| writes.contains(&Write::RemoveArrow(arrow.id.clone()));
        for arrow in mirror.state().arrows.iter().filter(|arrow| touched(arrow) && arrow.room != Room::Private && !goes(arrow)) {
            let (Some(from), Some(to)) = (after(&arrow.from), after(&arrow.to)) else { continue };
            let room = room_between(from, to);
            if room != arrow.room && mirror.may_write(&room) && mirror.arrows.rooms(&arrow.id).all(|room| mirror.may_write(room)) {
                self.everywhere(mirror.arrows.rooms(&arrow.id).filter(|of| **of != room), &Write::RemoveArrow(arrow.id.clone()));
                self.emit(Some(&room), StoredArrow { from: arrow.from.clone(), to: arrow.to.clone() }.put(&arrow.id));
            }
        }
    }

    /// So does a window, unless it is where it should be already.
    fn window(&mut self, mirror: &Mirror, id: &Arc<str>, to: &Room) {
        let Some((_, window)) = mirror.windows.first(id) else { return };
        let mut leaves = mirror.windows.rooms(id).filter(|room| *room != to).peekable();
        if leaves.peek().is_some() && !self.windows.contains_key(id) {
            self.windows.insert(id.clone(), (to.clone(), window.clone()));
            self.everywhere(leaves, &Write::RemoveWindow(id.clone()));
        }
    }

    fn krates(&mut self, mirror: &Mirror, id: KrateId, write: Write) {
        match (self.krates.get_mut(&id), write) {
            (Some((_, krate)), Write::MoveKrate(_, at)) => krate.at = at,
            (Some((_, krate)), Write::RaiseKrate(_, z)) => krate.z = z,
            (Some((_, krate)), Write::MinimiseKrate(_, minimised)) => krate.minimised = minimised,
            (Some((_, krate)), Write::SetKrateSubject(_, subject)) => krate.subject = subject,
            (_, write) => self.emit(mirror.krates.first(&id).map(|(room, _)| room), write),
        }
    }

    fn windows(&mut self, mirror: &Mirror, id: Arc<str>, write: Write) {
        match (self.windows.get_mut(&id), write) {
            (Some((_, window)), Write::MoveWindow(_, home)) => window.home = home,
            (Some((_, window)), Write::ShowInWindow(_, content)) => window.content = content,
            (Some((_, window)), Write::SetWindowSubject(_, subject)) => window.subject = subject,
            (Some((_, window)), Write::ResizeWindow(_, size)) => window.size = size,
            (_, write) => self.emit(mirror.windows.first(&id).map(|(room, _)| room), write),
        }
    }
}
