//! `metrics.k8s.io/v1beta1` as metrics-server answers it: what pods and nodes use now. The values follow from what containers request, from who they are and from
//! the clock: they change slowly, and are the same for the same moment.

use std::sync::Arc;

use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer;
use crate::clock::text;
use crate::cluster::Cluster;
use crate::container;
use crate::failure::Failure;
use crate::kinds::{Kind, built_in_kind};
use crate::negotiate::Form;
use crate::query::Query;
use crate::selection::Selection;
use crate::store::Stored;
use crate::target::Attributes;

/// The group.
pub(crate) const GROUP: &str = "metrics.k8s.io";
/// How often metrics-server asks the kubelets (`--metric-resolution`).
const RESOLUTION_SECS: i64 = 15;
/// What a node uses besides its pods: kubelet, container runtime, the system.
const SYSTEM: Usage = Usage { cpu_nano: 180_000_000, memory_kib: 900 * 1024 };

/// Its two resources, as discovery describes them.
pub(crate) fn kinds() -> Vec<Kind> {
    serde_json::from_value(json!([
        {"group": GROUP, "version": "v1beta1", "plural": "nodes", "singular": "", "kind": "NodeMetrics", "namespaced": false, "verbs": ["get", "list"]},
        {"group": GROUP, "version": "v1beta1", "plural": "pods", "singular": "", "kind": "PodMetrics", "namespaced": true, "verbs": ["get", "list"]},
    ]))
    .unwrap_or_default()
}

/// Answers get and list.
///
/// # Errors
/// 404 for what has no figures (yet), 405 for other verbs, 501 for Tables.
pub(crate) fn answer(cluster: &Cluster, asked: &Attributes, kind: &Kind, query: &Query, form: Form) -> Result<Response, Failure> {
    if form != Form::Full {
        return Err(Failure::not_simulated("metrics in another form than their own"));
    }
    let subject = built_in_kind("", &kind.plural);
    let namespace = if kind.namespaced { asked.namespace.as_str() } else { "" };
    let now = cluster.clock.now();
    let measured = |stored: &Arc<Stored>| if kind.namespaced { pod(&stored.value(), now) } else { Some(node(cluster, &stored.value(), now)) };
    match asked.verb.as_str() {
        "get" => {
            let found = cluster.store.get(&subject, namespace, &asked.name).and_then(|stored| measured(&stored));
            let mut object = found.ok_or_else(|| not_found(kind, namespace, &asked.name))?;
            object["kind"] = json!(kind.kind);
            object["apiVersion"] = json!(kind.api_version());
            Ok(answer::json(200, &object))
        }
        "list" => {
            let selection = Selection::parse(&subject, namespace, query)?;
            let (_, all) = cluster.store.list(&subject, namespace);
            let items: Vec<_> = all.iter().filter(|stored| selection.matches(stored)).filter_map(measured).collect();
            Ok(answer::json(200, &json!({"kind": format!("{}List", kind.kind), "apiVersion": kind.api_version(), "metadata": {}, "items": items})))
        }
        _ => Err(Failure::method_not_allowed()),
    }
}

/// metrics-server names the kind in its own way, and a pod with its namespace (`pkg/api/pod.go`).
fn not_found(kind: &Kind, namespace: &str, name: &str) -> Failure {
    let named = Kind { plural: kind.kind.to_lowercase(), ..kind.clone() };
    Failure::not_found(&named, &if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") })
}

#[derive(Clone, Copy, Debug, Default)]
struct Usage {
    cpu_nano: u64,
    memory_kib: u64,
}

impl Usage {
    fn and(self, other: Usage) -> Usage {
        Usage { cpu_nano: self.cpu_nano + other.cpu_nano, memory_kib: self.memory_kib + other.memory_kib }
    }

    fn written(self) -> Value {
        json!({"cpu": format!("{}n", self.cpu_nano), "memory": format!("{}Ki", self.memory_kib)})
    }
}

/// The figures of a pod; none before each of its containers runs.
fn pod(pod: &Value, now: Timestamp) -> Option<Value> {
    let containers: Vec<_> = usages(pod, now)?.into_iter().map(|(name, usage)| json!({"name": name, "usage": usage.written()})).collect();
    let mut object = head(pod, now);
    object["metadata"]["namespace"] = pod["metadata"]["namespace"].clone();
    object["containers"] = Value::Array(containers);
    Some(object)
}

fn node(cluster: &Cluster, node: &Value, now: Timestamp) -> Value {
    let (_, pods) = cluster.store.list(&built_in_kind("", "pods"), "");
    let here = pods.iter().filter(|pod| pod.field("spec.nodeName") == node["metadata"]["name"]);
    let used = here.filter_map(|pod| usages(&pod.value(), now)).flatten().fold(SYSTEM, |sum, (_, usage)| sum.and(usage));
    let mut object = head(node, now);
    object["usage"] = used.written();
    object
}

fn head(object: &Value, now: Timestamp) -> Value {
    let measured = Timestamp::from_second(now.as_second() / RESOLUTION_SECS * RESOLUTION_SECS).unwrap_or(now);
    json!({
        "metadata": {"name": object["metadata"]["name"], "labels": object["metadata"]["labels"], "creationTimestamp": text(now)},
        "timestamp": text(measured), "window": "15.051s",
    })
}

/// What each container uses; none when one of them does not run.
fn usages(pod: &Value, now: Timestamp) -> Option<Vec<(String, Usage)>> {
    let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
    let containers = pod["spec"]["containers"].as_array().filter(|all| !all.is_empty())?;
    let of = |spec: &Value| {
        let name = spec["name"].as_str()?;
        container::status(pod, name)["state"]["running"].is_object().then(|| (name.to_owned(), usage(spec, uid, name, now)))
    };
    containers.iter().map(of).collect()
}

/// A container's use: its own level, between a little and most of what it requested, and a slow wave around it. One in eleven comes near the limit of its memory.
fn usage(spec: &Value, uid: &str, name: &str, now: Timestamp) -> Usage {
    let own = hash(uid, name);
    let part = |shift: u32| f64::from(u32::try_from((own >> shift) & 0xff).unwrap_or(0)) / 255.0;
    // ten minutes a wave, each container at another place of it
    let wave = ((now.as_second() / RESOLUTION_SECS * RESOLUTION_SECS) as f64 / 600.0 + part(0)) * std::f64::consts::TAU;
    let resource = |kind: &str, resource: &str| spec["resources"][kind][resource].as_str().and_then(milli);
    let cpu_request = resource("requests", "cpu").unwrap_or(20.0);
    let cpu = cpu_request * (0.2 + 0.9 * part(8)) * (1.0 + 0.15 * wave.sin());
    let memory_request = resource("requests", "memory").unwrap_or(64.0 * 1024.0 * 1024.0 * 1000.0);
    let limit = resource("limits", "memory");
    let level = match limit {
        Some(limit) if own.is_multiple_of(11) => limit * 0.93,
        _ => memory_request * (0.5 + 0.6 * part(16)),
    };
    let memory = (level * (1.0 + 0.03 * wave.cos())).min(limit.unwrap_or(f64::MAX) * 0.99);
    Usage { cpu_nano: (cpu * 1_000_000.0) as u64, memory_kib: (memory / 1024.0 / 1000.0) as u64 }
}

/// FNV-1a.
fn hash(uid: &str, name: &str) -> u64 {
    uid.bytes().chain([b'/']).chain(name.bytes()).fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A quantity in thousandths, for the units that pods are written with.
fn milli(quantity: &str) -> Option<f64> {
    let end = quantity.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(quantity.len());
    let (number, unit) = quantity.split_at(end);
    let factor = match unit {
        "m" => 1.0,
        "" => 1e3,
        "Ki" => 1e3 * 1024.0,
        "Mi" => 1e3 * 1024.0 * 1024.0,
        "Gi" => 1e3 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}
