//! What a collection is about, and how a person changes that: namespaces, and a part that can be taken off.

use std::collections::BTreeSet;

use krateyard_shared::kinds::Kind;
use krateyard_shared::scope::Scope;
use krateyard_shared::selector::LabelSelector;
use leptos::ev;
use leptos::prelude::*;

use super::board::{Board, Menu};
use crate::rows::Filter;
use crate::view::parts::{glyph, hue, small_glyph};
use crate::yard::{Collection, Only};

/// Namespaces that the menu shows at once: the field finds the others.
const MOST: usize = 200;

impl Board {
    /// The selector that the filter says, if it says nothing else and the list could be about that.
    pub fn keepable(&self) -> Option<String> {
        let is_whole_or_labels = self.about.with_value(|about| matches!(about.only, None | Some(Only::Labels(_))));
        Filter::parse(&self.filter.get()).selector().filter(|_| is_whole_or_labels)
    }

    /// From now on the list is about what the filter selects, besides what it was about.
    pub fn keep_labels(&self, selector: &str) {
        let about = self.about.get_value();
        let both = match &about.only {
            Some(Only::Labels(was)) => format!("{was},{selector}"),
            _ => selector.to_owned(),
        };
        if let Ok(selector) = LabelSelector::parse(&both) {
            self.retarget(about.with_labels(selector.to_string()));
        }
    }
}

/// The parts of the toolbar that say what the list is about.
#[component]
pub fn ScopeParts(
    /// The window.
    board: Board,
) -> impl IntoView {
    let about = board.about.get_value();
    let is_namespaced = board.kind.is_none_or(|kind| kind.entry().namespaced);
    let can_move = is_namespaced && !matches!(about.only, Some(Only::Workload { .. }));
    let is_open = move || board.menu.get() == Some(Menu::Namespaces);
    let (place, class) = (about.place(), format!("pick {}", hue(about.namespace())));
    let fixed = board.desk.fixed(board.window.get_value());
    let is_fixed = move || fixed.with(|fixed| fixed.is_some().then_some("true"));
    let namespaces = can_move.then(|| {
        view! {
            <button class=class aria-disabled=is_fixed title=move || fixed.get().unwrap_or_else(|| "Namespaces".into()) aria-haspopup="dialog" aria-expanded=move || is_open().to_string()
                on:click=move |_| match fixed.get_untracked() {
                    Some(why) => board.desk.said.problem(why),
                    None if is_open() => board.close_menu(),
                    None => board.menu.set(Some(Menu::Namespaces)),
                }>
                <span class="cut">{place.clone()}</span>{glyph("down")}
            </button>
        }
    });
    let only = about.only.clone().and_then(|only| {
        let words = match &only {
            Only::Node(node) => format!("on {node}"),
            Only::Workload { kind, name } => format!("of {} {name}", kind.to_lowercase()),
            Only::Labels(selector) => selector.clone(),
            // They are what the window is: nothing to take off.
            Only::Attention | Only::Overview => return None,
        };
        let whole = about.whole();
        Some(view! {
            <span class="chip only" title=words.clone()><span class="cut">{words.clone()}</span>
                <button aria-disabled=is_fixed title=move || fixed.get().unwrap_or_else(|| "Show all of it".into()) aria-label="Show all of it" on:click=move |_| board.retarget(whole.clone())>{small_glyph("x")}</button>
            </span>
        })
    });
    view! {
        {namespaces}
        {only}
    }
}

/// Namespaces to pick from, several at once.
#[component]
pub fn NamespacesMenu(
    /// The window.
    board: Board,
) -> impl IntoView {
    let about = board.about.get_value();
    let picked = RwSignal::new(about.namespaces.iter().cloned().collect::<BTreeSet<_>>());
    let typed = RwSignal::new(String::new());
    let known = board.desk.workspace.use_table(Kind::Namespace, Scope::All);
    let access = board.desk.workspace.access();
    let names = Memo::new(move |_| {
        let listed: Vec<String> = known.with(|table| table.rows.iter().map(|row| row.name.clone()).collect());
        let readable: Vec<String> = access.with(|access| access.namespaces.iter().map(|namespace| namespace.namespace.clone()).collect());
        let all: BTreeSet<String> = listed.into_iter().chain(readable).chain(picked.get()).collect();
        let part = typed.get().trim().to_lowercase();
        all.into_iter().filter(|name| name.contains(&part)).take(MOST).collect::<Vec<_>>()
    });
    let done = move || {
        let now = board.about.get_value();
        let next = now.in_namespaces(picked.get_untracked());
        board.close_menu();
        if next != now {
            board.retarget(next);
        }
    };
    let keys = move |event: ev::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            event.stop_propagation();
            // One that was typed until it was alone is meant.
            if let ([only], false) = (&names.get_untracked()[..], typed.with_untracked(|typed| typed.trim().is_empty())) {
                picked.update(|picked| picked.extend([only.clone()]));
            }
            done();
        }
    };
    let button = move || picked.with(|picked| Collection::default().in_namespaces(picked.iter().cloned()).place());
    view! {
        <label class="field">
            {small_glyph("search")}
            <input type="text" placeholder="Namespace" aria-label="Namespace" spellcheck="false" autocomplete="off"
                prop:value=typed on:input=move |event| typed.set(event_target_value(&event)) on:keydown=keys/>
        </label>
        <label class="pop-item">
            <input type="checkbox" prop:checked=move || picked.with(BTreeSet::is_empty) on:change=move |_| picked.set(BTreeSet::new()) on:keydown=keys/>
            <span class="cut">"every namespace"</span>
        </label>
        <For each=move || names.get() key=|name| name.clone() let(name)>
            {namespace_item(name, picked, keys)}
        </For>
        <div class="pop-foot"><button class="btn primary" on:click=move |_| done()>"Show "{button}</button></div>
    }
}

fn namespace_item(name: String, picked: RwSignal<BTreeSet<String>>, keys: impl Fn(ev::KeyboardEvent) + 'static) -> impl IntoView {
    let (own, class) = (StoredValue::new(name.clone()), format!("cut mono {}", hue(Some(&name))));
    let is_picked = move || own.with_value(|name| picked.with(|picked| picked.contains(name)));
    let change = move |event| {
        let (name, is_on) = (own.get_value(), event_target_checked(&event));
        picked.update(|picked| if is_on { picked.extend([name]) } else { picked.retain(|other| *other != name) });
    };
    view! {
        <label class="pop-item">
            <input type="checkbox" prop:checked=is_picked on:change=change on:keydown=keys/>
            <span class=class>{name}</span>
        </label>
    }
}
