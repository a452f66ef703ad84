//! What an action writes: a pure plan over the mirror, which then becomes one transaction in each room that it touches.

use std::collections::BTreeSet;

use krateyard_shared::sync::room::Room;

use super::action::YardAction;
use super::ground::Ground;
use super::layout::frame_size;
use super::mirror::{Mirror, clamp_size, cut};
use super::rooms::{fits, room_between, room_of};
use super::route::{Routed, route};
use super::state::{Content, Krate, KrateId, Point, Size, Subject, Window, WindowId};
use super::stored::{Home, StoredArrow, StoredKrate, StoredNote, StoredWindow, Write, letter};

/// Gives a new random key at each call; no two are ever equal.
pub type NewId<'a> = dyn FnMut() -> std::sync::Arc<str> + 'a;

/// What an action comes to.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// Nothing if nothing changes, or if any of it is in a room that this person may not change.
    pub(crate) writes: Routed,
    /// The window, note or arrow that an action opened, or found open.
    pub(crate) made: Option<WindowId>,
    /// The krate to bring to the front, apart from the step of undo.
    pub(crate) raise: Option<KrateId>,
}

/// Before it is known where it goes.
#[derive(Default)]
struct Draft {
    writes: Vec<Write>,
    /// Rooms of krates that are new or move.
    rooms: Vec<(KrateId, Room)>,
}

impl From<Vec<Write>> for Draft {
    fn from(writes: Vec<Write>) -> Draft {
        Draft { writes, rooms: Vec::new() }
    }
}

/// What an action writes. Keys that are gone (closed by another tab meanwhile) come to nothing.
pub(crate) fn plan(mirror: &Mirror, action: &YardAction, new_id: &mut NewId<'_>) -> Plan {
    let draft = match action {
        YardAction::Open { subject, content, into, near } => return open(mirror, subject, *content, into.as_ref(), *near, new_id),
        YardAction::Place { parcel, near } => return super::parcel::plan(mirror, parcel, *near, new_id),
        YardAction::PutNote { at, text, beside } => return put_note(mirror, *at, text, beside.as_ref(), new_id),
        YardAction::PutArrow { from, to } => return put_arrow(mirror, from, to, new_id),
        YardAction::MoveKrate { krate, to } => move_krate(mirror, krate, *to).map(Draft::from),
        YardAction::MoveKrates { krates, by } => move_krates(mirror, krates, *by).map(Draft::from),
        YardAction::CloseKrates { krates } => Some(close_krates(mirror, krates).into()),
        YardAction::ResizeWindow { window, size } => resize(mirror, window, *size).map(Draft::from),
        YardAction::Minimise { krate, minimised } => minimise(mirror, krate, *minimised).map(Draft::from),
        YardAction::Switch { window, content } => switch(mirror, window, *content).map(Draft::from),
        YardAction::Retarget { window, subject } => retarget(mirror, window, subject),
        YardAction::TearOff { window, to } => tear_off(mirror, window, *to, new_id),
        YardAction::Join { window, krate } => join(mirror, window, krate),
        YardAction::CloseWindow { window } => close_window(mirror, window).map(Draft::from),
        YardAction::CloseKrate { krate } => close_krate(mirror, krate).map(Draft::from),
        YardAction::Raise { krate } => raise(mirror, krate).map(Draft::from),
        YardAction::EditNote { note, text } => {
            let (text, known) = (cut(text), mirror.notes.first(note));
            known.filter(|(_, known)| known.text != text).map(|_| vec![Write::EditNote(note.clone(), text)].into())
        }
        YardAction::MoveNote { note, to } => {
            mirror.notes.first(note).filter(|(_, known)| known.at != to.rounded()).map(|_| vec![Write::MoveNote(note.clone(), to.rounded())].into())
        }
        YardAction::RemoveNote { note } => Some(vec![Write::RemoveNote(note.clone())].into()),
        YardAction::RemoveArrow { arrow } => Some(vec![Write::RemoveArrow(arrow.clone())].into()),
        YardAction::Undo | YardAction::Redo => None,
    };
    Plan { writes: routed(mirror, draft.unwrap_or_default()), ..Plan::default() }
}

/// Brings a krate to the front; as routed writes.
pub(crate) fn to_front(mirror: &Mirror, krate: &str) -> Routed {
    raise(mirror, krate).map(|writes| routed(mirror, writes.into())).unwrap_or_default()
}

/// All of it, or nothing where this person may not do some of it.
fn routed(mirror: &Mirror, draft: Draft) -> Routed {
    let routed = route(mirror, stored_first(mirror, draft.writes), &draft.rooms);
    if routed.keys().all(|room| mirror.may_write(room)) { routed } else { Routed::new() }
}

/// A room, or, for who may not change it, their own.
fn or_private(mirror: &Mirror, room: Room) -> Room {
    if mirror.may_write(&room) { room } else { Room::Private }
}

/// Where a krate has to be with something more in it: one that mixes goes to the cluster's room.
fn with(mirror: &Mirror, krate: &Krate, subject: &Subject) -> Room {
    if fits(subject, &krate.room) { krate.room.clone() } else { or_private(mirror, Room::Cluster) }
}

fn raise(mirror: &Mirror, krate: &str) -> Option<Vec<Write>> {
    let krate = mirror.state().krate(krate).filter(|krate| !mirror.is_in_front(&krate.id))?;
    Some(vec![Write::RaiseKrate(krate.id.clone(), mirror.next_z())])
}

fn open(mirror: &Mirror, subject: &Subject, content: Content, into: Option<&KrateId>, near: Point, new_id: &mut NewId<'_>) -> Plan {
    let state = mirror.state();
    let named = into.and_then(|id| state.krate(id)).filter(|krate| krate.writable);
    let about = || state.krates.iter().rev().filter(|krate| krate.subject.is_same(subject));
    let shows = |krate: &Krate, window: &Window| window.content == content && krate.subject_of(window).is_same(subject);
    let found = |krate: &Krate| krate.windows.iter().find(|window| shows(krate, window)).map(|window| (krate.id.clone(), window.id.clone()));
    let there = match named {
        Some(krate) => found(krate),
        // What somebody else has minimised for good shows nothing.
        None => about().filter(|krate| krate.writable || !krate.minimised).find_map(|krate| found(krate)),
    };
    if let Some((krate, window)) = there {
        let writes = routed(mirror, minimise(mirror, &krate, false).unwrap_or_default().into());
        return Plan { writes, made: Some(window), raise: Some(krate) };
    }
    let mut ground = Ground::of(mirror.state());
    let id = new_id();
    let new = |home| StoredWindow { home, content: letter(content), size: None, subject: subject.clone() };
    match named.or_else(|| about().find(|krate| krate.writable)) {
        Some(krate) => {
            let mut writes = ground.settle(krate, sizes(krate).chain([content.default_size()]), false);
            if krate.minimised {
                writes.push(Write::MinimiseKrate(krate.id.clone(), false));
            }
            writes.push(Write::PutWindow(id.clone(), new(home_in(mirror, krate))));
            let writes = routed(mirror, Draft { writes, rooms: vec![(krate.id.clone(), with(mirror, krate, subject))] });
            Plan { made: (!writes.is_empty()).then_some(id), writes, raise: Some(krate.id.clone()) }
        }
        None => {
            let size = frame_size([content.default_size()], false);
            let krate = new_id();
            let at = ground.put(&krate, size, Point::new(near.x - size.w / 2.0, near.y - size.h / 2.0));
            let put = Write::PutKrate(krate.clone(), StoredKrate { subject: subject.clone(), at, z: mirror.next_z(), minimised: false });
            let window = Write::PutWindow(id.clone(), new(Home { krate: krate.clone(), order: 0, at }));
            let writes = routed(mirror, Draft { writes: vec![put, window], rooms: vec![(krate, or_private(mirror, room_of(subject)))] });
            Plan { made: (!writes.is_empty()).then_some(id), writes, raise: None }
        }
    }
}

fn put_note(mirror: &Mirror, at: Point, text: &str, beside: Option<&KrateId>, new_id: &mut NewId<'_>) -> Plan {
    let krate = beside.and_then(|krate| mirror.state().krate(krate));
    let room = or_private(mirror, krate.map_or(Room::Cluster, |krate| krate.room.clone()));
    let id = new_id();
    put(mirror, room, Write::PutNote(id.clone(), StoredNote { at: at.rounded(), text: cut(text) }), id)
}

fn put_arrow(mirror: &Mirror, from: &KrateId, to: &KrateId, new_id: &mut NewId<'_>) -> Plan {
    let state = mirror.state();
    if let Some(there) = state.arrows.iter().find(|arrow| arrow.from == *from && arrow.to == *to) {
        return Plan { made: Some(there.id.clone()), ..Plan::default() };
    }
    let (Some(start), Some(end)) = (state.krate(from), state.krate(to)) else { return Plan::default() };
    if start.id == end.id {
        return Plan::default();
    }
    let id = new_id();
    put(mirror, or_private(mirror, room_between(&start.room, &end.room)), Write::PutArrow(id.clone(), StoredArrow { from: from.clone(), to: to.clone() }), id)
}

fn put(mirror: &Mirror, room: Room, write: Write, id: WindowId) -> Plan {
    if !mirror.may_write(&room) {
        return Plan::default();
    }
    Plan { writes: Routed::from([(room, vec![write])]), made: Some(id), raise: None }
}

fn move_krate(mirror: &Mirror, krate: &str, to: Point) -> Option<Vec<Write>> {
    let krate = mirror.state().krate(krate)?;
    let at = Ground::of(mirror.state()).put(&krate.id, frame_size(sizes(krate), krate.minimised), to);
    (at != krate.at).then(|| vec![Write::MoveKrate(krate.id.clone(), at)])
}

fn move_krates(mirror: &Mirror, krates: &[KrateId], by: Point) -> Option<Vec<Write>> {
    let mut moving: Vec<&Krate> = krates.iter().filter_map(|id| mirror.state().krate(id)).map(|krate| &**krate).collect();
    moving.sort_by(|a, b| a.id.cmp(&b.id));
    moving.dedup_by(|a, b| a.id == b.id);
    let by = Ground::of(mirror.state()).put_together(&moving, by)?;
    let to = |krate: &Krate| Point::new(krate.at.x + by.x, krate.at.y + by.y);
    Some(moving.into_iter().filter(|krate| to(krate) != krate.at).map(|krate| Write::MoveKrate(krate.id.clone(), to(krate))).collect())
}

fn resize(mirror: &Mirror, window: &str, size: Size) -> Option<Vec<Write>> {
    let (krate, shown) = mirror.state().window(window)?;
    let size = clamp_size(size);
    if size == shown.size {
        return None;
    }
    let mut writes = Ground::of(mirror.state()).settle(krate, sizes_with(krate, shown, size), krate.minimised);
    writes.push(Write::ResizeWindow(shown.id.clone(), Some(size)));
    Some(writes)
}

fn minimise(mirror: &Mirror, krate: &str, minimised: bool) -> Option<Vec<Write>> {
    let krate = mirror.state().krate(krate).filter(|krate| krate.minimised != minimised)?;
    let mut writes = Ground::of(mirror.state()).settle(krate, sizes(krate), minimised);
    writes.push(Write::MinimiseKrate(krate.id.clone(), minimised));
    Some(writes)
}

fn switch(mirror: &Mirror, window: &str, content: Content) -> Option<Vec<Write>> {
    let (krate, shown) = mirror.state().window(window).filter(|(_, shown)| shown.content != content)?;
    let size = mirror.windows.first(window)?.1.size.map_or(content.default_size(), |_| shown.size);
    let mut writes = Ground::of(mirror.state()).settle(krate, sizes_with(krate, shown, size), krate.minimised);
    writes.push(Write::ShowInWindow(shown.id.clone(), letter(content)));
    Some(writes)
}

fn retarget(mirror: &Mirror, window: &str, subject: &Subject) -> Option<Draft> {
    let (krate, shown) = mirror.state().window(window)?;
    let was = krate.subject_of(shown);
    if was == subject {
        return None;
    }
    let mut writes = vec![Write::SetWindowSubject(shown.id.clone(), subject.clone())];
    let along = krate.subject == *was;
    if along && mirror.krates.first(&krate.id).is_some() {
        writes.push(Write::SetKrateSubject(krate.id.clone(), subject.clone()));
    }
    let is_all = along && mirror.windows_of(&krate.id).count() == 1;
    // All of it is about something else now: it goes where a new one would, except that what is one's own stays so.
    let room = if is_all && krate.room != Room::Private { or_private(mirror, room_of(subject)) } else { with(mirror, krate, subject) };
    Some(Draft { writes, rooms: vec![(krate.id.clone(), room)] })
}

fn tear_off(mirror: &Mirror, window: &str, to: Point, new_id: &mut NewId<'_>) -> Option<Draft> {
    let (krate, shown) = mirror.state().window(window)?;
    if mirror.windows_of(&krate.id).count() == 1 {
        return move_krate(mirror, &krate.id, to).map(Draft::from);
    }
    let mut ground = Ground::of(mirror.state());
    let mut writes = ground.settle(krate, sizes_without(krate, shown), krate.minimised);
    let id = new_id();
    let at = ground.put(&id, frame_size([shown.size], false), to);
    let subject = krate.subject_of(shown).clone();
    // What is one's own stays so.
    let room = if krate.room == Room::Private { Room::Private } else { or_private(mirror, room_of(&subject)) };
    let put = StoredKrate { subject, at, z: mirror.next_z(), minimised: false };
    writes.extend([Write::PutKrate(id.clone(), put), Write::MoveWindow(shown.id.clone(), Home { krate: id.clone(), order: 0, at })]);
    Some(Draft { writes, rooms: vec![(id, room)] })
}

fn join(mirror: &Mirror, window: &str, into: &str) -> Option<Draft> {
    let (from, shown) = mirror.state().window(window)?;
    let into = mirror.state().krate(into).filter(|into| into.id != from.id)?;
    let mut ground = Ground::of(mirror.state());
    let mut writes = if mirror.windows_of(&from.id).count() == 1 {
        ground.clear(&from.id);
        without_arrows(mirror, &from.id, vec![Write::RemoveKrate(from.id.clone())])
    } else {
        ground.settle(from, sizes_without(from, shown), from.minimised)
    };
    writes.extend(ground.settle(into, sizes(into).chain([shown.size]), into.minimised));
    writes.push(Write::MoveWindow(shown.id.clone(), home_in(mirror, into)));
    Some(Draft { writes, rooms: vec![(into.id.clone(), with(mirror, into, from.subject_of(shown)))] })
}

fn close_window(mirror: &Mirror, window: &str) -> Option<Vec<Write>> {
    let (krate, shown) = mirror.state().window(window)?;
    if mirror.windows_of(&krate.id).count() == 1 {
        return close_krate(mirror, &krate.id);
    }
    let mut writes = Ground::of(mirror.state()).settle(krate, sizes_without(krate, shown), krate.minimised);
    writes.push(Write::RemoveWindow(window.into()));
    Some(writes)
}

fn close_krate(mirror: &Mirror, krate: &str) -> Option<Vec<Write>> {
    let krate = mirror.state().krate(krate)?;
    // What others put into it where this person may not change anything stays, and shows by itself.
    let own = mirror.windows_of(&krate.id).filter(|window| mirror.windows.rooms(window).all(|room| mirror.may_write(room)));
    let windows: Vec<Write> = own.cloned().map(Write::RemoveWindow).collect();
    Some(without_arrows(mirror, &krate.id, windows.into_iter().chain([Write::RemoveKrate(krate.id.clone())]).collect()))
}

fn close_krates(mirror: &Mirror, krates: &[KrateId]) -> Vec<Write> {
    let mut writes: Vec<Write> = Vec::new();
    for write in krates.iter().filter_map(|krate| close_krate(mirror, krate)).flatten() {
        // An arrow between two of them goes once.
        if !matches!(write, Write::RemoveArrow(_)) || !writes.contains(&write) {
            writes.push(write);
        }
    }
    writes
}

/// The arrows of a krate go with it, as far as this person may take them away.
fn without_arrows(mirror: &Mirror, krate: &str, mut writes: Vec<Write>) -> Vec<Write> {
    let arrows = mirror.state().arrows.iter().filter(|arrow| arrow.writable && (&*arrow.from == krate || &*arrow.to == krate));
    writes.extend(arrows.map(|arrow| Write::RemoveArrow(arrow.id.clone())));
    writes
}

/// A krate that shows only because of its windows (somebody closed it while another added one) is stored before anything is written to it.
fn stored_first(mirror: &Mirror, writes: Vec<Write>) -> Vec<Write> {
    let written = writes.iter().filter_map(|write| match write {
        Write::MoveKrate(id, _) | Write::RaiseKrate(id, _) | Write::MinimiseKrate(id, _) => Some(id),
        _ => None,
    });
    let homeless: BTreeSet<&KrateId> = written.filter(|id| mirror.krates.first(id).is_none()).collect();
    let put = homeless.into_iter().filter_map(|id| {
        let krate = mirror.state().krate(id)?;
        Some(Write::PutKrate(id.clone(), StoredKrate { subject: krate.subject.clone(), at: krate.at, z: 0, minimised: krate.minimised }))
    });
    put.collect::<Vec<_>>().into_iter().chain(writes).collect()
}

fn home_in(mirror: &Mirror, krate: &Krate) -> Home {
    Home { krate: krate.id.clone(), order: mirror.next_order(&krate.id), at: krate.at }
}

fn sizes(krate: &Krate) -> impl Iterator<Item = Size> {
    krate.windows.iter().map(|window| window.size)
}

fn sizes_with(krate: &Krate, changed: &Window, size: Size) -> impl Iterator<Item = Size> {
    krate.windows.iter().map(move |window| if window.id == changed.id { size } else { window.size })
}

fn sizes_without(krate: &Krate, leaving: &Window) -> impl Iterator<Item = Size> {
    krate.windows.iter().filter(|window| window.id != leaving.id).map(|window| window.size)
}
