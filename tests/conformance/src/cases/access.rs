//! Who asks, and whether they may: reviews, refusals, impersonation, wrong tokens.

use http::Method;
use serde_json::{Value, json};

use crate::scene::Scene;
use crate::{Request, delete, get, patch, post, put};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
const AUTHORIZATION: &str = "/apis/authorization.k8s.io/v1";

/// Somebody who may read config maps of the case's namespace, and nothing else.
const READER: &str = "conformance-reader";

/// Somebody who may do nothing.
const NOBODY: &str = "conformance-nobody";

async fn grants(scene: &Scene) {
    let rules = json!([
        {"apiGroups": [""], "resources": ["configmaps", "pods/log"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["only-this"], "verbs": ["get"]},
    ]);
    scene.arrange(post(format!("{RBAC}/namespaces/{{ns}}/roles"), json!({"metadata": {"name": "reader"}, "rules": rules}))).await;
    let binding = json!({
        "metadata": {"name": "reader"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": READER}],
    });
    scene.arrange(post(format!("{RBAC}/namespaces/{{ns}}/rolebindings"), binding)).await;
    scene.until("the grant counts", get("configmaps").as_user(READER), |answer| answer.status == 200).await;
}

pub(super) async fn refusals(scene: &mut Scene) {
    grants(scene).await;
    let map = || json!({"metadata": {"name": "a"}});
    for (name, request) in [
        ("allowed", get("configmaps/kube-root-ca.crt")),
        ("allowed and missing", get("configmaps/nosuch")),
        ("create", post("configmaps", map())),
        ("update", put("configmaps/a", map())),
        ("patch", patch("merge-patch", "configmaps/a", json!({}))),
        ("delete", delete("configmaps/a")),
        ("delete of a collection", delete("configmaps")),
        ("get", get("secrets/other")),
        ("get by a name that is allowed", get("secrets/only-this")),
        ("list", get("secrets")),
        ("list by a name that is allowed", get("secrets?fieldSelector=metadata.name%3Donly-this")),
        ("watch", get("secrets?watch=true")),
        ("list of a group", get("/apis/apps/v1/namespaces/{ns}/deployments")),
        ("get of a group", get("/apis/apps/v1/namespaces/{ns}/deployments/a")),
        ("all namespaces", get("/api/v1/configmaps")),
        ("watch of all namespaces", get("/api/v1/configmaps?watch=true")),
        ("cluster-wide kind", get("/api/v1/nodes")),
        ("one of a cluster-wide kind", get("/api/v1/nodes/a")),
        ("its namespace", get("/api/v1/namespaces/{ns}")),
        ("namespaces", get("/api/v1/namespaces")),
        ("subresource", get("/apis/apps/v1/namespaces/{ns}/deployments/a/scale")),
        ("log that is allowed", get("pods/a/log")),
        ("exec", get("pods/a/exec?command=ls&stdout=true")),
        ("no such kind", get("gadgets")),
        ("path", get("/metrics")),
        ("version", get("/version")),
        ("unknown group", get("/apis/nosuch/v1/things")),
        ("missing namespace", get("/api/v1/namespaces/{ns}-nosuch/configmaps")),
        ("review of others", post(format!("{AUTHORIZATION}/subjectaccessreviews"), json!({"spec": {}}))),
    ] {
        scene.ask(name, request.as_user(READER)).await;
    }
}

pub(super) async fn identities(scene: &mut Scene) {
    let whoami = || post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json!({"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1"}));
    for (name, request) in [
        ("user", whoami().as_user("somebody")),
        ("user and groups", whoami().as_user("somebody").header("impersonate-group", "one").header("impersonate-group", "two")),
        ("user and system:authenticated", whoami().as_user("somebody").header("impersonate-group", "system:authenticated")),
        ("user and more", whoami().as_user("somebody").header("impersonate-extra-color", "red").header("impersonate-uid", "u-1")),
        ("service account", whoami().as_user("system:serviceaccount:{ns}:default")),
        ("anonymous", whoami().as_user("system:anonymous")),
        ("group alone", whoami().header("impersonate-group", "one")),
        ("no token", whoami().as_stranger()),
        ("no token for a list", get("configmaps").as_stranger()),
        ("no token for a version", get("/version").as_stranger()),
        ("wrong token", whoami().as_stranger().header("authorization", "Bearer nosuch")),
        ("wrong token for a version", get("/version").as_stranger().header("authorization", "Bearer nosuch")),
        ("wrong token for a path that is none", get("/nosuch").as_stranger().header("authorization", "Bearer nosuch")),
        ("empty token", get("configmaps").as_stranger().header("authorization", "Bearer ")),
        ("basic", get("configmaps").as_stranger().header("authorization", "Basic bm9zdWNoOm5vc3VjaA==")),
        ("impersonation by nobody", get("configmaps").as_stranger().as_user("somebody")),
        ("wrong token reviewed", post("/apis/authentication.k8s.io/v1/tokenreviews", json!({"spec": {"token": "nosuch"}}))),
        ("no token reviewed", post("/apis/authentication.k8s.io/v1/tokenreviews", json!({"spec": {}}))),
        ("whoami by another verb", get("/apis/authentication.k8s.io/v1/selfsubjectreviews")),
    ] {
        scene.ask(name, request).await;
    }
}

pub(super) async fn reviews(scene: &mut Scene) {
    grants(scene).await;
    let own = |spec: Value| post(format!("{AUTHORIZATION}/selfsubjectaccessreviews"), json!({"spec": spec}));
    let of = |spec: Value| post(format!("{AUTHORIZATION}/subjectaccessreviews"), json!({"spec": spec}));
    let maps = |verb: &str| json!({"namespace": "{ns}", "verb": verb, "resource": "configmaps"});
    let pods = json!({"namespace": "{ns}", "verb": "get", "resource": "pods"});
    for (name, request) in [
        ("own, allowed", own(json!({"resourceAttributes": maps("list")})).as_user(READER)),
        ("own, denied", own(json!({"resourceAttributes": maps("create")})).as_user(READER)),
        (
            "own, subresource",
            own(json!({"resourceAttributes": {"namespace": "{ns}", "verb": "get", "resource": "pods", "subresource": "log"}})).as_user(READER),
        ),
        ("own, by name", own(json!({"resourceAttributes": {"namespace": "{ns}", "verb": "get", "resource": "secrets", "name": "only-this"}})).as_user(READER)),
        ("own, all namespaces", own(json!({"resourceAttributes": {"verb": "list", "resource": "configmaps"}})).as_user(READER)),
        ("own, any verb", own(json!({"resourceAttributes": {"namespace": "{ns}", "verb": "*", "resource": "*"}})).as_user(READER)),
        ("own, path", own(json!({"nonResourceAttributes": {"path": "/api", "verb": "get"}})).as_user(READER)),
        ("own, path denied", own(json!({"nonResourceAttributes": {"path": "/metrics", "verb": "get"}})).as_user(NOBODY)),
        ("own, nothing asked", own(json!({}))),
        ("own, both asked", own(json!({"resourceAttributes": pods, "nonResourceAttributes": {"path": "/", "verb": "get"}}))),
        ("own, unknown kind", own(json!({"resourceAttributes": {"namespace": "{ns}", "verb": "get", "resource": "gadgets"}})).as_user(READER)),
        ("of a user, allowed", of(json!({"user": READER, "resourceAttributes": maps("watch")}))),
        ("of a user, denied", of(json!({"user": NOBODY, "resourceAttributes": maps("watch")}))),
        ("of masters", of(json!({"user": NOBODY, "groups": ["system:masters"], "resourceAttributes": maps("watch")}))),
        (
            "of a node",
            of(
                json!({"user": "system:node:nosuch", "groups": ["system:nodes"], "resourceAttributes": {"verb": "get", "resource": "secrets", "namespace": "{ns}", "name": "a"}}),
            ),
        ),
        ("of nobody named", of(json!({"resourceAttributes": maps("watch")}))),
        (
            "in another namespace",
            post(
                format!("{AUTHORIZATION}/namespaces/{{ns}}/localsubjectaccessreviews"),
                json!({"spec": {"user": READER, "resourceAttributes": {"namespace": "other", "verb": "get", "resource": "pods"}}}),
            ),
        ),
        (
            "in this namespace",
            post(format!("{AUTHORIZATION}/namespaces/{{ns}}/localsubjectaccessreviews"), json!({"spec": {"user": READER, "resourceAttributes": maps("get")}})),
        ),
        ("rules", post(format!("{AUTHORIZATION}/selfsubjectrulesreviews"), json!({"spec": {"namespace": "{ns}"}})).as_user(READER)),
        ("rules elsewhere", post(format!("{AUTHORIZATION}/selfsubjectrulesreviews"), json!({"spec": {"namespace": "other"}})).as_user(READER)),
        ("rules of no namespace", post(format!("{AUTHORIZATION}/selfsubjectrulesreviews"), json!({"spec": {}})).as_user(READER)),
        ("list of reviews", get(format!("{AUTHORIZATION}/selfsubjectaccessreviews"))),
        ("no body", Request::new(Method::POST, format!("{AUTHORIZATION}/selfsubjectaccessreviews"))),
    ] {
        scene.ask(name, request).await;
    }
}
