//! Draws the sections of a summary.

use leptos::prelude::*;

use krateyard_shared::status::Health;

use super::super::desk::Desk;
use super::super::parts::{health_marks, shape};
use super::Described;
use super::data::data_view;
use crate::describe::{Bar, Body, Cell, ConditionSummary, ContainerSummary, Fact, Lead, Link, Said, Section, Table, To};
use crate::yard::{Collection, Subject};

/// Sections, each drawn anew only when it changes.
pub(super) fn sections_view(this: Described, sections: Memo<Vec<Section>>) -> impl IntoView {
    let one = move |at: usize| {
        let section = Memo::new(move |_| sections.with(|sections| sections.get(at).cloned()));
        move || section.get().map(|section| section_view(this, section))
    };
    view! { <For each=move || 0..sections.with(Vec::len) key=|at| *at children=one/> }
}

/// Why it is not well.
pub(super) fn lead_view(lead: Lead) -> impl IntoView {
    let (class, mark) = health_marks(lead.health);
    view! { <div class=format!("lead {class}")>{shape(mark)}<strong>{lead.title}</strong><p>{lead.sentences}</p></div> }
}

/// How many more there are; nothing for none.
pub(super) fn more_view(more: usize) -> impl IntoView {
    (more > 0).then(|| view! { <p class="muted more">{format!("and {more} more")}</p> })
}

fn section_view(this: Described, section: Section) -> impl IntoView {
    let desk = this.desk;
    let body = match section.body {
        Body::Facts(facts) => view! { <dl class="kv">{facts.into_iter().map(|fact| fact_view(desk, fact)).collect_view()}</dl> }.into_any(),
        Body::Table(table) => table_view(desk, table).into_any(),
        Body::Bars(bars) => {
            // Quotas have long names; what is next to facts stands in their columns.
            let is_wide = bars.iter().any(|bar| bar.label.len() > 10);
            view! { <div class:wide=is_wide>{bars.into_iter().map(bar_view).collect_view()}</div> }.into_any()
        }
        Body::Containers(containers) => containers.into_iter().map(container_view).collect_view().into_any(),
        Body::Conditions(conditions) => conditions.into_iter().map(condition_view).collect_view().into_any(),
        Body::Chips(chips) => {
            view! { <div class="labels">{chips.into_iter().map(|chip| view! { <code title=chip.clone()>{chip.clone()}</code> }).collect_view()}</div> }
                .into_any()
        }
        Body::Words(words) => view! { <p class="muted">{words}</p> }.into_any(),
        Body::Data(data) => data_view(this, data).into_any(),
    };
    view! { {(!section.title.is_empty()).then(|| view! { <h4>{section.title}</h4> })}{body}{more_view(section.more)} }
}

fn fact_view(desk: Desk, fact: Fact) -> impl IntoView {
    let value = match fact.said {
        Said::Links(links) => links.into_iter().map(|link| link_view(desk, link)).collect_view().into_any(),
        Said::Ours(words) => words.into_any(),
        Said::Cluster(text) => view! { <span class="mono" title=text.clone()>{text.clone()}</span> }.into_any(),
    };
    let value = match fact.health {
        Some(health) => {
            let (class, mark) = health_marks(health);
            view! { <span class=format!("status {class}")>{shape(mark)}<span>{value}</span></span> }.into_any()
        }
        None => value,
    };
    view! { <dt class="cut" title=fact.label.clone()>{fact.label.clone()}</dt><dd>{value}" "<span class="muted">{fact.note}</span></dd> }
}

fn link_view(desk: Desk, link: Link) -> impl IntoView {
    let Link { words, to } = link;
    let title = words.clone();
    view! { <button class="lnk mono" title=title on:click=move |_| open(desk, &to)>{words}</button> }
}

fn open(desk: Desk, to: &To) {
    let subject = match to.clone() {
        To::Object(object) => Subject::Object(object),
        To::Pods(object) => Collection::pods_of(&object).map_or(Subject::Object(object), Subject::Collection),
        To::List { resource, namespace } => Subject::Collection(Collection { resource, ..Collection::everything(namespace) }),
    };
    desk.open_default(subject, None);
}

fn table_view(desk: Desk, table: Table) -> impl IntoView {
    // A column without a single value only takes room from the others.
    let used: Vec<bool> = (0..table.columns.len()).map(|at| table.rows.iter().any(|row| row.get(at).is_some_and(|cell| !cell.text.is_empty()))).collect();
    let is_used = |at: usize| used.get(at).copied().unwrap_or(false);
    let head: Vec<_> = table.columns.iter().enumerate().filter(|(at, _)| is_used(*at)).map(|(_, title)| view! { <th>{*title}</th> }).collect();
    let rows: Vec<_> = table
        .rows
        .into_iter()
        .map(|row| {
            let cells: Vec<_> =
                row.into_iter().enumerate().filter(|(at, _)| is_used(*at)).map(|(_, cell)| view! { <td>{cell_view(desk, cell)}</td> }).collect();
            view! { <tr>{cells}</tr> }
        })
        .collect();
    view! { <table class="small"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table> }
}

fn cell_view(desk: Desk, cell: Cell) -> AnyView {
    match cell.to {
        Some(to) => link_view(desk, Link { words: cell.text, to }).into_any(),
        None => cell.text.into_any(),
    }
}

/// How much of how much.
pub fn bar_view(bar: Bar) -> impl IntoView {
    let percent = |part: f64| format!("{:.1}%", part.clamp(0.0, 1.0) * 100.0);
    let style = format!("--v:{};--q:{}", percent(bar.part.unwrap_or(0.0)), percent(bar.tick.unwrap_or(0.0)));
    let class = match bar.health {
        Health::Bad => "bad",
        Health::Warn => "warn",
        _ => "",
    };
    view! {
        <div class=format!("use {class}")>
            <span class="cut" title=bar.label.clone()>{bar.label.clone()}</span><i class:tick=bar.tick.is_some() style=style></i><em>{bar.words}</em>
        </div>
    }
}

fn container_view(container: ContainerSummary) -> impl IntoView {
    let (class, mark) = health_marks(container.health);
    let state = (!container.state.is_empty()).then(|| view! { <span class=format!("status {class}")>{shape(mark)}<span>{container.state}</span></span> });
    view! {
        <div class="ctr">
            <div class="ctr-head"><span class="mono">{container.name}</span><span class="muted">{container.role}</span><span class="grow"></span>{state}</div>
            <div class="mono muted cut" title=container.image.clone()>{container.image.clone()}</div>
            {container.lines.into_iter().map(|line| view! { <div class="muted cut" title=line.clone()>{line.clone()}</div> }).collect_view()}
        </div>
    }
}

fn condition_view(condition: ConditionSummary) -> impl IntoView {
    let (class, mark) = health_marks(condition.health);
    view! {
        <div class=format!("cond {class}")>
            {shape(mark)}<span class="what">{condition.name}</span><span class="cut" title=condition.why.clone()>{condition.why.clone()}</span><span class="num">{condition.since}</span>
        </div>
    }
}
