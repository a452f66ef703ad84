//! One small word of the top bar: whether what was done to the Yard is kept and shared.

use leptos::prelude::*;

use super::desk::desk;
use super::parts::shape;
use crate::browser::last_seen::LastSeen;
use crate::yard::Persistence;
use crate::yard::sync::words::Line;

/// The word.
#[component]
pub fn SyncWord() -> impl IntoView {
    let desk = desk();
    let seen = expect_context::<LastSeen>();
    let (kept, shared) = (desk.yard.persistence(), desk.yard.sync_state());
    let said = Memo::new(move |_| {
        if let Persistence::Failed(why) = kept.get() {
            return ("stream warn", "st-warn", "not kept in this browser".to_owned(), why);
        }
        if let Some(why) = seen.trouble.get() {
            return ("stream warn", "st-warn", "rows not kept in this browser".to_owned(), why);
        }
        let state = shared.get();
        // Ages count only while something waits.
        let now_ms = if state.since_ms.is_some() { desk.now_ms.get() } else { 0 };
        let (class, mark, title) = match state.line {
            Line::Open if state.words(now_ms) == "synced" => ("stream", "st-ok", "Everybody who may see it sees this Yard as it is here"),
            Line::Open if state.caught_up.is_some() => ("stream live", "st-ok", "What was changed without a connection is with everybody now"),
            Line::Open => ("stream warn", "st-wait", "Changes of this Yard that are kept here and not yet with the others"),
            Line::NotStarted | Line::Connecting => ("stream trying", "st-re", "This Yard is being connected with the others"),
            Line::Offline | Line::Refused => ("stream warn", "st-re", "Changes of this Yard are kept in this browser until there is a connection"),
        };
        (class, mark, state.words(now_ms), title.to_owned())
    });
    // Before anything is asked for it is the page that says how it does.
    let is_begun = Memo::new(move |_| {
        kept.with(|kept| matches!(kept, Persistence::Failed(_))) || seen.trouble.with(Option::is_some) || shared.with(|state| state.line != Line::NotStarted)
    });
    move || {
        let (class, mark, words, title) = said.get();
        is_begun.get().then(|| view! { <span class=class title=title role="status" data-sync="">{shape(mark)}<span>{words}</span></span> })
    }
}
