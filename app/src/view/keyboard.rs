//! Keys of the page, when nothing closer to the person took them.

use std::collections::BTreeSet;

use leptos::ev;
use leptos::prelude::*;

use super::desk::{Desk, Sheet};
use super::links;
use crate::browser::dom;
use crate::canvas::neighbour::{Direction, neighbour};
use crate::yard::{Content, Point, Rect, Size, WindowId, YardAction, layout};

/// How far Shift and an arrow pan, in pixels.
const PAN_PX: f64 = 120.0;
/// How far Alt and an arrow move a krate or the edge of a window, in world units: a square of the fine grid (look.md).
const STEP: f64 = 34.0;

/// Listens for as long as the page is signed in.
pub fn listen(desk: Desk) {
    let handle = window_event_listener(ev::keydown, move |event| {
        if handle_key(desk, &event) {
            event.prevent_default();
        }
    });
    on_cleanup(move || handle.remove());
}

/// Whether the key was taken.
fn handle_key(desk: Desk, event: &ev::KeyboardEvent) -> bool {
    let key = event.key();
    let command = event.ctrl_key() || event.meta_key();
    if command && key.eq_ignore_ascii_case("k") {
        desk.sheet.set(None);
        desk.spotlight.update(|open| *open = if open.is_some() { None } else { Some(String::new()) });
        return true;
    }
    if desk.spotlight.get_untracked().is_some() || dom::types_elsewhere(event) || event.default_prevented() {
        return false;
    }
    if command && key.eq_ignore_ascii_case("z") {
        desk.yard.act(if event.shift_key() { YardAction::Redo } else { YardAction::Undo });
        return true;
    }
    if command && key.eq_ignore_ascii_case("y") {
        desk.yard.act(YardAction::Redo);
        return true;
    }
    if command && key.eq_ignore_ascii_case("a") && desk.keyboard.get_untracked().is_none() {
        desk.selection.set(desk.yard.state().with_untracked(|state| state.krates.iter().map(|krate| krate.id.clone()).collect()));
        return true;
    }
    if command && key == "," {
        desk.sheet.set(Some(Sheet::Preferences));
        return true;
    }
    if key == "F6" {
        return to_next_window(desk, event.shift_key());
    }
    if command {
        return false;
    }
    let window = desk.keyboard.get_untracked();
    if event.alt_key() {
        return alt(desk, event, window);
    }
    if let Some(direction) = Direction::of_key(&key).filter(|_| window.is_none()) {
        if event.shift_key() {
            let by = direction.step(PAN_PX);
            desk.land();
            desk.camera.update(|camera| *camera = camera.pan(-by.x, -by.y));
        } else {
            to_neighbour(desk, direction);
        }
        return true;
    }
    match (key.as_str(), window) {
        ("Escape", _) => escape(desk),
        ("z", Some(window)) => desk.maximised.update(|max| *max = if max.as_ref() == Some(&window) { None } else { Some(window) }),
        ("m", Some(window)) => minimise(desk, &window),
        ("Delete", Some(window)) => close(desk, window),
        ("Delete", None) => return close_krate(desk),
        ("Enter", None) => return enter_krate(desk, event),
        (scrolls, Some(window)) if dom::scroll_window(&window, scrolls) => {}
        ("/", _) => desk.spotlight.set(Some(String::new())),
        ("?", _) => desk.sheet.update(|sheet| *sheet = if *sheet == Some(Sheet::Help) { None } else { Some(Sheet::Help) }),
        ("0", _) => desk.zoom_to(1.0),
        ("1", _) => desk.fit(false),
        ("2", _) => desk.fit(true),
        ("+" | "=", _) => desk.zoom_by(1.25),
        ("-", _) => desk.zoom_by(1.0 / 1.25),
        // Space pans while it is held; every other printable key is the first letter of a search.
        (" ", None) if event.shift_key() => match desk.active.get_untracked() {
            Some(krate) => desk.select(krate),
            None => return false,
        },
        (" ", _) => return false,
        (letter, _) if letter.chars().count() == 1 => desk.spotlight.set(Some(letter.to_owned())),
        _ => return false,
    }
    true
}

/// Alt: an arrow moves the krate in focus, or resizes the window that has the keyboard; a letter shows another view in that window.
fn alt(desk: Desk, event: &ev::KeyboardEvent, window: Option<WindowId>) -> bool {
    let state = desk.yard.state().get_untracked();
    let found = window.as_ref().and_then(|window| state.window(window));
    match (Direction::of_key(&event.key()), found) {
        (Some(direction), Some((_, window))) => {
            let (by, least) = (direction.step(STEP), layout::WINDOW_LEAST);
            let size = Size::new((window.size.w + by.x).max(least.w), (window.size.h + by.y).max(least.h));
            desk.act(YardAction::ResizeWindow { window: window.id.clone(), size });
            true
        }
        (Some(direction), None) => {
            let active = desk.active.get_untracked().and_then(|active| state.krate(&active).cloned());
            let Some(krate) = active else { return false };
            let (by, selection) = (direction.step(STEP), desk.selection.get_untracked());
            if !selection.is_empty() {
                desk.act(YardAction::MoveKrates { krates: selection.into_iter().collect(), by });
                return true;
            }
            desk.act(YardAction::MoveKrate { krate: krate.id.clone(), to: Point::new(krate.at.x + by.x, krate.at.y + by.y) });
            true
        }
        (None, _) if dom::letter_of(event) == Some('K') => {
            links::copy_link(desk, None);
            true
        }
        (None, Some((krate, window))) => {
            let views = krate.subject_of(window).kind().map_or(&[][..], |kind| kind.entry().views);
            let view = dom::letter_of(event).and_then(krateyard_shared::kinds::View::from_letter).filter(|view| views.contains(view));
            let (Some(view), Content::View(_)) = (view, window.content) else { return false };
            desk.switch(window.id.clone(), view);
            true
        }
        (None, None) => false,
    }
}

/// The krate that lies that way from the one in focus, or from the middle of the screen.
fn to_neighbour(desk: Desk, direction: Direction) {
    let state = desk.yard.state().get_untracked();
    let rects: Vec<Rect> = state.krates.iter().map(|krate| layout::krate_rect(krate)).collect();
    let active = desk.active.get_untracked().and_then(|active| state.krate(&active).map(|krate| layout::krate_rect(krate).centre()));
    let found = match active {
        Some(from) => neighbour(from, &rects, direction),
        // Nobody has been chosen yet: the krate nearest to the middle of the screen, whatever the arrow.
        None => {
            let middle = desk.middle();
            (0..rects.len()).min_by(|a, b| rects[*a].centre().distance(middle).total_cmp(&rects[*b].centre().distance(middle)))
        }
    };
    if let Some(krate) = found.and_then(|at| state.krates.get(at)) {
        desk.fly_to(&krate.id);
        dom::focus_krate(&krate.id);
    }
}

/// The keyboard goes to the next window of the Yard, from top left to bottom right, or back.
fn to_next_window(desk: Desk, is_back: bool) -> bool {
    let state = desk.yard.state().get_untracked();
    let mut krates: Vec<_> = state.krates.iter().filter(|krate| !krate.minimised).collect();
    krates.sort_by(|a, b| (a.at.y, a.at.x).partial_cmp(&(b.at.y, b.at.x)).unwrap_or(std::cmp::Ordering::Equal));
    let windows: Vec<&WindowId> = krates.iter().flat_map(|krate| krate.windows.iter().map(|window| &window.id)).collect();
    let at = desk.keyboard.get_untracked().and_then(|has| windows.iter().position(|window| **window == has));
    let next = match (at, is_back) {
        (Some(at), false) => (at + 1) % windows.len(),
        (Some(at), true) => at.checked_sub(1).unwrap_or(windows.len() - 1),
        (None, false) => 0,
        (None, true) => windows.len().saturating_sub(1),
    };
    let Some(window) = windows.get(next) else { return false };
    desk.give_keyboard(window);
    true
}

/// Enter on the krate in focus: its first window gets the keyboard. A focused button keeps its Enter.
fn enter_krate(desk: Desk, event: &ev::KeyboardEvent) -> bool {
    let active = desk.active.get_untracked();
    let window = active.and_then(|active| Some(desk.yard.state().get_untracked().krate(&active)?.windows.first()?.id.clone()));
    let Some(window) = window.filter(|_| !dom::is_control(event.target())) else { return false };
    desk.give_keyboard(&window);
    true
}

fn minimise(desk: Desk, window: &WindowId) {
    let state = desk.yard.state().get_untracked();
    if let Some((krate, _)) = state.window(window) {
        let is_done = krate.writable;
        desk.act(YardAction::Minimise { krate: krate.id.clone(), minimised: true });
        if is_done {
            desk.keyboard.set(None);
            desk.maximised.set(None);
            dom::blur();
        }
    }
}

fn close_krate(desk: Desk) -> bool {
    if desk.selection.with_untracked(|selection| !selection.is_empty()) {
        desk.close_selection();
        return true;
    }
    let Some(krate) = desk.active.get_untracked() else { return false };
    desk.act(YardAction::CloseKrate { krate: krate.clone() });
    if desk.yard.state().with_untracked(|state| state.krate(&krate).is_none()) {
        desk.active.set(None);
    }
    true
}

fn escape(desk: Desk) {
    if desk.sheet.get_untracked().is_some() {
        desk.sheet.set(None);
    } else if desk.maximised.get_untracked().is_some() {
        desk.maximised.set(None);
    } else if desk.keyboard.get_untracked().is_some() {
        desk.keyboard.set(None);
        dom::blur();
    } else if desk.selection.with_untracked(|selection| !selection.is_empty()) {
        desk.selection.set(BTreeSet::new());
    } else {
        desk.active.set(None);
        dom::blur();
    }
}

fn close(desk: Desk, window: WindowId) {
    desk.act(YardAction::CloseWindow { window: window.clone() });
    if desk.yard.state().with_untracked(|state| state.window(&window).is_none()) {
        desk.keyboard.set(None);
    }
}
