//! A log window: toolbar, search, rows that are rendered only where they are seen, and what is said in their place.

pub mod empty;
pub mod log_view;
pub mod rows;
pub mod search_bar;
pub mod toolbar;

use std::sync::Arc;

use krateyard_shared::identity::ObjectRef;
use krateyard_shared::rows::Row;
use leptos::ev;
use leptos::prelude::*;

use self::empty::{Instead, strip};
use self::log_view::LogView;
use self::rows::LogRows;
use self::search_bar::SearchBar;
use self::toolbar::Toolbar;
use super::window_header::WindowHeader;

/// The body of a log window.
#[component]
pub fn LogsWindow(
    /// The pod.
    object: ObjectRef,
    /// Its row, live: containers and their state.
    pod: Signal<Option<Arc<Row>>>,
    /// The frame's header.
    header: WindowHeader,
) -> impl IntoView {
    let name = object.name.clone();
    let view = LogView::start(object, pod, header);
    let keys = window_event_listener(ev::keydown, move |event| {
        let finds = (event.ctrl_key() || event.meta_key()) && !event.shift_key() && event.key().eq_ignore_ascii_case("f");
        if finds && header.has_keyboard.get_untracked() {
            event.prevent_default();
            view.searching.set(true);
        }
    });
    on_cleanup(move || keys.remove());
    view! {
        <Toolbar view name=name.clone()/>
        {move || view.searching.get().then(|| view! { <SearchBar view/> })}
        {move || strip(view)}
        <div class="pane logs">
            <LogRows view/>
            <Instead view name/>
        </div>
    }
}
