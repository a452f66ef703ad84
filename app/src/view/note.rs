//! Sticky notes: what people found, written where it belongs.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use super::canvas::at;
use super::desk::{Desk, desk};
use super::parts::glyph;
use crate::browser::dom;
use crate::yard::layout::KRATE_GAP;
use crate::yard::state::{NOTE_MOST, NoteId};
use crate::yard::{Point, YardAction};

/// One note. It reads only its own part of the Yard.
#[component]
pub fn NoteCard(
    /// Which.
    id: NoteId,
) -> impl IntoView {
    let desk = desk();
    let state = desk.yard.state();
    let own = id.clone();
    let note = Memo::new(move |_| state.with(|state| state.notes.iter().find(|note| note.id == own).cloned()));
    let id = StoredValue::new(id);
    let (lifted, drag) = (RwSignal::new(None::<Point>), StoredValue::new(None::<(Point, Point)>));
    let draft = RwSignal::new(None::<String>);
    let field = NodeRef::<html::Textarea>::new();
    let fixed = Memo::new(move |_| note.get().filter(|note| !note.writable).map(|note| desk.yard.why_fixed(&note.room)));
    let edit = move || match (note.get_untracked(), fixed.get_untracked()) {
        (_, Some(why)) => desk.said.problem(why),
        (Some(note), None) => draft.set(Some(note.text.to_string())),
        (None, None) => {}
    };
    // One just made is written at once.
    if desk.note.get_untracked().as_ref() == Some(&id.get_value()) {
        desk.note.set(None);
        edit();
    }
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            dom::focus(&field);
        }
    });
    let done = move || {
        let Some(text) = draft.get_untracked() else { return };
        draft.set(None);
        let action = if text.trim().is_empty() { YardAction::RemoveNote { note: id.get_value() } } else { YardAction::EditNote { note: id.get_value(), text } };
        desk.act(action);
    };
    let press = move |event: ev::PointerEvent| {
        let is_free = note.get_untracked().is_some_and(|note| note.writable) && draft.get_untracked().is_none();
        if event.button() != 0 || dom::is_control(event.target()) || !is_free {
            return;
        }
        event.stop_propagation();
        dom::capture_pointer(&event);
        drag.set_value(note.get_untracked().map(|note| (at(&event), note.at)));
    };
    let moved = move |event: ev::PointerEvent| {
        let Some((from, origin)) = drag.get_value() else { return };
        let (zoom, to) = (desk.camera.get_untracked().zoom, at(&event));
        if lifted.get_untracked().is_some() || (to.x - from.x).hypot(to.y - from.y) > 3.0 {
            lifted.set(Some(Point::new(origin.x + (to.x - from.x) / zoom, origin.y + (to.y - from.y) / zoom)));
        }
    };
    let dropped = move |_: ev::PointerEvent| {
        drag.set_value(None);
        if let Some(to) = lifted.get_untracked() {
            desk.act(YardAction::MoveNote { note: id.get_value(), to });
            lifted.set(None);
        }
    };
    let place = move || {
        let at = lifted.get().or(note.get().map(|note| note.at)).unwrap_or_default();
        format!("left:{}px;top:{}px", at.x, at.y)
    };
    let text = move || note.get().map(|note| note.text.to_string()).unwrap_or_default();
    let remove = move |_| drop(desk.act(YardAction::RemoveNote { note: id.get_value() }));
    view! {
        <section class="sticky" class:lifted=move || lifted.get().is_some() class:fixed=move || fixed.with(Option::is_some) title=fixed style=place tabindex="0" aria-label="Note" data-note=id.get_value().to_string()
            on:pointerdown=press on:pointermove=moved on:pointerup=dropped on:pointercancel=dropped on:lostpointercapture=dropped
            on:dblclick=move |_| edit()
            on:keydown=move |event: ev::KeyboardEvent| {
                // What is written here opens no Spotlight.
                event.stop_propagation();
                match event.key().as_str() {
                    "Escape" => { done(); dom::blur(); }
                    "Enter" if draft.get_untracked().is_none() => { event.prevent_default(); edit() }
                    "Delete" | "Backspace" if draft.get_untracked().is_none() => remove(()),
                    _ => {}
                }
            }>
            {move || match draft.get().is_some() {
                true => view! {
                    <textarea node_ref=field maxlength=NOTE_MOST aria-label="What the note says" placeholder="What did you find?"
                        prop:value=draft.get_untracked().unwrap_or_default()
                        on:input=move |event| draft.set(Some(event_target_value(&event)))
                        on:blur=move |_| done()></textarea>
                }
                .into_any(),
                false => view! { <span>{text}</span> }.into_any(),
            }}
            {move || note.get().is_some_and(|note| note.writable).then(|| view! {
                <span class="tools"><button class="icon" title="Take the note away" on:click=move |_| remove(())>{glyph("x")}</button></span>
            })}
        </section>
    }
}

/// Puts an empty note there and lets it be written; it is about the krate in focus, if there is one.
pub fn write_note(desk: Desk) {
    let (state, active) = (desk.yard.state().get_untracked(), desk.active.get_untracked());
    let about = active.as_ref().and_then(|active| state.krate(active));
    let middle = desk.middle();
    // Below what it is about, else in the middle of the screen.
    let at = about.map_or(Point::new(middle.x - 110.0, middle.y - 48.0), |krate| {
        let frame = desk.yard.krate_rect(krate);
        Point::new(frame.at.x, frame.bottom() + KRATE_GAP)
    });
    let before: Vec<NoteId> = state.notes.iter().map(|note| note.id.clone()).collect();
    desk.yard.act(YardAction::PutNote { at, text: String::new(), beside: active });
    let new = desk.yard.state().with_untracked(|state| state.notes.iter().find(|note| !before.contains(&note.id)).map(|note| note.id.clone()));
    desk.note.set(new);
}
