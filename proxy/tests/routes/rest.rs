use krateyard_shared::api::{ClusterInfo, List, Resources};
use krateyard_shared::refusal::{ErrorBody, Refusal};
use krateyard_shared::rows::Row;
use serde_json::{Value, json};

use crate::bench::{Bench, bounded, refusal};

const PODS: &str = "/api/clusters/demo/resources/core/v1/pods";

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let bench = Bench::start().await;
    let name = bench.sim.list("v1", "ConfigMap", "web")[0]["metadata"]["name"].as_str().unwrap().to_owned();
    let maps = "/api/clusters/demo/resources/core/v1/configmaps";
    for path in [format!("{maps}?namespace=web"), format!("{maps}/{name}?namespace=web"), "/api/resources/cm?ns=web".into()] {
        let first = bench.get("demo-viewer", &path).await;
        let tag = first.headers()["etag"].to_str().unwrap().to_owned();
        let again = async || bench.http.get(bench.url(&path)).bearer_auth("demo-viewer").header("if-none-match", &tag).send().await.unwrap();
        let same = again().await;
        assert_eq!((same.status().as_u16(), same.text().await.unwrap()), (304, String::new()), "{path}");
        let mut map = bench.sim.get("v1", "ConfigMap", "web", &name).unwrap();
        map["data"][format!("added{}", path.len())] = "x".into();
        bench.sim.apply(map).unwrap();
        bounded(async { while again().await.status() != 200 {} }).await;
    }
}

#[tokio::test]
async fn short_forms_say_what_the_long_ones_say() {
    let bench = Bench::start().await;
    let sorted = |list: List| {
        let mut names: Vec<String> = list.items.iter().map(|row: &Row<()>| row.name.clone()).collect();
        names.sort();
        names
    };
    let long = sorted(bench.get("demo-viewer", &format!("{PODS}?namespace=web")).await.json().await.unwrap());
    for word in ["pods", "po", "Pod", "POD"] {
        assert_eq!(sorted(bench.get("demo-viewer", &format!("/api/resources/{word}?ns=web")).await.json().await.unwrap()), long, "{word}");
    }
    let object: Value = bench.get("demo-viewer", &format!("/api/resource/pod/{}?ns=web&cluster=demo", long[0])).await.json().await.unwrap();
    assert_eq!(object["metadata"]["name"].as_str(), Some(long[0].as_str()));
    let backups: List = bench.get("demo-admin", "/api/resources/bk").await.json().await.unwrap();
    assert!(!backups.items.is_empty());
    let cluster: ClusterInfo = bench.get("demo-nobody", "/api/cluster").await.json().await.unwrap();
    assert_eq!(cluster.name.0, "demo");
    let kinds: Resources = bench.get("demo-nobody", "/api/resources").await.json().await.unwrap();
    let pods = kinds.resources.iter().find(|kind| kind.plural == "pods").unwrap();
    assert!(pods.aliases.contains(&"po".to_owned()) && kinds.resources.iter().any(|kind| kind.plural == "backups"));
}

#[tokio::test]
async fn a_word_that_names_several_kinds_is_answered_with_their_names() {
    let bench = Bench::start().await;
    let names = json!({"plural": "services", "singular": "service", "kind": "Service", "listKind": "ServiceList"});
    bench
        .sim
        .apply(json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "services.serving.example.dev"},
            "spec": {"group": "serving.example.dev", "names": names, "scope": "Namespaced", "versions": [{"name": "v1", "served": true, "storage": true}]},
            "status": {"acceptedNames": names, "conditions": [{"type": "Established", "status": "True"}]},
        }))
        .unwrap();
    let problem = bounded(async {
        loop {
            let response = bench.get("demo-admin", "/api/resources/services").await;
            if response.status() == 400 {
                break refusal(response).await;
            }
        }
    })
    .await;
    assert!(
        matches!(&problem, Refusal::BadRequest { field, problem } if field == "kind" && problem.contains("services, services.serving.example.dev")),
        "{problem}"
    );
    let of = async |query: &str| bench.get("demo-admin", &format!("/api/resources/{query}")).await.json::<List>().await.unwrap().items.len();
    assert_eq!(of("services?group=core").await, bench.sim.list("v1", "Service", "").len());
    assert_eq!(of("services?group=serving.example.dev").await, 0);
    assert_eq!(of("services.serving.example.dev").await, 0);
    assert!(matches!(refusal(bench.get("demo-admin", "/api/resources/nosuch").await).await, Refusal::NotFound { .. }));
    assert!(matches!(refusal(bench.get("demo-admin", "/api/resource/pod/a").await).await, Refusal::BadRequest { field, .. } if field == "ns"));
}

#[tokio::test]
async fn every_error_has_the_one_shape() {
    let bench = Bench::start().await;
    for (path, status) in
        [("/api/resources/pods?ns=%ff", 400), ("/api/access?cluster=a&cluster=b", 400), ("/api/nosuch", 404), ("/api/resources/pods?ns=a/b", 400)]
    {
        let response = bench.get("demo-admin", path).await;
        assert_eq!(response.status(), status, "{path}");
        response.json::<ErrorBody>().await.unwrap();
    }
    let method = bench.http.put(bench.url("/api/clusters")).bearer_auth("demo-admin").send().await.unwrap();
    assert_eq!(method.status(), 405);
    method.json::<ErrorBody>().await.unwrap();
}
