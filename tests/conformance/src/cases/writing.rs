//! Create, update, and what is wrong with some.

use http::Method;
use serde_json::{Value, json};

use super::reading::pages;
use crate::scene::Scene;
use crate::{Request, get, post, put};

fn map(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
}

pub(super) async fn create(scene: &mut Scene) {
    let maps = |body: Value| post("configmaps", body);
    for (name, request) in [
        ("plain", maps(map("a", json!({"n": "1"})))),
        ("again", maps(map("a", json!({"n": "1"})))),
        ("no kind", maps(json!({"metadata": {"name": "b", "labels": {"x": "y"}, "annotations": {"note": "z"}}}))),
        ("generated name", maps(json!({"metadata": {"generateName": "g-"}}))),
        ("no name", maps(json!({"metadata": {}}))),
        ("no metadata", maps(json!({}))),
        ("name that is none", maps(map("A_b", json!({})))),
        ("long name", maps(map(&"x".repeat(254), json!({})))),
        ("key that is none", maps(map("c", json!({"a b": "1"})))),
        ("label that is none", maps(json!({"metadata": {"name": "c", "labels": {"-a": "b c"}}}))),
        ("other namespace", maps(json!({"metadata": {"name": "c", "namespace": "other"}}))),
        ("missing namespace", post("/api/v1/namespaces/{ns}-nosuch/configmaps", map("c", json!({})))),
        ("other kind", maps(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "c"}}))),
        ("other version", maps(json!({"apiVersion": "v9", "kind": "ConfigMap", "metadata": {"name": "c"}}))),
        ("with a version", maps(json!({"metadata": {"name": "c", "resourceVersion": "1"}}))),
        (
            "with a uid",
            maps(
                json!({"metadata": {"name": "d", "uid": "5b1f3f6e-6f3d-4f0a-9a64-4be5ad2d3a10", "creationTimestamp": "2020-01-01T00:00:00Z", "generation": 7}}),
            ),
        ),
        ("wrong type", maps(json!({"metadata": {"name": "c"}, "data": {"n": 1}}))),
        ("array", maps(json!([]))),
        ("no JSON", Request::new(Method::POST, "configmaps").text("application/json", "{\"metadata\"")),
        ("empty", Request::new(Method::POST, "configmaps").text("application/json", "")),
        ("no content type", Request::new(Method::POST, "configmaps").header("content-type", "").json(&map("e", json!({}))).header("content-type", "")),
        ("unknown content type", Request::new(Method::POST, "configmaps").text("text/plain", "x")),
        ("secret", post("secrets", json!({"metadata": {"name": "s"}, "stringData": {"a": "b"}, "data": {"c": "ZA=="}}))),
        ("secret that is no base64", post("secrets", json!({"metadata": {"name": "t"}, "data": {"c": "%"}}))),
        ("service account", post("serviceaccounts", json!({"metadata": {"name": "robot"}}))),
        (
            "role",
            post(
                "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles",
                json!({"metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}),
            ),
        ),
        ("limit range", post("limitranges", json!({"metadata": {"name": "l"}, "spec": {"limits": [{"type": "Pod", "max": {"cpu": "500"}}]}}))),
        ("on a name", post("configmaps/a", map("a", json!({})))),
        ("no such kind", post("gadgets", json!({"metadata": {"name": "c"}}))),
    ] {
        scene.ask(name, request).await;
    }
    scene.ask("what came of it", get("configmaps?labelSelector=!x")).await;
}

pub(super) async fn validation(scene: &mut Scene) {
    let odd = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "odd", "color": "red"}, "daat": {}, "data": {"n": "1"}});
    for (name, query) in [
        ("by default", "dryRun=All"),
        ("dry run twice", "dryRun=All&dryRun=All"),
        ("warn", "dryRun=All&fieldValidation=Warn"),
        ("ignore", "dryRun=All&fieldValidation=Ignore"),
        ("strict", "dryRun=All&fieldValidation=Strict"),
        ("unknown", "dryRun=All&fieldValidation=Maybe"),
        ("unknown dry run", "dryRun=Some"),
    ] {
        scene.ask(name, post(format!("configmaps?{query}"), odd.clone())).await;
    }
    let twice = "{\"metadata\":{\"name\":\"twice\"},\"data\":{\"a\":\"1\",\"a\":\"2\"}}";
    for (name, query) in [("duplicate", "dryRun=All"), ("duplicate, strict", "dryRun=All&fieldValidation=Strict")] {
        scene.ask(name, Request::new(Method::POST, format!("configmaps?{query}")).text("application/json", twice)).await;
    }
    scene.ask("nothing came of it", get("configmaps/odd")).await;
}

pub(super) async fn update(scene: &mut Scene) {
    pages(scene).await;
    let made = scene.arrange(get("configmaps/page-1")).await;
    let (version, uid) = (made.version(), made.text("/metadata/uid"));
    let page = |metadata: Value, n: &str| {
        let mut body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "page-1", "labels": {"set": "pages"}}, "data": {"n": n}});
        for (key, value) in metadata.as_object().into_iter().flatten() {
            body["metadata"][key] = value.clone();
        }
        body
    };
    for (name, request) in [
        ("dry run", put("configmaps/page-1?dryRun=All", page(json!({}), "0"))),
        ("with its version", put("configmaps/page-1", page(json!({"resourceVersion": version}), "2"))),
        ("with an old version", put("configmaps/page-1", page(json!({"resourceVersion": version}), "3"))),
        ("without a version", put("configmaps/page-1", page(json!({}), "4"))),
        ("without a change", put("configmaps/page-1", page(json!({}), "4"))),
        ("with its uid", put("configmaps/page-1", page(json!({"uid": uid}), "5"))),
        ("with another uid", put("configmaps/page-1", page(json!({"uid": "5b1f3f6e-6f3d-4f0a-9a64-4be5ad2d3a10"}), "6"))),
        ("with another name", put("configmaps/page-2", page(json!({}), "7"))),
        ("with another namespace", put("configmaps/page-1", page(json!({"namespace": "other"}), "7"))),
        ("with a version that is none", put("configmaps/page-1", page(json!({"resourceVersion": "soon"}), "7"))),
        ("with a finalizer that is none", put("configmaps/page-1", page(json!({"finalizers": ["nosuch"]}), "7"))),
        ("of nothing", put("configmaps/nosuch", json!({"metadata": {"name": "nosuch"}}))),
        ("of nothing, with a version", put("configmaps/nosuch", json!({"metadata": {"name": "nosuch", "resourceVersion": "5"}}))),
        ("immutable", put("configmaps/page-3", json!({"metadata": {"name": "page-3"}, "immutable": true, "data": {"n": "3"}}))),
        ("of what is immutable", put("configmaps/page-3", json!({"metadata": {"name": "page-3"}, "immutable": true, "data": {"n": "4"}}))),
        ("of the collection", put("configmaps", page(json!({}), "7"))),
        ("of a status that there is not", put("configmaps/page-1/status", page(json!({}), "7"))),
    ] {
        scene.ask(name, request).await;
    }
}

pub(super) async fn forms(scene: &mut Scene) {
    pages(scene).await;
    const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";
    for (name, method, path, accept) in [
        ("head", Method::HEAD, "configmaps/page-1", ""),
        ("options", Method::OPTIONS, "configmaps", ""),
        ("post to an object", Method::POST, "configmaps/page-1", ""),
        ("patch of a collection", Method::PATCH, "configmaps", ""),
        ("delete of all namespaces", Method::DELETE, "/api/v1/namespaces", ""),
        ("delete without a namespace", Method::DELETE, "/api/v1/configmaps", ""),
        ("trailing slash", Method::GET, "configmaps/page-1/", ""),
        ("double slash", Method::GET, "configmaps//page-1", ""),
        ("text", Method::GET, "configmaps/page-1", "text/plain"),
        ("anything", Method::GET, "configmaps/page-1", "text/html,*/*;q=0.1"),
        ("any of application", Method::GET, "configmaps/page-1", "application/*"),
        ("unknown form", Method::GET, "configmaps/page-1", "application/json;as=Nosuch;g=meta.k8s.io;v=v1"),
        ("unknown version of a form", Method::GET, "configmaps/page-1", "application/json;as=Table;g=meta.k8s.io;v=v9"),
        ("yaml", Method::GET, "configmaps/page-1", "application/yaml"),
        ("yaml of a list", Method::GET, "configmaps?labelSelector=set%3Dpages", "application/yaml"),
        ("table", Method::GET, "configmaps?labelSelector=set%3Dpages", TABLE),
        ("table of one", Method::GET, "configmaps/page-1", TABLE),
        ("table of nothing", Method::GET, "configmaps/nosuch", TABLE),
        ("table of namespaces", Method::GET, "/api/v1/namespaces?fieldSelector=metadata.name%3D{ns}", TABLE),
        ("table with whole objects", Method::GET, "configmaps?includeObject=Object&labelSelector=parity%3Dodd", TABLE),
        ("table without objects", Method::GET, "configmaps?includeObject=None&labelSelector=parity%3Dodd", TABLE),
        ("pretty", Method::GET, "configmaps/page-1?pretty=true", ""),
        ("timeout", Method::GET, "configmaps/page-1?timeout=5s", ""),
        ("malformed timeout", Method::GET, "configmaps/page-1?timeout=soon", ""),
    ] {
        let request = Request::new(method, path);
        scene.ask(name, if accept.is_empty() { request } else { request.accept(accept) }).await;
    }
    let yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-yaml\ndata:\n  n: \"1\"\n";
    scene.ask("yaml that is written", Request::new(Method::POST, "configmaps").text("application/yaml", yaml)).await;
    scene.ask("too large", Request::new(Method::POST, "configmaps").text("application/json", vec![b' '; 3 * 1024 * 1024 + 1])).await;
}
