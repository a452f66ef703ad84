//! Rows for tests, made as the proxy makes them: from objects as the API server gives them.

use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::{Row, project};
use serde_json::{Value, json};

pub(crate) fn row(kind: Kind, object: Value) -> Row {
    project(kind, object).expect("an object").0
}

pub(crate) fn pod(name: &str, namespace: &str, status: Value) -> Row {
    let meta = json!({"name": name, "namespace": namespace, "uid": format!("{namespace}/{name}"), "creationTimestamp": "2026-11-21T14:00:00Z", "labels": {"app": "api", "tier": "back"}});
    row(Kind::Pod, json!({"metadata": meta, "spec": {"nodeName": "node-a", "containers": [{"name": "main"}]}, "status": status}))
}

pub(crate) fn running(name: &str, namespace: &str) -> Row {
    let status = json!({
        "phase": "Running", "podIP": "10.1.2.3", "conditions": [{"type": "Ready", "status": "True"}, {"type": "Initialized", "status": "True"}],
        "containerStatuses": [{"name": "main", "ready": true, "started": true, "restartCount": 0, "state": {"running": {"startedAt": "2026-11-21T14:00:01Z"}}}],
    });
    pod(name, namespace, status)
}

pub(crate) fn crashing(name: &str, namespace: &str) -> Row {
    let status = json!({
        "phase": "Running", "conditions": [{"type": "Initialized", "status": "True"}],
        "containerStatuses": [{"name": "main", "ready": false, "restartCount": 7, "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
            "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2026-11-21T14:02:00Z"}}}],
    });
    pod(name, namespace, status)
}

pub(crate) fn pending(name: &str, namespace: &str) -> Row {
    let why = "0/3 nodes are available";
    pod(name, namespace, json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why}]}))
}

pub(crate) fn event(name: &str, last: &str) -> Row {
    let about = json!({"kind": "Pod", "name": "api-1", "namespace": "web", "uid": "web/api-1"});
    let meta = json!({"name": name, "namespace": "web", "uid": name});
    row(
        Kind::Event,
        json!({"metadata": meta, "involvedObject": about, "reason": "BackOff", "message": "Back-off restarting\n", "type": "Warning", "count": 118,
            "firstTimestamp": "2026-11-21T13:00:00Z", "lastTimestamp": last}),
    )
}
