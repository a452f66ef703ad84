//! The search behind Spotlight: what a person types, to a ranked and grouped answer. Plain data; no view, no clock.

mod fuzzy;
mod index;
mod query;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use krateyard_shared::api::Access;
use krateyard_shared::identity::{ClusterName, ObjectRef};
use krateyard_shared::kinds::{Kind, View};
use krateyard_shared::rows::Row;
use krateyard_shared::status::{self, Status};

use crate::rows::filter::StatusWord;
use crate::yard::{Collection, KrateId, YardState};
use index::Index;
use query::Terms;

pub use query::{Ghost, Pill, Query};

/// Hits of one group that are given at most; the group says how many there are.
pub const MAX_HITS: usize = 50;
/// Objects whose opening is remembered.
const MAX_RECENT: usize = 50;
/// Of these, what is offered before anything is typed.
const OFFERED_RECENT: usize = 6;
/// Kinds that are offered as lists of what carries a label.
const SELECTED: [Kind; 3] = [Kind::Pod, Kind::Deployment, Kind::Service];
/// Filters that Tab goes through.
const MAX_FILTERS: usize = 8;

/// An answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hits {
    /// Groups, the best first.
    pub groups: Vec<Group>,
    /// What Tab would do: the rest of an alias that becomes a pill.
    pub ghost: Option<Ghost>,
}

/// Hits of one sort.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Such as `Objects`.
    pub title: &'static str,
    /// The best of them, at most [`MAX_HITS`].
    pub hits: Vec<Hit>,
    /// How many there are in all.
    pub total: usize,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// What Enter opens.
    pub what: Found,
    /// Its name.
    pub name: Arc<str>,
    /// Which characters of the name matched: indices of `char`s, ascending.
    pub matched: Vec<usize>,
    /// Such as `Pod`, `Kind`, `Krate` or `Command`.
    pub label: &'static str,
    /// Namespace, where it has one.
    pub namespace: Option<Arc<str>>,
    /// How it does, for objects.
    pub status: Option<Status>,
    /// Views in the order of their tabs, for objects.
    pub views: &'static [View],
}

/// What a hit stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// An object.
    Object(ObjectRef),
    /// A list: a kind, or everything in a namespace.
    Collection(Collection),
    /// A krate that is open.
    Krate(KrateId),
    /// A command, by its key in the list that was given.
    Command(&'static str),
}

/// A command that Spotlight offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// Its key.
    pub key: &'static str,
    /// Its name, such as `Light theme`.
    pub name: &'static str,
}

/// What is searched. Feed it the catalog's rows and the Yard while Spotlight is open.
#[derive(Debug)]
pub struct Spotlight {
    cluster: ClusterName,
    commands: Vec<Command>,
    /// What the cluster serves, among other things.
    access: Arc<Access>,
    /// Words of the cluster's own discovery, looked up once for each answer of it and not at each key.
    told: BTreeMap<Kind, Vec<String>>,
    index: Index,
    krates: Vec<(KrateId, Arc<str>, Option<Arc<str>>)>,
    namespaces: BTreeSet<Arc<str>>,
    /// The latest last.
    recent: Vec<ObjectRef>,
    /// Whether it is to be remembered anew.
    has_news: bool,
    /// Filters that were used, the latest first.
    filters: Vec<Pill>,
}

impl Spotlight {
    /// A search of a cluster that knows commands only.
    pub fn new(cluster: ClusterName, commands: &[Command]) -> Spotlight {
        Spotlight {
            cluster,
            commands: commands.to_vec(),
            access: Arc::default(),
            told: BTreeMap::new(),
            index: Index::default(),
            krates: Vec::new(),
            namespaces: BTreeSet::new(),
            recent: Vec::new(),
            has_news: false,
            filters: Vec::new(),
        }
    }

    /// The rows of the catalog, and namespaces that are known otherwise (where a person may list objects but not namespaces). Cheap when little changed.
    pub fn set_objects<'a>(&mut self, rows: &[Arc<Row>], namespaces: impl IntoIterator<Item = &'a str>) {
        let is_changed = self.index.set(rows);
        let known: Vec<&str> = namespaces.into_iter().collect();
        if is_changed || known.iter().any(|namespace| !self.namespaces.contains(*namespace)) {
            let mut all: BTreeSet<&str> = self.index.namespaces().collect();
            all.extend(known);
            self.namespaces = all.into_iter().map(Arc::from).collect();
        }
    }

    /// Kinds that the cluster does not serve are not offered.
    pub fn set_access(&mut self, access: &Arc<Access>) {
        if Arc::ptr_eq(&self.access, access) {
            return;
        }
        self.access = Arc::clone(access);
        let told = access.words.iter().filter(|words| !words.aliases.is_empty());
        self.told = told.filter_map(|words| Some((Kind::of_plural(&words.resource)?, words.aliases.clone()))).collect();
    }

    /// The krates that are open.
    pub fn set_yard(&mut self, yard: &YardState) {
        let krate = |krate: &Arc<crate::yard::Krate>| (krate.id.clone(), krate.subject.title().into(), krate.subject.namespace().map(Arc::from));
        self.krates = yard.krates.iter().map(krate).collect();
    }

    /// An object was opened: it ranks before others from now on.
    pub fn opened(&mut self, object: &ObjectRef) {
        self.recent.retain(|recent| recent.uid != object.uid);
        self.recent.push(object.clone());
        if self.recent.len() > MAX_RECENT {
            self.recent.remove(0);
        }
        self.has_news = true;
    }

    /// A filter was used: Tab offers it again.
    pub fn filtered(&mut self, pill: &Pill) {
        self.filters.retain(|filter| filter != pill);
        self.filters.insert(0, pill.clone());
        self.filters.truncate(MAX_FILTERS);
    }

    /// What was opened before, the latest last.
    pub fn recall(&mut self, recent: Vec<ObjectRef>) {
        self.recent = recent;
        self.recent.truncate(MAX_RECENT);
    }

    /// Forgets what was opened, and the filters.
    pub fn forget(&mut self) {
        self.recent.clear();
        self.filters.clear();
        self.has_news = true;
    }

    /// What was opened, if that changed since the last time: to be remembered.
    pub fn take_news(&mut self) -> Option<Vec<ObjectRef>> {
        std::mem::take(&mut self.has_news).then(|| self.recent.clone())
    }

    /// How many objects are searched.
    pub fn objects(&self) -> usize {
        self.index.len()
    }

    /// The answer.
    pub fn search(&mut self, query: &Query) -> Hits {
        let terms = query.terms();
        if query.is_empty() {
            return Hits { groups: self.first_groups(&terms), ghost: query.ghost(&self.filters, &self.access, std::iter::empty()) };
        }
        let mut groups = vec![self.objects_group(&terms), self.lists_group(&terms), self.yard_group(&terms), self.commands_group(&terms)];
        if terms.words.is_empty() && !terms.kinds.is_empty() {
            groups.swap(0, 1);
        }
        groups.retain(|(_, group)| !group.hits.is_empty());
        // The order above decides between equals.
        groups.sort_by_key(|(best, _)| std::cmp::Reverse(*best));
        Hits {
            groups: groups.into_iter().map(|(_, group)| group).collect(),
            ghost: query.ghost(&self.filters, &self.access, self.namespaces.iter().map(|namespace| &**namespace)),
        }
    }

    /// Before anything is typed: what was opened lately and is still there, what is not well, and the rest.
    fn first_groups(&mut self, terms: &Terms) -> Vec<Group> {
        let lately: Vec<&str> = self.recent.iter().rev().take(OFFERED_RECENT).map(|object| object.uid.as_str()).collect();
        let hits: Vec<Hit> = self.index.of_uids(&lately).into_iter().map(|row| self.object_hit(&row, terms)).collect();
        let recent = Group { title: "Opened lately", total: hits.len(), hits };
        let rest = [self.objects_group(terms), self.lists_group(terms), self.yard_group(terms), self.commands_group(terms)];
        let mut groups: Vec<Group> = std::iter::once(recent).chain(rest.into_iter().map(|(_, group)| group)).collect();
        groups.retain(|group| !group.hits.is_empty());
        groups
    }

    fn objects_group(&mut self, terms: &Terms) -> (i32, Group) {
        let recent = &self.recent;
        let found = self.index.find(terms, MAX_HITS, |row| {
            let at = recent.iter().rposition(|object| object.uid == row.uid);
            at.map_or(0, |at| u16::try_from(at + 1).unwrap_or(u16::MAX))
        });
        let title = match terms.statuses[..] {
            [StatusWord::Bad] => "Degraded",
            [StatusWord::Warn] => "Degraded in part",
            [StatusWord::Pending] => "Pending",
            [] | [_] | [..] => "Objects",
        };
        let best = found.best.first().map_or(0, |(rank, _)| rank.matches);
        let hits = found.best.iter().map(|(_, row)| self.object_hit(row, terms)).collect();
        (best, Group { title, hits, total: found.total })
    }

    fn object_hit(&self, row: &Row, terms: &Terms) -> Hit {
        let entry = row.kind.entry();
        let object = ObjectRef {
            cluster: self.cluster.clone(),
            group: entry.group.into(),
            version: entry.version.into(),
            kind: entry.name.into(),
            namespace: row.namespace.clone(),
            name: row.name.clone(),
            uid: row.uid.clone(),
        };
        Hit {
            what: Found::Object(object),
            name: row.name.as_str().into(),
            matched: matched(terms, &row.name),
            label: entry.name,
            namespace: row.namespace.as_deref().map(Arc::from),
            status: Some(status::of(row)).filter(|status| !status.word.is_empty()),
            views: entry.views,
        }
    }

    /// Kinds by all their words, and namespaces: both open lists. Filters by kind and status leave none.
    fn lists_group(&self, terms: &Terms) -> (i32, Group) {
        let inside = terms.namespaces.first().and_then(|typed| self.namespaces.iter().find(|namespace| namespace.starts_with(typed.as_str())));
        // A namespace that nobody knows (yet) has no list: one of all namespaces is not what was asked for.
        let is_known = inside.is_some() || terms.namespaces.is_empty();
        // A kind that was typed whole is offered as a list, too.
        let is_wanted = |kind| terms.kinds.is_empty() || (terms.words.is_empty() && terms.kinds.contains(&kind));
        // What has labels is a list of whatever carries them: of what people select by labels most, unless they say of which kind.
        let selector = terms.selector();
        let is_selected = |kind: Kind| selector.is_none() || !terms.kinds.is_empty() || SELECTED.contains(&kind);
        let kinds = Kind::known()
            .filter(|entry| self.access.serves(entry.kind))
            .filter(|entry| is_known && is_wanted(entry.kind) && is_selected(entry.kind) && terms.statuses.is_empty())
            .filter_map(|entry| {
                let told = self.told.get(&entry.kind).into_iter().flat_map(|aliases| aliases.iter().map(String::as_str));
                let words = entry.aliases.iter().copied().chain([entry.plural, entry.title]).chain(told);
                let best = words.filter_map(|word| all_words(terms, word)).max()?;
                let whole = Collection::of_kind(entry.kind, inside.map(ToString::to_string));
                let collection = selector.clone().map_or(whole.clone(), |selector| whole.with_labels(selector));
                Some((best, list_hit(collection.clone(), &collection.title(), terms, "Kind", inside.cloned())))
            });
        let wants_namespaces = terms.selects_by_kind_and_namespace() && (terms.kinds.is_empty() || terms.kinds == [Kind::Namespace]);
        let namespaces = self.namespaces.iter().filter(|_| wants_namespaces && terms.namespaces.is_empty()).filter_map(|namespace| {
            let collection = Collection::everything(Some(namespace.to_string()));
            Some((all_words(terms, namespace)?, list_hit(collection, namespace, terms, "Namespace", Some(namespace.clone()))))
        });
        group("Kinds and namespaces", kinds.chain(namespaces))
    }

    fn yard_group(&self, terms: &Terms) -> (i32, Group) {
        let is_plain = terms.kinds.is_empty() && terms.selects_by_kind_and_namespace();
        let krates =
            self.krates.iter().rev().filter(|(_, _, namespace)| is_plain && in_namespaces(terms, namespace.as_deref())).filter_map(|(id, title, namespace)| {
                let hit = Hit {
                    what: Found::Krate(id.clone()),
                    name: title.clone(),
                    matched: matched(terms, title),
                    label: "Krate",
                    namespace: namespace.clone(),
                    status: None,
                    views: &[],
                };
                Some((all_words(terms, title)?, hit))
            });
        group("On this Yard", krates)
    }

    fn commands_group(&self, terms: &Terms) -> (i32, Group) {
        let is_plain = terms.kinds.is_empty() && terms.selects_by_kind_and_namespace() && terms.namespaces.is_empty();
        let commands = self.commands.iter().filter(|_| is_plain).filter_map(|command| {
            let hit = Hit {
                what: Found::Command(command.key),
                name: command.name.into(),
                matched: matched(terms, command.name),
                label: "Command",
                namespace: None,
                status: None,
                views: &[],
            };
            Some((all_words(terms, command.name)?, hit))
        });
        group("Commands", commands)
    }
}

fn list_hit(collection: Collection, name: &str, terms: &Terms, label: &'static str, namespace: Option<Arc<str>>) -> Hit {
    Hit { what: Found::Collection(collection), name: name.into(), matched: matched(terms, name), label, namespace, status: None, views: &[] }
}

/// The best of some hits, in their order where they are equal.
fn group(title: &'static str, hits: impl Iterator<Item = (i32, Hit)>) -> (i32, Group) {
    let mut hits: Vec<_> = hits.collect();
    hits.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let (best, total) = (hits.first().map_or(0, |(score, _)| *score), hits.len());
    (best, Group { title, hits: hits.into_iter().take(MAX_HITS).map(|(_, hit)| hit).collect(), total })
}

fn in_namespaces(terms: &Terms, namespace: Option<&str>) -> bool {
    terms.namespaces.is_empty() || namespace.is_some_and(|mine| terms.namespaces.iter().any(|typed| mine.starts_with(typed.as_str())))
}

fn all_words(terms: &Terms, text: &str) -> Option<i32> {
    terms.words.iter().try_fold(0, |sum, word| Some(sum + fuzzy::score(word, text)?))
}

fn matched(terms: &Terms, name: &str) -> Vec<usize> {
    let bytes: BTreeSet<usize> = terms.words.iter().flat_map(|word| fuzzy::positions(word, name)).collect();
    name.char_indices().enumerate().filter(|(_, (byte, _))| bytes.contains(byte)).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests;
