//! A collection window: counts by health, filter, and the live list.

pub mod list;

use std::sync::Arc;

use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::rows::Row;
use krateyard_shared::scope::Scope;
use krateyard_shared::status::{self, Health};
use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use self::list::List;
use super::desk::{Desk, desk};
use super::parts::{say, say_refusal, shape, small_glyph};
use super::window_header::WindowHeader;
use crate::browser::dom;
use crate::rows::filter::Filter;
use crate::rows::sort::{Order, Sorter};
use crate::store::{Command, Table};
use crate::stream::{StreamState, span};
use crate::yard::Collection;

/// How many rows do how, for the chips of the header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Health, how many, and their word; only what there is.
    pub parts: Vec<(Health, usize, &'static str)>,
}

impl Counts {
    /// Of rows; the worst first.
    pub fn of(rows: &[Arc<Row>]) -> Counts {
        let words = [
            (Health::Bad, "degraded"),
            (Health::Warn, "warning"),
            (Health::Pending, "pending"),
            (Health::Ok, "ready"),
            (Health::Ended, "ended"),
            (Health::Stopped, "stopped"),
        ];
        let mut counts = [0; 6];
        for row in rows {
            let status = status::of(row);
            // What has no state is not counted by it.
            if !status.word.is_empty()
                && let Some(at) = words.iter().position(|(h, _)| *h == status.health)
            {
                counts[at] += 1;
            }
        }
        let is_event = rows.first().is_some_and(|row| row.kind == Kind::Event);
        let word = |health, word| match (health, is_event) {
            (Health::Warn, true) => "warnings",
            (Health::Ended, true) => "normal",
            _ => word,
        };
        Counts { parts: words.into_iter().zip(counts).filter(|(_, count)| *count > 0).map(|((health, w), count)| (health, count, word(health, w))).collect() }
    }
}

/// The body of a collection window.
#[component]
pub fn CollectionWindow(
    /// Which objects.
    collection: Collection,
    /// The frame's header.
    header: WindowHeader,
    /// Counts for the frame's header.
    counts: RwSignal<Counts>,
) -> impl IntoView {
    let desk = desk();
    let scope = collection.namespace.clone().map_or(Scope::All, Scope::Namespace);
    let kinds = kinds_of(&collection);
    let lease = StoredValue::new(desk.workspace.table(&kinds[..], scope));
    let table = lease.with_value(|lease| lease.table);
    Effect::new(move |_| {
        table.with(|table| {
            header.stream.set(table.state.clone());
            let now = Counts::of(&table.rows);
            if counts.with_untracked(|was| *was != now) {
                counts.set(now);
            }
        });
    });
    on_cleanup(move || counts.set(Counts::default()));

    let filter = RwSignal::new(String::new());
    let order = RwSignal::new(Order::ByHealth);
    let is_frozen = RwSignal::new(false);
    let shown = shown_rows(table, filter, order, is_frozen);
    let field = NodeRef::<html::Input>::new();
    if header.opened_here {
        Effect::new(move |_| {
            // Not when it comes back by undo: then nobody asked for the keyboard.
            if let Some(field) = field.get().filter(|_| header.has_keyboard.get_untracked()) {
                dom::focus(&field);
            }
        });
    }
    let list_focus = RwSignal::new(0_u32);
    let retry = Callback::new(move |()| lease.with_value(|lease| lease.refresh()));
    let kind = collection.kind();
    let spans_namespaces = collection.namespace.is_none() && kind.is_none_or(|kind| kind.entry().namespaced);
    let body = {
        let collection = collection.clone();
        move || {
            match table.with(|table| place_of(table)) {
            Place::Denied(refusal) => say_refusal(&refusal, retry).into_any(),
            Place::Asking => {
                let sentence = format!("Asking for {}. Rows appear as they come.", words_of(&collection));
                say(None, "Asking".into(), sentence, None, ().into_any()).into_any()
            }
            Place::Empty => {
                let sentence = format!("There are no {} now. New ones appear here by themselves.", words_of(&collection));
                say(None, "Nothing here yet".into(), sentence, None, ().into_any()).into_any()
            }
            Place::Rows => view! { <List kind spans_namespaces shown order is_frozen header focus=list_focus.into() is_stale=Signal::derive(move || table.with(|table| table.state.is_unconfirmed()))/> }.into_any(),
        }
        }
    };
    view! {
        {move || table.with(|table| stale_strip(desk, table))}
        <div class="bar">
            <label class="field grow">
                {small_glyph("search")}
                <input node_ref=field type="text" placeholder="Filter: words, label=value, ns:x, status:bad" aria-label="Filter" spellcheck="false" autocomplete="off"
                    prop:value=filter on:input=move |event| filter.set(event_target_value(&event))
                    on:keydown=move |event: ev::KeyboardEvent| match event.key().as_str() {
                        "ArrowDown" | "Enter" => { event.prevent_default(); list_focus.update(|n| *n += 1); }
                        "Escape" if !filter.get_untracked().is_empty() => { event.stop_propagation(); filter.set(String::new()); }
                        "Escape" => { event.stop_propagation(); dom::blur(); desk.keyboard.set(None); }
                        _ => {}
                    }/>
            </label>
            <span class="muted num">{move || {
                let (shown, all) = (shown.with(|rows| rows.len()), table.with(|table| table.rows.len()));
                if shown == all { all.to_string() } else { format!("{shown} of {all}") }
            }}</span>
        </div>
        {move || table.with(|table| (!table.missing.is_empty() && !table.rows.is_empty()).then(|| missing_strip(&table.missing)))}
        <div class="pane column">{body}</div>
    }
}

/// The kinds of its rows. Everything of a namespace leaves events to a list of their own, and out what controllers keep for themselves.
pub fn kinds_of(collection: &Collection) -> Vec<Kind> {
    match (collection.kind(), &collection.resource) {
        (Some(kind), _) => vec![kind],
        // The cluster defined it once, or another one does.
        (None, Some(_)) => Vec::new(),
        (None, None) => Kind::known().filter(|entry| entry.is_everyday()).map(|entry| entry.kind).collect(),
    }
}

fn words_of(collection: &Collection) -> String {
    let unknown = || collection.resource.clone().unwrap_or_else(|| "objects".into());
    let what = collection.kind().map_or_else(unknown, |kind| kind.entry().title.to_lowercase());
    collection.namespace.as_ref().map_or_else(|| what.clone(), |namespace| format!("{what} in {namespace}"))
}

#[derive(PartialEq)]
enum Place {
    Rows,
    Asking,
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
        _ => Place::Asking,
    }
}

/// Rows in the order in which they are shown.
type Shown = Arc<Vec<Arc<Row>>>;

/// Rows that pass the filter, in order. While the pointer is over the list nothing moves: new rows join at the end.
fn shown_rows(table: Signal<Arc<Table>>, filter: RwSignal<String>, order: RwSignal<Order>, is_frozen: RwSignal<bool>) -> Memo<Shown> {
    let sorter = StoredValue::new(Sorter::default());
    Memo::new_with_compare(
        move |was: Option<&Shown>| {
            let filter = Filter::parse(&filter.get());
            let mut rows: Vec<_> = table.with(|table| table.rows.iter().filter(|row| filter.passes(row)).cloned().collect());
            let order = order.get();
            sorter.update_value(|sorter| sorter.sort(&mut rows, order));
            if let (true, Some(was)) = (is_frozen.get(), was) {
                let places: std::collections::HashMap<&str, usize> = was.iter().enumerate().map(|(at, row)| (row.uid.as_str(), at)).collect();
                rows.sort_by_key(|row| places.get(row.uid.as_str()).copied().unwrap_or(usize::MAX));
            }
            Arc::new(rows)
        },
        |a: Option<&Shown>, b: Option<&Shown>| match (a, b) {
            (Some(a), Some(b)) => a.len() != b.len() || a.iter().zip(b.iter()).any(|(a, b)| !Arc::ptr_eq(a, b)),
            _ => true,
        },
    )
}

fn stale_strip(desk: Desk, table: &Table) -> Option<impl IntoView + use<>> {
    let (as_of_ms, cause, next_ms) = match &table.state {
        StreamState::Reconnecting { as_of_ms, cause, next_ms, .. } => (*as_of_ms, cause.clone(), Some(*next_ms)),
        StreamState::Stale { as_of_ms, cause } => (*as_of_ms, cause.clone(), None),
        _ => return None,
    };
    if table.rows.is_empty() {
        return None;
    }
    let words = move || {
        let now_ms = desk.now_ms.get();
        let next = next_ms.map_or_else(String::new, |next| format!(" Next try in {}.", span(next.saturating_sub(now_ms).div_ceil(1000))));
        let cause = if cause.is_empty() { String::new() } else { format!(" {}", super::parts::sentence_case(cause.trim_end_matches('.'))) };
        format!("As of {}, {} ago.{cause}{next}", dom::local_time(as_of_ms), span(now_ms.saturating_sub(as_of_ms) / 1000))
    };
    Some(view! {
        <div class="strip warn" role="status">
            {shape("st-re")}<span class="cut">{words}</span>
            <button class="btn" on:click=move |_| desk.workspace.command(Command::RetryNow)>"Try now"</button>
        </div>
    })
}

fn missing_strip(missing: &[Refusal]) -> impl IntoView + use<> {
    let all: Vec<_> = missing.iter().map(|refusal| super::parts::sentence_case(&refusal.to_string())).collect();
    let first = all.first().cloned().unwrap_or_default();
    let more = if all.len() > 1 { format!(" And {} more.", all.len() - 1) } else { String::new() };
    view! { <div class="strip gone missing" title=all.join("\n")>{small_glyph("lock")}<span class="cut">{format!("Not shown: {first}{more}")}</span></div> }
}
