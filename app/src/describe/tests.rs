use std::sync::Arc;

use krateyard_shared::identity::{ClusterName, ObjectRef};
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::{Row, project};
use serde_json::{Value, json};

use super::{Neighbours, reference, related, summary};

const NOW: i64 = 1_795_269_931; // 2026-11-21T14:05:31Z

fn row(kind: Kind, object: &Value) -> Row {
    project(kind, object).unwrap().0
}

fn about(row: &Row) -> ObjectRef {
    reference(row, &ClusterName("prod".into()))
}

fn crashing_pod() -> Value {
    json!({
        "metadata": {"name": "api-7d9f8-x2k8q", "namespace": "payments", "uid": "p1", "creationTimestamp": "2026-11-21T13:39:31Z", "labels": {"app": "api"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "api-7d9f8", "uid": "r1", "controller": true}]},
        "spec": {"nodeName": "node-7", "containers": [{"name": "api", "image": "registry/api:2.31", "resources": {"requests": {"cpu": "250m"}, "limits": {"cpu": "500m", "memory": "256Mi"}}}]},
        "status": {"phase": "Running", "podIP": "10.2.0.7", "conditions": [
            {"type": "Initialized", "status": "True", "lastTransitionTime": "2026-11-21T13:39:31Z"},
            {"type": "Ready", "status": "False", "reason": "ContainersNotReady", "lastTransitionTime": "2026-11-21T13:39:31Z"}],
            "containerStatuses": [{"name": "api", "ready": false, "restartCount": 7, "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
                "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2026-11-21T14:02:31Z"}}}]}
    })
}

#[test]
fn a_crashing_pod_says_first_which_container_ended_how_and_when() {
    let pod = crashing_pod();
    let row = row(Kind::Pod, &pod);
    let summary = summary(&pod, Some(&row), &about(&row), NOW);
    let lead = summary.lead.unwrap();
    assert_eq!(lead.title, "CrashLoopBackOff 7 (3m ago)");
    assert_eq!(lead.sentences, "Container api ended with exit code 1 3m ago and waits for its next start.");
    assert_eq!(summary.facts[0].value, "node-7");
    assert_eq!(summary.facts[0].link.as_ref().unwrap().kind, "Node");
    assert_eq!(summary.containers[0].resources, ["CPU 250m to 500m", "memory up to 256Mi"]);
    assert_eq!(summary.containers[0].last, "7 restarts, last exit 1 3m ago");
}

#[test]
fn conditions_that_are_not_well_come_first_with_their_reason() {
    let pod = crashing_pod();
    let row = row(Kind::Pod, &pod);
    let conditions = summary(&pod, Some(&row), &about(&row), NOW).conditions;
    assert_eq!((conditions[0].name.as_str(), conditions[0].why.as_str(), conditions[0].since.as_str()), ("Ready", "ContainersNotReady", "26m"));
    assert!(conditions[1].is_well);
}

#[test]
fn a_nodes_pressure_is_well_when_it_is_false() {
    let node = json!({"metadata": {"name": "n", "uid": "n1"}, "status": {"conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": "Unknown"}]}});
    let row = row(Kind::Node, &node);
    let conditions = summary(&node, Some(&row), &about(&row), NOW).conditions;
    assert_eq!(conditions.iter().map(|c| (c.name.as_str(), c.is_well)).collect::<Vec<_>>(), [("Ready", false), ("MemoryPressure", true)]);
}

#[test]
fn a_pod_is_related_to_its_deployment_its_replica_set_its_services_and_its_node() {
    let pod = row(Kind::Pod, &crashing_pod());
    let owner = |name: &str, uid: &str| json!([{"kind": "Deployment", "name": name, "uid": uid, "controller": true}]);
    let set = row(
        Kind::ReplicaSet,
        &json!({"metadata": {"name": "api-7d9f8", "namespace": "payments", "uid": "r1", "ownerReferences": owner("api", "d1")}, "spec": {"replicas": 1}}),
    );
    let deployment = row(Kind::Deployment, &json!({"metadata": {"name": "api", "namespace": "payments", "uid": "d1"}}));
    let service = |name: &str, selector: Value| {
        row(Kind::Service, &json!({"metadata": {"name": name, "namespace": "payments", "uid": name}, "spec": {"selector": selector}}))
    };
    let (workloads, pods) = ([Arc::new(set), Arc::new(deployment.clone())], [Arc::new(pod.clone())]);
    let services = [Arc::new(service("api", json!({"app": "api"}))), Arc::new(service("other", json!({"app": "x"}))), Arc::new(service("none", json!({})))];
    let near = Neighbours { workloads: &workloads, pods: &pods, services: &services };
    let cluster = ClusterName("prod".into());
    let names = |row: &Row| related(row, &cluster, near).into_iter().map(|r| format!("{} {}", r.object.kind, r.object.name)).collect::<Vec<_>>();
    assert_eq!(names(&pod), ["Deployment api", "ReplicaSet api-7d9f8", "Service api", "Node node-7"]);
    assert_eq!(names(&deployment), ["Service api", "ReplicaSet api-7d9f8", "Pod api-7d9f8-x2k8q"]);
}
