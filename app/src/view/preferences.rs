//! What a person may choose for this browser.

use leptos::ev;
use leptos::prelude::*;

use super::desk::desk;
use super::parts::glyph;
use crate::browser::preferences::Choice;

/// The sheet of preferences, over the canvas.
#[component]
pub fn Preferences() -> impl IntoView {
    let desk = desk();
    let close = move || desk.sheet.set(None);
    let forget = move |_| desk.finder.update_value(crate::spotlight::Spotlight::forget);
    view! {
        <div class="veil" on:click=move |_| close()></div>
        <div class="help prefs" role="dialog" aria-label="Preferences" aria-modal="true" on:keydown=move |event: ev::KeyboardEvent| if event.key() == "Escape" { close() }>
            <header><h2>"Preferences"</h2><span class="grow"></span><button class="icon" title="Close" autofocus on:click=move |_| close()>{glyph("x")}</button></header>
            <p class="muted">"Kept in this browser, for you alone."</p>
            {choice("Theme", desk.theme)}
            {choice("Motion", desk.motion)}
            {choice("Wheel over the ground", desk.wheel)}
            <div class="rowk"><span>"Opened lately"</span><span><button class="btn" on:click=forget>"Forget"</button></span></div>
        </div>
    }
}

/// One choice: radio buttons in a row.
fn choice<C: Choice>(title: &'static str, chosen: RwSignal<C>) -> impl IntoView {
    let options = C::ALL.iter().map(|(option, _, label)| {
        let is_on = move || chosen.get() == *option;
        view! {
            <label class="option"><input type="radio" name=title prop:checked=is_on on:change=move |_| chosen.set(*option)/>{*label}</label>
        }
    });
    view! { <fieldset class="rowk"><legend>{title}</legend><span class="options">{options.collect_view()}</span></fieldset> }
}
