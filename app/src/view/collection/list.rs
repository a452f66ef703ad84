//! The list itself: only the lines in sight are in the page.

use std::collections::HashMap;
use std::sync::Arc;

use krateyard_shared::rows::Row;
use leptos::attr::custom::custom_attribute;
use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use super::board::Board;
use super::cells::{cell_view, is_right, words_view};
use super::keys;
use super::menus::open_line_menu;
use crate::browser::dom;
use crate::rows::columns::{Column, Width};
use crate::rows::line::{Line, LineId, What};
use crate::rows::sort::{Direction, Order};
use crate::rows::{Fold, Reach, Selection};

/// Height of a row in pixels (`--list-row` of tokens.css).
pub const ROW_PX: f64 = 26.0;
/// Rows kept in the page above and below the ones in sight.
const MARGIN: usize = 6;

/// What each line said when it was last drawn, so that a cell which changes flashes.
type Drawn = StoredValue<HashMap<LineId, Arc<Row>>>;

/// The lines of a collection.
#[component]
pub fn List(
    /// The window.
    board: Board,
    /// What is shown can not be confirmed.
    #[prop(into)]
    is_stale: Signal<bool>,
) -> impl IntoView {
    let Board { lines, selection, fitted, .. } = board;
    let columns = move || -> StoredValue<Vec<&'static Column>> { StoredValue::new(fitted.get().columns) };
    let (outer, node) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    let (top, height) = (RwSignal::new(0.0_f64), RwSignal::new(0.0_f64));
    let drawn: Drawn = StoredValue::new(HashMap::new());
    // Columns that come or go are no change of what cells say.
    Effect::new(move |_| {
        fitted.track();
        drawn.update_value(HashMap::clear);
    });
    let measure = move || {
        if let (Some(outer), Some(node)) = (outer.get_untracked(), node.get_untracked()) {
            height.set(f64::from(node.client_height()));
            if board.width.get_untracked() != outer.client_width() {
                board.width.set(outer.client_width());
            }
            top.set(f64::from(node.scroll_top()));
        }
    };
    Effect::new(move |_| {
        if let Some(node) = node.get() {
            measure();
            dom::on_resize(&node, measure);
        }
    });
    Effect::new(move |was: Option<u32>| {
        let now = board.focus.get();
        if was.is_some_and(|was| was != now)
            && let Some(node) = node.get_untracked()
        {
            dom::focus(&node);
            if selection.with_untracked(|selection| selection.cursor().is_none()) {
                lines.with_untracked(|lines| selection.update(|selection| selection.go(lines, 0, Reach::One)));
            }
        }
        now
    });
    let first = Memo::new(move |_| ((top.get() / ROW_PX) as usize).saturating_sub(MARGIN));
    let slice = Memo::new(move |_| {
        let (first, count) = (first.get(), (height.get() / ROW_PX) as usize + 2 * MARGIN + 2);
        lines.with(|lines| lines.iter().skip(first).take(count).cloned().collect::<Vec<_>>())
    });
    // What left the page is forgotten, so that a row that scrolls back in does not flash.
    Effect::new(move |_| slice.with(|seen| drawn.update_value(|drawn| drawn.retain(|id, _| seen.iter().any(|line| line.id == *id)))));
    let count = move || lines.with(|lines| lines.len());
    // Where each line in sight stands, for screen readers: a line that moves is not drawn anew.
    let index_of = move |id: LineId| slice.with(|seen| seen.iter().position(|line| line.id == id)).map(|at| (first.get() + at + 1).to_string());
    view! {
        <div node_ref=outer class="sideways scrolls">
            <div class="wide" style=move || fitted.with(|fitted| format!("min-width:{}px", if fitted.least_px > board.width.get() { fitted.least_px } else { 0 }))>
                {move || { let columns = columns(); view! {
                    <table class="head" role="presentation"><Columns columns/>
                        <thead><tr role="row">{columns.with_value(|columns| columns.iter().map(|column| head(column, board.order)).collect_view())}</tr></thead>
                    </table>
                } }}
                <div node_ref=node class="rows scrolls" class:stale=is_stale tabindex="0" role=move || if board.is_tree.get() { "treegrid" } else { "grid" } aria-label="Objects" aria-multiselectable="true"
                    aria-rowcount=move || count().to_string() aria-activedescendant=move || selection.with(Selection::cursor).map(|line| board.dom_id(line))
                    on:scroll=move |_| measure() on:keydown=move |event| keys::pressed(board, &event, node, height)
                    on:pointerenter=move |_| board.is_frozen.set(true) on:pointerleave=move |_| board.is_frozen.set(false)>
                    <div class="spacer" style=move || format!("height:{}px", count() as f64 * ROW_PX)>
                        {move || { let columns = columns(); view! {
                            <table role="presentation" style=move || format!("top:{}px", first.get() as f64 * ROW_PX)><Columns columns/>
                                <tbody role="presentation">
                                    <For each=move || slice.get() key=key_of let(line)>
                                        {line_view(board, line, columns, drawn, index_of)}
                                    </For>
                                </tbody>
                            </table>
                        } }}
                    </div>
                </div>
            </div>
        </div>
    }
}

/// Changes whenever the line must be drawn anew.
fn key_of(line: &Line) -> (LineId, Fold, usize) {
    let shown = match &line.what {
        What::Row(row) => Arc::as_ptr(row) as usize,
        What::Words(words) => words.as_ptr() as usize,
    };
    (line.id, line.fold, shown)
}

#[component]
fn Columns(columns: StoredValue<Vec<&'static Column>>) -> impl IntoView {
    view! {
        <colgroup>
            {columns.with_value(|columns| columns.iter().map(|column| match column.width {
                Width::Px(px) => view! { <col style=format!("width:{px}px")/> },
                Width::Flexible(_) => view! { <col style=String::new()/> },
            }).collect_view())}
        </colgroup>
    }
}

/// A column's head: a click sorts by it, a second one the other way, a third goes back to the default order.
fn head(column: &'static Column, order: RwSignal<Order>) -> impl IntoView {
    let direction = move || match order.get() {
        Order::By(by, direction) if std::ptr::eq(by, column) => Some(direction),
        _ => None,
    };
    let next = move |_| {
        order.set(match direction() {
            None => Order::By(column, Direction::Ascending),
            Some(Direction::Ascending) => Order::By(column, Direction::Descending),
            Some(Direction::Descending) => Order::ByHealth,
        });
    };
    view! {
        <th role="columnheader" class:r=is_right(column) title=column.label() aria-sort=move || direction().map(|d| if d == Direction::Ascending { "ascending" } else { "descending" })>
            <button on:click=next>{column.title}{move || direction().map(|d| if d == Direction::Ascending { " \u{2191}" } else { " \u{2193}" })}</button>
        </th>
    }
}

fn line_view(
    board: Board,
    line: Line,
    columns: StoredValue<Vec<&'static Column>>,
    drawn: Drawn,
    index_of: impl Fn(LineId) -> Option<String> + Copy + Send + 'static,
) -> impl IntoView {
    let (id, selection, has_keyboard) = (line.id, board.selection, board.header.has_keyboard);
    let is_chosen = move || selection.with(|selection| selection.holds(id));
    let is_cursor = move || selection.with(|selection| selection.cursor() == Some(id));
    let now = board.desk.workspace.now_ms().get_untracked() as i64 / 1000;
    let cells = match &line.what {
        What::Row(row) => {
            let before = drawn.try_update_value(|drawn| drawn.insert(id, Arc::clone(row))).flatten();
            let changed = |column: &Column| before.as_ref().is_some_and(|before| column.cell(before, now) != column.cell(row, now));
            columns.with_value(|columns| columns.iter().map(|column| cell_view(board, column, &line, row, changed(column))).collect_view()).into_any()
        }
        What::Words(words) => words_view(columns.with_value(Vec::len), &line, words).into_any(),
    };
    let pressed = move |event: ev::MouseEvent| {
        let toggles = event.ctrl_key() || event.meta_key();
        let reach = if event.shift_key() { Reach::Range } else { Reach::One };
        selection.update(|selection| {
            if toggles && !event.shift_key() {
                selection.toggle(id);
            } else {
                board.lines.with_untracked(|lines| {
                    if let Some(at) = lines.iter().position(|line| line.id == id) {
                        selection.go(lines, at, reach);
                    }
                });
            }
        });
    };
    let level = board.is_tree.get_untracked().then(|| (line.depth + 1).to_string());
    let (opened, of_menu) = (line.row().cloned(), StoredValue::new(line.clone()));
    view! {
        <tr role="row" id=board.dom_id(id) class:sel=is_chosen class:cursor=move || is_cursor() && has_keyboard.get() aria-selected=move || is_chosen().to_string()
            aria-rowindex=move || index_of(id)
            aria-expanded=(line.fold != Fold::None).then(|| (line.fold == Fold::Open).to_string()) data-uid=line.row().map(|row| row.uid.clone())
            on:mousedown=move |event| if event.shift_key() { event.prevent_default() }
            on:click=pressed
            on:contextmenu=move |event| {
                event.prevent_default();
                of_menu.with_value(|line| open_line_menu(board, line, &event));
            }
            on:dblclick=move |_| if let Some(row) = &opened { board.open(row, None) }>
            {cells}
        </tr>
    }
    // leptos has no method for this one.
    .add_any_attr(custom_attribute("aria-level", level))
}
