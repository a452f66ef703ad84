//! The sheet of shortcuts.

use leptos::ev;
use leptos::prelude::*;

use super::desk::desk;
use super::parts::{glyph, key};

/// Keys, and what they do together.
type Shortcut = (&'static [&'static str], &'static str);

/// What a key does, by place.
const SHORTCUTS: &[(&str, &[Shortcut])] = &[
    (
        "Find",
        &[
            (&["any letter"], "Spotlight, with that letter"),
            (&["/"], "Spotlight"),
            (&["Ctrl", "K"], "Spotlight, also from a shell or a field"),
            (&["Tab"], "turn a word into a filter, or go through those used before"),
            (&["Enter"], "open the kind's first view"),
            (&["Shift", "Enter"], "add it to the krate in focus"),
            (&["Alt", "L S D Y E"], "open Logs, Shell, Describe, YAML, Events"),
        ],
    ),
    (
        "Move",
        &[
            (&["wheel"], "pan"),
            (&["Ctrl", "wheel"], "zoom about the pointer"),
            (&["Space", "drag"], "pan everywhere, also above a shell"),
            (&["+", "-"], "zoom"),
            (&["0"], "zoom to 100 %"),
            (&["1"], "fit everything"),
            (&["2"], "fit the krate in focus"),
            (&["arrows"], "to the krate that lies that way"),
            (&["Shift", "arrows"], "pan"),
            (&["Alt", "arrows"], "move the krate in focus, or what is selected"),
            (&["Shift", "click"], "select a krate; drag over the ground for several"),
            (&["Shift", "Space"], "select the krate in focus; Ctrl A all"),
        ],
    ),
    (
        "Windows",
        &[
            (&["Enter"], "give the keyboard to the krate in focus"),
            (&["F6"], "to the next window; with Shift to the one before"),
            (&["Alt", "L S D Y E"], "another view in the same window"),
            (&["Alt", "arrows"], "resize the window with the keyboard"),
            (&["Alt", "K"], "copy a link to the krate in focus"),
            (&["z"], "maximise, and back"),
            (&["m"], "minimise its krate"),
            (&["Esc"], "give the keyboard back to the canvas"),
            (&["Ctrl", "Shift", "Esc"], "the same, from a shell"),
            (&["Delete"], "close the window with the keyboard, the krate, or what is selected"),
            (&["Ctrl", "Z"], "undo your last change of the Yard"),
            (&["Ctrl", "Shift", "Z"], "redo"),
            (&["Ctrl", ","], "preferences"),
        ],
    ),
    (
        "Lists and logs",
        &[
            (&["arrows"], "move the cursor"),
            (&["Enter"], "open"),
            (&["Shift", "arrows"], "select several; Space one more, Ctrl A all"),
            (&["Alt", "L S D Y E"], "open a view of the row, or of what is selected"),
            (&["Alt", "P"], "the pods of a node or workload"),
            (&["left", "right"], "close and open a line of a tree"),
            (&["Shift", "↑", "↓"], "choose lines of a log, Ctrl A all, Ctrl C copies"),
            (&["Ctrl", "F"], "search in a log or YAML"),
        ],
    ),
];

/// Every shortcut, over the canvas.
#[component]
pub fn Help() -> impl IntoView {
    let desk = desk();
    let close = move || desk.sheet.set(None);
    view! {
        <div class="veil" on:click=move |_| close()></div>
        <div class="help" role="dialog" aria-label="Shortcuts" aria-modal="true" on:keydown=move |event: ev::KeyboardEvent| if event.key() == "Escape" { close() }>
            <header><h2>"Shortcuts"</h2><span class="grow"></span><button class="icon" title="Close" autofocus on:click=move |_| close()>{glyph("x")}</button></header>
            <div class="help-grid">
                {SHORTCUTS.iter().map(|(place, keys)| view! {
                    <section>
                        <h4>{*place}</h4>
                        {keys.iter().map(|(caps, does)| view! { <div class="rowk"><span class="caps">{caps.iter().map(|cap| key(*cap)).collect_view()}</span><span>{*does}</span></div> }).collect_view()}
                    </section>
                }).collect_view()}
            </div>
        </div>
    }
}
