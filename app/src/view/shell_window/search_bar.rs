//! Search in a terminal.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use super::shell_view::ShellView;
use crate::browser::dom;
use crate::terminal::xterm::Screen;
use crate::view::parts::{glyph, small_glyph};

/// The search.
#[component]
pub fn SearchBar(
    /// The window.
    view: ShellView,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let wanted = RwSignal::new(String::new());
    let found = RwSignal::new(true);
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            dom::focus(&field);
        }
    });
    let find = move |backwards: bool| {
        let hit = view.with_screen(|screen| screen.find(&wanted.get_untracked(), backwards));
        found.set(hit == Some(true) || wanted.with_untracked(String::is_empty));
    };
    let close = move || {
        view.with_screen(|screen| screen.find("", false));
        view.searching.set(false);
        view.with_screen(Screen::focus);
    };
    view! {
        <div class="bar logs-find" role="search">
            <label class="field grow" class:bad=move || !found.get()>
                {small_glyph("search")}
                <input node_ref=field type="text" placeholder="Search the screen" aria-label="Search the screen" spellcheck="false" autocomplete="off"
                    prop:value=wanted on:input=move |event| { wanted.set(event_target_value(&event)); find(true); }
                    on:keydown=move |event: ev::KeyboardEvent| match event.key().as_str() {
                        "Enter" => { event.prevent_default(); find(!event.shift_key()); }
                        "Escape" => { event.stop_propagation(); close(); }
                        _ => {}
                    }/>
            </label>
            <span class="count" role="status">{move || if found.get() { "" } else { "none" }}</span>
            <button class="icon" title="Previous (Enter)" on:click=move |_| find(true)><span class="up">{glyph("down")}</span></button>
            <button class="icon" title="Next (Shift Enter)" on:click=move |_| find(false)>{glyph("down")}</button>
            <button class="icon" title="Close (Esc)" on:click=move |_| close()>{glyph("x")}</button>
        </div>
    }
}
