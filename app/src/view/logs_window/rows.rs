//! The rows of a log: those on screen, keyed, as plain markup without a signal.

mod line;

use std::hash::{DefaultHasher, Hash, Hasher};

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use self::line::row_markup;
use super::log_view::{LogView, Times};
use crate::browser::dom;
use crate::logs::EntryId;
use crate::logs::buffer::thousands;
use crate::logs::layout::{self, ALL, ROW, Slice};
use crate::logs::shown::{Row, Shown};
use crate::view::parts::glyph;

/// A row's number, and everything else that its markup depends on.
type Key = (EntryId, u64);

/// What is on screen: all rows, or a slice of them.
#[derive(Debug, Clone, PartialEq, Default)]
struct OnScreen {
    keys: Vec<Key>,
    rows: usize,
    slice: Option<Slice>,
}

/// Characters of a tag that are shown; the others stand in its tooltip.
const WIDEST_TAG: usize = 16;
/// Pixels from the bottom at which a log follows again.
const NEAR: i32 = 4;

/// The rows on screen.
#[component]
pub fn LogRows(
    /// The window.
    view: LogView,
) -> impl IntoView {
    let scroller = NodeRef::<html::Div>::new();
    let list = NodeRef::<html::Div>::new();
    let scrolled = RwSignal::new(0_i32);
    let height = RwSignal::new(0_i32);
    // The first row on screen and where it stood: lines above it may be forgotten or filtered while one reads.
    let pinned = StoredValue::new(None::<(EntryId, usize)>);

    Effect::new(move |_| {
        if let Some(element) = scroller.get() {
            height.set(element.client_height());
            let watched = element.clone();
            dom::on_resize(&element, move || {
                let _ = height.try_set(watched.client_height());
            });
        }
    });
    // How rows of several sources name them: with another source, other words may tell them apart.
    let tags = Memo::new(move |_| {
        view.version.track();
        view.shown.with_value(|shown| (shown.sources().width(), shown.sources().kinds()))
    });
    let looks = Memo::new(move |_| (view.times.get(), view.search.get(), view.searching.get(), tags.get()));
    let screen = Memo::new(move |_| {
        view.version.track();
        let (scrolled, height) = (if view.paused.get() { f64::from(scrolled.get()) } else { f64::INFINITY }, f64::from(height.get()));
        let looks = looks.get();
        view.shown.with_value(|shown| on_screen(shown, scrolled, height, &looks))
    });
    // After the rows are there: rows of several lines push the others, so the pinned one is measured and put in its place.
    let place = move || {
        let (Some(scroller), Some(list)) = (scroller.get_untracked(), list.get_untracked()) else { return };
        let shift = screen.with_untracked(|screen| screen.slice.and_then(|slice| shift(&list, slice)));
        // Fails for no known property.
        let _ = list
            .dyn_ref::<HtmlElement>()
            .map(|list| web_sys::HtmlElement::style(list).set_property("transform", &shift.map_or("none".into(), |y| format!("translateY({y}px)"))));
        if !view.paused.get_untracked() {
            scroller.set_scroll_top(scroller.scroll_height());
        }
    };
    Effect::new(move |_| {
        screen.track();
        view.wrap.track();
        queue_microtask(place);
    });
    Effect::new(move |_| {
        view.version.track();
        if let (true, Some(scroller), Some((id, was))) = (view.paused.get_untracked(), scroller.get_untracked(), pinned.get_value()) {
            let now = view.shown.with_value(|shown| shown.position(id));
            if now != was {
                scroller.set_scroll_top(scroller.scroll_top() + (now as i32 - was as i32) * ROW as i32);
                pinned.set_value(Some((id, now)));
            }
        }
    });
    Effect::new(move |_| {
        let (Some((id, _)), Some(scroller)) = (view.reveal.get(), scroller.get_untracked()) else { return };
        view.pause();
        let (at, rows) = view.shown.with_value(|shown| (shown.position(id), shown.rows()));
        let seen = f64::from(height.get_untracked());
        let top = if rows > ALL { layout::reveal(at, rows, seen) } else { in_flow(&list, at).map_or(0.0, |middle| middle - seen / 2.0) };
        scroller.set_scroll_top(top as i32);
        scrolled.set(scroller.scroll_top());
    });
    let on_scroll = move |_| {
        let Some(scroller) = scroller.get_untracked() else { return };
        let (top, before) = (scroller.scroll_top(), scrolled.get_untracked());
        let at_bottom = scroller.scroll_height() - scroller.client_height() - top <= NEAR;
        scrolled.set(top);
        match (view.paused.get_untracked(), at_bottom) {
            (true, true) => view.resume(),
            (false, false) if top < before => view.pause(),
            _ => {}
        }
        pinned.set_value(screen.with_untracked(|screen| {
            let first = screen.keys.first()?.0;
            Some((first, view.shown.with_value(|shown| shown.position(first))))
        }));
    };
    let spacer = move || screen.with(|screen| if screen.slice.is_some() { format!("{}px", layout::content(screen.rows)) } else { "auto".into() });
    let seen = move || if screen.with(|screen| screen.slice.is_some()) { format!("{}px", height.get()) } else { "auto".into() };
    let waiting = move || {
        view.version.track();
        let (count, has_room) = if view.paused.get() { view.shown.with_value(|shown| (shown.waiting(), shown.has_room())) } else { (0, true) };
        let more = if has_room { "" } else { ", more wait in the cluster" };
        (count > 0).then(|| format!("{} new {}{more}", thousands(count as u64), if count == 1 { "line" } else { "lines" }))
    };
    // Shift chooses lines; it is not to mark text as well.
    let press = move |event: ev::MouseEvent| {
        if event.shift_key() {
            event.prevent_default();
        }
    };
    let keys = move |event: ev::KeyboardEvent| {
        if choose_by_key(view, &event) {
            event.prevent_default();
            event.stop_propagation();
        }
    };
    view! {
        <div class="log scrolls" node_ref=scroller tabindex="0" role="log" aria-live="off" aria-label="Log" class:wrap=view.wrap
            class:no-time=move || view.times.get() == Times::Off class:tagged=move || tags.get().0 != 0 style=move || format!("--tag:{}ch", tags.get().0.min(WIDEST_TAG))
            on:scroll=on_scroll on:keydown=keys on:mousedown=press
            on:click=move |event| clicked(view, scroller, &event)>
            <div class="spacer" style:height=spacer>
                <div class="seen" class:window=move || screen.with(|screen| screen.slice.is_some()) style:height=seen>
                    <div class="rows" node_ref=list>
                        <For each=move || screen.with(|screen| screen.keys.clone()) key=|key| *key children=move |(id, _)| row_markup(view, id)/>
                    </div>
                </div>
            </div>
        </div>
        {move || waiting().map(|words| view! { <button class="btn fresh" on:click=move |_| view.resume()>{words}{glyph("down")}</button> })}
    }
}

fn on_screen(shown: &Shown, scrolled: f64, height: f64, looks: &impl Hash) -> OnScreen {
    let rows = shown.rows();
    let slice = (rows > ALL).then(|| layout::slice(rows, scrolled, height));
    let (from, to) = slice.map_or((0, rows), |slice| (slice.from, slice.to));
    let keys = (from..to).filter_map(|at| shown.row(at)).map(|(id, row)| (id, look(shown, id, &row, looks))).collect();
    OnScreen { keys, rows, slice }
}

fn look(shown: &Shown, id: EntryId, row: &Row<'_>, looks: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    looks.hash(&mut hasher);
    (shown.current() == Some(id)).hash(&mut hasher);
    match row {
        Row::Line { unfolded, chosen, .. } => (unfolded, chosen).hash(&mut hasher),
        Row::Gap(_, gap) => gap.words(0).hash(&mut hasher),
    }
    hasher.finish()
}

/// How far the list has to be moved for the pinned row to stand in its place.
fn shift(list: &HtmlElement, slice: Slice) -> Option<f64> {
    let row = list.children().item((slice.anchor - slice.from) as u32)?.dyn_into::<HtmlElement>().ok()?;
    Some(slice.at - f64::from(row.offset_top()) - slice.part * f64::from(row.offset_height()))
}

/// The middle of a row where all are rendered.
fn in_flow(list: &NodeRef<html::Div>, at: usize) -> Option<f64> {
    let row = list.get_untracked()?.children().item(at as u32)?.dyn_into::<HtmlElement>().ok()?;
    Some(f64::from(row.offset_top()) + f64::from(row.offset_height()) / 2.0)
}

/// A click beside a line (its time, its level, its source) chooses it, with Shift all up to it; one on a line with fields folds them out, or in.
fn clicked(view: LogView, scroller: NodeRef<html::Div>, event: &ev::MouseEvent) {
    if crate::browser::locale::has_selection() {
        return;
    }
    let Some(element) = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) else { return };
    let within = |selector: &str| element.closest(selector).ok().flatten();
    let Some(row) = within(".row") else { return };
    let Some(id) = row.get_attribute("data-id").and_then(|id| id.parse().ok()) else { return };
    if event.shift_key() || within("time, b, .whose").is_some() {
        view.choose(|shown| shown.choose(id, event.shift_key()));
    } else if within(".row.folds").is_some() {
        unfold(view, scroller, &row, id);
    }
}

/// Shift and an arrow choose a line more, or one less; Ctrl A all; Ctrl C copies what is chosen; Escape lets go of it.
fn choose_by_key(view: LogView, event: &ev::KeyboardEvent) -> bool {
    let command = event.ctrl_key() || event.meta_key();
    match event.key().as_str() {
        "ArrowUp" | "ArrowDown" if event.shift_key() => {
            let next = view.choose(|shown| shown.choose_next(event.key() == "ArrowDown"));
            if let Some(id) = next {
                view.reveal(id);
            }
            true
        }
        "a" if command => {
            view.choose(Shown::choose_all);
            true
        }
        "c" if command && !crate::browser::locale::has_selection() && view.shown.with_value(|shown| shown.chosen() > 0) => {
            view.copy();
            true
        }
        "Escape" => view.choose(Shown::choose_none),
        _ => false,
    }
}

/// Folds the fields of a line out, or in, below a line that stays where it is.
fn unfold(view: LogView, scroller: NodeRef<html::Div>, row: &web_sys::Element, number: EntryId) {
    let Some(scroller) = scroller.get_untracked() else { return };
    let id = number.to_string();
    let before = row.get_bounding_client_rect().top();
    view.pause();
    view.shown.update_value(|shown| shown.toggle(number));
    view.version.update(|version| *version += 1);
    request_animation_frame(move || {
        let row = scroller.query_selector(&format!(".row[data-id=\"{id}\"]")).ok().flatten();
        let scale = scroller.get_bounding_client_rect().height() / f64::from(scroller.offset_height().max(1));
        if let Some(row) = row.filter(|_| scale > 0.0) {
            let moved = (row.get_bounding_client_rect().top() - before) / scale;
            scroller.set_scroll_top(scroller.scroll_top() + moved.round() as i32);
        }
    });
}
