//! Parts of a kind: a node's pods, a workload's, what a selector selects. Views of the one hub, under the rights of the namespace.

use std::collections::BTreeSet;

use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::rows::measured;
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::{Freshness, ServerMessage};
use kubesim::Options;
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::watch::{Copy, in_namespace, pods};

fn names<'a>(objects: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    objects.into_iter().map(|object| object["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

fn copied(copy: &Copy) -> BTreeSet<String> {
    copy.rows.values().map(|row| row.name.clone()).collect()
}

fn is_controlled_by(object: &Value, kind: &str, names: &BTreeSet<String>) -> bool {
    let owners = object["metadata"]["ownerReferences"].as_array().cloned().unwrap_or_default();
    owners.iter().any(|owner| owner["controller"] == true && owner["kind"] == kind && names.contains(owner["name"].as_str().unwrap()))
}

/// A simulated cluster in which nothing happens by itself.
async fn still() -> Bench {
    Bench::with(Options { living: false, ..Options::default() }, |_| ()).await
}

fn labels(selector: &str) -> Scope {
    Scope::Labels { namespace: None, selector: selector.into() }
}

fn workload(namespace: &str, kind: &str, name: &str) -> Scope {
    Scope::Workload { namespace: namespace.into(), kind: kind.into(), name: name.into() }
}

#[tokio::test]
async fn a_nodes_pods_and_those_that_a_selector_selects_come_from_the_one_watch() {
    let bench = still().await;
    let all = bench.sim.list("v1", "Pod", "");
    let node = all[0]["spec"]["nodeName"].as_str().unwrap();
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(1, pods(), Scope::Node { namespace: None, node: node.into() }).await;
    let mut copy = Copy::default();
    copy.until(&mut watch, |_| true).await;
    assert_eq!(copied(&copy), names(all.iter().filter(|pod| pod["spec"]["nodeName"] == node)));
    watch.subscribe(2, pods(), labels("app in (payments-api, checkout-api)")).await;
    let mut copy = Copy::default();
    copy.until(&mut watch, |_| true).await;
    let selected = all.iter().filter(|pod| ["payments-api", "checkout-api"].iter().any(|app| pod["metadata"]["labels"]["app"] == *app));
    assert_eq!(copied(&copy), names(selected));
    assert!(!copy.rows.is_empty());
    let watches = bench.sim.requests().of("watch", "/api/v1/pods");
    assert_eq!(watches.made, 1);
}

#[tokio::test]
async fn an_object_whose_labels_change_leaves_the_selector_and_comes_back() {
    let bench = still().await;
    let mut pod = bench.sim.list("v1", "Pod", "web").remove(0);
    pod["metadata"]["labels"]["watched"] = json!("yes");
    bench.sim.apply(pod.clone()).unwrap();
    let mut watch = bench.watch("demo-viewer").await;
    watch.subscribe(1, pods(), Scope::Labels { namespace: Some("web".into()), selector: "watched=yes".into() }).await;
    let mut copy = Copy::default();
    copy.until(&mut watch, |copy| copy.rows.len() == 1).await;
    for (value, there) in [("no", 0), ("yes", 1)] {
        pod["metadata"]["labels"]["watched"] = json!(value);
        bench.sim.apply(pod.clone()).unwrap();
        copy.until(&mut watch, |copy| copy.rows.len() == there).await;
    }
}

#[tokio::test]
async fn a_deployments_pods_come_by_way_of_its_replica_sets_also_of_new_ones() {
    let bench = still().await;
    let set = bench.sim.list("apps/v1", "ReplicaSet", "payments").into_iter().find(|set| !set["metadata"]["ownerReferences"].is_null()).unwrap();
    let owner = set["metadata"]["ownerReferences"][0].clone();
    let deployment = owner["name"].as_str().unwrap();
    let sets = names(
        bench.sim.list("apps/v1", "ReplicaSet", "payments").iter().filter(|set| is_controlled_by(set, "Deployment", &BTreeSet::from([deployment.to_owned()]))),
    );
    let expected = names(bench.sim.list("v1", "Pod", "payments").iter().filter(|pod| is_controlled_by(pod, "ReplicaSet", &sets)));
    let mut watch = bench.watch("demo-editor").await;
    watch.subscribe(1, pods(), workload("payments", "Deployment", deployment)).await;
    let mut copy = Copy::default();
    copy.until(&mut watch, |_| true).await;
    assert_eq!(copied(&copy), expected);
    assert!(!expected.is_empty());

    // A pod whose set nobody knows yet, then the set: the order in which two watches may tell it.
    let of = |kind: &str, name: &str, uid: &str| json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": true}]);
    let mut pod = bench.sim.list("v1", "Pod", "payments").remove(0);
    pod["metadata"] = json!({"name": "late", "namespace": "payments", "ownerReferences": of("ReplicaSet", "late-set", "uid-of-late-set")});
    bench.sim.apply(pod).unwrap();
    let mut late = set.clone();
    late["metadata"] = json!({"name": "late-set", "namespace": "payments", "uid": "uid-of-late-set", "ownerReferences": [owner]});
    let late = bench.sim.apply(late).unwrap();
    if late["metadata"]["uid"] != "uid-of-late-set" {
        let mut pod = bench.sim.get("v1", "Pod", "payments", "late").unwrap();
        pod["metadata"]["ownerReferences"] = of("ReplicaSet", "late-set", late["metadata"]["uid"].as_str().unwrap());
        bench.sim.apply(pod).unwrap();
    }
    copy.until(&mut watch, |copy| copied(copy).contains("late")).await;
    bench.sim.remove("apps/v1", "ReplicaSet", "payments", "late-set").unwrap();
    copy.until(&mut watch, |copy| !copied(copy).contains("late")).await;
    assert_eq!(copied(&copy), expected);
}

#[tokio::test]
async fn parts_need_the_right_of_the_whole_and_say_what_they_can_not_read() {
    let bench = still().await;
    let mut watch = bench.watch("demo-viewer").await;
    let forbidden =
        |resource: &str, namespace: Option<&str>| Refusal::Forbidden { verb: "list".into(), resource: resource.into(), namespace: namespace.map(Into::into) };
    watch.subscribe(1, pods(), labels("app=api")).await;
    assert_eq!(watch.denied(1).await, forbidden("pods", None));
    watch.subscribe(2, pods(), Scope::Node { namespace: None, node: "node-a-01".into() }).await;
    assert_eq!(watch.denied(2).await, forbidden("pods", None));
    watch.subscribe(3, pods(), workload("payments", "Deployment", "payments-api")).await;
    assert_eq!(watch.denied(3).await, forbidden("pods", Some("payments")));
    watch.subscribe(4, pods(), labels("app in (")).await;
    assert!(matches!(watch.denied(4).await, Refusal::BadRequest { field, .. } if field == "selector"));
    watch.subscribe(5, Kind::Service.resource(), workload("web", "Deployment", "shop")).await;
    assert!(matches!(watch.denied(5).await, Refusal::BadRequest { field, .. } if field == "scope"));
    watch.subscribe(6, pods(), in_namespace("web")).await;
    assert!(!watch.rows(6).await.is_empty(), "the socket goes on");
}

#[tokio::test]
async fn who_may_list_pods_but_not_replica_sets_reads_which_right_is_missing() {
    let bench = still().await;
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "pods-only", "namespace": "web"},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]}]});
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "pods-only", "namespace": "web"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "pods-only"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "nobody@example.com"}]});
    bench.sim.apply(role).unwrap();
    bench.sim.apply(binding).unwrap();
    let mut watch = bench.watch("demo-nobody").await;
    watch.subscribe(1, pods(), workload("web", "StatefulSet", "nothing")).await;
    assert!(watch.rows(1).await.is_empty(), "what controls its pods by itself needs no other right");
    watch.subscribe(2, pods(), workload("web", "Deployment", "shop")).await;
    assert_eq!(watch.denied(2).await, Refusal::Forbidden { verb: "list".into(), resource: "replicasets.apps".into(), namespace: Some("web".into()) });
}

#[tokio::test]
async fn what_pods_and_nodes_use_is_listed_again_and_again_for_whoever_may_list_it() {
    let bench = Bench::with(Options { living: false, metrics: true, ..Options::default() }, |_| ()).await;
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(1, Kind::PodMetrics.resource(), Scope::Namespace("payments".into())).await;
    let state = watch
        .until(|message| match message {
            ServerMessage::Freshness { id: 1, state } => Some(state).filter(|state| *state != Freshness::CatchingUp),
            _ => None,
        })
        .await;
    assert_eq!(state, Freshness::Polled { every_secs: 15 });
    watch.subscribe(3, Kind::PodMetrics.resource(), Scope::Namespace("payments".into())).await;
    let rows = watch.rows(3).await;
    assert!(!rows.is_empty());
    let pods = names(&bench.sim.list("v1", "Pod", "payments"));
    for row in &rows {
        assert!(pods.contains(&row.name) && row.uid == format!("payments/{}", row.name), "{row:?}");
        assert!(measured(row).is_some_and(|measured| measured.cpu_milli > 0 && measured.memory_bytes > 0), "{row:?}");
    }
    watch.subscribe(2, Kind::NodeMetrics.resource(), Scope::All).await;
    assert_eq!(watch.rows(2).await.len(), bench.sim.list("v1", "Node", "").len());
    let mut viewer = bench.watch("demo-viewer").await;
    viewer.subscribe(1, Kind::NodeMetrics.resource(), Scope::All).await;
    viewer.denied(1).await;
}
