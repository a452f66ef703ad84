//! Namespaces that are deleted, and objects that others own.

use serde_json::{Value, json};

use crate::scene::Scene;
use crate::{delete, get, patch, post};

/// A namespace beside the case's own; [`crate::run`] removes it as well.
const BESIDE: &str = "/api/v1/namespaces/{ns}-beside";

pub(super) async fn namespace(scene: &mut Scene) {
    scene.ask("create", post("/api/v1/namespaces", json!({"metadata": {"name": "{ns}-beside", "labels": {"a": "b"}}}))).await;
    scene.ask("create again", post("/api/v1/namespaces", json!({"metadata": {"name": "{ns}-beside"}}))).await;
    for birthright in ["serviceaccounts/default", "configmaps/kube-root-ca.crt"] {
        scene.until(birthright, get(format!("{BESIDE}/{birthright}")), |answer| answer.status == 200).await;
    }
    scene.ask("its service account", get(format!("{BESIDE}/serviceaccounts/default"))).await;
    scene.ask("its certificate", get(format!("{BESIDE}/configmaps/kube-root-ca.crt"))).await;
    let map = |name: &str, finalizers: Value| json!({"metadata": {"name": name, "finalizers": finalizers}});
    scene.arrange(post(format!("{BESIDE}/configmaps"), map("held", json!(["example.com/hold"])))).await;
    scene.arrange(post(format!("{BESIDE}/configmaps"), map("free", json!(null)))).await;
    scene.ask("dry", delete(format!("{BESIDE}?dryRun=All"))).await;
    scene.ask("delete", delete(BESIDE)).await;
    scene.ask("create in it", post(format!("{BESIDE}/configmaps"), map("late", json!(null)))).await;
    let remains = |answer: &crate::Answer| {
        let conditions = answer.body["status"]["conditions"].as_array().into_iter().flatten();
        conditions.clone().any(|condition| condition["type"] == "NamespaceFinalizersRemaining" && condition["status"] == "True")
    };
    scene.until("what remains is said", get(BESIDE), remains).await;
    scene.ask("what remains", get(BESIDE)).await;
    scene.ask("what is held", get(format!("{BESIDE}/configmaps"))).await;
    scene.ask("delete again", delete(BESIDE)).await;
    scene.arrange(patch("merge-patch", format!("{BESIDE}/configmaps/held"), json!({"metadata": {"finalizers": null}}))).await;
    scene.until("it is gone", get(BESIDE), |answer| answer.status == 404).await;
    scene.ask("gone", get(BESIDE)).await;
    scene.ask("what was in it", get(format!("{BESIDE}/configmaps"))).await;
    scene.ask("create in nothing", post(format!("{BESIDE}/configmaps"), map("late", json!(null)))).await;
}

/// An owner and what it owns.
async fn family(scene: &Scene, name: &str) {
    let owner = scene.arrange(post("configmaps", json!({"metadata": {"name": name}}))).await;
    let reference = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": owner.text("/metadata/uid"), "blockOwnerDeletion": true}]);
    scene.arrange(post("configmaps", json!({"metadata": {"name": format!("{name}-child"), "ownerReferences": reference}}))).await;
    // a collector learns of an object by watching: it is to know both before the owner goes
    scene.until("the child", get(format!("configmaps/{name}-child")), |answer| answer.status == 200).await;
}

pub(super) async fn dependents(scene: &mut Scene) {
    for (name, query) in [("default", ""), ("background", "?propagationPolicy=Background"), ("foreground", "?propagationPolicy=Foreground")] {
        family(scene, name).await;
        scene.ask(&format!("delete, {name}"), delete(format!("configmaps/{name}{query}"))).await;
        scene.until("the owner is gone", get(format!("configmaps/{name}")), |answer| answer.status == 404).await;
        scene.until("the child is gone", get(format!("configmaps/{name}-child")), |answer| answer.status == 404).await;
        scene.ask(&format!("child, {name}"), get(format!("configmaps/{name}-child"))).await;
    }
    family(scene, "orphan").await;
    scene.ask("delete, orphan", delete("configmaps/orphan?propagationPolicy=Orphan")).await;
    scene.until("the owner is gone", get("configmaps/orphan"), |answer| answer.status == 404).await;
    scene.until("the child is nobody's", get("configmaps/orphan-child"), |answer| answer.body["metadata"]["ownerReferences"].is_null()).await;
    scene.ask("child, orphan", get("configmaps/orphan-child")).await;
}
