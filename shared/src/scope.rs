//! What a subscription covers, canonicalised once, at the socket.

use std::collections::HashSet;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::kinds::Kind;
use crate::rows::{Facts, Row};
use crate::selector::{LabelSelector, SelectorError};

/// Events that a list of them holds (refresh.md): a busy cluster makes a hundred thousand in the hour that it keeps them.
pub const NEWEST: usize = 500;

/// What a subscription covers, within one cluster and one kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Scope {
    /// Every object of the kind: needs cluster-wide rights for namespaced kinds.
    #[n(0)]
    All,
    /// The objects of one namespace.
    #[n(1)]
    Namespace(#[n(0)] String),
    /// One object whole, under the viewer's own rights: answered by `Object` messages instead of rows.
    #[n(2)]
    #[serde(rename_all = "camelCase")]
    Object {
        /// Namespace; `None` for cluster-scoped kinds.
        #[n(0)]
        namespace: Option<String>,
        /// Name.
        #[n(1)]
        name: String,
    },
    /// The pods of a node. Rights are those of `All`, or of the namespace where there is one; so for the others below.
    #[n(3)]
    #[serde(rename_all = "camelCase")]
    Node {
        /// Only those of this namespace.
        #[n(0)]
        namespace: Option<String>,
        /// The node's name.
        #[n(1)]
        node: String,
    },
    /// The pods of a workload: those that it controls, also by way of what it controls (a deployment's replica sets, a cron job's jobs).
    #[n(4)]
    #[serde(rename_all = "camelCase")]
    Workload {
        /// Its namespace.
        #[n(0)]
        namespace: String,
        /// Its kind, such as `Deployment`.
        #[n(1)]
        kind: String,
        /// Its name.
        #[n(2)]
        name: String,
    },
    /// The objects that a label selector selects ([`LabelSelector`]).
    #[n(5)]
    #[serde(rename_all = "camelCase")]
    Labels {
        /// Only those of this namespace.
        #[n(0)]
        namespace: Option<String>,
        /// The selector, as text.
        #[n(1)]
        selector: String,
    },
    /// What needs somebody ([`crate::attention`]).
    #[n(6)]
    #[serde(rename_all = "camelCase")]
    Attention {
        /// Only in this namespace.
        #[n(0)]
        namespace: Option<String>,
    },
    /// How many objects do how: instead of their rows one for each namespace ([`crate::rows::SummaryFacts`]).
    #[n(7)]
    #[serde(rename_all = "camelCase")]
    Summary {
        /// Only of this namespace.
        #[n(0)]
        namespace: Option<String>,
    },
    /// The newest events, [`NEWEST`] at most.
    #[n(8)]
    #[serde(rename_all = "camelCase")]
    Newest {
        /// Only of this namespace.
        #[n(0)]
        namespace: Option<String>,
    },
}

/// Which of the objects that a right covers: a scope without its namespace, parsed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    /// All of them.
    Whole,
    /// The pods of a node.
    Node(String),
    /// The one of a name, in each namespace.
    Named(String),
    /// What a workload controls.
    Workload {
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
    },
    /// What a selector selects.
    Labels(LabelSelector),
    /// What needs somebody: its row does not say since when.
    Attention,
    /// Counts in the place of rows.
    Summary,
    /// The newest events: its row does not say how many are newer.
    Newest,
}

impl Scope {
    /// The namespace that this scope stays within, if it stays within one.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Scope::All => None,
            Scope::Namespace(namespace) | Scope::Workload { namespace, .. } => Some(namespace),
            Scope::Object { namespace, .. } | Scope::Node { namespace, .. } | Scope::Labels { namespace, .. } => namespace.as_deref(),
            Scope::Attention { namespace } | Scope::Summary { namespace } | Scope::Newest { namespace } => namespace.as_deref(),
        }
    }

    /// The same within one namespace, for who may not see every one. A scope that names its namespace stays what it is.
    #[must_use]
    pub fn within(&self, namespace: &str) -> Scope {
        let namespace = namespace.to_owned();
        match self {
            Scope::All => Scope::Namespace(namespace),
            Scope::Node { namespace: None, node } => Scope::Node { namespace: Some(namespace), node: node.clone() },
            Scope::Labels { namespace: None, selector } => Scope::Labels { namespace: Some(namespace), selector: selector.clone() },
            Scope::Attention { namespace: None } => Scope::Attention { namespace: Some(namespace) },
            Scope::Summary { namespace: None } => Scope::Summary { namespace: Some(namespace) },
            Scope::Newest { namespace: None } => Scope::Newest { namespace: Some(namespace) },
            scope => scope.clone(),
        }
    }

    /// Which of the objects that the right covers; of an object nothing is known here.
    ///
    /// # Errors
    /// For a selector that is none.
    pub fn part(&self) -> Result<Part, SelectorError> {
        Ok(match self {
            Scope::All | Scope::Namespace(_) | Scope::Object { .. } => Part::Whole,
            Scope::Node { node, .. } => Part::Node(node.clone()),
            Scope::Workload { kind, name, .. } => Part::Workload { kind: kind.clone(), name: name.clone() },
            Scope::Labels { selector, .. } => Part::Labels(LabelSelector::parse(selector)?),
            Scope::Attention { .. } => Part::Attention,
            Scope::Summary { .. } => Part::Summary,
            Scope::Newest { .. } => Part::Newest,
        })
    }
}

impl Part {
    /// Whether a row belongs to it, as far as the row says: what the hub alone knows, no row does. `through` are the uids of what stands between a workload and its pods ([`between`]).
    pub fn holds<K>(&self, row: &Row<K>, through: &HashSet<String>) -> bool {
        match self {
            Part::Whole => true,
            Part::Named(name) => row.name == *name,
            Part::Node(node) => matches!(&row.facts, Facts::Pod(pod) if pod.node == *node),
            Part::Workload { kind, name } => row.owner.as_ref().is_some_and(|owner| (&owner.kind, &owner.name) == (kind, name) || through.contains(&owner.uid)),
            Part::Labels(selector) => selector.matches(|key| row.label(key)),
            Part::Attention | Part::Summary | Part::Newest => false,
        }
    }
}

/// What a scope asks of a row, parsed once: for who has rows of a wider scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    namespace: Option<String>,
    part: Part,
}

impl Scope {
    /// What it asks of a row; `None` for a selector that is none, and where a row does not say by itself that it belongs to it.
    pub fn rule(&self) -> Option<Rule> {
        let part = self.part().ok()?;
        let is_told = matches!(part, Part::Whole | Part::Node(_) | Part::Labels(_)) && !matches!(self, Scope::Object { .. });
        is_told.then(|| Rule { namespace: self.namespace().map(Into::into), part })
    }
}

impl Rule {
    /// Whether a row is in the scope.
    pub fn holds<K>(&self, row: &Row<K>) -> bool {
        (self.namespace.is_none() || row.namespace == self.namespace) && self.part.holds(row, &HashSet::new())
    }
}

/// The kind that a workload keeps between itself and its pods.
pub fn between(workload: &str) -> Option<Kind> {
    match workload {
        "Deployment" => Some(Kind::ReplicaSet),
        "CronJob" => Some(Kind::Job),
        _ => None,
    }
}

/// The pods of an object of this kind; `None` for a kind that has none.
pub fn pods_of(kind: Kind, namespace: Option<&str>, name: &str) -> Option<Scope> {
    let name = name.to_owned();
    match kind {
        Kind::Node => Some(Scope::Node { namespace: None, node: name }),
        Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet | Kind::Job | Kind::CronJob | Kind::ReplicationController => {
            Some(Scope::Workload { namespace: namespace?.to_owned(), kind: kind.entry().name.into(), name })
        }
        _ => None,
    }
}
