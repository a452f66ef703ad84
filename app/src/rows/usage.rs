//! What pods and nodes use now, laid over their rows when they are shown: a measurement is no change of an object.

use std::collections::HashMap;
use std::sync::Arc;

use krateyard_shared::kinds::Kind;
use krateyard_shared::quantity;
use krateyard_shared::rows::{Facts, Measured, Row, measured};

/// The measurements of a table, by the namespace and the name of what they measure.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage(HashMap<String, Measured>);

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Gauge {
    Cpu,
    Memory,
}

/// One measurement as a cell shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Such as `250m` or `71Mi`.
    pub words: String,
    /// What it is of, in words; empty where there is no measure.
    pub of: String,
    /// How much of that: 1 for all of it.
    pub part: Option<f64>,
    /// Whether that is a limit, which must not be reached; what was only requested may be exceeded.
    pub is_limit: bool,
}

/// The kind that measures objects of this one.
pub fn measures(kind: Kind) -> Option<Kind> {
    match kind {
        Kind::Pod => Some(Kind::PodMetrics),
        Kind::Node => Some(Kind::NodeMetrics),
        _ => None,
    }
}

impl Usage {
    /// Of rows of a kind that measures.
    pub fn of(rows: &[Arc<Row>]) -> Usage {
        Usage(rows.iter().filter_map(|row| Some((place(row), measured(row)?))).collect())
    }

    /// Whether nothing is measured.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What an object uses: millicores, bytes.
    pub fn amount(&self, gauge: Gauge, row: &Row) -> Option<i64> {
        let measured = self.0.get(&place(row))?;
        Some(match gauge {
            Gauge::Cpu => measured.cpu_milli,
            Gauge::Memory => measured.memory_bytes,
        })
    }

    /// The same for a cell.
    pub fn reading(&self, gauge: Gauge, row: &Row) -> Option<Reading> {
        let used = self.amount(gauge, row)?;
        let (room, measure, is_limit) = room(gauge, row);
        let of = if room > 0 { format!("{} {measure}", gauge.words(room)) } else { String::new() };
        Some(Reading { words: gauge.words(used), of, part: (room > 0).then(|| used as f64 / room as f64), is_limit })
    }
}

impl Gauge {
    /// An amount in words: `250m`, `71Mi`.
    pub fn words(self, amount: i64) -> String {
        match self {
            Gauge::Cpu => quantity::cores(amount),
            Gauge::Memory => quantity::bytes(amount),
        }
    }
}

/// What the use of an object is held against; 0 for nothing.
fn room(gauge: Gauge, row: &Row) -> (i64, &'static str, bool) {
    match (&row.facts, gauge) {
        (Facts::Pod(pod), Gauge::Cpu) => (pod.cpu_request_milli, "requested", false),
        (Facts::Pod(pod), Gauge::Memory) => (pod.memory_limit_bytes, "allowed", true),
        (Facts::Node(node), Gauge::Cpu) => (node.cpu_milli, "allocatable", true),
        (Facts::Node(node), Gauge::Memory) => (node.memory_bytes, "allocatable", true),
        _ => (0, "", false),
    }
}

fn place(row: &Row) -> String {
    format!("{}/{}", row.namespace.as_deref().unwrap_or_default(), row.name)
}

#[cfg(test)]
mod tests {
    use krateyard_shared::rows::project;
    use serde_json::json;

    use super::*;

    fn row(kind: Kind, object: serde_json::Value) -> Arc<Row> {
        Arc::new(project(kind, object).unwrap().0)
    }

    #[test]
    fn a_pod_uses_what_its_containers_do_and_is_held_against_request_and_limit() {
        let container = |cpu: &str, memory: &str| json!({"name": "c", "usage": {"cpu": cpu, "memory": memory}});
        let metrics = json!({"metadata": {"name": "a", "namespace": "web"}, "containers": [container("150000000n", "32Mi"), container("50m", "32Mi")]});
        let usage = Usage::of(&[row(Kind::PodMetrics, metrics)]);
        let resources = json!({"requests": {"cpu": "100m"}, "limits": {"memory": "128Mi"}});
        let of = |name: &str, namespace: &str, resources: &serde_json::Value| {
            row(Kind::Pod, json!({"metadata": {"name": name, "namespace": namespace}, "spec": {"containers": [{"name": "c", "resources": resources}]}}))
        };
        let pod = of("a", "web", &resources);
        assert_eq!(usage.amount(Gauge::Cpu, &pod), Some(200));
        assert_eq!(usage.reading(Gauge::Cpu, &pod), Some(Reading { words: "200m".into(), of: "100m requested".into(), part: Some(2.0), is_limit: false }));
        assert_eq!(usage.reading(Gauge::Memory, &pod), Some(Reading { words: "64Mi".into(), of: "128Mi allowed".into(), part: Some(0.5), is_limit: true }));
        let free = usage.reading(Gauge::Memory, &of("a", "web", &json!({}))).unwrap();
        assert_eq!((free.part, free.of.as_str()), (None, ""));
        assert_eq!(usage.reading(Gauge::Cpu, &of("a", "other", &resources)), None, "another pod of the same name");
    }

    #[test]
    fn a_node_is_held_against_what_it_can_give() {
        let usage = Usage::of(&[row(Kind::NodeMetrics, json!({"metadata": {"name": "n"}, "usage": {"cpu": "1", "memory": "1Gi"}}))]);
        let node = row(Kind::Node, json!({"metadata": {"name": "n"}, "status": {"allocatable": {"cpu": "4", "memory": "4Gi"}}}));
        assert_eq!(usage.reading(Gauge::Cpu, &node).and_then(|reading| reading.part), Some(0.25));
        assert_eq!(usage.reading(Gauge::Memory, &node).map(|reading| reading.of), Some("4Gi allocatable".into()));
    }
}
