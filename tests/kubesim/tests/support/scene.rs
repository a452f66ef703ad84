//! The scene of the recordings: users, grants and pods as recordings/README.md lists them, set up in a simulator.

use kubesim::{Options, Sim};
use serde_json::{Value, json};

const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// A simulator with the recorder's users and the objects that the recordings ask for.
pub(crate) async fn scene() -> Sim {
    let sim = Sim::start(Options { pods: 0, ..Options::default() }).await.unwrap();
    for (user, group) in [("admin", "system:masters"), ("alice", "team-a-devs"), ("bob", "team-b-devs"), ("viewer", "viewers")] {
        sim.add_token(user, user, &[group]);
    }
    sim.add_token("nobody", "nobody", &[]);
    sim.add_token("system:serviceaccount:shop:storefront", "system:serviceaccount:shop:storefront", &["system:serviceaccounts", "system:serviceaccounts:shop"]);
    let put = |object: Value| sim.apply(object).unwrap();
    for name in ["shop", "team-a", "team-b"] {
        put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "status": {"phase": "Active"}}));
    }
    let group = |name: &str| json!([{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": name}]);
    let role = |kind: &str, name: &str| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name});
    let debug = json!([{"verbs": ["get", "patch", "update"], "apiGroups": [""], "resources": ["pods/ephemeralcontainers"]}]);
    put(json!({"apiVersion": RBAC, "kind": "Role", "metadata": {"name": "debug", "namespace": "team-a"}, "rules": debug}));
    for (namespace, who) in [("team-a", "team-a-devs"), ("team-b", "team-b-devs")] {
        put(
            json!({"apiVersion": RBAC, "kind": "RoleBinding", "metadata": {"name": "devs", "namespace": namespace}, "roleRef": role("ClusterRole", "edit"), "subjects": group(who)}),
        );
    }
    put(
        json!({"apiVersion": RBAC, "kind": "RoleBinding", "metadata": {"name": "debug", "namespace": "team-a"}, "roleRef": role("Role", "debug"), "subjects": group("team-a-devs")}),
    );
    let more = json!([
        {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["nodes", "namespaces", "persistentvolumes"]},
        {"verbs": ["get", "list", "watch"], "apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"]},
    ]);
    put(json!({"apiVersion": RBAC, "kind": "ClusterRole", "metadata": {"name": "cluster-viewer"}, "rules": more}));
    for name in ["cluster-viewer", "view"] {
        put(
            json!({"apiVersion": RBAC, "kind": "ClusterRoleBinding", "metadata": {"name": format!("viewers-{name}")}, "roleRef": role("ClusterRole", name), "subjects": group("viewers")}),
        );
    }
    for (number, parity) in [("0", "even"), ("1", "odd"), ("2", "even"), ("3", "odd"), ("4", "even"), ("5", "odd")] {
        put(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("page-{number}"), "namespace": "web", "labels": {"parity": parity, "set": "pages"}}, "data": {"n": number}}),
        );
    }
    put(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "frozen", "namespace": "shop"}, "immutable": true, "data": {"k": "v"}}));
    put(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "storefront", "namespace": "shop"}, "data": {}}));
    for pod in pods() {
        put(pod);
    }
    sim
}

/// Pods of namespace shop by name, with the states that the recordings lean on.
fn pods() -> Vec<Value> {
    let running = json!({"running": {"startedAt": "2026-11-21T20:31:22Z"}});
    let waiting = |reason: &str| json!({"waiting": {"reason": reason}});
    let done = |code: u8, reason: &str| json!({"terminated": {"exitCode": code, "reason": reason, "startedAt": "2026-11-21T20:31:23Z", "finishedAt": "2026-11-21T20:31:24Z", "containerID": "containerd://d9c1"}});
    let crash = json!({"waiting": {"reason": "CrashLoopBackOff"}});
    vec![
        pod("shell", &[("app", running.clone()), ("httpd", running.clone())]),
        pod("logger", &[("app", running.clone()), ("helper", running.clone())]),
        pod("image-missing", &[("app", waiting("ImagePullBackOff"))]),
        pod("image-name", &[("app", waiting("InvalidImageName"))]),
        pod("image-never", &[("app", waiting("ErrImageNeverPull"))]),
        pod("config-missing", &[("app", waiting("CreateContainerConfigError"))]),
        pod("volume-missing", &[("app", waiting("ContainerCreating"))]),
        pod("init-slow", &[("app", waiting("PodInitializing"))]),
        pod("completed", &[("app", done(0, "Completed"))]),
        pod("crash-loop", &[("app", crash)]),
        pod("pending", &[]),
        pod("gated", &[]),
        with_init(pod("storefront-55f965bd7f-jf5t4", &[("app", running.clone()), ("sidecar", running)])),
    ]
}

fn pod(name: &str, containers: &[(&str, Value)]) -> Value {
    let on_node = !containers.is_empty();
    let names: Vec<&str> = if on_node { containers.iter().map(|(name, _)| *name).collect() } else { vec!["app"] };
    let specs: Vec<Value> = names.iter().map(|name| json!({"name": name, "image": "busybox:1.35"})).collect();
    let statuses: Vec<Value> = containers.iter().map(|(name, state)| status(name, state)).collect();
    let mut spec = json!({"containers": specs});
    if on_node {
        spec["nodeName"] = json!("node-a-01");
    }
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop"}, "spec": spec, "status": {"phase": "Running", "containerStatuses": statuses}})
}

fn status(name: &str, state: &Value) -> Value {
    let mut status = json!({"name": name, "state": state, "lastState": {}, "restartCount": 0, "containerID": format!("containerd://{name}")});
    if state["waiting"]["reason"] == "CrashLoopBackOff" {
        status["lastState"] = json!({"terminated": {"exitCode": 1, "reason": "Error", "startedAt": "2026-11-21T20:47:30Z", "finishedAt": "2026-11-21T20:47:31Z", "containerID": "containerd://53de"}});
    }
    status
}

fn with_init(mut pod: Value) -> Value {
    pod["spec"]["initContainers"] = ["wait-db", "migrate", "proxy"].iter().map(|name| json!({"name": name, "image": "busybox:1.35"})).collect();
    pod
}
