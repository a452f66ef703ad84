use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use krateyard_shared::identity::{ClusterName, Resource};
use krateyard_shared::json_patch;
use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::rows::Row;
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::{BINARY, ClientMessage, Freshness, ServerMessage, Wire};
use kubesim::{Options, RestartKind};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::bench::{Bench, Watch, bounded, eventually};

const PODS: &str = "/api/v1/pods";

pub(crate) fn pods() -> Resource {
    Kind::Pod.resource()
}

pub(crate) fn in_namespace(namespace: &str) -> Scope {
    Scope::Namespace(namespace.into())
}

/// A namespace that carries a number, to change one object visibly.
pub(crate) fn namespace(name: &str, label: u32) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"n": label.to_string()}}, "status": {"phase": "Active"}})
}

fn role_binding(role: &str, of: &str, namespace: &str) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "added", "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": of}],
    })
}

/// A page's copy of a subscription, made of what it is told.
#[derive(Default)]
pub(crate) struct Copy {
    pub(crate) rows: BTreeMap<String, Row<()>>,
    pub(crate) seq: u64,
    pub(crate) epoch: u64,
    complete: bool,
}

impl Copy {
    /// Takes a message in; asserts that positions are contiguous.
    pub(crate) fn take(&mut self, message: &ServerMessage) {
        match message {
            ServerMessage::Ack { resumed: true, .. } => {}
            ServerMessage::Ack { position, .. } => (self.seq, self.epoch) = (position.seq, position.epoch),
            ServerMessage::Reset { position, .. } => {
                self.rows.clear();
                (self.seq, self.epoch, self.complete) = (position.seq, position.epoch, false);
            }
            ServerMessage::Rows { rows, done, .. } => {
                self.upsert(rows);
                self.complete |= done;
            }
            ServerMessage::Delta { from_seq, to_seq, upserts, deletes, .. } => {
                assert!(self.complete, "a delta before the rows were complete");
                assert_eq!(*from_seq, self.seq, "a gap");
                self.seq = *to_seq;
                self.upsert(upserts);
                for uid in deletes {
                    self.rows.remove(uid);
                }
            }
            ServerMessage::Denied { refusal, .. } => panic!("{refusal}"),
            _ => {}
        }
    }

    fn upsert(&mut self, rows: &[krateyard_shared::watch::EncodedRow]) {
        for row in rows {
            let row = row.decode().unwrap();
            self.rows.insert(row.uid.clone(), row);
        }
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Row<()>> {
        self.rows.values().find(|row| row.name == name)
    }

    pub(crate) async fn until(&mut self, watch: &mut Watch, mut holds: impl FnMut(&Copy) -> bool) {
        while !(self.complete && holds(self)) {
            let message = watch.next().await;
            self.take(&message);
        }
    }
}

#[tokio::test]
async fn rows_come_first_and_changes_after() {
    let bench = Bench::start().await;
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(7, Kind::Namespace.resource(), Scope::All).await;
    let ack = watch.next().await;
    assert!(matches!(ack, ServerMessage::Ack { id: 7, resumed: false, .. }), "{ack:?}");
    let mut copy = Copy::default();
    copy.take(&ack);
    copy.until(&mut watch, |_| true).await;
    assert_eq!(copy.rows.len(), bench.sim.list("v1", "Namespace", "").len());
    bench.sim.apply(namespace("fresh", 1)).unwrap();
    copy.until(&mut watch, |copy| copy.named("fresh").is_some()).await;
    bench.sim.apply(namespace("fresh", 2)).unwrap();
    copy.until(&mut watch, |copy| copy.named("fresh").is_some_and(|row| row.label("n") == Some("2"))).await;
    bench.sim.remove("v1", "Pod", "web", bench.sim.list("v1", "Pod", "web")[0]["metadata"]["name"].as_str().unwrap()).unwrap();
}

#[tokio::test]
async fn both_subprotocols_say_the_same() {
    let bench = Bench::start().await;
    let mut json = bench.watch("demo-admin").await;
    json.subscribe(1, Kind::Node.resource(), Scope::All).await;
    let as_json = json.rows(1).await;
    let mut socket = bench.connect("/ws/watch", &[("authorization", "Bearer demo-admin"), ("sec-websocket-protocol", BINARY)]).await.unwrap();
    let cluster = ClusterName("demo".into());
    for message in
        [ClientMessage::Hello { version: 1 }, ClientMessage::Subscribe { id: 1, cluster, resource: Kind::Node.resource(), scope: Scope::All, resume: None }]
    {
        socket.send(Message::binary(Wire::Binary.encode(&message))).await;
    }
    let mut as_binary = Vec::new();
    loop {
        let payload = socket.next().await.unwrap().into_data();
        if let ServerMessage::Rows { rows, done, .. } = Wire::Binary.decode(&payload).unwrap() {
            as_binary.extend(rows.iter().map(|row| row.decode().unwrap()));
            if done {
                break;
            }
        }
    }
    let sorted = |mut rows: Vec<Row<()>>| {
        rows.sort_by(|a, b| a.uid.cmp(&b.uid));
        rows
    };
    assert_eq!(sorted(as_binary), sorted(as_json));
}

#[tokio::test]
async fn everybody_shares_one_upstream_watch() {
    let bench = Bench::start().await;
    let people = ["demo-admin", "demo-viewer", "demo-editor", "demo-admin", "demo-viewer"];
    let copies = join_all(people.map(async |token| {
        let mut watch = bench.watch(token).await;
        let scope = match token {
            "demo-viewer" => in_namespace("web"),
            "demo-editor" => in_namespace("payments"),
            _ => Scope::All,
        };
        watch.subscribe(1, pods(), scope).await;
        (watch.rows(1).await, watch)
    }))
    .await;
    assert_eq!(copies[0].0.len(), bench.sim.list("v1", "Pod", "").len());
    assert_eq!(copies[1].0.len(), bench.sim.list("v1", "Pod", "web").len());
    let watches = bench.sim.requests().of("watch", PODS);
    assert_eq!((watches.made, watches.open), (1, 1));
    assert_eq!(bench.sim.requests().of("list", PODS).made, 0);
}

#[tokio::test]
async fn a_hub_rests_when_nobody_looks() {
    let bench = Bench::with(Options::default(), |config| config.limits.hub_rest = Duration::from_millis(100)).await;
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(1, pods(), Scope::All).await;
    watch.rows(1).await;
    watch.send(&ClientMessage::Unsubscribe { id: 1 }).await;
    eventually(|| bench.sim.requests().of("watch", PODS).open == 0).await;
    watch.subscribe(2, pods(), Scope::All).await;
    assert_eq!(watch.rows(2).await.len(), bench.sim.list("v1", "Pod", "").len());
}

#[tokio::test]
async fn what_is_denied_says_which_right_is_missing_and_the_rest_goes_on() {
    let bench = Bench::start().await;
    let mut watch = bench.watch("demo-viewer").await;
    watch.subscribe(1, pods(), Scope::All).await;
    assert_eq!(watch.denied(1).await, Refusal::Forbidden { verb: "list".into(), resource: "pods".into(), namespace: None });
    watch.subscribe(2, pods(), in_namespace("payments")).await;
    let forbidden = Refusal::Forbidden { verb: "list".into(), resource: "pods".into(), namespace: Some("payments".into()) };
    assert_eq!(watch.denied(2).await, forbidden);
    watch.subscribe(3, pods(), in_namespace("web")).await;
    assert!(watch.rows(3).await.iter().all(|row| row.namespace.as_deref() == Some("web")));
    // A number is free again after a denial.
    watch.subscribe(2, pods(), in_namespace("web")).await;
    watch.rows(2).await;
}

#[tokio::test]
async fn what_the_proxy_may_not_do_is_a_refusal_of_its_own() {
    let bench = Bench::start().await;
    let mut role = bench.sim.get("rbac.authorization.k8s.io/v1", "ClusterRole", "", "krateyard-proxy").unwrap();
    role["rules"].as_array_mut().unwrap().retain(|rule| rule["apiGroups"][0] != "apps");
    bench.sim.apply(role).unwrap();
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(1, Kind::Deployment.resource(), Scope::All).await;
    let refusal = watch.denied(1).await;
    assert!(matches!(&refusal, Refusal::ProxyForbidden { resource, .. } if resource == "deployments.apps"), "{refusal}");
}

#[tokio::test]
async fn a_revoked_binding_closes_what_it_opened_within_seconds_and_a_new_one_counts() {
    let bench = Bench::start().await;
    let mut watch = bench.watch("demo-nobody").await;
    bench.sim.apply(role_binding("view", "nobody@example.com", "web")).unwrap();
    // The watch of bindings tells the proxy, not the time.
    bounded(async {
        loop {
            watch.subscribe(1, pods(), in_namespace("web")).await;
            let denied = watch
                .until(|message| match message {
                    ServerMessage::Denied { .. } => Some(true),
                    ServerMessage::Ack { .. } => Some(false),
                    _ => None,
                })
                .await;
            if !denied {
                break;
            }
        }
    })
    .await;
    let pod = bench.sim.list("v1", "Pod", "web")[0]["metadata"]["name"].as_str().unwrap().to_owned();
    watch.subscribe(2, pods(), Scope::Object { namespace: Some("web".into()), name: pod }).await;
    watch.until(|message| matches!(message, ServerMessage::Object { id: 2, json: Some(_) }).then_some(())).await;
    bench.sim.remove("rbac.authorization.k8s.io/v1", "RoleBinding", "web", "added").unwrap();
    let within = tokio::time::timeout(Duration::from_secs(5), async {
        let mut denied = std::collections::BTreeSet::new();
        while denied.len() < 2 {
            if let ServerMessage::Denied { id, refusal: Refusal::Forbidden { .. } } = watch.next().await {
                denied.insert(id);
            }
        }
    });
    within.await.expect("revoked rights count within 5 s");
}

#[tokio::test]
async fn one_object_is_told_whole_at_each_change_and_when_it_is_gone() {
    let bench = Bench::start().await;
    bench.sim.apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "web"}, "data": {"a": "1"}})).unwrap();
    let mut watch = bench.older_watch("demo-viewer").await;
    let maps = Resource { group: String::new(), version: "v1".into(), plural: "configmaps".into() };
    watch.subscribe(1, maps, Scope::Object { namespace: Some("web".into()), name: "m".into() }).await;
    assert!(matches!(watch.next().await, ServerMessage::Ack { id: 1, .. }));
    let told = |wanted: Option<&'static str>| {
        move |message| match message {
            ServerMessage::Object { json: None, .. } => wanted.is_none().then_some(()),
            ServerMessage::Object { json: Some(text), .. } => {
                let object: Value = serde_json::from_str(&text).unwrap();
                (object["data"]["a"].as_str() == wanted).then_some(())
            }
            ServerMessage::Denied { refusal, .. } => panic!("{refusal}"),
            _ => None,
        }
    };
    watch.until(told(Some("1"))).await;
    bench.sim.apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "web"}, "data": {"a": "2"}})).unwrap();
    watch.until(told(Some("2"))).await;
    bench.sim.remove("v1", "ConfigMap", "web", "m").unwrap();
    watch.until(told(None)).await;
    bench.sim.apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "web"}, "data": {"a": "3"}})).unwrap();
    watch.until(told(Some("3"))).await;
}

#[tokio::test]
async fn who_may_get_and_not_watch_an_object_is_told_by_looking_again() {
    let bench = Bench::with(Options::default(), |config| config.limits.object_poll = Duration::from_millis(20)).await;
    let mut reader = role_binding("config-reader", "nobody@example.com", "web");
    reader["roleRef"]["kind"] = "Role".into();
    bench.sim.apply(reader).unwrap();
    let map = |value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "web"}, "data": {"a": value}});
    bench.sim.apply(map("1")).unwrap();
    let mut watch = bench.older_watch("demo-nobody").await;
    let maps = Resource { group: String::new(), version: "v1".into(), plural: "configmaps".into() };
    watch.subscribe(1, maps, Scope::Object { namespace: Some("web".into()), name: "m".into() }).await;
    watch.until(|message| matches!(message, ServerMessage::Object { json: Some(_), .. }).then_some(())).await;
    bench.sim.apply(map("2")).unwrap();
    watch.until(|message| matches!(message, ServerMessage::Object { json: Some(text), .. } if text.contains(r#""a":"2""#)).then_some(())).await;
}

#[tokio::test]
async fn an_object_arrives_exactly_however_it_changes() {
    let bench = Bench::start().await;
    let map = |n: usize| {
        let data = json!({"same": "x".repeat(2000), "n": n.to_string(), format!("key/{}", n % 3): "~"});
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "web"}, "data": data})
    };
    bench.sim.apply(map(0)).unwrap();
    let mut watch = bench.watch("demo-viewer").await;
    let maps = Resource { group: String::new(), version: "v1".into(), plural: "configmaps".into() };
    watch.subscribe(1, maps, Scope::Object { namespace: Some("web".into()), name: "m".into() }).await;
    let (mut copy, mut patches) = (Value::Null, 0);
    for n in 1..20 {
        if n % 7 == 0 {
            bench.sim.remove("v1", "ConfigMap", "web", "m").unwrap();
        }
        bench.sim.apply(map(n)).unwrap();
        let is = bench.sim.get("v1", "ConfigMap", "web", "m").unwrap();
        while copy != is {
            match watch.next().await {
                ServerMessage::Object { json, .. } => copy = json.map_or(Value::Null, |json| serde_json::from_str(&json).unwrap()),
                ServerMessage::ObjectPatch { patch, .. } => {
                    assert!(patch.len() < 1000, "{patch}");
                    json_patch::apply(&mut copy, &serde_json::from_str(&patch).unwrap()).unwrap();
                    patches += 1;
                }
                ServerMessage::Denied { refusal, .. } => panic!("{refusal}"),
                _ => {}
            }
        }
    }
    assert!(patches > 10, "{patches}");
}

#[tokio::test]
async fn a_restarted_cluster_is_said_and_the_stream_goes_on() {
    for kind in [RestartKind::KeepHistory, RestartKind::LoseHistory] {
        let bench = Bench::start().await;
        let mut watch = bench.watch("demo-admin").await;
        watch.subscribe(1, Kind::Namespace.resource(), Scope::All).await;
        let mut copy = Copy::default();
        copy.until(&mut watch, |_| true).await;
        let epoch = copy.epoch;
        bench.sim.restart(kind).await.unwrap();
        bench.sim.apply(namespace("after", 1)).unwrap();
        copy.until(&mut watch, |copy| copy.named("after").is_some()).await;
        assert_eq!(copy.rows.len(), bench.sim.list("v1", "Namespace", "").len(), "{kind:?}");
        assert_eq!(copy.epoch, epoch, "nothing was lost, so nothing was reset");
    }
}

#[tokio::test]
async fn a_cluster_that_is_gone_makes_the_stream_stale_and_its_return_live() {
    let bench = Bench::start().await;
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(1, Kind::Namespace.resource(), Scope::All).await;
    watch.rows(1).await;
    bench.sim.stop().await;
    let is = |wanted: fn(&Freshness) -> bool| move |message| matches!(message, ServerMessage::Freshness { id: 1, state } if wanted(&state)).then_some(());
    watch.until(is(|state| matches!(state, Freshness::Stale { .. }))).await;
    bench.sim.restart(RestartKind::KeepHistory).await.unwrap();
    watch.until(is(|state| *state == Freshness::Live)).await;
}

#[tokio::test]
async fn a_slow_page_gets_the_latest_state_and_holds_nobody() {
    let bench = Bench::start().await;
    let mut slow = bench.watch("demo-admin").await;
    slow.subscribe(1, Kind::Namespace.resource(), Scope::All).await;
    let mut behind = Copy::default();
    behind.until(&mut slow, |_| true).await;
    let mut quick = bench.watch("demo-admin").await;
    quick.subscribe(1, Kind::Namespace.resource(), Scope::All).await;
    let mut ahead = Copy::default();
    ahead.until(&mut quick, |_| true).await;
    // A label of 60 KB, 400 times: more than any socket buffers, so the slow page's queue must collapse.
    let long = "x".repeat(60_000);
    for n in 1..=400 {
        let mut object = namespace("busy", n);
        object["metadata"]["labels"]["long"] = long.as_str().into();
        bench.sim.apply(object).unwrap();
        tokio::task::yield_now().await;
    }
    let last = |copy: &Copy| copy.named("busy").is_some_and(|row| row.label("n") == Some("400"));
    ahead.until(&mut quick, last).await;
    let mut frames = 0;
    while !last(&behind) {
        let message = slow.next().await;
        frames += 1;
        behind.take(&message);
    }
    assert!(frames < 400, "nothing collapsed: {frames} frames");
}
