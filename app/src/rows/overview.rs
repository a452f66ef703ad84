//! The cluster in numbers: what the overview shows, out of counts, nodes and their use. Plain data, made before there is a view.

use std::collections::BTreeMap;
use std::sync::Arc;

use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::{Facts, Row, SummaryFacts};

use super::counts::counted;
use super::usage::{Gauge, Usage};

/// Counts by kind and by namespace.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overview {
    /// In the order of the domain; only kinds of which there are some.
    pub kinds: Vec<(Kind, SummaryFacts)>,
    /// The worst first.
    pub namespaces: Vec<NamespaceCounts>,
    /// Events that warn, as far back as the cluster keeps them.
    pub warnings: u32,
}

/// What is in a namespace.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NamespaceCounts {
    /// Its name.
    pub name: String,
    /// Its objects, events not among them.
    pub objects: SummaryFacts,
    /// Its events that warn.
    pub warnings: u32,
}

/// What the nodes can give, and give.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Capacity {
    /// How many.
    pub nodes: usize,
    /// Kubelets' versions and how many have them, the newest first as text goes.
    pub versions: Vec<(String, usize)>,
    /// CPU in millicores.
    pub cpu: Measure,
    /// Memory in bytes.
    pub memory: Measure,
}

/// An amount, and what of it is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measure {
    /// All of it.
    pub all: i64,
    /// What is used; `None` where nothing measures.
    pub used: Option<i64>,
}

/// All counts in one.
pub fn total(rows: &[Arc<Row>]) -> SummaryFacts {
    rows.iter().filter_map(|row| counted(row)).filter_map(|counted| counted.objects()).fold(SummaryFacts::default(), SummaryFacts::and)
}

impl Overview {
    /// Of counts of these kinds, which stand in this order.
    pub fn of(kinds: &[Kind], rows: &[Arc<Row>]) -> Overview {
        let mut overview = Overview::default();
        let mut namespaces = BTreeMap::<&str, NamespaceCounts>::new();
        let mut by_kind = vec![SummaryFacts::default(); kinds.len()];
        for (row, counted) in rows.iter().filter_map(|row| Some((row, counted(row)?))) {
            let (objects, warnings) = (counted.objects().unwrap_or_default(), counted.warnings());
            overview.warnings += warnings;
            if let Some(at) = kinds.iter().position(|kind| *kind == row.kind) {
                by_kind[at] = by_kind[at].and(objects);
            }
            let Some(name) = row.namespace.as_deref() else { continue };
            let entry = namespaces.entry(name).or_insert_with(|| NamespaceCounts { name: name.into(), ..NamespaceCounts::default() });
            entry.warnings += warnings;
            entry.objects = entry.objects.and(objects);
        }
        overview.kinds = kinds.iter().copied().zip(by_kind).filter(|(_, counts)| counts.all() > 0).collect();
        overview.namespaces = namespaces.into_values().collect();
        let badness = |counts: &NamespaceCounts| (counts.objects.bad, counts.objects.warn, counts.objects.pending, counts.warnings);
        overview.namespaces.sort_by(|a, b| badness(b).cmp(&badness(a)).then_with(|| a.name.cmp(&b.name)));
        overview
    }
}

impl Capacity {
    /// Of nodes and what they use.
    pub fn of(nodes: &[Arc<Row>], usage: &Usage) -> Capacity {
        let mut capacity = Capacity { nodes: nodes.len(), ..Capacity::default() };
        let mut versions = BTreeMap::<&str, usize>::new();
        for row in nodes {
            let Facts::Node(node) = &row.facts else { continue };
            *versions.entry(&node.version).or_default() += 1;
            capacity.cpu.all += node.cpu_milli;
            capacity.memory.all += node.memory_bytes;
            for (measure, gauge) in [(&mut capacity.cpu, Gauge::Cpu), (&mut capacity.memory, Gauge::Memory)] {
                if let Some(used) = usage.amount(gauge, row) {
                    measure.used = Some(measure.used.unwrap_or_default() + used);
                }
            }
        }
        capacity.versions = versions.into_iter().rev().map(|(version, count)| (version.to_owned(), count)).collect();
        capacity
    }
}

#[cfg(test)]
mod tests {
    use krateyard_shared::rows::project;
    use serde_json::json;

    use super::*;

    fn counted(kind: Kind, namespace: Option<&str>, bad: u32, warn: u32, ok: u32) -> Arc<Row> {
        Arc::new(Row::summary(namespace, SummaryFacts { bad, warn, ok, ..SummaryFacts::default() }).of_kind(kind))
    }

    #[test]
    fn counts_are_summed_by_kind_and_by_namespace_and_the_worst_namespace_is_first() {
        let rows = [
            counted(Kind::Pod, Some("web"), 0, 0, 5),
            counted(Kind::Pod, Some("shop"), 2, 0, 1),
            counted(Kind::Deployment, Some("shop"), 1, 0, 0),
            counted(Kind::Node, None, 0, 1, 3),
            counted(Kind::Event, Some("web"), 0, 7, 0),
        ];
        let overview = Overview::of(&[Kind::Node, Kind::Pod, Kind::Deployment, Kind::Job, Kind::Event], &rows);
        let kinds: Vec<_> = overview.kinds.iter().map(|(kind, counts)| (*kind, counts.bad, counts.all())).collect();
        assert_eq!(kinds, [(Kind::Node, 0, 4), (Kind::Pod, 2, 8), (Kind::Deployment, 1, 1)]);
        let namespaces: Vec<_> = overview.namespaces.iter().map(|n| (n.name.as_str(), n.objects.bad, n.objects.all(), n.warnings)).collect();
        assert_eq!(namespaces, [("shop", 3, 4, 0), ("web", 0, 5, 7)]);
        assert_eq!((overview.warnings, total(&rows).all(), total(&rows).warn), (7, 13, 1), "events are no objects that do badly");
    }

    #[test]
    fn nodes_give_what_they_have_and_what_is_not_measured_is_not_zero() {
        let node = |name: &str, version: &str| {
            let status = json!({"allocatable": {"cpu": "4", "memory": "8Gi"}, "nodeInfo": {"kubeletVersion": version}});
            Arc::new(project(Kind::Node, json!({"metadata": {"name": name}, "status": status})).unwrap().0)
        };
        let nodes = [node("a", "v1.35.1"), node("b", "v1.36.2"), node("c", "v1.36.2")];
        let none = Capacity::of(&nodes, &Usage::default());
        assert_eq!((none.nodes, none.cpu), (3, Measure { all: 12_000, used: None }));
        assert_eq!(none.versions, [("v1.36.2".to_owned(), 2), ("v1.35.1".to_owned(), 1)]);
        let measured = Arc::new(project(Kind::NodeMetrics, json!({"metadata": {"name": "b"}, "usage": {"cpu": "1", "memory": "2Gi"}})).unwrap().0);
        assert_eq!(Capacity::of(&nodes, &Usage::of(&[measured])).memory, Measure { all: 24 << 30, used: Some(2 << 30) });
    }
}
