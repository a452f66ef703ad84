use krateyard_shared::api::{Access, List};
use krateyard_shared::identity::Resource;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::rows::{CellValue, Facts};
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::ServerMessage;
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
