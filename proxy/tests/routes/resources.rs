use krateyard_shared::api::{Access, AccessAnswers, Clusters, List};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::rows::{CellValue, Facts};
use krateyard_shared::status::Health;

use crate::bench::{Bench, refusal};

const PODS: &str = "/api/clusters/demo/resources/core/v1/pods";

#[tokio::test]
async fn a_list_holds_the_rows_of_its_scope() {
    let bench = Bench::start().await;
    let all: List = bench.get("demo-admin", PODS).await.json().await.unwrap();
    assert_eq!(all.items.len(), bench.sim.list("v1", "Pod", "").len());
    let web: List = bench.get("demo-viewer", &format!("{PODS}?namespace=web")).await.json().await.unwrap();
    assert_eq!(web.items.len(), bench.sim.list("v1", "Pod", "web").len());
    assert!(!web.items.is_empty() && web.items.iter().all(|row| row.namespace.as_deref() == Some("web")));
    assert_eq!(all.position.epoch, web.position.epoch, "one hub for both");
    let deployments: List = bench.get("demo-admin", "/api/clusters/demo/resources/apps/v1/deployments").await.json().await.unwrap();
    assert_eq!(deployments.items.len(), bench.sim.list("apps/v1", "Deployment", "").len());
}

#[tokio::test]
async fn rows_of_a_plain_kind_hold_a_cell_a_column() {
    let bench = Bench::start().await;
    let maps: List = bench.get("demo-viewer", "/api/clusters/demo/resources/core/v1/configmaps?namespace=web").await.json().await.unwrap();
    assert_eq!(maps.items.len(), bench.sim.list("v1", "ConfigMap", "web").len());
    let storefront = maps.items.iter().find(|row| row.name == "storefront").unwrap();
    let Facts::Plain(plain) = &storefront.facts else { panic!("{storefront:?}") };
    assert_eq!(plain.cells, [CellValue::Number(2), CellValue::List(vec!["features.json".into(), "mode".into()], 0)]);
}

#[tokio::test]
async fn rows_of_secrets_are_asked_for_in_the_persons_name_and_hold_no_value() {
    let bench = Bench::start().await;
    const SECRETS: &str = "/api/clusters/demo/resources/core/v1/secrets";
    // The proxy itself may not list secrets: an answer proves in whose name it asked.
    let response = bench.get("demo-admin", SECRETS).await;
    assert_eq!(response.status(), 200);
    let text = response.text().await.unwrap();
    let all: List = serde_json::from_str(&text).unwrap();
    assert_eq!(all.items.len(), bench.sim.list("v1", "Secret", "").len());
    for secret in bench.sim.list("v1", "Secret", "") {
        for (key, value) in secret["data"].as_object().unwrap() {
            assert!(text.contains(key) && !text.contains(value.as_str().unwrap()), "{key}");
        }
    }
    let editor: List = bench.get("demo-editor", &format!("{SECRETS}?namespace=payments")).await.json().await.unwrap();
    assert!(!editor.items.is_empty() && editor.items.iter().all(|row| row.namespace.as_deref() == Some("payments")));
    assert_eq!(bench.get("demo-viewer", &format!("{SECRETS}?namespace=web")).await.status(), 403);
}

#[tokio::test]
async fn rows_of_a_kind_that_the_cluster_defines_come_by_its_printer_columns() {
    const BACKUPS: &str = "/api/clusters/demo/resources/data.example.com/v1/backups";
    let bench = Bench::start().await;
    // Nobody asked what there is: the kind is looked up with the first question, and the proxy, which was granted nothing here, asks in the person's name.
    let list: List = bench.get("demo-admin", BACKUPS).await.json().await.unwrap();
    let failed = list.items.iter().find(|row| row.name == "catalog-nightly").unwrap();
    let Facts::Plain(plain) = &failed.facts else { panic!("{failed:?}") };
    assert_eq!(plain.cells, [CellValue::Text("catalog".into()), CellValue::Text("Failed".into())]);
    assert_eq!(plain.status.as_ref().map(|status| (status.health, status.word.as_str())), Some((Health::Bad, "Failed")));
    assert_eq!(list.items.len(), bench.sim.list("data.example.com/v1", "Backup", "").len());

    let access: Access = bench.get("demo-admin", "/api/access?cluster=demo").await.json().await.unwrap();
    assert!(access.cluster_wide.contains(&"backups.data.example.com".to_owned()));
    let backup = access.custom.iter().find(|custom| custom.plural == "backups").unwrap();
    assert_eq!((backup.name.as_str(), backup.namespaced, backup.columns[0].title.as_str()), ("Backup", true, "Database"));

    let refused = bench.get("demo-viewer", BACKUPS).await;
    assert_eq!(refusal(refused).await, Refusal::Forbidden { verb: "list".into(), resource: "backups.data.example.com".into(), namespace: None });
}

#[tokio::test]
async fn kinds_that_the_cluster_does_not_serve_are_named() {
    let bench = Bench::older().await;
    let access: Access = bench.get("demo-admin", "/api/access?cluster=demo").await.json().await.unwrap();
    assert!(access.unserved.contains(&"ipaddresses.networking.k8s.io".to_owned()), "{:?}", access.unserved);
    assert!(!access.unserved.contains(&"pods".to_owned()));
    assert!(access.unserved.iter().all(|unserved| !access.cluster_wide.contains(unserved)));
}

#[tokio::test]
async fn a_missing_right_is_named() {
    let bench = Bench::start().await;
    for (token, path, verb, resource, namespace) in [
        ("demo-viewer", PODS.to_owned(), "list", "pods", None),
        ("demo-viewer", format!("{PODS}?namespace=payments"), "list", "pods", Some("payments")),
        ("demo-editor", "/api/clusters/demo/resources/core/v1/nodes".to_owned(), "list", "nodes", None),
        ("demo-nobody", "/api/clusters/demo/resources/apps/v1/deployments?namespace=web".to_owned(), "list", "deployments.apps", Some("web")),
        ("demo-viewer", "/api/clusters/demo/resources/core/v1/secrets/any?namespace=web".to_owned(), "get", "secrets", Some("web")),
    ] {
        let response = bench.get(token, &path).await;
        assert_eq!(response.status(), 403, "{path}");
        assert_eq!(refusal(response).await, Refusal::Forbidden { verb: verb.into(), resource: resource.into(), namespace: namespace.map(Into::into) });
    }
}

#[tokio::test]
async fn one_object_comes_whole_and_without_what_nobody_reads() {
    let bench = Bench::start().await;
    let pod = &bench.sim.list("v1", "Pod", "web")[0];
    let name = pod["metadata"]["name"].as_str().unwrap();
    let object: serde_json::Value = bench.get("demo-viewer", &format!("{PODS}/{name}?namespace=web")).await.json().await.unwrap();
    assert_eq!(object["metadata"]["uid"], pod["metadata"]["uid"]);
    assert!(object["spec"]["containers"].is_array());
}

#[tokio::test]
async fn no_value_of_a_secret_comes_out() {
    let bench = Bench::start().await;
    let secret = &bench.sim.list("v1", "Secret", "")[0];
    let (name, namespace) = (secret["metadata"]["name"].as_str().unwrap(), secret["metadata"]["namespace"].as_str().unwrap());
    let text = bench.get("demo-admin", &format!("/api/clusters/demo/resources/core/v1/secrets/{name}?namespace={namespace}")).await.text().await.unwrap();
    let data = secret["data"].as_object().unwrap();
    assert!(!data.is_empty());
    for (key, value) in data {
        assert!(text.contains(key) && !text.contains(value.as_str().unwrap()), "{text}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_404_and_nonsense_is_400() {
    let bench = Bench::start().await;
    for path in [
        format!("{PODS}/nosuch?namespace=web"),
        "/api/clusters/nosuch/resources/core/v1/pods".to_owned(),
        "/api/clusters/demo/resources/core/v1/nosuch".to_owned(),
    ] {
        let response = bench.get("demo-admin", &path).await;
        assert_eq!(response.status(), 404, "{path}");
        assert!(matches!(refusal(response).await, Refusal::NotFound { .. }));
    }
    for path in [
        format!("{PODS}?namespace=a%2Fb"),
        format!("{PODS}/a%2F..%2Fb?namespace=web"),
        "/api/clusters/demo/resources/core/v1/nodes?namespace=web".to_owned(),
        "/api/access".to_owned(),
    ] {
        let response = bench.get("demo-admin", &path).await;
        assert_eq!(response.status(), 400, "{path}");
        assert!(matches!(refusal(response).await, Refusal::BadRequest { .. }));
    }
}

#[tokio::test]
async fn the_namespaces_of_a_restricted_person_are_found() {
    let bench = Bench::start().await;
    let access = async |token: &str| bench.get(token, "/api/access?cluster=demo").await.json::<Access>().await.unwrap();
    let admin = access("demo-admin").await;
    assert!(admin.cluster_wide.contains(&"pods".to_owned()) && admin.cluster_wide.contains(&"statefulsets.apps".to_owned()));
    assert!(admin.cluster_wide.contains(&"deployments.apps".to_owned()));
    let viewer = access("demo-viewer").await;
    assert!(viewer.cluster_wide.is_empty());
    assert_eq!(viewer.namespaces.iter().map(|found| found.namespace.as_str()).collect::<Vec<_>>(), ["web"]);
    assert!(viewer.namespaces[0].resources.contains(&"pods".to_owned()));
    let nobody = access("demo-nobody").await;
    assert!(nobody.cluster_wide.is_empty() && nobody.namespaces.is_empty());
}

#[tokio::test]
async fn questions_are_answered_in_their_order() {
    let bench = Bench::start().await;
    let ask = async |body: String| bench.http.post(bench.url("/api/access?cluster=demo")).bearer_auth("demo-editor").body(body).send().await.unwrap();
    let question = |verb: &str, resource: &str, subresource: &str, namespace: &str| {
        format!(r#"{{"verb":"{verb}","group":"","resource":"{resource}","subresource":"{subresource}","namespace":"{namespace}"}}"#)
    };
    let questions = [question("create", "pods", "exec", "payments"), question("create", "pods", "exec", "web"), question("delete", "pods", "", "payments")];
    let answers: AccessAnswers = ask(format!(r#"{{"questions":[{}]}}"#, questions.join(","))).await.json().await.unwrap();
    assert_eq!(answers.allowed, [true, false, true]);
    let many = vec![questions[0].clone(); 101].join(",");
    assert_eq!(ask(format!(r#"{{"questions":[{many}]}}"#)).await.status(), 400);
}

#[tokio::test]
async fn clusters_are_named_with_their_version() {
    let bench = Bench::start().await;
    bench.http.get(bench.url("/api/about")).send().await.unwrap();
    let clusters: Clusters = bench.get("demo-nobody", "/api/clusters").await.json().await.unwrap();
    assert_eq!(clusters.clusters.len(), 1);
    assert!(clusters.clusters[0].reachable && clusters.clusters[0].version.starts_with("v1."));
}
