//! The kinds that have rows: one entry each, and the one place where each thing about a kind is said.
//!
//! Seven kinds have facts of their own types ([`crate::rows`]); all others are plain: their columns stand here, and a row is a cell a column.

mod columns;
mod custom;
mod entries;

pub use columns::{Format, PrinterColumn};
pub use custom::{CustomColumn, CustomId, CustomKind, MOST_CUSTOM};
pub use entries::KINDS;

use crate::identity::Resource;

/// A kind whose objects have rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Kind {
    Namespace,
    Node,
    Pod,
    Deployment,
    ReplicaSet,
    Service,
    Event,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    ReplicationController,
    PodTemplate,
    ControllerRevision,
    HorizontalPodAutoscaler,
    PodDisruptionBudget,
    ConfigMap,
    Secret,
    ResourceQuota,
    LimitRange,
    Ingress,
    IngressClass,
    NetworkPolicy,
    EndpointSlice,
    Endpoints,
    IPAddress,
    ServiceCIDR,
    PersistentVolumeClaim,
    PersistentVolume,
    StorageClass,
    VolumeAttachment,
    VolumeAttributesClass,
    CSIDriver,
    CSINode,
    CSIStorageCapacity,
    ServiceAccount,
    Role,
    RoleBinding,
    ClusterRole,
    ClusterRoleBinding,
    CertificateSigningRequest,
    CustomResourceDefinition,
    APIService,
    ValidatingWebhookConfiguration,
    MutatingWebhookConfiguration,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    MutatingAdmissionPolicy,
    MutatingAdmissionPolicyBinding,
    PriorityClass,
    RuntimeClass,
    Lease,
    FlowSchema,
    PriorityLevelConfiguration,
    DeviceClass,
    ResourceClaim,
    ResourceClaimTemplate,
    ResourceSlice,
    /// A release of Helm: no object, but what the labels of its secrets say ([`crate::rows::helm`]).
    HelmRelease,
    /// What a pod uses now.
    PodMetrics,
    /// What a node uses now.
    NodeMetrics,
    /// One that the cluster defines itself.
    Custom(CustomId),
}

/// What is known of a kind without asking a cluster.
#[derive(Debug, Clone, Copy)]
pub struct KindEntry {
    /// The kind itself.
    pub kind: Kind,
    /// API group, empty for core.
    pub group: &'static str,
    /// API version that rows are made from.
    pub version: &'static str,
    /// Plural, as in paths and RBAC.
    pub plural: &'static str,
    /// The word in `kind:`.
    pub name: &'static str,
    /// Title of a collection, such as `Pods`.
    pub title: &'static str,
    /// Singular and short names, as discovery reports them.
    pub aliases: &'static [&'static str],
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Weight in Spotlight: higher first at equal match (experience.md).
    pub weight: u16,
    /// Views in the order of their tabs; [`View::first_of`] says which one Enter opens.
    pub views: &'static [View],
    /// What rows of a plain kind show besides name, namespace and age, a cell a column; none for the kinds with facts of their own types.
    pub columns: &'static [PrinterColumn],
}

/// Below it, objects come and go by themselves all the time (events, heartbeats of leases, what slices say of endpoints anyway): Spotlight does not hold them.
const SEARCHED_FROM: u16 = 3;
/// Below it, objects are what controllers keep for themselves: a list of everything in a namespace leaves them out.
const EVERYDAY_FROM: u16 = 5;

impl KindEntry {
    /// Whether Spotlight searches the objects of this kind; the kind itself it always finds.
    pub const fn is_searched(&self) -> bool {
        self.weight >= SEARCHED_FROM
    }

    /// Whether it only says something of objects of another kind, and is shown beside them: Spotlight does not name it.
    pub const fn is_overlay(&self) -> bool {
        matches!(self.kind, Kind::PodMetrics | Kind::NodeMetrics)
    }

    /// Whether a list of everything in a namespace shows it.
    pub const fn is_everyday(&self) -> bool {
        self.namespaced && self.weight >= EVERYDAY_FROM
    }
}

/// A view of one object. Its letter stands for it everywhere and is its shortcut with Alt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum View {
    Logs,
    Shell,
    Describe,
    Yaml,
    Events,
    Map,
}

impl View {
    /// The letter of this view.
    pub fn letter(self) -> char {
        match self {
            View::Logs => 'L',
            View::Shell => 'S',
            View::Describe => 'D',
            View::Yaml => 'Y',
            View::Events => 'E',
            View::Map => 'M',
        }
    }

    /// The word of this view, as in a tab.
    pub fn word(self) -> &'static str {
        match self {
            View::Logs => "Logs",
            View::Shell => "Shell",
            View::Describe => "Describe",
            View::Yaml => "YAML",
            View::Events => "Events",
            View::Map => "Map",
        }
    }

    /// The view that opens first of those that a kind has: the logs of what runs by itself (a pod), else Describe. Of a workload one wants to know first how it does.
    pub fn first_of(views: &[View]) -> Option<View> {
        let wanted = if views.contains(&View::Shell) { View::Logs } else { View::Describe };
        views.iter().find(|view| **view == wanted).or(views.first()).copied()
    }

    /// The view of a letter, in either case.
    pub fn from_letter(letter: char) -> Option<View> {
        [View::Logs, View::Shell, View::Describe, View::Yaml, View::Events, View::Map].into_iter().find(|view| view.letter() == letter.to_ascii_uppercase())
    }
}

impl Kind {
    /// Whether its rows are cells of its columns, instead of facts of their own type.
    pub fn is_plain(self) -> bool {
        !matches!(self, Kind::Namespace | Kind::Node | Kind::Pod | Kind::Deployment | Kind::ReplicaSet | Kind::Service | Kind::Event)
    }

    /// Whether its rows may be shared by everybody who may list it. Those of secrets are asked for under each person's own rights.
    pub fn is_shared(self) -> bool {
        !matches!(self, Kind::Secret | Kind::HelmRelease)
    }

    /// Whether it is listed again and again: no API server watches what is measured, and a release is many secrets.
    pub fn is_polled(self) -> bool {
        matches!(self, Kind::PodMetrics | Kind::NodeMetrics | Kind::HelmRelease)
    }

    /// The resource that is asked for its rows, and whose rights count.
    pub fn source(self) -> Resource {
        if self == Kind::HelmRelease { Kind::Secret.resource() } else { self.resource() }
    }

    /// What is known of this kind.
    pub fn entry(self) -> &'static KindEntry {
        match self {
            Kind::Custom(id) => id.entry(),
            kind => KINDS.iter().find(|entry| entry.kind == kind).expect("KINDS names every kind: a test holds it"),
        }
    }

    /// Every kind that is known: those of Kubernetes, then those that clusters define themselves.
    pub fn known() -> impl Iterator<Item = &'static KindEntry> {
        KINDS.iter().filter(|entry| !entry.is_overlay()).chain(custom::latest())
    }

    /// The resource that serves this kind.
    pub fn resource(self) -> Resource {
        let entry = self.entry();
        Resource { group: entry.group.into(), version: entry.version.into(), plural: entry.plural.into() }
    }

    /// The kind of Kubernetes' own that a resource serves, if it has rows. What else it may serve, each cluster says for itself.
    pub fn of_resource(resource: &Resource) -> Option<Kind> {
        KINDS.iter().find(|e| e.group == resource.group && e.version == resource.version && e.plural == resource.plural).map(|e| e.kind)
    }

    /// The kind of a plural with its group, such as `deployments.apps`.
    pub fn of_plural(word: &str) -> Option<Kind> {
        let (plural, group) = word.split_once('.').unwrap_or((word, ""));
        find(|e| e.plural == plural && e.group == group)
    }

    /// The kind of an object's `apiVersion` group and `kind`.
    pub fn of_name(group: &str, name: &str) -> Option<Kind> {
        find(|e| e.group == group && e.name == name)
    }

    /// The kind that a person means by a word: plural, singular, short name or kind, in any case.
    pub fn of_word(word: &str) -> Option<Kind> {
        let word = word.to_ascii_lowercase();
        find(|e| !e.is_overlay() && (e.plural == word || e.aliases.contains(&word.as_str())))
    }
}

/// Built-in kinds go before those that a cluster defines.
fn find(fits: impl Fn(&KindEntry) -> bool) -> Option<Kind> {
    KINDS.iter().find(|entry| fits(entry)).or_else(|| custom::find(&fits)).map(|entry| entry.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_entry_and_is_found_by_each_of_its_words() {
        // That every variant has an entry is what `Domain` and `project` rely on; they name each.
        let kinds: std::collections::BTreeSet<Kind> = KINDS.iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds.len(), KINDS.len());
        for kind in kinds {
            let entry = kind.entry();
            assert_eq!(Kind::of_resource(&kind.resource()), Some(kind));
            assert_eq!(Kind::of_name(entry.group, entry.name), Some(kind));
            // What is shown beside another kind is asked for by no word.
            for word in entry.aliases.iter().chain([&entry.plural, &entry.name]).filter(|_| !entry.is_overlay()) {
                assert_eq!(Kind::of_word(word), Some(kind), "{word}");
            }
        }
    }

    #[test]
    fn no_word_names_two_kinds() {
        let mut words: Vec<_> = KINDS.iter().filter(|e| !e.is_overlay()).flat_map(|e| e.aliases.iter().copied().chain([e.plural])).collect();
        words.sort_unstable();
        let all = words.len();
        words.dedup();
        assert_eq!(words.len(), all);
    }
}
