//! What is selected on the canvas: krates that are moved and closed together.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::desk::desk;
use super::parts::glyph;

/// How many krates are selected, and what is done with them.
#[component]
pub fn SelectionIsland() -> impl IntoView {
    let desk = desk();
    // Who is gone is not selected.
    Effect::new(move |_| {
        let gone = desk.yard.state().with(|state| desk.selection.with_untracked(|selection| selection.iter().any(|id| state.krate(id).is_none())));
        if gone {
            desk.selection.update(|selection| desk.yard.state().with_untracked(|state| selection.retain(|id| state.krate(id).is_some())));
        }
    });
    let count = Memo::new(move |_| desk.selection.with(BTreeSet::len));
    move || {
        (count.get() > 0).then(|| view! {
            <div class="island selected-island" role="status">
                <span>{match count.get() { 1 => "1 krate selected".to_owned(), count => format!("{count} krates selected") }}</span>
                <button class="btn quiet" on:click=move |_| desk.fit(true)>"Show"</button>
                <button class="btn quiet" on:click=move |_| desk.close_selection()>"Close"</button>
                <button class="icon" aria-label="Select nothing" title="Select nothing (Esc)" on:click=move |_| desk.selection.set(BTreeSet::new())>{glyph("x")}</button>
            </div>
        })
    }
}
