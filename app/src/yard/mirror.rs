//! The documents of all rooms as plain data on one plane: read anew only where they changed, everything else keeps its allocation.
//!
//! What has one key in two rooms (two people moved it to different ones at the same time) shows once, as in the first of them; nothing of it is lost.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use krateyard_shared::sync::room::Room;

use super::document::{Dirty, Document};
use super::layout::WINDOW_LEAST;
use super::state::{Arrow, Krate, KrateId, NOTE_MOST, Note, Point, Size, Window, WindowId, YardState};
use super::stored::{StoredArrow, StoredKrate, StoredNote, StoredWindow, content_of};

/// Nothing lies further out than this: the world has no edge, but numbers have.
const WORLD: f64 = 1_000_000.0;
/// No window is larger than this.
const WINDOW_MOST: f64 = 8_000.0;

/// What the documents hold and what of it shows.
#[derive(Default)]
pub(crate) struct Mirror {
    pub(crate) krates: Layers<StoredKrate>,
    pub(crate) windows: Layers<StoredWindow>,
    pub(crate) notes: Layers<StoredNote>,
    pub(crate) arrows: Layers<StoredArrow>,
    /// Rooms that this person may not change, as far as is known.
    read_only: BTreeSet<Room>,
    /// The windows of each krate, in the order in which they tile.
    homes: HashMap<KrateId, BTreeSet<(i64, WindowId)>>,
    shown: BTreeMap<(i64, KrateId), Arc<Krate>>,
    shown_notes: BTreeMap<Arc<str>, Arc<Note>>,
    known_arrows: BTreeMap<Arc<str>, Arc<Arrow>>,
    state: Arc<YardState>,
}

/// Things by key and room, the rooms in their order.
pub(crate) struct Layers<T>(HashMap<Arc<str>, Vec<(Room, T)>>);

impl<T> Default for Layers<T> {
    fn default() -> Layers<T> {
        Layers(HashMap::new())
    }
}

impl<T> Layers<T> {
    /// What shows of a key: as the first of its rooms has it.
    pub(crate) fn first(&self, id: &str) -> Option<&(Room, T)> {
        self.0.get(id)?.first()
    }

    /// As one room has it.
    pub(crate) fn of(&self, room: &Room, id: &str) -> Option<&T> {
        self.0.get(id)?.iter().find(|(of, _)| of == room).map(|(_, value)| value)
    }

    /// Every room that has it.
    pub(crate) fn rooms(&self, id: &str) -> impl Iterator<Item = &Room> {
        self.0.get(id).into_iter().flatten().map(|(room, _)| room)
    }

    /// The keys of a room.
    pub(crate) fn keys_of(&self, room: &Room) -> BTreeSet<Arc<str>> {
        self.0.iter().filter(|(_, layers)| layers.iter().any(|(of, _)| of == room)).map(|(id, _)| id.clone()).collect()
    }

    fn set(&mut self, room: &Room, id: &Arc<str>, value: Option<T>) {
        let layers = self.0.entry(id.clone()).or_default();
        layers.retain(|(of, _)| of != room);
        if let Some(value) = value {
            let at = layers.partition_point(|(of, _)| of < room);
            layers.insert(at, (room.clone(), value));
        }
        if layers.is_empty() {
            self.0.remove(id);
        }
    }
}

impl Mirror {
    /// The Yard as it is.
    pub(crate) fn state(&self) -> &Arc<YardState> {
        &self.state
    }

    /// Whether this person may change a room, as far as is known.
    pub(crate) fn may_write(&self, room: &Room) -> bool {
        !self.read_only.contains(room)
    }

    /// Every window of a krate, those of unknown views included.
    pub(crate) fn windows_of(&self, krate: &str) -> impl Iterator<Item = &WindowId> {
        self.homes.get(krate).into_iter().flatten().map(|(_, id)| id)
    }

    /// The place after the last window of a krate.
    pub(crate) fn next_order(&self, krate: &str) -> i64 {
        self.homes.get(krate).and_then(|windows| windows.last()).map_or(0, |(order, _)| order.saturating_add(1))
    }

    /// The place in front of every krate.
    pub(crate) fn next_z(&self) -> i64 {
        self.shown.last_key_value().map_or(0, |((z, _), _)| z.saturating_add(1))
    }

    /// Whether a krate is in front already.
    pub(crate) fn is_in_front(&self, krate: &str) -> bool {
        self.shown.last_key_value().is_some_and(|((_, id), _)| &**id == krate)
    }

    /// The keys of a room.
    pub(crate) fn keys_of(&self, room: &Room) -> Dirty {
        Dirty { krates: self.krates.keys_of(room), windows: self.windows.keys_of(room), notes: self.notes.keys_of(room), arrows: self.arrows.keys_of(room) }
    }

    /// Reads what changed in a room; without its document, that nothing of it is there any more.
    pub(crate) fn refresh(&mut self, room: &Room, document: Option<&Document>, dirty: &Dirty) {
        let mut stale = BTreeSet::new();
        let (krates, windows, notes, arrows) = match document {
            Some(document) => document.read(dirty),
            None => Default::default(),
        };
        let (mut krates, mut windows, mut notes, mut arrows) = (krates, windows, notes, arrows);
        for id in &dirty.krates {
            stale.insert(id.clone());
            self.hide(id);
            self.krates.set(room, id, krates.remove(id));
        }
        for id in &dirty.windows {
            stale.extend(self.leave_home(id));
            self.windows.set(room, id, windows.remove(id));
            if let Some((_, window)) = self.windows.first(id) {
                let home = window.home.clone();
                self.homes.entry(home.krate.clone()).or_default().insert((home.order, id.clone()));
                stale.insert(home.krate);
            }
        }
        for id in &dirty.notes {
            self.notes.set(room, id, notes.remove(id));
            self.show_note(id);
        }
        for id in &dirty.arrows {
            self.arrows.set(room, id, arrows.remove(id));
            self.show_arrow(id);
        }
        stale.iter().for_each(|id| self.show(id));
        self.publish();
    }

    /// This person may change a room, or may not.
    pub(crate) fn set_writable(&mut self, room: &Room, writable: bool) {
        let changed = if writable { self.read_only.remove(room) } else { self.read_only.insert(room.clone()) };
        if changed {
            let keys = self.keys_of(room);
            let homes = keys.windows.iter().filter_map(|id| self.windows.first(id)).map(|(_, window)| window.home.krate.clone());
            homes.chain(keys.krates.iter().cloned()).collect::<BTreeSet<_>>().iter().for_each(|id| self.show(id));
            keys.notes.iter().for_each(|id| self.show_note(id));
            keys.arrows.iter().for_each(|id| self.show_arrow(id));
            self.publish();
        }
    }

    fn leave_home(&mut self, id: &WindowId) -> Option<KrateId> {
        let home = self.windows.first(id)?.1.home.clone();
        if let Some(windows) = self.homes.get_mut(&home.krate) {
            windows.remove(&(home.order, id.clone()));
            if windows.is_empty() {
                self.homes.remove(&home.krate);
            }
        }
        Some(home.krate)
    }

    fn hide(&mut self, id: &KrateId) {
        let z = self.z(id);
        self.shown.remove(&(z, id.clone()));
    }

    fn z(&self, id: &KrateId) -> i64 {
        self.krates.first(id).map_or(0, |(_, krate)| krate.z)
    }

    /// A krate shows when it has windows that do, whether or not it is stored itself.
    fn show(&mut self, id: &KrateId) {
        let key = (self.z(id), id.clone());
        match self.compose(id) {
            Some(krate) => {
                if self.shown.get(&key).is_none_or(|shown| **shown != krate) {
                    self.shown.insert(key, Arc::new(krate));
                }
            }
            None => drop(self.shown.remove(&key)),
        }
    }

    fn compose(&self, id: &KrateId) -> Option<Krate> {
        let windows: Vec<_> = self
            .windows_of(id)
            .filter_map(|id| self.windows.first(id).map(|(room, window)| (id, room, window)))
            .filter_map(|(id, room, window)| content_of(&window.content).map(|content| (id, room, window, content)))
            .collect();
        let (_, room, first, _) = windows.first()?;
        let stored = self.krates.first(id);
        let room = stored.map_or(*room, |(room, _)| room);
        let stored = stored.map(|(_, krate)| krate);
        let subject = stored.map_or(&first.subject, |krate| &krate.subject).clone();
        let at = clamp_point(stored.map_or(first.home.at, |krate| krate.at));
        let windows = windows.into_iter().map(|(id, _, window, content)| {
            let size = clamp_size(window.size.unwrap_or(content.default_size()));
            Window { id: id.clone(), content, subject: (window.subject != subject).then(|| window.subject.clone()), size }
        });
        Some(Krate {
            id: id.clone(),
            room: room.clone(),
            writable: self.may_write(room),
            at,
            minimised: stored.is_some_and(|krate| krate.minimised),
            windows: windows.collect(),
            subject: subject.clone(),
        })
    }

    fn show_note(&mut self, id: &Arc<str>) {
        let note = self.notes.first(id).map(|(room, note)| Note {
            id: id.clone(),
            room: room.clone(),
            writable: self.may_write(room),
            at: clamp_point(note.at),
            text: cut(&note.text),
        });
        keep(&mut self.shown_notes, id, note);
    }

    fn show_arrow(&mut self, id: &Arc<str>) {
        let arrow = self.arrows.first(id).map(|(room, arrow)| Arrow {
            id: id.clone(),
            room: room.clone(),
            writable: self.may_write(room),
            from: arrow.from.clone(),
            to: arrow.to.clone(),
        });
        keep(&mut self.known_arrows, id, arrow);
    }

    fn publish(&mut self) {
        let shows = |id: &KrateId| self.shown.contains_key(&(self.z(id), id.clone()));
        let arrows = self.known_arrows.values().filter(|arrow| shows(&arrow.from) && shows(&arrow.to));
        let same = is_same(&self.state.krates, self.shown.values())
            && is_same(&self.state.notes, self.shown_notes.values())
            && is_same(&self.state.arrows, arrows.clone());
        if !same {
            let (krates, notes) = (self.shown.values().cloned().collect(), self.shown_notes.values().cloned().collect());
            self.state = Arc::new(YardState { krates, notes, arrows: arrows.cloned().collect() });
        }
    }
}

fn is_same<'a, T: 'a>(old: &[Arc<T>], new: impl Iterator<Item = &'a Arc<T>> + Clone) -> bool {
    old.len() == new.clone().count() && old.iter().zip(new).all(|(old, new)| Arc::ptr_eq(old, new))
}

fn keep<T: PartialEq>(shown: &mut BTreeMap<Arc<str>, Arc<T>>, id: &Arc<str>, value: Option<T>) {
    match value {
        Some(value) if shown.get(id).is_some_and(|old| **old == value) => {}
        Some(value) => drop(shown.insert(id.clone(), Arc::new(value))),
        None => drop(shown.remove(id)),
    }
}

/// So much of a text as a note may hold.
pub(crate) fn cut(text: &str) -> Arc<str> {
    text.char_indices().nth(NOTE_MOST).map_or(text, |(end, _)| &text[..end]).into()
}

fn clamp_point(point: Point) -> Point {
    Point::new(point.x.clamp(-WORLD, WORLD), point.y.clamp(-WORLD, WORLD))
}

pub(crate) fn clamp_size(size: Size) -> Size {
    Size::new(size.w.clamp(WINDOW_LEAST.w, WINDOW_MOST), size.h.clamp(WINDOW_LEAST.h, WINDOW_MOST)).rounded()
}
