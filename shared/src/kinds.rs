//! The kinds that have rows: one entry each, and the one place where each thing about a kind is said.

use crate::identity::Resource;

/// A kind with a row of its own.
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
    /// Views in the order of their tabs; the first is what Enter opens.
    pub views: &'static [View],
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

    /// The view of a letter, in either case.
    pub fn from_letter(letter: char) -> Option<View> {
        [View::Logs, View::Shell, View::Describe, View::Yaml, View::Events, View::Map].into_iter().find(|view| view.letter() == letter.to_ascii_uppercase())
    }
}

const POD_VIEWS: &[View] = &[View::Logs, View::Shell, View::Describe, View::Yaml, View::Events];
const OBJECT_VIEWS: &[View] = &[View::Describe, View::Yaml, View::Events];

/// Every kind with rows, in the order in which Spotlight and menus name them.
pub const KINDS: &[KindEntry] = &[
    KindEntry {
        kind: Kind::Pod,
        group: "",
        version: "v1",
        plural: "pods",
        name: "Pod",
        title: "Pods",
        aliases: &["pod", "po"],
        namespaced: true,
        weight: 16,
        views: POD_VIEWS,
    },
    KindEntry {
        kind: Kind::Deployment,
        group: "apps",
        version: "v1",
        plural: "deployments",
        name: "Deployment",
        title: "Deployments",
        aliases: &["deployment", "deploy"],
        namespaced: true,
        weight: 50,
        views: OBJECT_VIEWS,
    },
    KindEntry {
        kind: Kind::ReplicaSet,
        group: "apps",
        version: "v1",
        plural: "replicasets",
        name: "ReplicaSet",
        title: "Replica sets",
        aliases: &["replicaset", "rs"],
        namespaced: true,
        weight: 12,
        views: OBJECT_VIEWS,
    },
    KindEntry {
        kind: Kind::Service,
        group: "",
        version: "v1",
        plural: "services",
        name: "Service",
        title: "Services",
        aliases: &["service", "svc"],
        namespaced: true,
        weight: 46,
        views: OBJECT_VIEWS,
    },
    KindEntry {
        kind: Kind::Node,
        group: "",
        version: "v1",
        plural: "nodes",
        name: "Node",
        title: "Nodes",
        aliases: &["node", "no"],
        namespaced: false,
        weight: 30,
        views: OBJECT_VIEWS,
    },
    KindEntry {
        kind: Kind::Namespace,
        group: "",
        version: "v1",
        plural: "namespaces",
        name: "Namespace",
        title: "Namespaces",
        aliases: &["namespace", "ns"],
        namespaced: false,
        weight: 40,
        views: OBJECT_VIEWS,
    },
    KindEntry {
        kind: Kind::Event,
        group: "",
        version: "v1",
        plural: "events",
        name: "Event",
        title: "Events",
        aliases: &["event", "ev"],
        namespaced: true,
        weight: 0,
        views: &[View::Describe, View::Yaml],
    },
];

impl Kind {
    /// What is known of this kind.
    pub fn entry(self) -> &'static KindEntry {
        KINDS.iter().find(|entry| entry.kind == self).expect("KINDS names every kind: a test holds it")
    }

    /// The resource that serves this kind.
    pub fn resource(self) -> Resource {
        let entry = self.entry();
        Resource { group: entry.group.into(), version: entry.version.into(), plural: entry.plural.into() }
    }

    /// The kind that a resource serves, if it has rows.
    pub fn of_resource(resource: &Resource) -> Option<Kind> {
        KINDS.iter().find(|e| e.group == resource.group && e.version == resource.version && e.plural == resource.plural).map(|e| e.kind)
    }

    /// The kind of an object's `apiVersion` group and `kind`.
    pub fn of_name(group: &str, name: &str) -> Option<Kind> {
        KINDS.iter().find(|e| e.group == group && e.name == name).map(|e| e.kind)
    }

    /// The kind that a person means by a word: plural, singular, short name or kind, in any case.
    pub fn of_word(word: &str) -> Option<Kind> {
        let word = word.to_ascii_lowercase();
        KINDS.iter().find(|e| e.plural == word || e.aliases.contains(&word.as_str())).map(|e| e.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Kind; 7] = [Kind::Namespace, Kind::Node, Kind::Pod, Kind::Deployment, Kind::ReplicaSet, Kind::Service, Kind::Event];

    #[test]
    fn every_kind_has_one_entry_and_is_found_by_each_of_its_words() {
        assert_eq!(ALL.len(), KINDS.len());
        for kind in ALL {
            let entry = kind.entry();
            assert_eq!(Kind::of_resource(&kind.resource()), Some(kind));
            assert_eq!(Kind::of_name(entry.group, entry.name), Some(kind));
            for word in entry.aliases.iter().chain([&entry.plural, &entry.name]) {
                assert_eq!(Kind::of_word(word), Some(kind), "{word}");
            }
        }
    }

    #[test]
    fn no_word_names_two_kinds() {
        let mut words: Vec<_> = KINDS.iter().flat_map(|e| e.aliases.iter().copied().chain([e.plural])).collect();
        words.sort_unstable();
        let all = words.len();
        words.dedup();
        assert_eq!(words.len(), all);
    }
}
