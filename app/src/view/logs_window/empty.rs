//! What a log window says where it has no lines, and above those that it keeps of a stream that is over.

use leptos::prelude::*;

use super::log_view::LogView;
use crate::logs::follow::Range;
use crate::stream::StreamState;
use crate::view::parts::{say, say_refusal, sentence_case, shape};

/// Words in the place of lines.
#[component]
pub fn Instead(
    /// The window.
    view: LogView,
    /// The pod.
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
        let of = if container.is_empty() { name.clone() } else { format!("{container} in {name}") };
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

/// Above lines that stay although their stream is over.
pub(super) fn strip(view: LogView) -> Option<impl IntoView> {
    let words = match view.header.stream.get() {
        StreamState::Gone => "The pod is gone. Its lines stay until you close the window.".to_owned(),
        StreamState::Denied(refusal) => sentence_case(&refusal.to_string()),
        _ => return None,
    };
    view.version.track();
    view.shown.with_value(|shown| shown.rows() > 0).then(|| {
        view! { <div class="strip gone">{shape("st-stop")}<span class="cut">{words}</span><button class="btn" on:click=move |_| view.again()>"Check again"</button></div> }
    })
}
