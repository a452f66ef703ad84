//! Custom resources, and Tables of several kinds.

use serde_json::{Value, json};

use super::patching::{deployment, settled};
use crate::scene::Scene;
use crate::{delete, get, patch, post, put};

const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";
const PARTIAL_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// The group is the run's own; [`crate::run`] removes the definition.
const THINGS: &str = "/apis/{ns}.example.com/v1/namespaces/{ns}/things";

fn definition() -> Value {
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let column = json!({"name": "Size", "type": "integer", "jsonPath": ".spec.size", "description": "How large it is."});
    json!({
        "metadata": {"name": "things.{ns}.example.com"},
        "spec": {
            "group": "{ns}.example.com", "scope": "Namespaced", "names": {"plural": "things", "singular": "thing", "kind": "Thing", "shortNames": ["th"], "listKind": "ThingList"},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}, "subresources": {"status": {}},
                "additionalPrinterColumns": [column],
            }],
        },
    })
}

fn thing(name: &str, size: u64) -> Value {
    json!({"apiVersion": "{ns}.example.com/v1", "kind": "Thing", "metadata": {"name": name, "labels": {"a": "b"}}, "spec": {"size": size}})
}

pub(super) async fn resources(scene: &mut Scene) {
    scene.arrange(post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition())).await;
    scene.until("things are served", get(THINGS), |answer| answer.status == 200).await;
    let one = |name: &str| format!("{THINGS}/{name}");
    let made = scene.ask("create", post(THINGS, thing("a", 1))).await;
    scene.arrange(post(THINGS, thing("b", 2))).await;
    let mut watch = scene.watch(&format!("{THINGS}?watch=true&resourceVersion={}&labelSelector=a%3Db", made.version())).await;
    let versioned = |mut thing: Value| {
        thing["metadata"]["resourceVersion"] = json!(made.version());
        thing
    };
    for (name, request) in [
        ("create again", post(THINGS, thing("a", 1))),
        ("create without a kind", post(THINGS, json!({"metadata": {"name": "c"}}))),
        ("get", get(one("a"))),
        ("missing", get(one("nosuch"))),
        ("list", get(THINGS)),
        ("limited", get(format!("{THINGS}?limit=1"))),
        ("selected", get(format!("{THINGS}?fieldSelector=metadata.name%3Da"))),
        ("unknown field", get(format!("{THINGS}?fieldSelector=spec.size%3D1"))),
        ("metadata alone", get(THINGS).accept(PARTIAL_LIST)),
        ("table", get(THINGS).accept(TABLE)),
        ("update without a version", put(one("a"), thing("a", 3))),
        ("update", put(one("a"), versioned(thing("a", 3)))),
        ("update of an old version", put(one("a"), versioned(thing("a", 4)))),
        ("merge patch", patch("merge-patch", one("b"), json!({"spec": {"size": 5}}))),
        ("JSON patch", patch("json-patch", one("b"), json!([{"op": "replace", "path": "/spec/size", "value": 6}]))),
        ("strategic patch", patch("strategic-merge-patch", one("b"), json!({"spec": {"size": 7}}))),
        ("status", patch("merge-patch", format!("{}/status", one("b")), json!({"status": {"state": "good"}, "spec": {"size": 8}}))),
        ("status by the object", patch("merge-patch", one("b"), json!({"status": {"state": "bad"}}))),
        ("no scale", get(format!("{}/scale", one("b")))),
        ("delete", delete(one("a"))),
        ("delete the rest", delete(THINGS)),
        ("group", get("/apis/{ns}.example.com")),
        ("group version", get("/apis/{ns}.example.com/v1")),
        ("other version", get("/apis/{ns}.example.com/v2/namespaces/{ns}/things")),
    ] {
        scene.ask(name, request).await;
    }
    watch.until_event("DELETED", "b").await;
    scene.saw("watched", watch);
}

pub(super) async fn tables(scene: &mut Scene) {
    let deployments = "/apis/apps/v1/namespaces/{ns}/deployments";
    let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}";
    scene.arrange(post(deployments, deployment("app"))).await;
    settled(scene, &format!("{deployments}/app")).await;
    scene
        .arrange(post(
            "services",
            json!({"metadata": {"name": "app"}, "spec": {"clusterIP": "None", "selector": {"app": "app"}, "ports": [{"name": "http", "port": 80}]}}),
        ))
        .await;
    scene.arrange(post("secrets", json!({"metadata": {"name": "s"}, "stringData": {"a": "b", "c": "d"}}))).await;
    scene.arrange(post(format!("{rbac}/roles"), json!({"metadata": {"name": "r"}, "rules": []}))).await;
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"});
    let people =
        json!([{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "a"}, {"kind": "ServiceAccount", "name": "default", "namespace": "{ns}"}]);
    scene.arrange(post(format!("{rbac}/rolebindings"), json!({"metadata": {"name": "r"}, "roleRef": role, "subjects": people}))).await;
    for (name, path) in [
        ("deployment itself", format!("{deployments}/app")),
        ("service itself", "services/app".to_owned()),
        ("role binding itself", format!("{rbac}/rolebindings/r")),
    ] {
        scene.ask(name, get(path)).await;
    }
    for (name, path) in [
        ("deployments", deployments.to_owned()),
        ("replica sets", "/apis/apps/v1/namespaces/{ns}/replicasets".to_owned()),
        ("services", "services".to_owned()),
        ("secrets", "secrets".to_owned()),
        ("service accounts", "serviceaccounts".to_owned()),
        ("roles", format!("{rbac}/roles")),
        ("role bindings", format!("{rbac}/rolebindings")),
        ("pods", "pods".to_owned()),
        ("jobs", "/apis/batch/v1/namespaces/{ns}/jobs".to_owned()),
        ("stateful sets", "/apis/apps/v1/namespaces/{ns}/statefulsets".to_owned()),
        ("daemon sets", "/apis/apps/v1/namespaces/{ns}/daemonsets".to_owned()),
        ("ingresses", "/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses".to_owned()),
        ("claims", "persistentvolumeclaims".to_owned()),
        ("one deployment", format!("{deployments}/app")),
    ] {
        scene.ask(name, get(path).accept(TABLE)).await;
    }
}
