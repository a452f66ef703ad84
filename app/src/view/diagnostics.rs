//! How the tables are kept: the socket and each stream, for whoever asks why a table shows what it shows.

use krateyard_shared::api::ClusterInfo;
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;

use super::desk::desk;
use super::parts::{copy, glyph, shape};
use crate::connection::rest;
use crate::runtime::StreamReport;
use crate::stream::span;

/// How the cluster does is asked for so often while somebody looks, in milliseconds.
const ASK_MS: u64 = 5000;
/// Titles, and how they stand.
const HEAD: [(&str, &str); 6] = [("Resource", "name"), ("Part", ""), ("State", "state"), ("Rows", "r"), ("Sequence", "r"), ("Confirmed", "r")];

/// The sheet of diagnostics, over the canvas.
#[component]
pub fn Diagnostics() -> impl IntoView {
    let desk = desk();
    let close = move || desk.sheet.set(None);
    // Once a second, as ages are.
    let report = Memo::new(move |_| {
        desk.now_ms.track();
        desk.workspace.report(true)
    });
    let cluster = RwSignal::new(None::<ClusterInfo>);
    let beat = Memo::new(move |_| desk.now_ms.get() / ASK_MS);
    Effect::new(move |_| {
        beat.get();
        spawn_local(async move {
            let known = rest::clusters().await.ok();
            // The sheet may be closed by now.
            let own = known.and_then(|known| known.clusters.into_iter().find(|info| desk.cluster.try_get_value().as_ref() == Some(&info.name)));
            cluster.try_set(own);
        });
    });
    let summary = move || {
        report.with(|report| {
            let live = report.streams.iter().filter(|stream| stream.is_live).count();
            let trouble = report.rights_trouble.as_ref().map(|why| format!(" Rights are not known anew: {why}.")).unwrap_or_default();
            format!(
                "Connection: {}. {live} of {} streams live, {} frames, {}B received, {} resyncs.{trouble}",
                report.connection,
                report.streams.len(),
                report.frames,
                krateyard_shared::quantity::bytes(i64::try_from(report.bytes).unwrap_or(i64::MAX)),
                report.resyncs
            )
        })
    };
    let copy_all = move |_| {
        let latency = cluster.with_untracked(|cluster| cluster.as_ref().and_then(|info| info.latency));
        if let Ok(text) = serde_json::to_string_pretty(&json!({"page": desk.workspace.report(false), "clusterLatency": latency})) {
            copy(text);
        }
    };
    view! {
        <div class="veil" on:click=move |_| close()></div>
        <div class="help diag" role="dialog" aria-label="Diagnostics" aria-modal="true" on:keydown=move |event: ev::KeyboardEvent| if event.key() == "Escape" { close() }>
            <header>
                <h2>"Diagnostics"</h2><span class="grow"></span>
                <button class="btn" title="Without names of namespaces and objects" on:click=copy_all>"Copy as JSON"</button>
                <button class="icon" title="Close" autofocus on:click=move |_| close()>{glyph("x")}</button>
            </header>
            <p class="muted">{summary}</p>
            <p class="muted">{move || cluster.with(|cluster| cluster.as_ref().map(cluster_words))}</p>
            <div class="diag-rows">
                <table>
                    <thead><tr>{HEAD.map(|(title, class)| view! { <th class=class>{title}</th> }).collect_view()}</tr></thead>
                    <tbody>{move || report.with(|report| report.streams.iter().map(|stream| line(stream, desk.now_ms.get_untracked())).collect_view())}</tbody>
                </table>
            </div>
        </div>
    }
}

/// How the cluster does by the proxy's account, which asks it for everybody.
fn cluster_words(info: &ClusterInfo) -> String {
    let state = match (info.reachable, info.problem.is_empty()) {
        (true, _) => format!("The cluster answers the proxy ({}).", info.version),
        (false, true) => "The cluster does not answer the proxy.".into(),
        (false, false) => format!("The cluster does not answer the proxy: {}.", info.problem.trim_end_matches('.')),
    };
    let ms = |us: u64| if us < 10_000 { format!("{:.1}", us as f64 / 1000.0) } else { (us / 1000).to_string() };
    let times = info.latency.map(|l| {
        format!(" Of its last {} answers half began within {} ms, 95 % within {} ms, 99 % within {} ms.", l.answers, ms(l.p50_us), ms(l.p95_us), ms(l.p99_us))
    });
    state + &times.unwrap_or_default()
}

fn line(stream: &StreamReport, now_ms: u64) -> impl IntoView + use<> {
    let (class, mark) = if stream.is_live { ("status ok", "st-ok") } else { ("status warn", "st-re") };
    let notes = [(stream.failures, "failed in a row"), (stream.unreadable, "rows unreadable")];
    let notes = notes.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    // A narrow sheet cuts the cause of a state.
    let title: Vec<_> = [stream.state.clone()].into_iter().chain(notes).collect();
    let confirmed = match stream.as_of_ms {
        0 => "-".to_owned(),
        as_of_ms => span(now_ms.saturating_sub(as_of_ms) / 1000),
    };
    view! {
        <tr class:muted=!stream.is_needed>
            <td class="mono">{stream.resource.clone()}</td>
            <td>{stream.part.clone()}</td>
            <td title=title.join(", ")><span class=class>{shape(mark)}<span>{stream.state.clone()}</span></span></td>
            <td class="r">{stream.rows}</td>
            <td class="r">{stream.position.map_or_else(|| "-".to_owned(), |position| position.seq.to_string())}</td>
            <td class="r">{confirmed}</td>
        </tr>
    }
}
