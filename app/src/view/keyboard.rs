//! Keys of the page, when nothing closer to the person took them.

use leptos::ev;
use leptos::prelude::*;

use super::desk::Desk;
use crate::browser::dom;
use crate::yard::{WindowId, YardAction};

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
        desk.help.set(false);
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
    if command || event.alt_key() {
        return false;
    }
    let window = desk.keyboard.get_untracked();
    match (key.as_str(), window) {
        ("Escape", _) => escape(desk),
        ("z", Some(window)) => desk.maximised.update(|max| *max = if max.as_ref() == Some(&window) { None } else { Some(window) }),
        ("Delete", Some(window)) => close(desk, window),
        ("/", _) => desk.spotlight.set(Some(String::new())),
        ("?", _) => desk.help.update(|open| *open = !*open),
        ("0", _) => desk.zoom_to(1.0),
        ("1", _) => desk.fit(false),
        ("2", _) => desk.fit(true),
        ("+" | "=", _) => desk.zoom_by(1.25),
        ("-", _) => desk.zoom_by(1.0 / 1.25),
        // Space pans while it is held; every other printable key is the first letter of a search.
        (" ", _) => return false,
        (letter, _) if letter.chars().count() == 1 => desk.spotlight.set(Some(letter.to_owned())),
        _ => return false,
    }
    true
}

fn escape(desk: Desk) {
    if desk.help.get_untracked() {
        desk.help.set(false);
    } else if desk.maximised.get_untracked().is_some() {
        desk.maximised.set(None);
    } else {
        desk.keyboard.set(None);
        dom::blur();
    }
}

fn close(desk: Desk, window: WindowId) {
    desk.keyboard.set(None);
    desk.yard.act(YardAction::CloseWindow { window });
}
