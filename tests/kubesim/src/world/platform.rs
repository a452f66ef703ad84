//! What a cluster has besides what runs in it: classes, volumes, budgets, quotas, policies, leases. It stands still.

use serde_json::{Value, json};

use super::Builder;
use crate::clock::text;

/// Days of a cluster that is in use for more than a year.
const DAYS: u64 = 1440;

pub(super) fn platform(builder: &Builder<'_>) {
    storage(builder);
    scaling(builder);
    network(builder);
    limits(builder);
    leases(builder);
}

fn put(builder: &Builder<'_>, group: &str, plural: &str, days: u64, namespace: Option<&str>, name: &str, rest: Value) {
    let mut object = rest;
    object["metadata"]["name"] = json!(name);
    if let Some(namespace) = namespace {
        object["metadata"]["namespace"] = json!(namespace);
    }
    builder.put(group, plural, builder.ago(days * DAYS), object);
}

fn storage(builder: &Builder<'_>) {
    let class = |name: &str, default: bool, mode: &str| {
        let annotations = json!({"storageclass.kubernetes.io/is-default-class": default.to_string()});
        let class = json!({"metadata": {"annotations": annotations}, "provisioner": "disk.csi.example.com", "reclaimPolicy": "Delete", "volumeBindingMode": mode, "allowVolumeExpansion": true, "parameters": {"type": name}});
        put(builder, "storage.k8s.io", "storageclasses", 390, None, name, class);
    };
    class("standard", true, "WaitForFirstConsumer");
    class("fast", false, "Immediate");
    let volume = |name: &str, size: &str, phase: &str, claim: Option<(&str, &str)>| {
        let mut spec = json!({"capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Retain", "storageClassName": "standard", "volumeMode": "Filesystem", "csi": {"driver": "disk.csi.example.com", "volumeHandle": name}});
        if let Some((namespace, claim)) = claim {
            spec["claimRef"] = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace, "name": claim});
        }
        put(builder, "", "persistentvolumes", 130, None, name, json!({"spec": spec, "status": {"phase": phase}}));
    };
    volume("archive-2024", "200Gi", "Released", Some(("data", "archive")));
    volume("scratch-1", "50Gi", "Available", None);
    let claim = json!({"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "100Gi"}}, "storageClassName": "fast", "volumeMode": "Filesystem"}, "status": {"phase": "Pending"}});
    put(builder, "", "persistentvolumeclaims", 1, Some("search"), "index-rebuild", claim);
}

fn scaling(builder: &Builder<'_>) {
    let scaler = |namespace: &str, name: &str, days: u64, current: u64, percent: Option<u64>| {
        let target = |utilization: u64| json!({"name": "cpu", "target": {"type": "Utilization", "averageUtilization": utilization}});
        let at = text(builder.ago(days * DAYS));
        let condition = |kind: &str, status: &str, reason: &str, message: &str| json!({"type": kind, "status": status, "lastTransitionTime": at, "reason": reason, "message": message});
        let (metrics, active) = match percent {
            Some(percent) => (
                json!([{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": percent, "averageValue": "140m"}}}]),
                condition(
                    "ScalingActive",
                    "True",
                    "ValidMetricFound",
                    "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)",
                ),
            ),
            None => (
                json!([{"type": ""}]),
                condition(
                    "ScalingActive",
                    "False",
                    "FailedGetResourceMetric",
                    "the HPA was unable to compute the replica count: failed to get cpu utilization: no metrics returned from resource metrics API",
                ),
            ),
        };
        let able = condition("AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size");
        let scaler = json!({
            "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}, "minReplicas": 2, "maxReplicas": 8, "metrics": [{"type": "Resource", "resource": target(70)}]},
            "status": {"currentReplicas": current, "desiredReplicas": current, "currentMetrics": metrics, "conditions": [able, active]},
        });
        put(builder, "autoscaling", "horizontalpodautoscalers", days, Some(namespace), name, scaler);
    };
    scaler("web", "storefront", 120, 5, Some(54));
    scaler("checkout", "cart", 60, 4, None);
    let budget = |namespace: &str, name: &str, min: u64, healthy: u64, pods: u64| {
        let allowed = healthy.saturating_sub(min);
        let reason = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
        let at = text(builder.ago(90 * DAYS));
        let budget = json!({
            "metadata": {"generation": 1},
            "spec": {"minAvailable": min, "selector": {"matchLabels": {"app": name}}},
            "status": {"observedGeneration": 1, "disruptionsAllowed": allowed, "currentHealthy": healthy, "desiredHealthy": min, "expectedPods": pods,
                "conditions": [{"type": "DisruptionAllowed", "status": reason.0, "observedGeneration": 1, "lastTransitionTime": at, "reason": reason.1, "message": ""}]},
        });
        put(builder, "policy", "poddisruptionbudgets", 90, Some(namespace), name, budget);
    };
    budget("payments", "payments-api", 3, 3, 4);
    budget("web", "storefront", 3, 5, 5);
}

fn network(builder: &Builder<'_>) {
    put(
        builder,
        "networking.k8s.io",
        "ingressclasses",
        380,
        None,
        "public",
        json!({"metadata": {"generation": 1}, "spec": {"controller": "example.com/gateway"}}),
    );
    let deny = json!({"metadata": {"generation": 1}, "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}});
    put(builder, "networking.k8s.io", "networkpolicies", 150, Some("payments"), "deny-all", deny);
    let from_api = json!([{"from": [{"podSelector": {"matchLabels": {"app": "payments-api"}}}], "ports": [{"protocol": "TCP", "port": 5432}]}]);
    let allow = json!({"metadata": {"generation": 1}, "spec": {"podSelector": {"matchLabels": {"app": "payments-db"}}, "ingress": from_api, "policyTypes": ["Ingress"]}});
    put(builder, "networking.k8s.io", "networkpolicies", 150, Some("payments"), "db-only-from-api", allow);
}

fn limits(builder: &Builder<'_>) {
    let quota = |namespace: &str, hard: Value, used: Value| {
        put(builder, "", "resourcequotas", 200, Some(namespace), "team", json!({"spec": {"hard": hard}, "status": {"hard": hard, "used": used}}));
    };
    quota("web", json!({"limits.memory": "64Gi", "pods": "60", "requests.cpu": "20"}), json!({"limits.memory": "22Gi", "pods": "13", "requests.cpu": "6500m"}));
    quota("batch", json!({"count/jobs.batch": "6", "requests.memory": "16Gi"}), json!({"count/jobs.batch": "6", "requests.memory": "3Gi"}));
    let limit = json!({"type": "Container", "default": {"cpu": "500m", "memory": "512Mi"}, "defaultRequest": {"cpu": "100m", "memory": "128Mi"}});
    put(builder, "", "limitranges", 200, Some("web"), "defaults", json!({"spec": {"limits": [limit]}}));
    for (name, value, what) in [
        (
            "system-cluster-critical",
            2_000_000_000,
            "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
        ),
        ("system-node-critical", 2_000_001_000, "Used for system critical pods that must not be moved from their current node."),
        ("customer-facing", 100_000, "What customers wait for."),
    ] {
        let class = json!({"metadata": {"generation": 1}, "value": value, "preemptionPolicy": "PreemptLowerPriority", "description": what});
        put(builder, "scheduling.k8s.io", "priorityclasses", 390, None, name, class);
    }
}

fn leases(builder: &Builder<'_>) {
    for (name, holder) in [("kube-controller-manager", "control-1_7c1f"), ("kube-scheduler", "control-1_e04a")] {
        let lease = json!({"spec": {"holderIdentity": holder, "leaseDurationSeconds": 15, "leaseTransitions": 2, "acquireTime": "2026-11-01T06:00:00.000000Z", "renewTime": "2026-11-21T06:00:00.000000Z"}});
        put(builder, "coordination.k8s.io", "leases", 390, Some("kube-system"), name, lease);
    }
}
