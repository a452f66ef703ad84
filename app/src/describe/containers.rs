//! Containers of a pod, or of the pod template of a workload.

use krateyard_shared::rows::{ContainerRunState, Facts};
use krateyard_shared::status::Health;
use krateyard_shared::time;
use serde_json::Value;

use super::build::Seen;
use super::read::{count, items, name, text};
use super::{Body, ContainerSummary, Section};

/// The most containers of one list.
const MOST: usize = 50;

/// The pod spec that an object is, or that it makes pods from.
pub(super) fn pod_spec(object: &Value) -> Option<&Value> {
    let templates = [&object["spec"]["template"], &object["spec"]["jobTemplate"]["spec"]["template"], &object["template"]];
    let spec = templates.into_iter().find(|template| template["spec"]["containers"].is_array()).map_or(&object["spec"], |template| &template["spec"]);
    spec["containers"].is_array().then_some(spec)
}

pub(super) fn containers(seen: &Seen<'_>) -> Option<Section> {
    let spec = pod_spec(seen.object)?;
    let (init, main) = (items(&spec["initContainers"]), items(&spec["containers"]));
    let all = || init.iter().map(|container| (container, true)).chain(main.iter().map(|container| (container, false)));
    let shown = all().take(MOST).map(|(container, is_init)| one(container, is_init, seen)).collect();
    Some(Section { title: "Containers", body: Body::Containers(shown), more: all().count().saturating_sub(MOST) })
}

fn one(container: &Value, is_init: bool, seen: &Seen<'_>) -> ContainerSummary {
    let own_name = name(&container["name"]);
    let facts = match seen.row.map(|row| &row.facts) {
        Some(Facts::Pod(pod)) => pod.containers.iter().find(|c| c.name == own_name),
        _ => None,
    };
    let since = |at: i64| time::age(seen.now - at);
    let (health, state) = match facts.map(|facts| (&facts.state, facts.ready)) {
        Some((ContainerRunState::Running(at), true)) => (Health::Ok, format!("Running {}", since(*at))),
        Some((ContainerRunState::Running(at), false)) => (Health::Warn, format!("Not ready {}", since(*at))),
        Some((ContainerRunState::Waiting { reason, .. }, _)) => (if is_on_its_way(reason) { Health::Pending } else { Health::Bad }, reason.clone()),
        Some((ContainerRunState::Terminated(ended), _)) if ended.code == 0 => (Health::Ended, "Completed".into()),
        Some((ContainerRunState::Terminated(ended), _)) => {
            (Health::Bad, if ended.reason.is_empty() { format!("Exit {}", ended.code) } else { ended.reason.clone() })
        }
        Some((ContainerRunState::Unknown, _)) => (Health::Pending, "Waiting".into()),
        None => (Health::Stopped, String::new()),
    };
    let last = facts.and_then(|facts| {
        let ended = facts.last.as_ref()?;
        let times = if facts.restarts == 1 { "1 restart".into() } else { format!("{} restarts", facts.restarts) };
        Some(format!("{times}, last exit {} {} ago", ended.code, since(ended.at)))
    });
    let role = match (is_init, name(&container["restartPolicy"])) {
        (true, "Always") => "sidecar",
        (true, _) => "init",
        (false, _) => "",
    };
    let lines = [resources(&container["resources"]), ports(&container["ports"]), probes(container), last.unwrap_or_default()];
    ContainerSummary {
        name: own_name.into(),
        role,
        health,
        state,
        image: text(&container["image"]),
        lines: lines.into_iter().filter(|line| !line.is_empty()).collect(),
    }
}

fn is_on_its_way(reason: &str) -> bool {
    matches!(reason, "ContainerCreating" | "PodInitializing" | "")
}

/// `CPU 100m to 500m, memory up to 256Mi`: from what is requested to the limit.
fn resources(resources: &Value) -> String {
    let of = |(key, label): (&str, &str)| {
        let (request, limit) = (text(&resources["requests"][key]), text(&resources["limits"][key]));
        match (request.is_empty(), limit.is_empty()) {
            (true, true) => None,
            (false, true) => Some(format!("{label} {request}, no limit")),
            (true, false) => Some(format!("{label} up to {limit}")),
            (false, false) => Some(format!("{label} {request} to {limit}")),
        }
    };
    [("cpu", "CPU"), ("memory", "memory"), ("ephemeral-storage", "disk")].into_iter().filter_map(of).collect::<Vec<_>>().join("; ")
}

fn ports(ports: &Value) -> String {
    let of = |port: &Value| {
        let protocol = Some(name(&port["protocol"])).filter(|protocol| !matches!(*protocol, "TCP" | "")).map(|p| format!("/{p}")).unwrap_or_default();
        let named = Some(name(&port["name"])).filter(|name| !name.is_empty()).map(|name| format!(" {name}")).unwrap_or_default();
        format!("{}{protocol}{named}", count(&port["containerPort"]))
    };
    let all: Vec<_> = items(ports).iter().take(MOST).map(of).collect();
    if all.is_empty() { String::new() } else { format!("{} {}", if all.len() == 1 { "port" } else { "ports" }, all.join(", ")) }
}

/// What the kubelet asks, as `ready when /healthz on http answers`.
fn probes(container: &Value) -> String {
    let of = |(field, word): (&str, &str)| {
        let probe = &container[field];
        let asks = if probe["httpGet"].is_object() {
            format!("GET {} on {}", text(&probe["httpGet"]["path"]), text(&probe["httpGet"]["port"]))
        } else if probe["tcpSocket"].is_object() {
            format!("a connection to {}", text(&probe["tcpSocket"]["port"]))
        } else if probe["exec"].is_object() {
            format!("the command {}", items(&probe["exec"]["command"]).iter().map(text).collect::<Vec<_>>().join(" "))
        } else if probe["grpc"].is_object() {
            format!("gRPC on {}", text(&probe["grpc"]["port"]))
        } else {
            return None;
        };
        Some(format!("{word} by {asks}"))
    };
    [("startupProbe", "started"), ("readinessProbe", "ready"), ("livenessProbe", "alive")].into_iter().filter_map(of).collect::<Vec<_>>().join("; ")
}
