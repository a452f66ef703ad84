//! Search in a log: text, count, next, previous.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use super::log_view::LogView;
use crate::browser::dom;
use crate::logs::EntryId;
use crate::logs::buffer::thousands;
use crate::view::parts::{glyph, small_glyph};

/// The search.
#[component]
pub fn SearchBar(
    /// The window.
    view: LogView,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            dom::focus(&field);
            field.select();
        }
    });
    let close = move || view.searching.set(false);
    // The newest line first: it is the one that people look for.
    let step = move |forward: bool| view.step(forward, EntryId::MAX);
    let count = move || {
        view.version.track();
        match view.shown.with_value(|shown| shown.hit()) {
            None => String::new(),
            Some((_, 0)) => "none".into(),
            Some((0, all)) => thousands(all as u64),
            Some((at, all)) => format!("{} of {}", thousands(at as u64), thousands(all as u64)),
        }
    };
    view! {
        <div class="bar logs-find" role="search">
            <label class="field grow">
                {small_glyph("search")}
                <input node_ref=field type="text" placeholder="Search, or /pattern/" aria-label="Search lines" spellcheck="false" autocomplete="off"
                    prop:value=view.search on:input=move |event| view.search.set(event_target_value(&event))
                    on:keydown=move |event: ev::KeyboardEvent| match event.key().as_str() {
                        "Enter" => { event.prevent_default(); step(event.shift_key()); }
                        "Escape" => { event.stop_propagation(); close(); }
                        _ => {}
                    }/>
            </label>
            <span class="num count" role="status">{count}</span>
            <button class="icon" title="Previous (Enter)" on:click=move |_| step(false)><span class="up">{glyph("down")}</span></button>
            <button class="icon" title="Next (Shift Enter)" on:click=move |_| step(true)>{glyph("down")}</button>
            <button class="icon" title="Close (Esc)" on:click=move |_| close()>{glyph("x")}</button>
        </div>
    }
}
