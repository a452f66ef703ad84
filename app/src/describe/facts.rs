//! The labelled facts and the containers of each kind.

use krateyard_shared::identity::{ClusterName, ObjectRef};
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::{CellValue, ContainerRunState, Facts, Row};
use krateyard_shared::status::Health;
use krateyard_shared::time::{self, Seconds};
use serde_json::Value;

use super::{ContainerSummary, Fact, age_of, text};

/// A reference by kind and name, without a uid: what a field of another object names.
pub(super) fn named(cluster: &ClusterName, kind: Kind, namespace: Option<String>, name: &str) -> ObjectRef {
    let entry = kind.entry();
    ObjectRef {
        cluster: cluster.clone(),
        group: entry.group.into(),
        version: entry.version.into(),
        kind: entry.name.into(),
        namespace,
        name: name.into(),
        uid: String::new(),
    }
}

pub(super) fn facts(kind: Option<Kind>, object: &Value, row: Option<&Row>, about: &ObjectRef, now: Seconds) -> Vec<Fact> {
    let mut facts = Labelled(Vec::new());
    let (spec, status, meta) = (&object["spec"], &object["status"], &object["metadata"]);
    match kind {
        Some(Kind::Pod) => {
            let node = text(&spec["nodeName"]);
            if !node.is_empty() {
                let link = named(&about.cluster, Kind::Node, None, &node);
                facts.0.push(Fact { label: "Node", value: node, note: text(&status["hostIP"]), link: Some(link) });
            }
            facts.add("Address", &text(&status["podIP"]));
            facts.add("Account", &text(&spec["serviceAccountName"]));
            facts.add("Class", &text(&status["qosClass"]));
        }
        Some(Kind::Deployment) => {
            facts.add("Replicas", &replicas(row));
            facts.add("Strategy", &text(&spec["strategy"]["type"]));
            facts.add("Selector", &super::pairs(&spec["selector"]["matchLabels"]).join(", "));
            let revision = &meta["annotations"]["deployment.kubernetes.io/revision"];
            facts.add("Revision", &text(revision));
        }
        Some(Kind::ReplicaSet) => {
            facts.add("Replicas", &replicas(row));
            facts.add("Selector", &super::pairs(&spec["selector"]["matchLabels"]).join(", "));
        }
        Some(Kind::Service) => {
            facts.add("Type", &text(&spec["type"]));
            facts.add("Cluster IP", &text(&spec["clusterIP"]));
            if let Some(Facts::Service(service)) = row.map(|row| &row.facts) {
                facts.add("External", &service.external.join(", "));
            }
            for port in spec["ports"].as_array().into_iter().flatten() {
                let name = text(&port["name"]);
                facts.add_with("Port", &format!("{}/{} to {}", text(&port["port"]), text(&port["protocol"]), text(&port["targetPort"])), &name);
            }
            facts.add("Selector", &super::pairs(&spec["selector"]).join(", "));
        }
        Some(Kind::Node) => {
            facts.add("Version", &text(&status["nodeInfo"]["kubeletVersion"]));
            facts.add("System", &text(&status["nodeInfo"]["osImage"]));
            facts.add("Runtime", &text(&status["nodeInfo"]["containerRuntimeVersion"]));
            for address in status["addresses"].as_array().into_iter().flatten() {
                facts.add_with("Address", &text(&address["address"]), &text(&address["type"]));
            }
            for resource in ["cpu", "memory", "pods"] {
                let label = match resource {
                    "cpu" => "CPU",
                    "memory" => "Memory",
                    _ => "Pods",
                };
                facts.add_with(label, &text(&status["allocatable"][resource]), "allocatable");
            }
            for taint in spec["taints"].as_array().into_iter().flatten() {
                facts.add_with("Taint", &text(&taint["key"]), &text(&taint["effect"]));
            }
        }
        Some(Kind::Event) => {
            facts.add("Reason", &text(&object["reason"]));
            facts.add("Object", &format!("{}/{}", text(&object["involvedObject"]["kind"]), text(&object["involvedObject"]["name"])));
            facts.add("Message", &text(&object["message"]));
            facts.add("Count", &text(&object["count"]));
        }
        Some(kind) if kind != Kind::Namespace => facts.plain(kind, row, now),
        Some(_) | None => facts.add("Phase", &text(&status["phase"])),
    }
    let age = age_of(&meta["creationTimestamp"], now);
    if !age.is_empty() {
        let by = row.and_then(|row| row.owner.as_ref()).map_or_else(String::new, |owner| format!("by {} {}", owner.kind, owner.name));
        facts.add_with("Created", &format!("{age} ago"), &by);
    }
    facts.0
}

struct Labelled(Vec<Fact>);

impl Labelled {
    /// The cells of a plain row under the titles of its columns.
    fn plain(&mut self, kind: Kind, row: Option<&Row>, now: Seconds) {
        let Some(Facts::Plain(plain)) = row.map(|row| &row.facts) else { return };
        if let Some(status) = &plain.status {
            self.add_with("Status", &status.word, &status.why);
        }
        for (column, cell) in kind.entry().columns.iter().zip(&plain.cells) {
            let ago = if matches!(cell, CellValue::Time(_)) { "ago" } else { "" };
            self.add_with(column.title, &cell.text(now), ago);
        }
    }

    fn add(&mut self, label: &'static str, value: &str) {
        self.add_with(label, value, "");
    }

    fn add_with(&mut self, label: &'static str, value: &str, note: &str) {
        if !value.is_empty() {
            self.0.push(Fact { label, value: value.into(), note: note.into(), link: None });
        }
    }
}

fn replicas(row: Option<&Row>) -> String {
    match row.map(|row| &row.facts) {
        Some(Facts::Deployment(d)) => format!("{} of {} ready, {} updated, {} available", d.ready, d.desired, d.updated, d.available),
        Some(Facts::ReplicaSet(r)) => format!("{} of {} ready", r.ready, r.desired),
        _ => String::new(),
    }
}

/// Containers of a pod, or of the template of a workload.
pub(super) fn containers(object: &Value, row: Option<&Row>, now: Seconds) -> Vec<ContainerSummary> {
    let templates = [&object["spec"]["template"], &object["spec"]["jobTemplate"]["spec"]["template"], &object["template"]];
    let spec = templates.into_iter().find(|template| template.is_object()).map_or(&object["spec"], |template| &template["spec"]);
    let listed = |key: &str| spec[key].as_array().cloned().unwrap_or_default();
    listed("initContainers").iter().chain(&listed("containers")).map(|container| one_container(container, row, now)).collect()
}

fn one_container(container: &Value, row: Option<&Row>, now: Seconds) -> ContainerSummary {
    let name = text(&container["name"]);
    let facts = match row.map(|row| &row.facts) {
        Some(Facts::Pod(pod)) => pod.containers.iter().find(|c| c.name == name),
        _ => None,
    };
    let (health, state) = match facts.map(|facts| (&facts.state, facts.ready)) {
        Some((ContainerRunState::Running(since), true)) => (Health::Ok, format!("Running {}", time::age(now - since))),
        Some((ContainerRunState::Running(since), false)) => (Health::Warn, format!("Not ready {}", time::age(now - since))),
        Some((ContainerRunState::Waiting { reason, .. }, _)) => (if is_on_its_way(reason) { Health::Pending } else { Health::Bad }, reason.clone()),
        Some((ContainerRunState::Terminated(ended), _)) if ended.code == 0 => (Health::Ended, "Completed".into()),
        Some((ContainerRunState::Terminated(ended), _)) => {
            (Health::Bad, if ended.reason.is_empty() { format!("Exit {}", ended.code) } else { ended.reason.clone() })
        }
        Some((ContainerRunState::Unknown, _)) => (Health::Pending, "Waiting".into()),
        None => (Health::Stopped, String::new()),
    };
    let last = facts
        .and_then(|facts| facts.last.as_ref().map(|ended| (facts.restarts, ended)))
        .map_or_else(String::new, |(restarts, ended)| format!("{restarts} restarts, last exit {} {} ago", ended.code, time::age(now - ended.at)));
    ContainerSummary { name, health, state, image: text(&container["image"]), resources: resources(&container["resources"]), last }
}

fn is_on_its_way(reason: &str) -> bool {
    matches!(reason, "ContainerCreating" | "PodInitializing" | "")
}

fn resources(resources: &Value) -> Vec<String> {
    [("cpu", "CPU"), ("memory", "memory")]
        .into_iter()
        .filter_map(|(key, label)| {
            let (request, limit) = (text(&resources["requests"][key]), text(&resources["limits"][key]));
            match (request.is_empty(), limit.is_empty()) {
                (true, true) => None,
                (false, true) => Some(format!("{label} {request}, no limit")),
                (true, false) => Some(format!("{label} up to {limit}")),
                (false, false) => Some(format!("{label} {request} to {limit}")),
            }
        })
        .collect()
}
