//! What Describe says of an object, as plain data: built from the whole object and its row, before any view.
//!
//! A summary is sections from top to bottom. A kind that deserves its own has one function, in a file by topic; [`generic`] says something of all others.

mod build;
mod conditions;
mod config;
mod containers;
mod definitions;
mod generic;
mod jobs;
mod lead;
mod network;
mod nodes;
mod pods;
mod rbac;
mod read;
mod related;
mod scaling;
mod storage;
mod usage;
mod workloads;

use krateyard_shared::identity::ObjectRef;
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::Row;
use krateyard_shared::scope::pods_of;
use krateyard_shared::status::Health;
use krateyard_shared::time::Seconds;
use serde_json::Value;

use build::{Facts, Seen};

pub use config::{Data, Entry, SecretValue, value_of};
pub use lead::Lead;
pub use related::{Neighbours, Related, needs_neighbours, reference, related};
pub use scaling::health_of_part;
pub use usage::{Off, Use, UseSource, serves_metrics, use_section, use_source};

/// What a person wants first, from top to bottom.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// Why it is not well; `None` when it is.
    pub lead: Option<Lead>,
    /// What the kind has to say, and what every object has.
    pub sections: Vec<Section>,
    /// Labels and annotations: below what is related.
    pub marks: Vec<Section>,
}

/// One part of a summary.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Its heading; empty for the first.
    pub title: &'static str,
    /// What stands in it.
    pub body: Body,
    /// How many more there are that it does not show.
    pub more: usize,
}

/// What stands in a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Labelled facts.
    Facts(Vec<Fact>),
    /// Rows of cells.
    Table(Table),
    /// How much of how much.
    Bars(Vec<Bar>),
    /// One entry a container.
    Containers(Vec<ContainerSummary>),
    /// `status.conditions`, what is not well first.
    Conditions(Vec<ConditionSummary>),
    /// Short texts, such as labels.
    Chips(Vec<String>),
    /// Keys of a config map or a secret.
    Data(Data),
    /// A sentence in the place of data.
    Words(String),
}

/// A labelled fact.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Such as `Node`.
    pub label: String,
    /// The value.
    pub said: Said,
    /// A muted word beside it.
    pub note: String,
    /// How it does; `None` for what is neither good nor bad.
    pub health: Option<Health>,
}

/// A value: whose words it is, and where it leads.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// As the cluster says it.
    Cluster(String),
    /// In Krateyard's words.
    Ours(String),
    /// What it names, to open it.
    Links(Vec<Link>),
}

/// Something to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it reads.
    pub words: String,
    /// What it opens.
    pub to: To,
}

/// What a link opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// One object.
    Object(ObjectRef),
    /// A live list.
    List {
        /// Plural and group as in RBAC; `None` for everything of a namespace.
        resource: Option<String>,
        /// `None` for every namespace.
        namespace: Option<String>,
    },
    /// The pods of a node or a workload.
    Pods(ObjectRef),
}

/// A small table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Titles.
    pub columns: &'static [&'static str],
    /// A cell a column each.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell of a small table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cell {
    /// What it reads.
    pub text: String,
    /// What it opens.
    pub to: Option<To>,
}

/// How much of how much, as a bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Of what, such as `Memory`.
    pub label: String,
    /// From 0 to 1; nothing where there is nothing to compare it with.
    pub part: Option<f64>,
    /// Where the tick stands, from 0 to 1.
    pub tick: Option<f64>,
    /// Such as `71Mi of 256Mi`.
    pub words: String,
    /// `Bad` and `Warn` have their colours.
    pub health: Health,
}

/// A container in a few words.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerSummary {
    /// Name.
    pub name: String,
    /// `init`, `sidecar`; empty for an ordinary one.
    pub role: &'static str,
    /// How it does.
    pub health: Health,
    /// Where it is: `Running 3m`, `CrashLoopBackOff`.
    pub state: String,
    /// Image.
    pub image: String,
    /// Lines of what else a person asks of it: requests and limits, ports, how its last run ended.
    pub lines: Vec<String>,
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionSummary {
    /// Its type, such as `Ready`.
    pub name: String,
    /// Whether it is as it should be.
    pub health: Health,
    /// Reason, and message where there is one; empty when all is well.
    pub why: String,
    /// Since when, as an age.
    pub since: String,
}

/// The summary of an object.
pub fn summary(object: &Value, row: Option<&Row>, about: &ObjectRef, now: Seconds) -> Summary {
    let seen = Seen { object, row, about, now };
    let kind = Kind::of_name(&about.group, &about.kind);
    let mut sections = of_kind(kind, &seen);
    // What every object has stands at the end of the facts.
    match sections.first_mut() {
        Some(Section { title: "", body: Body::Facts(facts), .. }) => facts.extend(every(&seen)),
        _ => sections.insert(0, Section { title: "", body: Body::Facts(every(&seen)), more: 0 }),
    }
    sections.extend(containers::containers(&seen));
    sections.extend(conditions::conditions(&seen));
    sections.retain(|section| !section.is_empty());
    Summary { lead: row.and_then(|row| lead::lead(row, now)), sections, marks: generic::marks(&seen) }
}

fn of_kind(kind: Option<Kind>, seen: &Seen<'_>) -> Vec<Section> {
    match kind {
        Some(Kind::Pod) => pods::pod(seen),
        Some(Kind::Deployment) => workloads::deployment(seen),
        Some(Kind::ReplicaSet | Kind::ReplicationController) => workloads::replica_set(seen),
        Some(Kind::StatefulSet) => workloads::stateful_set(seen),
        Some(Kind::DaemonSet) => workloads::daemon_set(seen),
        Some(Kind::Job) => jobs::job(seen),
        Some(Kind::CronJob) => jobs::cron_job(seen),
        Some(Kind::Node) => nodes::node(seen),
        Some(Kind::Service) => network::service(seen),
        Some(Kind::Ingress) => network::ingress(seen),
        Some(Kind::PersistentVolumeClaim) => storage::claim(seen),
        Some(Kind::PersistentVolume) => storage::volume(seen),
        Some(Kind::ConfigMap) => config::config_map(seen),
        Some(Kind::Secret) => config::secret(seen),
        Some(Kind::Role | Kind::ClusterRole) => rbac::role(seen),
        Some(Kind::RoleBinding | Kind::ClusterRoleBinding) => rbac::binding(seen),
        Some(Kind::ServiceAccount) => rbac::account(seen),
        Some(Kind::HorizontalPodAutoscaler) => scaling::autoscaler(seen),
        Some(Kind::PodDisruptionBudget) => scaling::disruption_budget(seen),
        Some(Kind::ResourceQuota) => scaling::quota(seen),
        Some(Kind::LimitRange) => scaling::limit_range(seen),
        Some(Kind::CustomResourceDefinition) => definitions::definition(seen),
        Some(Kind::Event) => generic::event(seen),
        Some(Kind::Namespace) => generic::namespace(seen),
        Some(kind) => generic::plain(kind, seen),
        None => generic::unknown(seen),
    }
}

/// Its pods, who owns it, and since when it is there.
fn every(seen: &Seen<'_>) -> Vec<Fact> {
    let mut facts = Facts::default();
    let ObjectRef { group, kind, namespace, name, .. } = seen.about;
    if Kind::of_name(group, kind).and_then(|kind| pods_of(kind, namespace.as_deref(), name)).is_some() {
        facts.link("Pods", "live list", To::Pods(seen.about.clone()), "");
    }
    facts.links("Owner", seen.owners());
    facts.ago("Created", &seen.meta()["creationTimestamp"], seen.now);
    facts.0
}

impl Section {
    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        match &self.body {
            Body::Facts(facts) => facts.is_empty(),
            Body::Table(table) => table.rows.is_empty(),
            Body::Bars(bars) => bars.is_empty(),
            Body::Containers(containers) => containers.is_empty(),
            Body::Conditions(conditions) => conditions.is_empty(),
            Body::Chips(chips) => chips.is_empty(),
            Body::Data(data) => data.entries.is_empty(),
            Body::Words(words) => words.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests;
