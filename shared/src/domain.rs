//! The refresh subsystem's contract: one entry a domain, read by both sides.

use crate::kinds::Kind;

/// What a table (or another part of the screen) leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Domain {
    Namespaces,
    Nodes,
    Pods,
    Workloads,
    Network,
    Events,
    /// Everything that Spotlight searches.
    Catalog,
    /// One object whole.
    Object,
}

/// Which right a domain's kinds are checked for before it registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Always registers.
    Direct,
    /// `list` on each kind.
    List,
    /// `list` and `watch` on each kind.
    ListWatch,
}

/// How many of a domain's kinds must be readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Every kind.
    All,
    /// Any kind: partial data, with what is missing named.
    Any,
}

/// One line of refresh.md's table. Times in milliseconds.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct DomainEntry {
    pub domain: Domain,
    pub name: &'static str,
    pub kinds: &'static [Kind],
    pub gate: Gate,
    pub mode: Mode,
    pub interval_ms: u64,
    pub cooldown_ms: u64,
    pub timeout_ms: u64,
    /// Lower is opened first.
    pub priority: u8,
}

/// Every domain.
pub const DOMAINS: &[DomainEntry] = &[
    DomainEntry {
        domain: Domain::Namespaces,
        name: "namespaces",
        kinds: &[Kind::Namespace],
        gate: Gate::ListWatch,
        mode: Mode::All,
        interval_ms: 2000,
        cooldown_ms: 1000,
        timeout_ms: 10_000,
        priority: 0,
    },
    DomainEntry {
        domain: Domain::Nodes,
        name: "nodes",
        kinds: &[Kind::Node],
        gate: Gate::ListWatch,
        mode: Mode::All,
        interval_ms: 5000,
        cooldown_ms: 1000,
        timeout_ms: 10_000,
        priority: 1,
    },
    DomainEntry {
        domain: Domain::Pods,
        name: "pods",
        kinds: &[Kind::Pod],
        gate: Gate::ListWatch,
        mode: Mode::All,
        interval_ms: 5000,
        cooldown_ms: 1000,
        timeout_ms: 30_000,
        priority: 6,
    },
    DomainEntry {
        domain: Domain::Workloads,
        name: "workloads",
        kinds: &[Kind::Deployment, Kind::ReplicaSet],
        gate: Gate::List,
        mode: Mode::Any,
        interval_ms: 5000,
        cooldown_ms: 500,
        timeout_ms: 10_000,
        priority: 5,
    },
    DomainEntry {
        domain: Domain::Network,
        name: "network",
        kinds: &[Kind::Service],
        gate: Gate::List,
        mode: Mode::Any,
        interval_ms: 5000,
        cooldown_ms: 1000,
        timeout_ms: 10_000,
        priority: 6,
    },
    DomainEntry {
        domain: Domain::Events,
        name: "events",
        kinds: &[Kind::Event],
        gate: Gate::List,
        mode: Mode::All,
        interval_ms: 3000,
        cooldown_ms: 1000,
        timeout_ms: 10_000,
        priority: 6,
    },
    DomainEntry {
        domain: Domain::Catalog,
        name: "catalog",
        kinds: &[Kind::Namespace, Kind::Node, Kind::Pod, Kind::Deployment, Kind::ReplicaSet, Kind::Service],
        gate: Gate::Direct,
        mode: Mode::Any,
        interval_ms: 15_000,
        cooldown_ms: 1500,
        timeout_ms: 30_000,
        priority: 4,
    },
    DomainEntry {
        domain: Domain::Object,
        name: "object",
        kinds: &[],
        gate: Gate::Direct,
        mode: Mode::All,
        interval_ms: 5000,
        cooldown_ms: 1000,
        timeout_ms: 10_000,
        priority: 6,
    },
];

impl Domain {
    /// The entry of this domain.
    pub fn entry(self) -> &'static DomainEntry {
        DOMAINS.iter().find(|entry| entry.domain == self).expect("DOMAINS names every domain: a test holds it")
    }

    /// The domain that shows a kind's collection.
    pub fn of_kind(kind: Kind) -> Domain {
        match kind {
            Kind::Namespace => Domain::Namespaces,
            Kind::Node => Domain::Nodes,
            Kind::Pod => Domain::Pods,
            Kind::Deployment | Kind::ReplicaSet => Domain::Workloads,
            Kind::Service => Domain::Network,
            Kind::Event => Domain::Events,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::KINDS;

    #[test]
    fn every_domain_has_an_entry_and_every_kind_is_in_the_domain_that_shows_it() {
        use Domain::{Catalog, Events, Namespaces, Network, Nodes, Object, Pods, Workloads};
        for domain in [Namespaces, Nodes, Pods, Workloads, Network, Events, Catalog, Object] {
            assert_eq!(domain.entry().domain, domain);
        }
        for entry in KINDS {
            assert!(Domain::of_kind(entry.kind).entry().kinds.contains(&entry.kind), "{}", entry.name);
        }
    }
}
