use krateyard_shared::refusal::Refusal;
use kubesim::Options;
use serde_json::Value;

use crate::bench::{Bench, refusal};

const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";

async fn accepted(bench: &Bench, path: &str, accept: &str) -> reqwest::Response {
    bench.http.get(bench.url(path)).bearer_auth("demo-admin").header("accept", accept).send().await.unwrap()
}

#[tokio::test]
async fn an_answer_passes_through_as_the_cluster_gave_it() {
    let bench = Bench::start().await;
    let pod = &bench.sim.list("v1", "Pod", "web")[0];
    let name = pod["metadata"]["name"].as_str().unwrap();
    let response = bench.get("demo-viewer", &format!("/k8s/demo/api/v1/namespaces/web/pods/{name}")).await;
    assert_eq!((response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()), (200, "application/json"));
    assert_eq!(response.json::<Value>().await.unwrap(), *pod);

    let list: Value = bench.get("demo-viewer", "/k8s/demo/api/v1/namespaces/web/pods?labelSelector=app%3Dnosuch").await.json().await.unwrap();
    assert_eq!((list["kind"].as_str(), list["items"].as_array().map(Vec::len)), (Some("PodList"), Some(0)));
    let table: Value = accepted(&bench, "/k8s/demo/apis/apps/v1/deployments?limit=2", TABLE).await.json().await.unwrap();
    assert_eq!((table["kind"].as_str(), table["rows"].as_array().map(Vec::len)), (Some("Table"), Some(2)));
    let yaml = accepted(&bench, &format!("/k8s/demo/api/v1/namespaces/web/pods/{name}"), "application/yaml").await;
    assert_eq!(yaml.headers()["content-type"], "application/yaml");
    for document in ["/version", "/api", "/apis", "/apis/apps", "/apis/apps/v1", "/api/v1"] {
        assert_eq!(bench.get("demo-nobody", &format!("/k8s/demo{document}")).await.status(), 200, "{document}");
    }
    let head = bench.http.head(bench.url("/k8s/demo/version")).bearer_auth("demo-nobody").send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.text().await.unwrap()), (200, String::new()));
}

#[tokio::test]
async fn what_the_api_server_refuses_keeps_its_status_and_words() {
    let bench = Bench::start().await;
    let response = bench.get("demo-viewer", "/k8s/demo/api/v1/namespaces/web/pods/nosuch").await;
    assert_eq!(response.status(), 404);
    let status: Value = response.json().await.unwrap();
    assert_eq!((status["kind"].as_str(), status["message"].as_str()), (Some("Status"), Some(r#"pods "nosuch" not found"#)));
    assert_eq!(bench.get("demo-admin", "/k8s/demo/apis/nosuch.example.com/v1/things").await.status(), 404);
}

#[tokio::test]
async fn a_right_that_is_missing_is_named_whatever_a_client_says_it_is() {
    let bench = Bench::start().await;
    let forbidden = Refusal::Forbidden { verb: "list".into(), resource: "pods".into(), namespace: Some("payments".into()) };
    let path = "/k8s/demo/api/v1/namespaces/payments/pods";
    assert_eq!(refusal(bench.get("demo-viewer", path).await).await, forbidden);
    let disguised = bench.http.get(bench.url(path)).bearer_auth("demo-viewer").header("impersonate-user", "admin@example.com");
    let disguised = disguised.header("impersonate-group", "system:masters").header("connection", "impersonate-user, impersonate-extra-krateyard-session");
    assert_eq!(refusal(disguised.send().await.unwrap()).await, forbidden);
    assert_eq!(bench.http.get(bench.url(path)).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn no_form_of_an_answer_holds_a_value_of_a_secret() {
    let bench = Bench::start().await;
    let mut secret = bench.sim.list("v1", "Secret", "payments").remove(0);
    let applied = secret["data"].to_string();
    secret["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = applied.into();
    let secret = bench.sim.apply(secret).unwrap();
    let name = secret["metadata"]["name"].as_str().unwrap();
    let values: Vec<&str> = secret["data"].as_object().unwrap().values().map(|value| value.as_str().unwrap()).collect();
    assert!(!values.is_empty());
    let (one, all) = (format!("/k8s/demo/api/v1/namespaces/payments/secrets/{name}"), "/k8s/demo/api/v1/secrets".to_owned());
    for path in [&one, &all] {
        for accept in [
            "*/*",
            "application/json",
            TABLE,
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
            "application/yaml,application/json;q=0.1",
        ] {
            for query in ["", "?includeObject=Object", "?pretty=true"] {
                let response = accepted(&bench, &format!("{path}{query}"), accept).await;
                assert_eq!(response.status(), 200, "{path}{query} as {accept}");
                let text = response.text().await.unwrap();
                assert!(text.contains(name) && values.iter().all(|value| !text.contains(value)), "{path}{query} as {accept}: {text}");
            }
        }
        for accept in ["application/yaml", "application/vnd.kubernetes.protobuf", "application/cbor"] {
            let response = accepted(&bench, path, accept).await;
            assert!(matches!(refusal(response).await, Refusal::BadRequest { field, .. } if field == "accept"), "{path} as {accept}");
        }
    }
}

#[tokio::test]
async fn streams_upgrades_and_writes_do_not_pass() {
    let bench = Bench::start().await;
    let pods = "/k8s/demo/api/v1/namespaces/web/pods";
    for path in [
        format!("{pods}?watch=true"),
        format!("{pods}/a/log?follow=1"),
        format!("{pods}/a/exec?command=sh"),
        "/k8s/demo/api/v1/watch/pods".into(),
        format!("{pods}/a%2Fexec"),
        "/k8s/demo/healthz".into(),
        "/k8s/demo//api".into(),
    ] {
        let response = bench.get("demo-admin", &path).await;
        assert_eq!(response.status(), 400, "{path}");
        assert!(matches!(refusal(response).await, Refusal::BadRequest { .. }), "{path}");
    }
    let upgrade =
        bench.http.get(bench.url(pods)).bearer_auth("demo-admin").header("upgrade", "websocket").header("connection", "upgrade").send().await.unwrap();
    assert_eq!(upgrade.status(), 400);
    assert_eq!(bench.http.delete(bench.url(&format!("{pods}/a"))).bearer_auth("demo-admin").send().await.unwrap().status(), 400);
    let foreign = bench.http.post(bench.url(pods)).bearer_auth("demo-admin").header("origin", "http://evil.example").send().await.unwrap();
    assert!(matches!(refusal(foreign).await, Refusal::ForeignOrigin { .. }));
    assert_eq!(bench.sim.requests().of("watch", "/api/v1/namespaces/{namespace}/pods").made, 0);
}

#[tokio::test]
async fn an_answer_that_is_too_long_never_looks_whole() {
    let bench = Bench::with(Options { pods: 30, ..Options::default() }, |config| config.limits.answer_bytes = 1000).await;
    assert_eq!(bench.get("demo-admin", "/k8s/demo/version").await.status(), 200);
    // It may break off before its head was sent, or after.
    let whole = match bench.http.get(bench.url("/k8s/demo/api/v1/pods")).bearer_auth("demo-admin").send().await {
        Ok(response) if response.status() == 200 => response.bytes().await.is_ok(),
        Ok(response) => panic!("{}", response.status()),
        Err(_) => false,
    };
    assert!(!whole);
}
