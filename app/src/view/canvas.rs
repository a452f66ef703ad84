//! The canvas: the world under a camera. Panning, zooming and what a click on the ground means.

use std::collections::BTreeSet;
use std::time::Duration;

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use super::arrows::Arrows;
use super::desk::{Desk, desk};
use super::empty::EmptyYard;
use super::krate::KrateFrame;
use super::note::NoteCard;
use super::others::Cursors;
use crate::browser::clock::now_ms;
use crate::browser::preferences::Wheel;
use crate::browser::{dom, screen};
use crate::canvas::camera::Camera;
use crate::canvas::gesture::{Finger, Gesture};
use crate::yard::{Persistence, Point, Rect, Size, layout};

/// Pixels of a line, for wheels that count lines (`WheelEvent.deltaMode` 1).
const LINE_PX: f64 = 16.0;

/// The canvas with every krate of the Yard.
#[component]
pub fn Canvas() -> impl IntoView {
    let desk = desk();
    let node = NodeRef::<html::Main>::new();
    let gesture = StoredValue::new(Gesture::default());
    let panning = RwSignal::new(false);
    // Two corners of what is framed to be selected.
    let frame = RwSignal::new(None::<(Point, Point)>);
    let measure = move || {
        if let Some(main) = node.get_untracked() {
            desk.viewport.set(Size::new(f64::from(main.client_width()), f64::from(main.client_height())));
        }
    };
    Effect::new(move |_| measure());
    let resized = window_event_listener(ev::resize, move |_| measure());
    on_cleanup(move || resized.remove());

    rest(desk);

    let wheel = move |event: ev::WheelEvent| {
        let unit = if event.delta_mode() == 1 { LINE_PX } else { 1.0 };
        let (dx, dy) = (event.delta_x() * unit, event.delta_y() * unit);
        let is_held = event.ctrl_key() || event.meta_key();
        if is_held || (desk.wheel.get_untracked() == Wheel::Zooms && !event.shift_key() && !dom::scrolls_itself(event.target(), dx, dy)) {
            event.prevent_default();
            desk.land();
            let pointer = Point::new(f64::from(event.client_x()), f64::from(event.client_y()) - TOP_BAR_PX);
            desk.camera.update(|camera| *camera = camera.zoom_about(pointer, Camera::wheel_factor(dy)));
        } else if !dom::scrolls_itself(event.target(), dx, dy) {
            event.prevent_default();
            desk.land();
            let (dx, dy) = if event.shift_key() && dx == 0.0 { (dy, 0.0) } else { (dx, dy) };
            desk.camera.update(|camera| *camera = camera.pan(-dx, -dy));
        }
    };
    let press = move |event: ev::PointerEvent| {
        let on_ground = dom::is_ground(event.target());
        let with_space = dom::space_is_down();
        let is_second_finger = event.pointer_type() == "touch" && gesture.get_value() != Gesture::None;
        if !(event.button() == 1 || with_space || is_second_finger || (on_ground && event.button() == 0)) {
            return;
        }
        event.prevent_default();
        event.stop_propagation();
        desk.land();
        if on_ground && event.shift_key() && !with_space && event.button() == 0 && gesture.get_value() == Gesture::None {
            dom::capture_pointer(&event);
            let at = desk.camera.get_untracked().world_from_screen(at(&event));
            return frame.set(Some((at, at)));
        }
        dom::capture_pointer(&event);
        dom::blur();
        panning.set(true);
        gesture.update_value(|gesture| *gesture = gesture.press(finger(&event), on_ground && !with_space && event.button() == 0));
    };
    let drag = move |event: ev::PointerEvent| {
        let here = desk.camera.with_untracked(|camera| camera.world_from_screen(at(&event)));
        desk.company.pointer.set(Some(here));
        if frame.get_untracked().is_some() {
            return frame.update(|frame| *frame = frame.map(|(from, _)| (from, here)));
        }
        let (now, camera) = gesture.get_value().moved(finger(&event), &desk.camera.get_untracked());
        gesture.set_value(now);
        if let Some(camera) = camera {
            desk.camera.set(camera);
        }
    };
    let release = move |event: ev::PointerEvent| {
        if let Some((from, to)) = frame.get_untracked() {
            frame.set(None);
            let (around, state) = (Rect::between(from, to), desk.yard.state().get_untracked());
            let inside = state.krates.iter().filter(|krate| around.overlaps(&layout::krate_rect(krate))).map(|krate| krate.id.clone());
            return desk.selection.update(|selection| selection.extend(inside));
        }
        let was = gesture.get_value();
        let (now, is_click) = was.released(event.pointer_id());
        gesture.set_value(now);
        if now != Gesture::None || was == now {
            return;
        }
        panning.set(false);
        desk.camera.update(|camera| *camera = camera.at_rest(screen::device_pixel_ratio()));
        if is_click {
            let had_keyboard = desk.keyboard.get_untracked().is_some() || desk.maximised.get_untracked().is_some();
            desk.keyboard.set(None);
            desk.maximised.set(None);
            desk.active.set(None);
            let was_selected = desk.selection.with_untracked(|selection| !selection.is_empty());
            desk.selection.set(BTreeSet::new());
            let was_pointing = desk.arrow.get_untracked().is_some();
            desk.arrow.set(None);
            if !had_keyboard && !was_pointing && !was_selected {
                desk.spotlight.set(Some(String::new()));
            }
        }
    };
    let is_held = held(desk);
    // What is not read yet is not known to be empty.
    let (state, kept) = (desk.yard.state(), desk.yard.persistence());
    let is_empty = Memo::new(move |_| state.with(|state| state.krates.is_empty() && state.notes.is_empty()) && kept.with(|kept| *kept != Persistence::Loading));
    let ids = Memo::new(move |_| {
        let mut ids: Vec<_> = state.with(|state| state.krates.iter().map(|krate| krate.id.clone()).collect());
        // Painted by z-index: the order in the document stays, so that raising a krate moves no node (and no terminal loses its focus).
        ids.sort();
        ids
    });
    let notes = Memo::new(move |_| state.with(|state| state.notes.iter().map(|note| note.id.clone()).collect::<Vec<_>>()));
    view! {
        <main node_ref=node class="canvas" class:panning=panning class:pointing=move || desk.arrow.with(Option::is_some) class:maximised=move || desk.maximised.with(Option::is_some)
            style=move || format!("--zoom:{}", desk.drawn_zoom.get())
            on:wheel=wheel
            on:pointerdown:capture=press on:pointermove=drag on:pointerup=release on:pointercancel=move |event| { frame.set(None); release(event) }
            on:pointerleave=move |_| desk.company.pointer.set(None)
            on:contextmenu=move |event| if gesture.get_value() != Gesture::None { event.prevent_default() }
            aria-label="Yard">
            <div class="grid" style=move || desk.camera.with(grid_style)></div>
            // A layer of its own: moving it draws nothing.
            <div class="world" class:held=is_held
                style=move || desk.camera.with(|camera| format!("transform:translate3d({}px,{}px,0) scale({})", -camera.x * camera.zoom, -camera.y * camera.zoom, camera.zoom))>
                <Arrows/>
                <For each=move || ids.get() key=|id| id.clone() let(id)>
                    <KrateFrame id/>
                </For>
                <For each=move || notes.get() key=|id| id.clone() let(id)>
                    <NoteCard id/>
                </For>
                {move || frame.get().map(|(from, to)| {
                    let Rect { at, size } = Rect::between(from, to);
                    view! { <i class="framed" style=format!("left:{}px;top:{}px;width:{}px;height:{}px", at.x, at.y, size.w, size.h)></i> }
                })}
                <Cursors/>
            </div>
            <Show when=move || is_empty.get()><EmptyYard/></Show>
        </main>
    }
}

/// Notices when the camera stands still, and puts it on whole device pixels then.
fn rest(desk: Desk) {
    let moved_ms = StoredValue::new(0u64);
    let at_rest = StoredValue::new(None::<Camera>);
    Effect::new(move |before: Option<()>| {
        let camera = desk.camera.get();
        // To come to rest is no move.
        if before.is_some() && at_rest.get_value() != Some(camera) {
            moved_ms.set_value(now_ms());
            if desk.is_still.get_untracked() {
                desk.is_still.set(false);
                wait(desk, moved_ms, at_rest, STILL_MS);
            }
        }
    });
}

/// Whether the pixels of the world are kept whatever its scale is (`will-change`): not for a moment when it is to be drawn for another zoom.
fn held(desk: Desk) -> RwSignal<bool> {
    let (is_held, turn) = (RwSignal::new(true), StoredValue::new(0u32));
    Effect::new(move |before: Option<()>| {
        desk.drawn_zoom.track();
        if before.is_none() {
            return;
        }
        is_held.set(false);
        let number = turn.get_value().wrapping_add(1);
        turn.set_value(number);
        let mut frames = 0;
        dom::each_frame(move |_| {
            frames += 1;
            let is_last = turn.try_get_value() == Some(number);
            if is_last && frames == REDRAW_FRAMES {
                is_held.set(true);
            }
            is_last && frames < REDRAW_FRAMES
        });
    });
    is_held
}

fn wait(desk: Desk, moved_ms: StoredValue<u64>, at_rest: StoredValue<Option<Camera>>, for_ms: u64) {
    set_timeout(
        move || {
            let Some(moved_ms_ago) = moved_ms.try_get_value().map(|moved_ms| now_ms().saturating_sub(moved_ms)) else { return };
            match STILL_MS.checked_sub(moved_ms_ago) {
                Some(left) if left > 0 => wait(desk, moved_ms, at_rest, left),
                _ => {
                    desk.is_still.set(true);
                    let (camera, rest) = desk.camera.with_untracked(|camera| (*camera, camera.at_rest(screen::device_pixel_ratio())));
                    at_rest.set_value(Some(rest));
                    if rest != camera {
                        desk.camera.set(rest);
                    }
                }
            }
        },
        Duration::from_millis(for_ms),
    );
}

/// The grid lies under the world and moves with it, by less than one of its cells.
fn grid_style(camera: &Camera) -> String {
    let cell = GRID_PX * camera.zoom;
    let offset = |origin: f64| (-origin * camera.zoom).rem_euclid(cell);
    format!("--zoom:{};transform:translate3d({}px,{}px,0)", camera.zoom, offset(camera.x), offset(camera.y))
}

/// The camera stands still when it has not moved for so long.
const STILL_MS: u64 = 250;
/// Frames after which the browser has begun to draw what changed.
const REDRAW_FRAMES: u32 = 2;
/// The cell of the grid in world units (`--grid-major` of tokens.css).
const GRID_PX: f64 = 170.0;
/// Height of the top bar (`--bar-height` of tokens.css), which lies over the canvas.
const TOP_BAR_PX: f64 = 44.0;

/// Where a pointer is, in pixels of the canvas.
pub fn at(event: &ev::PointerEvent) -> Point {
    Point::new(f64::from(event.client_x()), f64::from(event.client_y()) - TOP_BAR_PX)
}

fn finger(event: &ev::PointerEvent) -> Finger {
    Finger { id: event.pointer_id(), at: at(event) }
}
