//! Watches.

use serde_json::json;

use super::reading::pages;
use crate::scene::Scene;
use crate::{delete, get, patch, post};

const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";
const PARTIAL: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// Labels of a config map are changed.
async fn label(scene: &Scene, name: &str, value: &str) {
    scene.arrange(patch("merge-patch", format!("configmaps/{name}"), json!({"metadata": {"labels": {"w": value}}}))).await;
}

/// Makes the config map that tells a watch that it has seen everything.
async fn end(scene: &Scene) {
    scene.arrange(post("configmaps", json!({"metadata": {"name": "zz-end", "labels": {"w": "yes", "set": "pages"}}}))).await;
}

/// The life of config maps that come into a selection and leave it.
async fn lives(scene: &Scene) {
    scene.arrange(post("configmaps", json!({"metadata": {"name": "a", "labels": {"w": "yes"}}, "data": {"n": "1"}}))).await;
    scene.arrange(post("configmaps", json!({"metadata": {"name": "b", "labels": {"w": "no"}}}))).await;
    scene.arrange(patch("merge-patch", "configmaps/a", json!({"data": {"n": "2"}}))).await;
    scene.arrange(patch("merge-patch", "configmaps/a", json!({"data": {"n": "2"}}))).await;
    label(scene, "a", "no").await;
    label(scene, "b", "yes").await;
    label(scene, "a", "yes").await;
    scene.arrange(delete("configmaps/a")).await;
    scene.arrange(delete("configmaps/b")).await;
    end(scene).await;
}

pub(super) async fn changes(scene: &mut Scene) {
    let from = scene.arrange(get("configmaps")).await.version();
    let mut all = scene.watch(&format!("configmaps?watch=true&resourceVersion={from}")).await;
    let mut labelled = scene.watch(&format!("configmaps?watch=true&resourceVersion={from}&labelSelector=w%3Dyes")).await;
    let mut others = scene.watch(&format!("configmaps?watch=true&resourceVersion={from}&labelSelector=w%20notin%20(no)")).await;
    let mut named = scene.watch(&format!("configmaps?watch=true&resourceVersion={from}&fieldSelector=metadata.name%3Da&timeoutSeconds=4")).await;
    lives(scene).await;
    for watch in [&mut all, &mut labelled, &mut others] {
        watch.until_event("ADDED", "zz-end").await;
    }
    named.until_end().await;
    scene.saw("all", all);
    scene.saw("labelled", labelled);
    scene.saw("not labelled otherwise", others);
    scene.saw("by name, to its timeout", named);
    let mut again = scene.watch(&format!("configmaps?watch=true&resourceVersion={from}")).await;
    again.until_event("ADDED", "zz-end").await;
    scene.saw("from an older version", again);
}

pub(super) async fn beginnings(scene: &mut Scene) {
    pages(scene).await;
    let initial = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
    for (name, query) in [
        ("without a version", "labelSelector=set%3Dpages"),
        ("from zero", "resourceVersion=0&labelSelector=set%3Dpages"),
        ("initial events", &format!("{initial}&allowWatchBookmarks=true&labelSelector=set%3Dpages")),
        ("initial events without bookmarks", &format!("{initial}&labelSelector=set%3Dpages")),
        ("initial events not older than one", &format!("{initial}&allowWatchBookmarks=true&labelSelector=set%3Dpages&resourceVersion=1")),
        ("initial events of nothing", &format!("{initial}&allowWatchBookmarks=true&fieldSelector=metadata.name%3Dzz-end")),
        ("no initial events", "sendInitialEvents=false&resourceVersionMatch=NotOlderThan&fieldSelector=metadata.name%3Dzz-end"),
    ] {
        let mut watch = scene.watch(&format!("configmaps?watch=true&{query}")).await;
        if name != "without a version" && name != "from zero" && name != "no initial events" && !name.ends_with("without bookmarks") {
            watch.until("the end of the beginning", |event| event["type"] == "BOOKMARK").await;
        } else if !query.contains("zz-end") {
            watch.until_event("ADDED", "page-5").await;
        }
        end(scene).await;
        watch.until_event("ADDED", "zz-end").await;
        scene.arrange(delete("configmaps/zz-end")).await;
        watch.until_event("DELETED", "zz-end").await;
        scene.saw(name, watch);
    }
}

pub(super) async fn forms(scene: &mut Scene) {
    pages(scene).await;
    let from = scene.arrange(get("configmaps")).await.version();
    let mut partial = scene.watch_as(&format!("configmaps?watch=true&resourceVersion={from}"), PARTIAL).await;
    let mut table = scene.watch_as(&format!("configmaps?watch=true&resourceVersion={from}"), TABLE).await;
    let mut old = scene.watch(&format!("/api/v1/watch/namespaces/{{ns}}/configmaps?resourceVersion={from}")).await;
    let mut limited = scene.watch(&format!("configmaps?watch=true&limit=1&resourceVersion={from}")).await;
    let mut word = scene.watch(&format!("configmaps?watch=maybe&resourceVersion={from}")).await;
    label(scene, "page-0", "x").await;
    end(scene).await;
    for watch in [&mut partial, &mut old, &mut limited, &mut word] {
        watch.until_event("ADDED", "zz-end").await;
    }
    table.until("ADDED", |event| event["type"] == "ADDED" || event["type"] == "ERROR" || event["kind"] == "Status").await;
    scene.saw("metadata alone", partial);
    scene.saw("table", table);
    scene.saw("by the old path", old);
    scene.saw("with a limit", limited);
    scene.saw("a word for yes", word);
}

pub(super) async fn ends(scene: &mut Scene) {
    pages(scene).await;
    let from = scene.arrange(get("configmaps")).await.version();
    for (name, path) in [
        ("timeout", format!("configmaps?watch=true&resourceVersion={from}&timeoutSeconds=1")),
        ("malformed version", "configmaps?watch=true&resourceVersion=soon".to_owned()),
        ("malformed timeout", "configmaps?watch=true&timeoutSeconds=soon".to_owned()),
        ("malformed selector", "configmaps?watch=true&labelSelector=a%3D%3D%3Db".to_owned()),
        ("exact", format!("configmaps?watch=true&resourceVersion={from}&resourceVersionMatch=Exact")),
        ("not older than", format!("configmaps?watch=true&resourceVersion={from}&resourceVersionMatch=NotOlderThan")),
        ("initial events without a match", "configmaps?watch=true&sendInitialEvents=true".to_owned()),
        ("continue", "configmaps?watch=true&continue=x&resourceVersion=0&timeoutSeconds=1".to_owned()),
        ("no such kind", "gadgets?watch=true".to_owned()),
        ("single object", "configmaps/page-1?watch=true".to_owned()),
    ] {
        let mut watch = scene.watch(&path).await;
        watch.until_end().await;
        scene.saw(name, watch);
    }
}

/// Watches from versions that are forgotten.
pub(super) async fn expired(scene: &mut Scene) {
    pages(scene).await;
    for (name, path) in [
        ("ancient version", "configmaps?watch=true&resourceVersion=1"),
        ("ancient version of one", "configmaps?watch=true&resourceVersion=1&fieldSelector=metadata.name%3Dpage-1"),
    ] {
        let mut watch = scene.watch(path).await;
        watch.until_end().await;
        scene.saw(name, watch);
    }
}
