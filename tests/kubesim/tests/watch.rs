//! Watches do what the recordings of the group watch show.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of a test fail and speak as a test does")]

#[path = "support/client.rs"]
mod client;
#[path = "support/scene.rs"]
mod scene;

use client::{Lines, get, send};
use kubesim::{Class, Effect, Fault, RestartKind};
use serde_json::{Value, json};

const MAPS: &str = "/api/v1/namespaces/web/configmaps";

async fn version(sim: &kubesim::Sim) -> String {
    let list: Value = get(sim, "admin", MAPS).await.json().await.unwrap();
    list["metadata"]["resourceVersion"].as_str().unwrap().to_owned()
}

fn kind_and_name(event: &Value) -> (String, String) {
    (event["type"].as_str().unwrap().to_owned(), event["object"]["metadata"]["name"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn initial_events_end_with_an_annotated_bookmark_and_changes_follow() {
    let sim = scene::scene().await;
    let path = format!("{MAPS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=set%3Dpages");
    let mut events = Lines::of(&sim, "admin", &path).await;
    for number in 0..6 {
        assert_eq!(kind_and_name(&events.event().await.unwrap()), ("ADDED".to_owned(), format!("page-{number}")));
    }
    let end = events.event().await.unwrap();
    assert_eq!(end["type"], "BOOKMARK");
    assert_eq!(end["object"]["metadata"]["annotations"], json!({"k8s.io/initial-events-end": "true"}));
    assert_eq!(end["object"].as_object().unwrap().len(), 3, "a bookmark is kind, apiVersion and metadata");
    send(&sim, "admin", "PATCH", &format!("{MAPS}/page-2"), json!({"data": {"n": "two"}})).await;
    let event = events.event().await.unwrap();
    assert_eq!((kind_and_name(&event).0.as_str(), &event["object"]["data"]["n"]), ("MODIFIED", &json!("two")));
}

#[tokio::test]
async fn swapped_changes_keep_ascending_versions_and_the_order_of_each_object() {
    let sim = scene::scene().await;
    let from = version(&sim).await;
    for (name, n) in [("page-0", "a"), ("page-1", "a"), ("page-0", "b"), ("page-0", "c")] {
        send(&sim, "admin", "PATCH", &format!("{MAPS}/{name}"), json!({"data": {"n": n}})).await;
    }
    sim.faults().set(Fault::on(Class::Watch, Effect::Swap));
    let mut events = Lines::of(&sim, "admin", &format!("{MAPS}?watch=true&resourceVersion={from}")).await;
    let (mut told, mut versions) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        let event = events.event().await.unwrap();
        told.push(format!("{} {}", kind_and_name(&event).1, event["object"]["data"]["n"].as_str().unwrap()));
        versions.push(event["object"]["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap());
    }
    assert_eq!(told, ["page-1 a", "page-0 a", "page-0 b", "page-0 c"]);
    assert!(versions.is_sorted(), "{versions:?}");
}

#[tokio::test]
async fn an_object_that_leaves_the_selection_is_deleted_with_its_last_selected_state_and_the_new_version() {
    let sim = scene::scene().await;
    let from = version(&sim).await;
    let mut events = Lines::of(&sim, "admin", &format!("{MAPS}?watch=true&resourceVersion={from}&labelSelector=w%3Dyes")).await;
    let made: Value = send(&sim, "admin", "POST", MAPS, json!({"metadata": {"name": "w1", "labels": {"w": "yes"}}})).await.json().await.unwrap();
    let left: Value = send(&sim, "admin", "PATCH", &format!("{MAPS}/w1"), json!({"metadata": {"labels": {"w": "no"}}})).await.json().await.unwrap();
    send(&sim, "admin", "PATCH", &format!("{MAPS}/w1"), json!({"metadata": {"labels": {"w": "no"}}})).await;
    send(&sim, "admin", "PATCH", &format!("{MAPS}/w1"), json!({"metadata": {"labels": {"w": "yes"}}})).await;
    let (added, deleted, again) = (events.event().await.unwrap(), events.event().await.unwrap(), events.event().await.unwrap());
    assert_eq!(kind_and_name(&added), ("ADDED".to_owned(), "w1".to_owned()));
    assert_eq!(added["object"]["metadata"]["resourceVersion"], made["metadata"]["resourceVersion"]);
    assert_eq!(deleted["type"], "DELETED");
    assert_eq!(deleted["object"]["metadata"]["labels"]["w"], "yes");
    assert_eq!(deleted["object"]["metadata"]["resourceVersion"], left["metadata"]["resourceVersion"]);
    assert_eq!(again["type"], "ADDED", "a patch without a change makes no event");
}

#[tokio::test]
async fn an_expired_version_is_an_error_event_in_an_answer_of_200() {
    let sim = scene::scene().await;
    let from = version(&sim).await;
    sim.compact();
    let mut events = Lines::of(&sim, "admin", &format!("{MAPS}?watch=true&resourceVersion={from}")).await;
    let event = events.event().await.unwrap();
    assert_eq!((&event["type"], &event["object"]["code"], &event["object"]["reason"]), (&json!("ERROR"), &json!(410), &json!("Expired")));
    assert!(event["object"]["message"].as_str().unwrap().starts_with(&format!("too old resource version: {from} (")));
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_watch_goes_on_after_a_restart_that_keeps_history_and_is_expired_after_one_that_loses_it() {
    let sim = scene::scene().await;
    let from = version(&sim).await;
    let mut open = Lines::of(&sim, "admin", &format!("{MAPS}?watch=true&resourceVersion={from}")).await;
    send(&sim, "admin", "POST", MAPS, json!({"metadata": {"name": "x"}})).await;
    assert!(open.event().await.is_some());
    sim.restart(RestartKind::KeepHistory).await.unwrap();
    assert_eq!(open.next().await, None, "the open watch ends");
    let mut resumed = Lines::of(&sim, "admin", &format!("{MAPS}?watch=true&resourceVersion={from}")).await;
    assert_eq!(kind_and_name(&resumed.event().await.unwrap()), ("ADDED".to_owned(), "x".to_owned()));
    sim.restart(RestartKind::LoseHistory).await.unwrap();
    let mut lost = Lines::of(&sim, "admin", &format!("{MAPS}?watch=true&resourceVersion={from}")).await;
    assert_eq!(lost.event().await.unwrap()["type"], "ERROR");
}

#[tokio::test]
async fn a_watch_that_falls_behind_the_kept_history_is_ended() {
    let sim = kubesim::Sim::start(kubesim::Options { pods: 0, history: 4, ..kubesim::Options::default() }).await.unwrap();
    let list: Value = get(&sim, "demo-admin", MAPS).await.json().await.unwrap();
    let from = list["metadata"]["resourceVersion"].as_str().unwrap();
    sim.faults().freeze(true);
    let mut events = Lines::of(&sim, "demo-admin", &format!("{MAPS}?watch=true&resourceVersion={from}")).await;
    for number in 0..20 {
        sim.apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("m{number}"), "namespace": "web"}})).unwrap();
    }
    sim.faults().freeze(false);
    let mut seen = 0;
    while events.next().await.is_some() {
        seen += 1;
    }
    assert!(seen < 20, "{seen} events came");
}

#[tokio::test]
async fn lists_are_paged_as_of_their_first_page() {
    let sim = scene::scene().await;
    let first: Value = get(&sim, "admin", &format!("{MAPS}?limit=3")).await.json().await.unwrap();
    assert!(first["items"][0]["kind"].is_null(), "items of built-in kinds have no kind");
    let token = first["metadata"]["continue"].as_str().unwrap();
    let remaining = first["metadata"]["remainingItemCount"].as_u64().unwrap();
    sim.apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "zzz", "namespace": "web"}})).unwrap();
    let second: Value = get(&sim, "admin", &format!("{MAPS}?limit=300&continue={token}")).await.json().await.unwrap();
    assert_eq!(second["items"].as_array().unwrap().len() as u64, remaining);
    assert_eq!(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    sim.compact();
    let late = get(&sim, "admin", &format!("{MAPS}?limit=3&continue={token}")).await;
    assert_eq!(late.status(), 410);
    let late: Value = late.json().await.unwrap();
    let again = late["metadata"]["continue"].as_str().unwrap();
    assert_eq!(get(&sim, "admin", &format!("{MAPS}?limit=3&continue={again}")).await.status(), 200);
}

#[tokio::test]
async fn requests_are_counted_while_they_are_open() {
    let sim = scene::scene().await;
    let counted = || sim.requests().of("watch", "/api/v1/namespaces/{namespace}/configmaps");
    let mut events = Lines::of(&sim, "admin", &format!("{MAPS}?watch=true")).await;
    assert!(events.event().await.is_some());
    assert_eq!((counted().made, counted().open), (1, 1));
    drop(events);
    // the server sees the client's end at its next write
    for number in 0..200 {
        sim.apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "n", "namespace": "web"}, "data": {"n": number.to_string()}})).unwrap();
        if counted().open == 0 {
            return;
        }
        tokio::task::yield_now().await;
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("still open: {:?}", counted());
}
