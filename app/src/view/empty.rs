//! An empty Yard says what to do, with examples from this very cluster.

use std::sync::Arc;

use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::Row;
use krateyard_shared::scope::Scope;
use krateyard_shared::status::{self, Health};
use leptos::prelude::*;

use super::desk::desk;
use super::parts::{key, status_word, tag};
use crate::rows::overview::total;
use crate::yard::{Collection, Subject};

/// What a person sees before anything is open.
#[component]
pub fn EmptyYard() -> impl IntoView {
    let desk = desk();
    let findings = desk.workspace.use_table(Kind::Pod, Scope::Attention { namespace: None });
    let failing = Memo::new(move |_| {
        findings.with(|table| table.rows.iter().filter(|row| status::of(row).health == Health::Bad).min_by(|a, b| a.name.cmp(&b.name)).cloned())
    });
    let counted = desk.workspace.use_table(Kind::Pod, Scope::Summary { namespace: None });
    let totals = Memo::new(move |_| {
        counted.with(|table| {
            let namespaces = || table.rows.iter().filter_map(|row| row.namespace.clone());
            (total(&table.rows).all(), namespaces().count(), namespaces().min(), table.complete)
        })
    });
    view! {
        <section class="first" aria-label="Empty Yard">
            <h1>"Type to find anything in " <span class="mono">{desk.cluster.get_value().0}</span></h1>
            <p>{move || {
                let (pods, namespaces, _, complete) = totals.get();
                let counted = if complete { format!("{pods} pods in {namespaces} namespaces. ") } else { String::new() };
                format!("{counted}What you open lands here, and stays where you put it.")
            }}</p>
            {move || failing.get().map(|row| try_failing(&row))}
            <button class="try" on:click=move |_| desk.open_default(Subject::Collection(Collection::of_kind(Kind::Pod, None)), None)>
                <span class="typed">{key("p")}{key("o")}{key("Tab")}</span>
                <span class="what">"every Pod, degraded first"</span>
                <span class="muted num">{move || totals.get().0}</span>
            </button>
            {move || totals.get().2.map(|namespace| {
                let collection = Collection::of_kind(Kind::Pod, Some(namespace.clone()));
                view! {
                    <button class="try" on:click=move |_| desk.open_default(Subject::Collection(collection.clone()), None)>
                        <span class="typed">{key(format!("ns:{}", abbreviated(&namespace)))}</span>
                        <span class="what">"the pods of " <span class="mono">{namespace.clone()}</span></span>
                        {tag(Some(&namespace), "")}
                    </button>
                }
            })}
            <div class="firstkeys"><span>{key("Space")}" drag to pan"</span><span>{key("1")}" fit"</span><span>{key("?")}" all shortcuts"</span></div>
        </section>
    }
}

/// As much of a namespace's name as fits on a key cap.
fn abbreviated(namespace: &str) -> String {
    const FITS: usize = 14;
    if namespace.chars().count() <= FITS { namespace.to_owned() } else { namespace.chars().take(FITS - 1).chain(['…']).collect() }
}

fn try_failing(row: &Arc<Row>) -> impl IntoView + use<> {
    let desk = desk();
    let typed: String = row.name.chars().take(3).collect();
    let caps = typed.chars().map(|letter| key(letter.to_string())).collect_view();
    view! {
        <button class="try" on:click=move |_| desk.spotlight.set(Some(typed.clone()))>
            <span class="typed">{caps}</span>
            <span class="what"><span class="mono">{row.name.clone()}</span></span>
            {status_word(&status::of(row))}
        </button>
    }
}
