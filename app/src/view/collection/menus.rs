//! The menus of a collection: its columns, its export, and what can be done with one line.

use std::sync::Arc;

use krateyard_shared::kinds::View;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::scope::pods_of;
use leptos::ev;
use leptos::prelude::*;

use super::board::{Board, Menu};
use super::export::{objects_of, rows_of};
use super::scope::NamespacesMenu;
use crate::browser::dom;
use crate::describe::Off;
use crate::rows::columns::choice::Choice;
use crate::rows::columns::{Column, label};
use crate::rows::{Line, Reach};
use crate::store::Table;
use crate::stream::StreamState;
use crate::view::parts::{copy, glyph, small_glyph};
use crate::view::pop::{Place, Pop};

/// Keys of labels that are offered.
const OFFERED: usize = 40;

/// The menu that is open, if one is.
#[component]
pub fn Menus(
    /// The window.
    board: Board,
) -> impl IntoView {
    let close = Callback::new(move |()| board.close_menu());
    move || match board.menu.get() {
        Some(Menu::Columns) => view! { <Pop label="Columns" at=Place::TopRight close><ColumnsMenu board/></Pop> }.into_any(),
        Some(Menu::Export) => view! { <Pop label="Export" at=Place::TopRight close><ExportMenu board/></Pop> }.into_any(),
        Some(Menu::Namespaces) => view! { <Pop label="Namespaces" at=Place::TopLeft close><NamespacesMenu board/></Pop> }.into_any(),
        Some(Menu::Line(at)) => view! { <Pop label="Actions" at=Place::At(at) close><LineMenu board/></Pop> }.into_any(),
        None => ().into_any(),
    }
}

/// A button that opens a menu, and closes it.
pub fn menu_button(board: Board, menu: Menu, title: &'static str, glyph_id: &'static str) -> impl IntoView {
    let is_open = move || board.menu.get() == Some(menu);
    view! {
        <button class="icon" class:on=is_open title=title aria-label=title aria-haspopup="dialog" aria-expanded=move || is_open().to_string()
            on:click=move |_| if is_open() { board.close_menu() } else { board.menu.set(Some(menu)) }>{glyph(glyph_id)}</button>
    }
}

#[component]
fn ColumnsMenu(board: Board) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let bad = RwSignal::new(String::new());
    let own = board.columns();
    let add = move |key: &str| {
        let mut answer = Ok(());
        board.choose(|choice| answer = choice.add_label(key));
        bad.set(answer.err().unwrap_or_default().into());
        if answer.is_ok() {
            typed.set(String::new());
        }
    };
    // Those of the moment when the menu is opened: what is under the pointer does not move.
    let seen = board.table.with_untracked(|table| label::keys(&table.rows, OFFERED));
    let keys = Memo::new(move |_| {
        let chosen = board.choice.with(|choice| choice.labels().to_vec());
        let part = typed.get();
        let others = seen.iter().filter(|key| !chosen.contains(key) && key.contains(part.trim())).cloned();
        chosen.iter().cloned().chain(others).collect::<Vec<_>>()
    });
    view! {
        <div class="pop-head"><h4>"Columns"</h4><span class="grow"></span>
            <button class="btn quiet" disabled=move || board.choice.with(|choice| choice.is_default()) on:click=move |_| board.choose(Choice::reset)>"Default"</button>
        </div>
        {own.iter().filter(|column| !column.is_name()).map(|column| column_item(board, column)).collect_view()}
        <div class="pop-head"><h4>"Labels"</h4></div>
        <label class="field" class:bad=move || !bad.with(String::is_empty)>
            {small_glyph("plus")}
            <input type="text" placeholder="Key of a label" aria-label="Key of a label" spellcheck="false" autocomplete="off"
                prop:value=typed on:input=move |event| { typed.set(event_target_value(&event)); bad.set(String::new()) }
                on:keydown=move |event: ev::KeyboardEvent| if event.key() == "Enter" { event.prevent_default(); add(typed.get_untracked().trim()) }/>
        </label>
        {move || bad.with(|bad| (!bad.is_empty()).then(|| view! { <p class="bad" role="alert">{bad.clone()}</p> }))}
        <For each=move || keys.get() key=|key| key.clone() let(key)>
            {label_item(board, key, add)}
        </For>
    }
}

fn column_item(board: Board, column: &'static Column) -> impl IntoView {
    let is_shown = move || board.fitted.with(|fitted| fitted.columns.iter().any(|shown| std::ptr::eq(*shown, column)));
    // On by default, or by choice, and yet not there: the window is too narrow.
    let is_squeezed = move || !is_shown() && board.choice.with(|choice| choice.is_shown(column, column.by_default));
    let measured = board.measured.filter(|_| column.gauge().is_some());
    let why_off = move || measured.and_then(|measured| measured.with(why_off));
    view! {
        <label class="pop-item">
            <input type="checkbox" prop:checked=is_shown on:change=move |event| { let shown = event_target_checked(&event); board.choose(|choice| choice.set(column, shown)) }/>
            <span class="cut">{column.title}</span>
            {move || match (why_off(), is_squeezed()) {
                (Some(why), _) => Some(view! { <span class="muted" title=why>"off"</span> }),
                (None, true) => Some(view! { <span class="muted" title="The window is too narrow for it".to_owned()>"no room"</span> }),
                (None, false) => None,
            }}
        </label>
    }
}

/// Why nothing is measured, if so: not allowed and not installed are two different things.
fn why_off(measured: &Arc<Table>) -> Option<String> {
    match &measured.state {
        StreamState::Denied(Refusal::NotFound { .. }) => Some(Off::NotInstalled.words()),
        StreamState::Denied(refusal) => Some(Off::Refused(refusal.clone()).words()),
        StreamState::Stale { cause, .. } if measured.rows.is_empty() => Some(Off::Silent(cause.clone()).words()),
        _ => None,
    }
}

fn label_item(board: Board, key: String, add: impl Fn(&str) + Copy + Send + Sync + 'static) -> impl IntoView {
    let own = StoredValue::new(key.clone());
    let is_shown = move || board.choice.with(|choice| own.with_value(|key| choice.labels().contains(key)));
    let change = move |event: ev::Event| {
        let key = own.get_value();
        if event_target_checked(&event) { add(&key) } else { board.choose(|choice| choice.remove_label(&key)) }
    };
    view! {
        <label class="pop-item">
            <input type="checkbox" prop:checked=is_shown on:change=change/>
            <span class="cut mono" title=key.clone()>{key.clone()}</span>
        </label>
    }
}

#[component]
fn ExportMenu(board: Board) -> impl IntoView {
    let done = move |export: fn(&Board)| {
        export(&board);
        board.close_menu();
    };
    view! {
        <button class="pop-item" on:click=move |_| done(Board::export_csv)>
            <span class="cut">"CSV, the columns on screen"</span><span class="muted">{move || rows_of(board.meant_count())}</span>
        </button>
        <button class="pop-item" on:click=move |_| done(Board::export_yaml)>
            <span class="cut">"YAML, the whole objects"</span><span class="muted">{move || objects_of(board.meant_count())}</span>
        </button>
    }
}

/// What can be done with the line under the cursor.
#[component]
fn LineMenu(board: Board) -> impl IntoView {
    let line = board.selection.with_untracked(|selection| board.lines.with_untracked(|lines| selection.place(lines).and_then(|at| lines[at].row().cloned())));
    let Some(row) = line else { return ().into_any() };
    let views = row.kind.entry().views.iter().map(|view| {
        let (row, view) = (row.clone(), *view);
        view! {
            <button class="pop-item" on:click=move |_| { board.menu.set(None); board.open(&row, Some(view)) }>
                <span class="cut">{view.word()}</span>{caps(view)}
            </button>
        }
    });
    let name = row.name.clone();
    let has_pods = pods_of(row.kind, row.namespace.as_deref(), &row.name).is_some();
    let of_pods = row.clone();
    let pods = has_pods.then(|| view! {
        <button class="pop-item" on:click=move |_| { board.menu.set(None); board.open_pods(&of_pods); }><span class="cut">"Pods"</span><span class="muted num">"Alt P"</span></button>
    });
    view! {
        {views.collect_view()}
        {pods}
        <button class="pop-item" on:click=move |_| { copy(name.clone()); board.close_menu() }>"Copy name"</button>
    }
    .into_any()
}

fn caps(view: View) -> impl IntoView {
    view! { <span class="muted num">{format!("Alt {}", view.letter())}</span> }
}

/// Opens the menu of a line where the pointer is.
pub fn open_line_menu(board: Board, line: &Line, event: &ev::MouseEvent) {
    let at = dom::point_in_window(event);
    let lines = board.lines.get_untracked();
    if let Some(place) = lines.iter().position(|other| other.id == line.id) {
        let is_chosen = board.selection.with_untracked(|selection| selection.holds(line.id));
        board.selection.update(|selection| selection.go(&lines, place, if is_chosen { Reach::Keep } else { Reach::One }));
        board.menu.set(Some(Menu::Line(at)));
    }
}
