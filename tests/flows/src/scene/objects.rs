//! What a scene is made of, as plain objects.

use serde_json::{Value, json};

use super::Scene;

/// Short names of the namespaces: `accounts` holds who plays, the others what they look at.
pub(super) const NAMESPACES: &[&str] = &["accounts", "payments", "web", "edge"];
/// Who plays: as in kubesim's demo, and the proxy itself.
pub(super) const ACCOUNTS: &[&str] = &["admin", "editor", "viewer", "nobody", "proxy"];

/// Anything with a shell; never `latest`, which would be pulled each time.
const BUSYBOX: &str = "docker.io/library/busybox:1.35.0";
/// The image without a shell.
const PAUSE: &str = "registry.k8s.io/pause:3.10";
const RBAC: &str = "rbac.authorization.k8s.io";

/// What installs Krateyard: the proxy plays with what this grants, no more and no less.
const DEPLOYMENT: &str = include_str!("../../../../proxy/deploy/krateyard.yaml");

/// An object and the collection that it belongs into.
pub(super) struct Placed {
    pub(super) collection: String,
    pub(super) object: Value,
}

/// All of it, in the order in which it can be made.
pub(super) fn all(scene: &Scene) -> Vec<Placed> {
    let mut all = Vec::new();
    for namespace in scene.namespaces.values() {
        // Where a cluster holds pods to the restricted standard by default, the images' own users would not be let in.
        let labels = json!({"app.kubernetes.io/managed-by": "krateyard-tests", "pod-security.kubernetes.io/enforce": "baseline"});
        all.push(placed("/api/v1/namespaces", json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})));
    }
    rights(scene, &mut all);
    workloads(scene, &mut all);
    all
}

/// What is deleted so that nothing is left; what lies in the namespaces goes with them.
pub(super) fn removed(scene: &Scene) -> Vec<String> {
    let namespaces = scene.namespaces.values().map(|namespace| format!("/api/v1/namespaces/{namespace}"));
    let cluster_wide = [("clusterrolebindings", "admin"), ("clusterrolebindings", "proxy"), ("clusterroles", "proxy")];
    let roles = cluster_wide.map(|(plural, name)| format!("/apis/{RBAC}/v1/{plural}/{}-{name}", scene.prefix));
    roles.into_iter().chain(namespaces).collect()
}

fn rights(scene: &Scene, all: &mut Vec<Placed>) {
    let accounts = &scene.namespaces["accounts"];
    for account in ACCOUNTS {
        let object = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}});
        all.push(placed(format!("/api/v1/namespaces/{accounts}/serviceaccounts"), object));
    }
    let name = |short: &str| format!("{}-{short}", scene.prefix);
    let role = json!({"apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRole", "metadata": {"name": name("proxy")}, "rules": granted()});
    all.push(placed(format!("/apis/{RBAC}/v1/clusterroles"), role));
    let binding = |kind: &str, name: String, role: &str, account: &str| {
        let role = json!({"apiGroup": RBAC, "kind": "ClusterRole", "name": role});
        json!({"apiVersion": format!("{RBAC}/v1"), "kind": kind, "metadata": {"name": name}, "roleRef": role, "subjects": [scene.subject(account)]})
    };
    for (account, role) in [("admin", "cluster-admin"), ("proxy", name("proxy").as_str())] {
        all.push(placed(format!("/apis/{RBAC}/v1/clusterrolebindings"), binding("ClusterRoleBinding", name(account), role, account)));
    }
    for (account, role, namespace) in [("editor", "edit", "payments"), ("viewer", "view", "web")] {
        let collection = format!("/apis/{RBAC}/v1/namespaces/{}/rolebindings", scene.namespaces[namespace]);
        all.push(placed(collection, binding("RoleBinding", name(account), role, account)));
    }
}

/// The rules that the deployment grants its proxy.
fn granted() -> Value {
    let documents: Vec<Value> = serde_saphyr::from_multiple(DEPLOYMENT).expect("the deployment is YAML");
    let mut roles = documents.into_iter().filter(|object| object["kind"] == "ClusterRole");
    let mut role = roles.next().expect("the deployment holds the proxy's role");
    assert!(roles.next().is_none(), "and no other");
    role["rules"].take()
}

fn workloads(scene: &Scene, all: &mut Vec<Placed>) {
    let namespace = |short: &str| scene.namespaces[short].as_str();
    let (payments, web, edge) = (namespace("payments"), namespace("web"), namespace("edge"));
    all.push(deployment(payments, "payments-api", 1, &[("api", script(CRASHES))]));
    all.push(deployment(payments, "payments-worker", 2, &[("worker", script(WORKS))]));
    all.push(deployment(web, "storefront", 2, &[("app", script(SERVES)), ("log-shipper", script(WORKS))]));
    all.push(deployment(edge, "gateway", 1, &[("gateway", json!({"image": PAUSE}))]));
    for (namespace, name) in [(payments, "payments-api"), (web, "storefront")] {
        let spec = json!({"selector": {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]});
        let object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec});
        all.push(placed(format!("/api/v1/namespaces/{namespace}/services"), object));
    }
}

/// Ends at once, so that its pod is nearly always in CrashLoopBackOff.
const CRASHES: &str = "\
echo 'INFO connecting to ledger.payments:5432'
echo 'ERROR ledger.payments:5432: connection refused' >&2
echo 'panic: cannot start without the ledger' >&2
exit 1";

const WORKS: &str = "\
n=0
while true; do n=$((n+1)); echo \"INFO settled batch $n in $((n % 40 + 10)) ms\"; sleep 1; done";

const SERVES: &str = "\
n=0
while true; do
  n=$((n+1)); echo \"{\\\"level\\\":\\\"info\\\",\\\"msg\\\":\\\"GET /cart 200\\\",\\\"request\\\":$n}\"
  [ $((n % 10)) = 0 ] && echo \"WARN slow answer of pricing: 812 ms\" >&2
  sleep 1
done";

fn script(text: &str) -> Value {
    json!({"image": BUSYBOX, "command": ["sh", "-c", text]})
}

fn deployment(namespace: &str, name: &str, replicas: u32, containers: &[(&str, Value)]) -> Placed {
    let container = |(name, what): &(&str, Value)| {
        let mut container = json!({
            "name": name,
            "imagePullPolicy": "IfNotPresent",
            "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"memory": "64Mi"}},
        });
        container.as_object_mut().expect("an object").extend(what.as_object().expect("an object").clone());
        container
    };
    let containers: Vec<Value> = containers.iter().map(container).collect();
    let labels = json!({"app": name, "app.kubernetes.io/name": name});
    let object = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": containers, "terminationGracePeriodSeconds": 1, "automountServiceAccountToken": false},
            },
        },
    });
    placed(format!("/apis/apps/v1/namespaces/{namespace}/deployments"), object)
}

fn placed(collection: impl Into<String>, object: Value) -> Placed {
    Placed { collection: collection.into(), object }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_plays_with_the_rules_that_the_deployment_grants() {
        let rules = granted();
        let acts = rules.as_array().unwrap().iter().find(|rule| rule["verbs"] == json!(["impersonate"])).unwrap();
        assert_eq!(acts["resources"], json!(["users", "groups", "serviceaccounts"]));
    }
}
