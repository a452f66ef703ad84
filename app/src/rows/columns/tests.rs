use krateyard_shared::kinds::KINDS;
use krateyard_shared::time::seconds;
use serde_json::json;

use super::*;
use crate::rows::fixtures::{crashing, event, pending, row, running};

/// A row's columns as a person reads them: `Title text (why)`; without what it uses, which is not in it.
fn told(row: &Row, now: &str) -> String {
    let now = seconds(now).unwrap();
    let cells = of(row.kind).iter().filter(|column| column.gauge().is_none()).map(|column| (column, column.cell(row, now)));
    let text = |(column, cell): (&Column, Cell)| {
        let why = if cell.why.is_empty() { String::new() } else { format!(" {}", cell.why) };
        format!("{}: {}{why}", column.title, cell.text)
    };
    cells.map(text).collect::<Vec<_>>().join(" | ")
}

#[test]
fn a_pod_reads_as_kubectl_prints_it() {
    let crashing = told(&crashing("api-1", "web"), "2026-11-21T14:05:00Z");
    assert_eq!(
        crashing,
        "Name: api-1 | Namespace: web | Ready: 0/1 | Status: CrashLoopBackOff back-off 5m0s | Restarts: 7 (3m ago) | Age: 5m | Node: node-a | IP: -"
    );
    let running = told(&running("api-2", "web"), "2026-11-21T14:26:00Z");
    assert_eq!(running, "Name: api-2 | Namespace: web | Ready: 1/1 | Status: Running | Restarts: 0 | Age: 26m | Node: node-a | IP: 10.1.2.3");
    let pending = told(&pending("api-3", "web"), "2026-11-21T14:00:07Z");
    assert!(pending.contains("Status: Pending 0/3 nodes are available"), "{pending}");
}

#[test]
fn the_other_kinds_read_as_kubectl_prints_them() {
    let meta = json!({"name": "x", "namespace": "web", "uid": "u", "creationTimestamp": "2026-11-20T14:00:00Z", "labels": {"node-role.kubernetes.io/control-plane": ""}});
    let now = "2026-11-21T14:00:00Z";
    let cases = [
        (
            row(
                Kind::Deployment,
                json!({"metadata": meta, "spec": {"replicas": 3}, "status": {"replicas": 3, "readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 2}}),
            ),
            "Name: x | Namespace: web | Ready: 2/3 | Up to date: 3 | Available: 2 | Status: 2 of 3 ready | Age: 24h",
        ),
        (
            row(Kind::ReplicaSet, json!({"metadata": meta, "spec": {"replicas": 3}, "status": {"replicas": 3, "readyReplicas": 3}})),
            "Name: x | Namespace: web | Desired: 3 | Current: 3 | Ready: 3 | Status: Ready | Age: 24h",
        ),
        (
            row(
                Kind::Service,
                json!({"metadata": meta, "spec": {"type": "NodePort", "clusterIP": "10.0.0.1", "ports": [{"port": 80, "nodePort": 31234, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]}}),
            ),
            "Name: x | Namespace: web | Type: NodePort | Cluster IP: 10.0.0.1 | External: - | Ports: 80:31234/TCP,53/UDP | Age: 24h",
        ),
        (
            row(Kind::Service, json!({"metadata": meta, "spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1", "ports": []}})),
            "Name: x | Namespace: web | Type: LoadBalancer | Cluster IP: 10.0.0.1 | External: <pending> | Ports: - | Age: 24h",
        ),
        (
            row(
                Kind::Node,
                json!({"metadata": meta, "status": {"conditions": [{"type": "Ready", "status": "True"}], "allocatable": {"cpu": "7800m", "memory": "16Gi"}, "nodeInfo": {"kubeletVersion": "v1.36.2"}, "addresses": [{"type": "InternalIP", "address": "10.0.0.9"}]}}),
            ),
            "Name: x | Status: Ready | Roles: control-plane | CPU: 7800m | Memory: 16Gi | Age: 24h | Version: v1.36.2 | IP: 10.0.0.9",
        ),
        (row(Kind::Namespace, json!({"metadata": meta, "status": {"phase": "Active"}})), "Name: x | Status: Active | Age: 24h"),
        (
            event("e", "2026-11-21T13:59:48Z"),
            "Last seen: 12s 118 times over 60m | Type: Warning | Reason: BackOff | Object: pod/api-1 | Namespace: web | Message: Back-off restarting | Count: 118",
        ),
    ];
    for (row, expected) in cases {
        assert_eq!(told(&row, now), expected);
    }
}

#[test]
fn every_kind_has_columns_one_of_which_takes_what_is_left_and_a_foreign_row_breaks_none() {
    let foreign = running("api-1", "web");
    for entry in KINDS {
        let columns = of(entry.kind);
        assert!(columns.iter().any(|column| matches!(column.width, Width::Flexible(_)) && column.by_default), "{}", entry.name);
        for column in columns {
            column.cell(&foreign, 0);
            column.key(&foreign);
        }
    }
}

#[test]
fn a_plain_kinds_columns_come_from_its_entry_and_sort_by_value() {
    let set = |name: &str, ready: u32| {
        let meta = json!({"name": name, "namespace": "web", "uid": name, "creationTimestamp": "2026-11-20T14:00:00Z"});
        let template = json!({"spec": {"containers": [{"name": "db", "image": "postgres:16"}]}});
        row(Kind::StatefulSet, json!({"metadata": meta, "spec": {"replicas": 3, "template": template}, "status": {"readyReplicas": ready}}))
    };
    let (well, lame) = (set("a", 3), set("b", 1));
    let expected = "Name: b | Namespace: web | Ready: 1/3 | Status: 1 of 3 ready | Age: 24h | Containers: db | Images: postgres:16";
    assert_eq!(told(&lame, "2026-11-21T14:00:00Z"), expected);
    let ready = of(Kind::StatefulSet).iter().find(|column| column.title == "Ready").unwrap();
    assert_eq!((ready.align, ready.key(&lame) < ready.key(&well)), (Align::Right, true));
    let claim = |capacity: &str| {
        let status = json!({"phase": "Bound", "capacity": {"storage": capacity}});
        row(Kind::PersistentVolumeClaim, json!({"metadata": {"name": "c", "uid": "c"}, "spec": {"volumeName": "v"}, "status": status}))
    };
    let capacity = of(Kind::PersistentVolumeClaim).iter().find(|column| column.title == "Capacity").unwrap();
    assert!(capacity.key(&claim("500Mi")) < capacity.key(&claim("1Gi")), "by value, not by letters");
    assert!(std::ptr::eq(of(Kind::StatefulSet), of(Kind::StatefulSet)), "made once");
}

#[test]
fn a_narrow_table_keeps_name_status_and_age() {
    let titles =
        |width: i32| fit::fit(of(Kind::DaemonSet), &choice::Choice::default(), width, |_| false).columns.iter().map(|column| column.title).collect::<Vec<_>>();
    assert_eq!(titles(0), ["Name", "Desired", "Current", "Ready", "Up-to-date", "Available", "Node Selector", "Status", "Age"]);
    assert_eq!(titles(200), ["Name", "Status", "Age"]);
    assert!(titles(640).contains(&"Ready") && !titles(640).contains(&"Node Selector"), "{:?}", titles(640));
}
