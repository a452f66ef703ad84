//! The forms of answers. Lists, objects and watches as Tables have the form that was recorded; their rows are held against the recordings in `src/table/tests.rs`.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of a test fail and speak as a test does")]

#[path = "support/client.rs"]
mod client;
#[path = "support/scene.rs"]
mod scene;

use client::Lines;
use kubesim::{Options, Sim};
use serde_json::{Value, json};

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
const MAPS: &str = "/api/v1/namespaces/web/configmaps";

async fn table(sim: &Sim, path: &str) -> Value {
    let request = reqwest::Client::new().get(format!("{}{path}", sim.url())).bearer_auth("admin").header("accept", TABLE);
    request.send().await.unwrap().json().await.unwrap()
}

fn first_cells(table: &Value) -> Vec<&str> {
    table["rows"].as_array().unwrap().iter().map(|row| row["cells"][0].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_list_is_a_table_with_columns_pages_and_the_metadata_of_its_objects() {
    let sim = scene::scene().await;
    let page = table(&sim, &format!("{MAPS}?limit=2")).await;
    assert_eq!((&page["kind"], &page["apiVersion"]), (&json!("Table"), &json!("meta.k8s.io/v1")));
    assert!(page["metadata"]["continue"].is_string() && page["metadata"]["remainingItemCount"].is_number());
    let names: Vec<&str> = page["columnDefinitions"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Name", "Data", "Age"]);
    assert_eq!(page["rows"].as_array().unwrap().len(), 2);
    let pages = table(&sim, &format!("{MAPS}?labelSelector=parity%3Deven")).await;
    assert_eq!(first_cells(&pages), ["page-0", "page-2", "page-4"]);
    assert_eq!(pages["rows"][0]["cells"][1], 1);
    assert_eq!(pages["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    assert_eq!(pages["rows"][0]["object"]["metadata"]["labels"]["parity"], "even");
    let bare = table(&sim, &format!("{MAPS}?labelSelector=parity%3Deven&includeObject=None")).await;
    assert_eq!(bare["rows"][0]["object"], Value::Null);
    let empty = table(&sim, "/api/v1/namespaces/web/pods?labelSelector=none%3Dnone").await;
    assert_eq!((&empty["rows"], empty["columnDefinitions"].as_array().unwrap().len()), (&json!([]), 9));
}

#[tokio::test]
async fn answers_are_yaml_or_indented_when_that_is_wanted_most() {
    let sim = scene::scene().await;
    let ask = async |accept: &str, query: &str| {
        let request = reqwest::Client::new().get(format!("{}/api/v1/namespaces/shop/configmaps/frozen{query}", sim.url()));
        let response = request.bearer_auth("admin").header("accept", accept).send().await.unwrap();
        (response.headers()["content-type"].to_str().unwrap().to_owned(), response.text().await.unwrap())
    };
    for accept in ["application/yaml", "application/json;q=0.5,application/yaml"] {
        let (content_type, text) = ask(accept, "").await;
        assert_eq!(content_type, "application/yaml");
        assert!(text.starts_with("apiVersion: v1\ndata:\n  k: v\nimmutable: true\nkind: ConfigMap\nmetadata:\n  creationTimestamp: \""), "{text}");
    }
    let (content_type, text) = ask("application/yaml;q=0.5,application/json", "?pretty=true").await;
    assert_eq!(content_type, "application/json");
    assert!(text.contains("\n  \"data\": {\n    \"k\": \"v\"\n  }"), "{text}");
}

#[tokio::test]
async fn an_object_is_a_table_of_one_row() {
    let sim = scene::scene().await;
    let one = table(&sim, &format!("{MAPS}/page-1?includeObject=Object")).await;
    assert_eq!(first_cells(&one), ["page-1"]);
    assert_eq!(one["metadata"]["resourceVersion"], one["rows"][0]["object"]["metadata"]["resourceVersion"]);
    assert_eq!((&one["rows"][0]["object"]["kind"], &one["rows"][0]["object"]["data"]["n"]), (&json!("ConfigMap"), &json!("1")));
}

#[tokio::test]
async fn only_the_first_event_of_a_watch_has_columns() {
    let sim = scene::scene().await;
    let url = format!("{}{MAPS}?watch=true&resourceVersion={}", sim.url(), table(&sim, MAPS).await["metadata"]["resourceVersion"].as_str().unwrap());
    let response = reqwest::Client::new().get(url).bearer_auth("admin").header("accept", TABLE).send().await.unwrap();
    let mut events = Lines::from(response);
    for number in ["1", "2"] {
        sim.apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "w0", "namespace": "web"}, "data": {"n": number}})).unwrap();
    }
    sim.delete("v1", "ConfigMap", "web", "w0").unwrap();
    for (kind, has_columns) in [("ADDED", true), ("MODIFIED", false), ("DELETED", false)] {
        let event = events.event().await.unwrap();
        assert_eq!((event["type"].as_str().unwrap(), event["object"]["columnDefinitions"].is_array()), (kind, has_columns));
        assert_eq!(first_cells(&event["object"]), ["w0"]);
        assert_eq!(event["object"]["rows"][0]["object"]["metadata"]["resourceVersion"], event["object"]["metadata"]["resourceVersion"]);
    }
}

#[tokio::test]
async fn an_expired_watch_of_a_table_ends_with_a_plain_status() {
    let sim = scene::scene().await;
    let url = format!("{}{MAPS}?watch=true&resourceVersion=1", sim.url());
    let response = reqwest::Client::new().get(url).bearer_auth("admin").header("accept", TABLE).send().await.unwrap();
    let mut events = Lines::from(response);
    let event = events.event().await.unwrap();
    assert_eq!((&event["type"], &event["object"]["kind"], &event["object"]["code"]), (&json!("ERROR"), &json!("Status"), &json!(410)));
    assert!(events.event().await.is_none());
}

#[tokio::test]
async fn custom_kinds_have_the_columns_of_their_definition() {
    let sim = Sim::start(Options::default()).await.unwrap();
    sim.add_token("admin", "admin", &["system:masters"]);
    let backups = table(&sim, "/apis/data.example.com/v1/namespaces/data/backups").await;
    let names: Vec<&str> = backups["columnDefinitions"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Name", "Database", "Phase"]);
    assert_eq!(backups["rows"][0]["cells"], json!(["catalog-nightly", "catalog", "Failed"]));
}
