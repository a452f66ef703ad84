//! What summaries are built with.

use krateyard_shared::identity::{ClusterName, ObjectRef};
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::Row;
use krateyard_shared::status::Health;
use krateyard_shared::time::Seconds;
use serde_json::Value;

use super::read::{age_of, items, name, short};
use super::{Body, Cell, Fact, Link, Said, Section, Table, To};

/// The most rows of a table, links of a fact, chips: what follows is counted.
const MOST_ROWS: usize = 100;

/// What is described.
pub(super) struct Seen<'a> {
    pub(super) object: &'a Value,
    pub(super) row: Option<&'a Row>,
    pub(super) about: &'a ObjectRef,
    pub(super) now: Seconds,
}

impl<'a> Seen<'a> {
    pub(super) fn spec(&self) -> &'a Value {
        &self.object["spec"]
    }

    pub(super) fn status(&self) -> &'a Value {
        &self.object["status"]
    }

    pub(super) fn meta(&self) -> &'a Value {
        &self.object["metadata"]
    }

    /// An object that lies where this one does.
    pub(super) fn near(&self, kind: Kind, name: &str) -> To {
        To::Object(named(&self.about.cluster, kind, self.about.namespace.clone(), name))
    }

    /// A cluster-scoped object.
    pub(super) fn wide(&self, kind: Kind, name: &str) -> To {
        To::Object(named(&self.about.cluster, kind, None, name))
    }

    /// An object of some namespace.
    pub(super) fn within(&self, kind: Kind, namespace: &str, name: &str) -> To {
        To::Object(named(&self.about.cluster, kind, Some(namespace.into()), name))
    }

    /// An object that lies where this one does, by its `apiVersion` and kind.
    pub(super) fn by_version(&self, api_version: &str, kind: &str, name: &str) -> ObjectRef {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        // A cluster-scoped owner of a namespaced object lies in no namespace.
        let is_wide = Kind::of_name(group, kind).is_some_and(|kind| !kind.entry().namespaced);
        ObjectRef {
            cluster: self.about.cluster.clone(),
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
            namespace: self.about.namespace.clone().filter(|_| !is_wide),
            name: name.into(),
            uid: String::new(),
        }
    }

    /// What `metadata.ownerReferences` names.
    pub(super) fn owners(&self) -> Vec<Link> {
        let owners = items(&self.meta()["ownerReferences"]).iter().take(MOST_ROWS);
        owners
            .filter(|owner| !name(&owner["name"]).is_empty())
            .map(|owner| {
                let object = self.by_version(name(&owner["apiVersion"]), name(&owner["kind"]), name(&owner["name"]));
                let object = ObjectRef { uid: name(&owner["uid"]).into(), ..object };
                Link { words: format!("{} {}", object.kind, object.name), to: To::Object(object) }
            })
            .collect()
    }
}

/// A reference by kind and name, without a uid: what a field of another object names.
pub(super) fn named(cluster: &ClusterName, kind: Kind, namespace: Option<String>, name: &str) -> ObjectRef {
    let entry = kind.entry();
    ObjectRef {
        cluster: cluster.clone(),
        group: entry.group.into(),
        version: entry.version.into(),
        kind: entry.name.into(),
        namespace,
        name: name.into(),
        uid: String::new(),
    }
}

/// Labelled facts; those without a value are left out.
#[derive(Default)]
pub(super) struct Facts(pub(super) Vec<Fact>);

impl Facts {
    /// As the cluster says it.
    pub(super) fn add(&mut self, label: &str, value: impl Into<String>) -> &mut Facts {
        self.noted(label, value, "")
    }

    /// The same with a muted word beside it.
    pub(super) fn noted(&mut self, label: &str, value: impl Into<String>, note: impl Into<String>) -> &mut Facts {
        let value = value.into();
        self.push(label, value.is_empty(), Said::Cluster(short(&value)), note.into(), None)
    }

    /// In our words.
    pub(super) fn say(&mut self, label: &str, words: impl Into<String>) -> &mut Facts {
        let words = words.into();
        self.push(label, words.is_empty(), Said::Ours(words), String::new(), None)
    }

    /// In our words, with how it does.
    pub(super) fn toned(&mut self, label: &str, words: impl Into<String>, health: Health) -> &mut Facts {
        let words = words.into();
        self.push(label, words.is_empty(), Said::Ours(words), String::new(), Some(health))
    }

    /// An instant, as its age.
    pub(super) fn ago(&mut self, label: &str, at: &Value, now: Seconds) -> &mut Facts {
        let age = age_of(at, now);
        let words = if age.is_empty() { age } else { format!("{age} ago") };
        self.say(label, words)
    }

    /// What a name leads to; nothing for an empty name.
    pub(super) fn link(&mut self, label: &str, words: &str, to: To, note: impl Into<String>) -> &mut Facts {
        self.push(label, words.is_empty(), Said::Links(vec![Link { words: words.into(), to }]), note.into(), None)
    }

    /// What some names lead to.
    pub(super) fn links(&mut self, label: &str, mut links: Vec<Link>) -> &mut Facts {
        let more = links.len().saturating_sub(MOST_ROWS);
        links.truncate(MOST_ROWS);
        let note = if more > 0 { format!("and {more} more") } else { String::new() };
        self.push(label, links.is_empty(), Said::Links(links), note, None)
    }

    /// All of it, as the first section.
    pub(super) fn section(self) -> Section {
        self.titled("")
    }

    /// All of it, under a heading.
    pub(super) fn titled(mut self, title: &'static str) -> Section {
        let more = self.0.len().saturating_sub(MOST_ROWS);
        self.0.truncate(MOST_ROWS);
        Section { title, body: Body::Facts(self.0), more }
    }

    fn push(&mut self, label: &str, is_empty: bool, said: Said, note: String, health: Option<Health>) -> &mut Facts {
        if !is_empty {
            self.0.push(Fact { label: short(label), said, note, health });
        }
        self
    }
}

/// A table of at most so many rows.
pub(super) fn table(title: &'static str, columns: &'static [&'static str], rows: impl IntoIterator<Item = Vec<Cell>>) -> Section {
    let mut rows = rows.into_iter();
    let shown: Vec<_> = rows.by_ref().take(MOST_ROWS).collect();
    Section { title, body: Body::Table(Table { columns, rows: shown }), more: rows.count() }
}

/// Short texts, at most so many.
pub(super) fn chips(title: &'static str, texts: impl IntoIterator<Item = String>) -> Section {
    let mut texts = texts.into_iter();
    let shown: Vec<_> = texts.by_ref().take(MOST_ROWS).collect();
    Section { title, body: Body::Chips(shown), more: texts.count() }
}

/// A cell that opens nothing.
pub(super) fn cell(text: impl Into<String>) -> Cell {
    Cell { text: short(&text.into()), to: None }
}

/// A cell that opens what it names.
pub(super) fn linked(text: impl Into<String>, to: To) -> Cell {
    let text = text.into();
    Cell { to: (!text.is_empty()).then_some(to), text: short(&text) }
}
