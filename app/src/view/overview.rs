//! The cluster in numbers: nodes and what they give, kinds and namespaces by how their objects do. The proxy counts; nobody downloads a cluster to see a number.

use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::SummaryFacts;
use krateyard_shared::scope::Scope;
use krateyard_shared::status::Health;
use leptos::prelude::*;

use super::collection::{missing_strip, stale_strip};
use super::describe::sections::bar_view;
use super::desk::desk;
use super::parts::{say_refusal, tag};
use super::window_header::WindowHeader;
use crate::describe::{Bar, health_of_part};
use crate::rows::Usage;
use crate::rows::counts::Counts;
use crate::rows::overview::{Capacity, Measure, Overview};
use crate::rows::usage::Gauge;
use crate::stream::StreamState;
use crate::yard::{Collection, Subject};

/// Namespaces that are shown: the worst of them. The others are in the list of namespaces.
const MOST: usize = 100;
const HEALTHS: [(Health, &str, &str); 4] =
    [(Health::Bad, "Failing", "r bad"), (Health::Warn, "Warning", "r warn"), (Health::Pending, "Pending", "r warn"), (Health::Ok, "Ready", "r")];

/// The body of an Overview window.
#[component]
pub fn OverviewWindow(
    /// Which namespaces.
    collection: Collection,
    /// The frame's header.
    header: WindowHeader,
    /// Counts for the frame's header.
    counts: RwSignal<Counts>,
) -> impl IntoView {
    let desk = desk();
    let kinds = StoredValue::new(collection.kinds());
    let lease = StoredValue::new(desk.workspace.table(&kinds.get_value()[..], collection.scopes()));
    let table = lease.with_value(|lease| lease.table);
    Effect::new(move |_| {
        table.with(|table| {
            header.stream.set(table.state.clone());
            counts.set(Counts::of(&table.rows));
        });
    });
    on_cleanup(move || counts.set(Counts::default()));
    let overview = Memo::new(move |_| table.with(|table| kinds.with_value(|kinds| Overview::of(kinds, &table.rows))));
    let (nodes, measured) = (desk.workspace.use_table(Kind::Node, Scope::All), desk.workspace.use_table(Kind::NodeMetrics, Scope::All));
    let capacity = Memo::new(move |_| nodes.with(|nodes| measured.with(|measured| Capacity::of(&nodes.rows, &Usage::of(&measured.rows)))));
    let place = StoredValue::new(collection.namespaces);
    let body = move || {
        let refused = table.with(|table| match &table.state {
            StreamState::Denied(refusal) => Some(refusal.clone()),
            _ => None,
        });
        if let Some(refusal) = refused {
            return say_refusal(&refusal, Callback::new(move |()| lease.with_value(|lease| lease.refresh()))).into_any();
        }
        view! {
            <div class="desc numbers">
                {move || capacity.with(|capacity| (capacity.nodes > 0).then(|| nodes_view(capacity)))}
                {move || overview.with(|overview| kinds_view(overview, place))}
                {move || overview.with(namespaces_view)}
            </div>
        }
        .into_any()
    };
    view! {
        {move || table.with(|table| (!table.rows.is_empty()).then(|| stale_strip(desk, &table.state)))}
        {move || table.with(|table| (!table.missing.is_empty() && !table.rows.is_empty()).then(|| missing_strip(&table.missing)))}
        <div class="pane column" tabindex="0">{body}</div>
    }
}

fn nodes_view(capacity: &Capacity) -> impl IntoView + use<> {
    let versions: Vec<_> = capacity.versions.iter().map(|(version, count)| format!("{count} with {version}")).collect();
    let bar = |label: &str, gauge: Gauge, measure: Measure| {
        let part = measure.used.filter(|_| measure.all > 0).map(|used| used as f64 / measure.all as f64);
        let words = match measure.used {
            Some(used) => format!("{} of {}", gauge.words(used), gauge.words(measure.all)),
            None => format!("{} in all", gauge.words(measure.all)),
        };
        bar_view(Bar { label: label.into(), part, tick: None, words, health: health_of_part(part) })
    };
    view! {
        <h4>{if capacity.nodes == 1 { "1 node".to_owned() } else { format!("{} nodes", capacity.nodes) }}</h4>
        <p class="muted">{versions.join(", ")}</p>
        {bar("CPU", Gauge::Cpu, capacity.cpu)}
        {bar("Memory", Gauge::Memory, capacity.memory)}
    }
}

fn kinds_view(overview: &Overview, place: StoredValue<Vec<String>>) -> impl IntoView + use<> {
    let desk = desk();
    let lines = overview.kinds.iter().map(|(kind, counts)| {
        let (kind, counts) = (*kind, *counts);
        let open = move |_| {
            let namespaces = place.get_value().into_iter().filter(|_| kind.entry().namespaced);
            desk.open_default(Subject::Collection(Collection::of_kind(kind, None).in_namespaces(namespaces)), None);
        };
        view! { <tr><td><button class="lnk" on:click=open>{kind.entry().title}</button></td>{cells(counts)}<td class="r">{counts.all()}</td></tr> }
    });
    view! {
        <h4>"Objects"</h4>
        <table class="small"><thead><tr><th>"Kind"</th>{heads()}<th class="r">"All"</th></tr></thead><tbody>{lines.collect_view()}</tbody></table>
    }
}

fn namespaces_view(overview: &Overview) -> Option<impl IntoView + use<>> {
    let desk = desk();
    let all = overview.namespaces.len();
    let lines = overview.namespaces.iter().take(MOST).map(|namespace| {
        let name = namespace.name.clone();
        let open = move |_| desk.open_default(Subject::Collection(Collection::everything(Some(name.clone()))), None);
        view! {
            <tr><td><button class="lnk" on:click=open>{tag(Some(&namespace.name), "")}</button></td>{cells(namespace.objects)}<td class="r">{number(namespace.warnings)}</td></tr>
        }
    });
    (all > 0).then(|| {
        view! {
            <h4>{if all == 1 { "1 namespace".to_owned() } else { format!("{all} namespaces") }}</h4>
            <table class="small"><thead><tr><th>"Namespace"</th>{heads()}<th class="r" title="Events that warn, as far back as the cluster keeps them">"Events"</th></tr></thead>
                <tbody>{lines.collect_view()}</tbody></table>
            {(all > MOST).then(|| view! { <p class="muted more">{format!("And {} more, in which less is wrong.", all - MOST)}</p> })}
        }
    })
}

fn heads() -> impl IntoView {
    HEALTHS.map(|(_, title, _)| view! { <th class="r">{title}</th> }).collect_view()
}

fn cells(counts: SummaryFacts) -> impl IntoView {
    let cell = |(health, _, class)| {
        let count = counts.of(health);
        let class = if count > 0 { class } else { "r" };
        view! { <td class=class>{number(count)}</td> }
    };
    HEALTHS.map(cell).collect_view()
}

/// Nothing is wrong where there is no number.
fn number(count: u32) -> String {
    if count == 0 { "-".into() } else { count.to_string() }
}
