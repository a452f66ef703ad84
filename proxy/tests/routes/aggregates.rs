//! What the proxy counts and finds itself: how many objects do how, and what needs somebody. Under the rights of each list, and true as it is.

use std::collections::BTreeMap;

use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::rows::{Facts, SummaryFacts};
use krateyard_shared::scope::Scope;
use kubesim::Options;
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::watch::{Copy, pods};

const ALL: Scope = Scope::Summary { namespace: None };

fn attention(namespace: Option<&str>) -> Scope {
    Scope::Attention { namespace: namespace.map(Into::into) }
}

/// A simulated cluster in which nothing happens by itself.
async fn still() -> Bench {
    Bench::with(Options { living: false, ..Options::default() }, |_| ()).await
}

fn counts(copy: &Copy) -> BTreeMap<String, SummaryFacts> {
    let counted = copy.rows.values().map(|row| match &row.facts {
        Facts::Summary(counts) => (row.name.clone(), *counts),
        other => panic!("{other:?}"),
    });
    counted.collect()
}

fn totals(bench: &Bench) -> BTreeMap<String, u32> {
    let mut totals = BTreeMap::new();
    for pod in bench.sim.list("v1", "Pod", "") {
        *totals.entry(pod["metadata"]["namespace"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    totals
}

/// A pod of this namespace that says of itself what `status` says.
fn pod(bench: &Bench, namespace: &str, name: &str, status: &Value) {
    let mut pod = bench.sim.list("v1", "Pod", namespace).remove(0);
    pod["metadata"] = json!({"name": name, "namespace": namespace, "creationTimestamp": pod["metadata"]["creationTimestamp"]});
    pod["spec"]["containers"] = json!([{"name": "c", "image": "nginx"}]);
    pod["status"] = status.clone();
    bench.sim.apply(pod).unwrap();
}

fn crashing() -> Value {
    json!({"phase": "Running", "containerStatuses": [{"name": "c", "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}}]})
}

fn running() -> Value {
    let ready = json!([{"type": "Ready", "status": "True"}, {"type": "Initialized", "status": "True"}]);
    json!({"phase": "Running", "conditions": ready, "containerStatuses": [{"name": "c", "ready": true, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}]})
}

#[tokio::test]
async fn objects_are_counted_by_namespace_and_the_counts_follow_the_cluster() {
    let bench = still().await;
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(1, pods(), ALL).await;
    let mut copy = Copy::default();
    copy.until(&mut watch, |_| true).await;
    let all = |copy: &Copy| counts(copy).into_iter().map(|(namespace, counts)| (namespace, counts.all())).collect::<BTreeMap<_, _>>();
    assert_eq!(all(&copy), totals(&bench));
    let bad = counts(&copy)["web"].bad;
    pod(&bench, "web", "crashes", &crashing());
    copy.until(&mut watch, |copy| counts(copy)["web"].bad == bad + 1).await;
    pod(&bench, "web", "crashes", &running());
    copy.until(&mut watch, |copy| counts(copy)["web"].bad == bad).await;
    bench.sim.remove("v1", "Pod", "web", "crashes").unwrap();
    copy.until(&mut watch, |copy| all(copy) == totals(&bench)).await;
    let nodes = bench.sim.list("v1", "Node", "").len();
    watch.subscribe(2, Kind::Node.resource(), ALL).await;
    let rows = watch.rows(2).await;
    assert!(matches!(&rows[..], [row] if row.namespace.is_none() && matches!(row.facts, Facts::Summary(counts) if counts.all() as usize == nodes)), "{rows:?}");
}

#[tokio::test]
async fn who_may_see_one_namespace_is_told_the_counts_and_the_findings_of_that_one() {
    let bench = still().await;
    pod(&bench, "web", "crashes", &crashing());
    pod(&bench, "payments", "crashes-elsewhere", &crashing());
    let mut watch = bench.watch("demo-viewer").await;
    for (id, scope) in [(1, ALL), (2, attention(None)), (3, attention(Some("payments")))] {
        watch.subscribe(id, pods(), scope).await;
        assert!(matches!(watch.denied(id).await, Refusal::Forbidden { .. }), "{id}");
    }
    watch.subscribe(4, pods(), Scope::Summary { namespace: Some("web".into()) }).await;
    let rows = watch.rows(4).await;
    assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["web"]);
    watch.subscribe(5, pods(), attention(Some("web"))).await;
    let rows = watch.rows(5).await;
    assert!(rows.iter().any(|row| row.name == "crashes") && rows.iter().all(|row| row.namespace.as_deref() == Some("web")), "{rows:?}");
}

#[tokio::test]
async fn a_finding_comes_with_what_fails_and_goes_with_it() {
    let bench = still().await;
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(1, pods(), attention(None)).await;
    let mut copy = Copy::default();
    copy.until(&mut watch, |_| true).await;
    assert!(copy.rows.len() < totals(&bench).values().sum::<u32>() as usize / 2, "most of the cluster is well");
    let before = copy.rows.len();
    pod(&bench, "web", "crashes", &crashing());
    copy.until(&mut watch, |copy| copy.named("crashes").is_some()).await;
    pod(&bench, "web", "waits-since-long", &json!({"phase": "Pending"}));
    copy.until(&mut watch, |copy| copy.named("waits-since-long").is_some()).await;
    pod(&bench, "web", "crashes", &running());
    bench.sim.remove("v1", "Pod", "web", "waits-since-long").unwrap();
    copy.until(&mut watch, |copy| copy.rows.len() == before).await;
    assert_eq!(bench.sim.requests().of("watch", "/api/v1/pods").made, 1, "it is a view of the one watch");
}
