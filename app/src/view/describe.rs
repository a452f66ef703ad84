//! Describe: the summary a person wants first, then events; live.

use std::sync::Arc;

use krateyard_shared::identity::ObjectRef;
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::Row;
use krateyard_shared::scope::Scope;
use krateyard_shared::status::Health;
use leptos::prelude::*;

use super::desk::{Desk, desk};
use super::events::{event_line, events_of};
use super::parts::{health_marks, kind_glyph, say, say_refusal, shape, small_glyph};
use super::window_header::WindowHeader;
use crate::describe::{ConditionSummary, ContainerSummary, Fact, Lead, Neighbours, Related, Summary, related, summary};
use crate::stream::StreamState;
use crate::yard::Subject;

/// The body of a Describe window.
#[component]
pub fn DescribeWindow(
    /// What it is about.
    object: ObjectRef,
    /// Its live row.
    row: Signal<Option<Arc<Row>>>,
    /// The frame's header.
    header: WindowHeader,
) -> impl IntoView {
    let desk = desk();
    let lease = StoredValue::new(desk.workspace.object(&object));
    let state = lease.with_value(|lease| lease.object);
    Effect::new(move |_| header.stream.set(state.with(|state| state.state.clone())));
    let about = StoredValue::new(object.clone());
    let whole = Memo::new(move |_| {
        state.with(|state| state.object.as_ref().map(|object| row.with(|row| summary(object, row.as_deref(), &about.get_value(), desk.now_secs()))))
    });
    let events = events_of(desk, &object);
    let near = neighbours(desk, &object);
    let body = move || match (whole.get(), state.with(|state| state.state.clone())) {
        (_, StreamState::Denied(refusal)) => say_refusal(&refusal, Callback::new(move |()| lease.with_value(|lease| lease.refresh()))).into_any(),
        (None, StreamState::Gone) => {
            say(None, "Not there".into(), format!("{} is not in the cluster any more.", about.get_value().name), None, ().into_any()).into_any()
        }
        (None, _) => say(None, "Asking".into(), format!("Asking the cluster for {}.", about.get_value().name), None, ().into_any()).into_any(),
        (Some(summary), state) => {
            let is_gone = state == StreamState::Gone;
            let near = near.clone();
            view! {
                {is_gone.then(|| view! { <div class="strip gone">{shape("st-stop")}"Deleted. This is how it was last."</div> })}
                <div class="desc" class:stale=is_gone>
                    {summary_view(desk, summary)}
                    {move || near(row.get()).map(related_view)}
                    <h4>"Events"</h4>
                    {move || {
                        let events = events.get();
                        if events.is_empty() { view! { <p class="muted">"None in the last hour."</p> }.into_any() } else {
                            events.iter().take(12).map(|event| event_line(event, desk.now_secs())).collect_view().into_any()
                        }
                    }}
                </div>
            }
            .into_any()
        }
    };
    view! { <div class="pane column" tabindex="0">{body}</div> }
}

fn summary_view(desk: Desk, summary: Summary) -> impl IntoView {
    let Summary { lead, facts, containers, conditions, labels } = summary;
    view! {
        {lead.map(lead_view)}
        <dl class="kv">{facts.into_iter().map(|fact| fact_view(desk, fact)).collect_view()}</dl>
        {(!containers.is_empty()).then(|| view! { <h4>"Containers"</h4>{containers.into_iter().map(container_view).collect_view()} })}
        {(!conditions.is_empty()).then(|| view! { <h4>"Conditions"</h4>{conditions.into_iter().map(condition_view).collect_view()} })}
        {(!labels.is_empty()).then(|| view! {
            <h4>"Labels"</h4>
            <div class="labels">{labels.into_iter().map(|label| view! { <code title=label.clone()>{label.clone()}</code> }).collect_view()}</div>
        })}
    }
}

fn lead_view(lead: Lead) -> impl IntoView {
    let (class, mark) = health_marks(lead.health);
    view! { <div class=format!("lead {class}")>{shape(mark)}<strong>{lead.title}</strong><p>{lead.sentences}</p></div> }
}

fn fact_view(desk: Desk, fact: Fact) -> impl IntoView {
    let value = match fact.link {
        Some(link) => {
            view! { <button class="lnk mono" on:click=move |_| desk.open_default(Subject::Object(link.clone()), None)>{fact.value}</button> }.into_any()
        }
        // Times are what Krateyard says; everything else is what the cluster says.
        None if fact.label == "Created" => fact.value.into_any(),
        None => view! { <span class="mono" title=fact.value.clone()>{fact.value.clone()}</span> }.into_any(),
    };
    view! { <dt>{fact.label}</dt><dd>{value}" "<span class="muted">{fact.note}</span></dd> }
}

fn container_view(container: ContainerSummary) -> impl IntoView {
    let (class, mark) = health_marks(container.health);
    let state = (!container.state.is_empty()).then(|| view! { <span class=format!("status {class}")>{shape(mark)}<span>{container.state}</span></span> });
    view! {
        <div class="ctr">
            <div class="ctr-head"><span class="mono">{container.name}</span><span class="grow"></span>{state}</div>
            <div class="mono muted cut" title=container.image.clone()>{container.image.clone()}</div>
            {(!container.resources.is_empty()).then(|| view! { <div class="muted">{container.resources.join(", ")}</div> })}
            {(!container.last.is_empty()).then(|| view! { <div class="muted">{container.last}</div> })}
        </div>
    }
}

fn condition_view(condition: ConditionSummary) -> impl IntoView {
    let (class, mark) = health_marks(if condition.is_well { Health::Ok } else { Health::Bad });
    view! {
        <div class=format!("cond {class}")>
            {shape(mark)}<span class="what">{condition.name}</span><span class="cut" title=condition.why.clone()>{condition.why.clone()}</span><span class="num">{condition.since}</span>
        </div>
    }
}

fn related_view(related: Vec<Related>) -> impl IntoView {
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
        }
    })
}

/// Finds what belongs to a row among the live rows of its namespace.
fn neighbours(desk: Desk, object: &ObjectRef) -> impl Fn(Option<Arc<Row>>) -> Option<Vec<Related>> + Clone + use<> {
    let scope = object.namespace.clone().map(Scope::Namespace);
    let tables = scope.map(|scope| {
        let lease = |kinds: &[Kind]| desk.workspace.use_table(kinds, scope.clone());
        (
            lease(&[Kind::Deployment, Kind::ReplicaSet, Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::CronJob]),
            lease(&[Kind::Pod]),
            lease(&[Kind::Service]),
        )
    });
    let cluster = object.cluster.clone();
    move |row| {
        let (workloads, pods, services) = tables?;
        let row = row?;
        let (workloads, pods, services) = (workloads.get(), pods.get(), services.get());
        Some(related(&row, &cluster, Neighbours { workloads: &workloads.rows, pods: &pods.rows, services: &services.rows }))
    }
}
