//! Rows: compact typed facts of one object, and the ONE constructor of each. A snapshot, a stream and a REST answer all make rows here.
//!
//! A row says what the object says; what that means (status words, ranks) is in [`crate::status`].

mod event;
mod namespace;
mod network;
mod node;
mod plain;
mod pod;
mod summary;
mod uses;
mod workload;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

pub use event::EventFacts;
pub use namespace::NamespaceFacts;
pub use network::{PortFacts, ServiceFacts};
pub use node::NodeFacts;
pub use plain::helm;
pub use plain::metrics::{Measured, measured};
pub use plain::{CellValue, PlainFacts, PlainStatus};
pub use pod::{ContainerFacts, ContainerRole, ContainerRunState, Ended, PodFacts};
pub use summary::SummaryFacts;
pub use uses::{Use, Used};
pub use workload::{DeploymentFacts, ReplicaSetFacts};

use crate::kinds::Kind;
use crate::objects::{self, Meta};
use crate::time::{self, Seconds};

/// One object as a table shows it.
///
/// Its kind does not travel: whoever asked for rows knows of which kind they are, also where the kind is one that only this cluster has. `Row<()>` is a row
/// as it comes from the wire; [`Row::of_kind`] makes it a whole one.
#[derive(Debug, Clone, PartialEq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Row<K = Kind> {
    /// The kind that was asked for.
    #[cbor(skip)]
    #[serde(skip)]
    pub kind: K,
    /// `metadata.uid`: the key of a row.
    #[n(0)]
    pub uid: String,
    /// Namespace; `None` for cluster-scoped kinds.
    #[n(1)]
    pub namespace: Option<String>,
    /// Name.
    #[n(2)]
    pub name: String,
    /// `metadata.creationTimestamp`; 0 where it is absent.
    #[n(3)]
    pub created: Seconds,
    /// `metadata.deletionTimestamp`.
    #[n(4)]
    pub deleting: Option<Seconds>,
    /// Labels, in the order of their keys.
    #[n(5)]
    pub labels: Vec<(String, String)>,
    /// The owner that controls it.
    #[n(6)]
    pub owner: Option<Owner>,
    /// What its kind adds.
    #[n(7)]
    pub facts: Facts,
}

/// The controlling owner of an object.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Owner {
    /// Kind, such as `ReplicaSet`.
    #[n(0)]
    pub kind: String,
    /// Name.
    #[n(1)]
    pub name: String,
    /// `metadata.uid`.
    #[n(2)]
    pub uid: String,
}

/// What a kind adds to a row.
#[derive(Debug, Clone, PartialEq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "kind")]
#[allow(missing_docs)]
pub enum Facts {
    #[n(0)]
    Namespace(#[n(0)] NamespaceFacts),
    #[n(1)]
    Node(#[n(0)] NodeFacts),
    #[n(2)]
    Pod(#[n(0)] PodFacts),
    #[n(3)]
    Deployment(#[n(0)] DeploymentFacts),
    #[n(4)]
    ReplicaSet(#[n(0)] ReplicaSetFacts),
    #[n(5)]
    Service(#[n(0)] ServiceFacts),
    #[n(6)]
    Event(#[n(0)] EventFacts),
    /// Of every other kind: a cell for each of its columns.
    #[n(7)]
    Plain(#[n(0)] PlainFacts),
    /// Of no object: how many of them do how ([`crate::scope::Scope::Summary`]).
    #[n(8)]
    Summary(#[n(0)] SummaryFacts),
}

impl Row<()> {
    /// The row of an object of this kind.
    pub fn of_kind(self, kind: Kind) -> Row {
        let Row { kind: (), uid, namespace, name, created, deleting, labels, owner, facts } = self;
        Row { kind, uid, namespace, name, created, deleting, labels, owner, facts }
    }
}

impl<K> Row<K> {
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.binary_search_by(|(k, _)| k.as_str().cmp(key)).ok().map(|at| self.labels[at].1.as_str())
    }
}

impl Row<()> {
    /// How many objects of a kind do how, in a namespace; `None` for a kind without namespaces.
    pub fn summary(namespace: Option<&str>, counts: SummaryFacts) -> Row<()> {
        let name = namespace.unwrap_or_default().to_owned();
        Row {
            kind: (),
            // Of no object: a namespace has one of each kind.
            uid: format!("summary/{name}"),
            namespace: namespace.map(str::to_owned),
            name,
            created: 0,
            deleting: None,
            labels: Vec::new(),
            owner: None,
            facts: Facts::Summary(counts),
        }
    }
}

/// Decodes one object of `kind` and makes its row; beside it its `resourceVersion`. The object is dropped.
///
/// # Errors
/// Those of the deserializer: JSON that is no object, or a field of a type that Kubernetes does not give it.
pub fn project<'de, D: Deserializer<'de>>(kind: Kind, deserializer: D) -> Result<(Row, String), D::Error> {
    Ok(match kind {
        Kind::Namespace => row(kind, objects::NamespaceObject::deserialize(deserializer)?, |o| (o.metadata, Facts::Namespace(namespace::facts(o.status)))),
        Kind::Node => row(kind, objects::NodeObject::deserialize(deserializer)?, |o| (o.metadata.clone(), Facts::Node(node::facts(o)))),
        Kind::Pod => row(kind, objects::PodObject::deserialize(deserializer)?, |o| (o.metadata.clone(), Facts::Pod(pod::facts(o)))),
        Kind::Deployment => {
            row(kind, objects::DeploymentObject::deserialize(deserializer)?, |o| (o.metadata, Facts::Deployment(workload::deployment(o.spec, o.status))))
        }
        Kind::ReplicaSet => {
            row(kind, objects::ReplicaSetObject::deserialize(deserializer)?, |o| (o.metadata, Facts::ReplicaSet(workload::replica_set(&o.spec, &o.status))))
        }
        Kind::Service => row(kind, objects::ServiceObject::deserialize(deserializer)?, |o| (o.metadata, Facts::Service(network::service(o.spec, o.status)))),
        Kind::Event => row(kind, objects::EventObject::deserialize(deserializer)?, |o| (o.metadata.clone(), Facts::Event(event::facts(o)))),
        kind => {
            let object = Value::deserialize(deserializer)?;
            let mut meta = Meta::deserialize(&object["metadata"]).map_err(serde::de::Error::custom)?;
            if kind.entry().is_overlay() {
                // They are made anew for each answer; and their labels are those of what they measure.
                (meta.creation_timestamp, meta.labels) = Default::default();
            }
            row(kind, (meta, Facts::Plain(plain::facts(kind, &object))), |split| split)
        }
    })
}

fn row<T>(kind: Kind, object: T, split: impl FnOnce(T) -> (Meta, Facts)) -> (Row, String) {
    let (meta, facts) = split(object);
    let owner = meta.owner_references.into_iter().find(|owner| owner.controller).map(|o| Owner { kind: o.kind, name: o.name, uid: o.uid });
    let row = Row {
        kind,
        uid: meta.uid,
        namespace: meta.namespace.filter(|namespace| !namespace.is_empty()),
        name: meta.name,
        created: meta.creation_timestamp.as_deref().and_then(time::seconds).unwrap_or(0),
        deleting: meta.deletion_timestamp.as_deref().and_then(time::seconds),
        labels: meta.labels.into_iter().collect(),
        owner,
        facts,
    };
    (row, meta.resource_version)
}
