//! A YAML window: the whole object, live and read-only. Blocks fold, lines are rendered only where they are seen.

pub mod code;

use std::sync::Arc;

use krateyard_shared::identity::ObjectRef;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use self::code::Code;
use super::collection::stale_strip;
use super::desk::desk;
use super::parts::{glyph, say, say_refusal, say_unkept, shape};
use super::search_bar::{SearchBar, Step};
use super::window_header::WindowHeader;
use crate::browser::clipboard;
use crate::stream::StreamState;
use crate::yaml::{Document, Folds};

/// What the parts of one YAML window share.
#[derive(Clone, Copy)]
pub struct YamlView {
    /// The object as lines.
    document: Memo<Arc<Document>>,
    /// What is folded.
    folds: RwSignal<Folds>,
    /// What is searched for; `None` while nobody searches.
    search: RwSignal<String>,
    searching: RwSignal<bool>,
    /// Lines that the search found, from 0.
    hits: Memo<Arc<Vec<usize>>>,
    /// Which of them is looked at, and how often that was asked.
    current: RwSignal<(usize, u32)>,
}

/// The body of a YAML window.
#[component]
pub fn YamlWindow(
    /// What it is about.
    object: ObjectRef,
    /// The frame's header.
    header: WindowHeader,
) -> impl IntoView {
    let desk = desk();
    let lease = StoredValue::new(desk.workspace.object(&object));
    let state = lease.with_value(|lease| lease.object);
    Effect::new(move |_| header.stream.set(state.with(|state| state.state.clone())));
    let document = Memo::new(move |_| Arc::new(state.with(|state| state.object.as_ref().map(|object| Document::of(object)).unwrap_or_default())));
    let (search, searching) = (RwSignal::new(String::new()), RwSignal::new(false));
    let hits = Memo::new(move |_| Arc::new(if searching.get() { search.with(|text| document.with(|document| document.find(text))) } else { Vec::new() }));
    let view = YamlView { document, folds: RwSignal::new(Folds::default()), search, searching, hits, current: RwSignal::new((0, 0)) };
    Effect::new(move |_| {
        search.track();
        view.go(0);
    });
    let keys = window_event_listener(ev::keydown, move |event| {
        let finds = (event.ctrl_key() || event.meta_key()) && !event.shift_key() && event.key().eq_ignore_ascii_case("f");
        if finds && header.has_keyboard.get_untracked() {
            event.prevent_default();
            searching.set(true);
        }
    });
    on_cleanup(move || keys.remove());
    let about = StoredValue::new(object);
    let name = move || about.with_value(|about| about.name.clone());
    // A new version of the object changes neither, so that the scroll stays where it is.
    let shown = Memo::new(move |_| state.with(|state| state.object.is_some()));
    let is_gone = Memo::new(move |_| state.with(|state| state.state == StreamState::Gone));
    let is_unkept = Memo::new(move |_| state.with(|state| state.state == StreamState::NotStarted));
    let is_stale = Memo::new(move |_| state.with(|state| state.state.is_unconfirmed() && state.object.is_some()));
    let strip = move || is_stale.get().then(|| state.with(|state| stale_strip(desk, &state.state)));
    let denied = Memo::new(move |_| {
        state.with(|state| match &state.state {
            StreamState::Denied(refusal) => Some(refusal.clone()),
            _ => None,
        })
    });
    let body = move || match (denied.get(), shown.get(), is_gone.get()) {
        (Some(refusal), ..) => say_refusal(&refusal, Callback::new(move |()| lease.with_value(|lease| lease.refresh()))).into_any(),
        (None, true, _) => view! { <Code view/> }.into_any(),
        (None, false, true) => say(None, "Not there".into(), format!("{} is not in the cluster any more.", name()), None, ().into_any()).into_any(),
        (None, false, false) if is_unkept.get() => say_unkept(name()).into_any(),
        (None, false, false) => say(None, "Asking".into(), format!("Asking the cluster for {}.", name()), None, ().into_any()).into_any(),
    };
    let version = move || state.with(|state| state.object.as_ref().map(|object| object["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned()));
    view! {
        {move || searching.get().then(|| view.search_bar())}
        {move || (is_gone.get() && shown.get())
            .then(|| view! { <div class="strip gone">{shape("st-stop")}"Deleted. This is how it was last."</div> })}
        {strip}
        <div class="pane" class:stale=is_stale>{body}</div>
        <div class="bar foot">
            <span>"Read-only"</span>
            <span class="cut mono">{move || version().map(|version| format!("rv {version}"))}</span>
            <span class="grow"></span>
            <button class="icon" class:on=searching title="Search (Ctrl F)" on:click=move |_| searching.update(|on| *on = !*on)>{glyph("search")}</button>
            <button class="icon" title="Copy all of it" on:click=move |_| view.copy()>{glyph("copy")}</button>
            <button class="icon" title="Download" on:click=move |_| view.download(&about.with_value(file_name))>{glyph("save")}</button>
        </div>
    }
}

/// `pod-payments-api-x2k8q.yaml`.
fn file_name(object: &ObjectRef) -> String {
    format!("{}-{}.yaml", object.kind.to_lowercase(), object.name.replace(['/', ':'], "-"))
}

impl YamlView {
    /// Looks at one of the lines that were found, and unfolds what hides it.
    fn go(self, to: usize) {
        if let Some(line) = self.hits.with_untracked(|hits| hits.get(to).copied()) {
            self.folds.update(|folds| self.document.with_untracked(|document| folds.reveal(document, line)));
        }
        self.current.update(|(at, times)| (*at, *times) = (to, *times + 1));
    }

    fn step(self, step: Step) {
        let all = self.hits.with_untracked(|hits| hits.len());
        if let Some(last) = all.checked_sub(1) {
            let at = self.current.get_untracked().0.min(last);
            self.go(match step {
                Step::Next => (at + 1) % all,
                Step::Previous => at.checked_sub(1).unwrap_or(last),
            });
        }
    }

    /// The line that the search looks at.
    fn current_line(self) -> Option<usize> {
        self.hits.with(|hits| hits.get(self.current.get().0).or(hits.last()).copied())
    }

    fn search_bar(self) -> impl IntoView {
        let count = move || match (self.hits.with(|hits| hits.len()), self.search.with(String::is_empty)) {
            (_, true) => String::new(),
            (0, _) => "none".into(),
            (all, _) => format!("{} of {all}", (self.current.get().0 + 1).min(all)),
        };
        let is_bad = move || self.hits.with(|hits| hits.is_empty()) && !self.search.with(String::is_empty);
        view! {
            <SearchBar label="Search this object" words="Search" text=self.search count=Signal::derive(count) is_bad=Signal::derive(is_bad) enter=Step::Next
                step=Callback::new(move |step| self.step(step)) close=Callback::new(move |()| self.searching.set(false))/>
        }
    }

    fn copy(self) {
        let text = self.document.with_untracked(|document| document.text());
        // A browser that refuses says so itself.
        spawn_local(async move { drop(clipboard::copy(&text).await) });
    }

    fn download(self, name: &str) {
        let _ = clipboard::download(name, &self.document.with_untracked(|document| document.text()));
    }
}
