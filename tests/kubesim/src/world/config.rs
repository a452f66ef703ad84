//! Namespaces, config maps, secrets, service accounts.

use jiff::Timestamp;
use serde_json::json;

use super::Builder;
use super::apps::NAMESPACES;

pub(super) fn namespaces(builder: &Builder<'_>) {
    for (index, (name, team)) in NAMESPACES.iter().enumerate() {
        let created = builder.ago(60 * 24 * (400 - 9 * index as u64));
        let mut labels = json!({"kubernetes.io/metadata.name": name});
        if !team.is_empty() {
            labels["team"] = json!(team);
        }
        let object = json!({"metadata": {"name": name, "labels": labels}, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}});
        builder.put("", "namespaces", created, object);
        birthrights(builder, name, created);
    }
    builder.put(
        "",
        "serviceaccounts",
        builder.ago(60 * 24 * 90),
        json!({"metadata": {"name": "krateyard", "namespace": "krateyard", "uid": "5b1f3f6e-6f3d-4f0a-9a64-4be5ad2d3a10"}}),
    );
}

/// What controllers put into each namespace: the service account and root-ca-certificate-publisher controllers.
pub(crate) fn birthrights(builder: &Builder<'_>, namespace: &str, created: Timestamp) {
    builder.put("", "serviceaccounts", created, json!({"metadata": {"name": "default", "namespace": namespace}}));
    let certificate = json!({
        "metadata": {"name": "kube-root-ca.crt", "namespace": namespace, "annotations": {"kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."}},
        "data": {"ca.crt": "-----BEGIN CERTIFICATE-----\n(simulated)\n-----END CERTIFICATE-----\n"},
    });
    builder.put("", "configmaps", created, certificate);
}

pub(super) fn settings(builder: &Builder<'_>) {
    let map = |namespace: &str, name: &str, days: u64, data: serde_json::Value| {
        builder.put("", "configmaps", builder.ago(days * 1440), json!({"metadata": {"name": name, "namespace": namespace}, "data": data}));
    };
    map("payments", "payments-api", 120, json!({"LOG_LEVEL": "info", "LEDGER_URL": "http://ledger-writer.ledger.svc:8080", "RETRY_LIMIT": "5"}));
    map("payments", "envoy", 120, json!({"envoy.yaml": "admin:\n  address:\n    socket_address: {address: 127.0.0.1, port_value: 9901}\n"}));
    map("web", "storefront", 200, json!({"mode": "production", "features.json": "{\n  \"newCheckout\": true,\n  \"darkMode\": false\n}\n"}));
    map("search", "indexer", 60, json!({"batchSize": "500", "schedule": "*/10 * * * *"}));
    map("observability", "prometheus", 300, json!({"prometheus.yml": "global:\n  scrape_interval: 15s\n"}));
    map(
        "kube-system",
        "coredns",
        400,
        json!({"Corefile": ".:53 {\n    errors\n    health\n    kubernetes cluster.local\n    forward . /etc/resolv.conf\n    cache 30\n}\n"}),
    );
    let secret = |namespace: &str, name: &str, kind: &str, data: serde_json::Value| {
        builder.put("", "secrets", builder.ago(60 * 24 * 80), json!({"metadata": {"name": name, "namespace": namespace}, "type": kind, "data": data}));
    };
    // Helm keeps each revision in a secret, and says in labels what it is.
    let release = |namespace: &str, name: &str, revisions: &[(u32, &str, u64)]| {
        for (version, status, days) in revisions {
            let created = builder.ago(days * 1440);
            let labels =
                json!({"owner": "helm", "name": name, "version": version.to_string(), "status": status, "modifiedAt": created.as_second().to_string()});
            let metadata = json!({"name": format!("sh.helm.release.v1.{name}.v{version}"), "namespace": namespace, "labels": labels});
            builder.put("", "secrets", created, json!({"metadata": metadata, "type": "helm.sh/release.v1", "data": {"release": "ZXhhbXBsZS1vbmx5"}}));
        }
    };
    release("observability", "prometheus", &[(6, "superseded", 40), (7, "deployed", 12)]);
    release("observability", "loki", &[(2, "deployed", 90)]);
    release("edge", "ingress-nginx", &[(3, "superseded", 60), (4, "failed", 2)]);
    // values say what they are: examples
    secret("payments", "payments-db", "Opaque", json!({"password": "ZXhhbXBsZS1vbmx5", "user": "cGF5bWVudHM="}));
    secret("payments", "card-processor", "Opaque", json!({"api-key": "ZXhhbXBsZS1vbmx5"}));
    secret("web", "session-key", "Opaque", json!({"key": "ZXhhbXBsZS1vbmx5"}));
    secret("edge", "wildcard-tls", "kubernetes.io/tls", json!({"tls.crt": "ZXhhbXBsZS1vbmx5", "tls.key": "ZXhhbXBsZS1vbmx5"}));
}
