mod hostile;

use std::fmt::Write as _;
use std::sync::Arc;

use krateyard_shared::identity::{ClusterName, ObjectRef};
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::{Row, project};
use krateyard_shared::status::Health;
use serde_json::{Value, json};

use super::{Body, Said, SecretValue, Section, Summary, To, reference, related, summary};

const NOW: i64 = 1_795_269_931; // 2026-11-21T14:05:31Z
/// Six minutes after the objects of `objects.json` were recorded.
const RECORDED: i64 = 1_795_293_479; // 2026-11-21T20:37:59Z

fn row(kind: Kind, object: &Value) -> Row {
    project(kind, object).unwrap().0
}

fn about(row: &Row) -> ObjectRef {
    reference(row, &ClusterName("prod".into()))
}

/// The summary of an object of any kind, as the view asks for it.
fn described(object: &Value, now: i64) -> Summary {
    let (group, version) = object["apiVersion"].as_str().map_or(("", "v1"), |text| text.split_once('/').unwrap_or(("", text)));
    let meta = &object["metadata"];
    let about = ObjectRef {
        cluster: ClusterName("prod".into()),
        group: group.into(),
        version: version.into(),
        kind: object["kind"].as_str().unwrap_or_default().into(),
        namespace: meta["namespace"].as_str().map(Into::into),
        name: meta["name"].as_str().unwrap_or_default().into(),
        uid: String::new(),
    };
    let row = Kind::of_name(group, &about.kind).and_then(|kind| Some(project(kind, object).ok()?.0));
    summary(object, row.as_ref(), &about, now)
}

fn crashing_pod() -> Value {
    json!({
        "metadata": {"name": "api-7d9f8-x2k8q", "namespace": "payments", "uid": "p1", "creationTimestamp": "2026-11-21T13:39:31Z", "labels": {"app": "api"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "api-7d9f8", "uid": "r1", "controller": true}]},
        "spec": {"nodeName": "node-7", "serviceAccountName": "api", "volumes": [{"name": "c", "configMap": {"name": "config"}}, {"name": "kube-api-access-x", "projected": {}}],
            "containers": [{"name": "api", "image": "registry/api:2.31", "envFrom": [{"secretRef": {"name": "db"}}], "ports": [{"containerPort": 8080, "name": "http"}],
                "resources": {"requests": {"cpu": "250m"}, "limits": {"cpu": "500m", "memory": "256Mi"}}}]},
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
    let lead = summary(&pod, Some(&row), &about(&row), NOW).lead.unwrap();
    assert_eq!(lead.title, "CrashLoopBackOff 7 (3m ago)");
    assert_eq!(lead.sentences, "Container api ended with exit code 1 3m ago and waits for its next start.");
}

#[test]
fn a_nodes_pressure_is_well_when_it_is_false() {
    let node = json!({"kind": "Node", "metadata": {"name": "n", "uid": "n1"}, "status": {"conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": "Unknown"}]}});
    let sections = described(&node, NOW).sections;
    let Some(Body::Conditions(conditions)) = sections.iter().find(|s| s.title == "Conditions").map(|s| &s.body) else { panic!("{sections:?}") };
    assert_eq!(conditions.iter().map(|c| (c.name.as_str(), c.health)).collect::<Vec<_>>(), [("Ready", Health::Bad), ("MemoryPressure", Health::Ok)]);
}

#[test]
fn a_pod_is_related_to_its_workload_what_it_uses_and_its_services() {
    let object = crashing_pod();
    let pod = row(Kind::Pod, &object);
    let owner = |name: &str, uid: &str| json!([{"kind": "Deployment", "name": name, "uid": uid, "controller": true}]);
    let set = row(
        Kind::ReplicaSet,
        &json!({"metadata": {"name": "api-7d9f8", "namespace": "payments", "uid": "r1", "ownerReferences": owner("api", "d1")}, "spec": {"replicas": 1}}),
    );
    let whole = json!({"metadata": {"name": "api", "namespace": "payments", "uid": "d1"}});
    let deployment = row(Kind::Deployment, &whole);
    let service = |name: &str, selector: Value| {
        row(Kind::Service, &json!({"metadata": {"name": name, "namespace": "payments", "uid": name}, "spec": {"selector": selector}}))
    };
    let services = [service("api", json!({"app": "api"})), service("other", json!({"app": "x"})), service("none", json!({}))];
    let near: Vec<_> = services.into_iter().chain([set, deployment.clone(), pod.clone()]).map(Arc::new).collect();
    let cluster = ClusterName("prod".into());
    let names = |object: &Value, row: &Row| {
        related(object, row, &cluster, &near).0.into_iter().map(|r| format!("{} {}", r.object.kind, r.object.name)).collect::<Vec<_>>()
    };
    assert_eq!(names(&object, &pod), ["Deployment api", "ReplicaSet api-7d9f8", "ConfigMap config", "Secret db", "Service api"]);
    assert_eq!(names(&whole, &deployment), ["Service api", "ReplicaSet api-7d9f8", "Pod api-7d9f8-x2k8q"]);
}

#[test]
fn a_budget_is_related_to_the_pods_that_it_selects_and_a_service_to_its_slices() {
    let pod = row(Kind::Pod, &crashing_pod());
    let slice = json!({"metadata": {"name": "api-4fk2z", "namespace": "payments", "uid": "s1", "labels": {"kubernetes.io/service-name": "api"}}});
    let near = [Arc::new(pod), Arc::new(row(Kind::EndpointSlice, &slice))];
    let cluster = ClusterName("prod".into());
    let names = |kind: Kind, object: &Value| related(object, &row(kind, object), &cluster, &near).0.into_iter().map(|r| r.object.name).collect::<Vec<_>>();
    let of = |spec: Value| json!({"metadata": {"name": "api", "namespace": "payments", "uid": "x"}, "spec": spec});
    assert_eq!(names(Kind::PodDisruptionBudget, &of(json!({"selector": {"matchLabels": {"app": "api"}}}))), ["api-7d9f8-x2k8q"]);
    assert_eq!(names(Kind::PodDisruptionBudget, &of(json!({"selector": {"matchLabels": {"app": "web"}}}))), [""; 0]);
    assert_eq!(names(Kind::Service, &of(json!({"selector": {"app": "api"}}))), ["api-7d9f8-x2k8q", "api-4fk2z"]);
}

/// What a real API server answered, and what we say of it. `KRATEYARD_BLESS=1` writes what is said now; read the difference before it is committed.
#[test]
fn each_kind_says_what_a_person_wants_first() {
    let objects: Vec<Value> = serde_json::from_str(include_str!("tests/objects.json")).unwrap();
    let mut said = String::new();
    for object in &objects {
        writeln!(said, "# {} {}", object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap()).unwrap();
        said.push_str(&told(&described(object, RECORDED)));
    }
    if std::env::var_os("KRATEYARD_BLESS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/describe/tests/summaries.txt"), &said).unwrap();
        return;
    }
    for (at, (is, was)) in said.lines().zip(include_str!("tests/summaries.txt").lines()).enumerate() {
        assert_eq!(is, was, "line {}", at + 1);
    }
    assert_eq!(said.lines().count(), include_str!("tests/summaries.txt").lines().count());
}

/// A summary as lines: what a person would read from top to bottom; `->` is what a click opens.
fn told(summary: &Summary) -> String {
    let mut lines = String::new();
    if let Some(lead) = &summary.lead {
        writeln!(lines, "! {:?} {}: {}", lead.health, lead.title, lead.sentences).unwrap();
    }
    for section in summary.sections.iter().chain(&summary.marks) {
        section_told(section, &mut lines);
    }
    lines
}

fn section_told(section: &Section, lines: &mut String) {
    if !section.title.is_empty() {
        writeln!(lines, "  [{}]", section.title).unwrap();
    }
    let mut line = |text: String| writeln!(lines, "  {}", text.trim_end()).unwrap();
    match &section.body {
        Body::Facts(facts) => facts.iter().for_each(|fact| {
            let said = match &fact.said {
                Said::Cluster(text) => format!("`{text}`"),
                Said::Ours(words) => words.clone(),
                Said::Links(links) => links.iter().map(|link| format!("{} -> {}", link.words, target(&link.to))).collect::<Vec<_>>().join(", "),
            };
            line(format!("{}: {said} {} {}", fact.label, fact.note, fact.health.map_or_else(String::new, |health| format!("{health:?}"))));
        }),
        Body::Table(table) => {
            line(table.columns.join(" | "));
            for row in &table.rows {
                let cells = row.iter().map(|cell| format!("{}{}", cell.text, cell.to.as_ref().map_or_else(String::new, |to| format!(" -> {}", target(to)))));
                line(cells.collect::<Vec<_>>().join(" | "));
            }
        }
        Body::Bars(bars) => bars.iter().for_each(|bar| line(format!("{} {:?} {} {:?}", bar.label, bar.part, bar.words, bar.health))),
        Body::Containers(containers) => {
            containers.iter().for_each(|c| line(format!("{} {} {:?} {} {} | {}", c.name, c.role, c.health, c.state, c.image, c.lines.join(" | "))))
        }
        Body::Conditions(conditions) => conditions.iter().for_each(|c| line(format!("{:?} {} {} {}", c.health, c.name, c.since, c.why))),
        Body::Chips(chips) => line(chips.join("  ")),
        Body::Words(words) => line(words.clone()),
        Body::Data(data) => data.entries.iter().for_each(|e| line(format!("{} {} {:?} {}", e.key, e.size, e.head, e.rest))),
    }
    if section.more > 0 {
        line(format!("and {} more", section.more));
    }
}

fn target(to: &To) -> String {
    match to {
        To::Object(object) => format!("{} {}", object.kind, object.namespace.as_deref().unwrap_or("cluster-wide")),
        To::Pods(object) => format!("pods of {} {}", object.kind, object.name),
        To::List { resource, namespace } => format!("list of {} in {}", resource.as_deref().unwrap_or("everything"), namespace.as_deref().unwrap_or("all")),
    }
}

#[test]
fn a_secret_value_is_shown_as_text_only_where_it_is_text() {
    let text = |bytes: &[u8]| match SecretValue::of(bytes.to_vec()) {
        SecretValue::Text(text) => text,
        SecretValue::Binary { bytes } => format!("binary {bytes}"),
    };
    assert_eq!(text("päss\n".as_bytes()), "päss\n");
    assert_eq!(text(b""), "");
    assert_eq!(text(&[0x30, 0x82, 0xff]), "binary 3");
    assert_eq!(text(b"a\0b"), "binary 3");
}
