//! What leaves a log window: copies, a file of what is shown, a file of everything that the cluster kept.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::prelude::*;

use super::log_view::{LogView, follow_of};
use crate::browser::clipboard::{self, Pieces};
use crate::connection::logs::LogStream;
use crate::logs::buffer::thousands;
use crate::logs::follow::Range;
use crate::logs::shown::Shown;
use crate::logs::target::{ALL_CONTAINERS, ALL_PODS};
use crate::logs::whole::{LONGEST, Whole};
use crate::stream::StreamState;
use crate::view::parts::{sentence_case, shape};
use crate::view::pop::{Place, Pop};

/// What a copy is of, given how many lines are chosen.
pub(super) fn copy_words(chosen: usize) -> String {
    match chosen {
        0 => "Copy what is shown".into(),
        1 => "Copy the chosen line".into(),
        chosen => format!("Copy {} chosen lines", thousands(chosen as u64)),
    }
}

/// The menu of copies and files, while it is open.
pub(super) fn menu(view: LogView, name: StoredValue<String>) -> impl IntoView {
    let close = Callback::new(move |()| view.menu.set(false));
    let rows = view.shown.with_value(Shown::rows);
    view! {
        <Pop label="Copy and download" at=Place::TopRight close>
            <button class="pop-item" on:click=move |_| { view.copy(); close.run(()) }>
                <span class="cut">{copy_words(view.chosen.get_untracked())}</span><span class="muted">{(view.chosen.get_untracked() > 0).then_some("Ctrl C")}</span>
            </button>
            <button class="pop-item" on:click=move |_| { shown(view, &name.get_value()); close.run(()) }>
                <span class="cut">"Download what is shown"</span><span class="muted">{format!("{} lines", thousands(rows as u64))}</span>
            </button>
            <button class="pop-item" title=format!("Every line that the cluster still has, also of pods that are not shown, up to {} MB in one file", LONGEST >> 20)
                on:click=move |_| { everything(view, &name.get_value()); close.run(()) }>
                <span class="cut">"Download everything"</span><span class="muted">{format!("up to {} MB", LONGEST >> 20)}</span>
            </button>
        </Pop>
    }
}

/// What is shown, with times.
fn shown(view: LogView, name: &str) {
    let text = view.shown.with_value(|shown| shown.text(true));
    let picked = view.header.picked.get_untracked();
    // A browser that refuses says so itself.
    let _ = clipboard::download(&file_name(name, &picked, ""), &text);
}

fn file_name(name: &str, picked: &str, end: &str) -> String {
    let part = if picked.is_empty() || picked == ALL_CONTAINERS || picked == ALL_PODS { String::new() } else { format!("-{picked}") };
    format!("{name}{part}{end}.log")
}

/// The whole log on a line of its own to the proxy: the window goes on meanwhile.
fn everything(view: LogView, name: &str) {
    let Some(query) = view.query.get_value() else { return };
    let picked = if view.has_pods { String::new() } else { view.header.picked.get_untracked() };
    let file = file_name(name, &picked, "-everything");
    let state = Rc::new(RefCell::new((Whole::new(query.container.is_none()), Pieces::default())));
    view.whole_bytes.set(Some(0));
    let stream = LogStream::start(follow_of(query, Range::All), move |effects| {
        let Some(stream) = view.whole.try_get_value().flatten() else { return };
        let (is_over, bytes) = {
            let (whole, pieces) = &mut *state.borrow_mut();
            whole.take(effects);
            let end = end_of(&stream, whole);
            if let Some(Err(why)) = &end {
                whole.cut(why);
            }
            let kept = whole.piece(end.is_some()).map_or(Ok(()), |piece| pieces.push(&piece));
            (end.is_some() || kept.is_err(), whole.bytes())
        };
        if is_over {
            let (_, pieces) = state.take();
            let _ = pieces.save(&file);
            stop(view);
        } else {
            view.whole_bytes.try_set(Some(bytes));
        }
    });
    view.whole.set_value(Some(Rc::new(stream)));
}

/// Whether a file is complete, or why it ends before the log does.
fn end_of(stream: &LogStream, whole: &Whole) -> Option<Result<(), String>> {
    if whole.is_full() {
        return Some(Err(format!("it has {} MB, and a file may have no more", LONGEST >> 20)));
    }
    match stream.state() {
        StreamState::Denied(refusal) => Some(Err(refusal.to_string())),
        _ if stream.is_caught_up() => Some(Ok(())),
        StreamState::Gone if whole.bytes() == 0 => Some(Err("the log is gone".into())),
        _ => None,
    }
}

fn stop(view: LogView) {
    view.whole_bytes.try_set(None);
    // Not within its own callback.
    queue_microtask(move || drop(view.whole.try_update_value(Option::take)));
}

/// How far a file is, with a way to end it.
pub(super) fn progress(view: LogView) -> Option<impl IntoView> {
    let bytes = view.whole_bytes.get()?;
    let words = format!("writing a file of everything: {}.{} MB so far", bytes >> 20, (bytes >> 10) % 1024 * 10 / 1024);
    Some(view! {
        <div class="strip gone">{shape("st-wait")}<span class="cut" role="status">{sentence_case(&words)}</span><button class="btn" on:click=move |_| stop(view)>"Cancel"</button></div>
    })
}
