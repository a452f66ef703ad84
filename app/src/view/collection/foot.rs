//! The strip below a list: what is selected, what to do with it, and what the last action came to.

use krateyard_shared::kinds::View;
use leptos::ev;
use leptos::prelude::*;

use super::board::Board;
use crate::rows::Selection;
use crate::view::parts::{glyph, small_glyph};

/// The views that make sense for several objects at once, by their letters.
const VIEWS: [View; 4] = [View::Logs, View::Shell, View::Describe, View::Yaml];

/// Shown while several lines are selected, or there is something to say. It lies below the list, so that no row moves.
#[component]
pub fn Foot(
    /// The window.
    board: Board,
) -> impl IntoView {
    let count = Memo::new(move |_| board.selection.with(Selection::len));
    let views = move || {
        let kinds: Vec<_> = board.selected().iter().map(|row| row.kind).collect();
        VIEWS.into_iter().filter(|view| kinds.iter().any(|kind| kind.entry().views.contains(view))).collect::<Vec<_>>()
    };
    let actions = move || {
        (count.get() > 1).then(|| {
            view! {
                <b>{count.get()}" selected"</b>
                "Open"
                {views().into_iter().map(|view| view! {
                    <button class="icon" title=format!("{} of each (Alt {})", view.word(), view.letter()) aria-label=format!("Open {} of each", view.word())
                        on:click=move |_| board.open_selected(view)><i class="mark">{view.letter().to_string()}</i></button>
                }).collect_view()}
                <span class="sep"></span>
                <button class="btn quiet" title="Copy the names" on:click=move |_| board.copy_names()>{small_glyph("copy")}"Names"</button>
                <button class="btn quiet" title="Save the rows, with the columns on screen" on:click=move |_| board.export_csv()>"Save CSV"</button>
                <button class="btn quiet" title="Save the whole objects" on:click=move |_| board.export_yaml()>"Save YAML"</button>
            }
        })
    };
    let is_shown = move || count.get() > 1 || !board.news.with(String::is_empty);
    let clear = move || {
        board.selection.update(Selection::clear);
        board.news.set(String::new());
        board.focus.update(|times| *times += 1);
    };
    view! {
        <Show when=is_shown>
            <div class="bar foot picked" role="toolbar" aria-label="Selection" on:keydown=move |event: ev::KeyboardEvent| if event.key() == "Escape" {
                event.stop_propagation();
                clear();
            }>
                {actions}
                <span class="cut news" role="status" title=board.news>{board.news}</span>
                <span class="grow"></span>
                <button class="icon" title="Clear (Esc)" on:click=move |_| clear()>{glyph("x")}</button>
            </div>
        </Show>
    }
}
