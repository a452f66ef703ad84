//! The search of a window: text, how much was found, previous, next.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use super::parts::{glyph, small_glyph};
use crate::browser::dom;

/// Which of the places that were found comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Step {
    Previous,
    Next,
}

/// The search.
#[component]
pub fn SearchBar(
    /// What the field is called.
    label: &'static str,
    /// What it says before anything is typed.
    words: &'static str,
    /// What is searched for.
    text: RwSignal<String>,
    /// How much was found.
    #[prop(into)]
    count: Signal<String>,
    /// Nothing was found.
    #[prop(into)]
    is_bad: Signal<bool>,
    /// What Enter does; with Shift it does the other.
    enter: Step,
    /// Goes to another place.
    step: Callback<Step>,
    /// Ends the search.
    close: Callback<()>,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            dom::focus(&field);
            field.select();
        }
    });
    let (other, keys) = match enter {
        Step::Previous => (Step::Next, ["Previous (Enter)", "Next (Shift Enter)"]),
        Step::Next => (Step::Previous, ["Previous (Shift Enter)", "Next (Enter)"]),
    };
    view! {
        <div class="bar logs-find" role="search">
            <label class="field grow" class:bad=is_bad>
                {small_glyph("search")}
                <input node_ref=field type="text" placeholder=words aria-label=label spellcheck="false" autocomplete="off"
                    prop:value=text on:input=move |event| text.set(event_target_value(&event))
                    on:keydown=move |event: ev::KeyboardEvent| match event.key().as_str() {
                        "Enter" => { event.prevent_default(); step.run(if event.shift_key() { other } else { enter }); }
                        "Escape" => { event.stop_propagation(); close.run(()); }
                        _ => {}
                    }/>
            </label>
            <span class="num count" role="status">{count}</span>
            <button class="icon" title=keys[0] on:click=move |_| step.run(Step::Previous)><span class="up">{glyph("down")}</span></button>
            <button class="icon" title=keys[1] on:click=move |_| step.run(Step::Next)>{glyph("down")}</button>
            <button class="icon" title="Close (Esc)" on:click=move |_| close.run(())>{glyph("x")}</button>
        </div>
    }
}
