//! Spotlight: type, and it finds any object of the cluster, any kind, any krate, any command.

use std::sync::Arc;
use std::time::Duration;

use krateyard_shared::api::Access;
use krateyard_shared::kinds::View;
use krateyard_shared::scope::Scope;
use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use super::desk::{Desk, Sheet, desk};
use super::files;
use super::links;
use super::parts::{glyph, hue, key, kind_glyph, shape, small_glyph, status_word, tag};
use super::window::{need_words, question_of};
use crate::browser::dom;
use crate::browser::preferences::Theme;
use crate::rows::filter::StatusWord;
use crate::spotlight::{Command, Found, Hit, Hits, Pill, Query};
use crate::yard::{Collection, Content, Subject, YardAction};

/// Hits that are drawn with the key that found them: as many as the list has room for. Each is a dozen elements, and those below are nobody's business while somebody types.
const IN_SIGHT: usize = 15;
/// The others are drawn once nobody typed for so long.
const PAUSE: Duration = Duration::from_millis(150);

/// What Spotlight can do besides finding.
pub const COMMANDS: &[Command] = &[
    Command { key: "attention", name: "What needs attention" },
    Command { key: "overview", name: "Overview of the cluster" },
    Command { key: "preferences", name: "Preferences" },
    Command { key: "light", name: "Light theme" },
    Command { key: "dark", name: "Dark theme" },
    Command { key: "system", name: "Theme of the system" },
    Command { key: "fit", name: "Fit everything" },
    Command { key: "zoom", name: "Zoom to 100 %" },
    Command { key: "link", name: "Copy a link to the krate in focus" },
    Command { key: "view", name: "Copy a link to this view" },
    Command { key: "export", name: "Export this Yard" },
    Command { key: "import", name: "Import a Yard" },
    Command { key: "image", name: "Image of this Yard" },
    Command { key: "help", name: "Show all shortcuts" },
    Command { key: "diagnostics", name: "Diagnostics of all streams" },
    Command { key: "undo", name: "Undo" },
    Command { key: "redo", name: "Redo" },
    Command { key: "retry", name: "Reconnect now" },
    Command { key: "out", name: "Sign out" },
];

/// The dialog.
#[component]
pub fn Spotlight() -> impl IntoView {
    let desk = desk();
    let table = desk.workspace.use_table(desk.workspace.catalog(), Scope::All);
    let query = RwSignal::new(begin(&desk.spotlight.get_untracked().unwrap_or_default()));
    // Others hear of it only where the person shares it.
    Effect::new(move |_| desk.company.query.set(query.with(|query| (!query.text.is_empty()).then(|| query.text.clone()))));
    on_cleanup(move || drop(desk.company.query.try_set(None)));
    let chosen = RwSignal::new(0_usize);
    let hits = Memo::new(move |_| {
        let (table, yard, access) = (table.get(), desk.yard.state().get(), desk.workspace.access().get());
        let found = desk.finder.try_update_value(|finder| {
            finder.set_objects(&table.rows, access.namespaces.iter().map(|namespace| namespace.namespace.as_str()));
            finder.set_access(&access);
            finder.set_yard(&yard);
            query.with(|query| finder.search(query))
        });
        found.unwrap_or_default()
    });
    let hit_at = move |at: usize| hits.with(|hits| hits.groups.iter().flat_map(|group| &group.hits).nth(at).cloned());
    let rest = drawn_later(query, hits);
    Effect::new(move |_| {
        query.track();
        chosen.set(0);
    });
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            dom::focus(&field);
            let end = field.value().len() as u32;
            // Fails only for fields without text.
            let _ = field.set_selection_range(end, end);
        }
    });
    let close = move || desk.spotlight.set(None);
    let run = move |hit: &Hit, view: Option<View>, add: bool| {
        if let Found::Object(object) = &hit.what {
            desk.finder.update_value(|finder| finder.opened(object));
        }
        close();
        open(desk, hit, view, add);
    };
    let keys = move |event: ev::KeyboardEvent| {
        let hit = untrack(|| hit_at(chosen.get()));
        match event.key().as_str() {
            "Escape" => close(),
            "ArrowDown" => chosen.update(|at| *at = (*at + 1).min(hits.with_untracked(count).saturating_sub(1))),
            "ArrowUp" => chosen.update(|at| *at = at.saturating_sub(1)),
            "Enter" => {
                if let Some(hit) = hit {
                    run(&hit, None, event.shift_key());
                }
            }
            "Tab" => {
                if let Some(ghost) = hits.with_untracked(|hits| hits.ghost.clone()) {
                    desk.finder.update_value(|finder| finder.filtered(&ghost.pill));
                    query.update(|query| query.take(&ghost));
                }
            }
            "Backspace" if query.with_untracked(|query| query.text.is_empty()) => query.update(|query| {
                query.drop_pill();
            }),
            _ if event.alt_key() => {
                let view = dom::letter_of(&event).and_then(View::from_letter);
                let (Some(view), Some(hit)) = (view, hit) else { return };
                if !hit.views.contains(&view) {
                    return;
                }
                run(&hit, Some(view), event.shift_key());
            }
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let picked = Callback::new(move |(hit, view): (Hit, Option<View>)| run(&hit, view, false));
    let counted = move || table.with(|table| (table.rows.len(), table.complete));
    view! {
        <div class="veil" on:click=move |_| close()></div>
        <div class="spot" role="dialog" aria-modal="true" aria-label="Spotlight" on:keydown=keys>
            <div class="ask">
                {glyph("search")}
                {move || query.with(|query| query.pills.clone()).into_iter().enumerate().map(|(at, pill)| view! {
                    <span class="pill">{pill.words()}<button class="icon-x" title="Remove" on:click=move |_| query.update(|query| { query.pills.remove(at); query.cycled = None; })>{glyph("x")}</button></span>
                }).collect_view()}
                <span class="type">
                    <span class="ghost" aria-hidden="true"><i>{move || query.with(|query| query.text.clone())}</i>{move || hits.with(|hits| hits.ghost.as_ref().map(|ghost| ghost.rest.clone()))}</span>
                    <input node_ref=field type="text" aria-label="Find anything" placeholder=move || if query.with(|query| query.pills.is_empty()) { "Type to find anything" } else { "" }
                        spellcheck="false" autocomplete="off" role="combobox" aria-expanded="true" aria-controls="spot-hits" aria-activedescendant=move || format!("hit-{}", chosen.get())
                        prop:value=move || query.with(|query| query.text.clone()) on:input=move |event| query.update(|query| query.set_text(event_target_value(&event)))/>
                </span>
                {move || hits.with(|hits| hits.ghost.as_ref().map(|ghost| view! { {key("Tab")}<span class="muted note">{format!("only {}", ghost.pill.words())}</span> }))}
            </div>
            <div class="hits scrolls" id="spot-hits" role="listbox" aria-label="Found">
                {move || {
                    let first = hits.with(|hits| lines(hits, 0..IN_SIGHT));
                    if first.is_empty() {
                        let (objects, complete) = counted();
                        nothing(objects, complete, &query.with(|query| query.text.clone())).into_any()
                    } else {
                        lines_view(desk, first, chosen, picked).into_any()
                    }
                }}
                {move || lines_view(desk, rest.get(), chosen, picked)}
            </div>
            <div class="foot">
                <span>{key("Enter")}{move || hit_at(chosen.get()).as_ref().map(enter_words)}</span>
                <span>{key("Shift Enter")}"add to krate in focus"</span>
                <span>{key("Alt")}"+ letter opens a view"</span>
                <span class="grow"></span>
                {move || failing(&desk.workspace.access().get())}
                <span>{move || { let (objects, complete) = counted(); if complete { format!("{objects} objects") } else { format!("{objects} objects so far") } }}</span>
                {key("Esc")}
            </div>
        </div>
    }
}

/// Parts of the cluster's API that do not answer: what they serve is missing, and that is said.
fn failing(access: &Access) -> Option<impl IntoView + use<>> {
    let first = access.failing.first()?;
    let words = match access.failing.len() {
        1 => format!("{} does not answer", first.group),
        more => format!("{more} APIs do not answer"),
    };
    let why: Vec<_> = access.failing.iter().map(|failing| format!("{}: {}", failing.group, failing.why)).collect();
    Some(view! { <span class="warn" title=why.join("\n")>{shape("st-warn")}{words}</span> })
}

/// Text that opens Spotlight may begin with filters: `status:bad `.
fn begin(text: &str) -> Query {
    let status = text.strip_prefix("status:").and_then(|word| StatusWord::of_word(word.trim_end()));
    match status {
        Some(status) => Query { pills: vec![Pill::Status(status)], ..Query::default() },
        None => Query { text: text.to_owned(), ..Query::default() },
    }
}

fn enter_words(hit: &Hit) -> &'static str {
    match (&hit.what, View::first_of(hit.views)) {
        (Found::Krate(_), _) => "fly there",
        (Found::Command(_), _) => "run",
        (Found::Collection(_), _) => "open the list",
        (Found::Object(_), Some(View::Logs)) => "logs",
        (Found::Object(_), _) => "describe",
    }
}

fn nothing(objects: usize, complete: bool, text: &str) -> impl IntoView + use<> {
    let sentence = match (objects, complete) {
        (0, false) => "Asking the cluster what there is.".to_owned(),
        (_, false) => format!("Nothing called \u{201c}{text}\u{201d} so far; the cluster is still answering."),
        (_, true) => format!("Nothing called \u{201c}{text}\u{201d} among the {objects} objects that you may list."),
    };
    view! { <p class="none">{sentence}</p> }
}

/// A line of the list.
#[derive(Clone)]
enum Line {
    /// Of a group, and how many of how many.
    Title(&'static str, Option<String>),
    /// With its number among all.
    Hit(usize, Arc<Hit>),
}

fn count(hits: &Hits) -> usize {
    hits.groups.iter().map(|group| group.hits.len()).sum()
}

/// Hits of these numbers, each group's first behind its title.
fn lines(hits: &Hits, numbers: std::ops::Range<usize>) -> Vec<Line> {
    let (mut lines, mut at) = (Vec::new(), 0);
    for group in &hits.groups {
        for (place, hit) in group.hits.iter().enumerate() {
            if numbers.contains(&at) {
                if place == 0 {
                    let shown = group.hits.len();
                    lines.push(Line::Title(group.title, (group.total > shown).then(|| format!("{shown} of {}", group.total))));
                }
                lines.push(Line::Hit(at, Arc::new(hit.clone())));
            }
            at += 1;
        }
    }
    lines
}

/// What is below the hits in sight: nothing while somebody types, then all of it, as it is.
fn drawn_later(query: RwSignal<Query>, hits: Memo<Hits>) -> RwSignal<Vec<Line>> {
    let rest = RwSignal::new(Vec::new());
    let pause = StoredValue::new(None::<TimeoutHandle>);
    // Spotlight may be closed by then.
    let draw = move || {
        if let Some(below) = hits.try_with_untracked(|hits| lines(hits, IN_SIGHT..usize::MAX)) {
            rest.try_set(below);
        }
    };
    let stop = move || pause.try_update_value(Option::take).flatten().inspect(TimeoutHandle::clear).is_some();
    Effect::new(move |before: Option<Query>| {
        let asked = query.get();
        hits.track();
        if before.as_ref() != Some(&asked) {
            stop();
            if !rest.with_untracked(Vec::is_empty) {
                rest.set(Vec::new());
            }
            let after = move || {
                pause.try_set_value(None);
                draw();
            };
            pause.set_value(set_timeout_with_handle(after, PAUSE).ok());
        } else if pause.with_value(Option::is_none) {
            draw();
        }
        asked
    });
    on_cleanup(move || {
        stop();
    });
    rest
}

fn lines_view(desk: Desk, lines: Vec<Line>, chosen: RwSignal<usize>, run: Callback<(Hit, Option<View>)>) -> impl IntoView {
    let line = move |line| match line {
        Line::Title(title, counted) => view! { <div class="group" role="presentation"><span>{title}</span><span>{counted}</span></div> }.into_any(),
        Line::Hit(at, hit) => hit_view(desk, hit, at, chosen, run).into_any(),
    };
    lines.into_iter().map(line).collect_view()
}

fn hit_view(desk: Desk, hit: Arc<Hit>, at: usize, chosen: RwSignal<usize>, run: Callback<(Hit, Option<View>)>) -> impl IntoView {
    let is_chosen = Memo::new(move |_| chosen.get() == at);
    let mark = match &hit.what {
        Found::Object(object) => kind_glyph(krateyard_shared::kinds::Kind::of_name(&object.group, &object.kind)),
        Found::Collection(collection) => kind_glyph(collection.kind()),
        Found::Krate(_) => "link",
        Found::Command(_) => "right",
    };
    let resource = match &hit.what {
        Found::Collection(collection) => collection.kind().map(|kind| kind.resource().to_string()),
        _ => None,
    };
    let hue = hit.namespace.as_deref().map_or_else(String::new, |namespace| hue(Some(namespace)));
    let (for_click, for_views) = (Arc::clone(&hit), Arc::clone(&hit));
    view! {
        <button class=format!("hit {hue}") class:sel=is_chosen role="option" id=format!("hit-{at}") data-resource=resource tabindex="-1" aria-selected=move || is_chosen.get().to_string()
            on:pointermove=move |_| if chosen.get_untracked() != at { chosen.set(at) }
            on:click=move |_| run.run(((*for_click).clone(), None))>
            {glyph(mark)}
            <span class="name cutname" title=hit.name.to_string()>{marked(&hit)}</span>
            <span class="kind cut" title=hit.label>{hit.label}</span>
            <span class="cut">{hit.namespace.as_deref().map(|namespace| tag(Some(namespace), ""))}</span>
            <span class="cut">{hit.status.as_ref().map(status_word)}</span>
        </button>
        <Show when=move || is_chosen.get()>{views_line(desk, &for_views, run)}</Show>
    }
}

/// The name with the matched letters marked.
fn marked(hit: &Hit) -> impl IntoView + use<> {
    // The tail stays when the name is cut: it tells pods apart.
    const TAIL: usize = 5;
    let letters = hit.name.chars().count();
    let (mut head, mut tail) = (Vec::<(bool, String)>::new(), Vec::new());
    for (at, letter) in hit.name.chars().enumerate() {
        let is_match = hit.matched.binary_search(&at).is_ok();
        let parts = if at + TAIL < letters || letters <= TAIL { &mut head } else { &mut tail };
        match parts.last_mut() {
            Some((was, text)) if *was == is_match => text.push(letter),
            _ => parts.push((is_match, letter.to_string())),
        }
    }
    let text = |parts: Vec<(bool, String)>| {
        parts.into_iter().map(|(is_match, text)| if is_match { view! { <b>{text}</b> }.into_any() } else { text.into_any() }).collect_view()
    };
    view! { <span class="cut">{text(head)}</span><span>{text(tail)}</span> }
}

/// The views of the chosen object; one that RBAC forbids is struck through, with the missing right.
fn views_line(desk: Desk, hit: &Arc<Hit>, run: Callback<(Hit, Option<View>)>) -> impl IntoView + use<> {
    let Found::Object(object) = &hit.what else { return ().into_any() };
    let first = View::first_of(hit.views);
    let views = hit.views.iter().map(|view| {
        let view = *view;
        let question = question_of(view, object);
        let need = need_words(&question);
        let allowed = desk.workspace.may(question);
        let hit = Arc::clone(hit);
        move || {
            let (hit, need) = (Arc::clone(&hit), need.clone());
            if allowed.get() == Some(false) {
                view! { <span class="no"><span class="mark">{view.letter().to_string()}</span><s>{view.word()}</s><em>{small_glyph("lock")}{need}</em></span> }.into_any()
            } else {
                view! {
                    <button tabindex="-1" class:default=first == Some(view) on:click=move |_| run.run(((*hit).clone(), Some(view)))><span class="mark">{view.letter().to_string()}</span>{view.word()}</button>
                }
                .into_any()
            }
        }
    });
    view! { <div class="views">{views.collect_view()}</div> }.into_any()
}

fn open(desk: Desk, hit: &Hit, view: Option<View>, add: bool) {
    let into = if add { desk.active.get_untracked() } else { None };
    match (&hit.what, view) {
        (Found::Object(object), Some(view)) => desk.open(Subject::Object(object.clone()), Content::View(view), into),
        (Found::Object(object), None) => desk.open_default(Subject::Object(object.clone()), into),
        (Found::Collection(collection), _) => desk.open_default(Subject::Collection(collection.clone()), into),
        (Found::Krate(krate), _) => desk.fly_to(krate),
        (Found::Command(command), _) => match *command {
            "attention" => desk.open_default(Subject::Collection(Collection::attention()), into),
            "overview" => desk.open_default(Subject::Collection(Collection::overview()), into),
            "light" => desk.theme.set(Theme::Light),
            "dark" => desk.theme.set(Theme::Dark),
            "fit" => desk.fit(false),
            "link" => links::copy_link(desk, None),
            "view" => links::copy_view(desk),
            "export" => files::export(desk),
            "import" => files::import(desk),
            "image" => files::image(desk),
            "zoom" => desk.zoom_to(1.0),
            "system" => desk.theme.set(Theme::System),
            "preferences" => desk.sheet.set(Some(Sheet::Preferences)),
            "undo" | "redo" => {
                desk.yard.act(if *command == "undo" { YardAction::Undo } else { YardAction::Redo });
            }
            "diagnostics" => desk.sheet.set(Some(Sheet::Diagnostics)),
            "help" => desk.sheet.set(Some(Sheet::Help)),
            "out" => desk.workspace.command(crate::store::Command::SignOut),
            "retry" => desk.workspace.command(crate::store::Command::RetryNow),
            _ => {}
        },
    }
}
