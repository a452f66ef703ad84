//! Who may do what: Kubernetes' own roles and the demo's grants.

use serde_json::{Value, json};

use super::Builder;

const GROUP: &str = "rbac.authorization.k8s.io";

/// A year, in minutes.
const LONG_AGO: u64 = 60 * 24 * 365;

pub(super) fn grants(builder: &Builder<'_>) {
    // rules as recorded: reading/clusterroles-list, access/rules-alice-team-a (edit), access/rules-viewer-team-a (view)
    for (plural, texts) in
        [("clusterroles", include_str!("../data/clusterroles.json")), ("clusterrolebindings", include_str!("../data/clusterrolebindings.json"))]
    {
        let objects: Vec<Value> = serde_json::from_str(texts).unwrap_or_default();
        for mut object in objects {
            // metrics-server brings system:aggregated-metrics-reader, which these collect
            if builder.cluster.options.metrics && plural == "clusterroles" && matches!(object["metadata"]["name"].as_str(), Some("admin" | "edit" | "view")) {
                let reads = json!({"verbs": ["get", "list", "watch"], "apiGroups": [crate::metrics::GROUP], "resources": ["pods", "nodes"]});
                object["rules"].as_array_mut().into_iter().for_each(|rules| rules.push(reads.clone()));
            }
            builder.put(GROUP, plural, builder.ago(LONG_AGO), object);
        }
    }
    builder.put(GROUP, "clusterroles", builder.ago(LONG_AGO), proxy_role());
    let cluster_wide = |name: &str, role: &str, subject: Value| {
        let object = json!({"metadata": {"name": name}, "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": role}, "subjects": [subject]});
        builder.put(GROUP, "clusterrolebindings", builder.ago(LONG_AGO), object);
    };
    cluster_wide("platform-admins", "cluster-admin", user("admin@example.com"));
    cluster_wide("krateyard-proxy", "krateyard-proxy", json!({"kind": "ServiceAccount", "name": "krateyard", "namespace": "krateyard"}));
    for (namespace, name, role, person) in [
        ("payments", "payments-editors", "edit", "editor@example.com"),
        ("web", "web-viewers", "view", "viewer@example.com"),
        ("web", "web-viewers-expiring", "view", "expiring@example.com"),
    ] {
        let object = json!({
            "metadata": {"name": name, "namespace": namespace},
            "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": role},
            "subjects": [user(person)],
        });
        builder.put(GROUP, "rolebindings", builder.ago(LONG_AGO / 3), object);
    }
    let reader =
        json!({"metadata": {"name": "config-reader", "namespace": "web"}, "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]});
    builder.put(GROUP, "roles", builder.ago(LONG_AGO / 3), reader);
}

fn user(name: &str) -> Value {
    json!({"apiGroup": GROUP, "kind": "User", "name": name})
}

/// What the proxy watches of the core group: everything but secrets, and what nobody lists.
const CORE: &[&str] = &[
    "configmaps",
    "endpoints",
    "events",
    "limitranges",
    "namespaces",
    "nodes",
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "podtemplates",
    "replicationcontrollers",
    "resourcequotas",
    "serviceaccounts",
    "services",
];

/// Groups that the proxy watches whole.
const GROUPS: &[&str] = &[
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "autoscaling",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// What Krateyard's proxy may: watch what it shows, review access, act as its users.
fn proxy_role() -> Value {
    let read = json!(["get", "list", "watch"]);
    json!({
        "metadata": {"name": "krateyard-proxy"},
        "rules": [
            {"apiGroups": [""], "resources": CORE, "verbs": read},
            {"apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "deployments", "replicasets", "statefulsets"], "verbs": read},
            {"apiGroups": ["batch"], "resources": ["cronjobs", "jobs"], "verbs": read},
            {"apiGroups": GROUPS, "resources": ["*"], "verbs": read},
            {"apiGroups": [GROUP], "resources": ["roles", "rolebindings", "clusterroles", "clusterrolebindings"], "verbs": read},
            {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]},
            {"apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"], "verbs": ["create"]},
            {"apiGroups": [""], "resources": ["users", "groups", "serviceaccounts"], "verbs": ["impersonate"]},
            {"apiGroups": ["authentication.k8s.io"], "resources": ["userextras/krateyard-session"], "verbs": ["impersonate"]},
            {"nonResourceURLs": ["/version", "/healthz"], "verbs": ["get"]},
        ],
    })
}
