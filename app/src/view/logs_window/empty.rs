//! What a log window says where it has no lines, and above those that it keeps of a stream that is over.

use leptos::prelude::*;

use super::log_view::LogView;
use crate::logs::follow::Range;
use crate::logs::target::{ALL_CONTAINERS, ALL_PODS};
use crate::stream::StreamState;
use crate::view::parts::{say, say_refusal, sentence_case, shape};

/// Words in the place of lines.
#[component]
pub fn Instead(
    /// The window.
    view: LogView,
    /// The object.
    name: String,
) -> impl IntoView {
    let again = Callback::new(move |()| view.again());
    let is_empty = Memo::new(move |_| {
        view.version.track();
        view.shown.with_value(|shown| shown.rows() == 0)
    });
    move || {
        if !is_empty.get() {
            return ().into_any();
        }
        let container = view.header.picked.get();
        let of = match container.as_str() {
            "" | ALL_CONTAINERS | ALL_PODS => name.clone(),
            _ if view.has_pods => container,
            container => format!("{container} in {name}"),
        };
        let state = view.header.stream.get();
        if let StreamState::Denied(refusal) = &state {
            return say_refusal(refusal, again).into_any();
        }
        let (title, sentence) = words(view, &state, &of);
        let is_filtered = !view.filter.get().is_empty() || view.level.get().is_some();
        if state.is_live() && is_filtered {
            let clear = move |_| {
                view.filter.set(String::new());
                view.level.set(None);
            };
            let actions = view! { <button class="btn" on:click=clear>"Clear the filter"</button> }.into_any();
            return say(None, "No line matches".into(), format!("New lines of {of} that match appear here."), None, actions).into_any();
        }
        let retry = matches!(state, StreamState::Reconnecting { .. } | StreamState::Gone)
            .then(|| view! { <button class="btn" on:click=move |_| view.again()>"Try now"</button> });
        let why = view.waits_for.get().filter(|why| !why.is_empty());
        say(None, title, sentence, why, retry.into_any()).into_any()
    }
}

fn words(view: LogView, state: &StreamState, of: &str) -> (String, String) {
    match state {
        StreamState::NotStarted => match view.waits_for.get().filter(|why| !why.is_empty()) {
            Some(_) => ("Not started".into(), format!("{of} has no log yet. It appears here as soon as there is one.")),
            None => ("Asking".into(), format!("Looking for {of}.")),
        },
        StreamState::Live if view.has_pods && view.shown.with_value(|shown| shown.sources().pods().is_empty()) => {
            ("No pods".into(), format!("{of} has no pods now. What they write appears here as soon as there are any."))
        }
        StreamState::Live | StreamState::LiveAs(_) | StreamState::Behind { .. } | StreamState::Stale { .. } => {
            let span = match view.range.get() {
                Range::Since(secs) if secs < 3600 => format!(" in the last {} m", secs / 60),
                Range::Since(secs) => format!(" in the last {} h", secs / 3600),
                Range::Tail(_) | Range::All => " yet".into(),
            };
            ("No lines".into(), format!("{of} has written nothing{span}. New lines appear here."))
        }
        StreamState::Connecting { .. } => ("Asking".into(), format!("Asking for the log of {of}. Lines appear as they come.")),
        StreamState::Reconnecting { cause, .. } => ("No connection".into(), sentence_case(cause)),
        StreamState::Ended { .. } => ("No lines".into(), format!("{of} has ended and wrote nothing.")),
        StreamState::Gone => ("Gone".into(), format!("{of} is gone, and its log with it.")),
        StreamState::Denied(refusal) => ("No access".into(), sentence_case(&refusal.to_string())),
    }
}

/// Above lines: what a person should know of the stream besides its state, and that they stay although it is over.
pub(super) fn strip(view: LogView) -> Option<impl IntoView> {
    let (class, words) = match view.header.stream.get() {
        StreamState::Gone if view.has_pods => ("strip gone", "Its pods are gone. Their lines stay until you close the window.".to_owned()),
        StreamState::Gone => ("strip gone", "The pod is gone. Its lines stay until you close the window.".to_owned()),
        StreamState::Denied(refusal) => ("strip gone", sentence_case(&refusal.to_string())),
        _ => ("strip warn whole", sentence_case(&view.trouble.get()?)),
    };
    view.version.track();
    let mark = if class == "strip gone" { "st-stop" } else { "st-warn" };
    let again = (class == "strip gone").then(|| view! { <button class="btn" on:click=move |_| view.again()>"Check again"</button> });
    view.shown.with_value(|shown| shown.rows() > 0).then(|| {
        view! { <div class=class>{shape(mark)}<span class="cut" title=words.clone()>{words.clone()}</span>{again}</div> }
    })
}
