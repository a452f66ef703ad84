//! The list itself: only the rows in sight are in the page.

use std::collections::HashMap;
use std::sync::Arc;

use krateyard_shared::kinds::{Kind, View};
use krateyard_shared::rows::Row;
use krateyard_shared::status::Health;
use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use crate::browser::dom;
use crate::describe::reference;
use crate::rows::columns::{self, Align, Cell, Column, Tone, Width};
use crate::rows::sort::{Direction, Order};
use crate::view::desk::{Desk, desk};
use crate::view::parts::{cut_name, glyph, health_marks, hue, kind_glyph, shape, tag};
use crate::view::window_header::WindowHeader;
use crate::yard::{Content, Subject};

/// Height of a row in pixels (`--list-row` of tokens.css).
const ROW_PX: f64 = 26.0;
/// From this width on a list of several namespaces names them; below it their hues tell them apart, and the tooltip.
const WIDE_PX: i32 = 760;
/// Rows kept in the page above and below the ones in sight.
const MARGIN: usize = 6;

/// A list of rows of one kind (or of several).
#[component]
pub fn List(
    /// The kind; `None` for everything.
    kind: Option<Kind>,
    /// Whether rows of several namespaces are shown.
    spans_namespaces: bool,
    /// Rows in order.
    shown: Memo<Arc<Vec<Arc<Row>>>>,
    /// The order.
    order: RwSignal<Order>,
    /// The pointer is inside: nothing moves.
    is_frozen: RwSignal<bool>,
    /// The frame's header.
    header: WindowHeader,
    /// Changes when the list should take the keyboard.
    focus: Signal<u32>,
    /// What is shown can not be confirmed.
    #[prop(into)]
    is_stale: Signal<bool>,
) -> impl IntoView {
    let desk = desk();
    let width = RwSignal::new(0);
    let chosen = Memo::new_with_compare(
        move |_| columns::that_fit(kind.map_or(columns::EVERYTHING, columns::of), width.get(), spans_namespaces && width.get() >= WIDE_PX),
        |a: Option<&Vec<&'static Column>>, b: Option<&Vec<&'static Column>>| match (a, b) {
            (Some(a), Some(b)) => a.len() != b.len() || a.iter().zip(b).any(|(a, b)| !std::ptr::eq(*a, *b)),
            _ => true,
        },
    );
    let choose = move || -> StoredValue<Vec<&'static Column>> { StoredValue::new(chosen.get()) };
    let node = NodeRef::<html::Div>::new();
    let (top, height) = (RwSignal::new(0.0_f64), RwSignal::new(0.0_f64));
    let cursor = RwSignal::new(None::<String>);
    let drawn = StoredValue::new(HashMap::<String, Arc<Row>>::new());

    let measure = move || {
        if let Some(node) = node.get_untracked() {
            height.set(f64::from(node.client_height()));
            if width.get_untracked() != node.client_width() {
                drawn.update_value(HashMap::clear);
                width.set(node.client_width());
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
        let now = focus.get();
        if was.is_some_and(|was| was != now)
            && let Some(node) = node.get_untracked()
        {
            dom::focus(&node);
            if cursor.get_untracked().is_none() {
                cursor.set(shown.with_untracked(|rows| rows.first().map(|row| row.uid.clone())));
            }
        }
        now
    });
    let first = Memo::new(move |_| ((top.get() / ROW_PX) as usize).saturating_sub(MARGIN));
    let slice = Memo::new_with_compare(
        move |_| {
            let (first, count) = (first.get(), (height.get() / ROW_PX) as usize + 2 * MARGIN + 2);
            shown.with(|rows| rows.iter().skip(first).take(count).cloned().collect::<Vec<_>>())
        },
        |a: Option<&Vec<Arc<Row>>>, b: Option<&Vec<Arc<Row>>>| match (a, b) {
            (Some(a), Some(b)) => a.len() != b.len() || a.iter().zip(b).any(|(a, b)| !Arc::ptr_eq(a, b)),
            _ => true,
        },
    );
    // What left the page is forgotten, so that a row that scrolls back in does not flash.
    Effect::new(move |_| slice.with(|rows| drawn.update_value(|drawn| drawn.retain(|uid, _| rows.iter().any(|row| row.uid == *uid)))));
    let keys = move |event: ev::KeyboardEvent| {
        let rows = shown.get_untracked();
        let at = cursor.get_untracked().and_then(|uid| rows.iter().position(|row| row.uid == uid));
        let page = (height.get_untracked() / ROW_PX).max(1.0) as usize;
        let last = rows.len().saturating_sub(1);
        let to = match (event.key().as_str(), at) {
            ("ArrowDown" | "j", Some(at)) if !event.alt_key() => (at + 1).min(last),
            ("ArrowUp" | "k", Some(at)) if !event.alt_key() => at.saturating_sub(1),
            ("ArrowDown" | "ArrowUp", None) => 0,
            ("PageDown", at) => (at.unwrap_or(0) + page).min(last),
            ("PageUp", at) => at.unwrap_or(0).saturating_sub(page),
            ("Home", _) => 0,
            ("End", _) => last,
            ("Enter", Some(at)) => {
                event.prevent_default();
                return open(desk, &rows[at], None);
            }
            (_, Some(at)) if event.alt_key() => {
                let view = dom::letter_of(&event).and_then(View::from_letter);
                if let Some(view) = view.filter(|view| rows[at].kind.entry().views.contains(view)) {
                    event.prevent_default();
                    event.stop_propagation();
                    open(desk, &rows[at], Some(view));
                }
                return;
            }
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        cursor.set(rows.get(to).map(|row| row.uid.clone()));
        if let Some(node) = node.get_untracked() {
            let (row_top, seen_top, seen) = (to as f64 * ROW_PX, f64::from(node.scroll_top()), f64::from(node.client_height()));
            if row_top < seen_top {
                node.set_scroll_top(row_top as i32);
            } else if row_top + ROW_PX > seen_top + seen {
                node.set_scroll_top((row_top + ROW_PX - seen) as i32);
            }
        }
    };
    view! {
        {move || { let columns = choose(); view! {
            <table class="head"><Columns columns/>
                <thead><tr>{columns.with_value(|columns| columns.iter().map(|column| head(column, order)).collect_view())}</tr></thead>
            </table>
        } }}
        <div node_ref=node class="rows scrolls" class:stale=is_stale tabindex="0" role="grid" aria-label="Objects" aria-rowcount=move || shown.with(|rows| rows.len()).to_string()
            on:scroll=move |_| measure() on:keydown=keys
            on:pointerenter=move |_| is_frozen.set(true) on:pointerleave=move |_| is_frozen.set(false)>
            <div class="spacer" style=move || format!("height:{}px", shown.with(|rows| rows.len()) as f64 * ROW_PX)>
                {move || { let columns = choose(); view! {
                    <table style=move || format!("top:{}px", first.get() as f64 * ROW_PX)><Columns columns/>
                        <tbody>
                            <For each=move || slice.get() key=|row| (row.uid.clone(), Arc::as_ptr(row) as usize) let(row)>
                                {row_view(desk, row, columns, cursor, drawn, header)}
                            </For>
                        </tbody>
                    </table>
                } }}
            </div>
        </div>
    }
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

fn is_right(column: &Column) -> bool {
    column.align == Align::Right
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
        <th class:r=is_right(column) aria-sort=move || direction().map(|d| if d == Direction::Ascending { "ascending" } else { "descending" })>
            <button on:click=next>{column.title}{move || direction().map(|d| if d == Direction::Ascending { " \u{2191}" } else { " \u{2193}" })}</button>
        </th>
    }
}

fn open(desk: Desk, row: &Row, view: Option<View>) {
    let subject = Subject::Object(reference(row, &desk.cluster.get_value()));
    match view {
        Some(view) => desk.open(subject, Content::View(view), None),
        None => desk.open_default(subject, None),
    }
}

fn row_view(
    desk: Desk,
    row: Arc<Row>,
    columns: StoredValue<Vec<&'static Column>>,
    cursor: RwSignal<Option<String>>,
    drawn: StoredValue<HashMap<String, Arc<Row>>>,
    header: WindowHeader,
) -> impl IntoView {
    let now = desk.workspace.now_ms().get_untracked() as i64 / 1000;
    let before = drawn.try_update_value(|drawn| drawn.insert(row.uid.clone(), Arc::clone(&row))).flatten();
    let changed = |column: &Column| before.as_ref().is_some_and(|before| column.cell(before, now) != column.cell(&row, now));
    let cells = columns.with_value(|columns| columns.iter().map(|column| cell_view(desk, column, &row, changed(column))).collect_view());
    let uid = StoredValue::new(row.uid.clone());
    let is_cursor = move || cursor.with(|cursor| cursor.as_ref().is_some_and(|c| uid.with_value(|uid| c == uid)));
    let opened = Arc::clone(&row);
    view! {
        <tr class:sel=is_cursor class:cursor=move || is_cursor() && header.has_keyboard.get() aria-selected=move || is_cursor().to_string() data-uid=row.uid.clone()
            on:click=move |_| cursor.set(Some(uid.get_value()))
            on:dblclick=move |_| open(desk, &opened, None)>
            {cells}
        </tr>
    }
}

fn cell_view(desk: Desk, column: &'static Column, row: &Arc<Row>, flash: bool) -> impl IntoView + use<> {
    let now = desk.workspace.now_ms().get_untracked() as i64 / 1000;
    let Cell { text, why, tone } = column.cell(row, now);
    let class = match (is_right(column), tone) {
        (true, Tone::Muted) => "r muted",
        (true, _) => "r soft",
        (false, Tone::Muted) => "muted",
        (false, _) => "",
    };
    if column.is_name() {
        let class = format!("obj {}", hue(row.namespace.as_deref()));
        return view! { <td class:flash=flash title=row.namespace.clone()><span class=class>{glyph(kind_glyph(Some(row.kind)))}{cut_name(&text)}</span></td> }
            .into_any();
    }
    if column.is_namespace() {
        return view! { <td>{tag(Some(&text), "")}</td> }.into_any();
    }
    if let Tone::Status(health) = tone {
        let (class, mark) = health_marks(health);
        let title = why.clone();
        // Only what waits has the room to say why; the rest says it in the tooltip.
        let why = (!why.is_empty() && health == Health::Pending).then(|| view! { <span class="why">{why}</span> });
        return view! { <td class:flash=flash title=title><span class=format!("status {class}")>{shape(mark)}<span>{text}</span></span>{why}</td> }.into_any();
    }
    let (row, title) = (Arc::clone(row), why);
    let words = move || {
        let Cell { text, why, .. } = column.cell(&row, desk.now_secs());
        if why.starts_with('(') { format!("{text} {why}") } else { text }
    };
    view! { <td class=class class:flash=flash title=title>{words}</td> }.into_any()
}
