//! What an action writes: a pure plan over the mirror, which then becomes one transaction.

use std::collections::BTreeSet;

use super::action::YardAction;
use super::document::{Home, StoredKrate, StoredWindow, Write};
use super::ground::Ground;
use super::layout::frame_size;
use super::mirror::{Mirror, clamp_size};
use super::state::{Content, Krate, KrateId, Point, Size, Subject, Window, WindowId};

/// Gives a new random key at each call; no two are ever equal.
pub type NewId<'a> = dyn FnMut() -> std::sync::Arc<str> + 'a;

/// What an action comes to.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// In one transaction; nothing if nothing changes.
    pub(crate) writes: Vec<Write>,
    /// The window that an action opened, or found open.
    pub(crate) window: Option<WindowId>,
    /// The krate to bring to the front, apart from the step of undo.
    pub(crate) raise: Option<KrateId>,
}

/// What an action writes. Keys that are gone (closed by another tab meanwhile) come to nothing.
pub(crate) fn plan(mirror: &Mirror, action: &YardAction, new_id: &mut NewId<'_>) -> Plan {
    let writes = match action {
        YardAction::Open { subject, content, into, near } => {
            let plan = open(mirror, subject, *content, into.as_ref(), *near, new_id);
            return Plan { writes: stored_first(mirror, plan.writes), ..plan };
        }
        YardAction::MoveKrate { krate, to } => move_krate(mirror, krate, *to),
        YardAction::ResizeWindow { window, size } => resize(mirror, window, *size),
        YardAction::Minimise { krate, minimised } => minimise(mirror, krate, *minimised),
        YardAction::Switch { window, content } => switch(mirror, window, *content),
        YardAction::Retarget { window, subject } => retarget(mirror, window, subject),
        YardAction::TearOff { window, to } => tear_off(mirror, window, *to, new_id),
        YardAction::Join { window, krate } => join(mirror, window, krate),
        YardAction::CloseWindow { window } => close_window(mirror, window),
        YardAction::CloseKrate { krate } => close_krate(mirror, krate),
        YardAction::Raise { krate } => raise(mirror, krate),
        YardAction::Undo | YardAction::Redo => None,
    };
    Plan { writes: stored_first(mirror, writes.unwrap_or_default()), ..Plan::default() }
}

/// Brings a krate to the front.
pub(crate) fn raise(mirror: &Mirror, krate: &str) -> Option<Vec<Write>> {
    let krate = mirror.state().krate(krate).filter(|krate| !mirror.is_in_front(&krate.id))?;
    Some(stored_first(mirror, vec![Write::RaiseKrate(krate.id.clone(), mirror.next_z())]))
}

fn open(mirror: &Mirror, subject: &Subject, content: Content, into: Option<&KrateId>, near: Point, new_id: &mut NewId<'_>) -> Plan {
    let state = mirror.state();
    let named = into.and_then(|id| state.krate(id));
    let about = || state.krates.iter().rev().filter(|krate| krate.subject.is_same(subject));
    let shows = |krate: &Krate, window: &Window| window.content == content && krate.subject_of(window).is_same(subject);
    let found = |krate: &Krate| krate.windows.iter().find(|window| shows(krate, window)).map(|window| (krate.id.clone(), window.id.clone()));
    let there = match named {
        Some(krate) => found(krate),
        None => about().find_map(|krate| found(krate)),
    };
    if let Some((krate, window)) = there {
        return Plan { writes: minimise(mirror, &krate, false).unwrap_or_default(), window: Some(window), raise: Some(krate) };
    }
    let mut ground = Ground::of(mirror.state());
    let id = new_id();
    let new = |home| StoredWindow { home, content: Some(content), size: None, subject: subject.clone() };
    match named.or_else(|| about().next()) {
        Some(krate) => {
            let mut writes = ground.settle(krate, sizes(krate).chain([content.default_size()]), false);
            if krate.minimised {
                writes.push(Write::MinimiseKrate(krate.id.clone(), false));
            }
            writes.push(Write::PutWindow(id.clone(), new(home_in(mirror, krate))));
            Plan { writes, window: Some(id), raise: Some(krate.id.clone()) }
        }
        None => {
            let size = frame_size([content.default_size()], false);
            let krate = new_id();
            let at = ground.put(&krate, size, Point::new(near.x - size.w / 2.0, near.y - size.h / 2.0));
            let put = Write::PutKrate(krate.clone(), StoredKrate { subject: subject.clone(), at, z: mirror.next_z(), minimised: false });
            Plan { writes: vec![put, Write::PutWindow(id.clone(), new(Home { krate, order: 0, at }))], window: Some(id), raise: None }
        }
    }
}

fn move_krate(mirror: &Mirror, krate: &str, to: Point) -> Option<Vec<Write>> {
    let krate = mirror.state().krate(krate)?;
    let at = Ground::of(mirror.state()).put(&krate.id, frame_size(sizes(krate), krate.minimised), to);
    (at != krate.at).then(|| vec![Write::MoveKrate(krate.id.clone(), at)])
}

fn resize(mirror: &Mirror, window: &str, size: Size) -> Option<Vec<Write>> {
    let (krate, shown) = mirror.state().window(window)?;
    let size = clamp_size(size);
    if size == shown.size {
        return None;
    }
    let mut writes = Ground::of(mirror.state()).settle(krate, sizes_with(krate, shown, size), krate.minimised);
    writes.push(Write::ResizeWindow(shown.id.clone(), size));
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
    let size = mirror.stored_window(window)?.size.map_or(content.default_size(), |_| shown.size);
    let mut writes = Ground::of(mirror.state()).settle(krate, sizes_with(krate, shown, size), krate.minimised);
    writes.push(Write::ShowInWindow(shown.id.clone(), content));
    Some(writes)
}

fn retarget(mirror: &Mirror, window: &str, subject: &Subject) -> Option<Vec<Write>> {
    let (krate, shown) = mirror.state().window(window)?;
    let was = krate.subject_of(shown);
    if was == subject {
        return None;
    }
    let mut writes = vec![Write::SetWindowSubject(shown.id.clone(), subject.clone())];
    if krate.subject == *was && mirror.stored_krate(&krate.id).is_some() {
        writes.push(Write::SetKrateSubject(krate.id.clone(), subject.clone()));
    }
    Some(writes)
}

fn tear_off(mirror: &Mirror, window: &str, to: Point, new_id: &mut NewId<'_>) -> Option<Vec<Write>> {
    let (krate, shown) = mirror.state().window(window)?;
    if mirror.windows_of(&krate.id).count() == 1 {
        return move_krate(mirror, &krate.id, to);
    }
    let mut ground = Ground::of(mirror.state());
    let mut writes = ground.settle(krate, sizes_without(krate, shown), krate.minimised);
    let id = new_id();
    let at = ground.put(&id, frame_size([shown.size], false), to);
    let put = StoredKrate { subject: krate.subject_of(shown).clone(), at, z: mirror.next_z(), minimised: false };
    writes.extend([Write::PutKrate(id.clone(), put), Write::MoveWindow(shown.id.clone(), Home { krate: id, order: 0, at })]);
    Some(writes)
}

fn join(mirror: &Mirror, window: &str, into: &str) -> Option<Vec<Write>> {
    let (from, shown) = mirror.state().window(window)?;
    let into = mirror.state().krate(into).filter(|into| into.id != from.id)?;
    let mut ground = Ground::of(mirror.state());
    let mut writes = if mirror.windows_of(&from.id).count() == 1 {
        ground.clear(&from.id);
        vec![Write::RemoveKrate(from.id.clone())]
    } else {
        ground.settle(from, sizes_without(from, shown), from.minimised)
    };
    writes.extend(ground.settle(into, sizes(into).chain([shown.size]), into.minimised));
    writes.push(Write::MoveWindow(shown.id.clone(), home_in(mirror, into)));
    Some(writes)
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
    let windows = mirror.windows_of(&krate.id).cloned().map(Write::RemoveWindow);
    Some(windows.chain([Write::RemoveKrate(krate.id.clone())]).collect())
}

/// A krate that shows only because of its windows (somebody closed it while another added one) is stored before anything is written to it.
fn stored_first(mirror: &Mirror, writes: Vec<Write>) -> Vec<Write> {
    let written = writes.iter().filter_map(|write| match write {
        Write::MoveKrate(id, _) | Write::RaiseKrate(id, _) | Write::MinimiseKrate(id, _) => Some(id),
        _ => None,
    });
    let homeless: BTreeSet<&KrateId> = written.filter(|id| mirror.stored_krate(id).is_none()).collect();
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
