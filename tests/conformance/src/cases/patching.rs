//! Patches and deletes.

use http::Method;
use serde_json::{Value, json};

use super::reading::pages;
use crate::scene::Scene;
use crate::{Request, delete, get, patch, post};

const MERGE: &str = "merge-patch";
const JSON: &str = "json-patch";
const STRATEGIC: &str = "strategic-merge-patch";

/// A deployment that no controller makes pods of.
pub(super) fn deployment(name: &str) -> Value {
    json!({
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "replicas": 0, "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [{"name": "app", "image": "docker.io/library/busybox:1.35.0", "command": ["sleep", "3600"], "env": [{"name": "A", "value": "1"}]}]},
            },
        },
    })
}

pub(super) async fn merge(scene: &mut Scene) {
    pages(scene).await;
    let version = scene.arrange(get("configmaps/page-1")).await.version();
    for (name, path, body) in [
        ("dry run", "configmaps/page-1?dryRun=All", json!({"data": {"m": "1"}})),
        ("change", "configmaps/page-1", json!({"data": {"m": "1"}, "metadata": {"annotations": {"x": "y"}}})),
        ("no change", "configmaps/page-1", json!({"data": {"m": "1"}})),
        ("empty", "configmaps/page-1", json!({})),
        ("removal", "configmaps/page-1", json!({"data": {"m": null, "nosuch": null}, "metadata": {"annotations": null}})),
        ("old version", "configmaps/page-1", json!({"metadata": {"resourceVersion": version}, "data": {"m": "2"}})),
        ("other name", "configmaps/page-1", json!({"metadata": {"name": "page-2"}})),
        ("other uid", "configmaps/page-1", json!({"metadata": {"uid": "5b1f3f6e-6f3d-4f0a-9a64-4be5ad2d3a10"}})),
        ("of nothing", "configmaps/nosuch", json!({"data": {"m": "1"}})),
        ("array", "configmaps/page-1", json!([])),
        ("wrong type", "configmaps/page-1", json!({"data": "text"})),
        ("bad label", "configmaps/page-1", json!({"metadata": {"labels": {"a": "b c"}}})),
        ("unknown field", "configmaps/page-1", json!({"daat": {"m": "1"}})),
        ("unknown field, strict", "configmaps/page-1?fieldValidation=Strict", json!({"daat": {"m": "1"}})),
        ("forced", "configmaps/page-1?force=true", json!({"data": {"m": "1"}})),
    ] {
        scene.ask(name, patch(MERGE, path, body)).await;
    }
    let bad = |content_type: &str| Request::new(Method::PATCH, "configmaps/page-1").text(content_type, "{\"data\"");
    scene.ask("no JSON", bad("application/merge-patch+json")).await;
    scene.ask("unknown type", bad("application/json")).await;
    scene.ask("no type", Request::new(Method::PATCH, "configmaps/page-1")).await;
}

pub(super) async fn json_patch(scene: &mut Scene) {
    pages(scene).await;
    for (name, operations) in [
        ("add and remove", json!([{"op": "add", "path": "/data/m", "value": "1"}, {"op": "remove", "path": "/data/n"}])),
        ("replace and test", json!([{"op": "test", "path": "/data/m", "value": "1"}, {"op": "replace", "path": "/data/m", "value": "2"}])),
        ("copy and move", json!([{"op": "copy", "from": "/data/m", "path": "/data/c"}, {"op": "move", "from": "/data/m", "path": "/data/d"}])),
        ("label with a slash", json!([{"op": "add", "path": "/metadata/labels/example.com~1a", "value": "b"}])),
        ("no change", json!([{"op": "replace", "path": "/data/c", "value": "2"}])),
        ("empty", json!([])),
        ("test that fails", json!([{"op": "test", "path": "/data/c", "value": "9"}])),
        ("missing path", json!([{"op": "remove", "path": "/data/nosuch"}])),
        ("missing parent", json!([{"op": "add", "path": "/nosuch/a", "value": "b"}])),
        ("unknown operation", json!([{"op": "jump", "path": "/data/c"}])),
        ("no array", json!({"op": "add"})),
        ("wrong type", json!([{"op": "replace", "path": "/data", "value": "text"}])),
    ] {
        scene.ask(name, patch(JSON, "configmaps/page-1", operations)).await;
    }
    scene.ask("of nothing", patch(JSON, "configmaps/nosuch", json!([]))).await;
}

pub(super) async fn strategic(scene: &mut Scene) {
    let path = "/apis/apps/v1/namespaces/{ns}/deployments/app";
    scene.arrange(post("/apis/apps/v1/namespaces/{ns}/deployments", deployment("app"))).await;
    settled(scene, path).await;
    let template = |spec: Value| json!({"spec": {"template": {"spec": spec}}});
    for (name, body) in [
        ("container by its name", template(json!({"containers": [{"name": "app", "image": "docker.io/library/busybox:1.35"}]}))),
        ("another container", template(json!({"containers": [{"name": "side", "image": "registry.k8s.io/pause:3.10"}]}))),
        ("variable by its name", template(json!({"containers": [{"name": "app", "env": [{"name": "A", "value": "2"}, {"name": "B", "value": "3"}]}]}))),
        ("delete by its name", template(json!({"containers": [{"name": "side", "$patch": "delete"}]}))),
        ("order", template(json!({"$setElementOrder/containers": [{"name": "app"}], "containers": [{"name": "app", "command": ["sleep", "1"]}]}))),
        ("replace", template(json!({"containers": [{"$patch": "replace"}, {"name": "new", "image": "registry.k8s.io/pause:3.10"}]}))),
        ("without the key", template(json!({"containers": [{"image": "registry.k8s.io/pause:3.10"}]}))),
        ("no change", json!({"metadata": {"labels": {"app": "app"}}})),
        ("null", json!({"metadata": {"labels": {"app": null}}})),
    ] {
        scene.ask(name, patch(STRATEGIC, path, body)).await;
        settled(scene, path).await;
    }
    scene.ask("of nothing", patch(STRATEGIC, "/apis/apps/v1/namespaces/{ns}/deployments/nosuch", json!({}))).await;
}

/// Waits until the deployment's controller has seen the last change.
pub(super) async fn settled(scene: &Scene, path: &str) {
    scene
        .until("the controller has seen it", get(path), |answer| {
            answer.body["metadata"]["generation"] == answer.body["status"]["observedGeneration"] && answer.body["status"]["conditions"].is_array()
        })
        .await;
}

pub(super) async fn remove(scene: &mut Scene) {
    pages(scene).await;
    let made = scene.arrange(get("configmaps/page-1")).await;
    let options = |options: Value| {
        json!({"kind": "DeleteOptions", "apiVersion": "v1"}).as_object().cloned().map(|mut whole| {
            whole.extend(options.as_object().cloned().unwrap_or_default());
            Value::Object(whole)
        })
    };
    let with = |path: &str, body: Value| delete(path).json(&options(body).unwrap_or_default());
    for (name, request) in [
        ("dry run", delete("configmaps/page-0?dryRun=All")),
        ("plain", delete("configmaps/page-0")),
        ("again", delete("configmaps/page-0")),
        ("of another uid", with("configmaps/page-1", json!({"preconditions": {"uid": "5b1f3f6e-6f3d-4f0a-9a64-4be5ad2d3a10"}}))),
        ("of another version", with("configmaps/page-1", json!({"preconditions": {"resourceVersion": "1"}}))),
        ("of its uid", with("configmaps/page-1", json!({"preconditions": {"uid": made.text("/metadata/uid"), "resourceVersion": made.version()}}))),
        ("grace in the query", delete("configmaps/page-2?gracePeriodSeconds=5")),
        ("grace in the body", with("configmaps/page-3", json!({"gracePeriodSeconds": 0}))),
        ("unknown propagation", delete("configmaps/page-4?propagationPolicy=Sideways")),
        ("both ways of orphans", with("configmaps/page-4", json!({"propagationPolicy": "Orphan", "orphanDependents": true}))),
        ("in the background", delete("configmaps/page-4?propagationPolicy=Background")),
        ("no JSON", delete("configmaps/page-5").text("application/json", "{\"a\"")),
        ("other kind of options", delete("configmaps/page-5").json(&json!({"kind": "ConfigMap", "apiVersion": "v1"}))),
        ("negative grace", with("configmaps/page-5", json!({"gracePeriodSeconds": -1}))),
        ("what is left", get("configmaps?labelSelector=set%3Dpages")),
    ] {
        scene.ask(name, request).await;
    }
}

pub(super) async fn finalizers(scene: &mut Scene) {
    let finalizers = |list: Value| json!({"metadata": {"finalizers": list}});
    scene.arrange(post("configmaps", json!({"metadata": {"name": "held", "finalizers": ["example.com/one", "example.com/two"]}}))).await;
    for (name, request) in [
        ("delete", delete("configmaps/held")),
        ("delete again", delete("configmaps/held")),
        ("still there", get("configmaps/held")),
        ("create over it", post("configmaps", json!({"metadata": {"name": "held"}}))),
        ("one finalizer more", patch(MERGE, "configmaps/held", finalizers(json!(["example.com/one", "example.com/two", "example.com/three"])))),
        ("one finalizer less", patch(MERGE, "configmaps/held", finalizers(json!(["example.com/two"])))),
        ("another change", patch(MERGE, "configmaps/held", json!({"data": {"a": "b"}}))),
        ("the last finalizer", patch(MERGE, "configmaps/held", finalizers(json!(null)))),
        ("gone", get("configmaps/held")),
    ] {
        scene.ask(name, request).await;
    }
}

pub(super) async fn collection(scene: &mut Scene) {
    pages(scene).await;
    for (name, request) in [
        ("dry run", delete("configmaps?labelSelector=parity%3Dodd&dryRun=All")),
        ("some", delete("configmaps?labelSelector=parity%3Dodd")),
        ("none", delete("configmaps?labelSelector=parity%3Dodd")),
        ("malformed selector", delete("configmaps?labelSelector=a%3D%3D%3Db")),
        ("by name", delete("configmaps?fieldSelector=metadata.name%3Dpage-2")),
        ("limited", delete("configmaps?labelSelector=set%3Dpages&limit=1")),
        ("what is left", get("configmaps?labelSelector=set%3Dpages")),
        ("of a missing namespace", delete("/api/v1/namespaces/{ns}-nosuch/configmaps")),
        ("of no such kind", delete("gadgets")),
    ] {
        scene.ask(name, request).await;
    }
}

pub(super) async fn scale(scene: &mut Scene) {
    let path = "/apis/apps/v1/namespaces/{ns}/deployments/app";
    let of = |sub: &str| format!("{path}{sub}");
    scene.arrange(post("/apis/apps/v1/namespaces/{ns}/deployments", deployment("app"))).await;
    settled(scene, path).await;
    scene.ask("read", get(of("/scale"))).await;
    let read = scene.arrange(get(of("/scale"))).await;
    let scale = |replicas: Value, version: Option<String>| {
        let mut body = json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": "app"}, "spec": {"replicas": replicas}});
        if let Some(version) = version {
            body["metadata"]["resourceVersion"] = json!(version);
        }
        body
    };
    for (name, request) in [
        ("dry run", crate::put(of("/scale?dryRun=All"), scale(json!(3), None))),
        ("negative", crate::put(of("/scale"), scale(json!(-1), None))),
        ("old version", crate::put(of("/scale"), scale(json!(0), Some("1".to_owned())))),
        ("its version", crate::put(of("/scale"), scale(json!(0), Some(read.version())))),
        ("patch, dry", patch(MERGE, of("/scale?dryRun=All"), json!({"spec": {"replicas": 4}}))),
        ("patch without a change", patch(MERGE, of("/scale"), json!({"spec": {"replicas": 0}}))),
        ("wrong type", patch(MERGE, of("/scale"), json!({"spec": {"replicas": "many"}}))),
        ("of nothing", get("/apis/apps/v1/namespaces/{ns}/deployments/nosuch/scale")),
        ("of a config map", get("configmaps/kube-root-ca.crt/scale")),
        ("delete of a scale", delete(of("/scale"))),
    ] {
        scene.ask(name, request).await;
    }
}
