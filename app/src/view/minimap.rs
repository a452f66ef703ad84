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
use crate::yard::{Point, YardAction, layout};

/// Krates in namespace colours and the own viewport as a frame; a click or a drag goes there.
#[component]
pub fn MinimapIsland() -> impl IntoView {
    let desk = desk();
    let node = NodeRef::<html::Div>::new();
    let map = move || {
        let view = desk.camera.with(|camera| camera.visible(desk.viewport.get()));
        let rects: Vec<_> =
            desk.yard.state().with(|state| state.krates.iter().map(|krate| (layout::krate_rect(krate), hue(krate.subject.namespace()))).collect());
        // Half a screen of ground around: the frame is a part of the world, not its edge.
        let around = view.grown(view.size.h / 2.0);
        let map = Minimap::new(rects.iter().map(|(rect, _)| *rect).chain([around]), view);
        (map, rects, view)
    };
    let go = move |event: &ev::PointerEvent| {
        let Some(element) = node.get_untracked() else { return };
        let corner = dom::corner(&element);
        let (map, ..) = map();
        let world = map.to_world(Point::new(f64::from(event.client_x()) - corner.x, f64::from(event.client_y()) - corner.y));
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
                    {move || {
                        let (map, rects, view) = map();
                        let frame = map.from_world(&view);
                        view! {
                            {rects.into_iter().map(|(rect, hue)| {
                                let r = map.from_world(&rect);
                                view! { <rect class=format!("plot-{hue} {hue} mini-krate") x=r.at.x y=r.at.y width=r.size.w height=r.size.h rx="1.5"></rect> }
                            }).collect_view()}
                            {desk.company.people.with(|people| people.iter().filter_map(|person| Some((person.hue, map.from_world(&person.viewport()?)))).map(|(hue, r)| view! {
                                <rect class=format!("mini-them p{hue}") x=r.at.x y=r.at.y width=r.size.w height=r.size.h rx="2"></rect>
                            }).collect_view())}
                            <rect class="mini-view" x=frame.at.x y=frame.at.y width=frame.size.w height=frame.size.h rx="2"></rect>
                        }
                    }}
                </svg>
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
