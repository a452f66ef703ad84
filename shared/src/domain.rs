//! The refresh subsystem's contract: one entry a domain, read by both sides.

use crate::kinds::{KINDS, Kind, KindEntry};

/// What a table (or another part of the screen) leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Domain {
    Namespaces,
    Nodes,
    Pods,
    Workloads,
    Config,
    Network,
    Storage,
    Autoscaling,
    Quotas,
    Rbac,
    ClusterConfig,
    Devices,
    Crds,
    Custom,
    /// Releases of Helm.
    Helm,
    Events,
    /// What needs somebody, in all of the cluster.
    Attention,
    /// How many objects do how.
    ClusterOverview,
    /// What pods and nodes use now.
    Metrics,
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
#[rustfmt::skip]
pub const DOMAINS: &[DomainEntry] = &[
    watched(Domain::Namespaces, "namespaces", &[Kind::Namespace], Gate::ListWatch, Mode::All).every(2000).first(0),
    watched(Domain::Nodes, "nodes", &[Kind::Node], Gate::ListWatch, Mode::All).first(1),
    watched(Domain::Pods, "pods", &[Kind::Pod], Gate::ListWatch, Mode::All).patient(30_000),
    DomainEntry { cooldown_ms: 500, ..watched(Domain::Workloads, "workloads", &[
        Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::CronJob, Kind::ReplicaSet, Kind::ReplicationController, Kind::PodTemplate,
        Kind::ControllerRevision,
    ], Gate::List, Mode::Any).first(5) },
    watched(Domain::Config, "config", &[Kind::ConfigMap, Kind::Secret], Gate::List, Mode::Any),
    watched(Domain::Network, "network", &[
        Kind::Service, Kind::EndpointSlice, Kind::Endpoints, Kind::Ingress, Kind::NetworkPolicy, Kind::IPAddress, Kind::ServiceCIDR,
    ], Gate::List, Mode::Any),
    watched(Domain::Storage, "storage", &[
        Kind::PersistentVolumeClaim, Kind::PersistentVolume, Kind::StorageClass, Kind::VolumeAttachment, Kind::VolumeAttributesClass, Kind::CSIDriver,
        Kind::CSINode, Kind::CSIStorageCapacity,
    ], Gate::ListWatch, Mode::All),
    watched(Domain::Autoscaling, "autoscaling", &[Kind::HorizontalPodAutoscaler], Gate::ListWatch, Mode::All),
    watched(Domain::Quotas, "quotas", &[Kind::ResourceQuota, Kind::LimitRange, Kind::PodDisruptionBudget], Gate::List, Mode::Any).every(10_000),
    watched(Domain::Rbac, "rbac", &[
        Kind::Role, Kind::RoleBinding, Kind::ServiceAccount, Kind::ClusterRole, Kind::ClusterRoleBinding, Kind::CertificateSigningRequest,
    ], Gate::List, Mode::Any).every(10_000),
    watched(Domain::ClusterConfig, "cluster-config", &[
        Kind::IngressClass, Kind::ValidatingWebhookConfiguration, Kind::MutatingWebhookConfiguration, Kind::ValidatingAdmissionPolicy,
        Kind::ValidatingAdmissionPolicyBinding, Kind::MutatingAdmissionPolicy, Kind::MutatingAdmissionPolicyBinding, Kind::APIService, Kind::PriorityClass,
        Kind::RuntimeClass, Kind::FlowSchema, Kind::PriorityLevelConfiguration, Kind::Lease,
    ], Gate::List, Mode::Any).every(10_000),
    watched(Domain::Devices, "devices", &[Kind::ResourceClaim, Kind::ResourceClaimTemplate, Kind::DeviceClass, Kind::ResourceSlice], Gate::List, Mode::Any)
        .every(10_000),
    watched(Domain::Crds, "crds", &[Kind::CustomResourceDefinition], Gate::ListWatch, Mode::All).every(15_000).patient(60_000),
    // Its kinds are learnt from the cluster.
    watched(Domain::Custom, "custom", &[], Gate::List, Mode::All).every(10_000).patient(60_000),
    watched(Domain::Helm, "helm", &[Kind::HelmRelease], Gate::List, Mode::All).every(10_000),
    watched(Domain::Events, "events", &[Kind::Event], Gate::List, Mode::All).every(3000),
    // Of these two the proxy tells findings and counts, once a second at most ([`crate::scope::Scope`]).
    watched(Domain::Attention, "attention", &[
        Kind::Pod, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::HorizontalPodAutoscaler, Kind::Service,
        Kind::PersistentVolumeClaim, Kind::PersistentVolume, Kind::Node, Kind::Namespace, Kind::APIService,
    ], Gate::List, Mode::Any).first(0),
    watched(Domain::ClusterOverview, "cluster-overview", &[
        Kind::Pod, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::PersistentVolumeClaim, Kind::Node, Kind::Event,
    ], Gate::List, Mode::Any).first(3),
    // metrics-server measures this often (`--metric-resolution`): more often shows nothing new.
    watched(Domain::Metrics, "metrics", &[Kind::PodMetrics, Kind::NodeMetrics], Gate::Direct, Mode::Any).every(15_000),
    DomainEntry { cooldown_ms: 1500, ..watched(Domain::Catalog, "catalog", &CATALOG, Gate::Direct, Mode::Any).every(15_000).patient(30_000).first(4) },
    watched(Domain::Object, "object", &[], Gate::Direct, Mode::All),
];

/// What most domains have in common.
const fn watched(domain: Domain, name: &'static str, kinds: &'static [Kind], gate: Gate, mode: Mode) -> DomainEntry {
    DomainEntry { domain, name, kinds, gate, mode, interval_ms: 5000, cooldown_ms: 1000, timeout_ms: 10_000, priority: 6 }
}

impl DomainEntry {
    const fn every(self, interval_ms: u64) -> DomainEntry {
        DomainEntry { interval_ms, ..self }
    }

    const fn patient(self, timeout_ms: u64) -> DomainEntry {
        DomainEntry { timeout_ms, ..self }
    }

    const fn first(self, priority: u8) -> DomainEntry {
        DomainEntry { priority, ..self }
    }
}

/// The kinds that Spotlight searches, in the order of [`KINDS`].
const CATALOG: [Kind; searched(KINDS)] = {
    let mut kinds = [Kind::Pod; searched(KINDS)];
    let (mut from, mut to) = (0, 0);
    while from < KINDS.len() {
        if KINDS[from].is_searched() {
            kinds[to] = KINDS[from].kind;
            to += 1;
        }
        from += 1;
    }
    kinds
};

const fn searched(entries: &[KindEntry]) -> usize {
    let (mut at, mut count) = (0, 0);
    while at < entries.len() {
        if entries[at].is_searched() {
            count += 1;
        }
        at += 1;
    }
    count
}

impl Domain {
    /// The entry of this domain.
    pub fn entry(self) -> &'static DomainEntry {
        DOMAINS.iter().find(|entry| entry.domain == self).expect("DOMAINS names every domain: a test holds it")
    }

    /// Whether its kinds are those of other domains, looked at in another way.
    fn spans_others(self) -> bool {
        matches!(self, Domain::Catalog | Domain::Attention | Domain::ClusterOverview)
    }

    /// The domain that shows a kind's collection.
    pub fn of_kind(kind: Kind) -> Domain {
        if matches!(kind, Kind::Custom(_)) {
            return Domain::Custom;
        }
        let shows = |entry: &&DomainEntry| !entry.domain.spans_others() && entry.kinds.contains(&kind);
        DOMAINS.iter().find(shows).expect("each kind is in one domain: a test holds it").domain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_domain_has_an_entry() {
        use Domain::{
            Attention, Autoscaling, Catalog, ClusterConfig, ClusterOverview, Config, Crds, Custom, Devices, Events, Metrics, Namespaces, Network, Nodes,
            Object, Pods, Quotas, Rbac, Storage, Workloads,
        };
        let all = [
            Namespaces,
            Nodes,
            Pods,
            Workloads,
            Config,
            Network,
            Storage,
            Autoscaling,
            Quotas,
            Rbac,
            ClusterConfig,
            Devices,
            Crds,
            Custom,
            Domain::Helm,
            Events,
            Metrics,
            Attention,
            ClusterOverview,
            Catalog,
            Object,
        ];
        assert_eq!(all.len(), DOMAINS.len());
        for domain in all {
            assert_eq!(domain.entry().domain, domain);
        }
    }

    #[test]
    fn every_kind_is_in_one_domain_that_shows_it() {
        for entry in KINDS {
            let shown = DOMAINS.iter().filter(|domain| !domain.domain.spans_others() && domain.kinds.contains(&entry.kind));
            assert_eq!(shown.count(), 1, "{}", entry.name);
            assert_eq!(Domain::of_kind(entry.kind).entry().kinds.iter().filter(|kind| **kind == entry.kind).count(), 1, "{}", entry.name);
        }
    }

    #[test]
    fn the_catalog_holds_all_but_what_changes_by_itself_all_the_time() {
        let missing: Vec<_> = KINDS.iter().filter(|entry| !CATALOG.contains(&entry.kind)).map(|entry| entry.plural).collect();
        assert_eq!(missing, ["endpoints", "releases", "leases", "pods", "nodes", "events"]);
    }
}
