//! A collection window: counts by health, filter, and the live list.

pub mod board;
mod cells;
pub mod export;
pub mod foot;
mod keys;
pub mod lines;
pub mod list;
pub mod menus;
pub mod scope;

use std::sync::atomic::{AtomicU32, Ordering};

use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::scope::NEWEST;
use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use self::board::{Board, Menu, own_columns};
use self::foot::Foot;
use self::lines::{Sources, lines_of};
use self::list::List;
use self::menus::{Menus, menu_button};
use self::scope::ScopeParts;
use super::desk::{Desk, desk};
use super::parts::{glyph, say, say_refusal, say_unkept, shape, small_glyph};
use super::window_header::WindowHeader;
use crate::browser::columns_memory::recall_columns;
use crate::browser::dom;
use crate::rows::columns::{Column, fit::fit};
use crate::rows::counts::{Counter, Counts};
use crate::rows::tree::{Folds, has_tree};
use crate::rows::usage::{Usage, measures};
use crate::rows::{Line, Order, Selection};
use crate::store::{Command, Table};
use crate::stream::{StreamState, span};
use crate::yard::{Collection, Only, WindowId};

/// From this width on a list of several namespaces names them; below it their hues tell them apart, and the tooltip.
const WIDE_PX: i32 = 760;
/// Counts boards.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The body of a collection window.
#[component]
pub fn CollectionWindow(
    /// Which objects.
    collection: Collection,
    /// The window that shows them.
    window: WindowId,
    /// The frame's header.
    header: WindowHeader,
    /// Counts for the frame's header.
    counts: RwSignal<Counts>,
) -> impl IntoView {
    let desk = desk();
    let kinds = collection.kinds();
    let lease = StoredValue::new(desk.workspace.table(&kinds[..], collection.scopes()));
    let table = lease.with_value(|lease| lease.table);
    let counter = StoredValue::new(Counter::default());
    Effect::new(move |_| {
        table.with(|table| {
            header.stream.set(table.state.clone());
            let now = counter.try_update_value(|counter| counter.count(&table.rows)).unwrap_or_default();
            if counts.with_untracked(|was| *was != now) {
                counts.set(now);
            }
        });
    });
    on_cleanup(move || counts.set(Counts::default()));

    let kind = collection.kind();
    let spans_namespaces = collection.spans_namespaces();
    let (filter, order, is_frozen) = (RwSignal::new(String::new()), RwSignal::new(Order::ByHealth), RwSignal::new(false));
    let resource = kind.map_or_else(String::new, |kind| kind.resource().to_string());
    let (choice, width) = (RwSignal::new(recall_columns(&desk.user.get_value(), &resource)), RwSignal::new(0));
    let is_tree = RwSignal::new(may_be_tree(&collection) && choice.with_untracked(|choice| choice.is_tree));
    let folds = RwSignal::new(Folds::default());
    let measured = kind.and_then(measures).map(|kind| desk.workspace.use_table(kind, collection.whole().scopes()));
    let usage = Memo::new(move |_| measured.map_or_else(Usage::default, |measured| measured.with(|table| Usage::of(&table.rows))));
    let sources = Sources { table, filter, order, is_frozen, is_tree, folds, usage };
    let about = StoredValue::new(collection.clone());
    let own = move || about.with_value(|about| own_columns(kind.filter(|_| !is_tree.get()), about));
    let board = Board {
        desk,
        header,
        window: StoredValue::new(window),
        about,
        kind,
        spans_namespaces,
        table,
        usage,
        measured,
        filter,
        order,
        is_frozen,
        is_tree,
        folds,
        lines: lines_of(desk, &collection, sources),
        selection: RwSignal::new(Selection::default()),
        choice,
        width,
        fitted: Memo::new(move |_| {
            let (with_namespace, with_use) = (spans_namespaces && width.get() >= WIDE_PX, usage.with(|usage| !usage.is_empty()));
            let is_worth = |column: &Column| (column.is_namespace() && with_namespace) || (column.gauge().is_some() && with_use);
            choice.with(|choice| fit(own(), choice, width.get(), is_worth))
        }),
        focus: RwSignal::new(0),
        menu: RwSignal::new(None),
        news: RwSignal::new(String::new()),
        serial: NEXT.fetch_add(1, Ordering::Relaxed),
    };
    Effect::new(move |_| {
        board.lines.with(|lines| {
            let mut selection = board.selection.get_untracked();
            if selection.keep(lines) {
                board.selection.set(selection);
            }
        });
    });
    let retry = Callback::new(move |()| lease.with_value(|lease| lease.refresh()));
    let body = {
        let collection = collection.clone();
        // Rows that come and go do not make the list anew.
        let place = Memo::new(move |_| table.with(|table| place_of(table)));
        move || match place.get() {
            Place::Denied(refusal) => say_refusal(&refusal, retry).into_any(),
            Place::Unkept => say_unkept(words_of(&collection)).into_any(),
            Place::Asking => {
                let sentence = format!("Asking for {}. Rows appear as they come.", words_of(&collection));
                say(None, "Asking".into(), sentence, None, ().into_any()).into_any()
            }
            Place::Empty if collection.only == Some(Only::Attention) => {
                let sentence = "What fails, hangs or does not go appears here by itself.".into();
                say(None, format!("Nothing needs attention in {}", collection.place()), sentence, None, ().into_any()).into_any()
            }
            Place::Empty => {
                let sentence = format!("There are no {} now. New ones appear here by themselves.", words_of(&collection));
                say(None, "Nothing here yet".into(), sentence, None, ().into_any()).into_any()
            }
            Place::Rows => view! { <List board is_stale=Signal::derive(move || table.with(|table| table.state.is_unconfirmed()))/> }.into_any(),
        }
    };
    view! {
        {move || table.with(|table| (!table.rows.is_empty()).then(|| stale_strip(desk, &table.state)))}
        <div class="collection">
            <Toolbar board/>
            {move || table.with(|table| (!table.missing.is_empty() && !table.rows.is_empty()).then(|| missing_strip(&table.missing)))}
            <div class="pane column">{body}</div>
            <Foot board/>
            <Menus board/>
        </div>
    }
}

/// Filter, how many, and what is changed here.
#[component]
fn Toolbar(board: Board) -> impl IntoView {
    let (filter, desk) = (board.filter, board.desk);
    let field = NodeRef::<html::Input>::new();
    if board.header.opened_here {
        Effect::new(move |_| {
            // Not when it comes back by undo: then nobody asked for the keyboard.
            if let Some(field) = field.get().filter(|_| board.header.has_keyboard.get_untracked()) {
                dom::focus(&field);
            }
        });
    }
    let keys = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "ArrowDown" | "Enter" => {
            event.prevent_default();
            board.focus.update(|times| *times += 1);
        }
        "Escape" if !filter.get_untracked().is_empty() => {
            event.stop_propagation();
            filter.set(String::new());
        }
        "Escape" => {
            event.stop_propagation();
            dom::blur();
            desk.keyboard.set(None);
        }
        _ => {}
    };
    let count = move || {
        let all = board.table.with(|table| table.rows.len());
        if board.is_tree.get() {
            // A tree repeats what stands in several places, and adds what stands below.
            return if filter.with(|text| text.trim().is_empty()) { all.to_string() } else { format!("{} of {all}", board.lines.with(|lines| top(lines))) };
        }
        let shown = board.lines.with(|lines| lines.len());
        let is_newest = board.kind == Some(Kind::Event) && all == NEWEST;
        if shown == all && is_newest {
            format!("newest {all}")
        } else if shown == all {
            all.to_string()
        } else {
            format!("{shown} of {all}")
        }
    };
    view! {
        <div class="bar">
            <ScopeParts board/>
            <label class="field grow">
                {small_glyph("search")}
                <input node_ref=field type="text" placeholder="Filter: words, label=value, ns:x, status:bad" aria-label="Filter" spellcheck="false" autocomplete="off"
                    prop:value=filter on:input=move |event| filter.set(event_target_value(&event)) on:keydown=keys/>
            </label>
            {move || board.keepable().map(|selector| view! {
                <button class="btn quiet" title=format!("Keep {selector} as what this list is about") on:click=move |_| board.keep_labels(&selector)>"Keep"</button>
            })}
            <span class="muted num">{count}</span>
            {board.about.with_value(may_be_tree).then(|| view! { <Shape board/> })}
            {menu_button(board, Menu::Columns, "Columns", "cols")}
            {menu_button(board, Menu::Export, "Export", "save")}
        </div>
    }
}

/// Findings of several kinds do not stand below each other.
fn may_be_tree(collection: &Collection) -> bool {
    has_tree(collection.kind()) && collection.only != Some(Only::Attention)
}

/// How many lines stand at the top.
fn top(lines: &[Line]) -> usize {
    lines.iter().filter(|line| line.depth == 0).count()
}

/// List or tree.
#[component]
fn Shape(board: Board) -> impl IntoView {
    let side = move |tree: bool, title: &'static str, id: &'static str| {
        let is_on = move || board.is_tree.get() == tree;
        view! {
            <button class="icon" class:on=is_on title=title aria-label=title aria-pressed=move || is_on().to_string()
                on:click=move |_| if !is_on() { board.show_tree(tree) }>{glyph(id)}</button>
        }
    };
    view! { <span class="seg">{side(false, "List", "list")}{side(true, "Tree", "tree")}</span> }
}

fn words_of(collection: &Collection) -> String {
    let unknown = || collection.resource.clone().unwrap_or_else(|| "objects".into());
    let what = collection.kind().map_or_else(unknown, |kind| kind.entry().title.to_lowercase());
    let part = match &collection.only {
        None => String::new(),
        Some(Only::Node(node)) => format!(" on {node}"),
        Some(Only::Workload { kind, name }) => format!(" of the {} {name}", kind.to_lowercase()),
        Some(Only::Labels(selector)) => format!(" with {selector}"),
        Some(Only::Attention) => " that need attention".into(),
        Some(Only::Overview) => String::new(),
    };
    let place = if collection.namespaces.is_empty() { String::new() } else { format!(" in {}", collection.place()) };
    format!("{what}{part}{place}")
}

#[derive(Clone, PartialEq)]
enum Place {
    Rows,
    Asking,
    /// Nobody is asked yet, and nothing was kept of it.
    Unkept,
    Empty,
    Denied(Refusal),
}

fn place_of(table: &Table) -> Place {
    if !table.rows.is_empty() {
        return Place::Rows;
    }
    match (&table.state, table.missing.first()) {
        (StreamState::Denied(refusal), _) => Place::Denied(refusal.clone()),
        (_, Some(refusal)) if table.complete => Place::Denied(refusal.clone()),
        _ if table.complete => Place::Empty,
        (StreamState::NotStarted, _) => Place::Unkept,
        _ => Place::Asking,
    }
}

/// Says that what is shown is not confirmed: as of when, why, and when it is tried again.
pub fn stale_strip(desk: Desk, state: &StreamState) -> Option<impl IntoView + use<>> {
    let (as_of_ms, cause, next_ms) = match state {
        StreamState::Reconnecting { as_of_ms, cause, next_ms, .. } => (*as_of_ms, cause.clone(), Some(*next_ms)),
        StreamState::Stale { as_of_ms, cause } => (*as_of_ms, cause.clone(), None),
        _ => return None,
    };
    // Before it is known who is here nobody can be asked anything.
    let may_retry = move || desk.workspace.connection().with(|connection| *connection != StreamState::NotStarted);
    let words = move || {
        let now_ms = desk.now_ms.get();
        let next = next_ms.map_or_else(String::new, |next| format!(" Next try in {}.", span(next.saturating_sub(now_ms).div_ceil(1000))));
        let cause = if cause.is_empty() { String::new() } else { format!(" {}", super::parts::sentence_case(cause.trim_end_matches('.'))) };
        format!("As of {}, {} ago.{cause}{next}", dom::local_time(as_of_ms), span(now_ms.saturating_sub(as_of_ms) / 1000))
    };
    Some(view! {
        <div class="strip warn" role="status">
            {shape("st-re")}<span class="cut">{words}</span>
            {move || may_retry().then(|| view! { <button class="btn" on:click=move |_| desk.workspace.command(Command::RetryNow)>"Try now"</button> })}
        </div>
    })
}

/// Says what is missing because it was refused.
pub fn missing_strip(missing: &[Refusal]) -> impl IntoView + use<> {
    let all: Vec<_> = missing.iter().map(|refusal| super::parts::sentence_case(&refusal.to_string())).collect();
    let first = all.first().cloned().unwrap_or_default();
    let more = if all.len() > 1 { format!(" And {} more.", all.len() - 1) } else { String::new() };
    view! { <div class="strip gone missing" title=all.join("\n")>{small_glyph("lock")}<span class="cut">{format!("Not shown: {first}{more}")}</span></div> }
}
