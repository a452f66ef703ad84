//! Describe: the summary a person wants first, then what is related, then events; live.

mod data;
mod secret;
pub mod sections;
mod usage;

use std::sync::Arc;

use krateyard_shared::identity::ObjectRef;
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::{Row, project};
use krateyard_shared::scope::Scope;
use krateyard_shared::status::Health;
use leptos::prelude::*;

use self::sections::{lead_view, more_view, sections_view};
use super::collection::stale_strip;
use super::desk::{Desk, desk};
use super::events::{event_line, events_of};
use super::parts::{health_marks, kind_glyph, say, say_refusal, say_unkept, shape, small_glyph};
use super::window_header::WindowHeader;
use crate::describe::{Related, needs_neighbours, related, summary, use_section};
use crate::runtime::ObjectState;
use crate::stream::StreamState;
use crate::yard::Subject;

/// Events that are listed; the others are in the Events window.
const MOST_EVENTS: usize = 12;

/// What the parts of one Describe window share.
#[derive(Clone, Copy)]
struct Described {
    desk: Desk,
    about: StoredValue<ObjectRef>,
    /// The object, live.
    state: Signal<ObjectState>,
}

/// The body of a Describe window.
#[component]
pub fn DescribeWindow(
    /// What it is about.
    object: ObjectRef,
    /// The frame's header.
    header: WindowHeader,
) -> impl IntoView {
    let desk = desk();
    let lease = StoredValue::new(desk.workspace.object(&object));
    let state = lease.with_value(|lease| lease.object);
    Effect::new(move |_| header.stream.set(state.with(|state| state.state.clone())));
    let this = Described { desk, about: StoredValue::new(object.clone()), state };
    // A new second, a new version or a new state of the stream changes only what it must: the scroll, a selection, a revealed value stay.
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
    let name = move || this.about.with_value(|about| about.name.clone());
    let body = move || match (denied.get(), shown.get(), is_gone.get()) {
        (Some(refusal), ..) => say_refusal(&refusal, Callback::new(move |()| lease.with_value(|lease| lease.refresh()))).into_any(),
        (None, true, _) => this.view().into_any(),
        (None, false, true) => say(None, "Not there".into(), format!("{} is not in the cluster any more.", name()), None, ().into_any()).into_any(),
        (None, false, false) if is_unkept.get() => say_unkept(name()).into_any(),
        (None, false, false) => say(None, "Asking".into(), format!("Asking the cluster for {}.", name()), None, ().into_any()).into_any(),
    };
    view! {
        {move || (is_gone.get() && shown.get()).then(|| view! { <div class="strip gone">{shape("st-stop")}"Deleted. This is how it was last."</div> })}
        {strip}
        <div class="pane column" class:stale=move || is_gone.get() || is_stale.get() tabindex="0">{body}</div>
    }
}

impl Described {
    fn view(self) -> impl IntoView {
        let Described { desk, about, state } = self;
        // The row is made from the object itself: whoever may get one object may not be allowed to list.
        let row = Memo::new(move |_| {
            let kind = about.with_value(|about| Kind::of_name(&about.group, &about.kind))?;
            state.with(|state| Some(Arc::new(project(kind, &**state.object.as_ref()?).ok()?.0)))
        });
        let whole = Memo::new(move |_| {
            state
                .with(|state| {
                    let object = state.object.as_ref()?;
                    Some(row.with(|row| about.with_value(|about| summary(object, row.as_deref(), about, desk.now_secs()))))
                })
                .unwrap_or_default()
        });
        let lead = Memo::new(move |_| whole.with(|whole| whole.lead.clone()));
        let used = usage::polled(self);
        let sections = Memo::new(move |_| {
            let mut sections = whole.with(|whole| whole.sections.clone());
            let live = used.with(|used| state.with(|state| Some(use_section(state.object.as_deref()?, used.as_ref()?))));
            // Below the first facts: what a person looks at next.
            live.into_iter().filter(|live| !live.is_empty()).for_each(|live| sections.insert(sections.len().min(1), live));
            sections
        });
        let marks = Memo::new(move |_| whole.with(|whole| whole.marks.clone()));
        let near = self.neighbours(row);
        let events = events_of(desk, &about.get_value());
        view! {
            <div class="desc">
                {move || lead.get().map(lead_view)}
                {sections_view(self, sections)}
                {move || related_view(near.get())}
                {sections_view(self, marks)}
                <h4>"Events"</h4>
                {move || {
                    let events = events.get();
                    if events.is_empty() { view! { <p class="muted">"None in the last hour."</p> }.into_any() } else {
                        view! {
                            {events.iter().take(MOST_EVENTS).map(|event| event_line(event, desk.now_secs())).collect_view()}
                            {more_view(events.len().saturating_sub(MOST_EVENTS))}
                        }.into_any()
                    }
                }}
            </div>
        }
    }

    /// What belongs to the object among the live rows of its namespace.
    fn neighbours(self, row: Memo<Option<Arc<Row>>>) -> Memo<(Vec<Related>, usize)> {
        let Described { desk, about, state } = self;
        let (kinds, namespace) = about.with_value(|about| (needs_neighbours(Kind::of_name(&about.group, &about.kind)), about.namespace.clone()));
        let table = namespace.filter(|_| !kinds.is_empty()).map(|namespace| desk.workspace.use_table(kinds, Scope::Namespace(namespace)));
        Memo::new(move |_| {
            let near = table.map(|table| table.get());
            let rows = near.as_ref().map(|table| table.rows.as_slice()).unwrap_or_default();
            let found =
                state.with(|state| Some(related(state.object.as_deref()?, row.get()?.as_ref(), &about.with_value(|about| about.cluster.clone()), rows)));
            found.unwrap_or_default()
        })
    }
}

fn related_view((related, more): (Vec<Related>, usize)) -> impl IntoView {
    let desk = desk();
    (!related.is_empty()).then(|| {
        view! {
            <h4>"Related"</h4>
            <div class="rel">
                {related.into_iter().map(|related| {
                    let object = related.object.clone();
                    let kind = Kind::of_name(&object.group, &object.kind);
                    let trouble = matches!(related.health, Health::Bad | Health::Warn | Health::Pending).then(|| {
                        let (class, mark) = health_marks(related.health);
                        view! { <span class=class>{shape(mark)}</span> }
                    });
                    view! {
                        <button class="lnk mono" title=format!("{} {}", object.kind, object.name) on:click=move |_| desk.open_default(Subject::Object(object.clone()), None)>
                            {small_glyph(kind_glyph(kind))}<span class="cut">{related.object.name.clone()}</span>{trouble}
                        </button>
                    }
                }).collect_view()}
            </div>
            {more_view(more)}
        }
    })
}
