//! What is put on a Yard at once: what a link or a file holds. Plain data without keys; those are made when it is put.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::room::{Room, YARDS, YARDS_GROUP};

use super::layout::{self, frame_size};
use super::mirror::{Mirror, cut};
use super::rooms::fits;
use super::route::Routed;
use super::state::{Content, KrateId, NOTE_SIZE, Point, Rect, Size, Subject, YardState};
use super::stored::{Home, StoredArrow, StoredKrate, StoredNote, StoredWindow, Write, letter};
use super::transact::{NewId, Plan};

/// Most things of a parcel: krates, windows, notes and arrows together.
pub const MOST_THINGS: usize = 4_000;
/// Most bytes of what they say, as they go to a room: an update of more is not shared (`MAX_FRAME`).
const MOST_BYTES: usize = 700_000;
/// What a thing takes besides its words, in bytes: keys and numbers.
const THING_BYTES: usize = 96;

/// Why what is of a room is not put on the Yard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// This person may not change it.
    Fixed,
    /// This person may not see it.
    Refused(Refusal),
    /// Nobody answered.
    Unknown,
}

/// Krates with their windows, notes and arrows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parcel {
    /// Those touched last at the end.
    pub krates: Vec<PackedKrate>,
    /// Sticky notes.
    pub notes: Vec<PackedNote>,
    /// Arrows.
    pub arrows: Vec<PackedArrow>,
}

/// A krate without a key.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct PackedKrate {
    pub room: Room,
    pub subject: Subject,
    pub at: Point,
    pub minimised: bool,
    /// At least one.
    pub windows: Vec<PackedWindow>,
}

/// A window without a key.
#[derive(Debug, Clone, PartialEq)]
pub struct PackedWindow {
    /// What it shows.
    pub content: Content,
    /// What it is about, where that is not its krate's subject.
    pub subject: Option<Subject>,
    /// `None` is the content's own.
    pub size: Option<Size>,
}

/// A note without a key.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct PackedNote {
    pub room: Room,
    pub at: Point,
    pub text: Arc<str>,
}

/// An arrow between krates of the same parcel, by their numbers.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct PackedArrow {
    pub room: Room,
    pub from: usize,
    pub to: usize,
}

impl Parcel {
    /// Everything that a Yard shows.
    pub fn of(state: &YardState) -> Parcel {
        let numbers: BTreeMap<&KrateId, usize> = state.krates.iter().enumerate().map(|(at, krate)| (&krate.id, at)).collect();
        let krates = state.krates.iter().map(|krate| PackedKrate {
            room: krate.room.clone(),
            subject: krate.subject.clone(),
            at: krate.at,
            minimised: krate.minimised,
            windows: krate.windows.iter().map(PackedWindow::of).collect(),
        });
        let arrow = |arrow: &Arc<super::Arrow>| Some(PackedArrow { room: arrow.room.clone(), from: *numbers.get(&arrow.from)?, to: *numbers.get(&arrow.to)? });
        Parcel {
            krates: krates.collect(),
            notes: state.notes.iter().map(|note| PackedNote { room: note.room.clone(), at: note.at, text: note.text.clone() }).collect(),
            arrows: state.arrows.iter().filter_map(arrow).collect(),
        }
    }

    /// The rooms of what it holds.
    pub fn rooms(&self) -> BTreeSet<Room> {
        let krates = self.krates.iter().map(|krate| &krate.room);
        krates.chain(self.notes.iter().map(|note| &note.room)).chain(self.arrows.iter().map(|arrow| &arrow.room)).cloned().collect()
    }

    /// What of it is of rooms that are wanted; an arrow needs both its krates.
    #[must_use]
    pub fn within(&self, is_wanted: impl Fn(&Room) -> bool) -> Parcel {
        self.keep(|krate| is_wanted(&krate.room), &is_wanted)
    }

    fn keep(&self, krate: impl Fn(&PackedKrate) -> bool, is_wanted: impl Fn(&Room) -> bool) -> Parcel {
        let mut numbers = BTreeMap::new();
        let mut krates = Vec::new();
        for (at, one) in self.krates.iter().enumerate().filter(|(_, one)| krate(one)) {
            numbers.insert(at, krates.len());
            krates.push(one.clone());
        }
        let arrow = |arrow: &PackedArrow| Some(PackedArrow { room: arrow.room.clone(), from: *numbers.get(&arrow.from)?, to: *numbers.get(&arrow.to)? });
        Parcel {
            krates,
            notes: self.notes.iter().filter(|note| is_wanted(&note.room)).cloned().collect(),
            arrows: self.arrows.iter().filter(|arrow| is_wanted(&arrow.room)).filter_map(arrow).collect(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.krates.is_empty() && self.notes.is_empty()
    }

    /// Whether it is more than can be put at once.
    pub fn is_too_large(&self) -> bool {
        let windows = || self.krates.iter().flat_map(|krate| krate.windows.iter().map(move |window| window.subject.as_ref().unwrap_or(&krate.subject)));
        let things = self.krates.len() + windows().count() + self.notes.len() + self.arrows.len();
        let subjects = self.krates.iter().map(|krate| &krate.subject).chain(windows());
        let bytes: usize = subjects.map(Subject::words).sum::<usize>() + self.notes.iter().map(|note| note.text.len()).sum::<usize>() + things * THING_BYTES;
        things > MOST_THINGS || bytes > MOST_BYTES
    }

    /// A few words on what it holds: `3 krates, 1 note`.
    pub fn words(&self) -> String {
        let some = |count: usize, one: &str| (count > 0).then(|| format!("{count} {one}{}", if count == 1 { "" } else { "s" }));
        let parts: Vec<String> =
            [some(self.krates.len(), "krate"), some(self.notes.len(), "note"), some(self.arrows.len(), "arrow")].into_iter().flatten().collect();
        if parts.is_empty() { "nothing".into() } else { parts.join(", ") }
    }

    /// What of it was left out, and why: `2 krates of namespace web (you may not change it: update yards.krateyard.dev)`.
    pub fn words_of_left(&self, left: &BTreeMap<Room, Left>) -> String {
        let of = |(room, why): (&Room, &Left)| {
            let place = match room {
                Room::Cluster => "the cluster".into(),
                Room::Private => "the private room".into(),
                Room::Namespace(namespace) => format!("namespace {namespace}"),
            };
            let why = match why {
                Left::Fixed => format!("you may not change it: update {YARDS}.{YARDS_GROUP}"),
                Left::Refused(Refusal::Forbidden { verb, resource, .. }) => format!("you may not see it: {verb} {resource}"),
                Left::Refused(refusal) => refusal.to_string(),
                Left::Unknown => "nobody answered for it".into(),
            };
            format!("{} of {place} ({why})", self.within(|of| of == room).words())
        };
        left.iter().map(of).collect::<Vec<_>>().join(", ")
    }

    /// Where everything lies.
    fn frames(&self) -> impl Iterator<Item = Rect> {
        let krates = self.krates.iter().map(|krate| Rect::new(krate.at, frame_size(krate.windows.iter().map(PackedWindow::shown_size), krate.minimised)));
        krates.chain(self.notes.iter().map(|note| Rect::new(note.at, NOTE_SIZE)))
    }
}

impl PackedWindow {
    fn of(window: &super::Window) -> PackedWindow {
        let size = Some(window.size).filter(|size| *size != window.content.default_size());
        PackedWindow { content: window.content, subject: window.subject.clone(), size }
    }

    fn shown_size(&self) -> Size {
        super::mirror::clamp_size(self.size.unwrap_or(self.content.default_size()))
    }
}

impl PackedKrate {
    /// Whether all of it may stand in its room, and it has something to show: views of objects, lists of collections.
    pub fn is_sound(&self) -> bool {
        let shows = |window: &PackedWindow| {
            let subject = window.subject.as_ref().unwrap_or(&self.subject);
            fits(subject, &self.room)
                && matches!((window.content, subject), (Content::View(_), Subject::Object(_)) | (Content::Collection, Subject::Collection(_)))
        };
        !self.windows.is_empty() && fits(&self.subject, &self.room) && self.windows.iter().all(shows)
    }
}

/// What [`super::YardAction::Place`] writes.
pub(crate) fn plan(mirror: &Mirror, parcel: &Parcel, near: Option<Point>, new_id: &mut NewId<'_>) -> Plan {
    let mut parcel = parcel.keep(|krate| krate.is_sound() && mirror.may_write(&krate.room), |room| mirror.may_write(room));
    if parcel.is_too_large() {
        return Plan::default();
    }
    parcel.shift(mirror.state(), near);
    let mut writes = Routed::new();
    let (mut krates, mut made) = (Vec::new(), None);
    for (krate, z) in parcel.krates.into_iter().zip(mirror.next_z()..) {
        let (id, at) = (new_id(), krate.at);
        let room = writes.entry(krate.room).or_default();
        for (window, order) in krate.windows.into_iter().zip(0..) {
            let key = new_id();
            made.get_or_insert_with(|| key.clone());
            let home = Home { krate: id.clone(), order, at };
            let subject = window.subject.unwrap_or_else(|| krate.subject.clone());
            room.push(Write::PutWindow(key, StoredWindow { home, content: letter(window.content), size: window.size, subject }));
        }
        room.push(Write::PutKrate(id.clone(), StoredKrate { subject: krate.subject, at, z, minimised: krate.minimised }));
        krates.push(id);
    }
    for note in parcel.notes {
        let note = (note.room, StoredNote { at: note.at, text: cut(&note.text) });
        writes.entry(note.0).or_default().push(Write::PutNote(new_id(), note.1));
    }
    for arrow in parcel.arrows {
        if let (Some(from), Some(to)) = (krates.get(arrow.from), krates.get(arrow.to)) {
            let stored = StoredArrow { from: from.clone(), to: to.clone() };
            writes.entry(arrow.room).or_default().push(Write::PutArrow(new_id(), stored));
        }
    }
    Plan { writes, made, raise: None }
}

impl Parcel {
    /// Moves all of it by one way, such that it covers nothing that is there. Where it was, if that is free.
    fn shift(&mut self, state: &YardState, near: Option<Point>) {
        let Some(bounds) = Rect::around(self.frames()) else { return };
        let there: Vec<Rect> =
            state.krates.iter().map(|krate| layout::krate_rect(krate)).chain(state.notes.iter().map(|note| Rect::new(note.at, NOTE_SIZE))).collect();
        let is_free = near.is_none() && !self.frames().any(|own| there.iter().any(|rect| rect.overlaps(&own)));
        if is_free {
            return;
        }
        let near = near.map_or(bounds.at, |middle| Point::new(middle.x - bounds.size.w / 2.0, middle.y - bounds.size.h / 2.0));
        let to = layout::place(bounds.size, near, &there);
        let by = Point::new((to.x - bounds.at.x).round(), (to.y - bounds.at.y).round());
        let places = self.krates.iter_mut().map(|krate| &mut krate.at).chain(self.notes.iter_mut().map(|note| &mut note.at));
        places.for_each(|at| *at = Point::new(at.x + by.x, at.y + by.y));
    }
}
