use krateyard_shared::api::{Access, List};
use krateyard_shared::identity::Resource;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::rows::{CellValue, Facts};
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::{Freshness, ServerMessage};
use serde_json::{Value, json};

use crate::bench::{Bench, bounded};

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// A definition with one column.
fn orders(column: &str, path: &str) -> Value {
    let names = json!({"plural": "orders", "singular": "order", "kind": "Order", "listKind": "OrderList", "shortNames": ["ord"], "categories": ["shop"]});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "orders.shop.example.com"},
        "spec": {"group": "shop.example.com", "names": names, "scope": "Namespaced", "conversion": {"strategy": "None"}, "versions": [{
            "name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            "additionalPrinterColumns": [{"name": column, "type": "string", "jsonPath": path}],
        }]},
        "status": {"acceptedNames": names, "storedVersions": ["v1"], "conditions": [{"type": "Established", "status": "True"}]},
    })
}

fn order() -> Value {
    json!({"apiVersion": "shop.example.com/v1", "kind": "Order", "metadata": {"name": "first", "namespace": "web"}, "spec": {"customer": "ann", "city": "Bonn"}})
}

fn resource() -> Resource {
    Resource { group: "shop.example.com".into(), version: "v1".into(), plural: "orders".into() }
}

async fn access(bench: &Bench) -> Access {
    bench.get("demo-admin", "/api/access?cluster=demo").await.json().await.unwrap()
}

/// Asks until the answer fits.
async fn access_until(bench: &Bench, fits: impl Fn(&Access) -> bool) -> Access {
    bounded(async {
        loop {
            let access = access(bench).await;
            if fits(&access) {
                return access;
            }
        }
    })
    .await
}

fn has_orders(access: &Access) -> bool {
    access.custom.iter().any(|custom| custom.plural == "orders")
}

fn cell(row: &krateyard_shared::rows::Row<()>) -> CellValue {
    let Facts::Plain(plain) = &row.facts else { panic!("{row:?}") };
    plain.cells[0].clone()
}

#[tokio::test]
async fn a_new_definition_is_known_soon_and_however_many_ask_it_is_read_once() {
    let bench = Bench::start().await;
    assert!(!has_orders(&access(&bench).await));
    bench.sim.apply(orders("Customer", ".spec.customer")).unwrap();
    let access = access_until(&bench, has_orders).await;
    let words = access.words.iter().find(|words| words.resource == "orders.shop.example.com");
    // Its other words stand with the kind.
    assert!(words.is_none_or(|words| words.categories == ["shop"] && words.aliases.is_empty()), "{words:?}");
    for _ in 0..10 {
        self::access(&bench).await;
    }
    let asked = |verb| bench.sim.requests().of(verb, DEFINITIONS).made;
    assert_eq!((asked("list"), asked("watch")), (0, 1));
}

#[tokio::test]
async fn who_looks_at_objects_of_a_definition_that_goes_is_told_and_finds_them_when_it_returns() {
    let bench = Bench::start().await;
    bench.sim.apply(orders("Customer", ".spec.customer")).unwrap();
    bench.sim.apply(order()).unwrap();
    access_until(&bench, has_orders).await;
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(1, resource(), Scope::All).await;
    assert_eq!(cell(&watch.rows(1).await[0]), CellValue::Text("ann".into()));

    bench.sim.remove("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "orders.shop.example.com").unwrap();
    bench.sim.apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other", "namespace": "web"}})).unwrap();
    let reason = watch
        .until(|message| match message {
            ServerMessage::Complete { id: 1, reason } => Some(reason),
            _ => None,
        })
        .await;
    assert!(reason.contains("does not"), "{reason}");
    watch.subscribe(2, resource(), Scope::All).await;
    assert!(matches!(watch.denied(2).await, Refusal::NotFound { .. }));

    bench.sim.apply(orders("Customer", ".spec.customer")).unwrap();
    bench.sim.apply(order()).unwrap();
    access_until(&bench, has_orders).await;
    watch.subscribe(3, resource(), Scope::All).await;
    assert_eq!(watch.rows(3).await[0].name, "first");
}

#[tokio::test]
async fn rows_are_made_anew_when_the_columns_of_their_definition_change() {
    let bench = Bench::start().await;
    bench.sim.apply(orders("Customer", ".spec.customer")).unwrap();
    bench.sim.apply(order()).unwrap();
    access_until(&bench, has_orders).await;
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(1, resource(), Scope::Namespace("web".into())).await;
    assert_eq!(cell(&watch.rows(1).await[0]), CellValue::Text("ann".into()));
    bench.sim.apply(orders("City", ".spec.city")).unwrap();
    let reason = watch
        .until(|message| match message {
            ServerMessage::Complete { id: 1, reason } => Some(reason),
            _ => None,
        })
        .await;
    assert!(reason.contains("changed"), "{reason}");
    watch.subscribe(2, resource(), Scope::Namespace("web".into())).await;
    assert_eq!(cell(&watch.rows(2).await[0]), CellValue::Text("Bonn".into()));
}

#[tokio::test]
async fn kinds_are_found_by_the_words_that_discovery_has_for_them() {
    let bench = Bench::start().await;
    let access = access(&bench).await;
    let pods = access.words.iter().find(|words| words.resource == "pods").unwrap();
    assert!(pods.categories.contains(&"all".to_owned()) && pods.aliases.is_empty(), "{pods:?}");
    let of_all = access.kinds_of_word("ALL");
    assert!(of_all.len() > 5 && of_all.iter().any(|kind| kind.entry().plural == "backups"), "{of_all:?}");
    assert!(access.kinds_of_word("nosuch").is_empty() && access.failing.is_empty());
}

#[tokio::test]
async fn an_api_that_is_dead_is_named_and_the_rest_goes_on() {
    let bench = Bench::older().await;
    bench.sim.set_dead_api("metrics.k8s.io", "v1beta1");
    let access = access(&bench).await;
    assert_eq!(access.failing.iter().map(|failing| failing.group.as_str()).collect::<Vec<_>>(), ["metrics.k8s.io"]);
    assert!(access.cluster_wide.contains(&"pods".to_owned()) && access.unserved.contains(&"ipaddresses.networking.k8s.io".to_owned()));
    let pods: List = bench.get("demo-admin", "/api/clusters/demo/resources/core/v1/pods").await.json().await.unwrap();
    assert!(!pods.items.is_empty());
}

/// A kind that another API server would serve: it lists, and watches nothing.
fn parts() -> kubesim::Kind {
    let column = |name: &str, kind: &str, path: &str| kubesim::PrinterColumn {
        name: name.into(),
        kind: kind.into(),
        json_path: path.into(),
        ..kubesim::PrinterColumn::default()
    };
    kubesim::Kind {
        group: "stock.example.com".into(),
        version: "v1".into(),
        plural: "parts".into(),
        singular: "part".into(),
        kind: "Part".into(),
        namespaced: true,
        verbs: vec!["get".into(), "list".into()],
        short: vec!["pt".into()],
        categories: Vec::new(),
        hash: None,
        subresources: Vec::new(),
        custom: true,
        columns: vec![column("Left", "integer", ".spec.left"), column("Shelf", "string", ".spec.shelf")],
    }
}

#[tokio::test]
async fn a_kind_of_another_api_server_is_listed_by_its_own_table_and_never_watched() {
    let bench = Bench::start().await;
    bench.sim.aggregate(parts());
    let part =
        json!({"apiVersion": "stock.example.com/v1", "kind": "Part", "metadata": {"name": "bolt", "namespace": "web"}, "spec": {"left": 7, "shelf": "A3"}});
    bench.sim.apply(part).unwrap();
    let access = access(&bench).await;
    let custom = access.custom.iter().find(|custom| custom.plural == "parts").unwrap();
    assert_eq!((custom.name.as_str(), custom.aliases.as_slice()), ("Part", &["part".to_owned(), "pt".to_owned()][..]));
    assert!(access.cluster_wide.contains(&"parts.stock.example.com".to_owned()));
    let list: List = bench.get("demo-admin", "/api/resources/pt").await.json().await.unwrap();
    let Facts::Plain(plain) = &list.items[0].facts else { panic!("{list:?}") };
    let of = |title: &str| custom.columns.iter().position(|column| column.title == title).map(|at| plain.cells.get(at).cloned());
    // The proxy was not granted this group: it knows no columns, and rows have a name and an age.
    assert!(custom.columns.is_empty() && of("Left").is_none() && list.items[0].name == "bolt", "{list:?}");
    assert_eq!(bench.sim.requests().of("watch", "/apis/stock.example.com/v1/parts").made, 0);
}

#[tokio::test]
async fn a_table_that_the_proxy_may_list_has_its_columns_and_follows_its_objects() {
    let bench = Bench::start().await;
    bench
        .sim
        .apply(json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "krateyard-proxy-all"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "ServiceAccount", "name": "krateyard", "namespace": "krateyard"}],
        }))
        .unwrap();
    bench.sim.aggregate(parts());
    let part = |left: u32| json!({"apiVersion": "stock.example.com/v1", "kind": "Part", "metadata": {"name": "bolt", "namespace": "web"}, "spec": {"left": left, "shelf": "A3"}});
    bench.sim.apply(part(7)).unwrap();
    let access = access(&bench).await;
    let custom = access.custom.iter().find(|custom| custom.plural == "parts").unwrap();
    assert_eq!(custom.columns.iter().map(|column| column.title.as_str()).collect::<Vec<_>>(), ["Left", "Shelf"]);
    let mut watch = bench.watch("demo-admin").await;
    let resource = Resource { group: "stock.example.com".into(), version: "v1".into(), plural: "parts".into() };
    watch.subscribe(1, resource, Scope::All).await;
    assert_eq!(cell(&watch.rows(1).await[0]), CellValue::Number(7));
    bench.sim.apply(part(6)).unwrap();
    let upserts = watch
        .until(|message| match message {
            ServerMessage::Delta { id: 1, upserts, .. } => Some(upserts),
            _ => None,
        })
        .await;
    assert_eq!(cell(&upserts[0].decode().unwrap()), CellValue::Number(6));
}

#[tokio::test]
async fn who_may_list_and_not_watch_has_rows_that_are_listed_again_and_again() {
    let bench = Bench::start().await;
    let rbac = "rbac.authorization.k8s.io";
    let meta = |name: &str| json!({"name": name, "namespace": "web"});
    bench.sim.apply(json!({"apiVersion": format!("{rbac}/v1"), "kind": "Role", "metadata": meta("lists"), "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}]})).unwrap();
    bench.sim.add_token("lister", "lister@example.com", &[]);
    bench.sim.apply(json!({
        "apiVersion": format!("{rbac}/v1"), "kind": "RoleBinding", "metadata": meta("lister"), "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "lists"},
        "subjects": [{"apiGroup": rbac, "kind": "User", "name": "lister@example.com"}],
    }))
    .unwrap();
    let access: Access = bounded(async {
        loop {
            let access: Access = bench.get("lister", "/api/access?cluster=demo").await.json().await.unwrap();
            if !access.namespaces.is_empty() {
                return access;
            }
        }
    })
    .await;
    assert_eq!(access.namespaces[0].resources, ["configmaps"]);
    let mut watch = bench.watch("lister").await;
    watch.subscribe(1, krateyard_shared::kinds::Kind::ConfigMap.resource(), Scope::Namespace("web".into())).await;
    let state = watch
        .until(|message| match message {
            ServerMessage::Freshness { id: 1, state } => Some(state).filter(|state| *state != Freshness::CatchingUp),
            _ => None,
        })
        .await;
    assert_eq!(state, Freshness::Polled { every_secs: 5 }, "and is told so");
    watch.subscribe(2, krateyard_shared::kinds::Kind::ConfigMap.resource(), Scope::Namespace("web".into())).await;
    assert_eq!(watch.rows(2).await.len(), bench.sim.list("v1", "ConfigMap", "web").len());
    bench.sim.apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("later"), "data": {}})).unwrap();
    let name = watch
        .until(|message| match message {
            ServerMessage::Delta { id: 1, upserts, .. } => upserts.first().map(|row| row.decode().unwrap().name),
            _ => None,
        })
        .await;
    assert_eq!(name, "later");
}
