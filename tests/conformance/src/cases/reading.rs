//! Discovery, get and list.

use serde_json::json;

use crate::scene::Scene;
use crate::{get, post};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const PARTIAL: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const PARTIAL_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// ConfigMaps page-0 to page-5 with labels `set` and `parity`.
pub(super) async fn pages(scene: &Scene) {
    for number in 0..6 {
        let parity = if number % 2 == 0 { "even" } else { "odd" };
        let labels = json!({"set": "pages", "parity": parity});
        scene.arrange(post("configmaps", json!({"metadata": {"name": format!("page-{number}"), "labels": labels}, "data": {"n": number.to_string()}}))).await;
    }
}

pub(super) async fn discovery(scene: &mut Scene) {
    scene
        .ask_all(&[
            ("version", "/version"),
            ("core versions", "/api"),
            ("core", "/api/v1"),
            ("groups", "/apis"),
            ("one group", "/apis/apps"),
            ("apps", "/apis/apps/v1"),
            ("batch", "/apis/batch/v1"),
            ("access", "/apis/authorization.k8s.io/v1"),
            ("authentication", "/apis/authentication.k8s.io/v1"),
            ("roles", "/apis/rbac.authorization.k8s.io/v1"),
            ("network", "/apis/networking.k8s.io/v1"),
            ("unknown group", "/apis/nosuch"),
            ("unknown group version", "/apis/nosuch/v1"),
            ("unknown version", "/apis/apps/v9"),
            ("unknown resource", "/api/v1/nosuch"),
            ("unknown path", "/nosuch"),
            ("health", "/healthz"),
            ("ready", "/readyz"),
        ])
        .await;
    scene.ask("aggregated groups", get("/apis").accept(AGGREGATED)).await;
    scene.ask("aggregated core", get("/api").accept(AGGREGATED)).await;
}

pub(super) async fn get_one(scene: &mut Scene) {
    pages(scene).await;
    scene
        .ask_all(&[
            ("one", "configmaps/page-1"),
            ("namespace", "/api/v1/namespaces/{ns}"),
            ("from the cache", "configmaps/page-1?resourceVersion=0"),
            ("malformed version", "configmaps/page-1?resourceVersion=soon"),
            ("missing", "configmaps/nosuch"),
            ("missing of a group", "/apis/apps/v1/namespaces/{ns}/deployments/nosuch"),
            ("missing in a missing namespace", "/api/v1/namespaces/{ns}-nosuch/configmaps/nosuch"),
            ("missing namespace", "/api/v1/namespaces/{ns}-nosuch"),
            ("missing role", "/apis/rbac.authorization.k8s.io/v1/clusterroles/nosuch-{ns}"),
            ("missing subresource", "pods/nosuch/nosuch"),
            ("log of a missing pod", "pods/nosuch/log"),
            ("no such kind", "gadgets/one"),
            ("singular", "configmap/page-1"),
            ("cluster-wide kind in a namespace", "nodes/nosuch"),
            ("namespaced kind without one", "/api/v1/configmaps/page-1"),
            ("path that is too long", "configmaps/page-1/status/more"),
        ])
        .await;
    scene.ask("metadata alone", get("configmaps/page-1").accept(PARTIAL)).await;
    scene.ask("missing, metadata alone", get("configmaps/nosuch").accept(PARTIAL)).await;
}

pub(super) async fn list(scene: &mut Scene) {
    pages(scene).await;
    scene
        .ask_all(&[
            ("all", "configmaps"),
            ("selected", "configmaps?labelSelector=set%3Dpages"),
            ("empty", "secrets"),
            ("missing namespace", "/api/v1/namespaces/{ns}-nosuch/configmaps"),
            ("from the cache", "configmaps?resourceVersion=0"),
            ("not older than", "configmaps?resourceVersion=1&resourceVersionMatch=NotOlderThan"),
            ("limit from the cache", "configmaps?limit=2&resourceVersion=0"),
            ("limit", "configmaps?limit=2"),
            ("limit and selector", "configmaps?limit=2&labelSelector=set%3Dpages"),
            ("limit larger than the list", "configmaps?limit=50"),
            ("limit that is no number", "configmaps?limit=ten"),
            ("negative limit", "configmaps?limit=-1"),
            ("malformed version", "configmaps?resourceVersion=soon"),
            ("match without a version", "configmaps?resourceVersionMatch=Exact"),
            ("exact zero", "configmaps?resourceVersion=0&resourceVersionMatch=Exact"),
            ("unknown match", "configmaps?resourceVersion=1&resourceVersionMatch=Maybe"),
            ("initial events of a list", "configmaps?sendInitialEvents=true"),
            ("malformed continue", "configmaps?limit=2&continue=nonsense"),
            ("unknown parameter", "configmaps?nosuch=1&limit=1"),
            ("no such kind", "gadgets"),
            ("cluster-wide kind in a namespace", "nodes"),
        ])
        .await;
    let first = scene.arrange(get("configmaps?limit=2")).await;
    let (token, version) = (first.text("/metadata/continue"), first.version());
    scene.arrange(post("configmaps", json!({"metadata": {"name": "page-6"}}))).await;
    scene.ask("second page", get(format!("configmaps?limit=2&continue={token}"))).await;
    scene.ask("rest", get(format!("configmaps?continue={token}"))).await;
    scene.ask("continue with a version", get(format!("configmaps?limit=2&continue={token}&resourceVersion={version}"))).await;
    scene.ask("exact", get(format!("configmaps?resourceVersion={version}&resourceVersionMatch=Exact"))).await;
    scene.ask("version to come", get("configmaps?resourceVersion=999999999999")).await;
    scene.ask("metadata alone", get("configmaps").accept(PARTIAL_LIST)).await;
    scene.ask("metadata of one for a list", get("configmaps").accept(PARTIAL)).await;
}
