//! A log window: toolbar, search, rows that are rendered only where they are seen, and what is said in their place.

mod download;
pub mod empty;
pub mod log_view;
pub mod rows;
pub mod toolbar;

use std::sync::Arc;

use krateyard_shared::identity::ObjectRef;
use krateyard_shared::rows::Row;
use leptos::ev;
use leptos::prelude::*;

use self::empty::{Instead, strip};
use self::log_view::LogView;
use self::rows::LogRows;
use self::toolbar::Toolbar;
use super::search_bar::{SearchBar, Step};
use super::window_header::WindowHeader;
use crate::logs::EntryId;
use crate::logs::buffer::thousands;
use crate::logs::shown::Shown;

/// The body of a log window.
#[component]
pub fn LogsWindow(
    /// A pod, a workload, or a service.
    object: ObjectRef,
    /// Its row, live: containers of a pod, the selector of a service.
    row: Signal<Option<Arc<Row>>>,
    /// The frame's header.
    header: WindowHeader,
) -> impl IntoView {
    let name = object.name.clone();
    let file = StoredValue::new(name.clone());
    let view = LogView::start(object, row, header);
    let keys = window_event_listener(ev::keydown, move |event| {
        let finds = (event.ctrl_key() || event.meta_key()) && !event.shift_key() && event.key().eq_ignore_ascii_case("f");
        if finds && header.has_keyboard.get_untracked() {
            event.prevent_default();
            view.searching.set(true);
        }
    });
    on_cleanup(move || keys.remove());
    view! {
        <Toolbar view/>
        {move || view.searching.get().then(|| search(view))}
        {move || strip(view)}
        {move || download::progress(view)}
        <div class="pane logs">
            <LogRows view/>
            <Instead view name/>
            {move || view.menu.get().then(|| download::menu(view, file))}
        </div>
    }
}

/// The newest line is found first: it is the one that people look for.
fn search(view: LogView) -> impl IntoView {
    let hit = Memo::new(move |_| {
        view.version.track();
        view.shown.with_value(Shown::hit)
    });
    let count = move || match hit.get() {
        None => String::new(),
        Some((_, 0)) => "none".into(),
        Some((0, all)) => thousands(all as u64),
        Some((at, all)) => format!("{} of {}", thousands(at as u64), thousands(all as u64)),
    };
    let step = Callback::new(move |step| view.step(step == Step::Next, EntryId::MAX));
    let close = Callback::new(move |()| view.searching.set(false));
    view! {
        <SearchBar label="Search lines" words="Search, or /pattern/" text=view.search count=Signal::derive(count)
            is_bad=Signal::derive(move || matches!(hit.get(), Some((_, 0)))) enter=Step::Previous step close/>
    }
}
