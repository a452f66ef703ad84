//! The minimap, and beside it what belongs to the camera and the Yard: zoom, fit, undo, redo.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use super::desk::desk;
use super::note::write_note;
use super::parts::{glyph, hue};
use crate::browser::{dom, screen};
use crate::canvas::camera::Camera;
use crate::canvas::minimap::{MINIMAP, Minimap};
use crate::yard::{Point, Rect, YardAction, layout};

/// Krates in namespace colours and the own viewport as a frame; a click or a drag goes there.
#[component]
pub fn MinimapIsland() -> impl IntoView {
    let desk = desk();
    let node = NodeRef::<html::Div>::new();
    let state = desk.yard.state();
    let krates = Memo::new(move |_| {
        state.with(|state| state.krates.iter().map(|krate| (layout::krate_rect(krate), hue(krate.subject.namespace()))).collect::<Vec<_>>())
    });
    let whole = Memo::new(move |_| krates.with(|krates| Rect::around(krates.iter().map(|(rect, _)| *rect))));
    let view = move || desk.camera.with(|camera| camera.visible(desk.viewport.get()));
    let map = Memo::new(move |_| {
        // Half a screen of ground around: the frame is a part of the world, not its edge.
        let (view, around) = (view(), view().grown(view().size.h / 2.0));
        Minimap::new(whole.get().into_iter().chain([around]), view)
    });
    let frame = move || {
        let Rect { at, size } = map.with(|map| map.from_world(&view()));
        format!("transform:translate({}px,{}px);width:{}px;height:{}px", at.x, at.y, size.w, size.h)
    };
    let go = move |event: &ev::PointerEvent| {
        let Some(element) = node.get_untracked() else { return };
        let corner = dom::corner(&element);
        let world = map.get_untracked().to_world(Point::new(f64::from(event.client_x()) - corner.x, f64::from(event.client_y()) - corner.y));
        desk.land();
        desk.camera.update(|camera| *camera = Camera::centred(world, camera.zoom, desk.viewport.get_untracked()).at_rest(screen::device_pixel_ratio()));
    };
    let held = StoredValue::new(false);
    view! {
        <div class="island mini">
            <div node_ref=node class="mini-map"
                on:pointerdown=move |event| { dom::capture_pointer(&event); held.set_value(true); go(&event); }
                on:pointermove=move |event| if held.get_value() { go(&event) }
                on:pointerup=move |_| held.set_value(false)>
                <svg viewBox=format!("0 0 {} {}", MINIMAP.w, MINIMAP.h) aria-label="Minimap" role="img">
                    // The world as it is, under one transform: the camera changes that alone.
                    <g transform=move || map.with(Minimap::transform)>
                        {move || krates.get().into_iter().map(|(Rect { at, size }, hue)| view! {
                            <rect class=format!("plot-{hue} {hue} mini-krate") x=at.x y=at.y width=size.w height=size.h rx="20"></rect>
                        }).collect_view()}
                        {move || desk.company.people.with(|people| people.iter().filter_map(|person| Some((person.hue, person.viewport()?))).map(|(hue, Rect { at, size })| view! {
                            <rect class=format!("mini-them p{hue}") x=at.x y=at.y width=size.w height=size.h rx="20"></rect>
                        }).collect_view())}
                    </g>
                </svg>
                <i class="mini-view" style=frame></i>
            </div>
            <div class="row">
                <button class="icon" title="Zoom out (-)" on:click=move |_| desk.zoom_by(1.0 / 1.25)>{glyph("min")}</button>
                <button class="pct" title="Zoom to 100 % (0)" on:click=move |_| desk.zoom_to(1.0)>{move || format!("{:.0} %", desk.camera.with(|camera| camera.zoom) * 100.0)}</button>
                <button class="icon" title="Zoom in (+)" on:click=move |_| desk.zoom_by(1.25)>{glyph("plus")}</button>
                <button class="icon" title="Fit everything (1)" on:click=move |_| desk.fit(false)>{glyph("fit")}</button>
            </div>
        </div>
    }
}

/// Undo and redo.
#[component]
pub fn ToolsIsland() -> impl IntoView {
    let desk = desk();
    let (can_undo, can_redo) = (desk.yard.can_undo(), desk.yard.can_redo());
    let points = move || desk.arrow.with(Option::is_some);
    view! {
        <div class="island tools-island">
            <button class="icon" title="Note" on:click=move |_| write_note(desk)>{glyph("note")}</button>
            <button class="icon" class:on=points title="Arrow: click its two krates" aria-pressed=move || points().to_string()
                on:click=move |_| desk.arrow.update(|arrow| *arrow = arrow.is_none().then_some(None))>{glyph("arrow")}</button>
            <span class="sep"></span>
            <button class="icon" title="Undo (Ctrl+Z)" disabled=move || !can_undo.get() on:click=move |_| { desk.yard.act(YardAction::Undo); }>{glyph("undo")}</button>
            <button class="icon" title="Redo (Ctrl+Shift+Z)" disabled=move || !can_redo.get() on:click=move |_| { desk.yard.act(YardAction::Redo); }>{glyph("redo")}</button>
        </div>
    }
}
