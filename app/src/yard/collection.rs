//! A live list as the Yard keeps it: a kind, namespaces, and which part of them.

use krateyard_shared::domain::Domain;
use krateyard_shared::identity::ObjectRef;
use krateyard_shared::kinds::Kind;
use krateyard_shared::scope::{Scope, pods_of};
use serde::{Deserialize, Serialize};

/// A live list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Collection {
    /// Plural and group as in RBAC (`pods`, `deployments.apps`); `None` for everything of a namespace.
    pub resource: Option<String>,
    /// In order, each once; none for every namespace.
    pub namespaces: Vec<String>,
    /// Which part of that; `None` for all of it.
    pub only: Option<Only>,
}

/// Part of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Only {
    /// The pods of this node.
    Node(String),
    /// The pods of a workload.
    Workload {
        /// Its kind, such as `Deployment`.
        kind: String,
        /// Its name.
        name: String,
    },
    /// What this label selector selects, in its canonical form.
    Labels(String),
    /// What needs somebody.
    Attention,
    /// No objects, but how many do how.
    Overview,
}

impl Collection {
    /// A collection of one kind.
    pub fn of_kind(kind: Kind, namespace: Option<String>) -> Collection {
        Collection { resource: Some(kind.resource().to_string()), ..Collection::everything(namespace) }
    }

    /// Everything of a namespace.
    pub fn everything(namespace: Option<String>) -> Collection {
        Collection { namespaces: namespace.into_iter().collect(), ..Collection::default() }
    }

    /// Everything that needs somebody.
    pub fn attention() -> Collection {
        Collection { only: Some(Only::Attention), ..Collection::default() }
    }

    /// The cluster in numbers.
    pub fn overview() -> Collection {
        Collection { only: Some(Only::Overview), ..Collection::default() }
    }

    /// The pods of a node or a workload; `None` for what has none.
    pub fn pods_of(object: &ObjectRef) -> Option<Collection> {
        let kind = Kind::of_name(&object.group, &object.kind)?;
        let only = match pods_of(kind, object.namespace.as_deref(), &object.name)? {
            Scope::Node { node, .. } => Only::Node(node),
            Scope::Workload { kind, name, .. } => Only::Workload { kind, name },
            _ => return None,
        };
        Some(Collection { only: Some(only), ..Collection::of_kind(Kind::Pod, object.namespace.clone()) })
    }

    /// The same list of other namespaces; none for every one.
    #[must_use]
    pub fn in_namespaces(&self, namespaces: impl IntoIterator<Item = String>) -> Collection {
        let mut namespaces: Vec<_> = namespaces.into_iter().collect();
        namespaces.sort();
        namespaces.dedup();
        Collection { namespaces, ..self.clone() }
    }

    /// The same list, of that only what a selector selects.
    #[must_use]
    pub fn with_labels(&self, selector: String) -> Collection {
        Collection { only: Some(Only::Labels(selector)), ..self.clone() }
    }

    /// The same list, all of it.
    #[must_use]
    pub fn whole(&self) -> Collection {
        Collection { only: None, ..self.clone() }
    }

    /// The kind of its rows; `None` for everything, and for a resource that nobody knows here.
    pub fn kind(&self) -> Option<Kind> {
        Kind::of_plural(self.resource.as_deref()?)
    }

    /// The kinds of its rows. Everything of a namespace leaves events to a list of their own, and out what controllers keep for themselves.
    pub fn kinds(&self) -> Vec<Kind> {
        match (self.kind(), &self.resource, &self.only) {
            (Some(kind), ..) => vec![kind],
            // The cluster defined it once, or another one does.
            (None, Some(_), _) => Vec::new(),
            (None, None, Some(Only::Attention)) => Domain::Attention.entry().kinds.to_vec(),
            (None, None, Some(Only::Overview)) => Domain::ClusterOverview.entry().kinds.to_vec(),
            (None, None, _) => Kind::known().filter(|entry| entry.is_everyday()).map(|entry| entry.kind).collect(),
        }
    }

    /// The namespace, where it is one.
    pub fn namespace(&self) -> Option<&str> {
        if let [namespace] = &self.namespaces[..] { Some(namespace) } else { None }
    }

    /// Whether rows of several namespaces are in it.
    pub fn spans_namespaces(&self) -> bool {
        self.namespaces.len() != 1 && self.kind().is_none_or(|kind| kind.entry().namespaced)
    }

    /// What it comes down to: each is asked for by itself, and none overlaps another.
    pub fn scopes(&self) -> Vec<Scope> {
        let whole = match &self.only {
            // A busy cluster has more of them than anybody reads.
            None if self.kind() == Some(Kind::Event) => Scope::Newest { namespace: None },
            None => Scope::All,
            Some(Only::Node(node)) => Scope::Node { namespace: None, node: node.clone() },
            Some(Only::Labels(selector)) => Scope::Labels { namespace: None, selector: selector.clone() },
            Some(Only::Attention) => Scope::Attention { namespace: None },
            Some(Only::Overview) => Scope::Summary { namespace: None },
            Some(Only::Workload { kind, name }) => {
                let of = |namespace: &String| Scope::Workload { namespace: namespace.clone(), kind: kind.clone(), name: name.clone() };
                return self.namespaces.iter().map(of).collect();
            }
        };
        if self.namespaces.is_empty() { vec![whole] } else { self.namespaces.iter().map(|namespace| whole.within(namespace)).collect() }
    }

    /// Its title: `Pods of payments-api`.
    pub fn title(&self) -> String {
        let what = match (self.kind(), &self.resource) {
            (Some(kind), _) => kind.entry().title,
            (None, Some(resource)) => resource,
            (None, None) => "Everything",
        };
        match &self.only {
            None => what.into(),
            Some(Only::Node(node)) => format!("{what} on {node}"),
            Some(Only::Workload { name, .. }) => format!("{what} of {name}"),
            Some(Only::Labels(selector)) => format!("{what} with {selector}"),
            Some(Only::Attention) => "Needs attention".into(),
            Some(Only::Overview) => "Overview".into(),
        }
    }

    /// Where it looks, in a few words.
    pub fn place(&self) -> String {
        match &self.namespaces[..] {
            [] => "every namespace".into(),
            [one] => one.clone(),
            [first, second] => format!("{first}, {second}"),
            [first, rest @ ..] => format!("{first} and {} more", rest.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(group: &str, kind: &str, namespace: Option<&str>, name: &str) -> ObjectRef {
        ObjectRef {
            cluster: krateyard_shared::identity::ClusterName("c".into()),
            group: group.into(),
            version: "v1".into(),
            kind: kind.into(),
            namespace: namespace.map(Into::into),
            name: name.into(),
            uid: "u".into(),
        }
    }

    #[test]
    fn a_collection_says_what_it_asks_for_and_how_it_is_called() {
        let pods = Collection::of_kind(Kind::Pod, None);
        assert_eq!((pods.scopes(), pods.title().as_str(), pods.place().as_str()), (vec![Scope::All], "Pods", "every namespace"));
        let two = pods.in_namespaces(["web".into(), "shop".into(), "web".into()]);
        assert_eq!(two.scopes(), ["shop", "web"].map(|namespace| Scope::Namespace(namespace.into())));
        assert!(two.spans_namespaces() && two.namespace().is_none());
        assert_eq!(two.place(), "shop, web");
        let labels = two.with_labels("app=api".into());
        assert_eq!(labels.scopes()[0], Scope::Labels { namespace: Some("shop".into()), selector: "app=api".into() });
        assert_eq!(labels.title(), "Pods with app=api");
        assert_eq!(labels.whole(), two);
    }

    #[test]
    fn findings_and_counts_are_of_the_kinds_of_their_domains_and_can_be_of_a_namespace() {
        let (all, of_web) = (Collection::attention(), Collection::attention().in_namespaces(["web".into()]));
        assert_eq!(all.scopes(), [Scope::Attention { namespace: None }]);
        assert_eq!(of_web.scopes(), [Scope::Attention { namespace: Some("web".into()) }]);
        assert!(all.kinds().contains(&Kind::PersistentVolumeClaim) && !all.kinds().contains(&Kind::Event));
        assert_eq!((all.title().as_str(), Collection::overview().title().as_str()), ("Needs attention", "Overview"));
        assert_eq!(Collection::overview().scopes(), [Scope::Summary { namespace: None }]);
        assert_eq!(Collection::of_kind(Kind::Event, Some("web".into())).scopes(), [Scope::Newest { namespace: Some("web".into()) }]);
        assert!(Collection::everything(Some("web".into())).kinds().contains(&Kind::ConfigMap));
    }

    #[test]
    fn nodes_and_workloads_have_pods_and_other_things_have_none() {
        let node = Collection::pods_of(&object("", "Node", None, "node-a")).unwrap();
        assert_eq!((node.scopes(), node.title().as_str()), (vec![Scope::Node { namespace: None, node: "node-a".into() }], "Pods on node-a"));
        let api = Collection::pods_of(&object("apps", "Deployment", Some("web"), "api")).unwrap();
        assert_eq!(api.scopes(), [Scope::Workload { namespace: "web".into(), kind: "Deployment".into(), name: "api".into() }]);
        assert_eq!((api.title().as_str(), api.namespace()), ("Pods of api", Some("web")));
        assert_eq!(Collection::pods_of(&object("", "ConfigMap", Some("web"), "api")), None);
    }
}
