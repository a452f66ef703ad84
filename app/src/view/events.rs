//! Events of one object, newest first; live.

use std::sync::Arc;

use krateyard_shared::identity::ObjectRef;
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::{Facts, Row};
use krateyard_shared::scope::Scope;
use krateyard_shared::time::{self, Seconds};
use leptos::prelude::*;

use super::collection::stale_strip;
use super::desk::{Desk, desk};
use super::parts::{health_marks, say, say_refusal, say_unkept, shape};
use super::window_header::WindowHeader;
use crate::stream::StreamState;

/// Events whose objects are cluster-scoped lie in this namespace (`corev1.NamespaceDefault`, as client-go's recorder writes them).
const CLUSTER_EVENTS: &str = "default";

/// The body of an Events window.
#[component]
pub fn EventsWindow(
    /// What they are about.
    object: ObjectRef,
    /// The frame's header.
    header: WindowHeader,
) -> impl IntoView {
    let desk = desk();
    let lease = StoredValue::new(desk.workspace.table(Kind::Event, scope_of(&object)));
    let table = lease.with_value(|lease| lease.table);
    Effect::new(move |_| header.stream.set(table.with(|table| table.state.clone())));
    let events = events_of(desk, &object);
    let name = object.name.clone();
    let body = move || match table.with(|table| (table.state.clone(), table.complete)) {
        (StreamState::Denied(refusal), _) => say_refusal(&refusal, Callback::new(move |()| lease.with_value(|lease| lease.refresh()))).into_any(),
        (_, complete) => {
            let events = events.get();
            match (events.is_empty(), complete) {
                (true, false) if table.with(|table| table.state == StreamState::NotStarted) => say_unkept(format!("events of {name}")).into_any(),
                (true, false) => say(None, "Asking".into(), format!("Asking for events of {name}. They appear as they come."), None, ().into_any()).into_any(),
                (true, true) => say(
                    None,
                    "No events".into(),
                    format!("The cluster keeps none about {name}; it keeps them for an hour as a rule. New ones appear here."),
                    None,
                    ().into_any(),
                )
                .into_any(),
                _ => view! { <div class="desc evlist">{events.iter().map(|event| long_event(event, desk.now_secs())).collect_view()}</div> }.into_any(),
            }
        }
    };
    let is_stale = Memo::new(move |_| table.with(|table| table.state.is_unconfirmed() && table.complete));
    view! {
        {move || is_stale.get().then(|| table.with(|table| stale_strip(desk, &table.state)))}
        <div class="pane column" class:stale=is_stale tabindex="0">{body}</div>
    }
}

fn scope_of(object: &ObjectRef) -> Scope {
    // A namespace's own events lie in the namespace itself; other cluster-scoped objects have theirs in `default`.
    let namespace = match (&object.namespace, object.kind.as_str()) {
        (Some(namespace), _) => namespace.clone(),
        (None, "Namespace") => object.name.clone(),
        (None, _) => CLUSTER_EVENTS.into(),
    };
    Scope::Namespace(namespace)
}

/// The live events of an object, newest first.
pub fn events_of(desk: Desk, object: &ObjectRef) -> Memo<Vec<Arc<Row>>> {
    let table = desk.workspace.use_table(Kind::Event, scope_of(object));
    let object = object.clone();
    let is_about = move |row: &Row| match &row.facts {
        // Nodes' events carry the node's name in the place of its uid (kubelet, `NodeRef`).
        Facts::Event(event) if event.about_kind == "Node" => object.kind == "Node" && event.about_name == object.name,
        Facts::Event(event) => event.about_uid == object.uid || (object.uid.is_empty() && event.about_name == object.name && event.about_kind == object.kind),
        _ => false,
    };
    Memo::new(move |_| {
        let mut events: Vec<_> = table.with(|table| table.rows.iter().filter(|row| is_about(row)).cloned().collect());
        events.sort_by_key(|row: &Arc<Row>| std::cmp::Reverse(last_seen(row)));
        events
    })
}

fn last_seen(row: &Row) -> Seconds {
    match &row.facts {
        Facts::Event(event) => event.last,
        _ => 0,
    }
}

/// An event in one line.
pub fn event_line(row: &Row, now: Seconds) -> impl IntoView + use<> {
    let Facts::Event(event) = &row.facts else { return ().into_any() };
    let (class, mark) = health_marks(krateyard_shared::status::of(row).health);
    let when = times(event.count, now - event.last);
    view! {
        <div class=format!("ev {class}")>
            {shape(mark)}<span>{event.reason.clone()}</span><span class="cut" title=event.message.clone()>{event.message.clone()}</span><span class="num">{when}</span>
        </div>
    }
    .into_any()
}

/// An event with its whole sentence.
fn long_event(row: &Row, now: Seconds) -> impl IntoView + use<> {
    let Facts::Event(event) = &row.facts else { return ().into_any() };
    let (class, mark) = health_marks(krateyard_shared::status::of(row).health);
    let since = if event.count > 1 && event.first > 0 { format!(" over {}", time::age(event.last - event.first)) } else { String::new() };
    view! {
        <div class=format!("ev long {class}")>
            {shape(mark)}<span>{event.reason.clone()}</span>
            <span class="num">{format!("{}{since}", times(event.count, now - event.last))}</span>
            <p>{event.message.clone()}" "<span class="muted">{event.source.clone()}</span></p>
        </div>
    }
    .into_any()
}

fn times(count: u32, ago: Seconds) -> String {
    let age = time::age(ago);
    if count > 1 { format!("{count}x {age}") } else { age }
}
