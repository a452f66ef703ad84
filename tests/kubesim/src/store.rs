//! All objects and their history: one counter of versions, as etcd keeps it. Objects are held as JSON text, so that ten thousand pods stay small and
//! lists and events are copied out without encoding.

mod stored;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

use crate::kinds::Kind;

pub(crate) use stored::{Stored, head as stored_head};

/// The first version that a simulated cluster hands out: the cluster has a past.
const FIRST_VERSION: u64 = 148_204;

/// One change of one object.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) version: u64,
    /// The object before; none when it was created.
    pub(crate) before: Option<Arc<Stored>>,
    /// The object after; none when it was deleted.
    pub(crate) after: Option<Arc<Stored>>,
}

impl Change {
    /// Of the object.
    pub(crate) fn uid(&self) -> &str {
        self.after.as_ref().or(self.before.as_ref()).map_or("", |object| &object.uid)
    }
}

/// A version is older than the history that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Compacted {
    /// The oldest version from which one can go on.
    pub(crate) oldest: u64,
}

/// An object that went, or that is to go.
#[derive(Clone, Debug)]
pub(crate) struct Departure {
    pub(crate) group: String,
    pub(crate) plural: String,
    pub(crate) object: Arc<Stored>,
    /// Whether it is gone.
    pub(crate) gone: bool,
}

/// Departures that wait for the controllers; more are forgotten, and their dependents stay.
const MOST_DEPARTURES: usize = 65_536;

/// What a write makes of an object.
pub(crate) enum Write {
    /// Nothing changes.
    Keep,
    /// The object becomes this.
    Put(Value),
    /// The object goes.
    Remove,
}

/// The result of a write.
#[derive(Clone, Debug)]
pub(crate) enum Written {
    Kept(Arc<Stored>),
    Created(Arc<Stored>),
    Updated(Arc<Stored>),
    /// The object as it was when it went, with the version of its removal.
    Removed(Arc<Stored>),
}

impl Written {
    /// The object as it is now, or as it was last.
    pub(crate) fn object(&self) -> &Arc<Stored> {
        match self {
            Self::Kept(object) | Self::Created(object) | Self::Updated(object) | Self::Removed(object) => object,
        }
    }
}

/// The objects of one cluster.
#[derive(Debug)]
pub(crate) struct Store {
    inner: Mutex<Inner>,
    history_length: usize,
}

#[derive(Debug)]
struct Inner {
    version: u64,
    tables: HashMap<TableName, Table>,
    departures: VecDeque<Departure>,
    departed: watch::Sender<u64>,
}

/// Group and plural name.
pub(crate) type TableName = (String, String);

#[derive(Debug)]
struct Table {
    objects: BTreeMap<String, Arc<Stored>>,
    history: VecDeque<Change>,
    /// The version of the newest change that is no longer in `history`.
    compacted: u64,
    newest: watch::Sender<u64>,
}

impl Store {
    /// An empty store that keeps this many changes of each kind.
    pub(crate) fn new(history_length: usize) -> Self {
        let inner = Inner { version: FIRST_VERSION, tables: HashMap::new(), departures: VecDeque::new(), departed: watch::Sender::new(0) };
        Self { inner: Mutex::new(inner), history_length }
    }

    /// The version of the newest change.
    pub(crate) fn version(&self) -> u64 {
        self.lock().version
    }

    /// The version of the newest change of this kind, and news of later ones.
    pub(crate) fn news(&self, kind: &Kind) -> watch::Receiver<u64> {
        self.lock().table(kind).newest.subscribe()
    }

    pub(crate) fn get(&self, kind: &Kind, namespace: &str, name: &str) -> Option<Arc<Stored>> {
        self.lock().table(kind).objects.get(&key(namespace, name)).cloned()
    }

    /// All objects of a kind (of one namespace, unless that is empty), and the version at which they are all of it.
    pub(crate) fn list(&self, kind: &Kind, namespace: &str) -> (u64, Vec<Arc<Stored>>) {
        let mut inner = self.lock();
        let version = inner.version;
        (version, within(&inner.table(kind).objects, namespace))
    }

    /// All objects of a kind as they were at a version.
    ///
    /// # Errors
    /// When the history does not reach back to it.
    pub(crate) fn list_at(&self, kind: &Kind, namespace: &str, version: u64) -> Result<Vec<Arc<Stored>>, Compacted> {
        let mut inner = self.lock();
        let table = inner.table(kind);
        if version < table.compacted {
            return Err(Compacted { oldest: table.compacted });
        }
        if table.history.back().is_none_or(|change| change.version <= version) {
            return Ok(within(&table.objects, namespace));
        }
        let mut objects = table.objects.clone();
        for change in table.history.iter().rev().take_while(|change| change.version > version) {
            match (&change.before, &change.after) {
                (Some(before), _) => objects.insert(before.key(), before.clone()),
                (None, Some(after)) => objects.remove(&after.key()),
                (None, None) => None,
            };
        }
        Ok(within(&objects, namespace))
    }

    /// Up to `most` changes of a kind after a version.
    ///
    /// # Errors
    /// When the history does not reach back to it.
    pub(crate) fn changes(&self, kind: &Kind, after: u64, most: usize) -> Result<Vec<Change>, Compacted> {
        let mut inner = self.lock();
        let table = inner.table(kind);
        if after < table.compacted {
            return Err(Compacted { oldest: table.compacted });
        }
        let start = table.history.partition_point(|change| change.version <= after);
        Ok(table.history.range(start..).take(most).cloned().collect())
    }

    /// Decides and writes in one step: `decide` sees the object as it is, and nobody changes it meanwhile.
    ///
    /// # Errors
    /// What `decide` refused.
    pub(crate) fn write<E>(
        &self,
        kind: &Kind,
        namespace: &str,
        name: &str,
        decide: impl FnOnce(Option<&Arc<Stored>>) -> Result<Write, E>,
    ) -> Result<Option<Written>, E> {
        let mut guard = self.lock();
        let inner = &mut *guard;
        let key = key(namespace, name);
        let before = inner.table(kind).objects.get(&key).cloned();
        let write = decide(before.as_ref())?;
        let version = inner.version + 1;
        let (after, written) = match (write, &before) {
            (Write::Keep, Some(object)) => return Ok(Some(Written::Kept(object.clone()))),
            (Write::Keep | Write::Remove, None) => return Ok(None),
            (Write::Put(value), None) => {
                let stored = Arc::new(Stored::new(kind, value, version));
                (Some(stored.clone()), Written::Created(stored))
            }
            (Write::Put(value), Some(_)) => {
                let stored = Arc::new(Stored::new(kind, value, version));
                (Some(stored.clone()), Written::Updated(stored))
            }
            (Write::Remove, Some(object)) => (None, Written::Removed(Arc::new(object.at_version(version)))),
        };
        inner.version = version;
        let leaving = after.as_ref().filter(|object| object.is_leaving());
        if let Some(object) = leaving.or(before.as_ref().filter(|_| after.is_none())) {
            let departure = Departure { group: kind.group.clone(), plural: kind.plural.clone(), object: object.clone(), gone: after.is_none() };
            inner.depart(departure, version);
        }
        let length = self.history_length;
        let table = inner.table(kind);
        match &after {
            Some(stored) => table.objects.insert(key, stored.clone()),
            None => table.objects.remove(&key),
        };
        table.history.push_back(Change { version, before, after });
        while table.history.len() > length {
            if let Some(oldest) = table.history.pop_front() {
                table.compacted = oldest.version;
            }
        }
        table.newest.send_replace(version);
        Ok(Some(written))
    }

    /// What went or is to go since this was asked last.
    pub(crate) fn departures(&self) -> VecDeque<Departure> {
        std::mem::take(&mut self.lock().departures)
    }

    /// News of departures.
    pub(crate) fn departed(&self) -> watch::Receiver<u64> {
        self.lock().departed.subscribe()
    }

    /// Objects of any kind that name an owner: those of its namespace, or all when it has none.
    pub(crate) fn dependents(&self, uid: &str, namespace: &str) -> Vec<(TableName, Arc<Stored>)> {
        let inner = self.lock();
        let mut found = Vec::new();
        for (name, table) in inner.tables.iter().filter(|(name, _)| name.1 != "events") {
            let mine = range(&table.objects, namespace).filter(|object| object.owners().any(|owner| owner == uid));
            found.extend(mine.map(|object| (name.clone(), object.clone())));
        }
        found
    }

    /// Forgets a kind that is defined no more, with its objects, and ends the watches of it.
    pub(crate) fn drop_kind(&self, kind: &Kind) {
        let mut inner = self.lock();
        // whoever goes on from before gets a 410 where the kind is defined again
        inner.version += 1;
        inner.tables.remove(&(kind.group.clone(), kind.plural.clone()));
    }

    /// Forgets all history: whoever goes on from a version that was handed out before gets a 410.
    pub(crate) fn compact(&self) {
        let mut inner = self.lock();
        inner.version += 1;
        let version = inner.version;
        for table in inner.tables.values_mut() {
            table.history.clear();
            table.compacted = version;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn depart(&mut self, departure: Departure, version: u64) {
        if self.departures.len() == MOST_DEPARTURES {
            self.departures.pop_front();
        }
        self.departures.push_back(departure);
        self.departed.send_replace(version);
    }

    fn table(&mut self, kind: &Kind) -> &mut Table {
        // a kind's versions share their objects
        let version = self.version;
        self.tables.entry((kind.group.clone(), kind.plural.clone())).or_insert_with(|| Table {
            objects: BTreeMap::new(),
            history: VecDeque::new(),
            compacted: version,
            newest: watch::Sender::new(version),
        })
    }
}

/// The part of etcd's key that orders objects: `namespace/name`.
pub(crate) fn key(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

fn within(objects: &BTreeMap<String, Arc<Stored>>, namespace: &str) -> Vec<Arc<Stored>> {
    range(objects, namespace).cloned().collect()
}

fn range<'a>(objects: &'a BTreeMap<String, Arc<Stored>>, namespace: &str) -> impl Iterator<Item = &'a Arc<Stored>> {
    // '0' is the character after '/'; no key is greater than the last character
    let (from, to) = if namespace.is_empty() { (String::new(), char::MAX.to_string()) } else { (format!("{namespace}/"), format!("{namespace}0")) };
    objects.range(from..to).map(|(_, object)| object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::built_in_kind;
    use serde_json::json;

    fn put(store: &Store, name: &str, value: &str) -> u64 {
        let pods = built_in_kind("", "pods");
        let object = json!({"metadata": {"name": name, "namespace": "web"}, "status": {"phase": value}});
        store.write::<()>(&pods, "web", name, |_| Ok(Write::Put(object))).unwrap().unwrap().object().version
    }

    fn phases(objects: &[Arc<Stored>]) -> Vec<String> {
        objects.iter().map(|object| format!("{}={}", object.name, object.field("status.phase"))).collect()
    }

    #[test]
    fn a_list_at_an_old_version_shows_the_state_of_that_version() {
        let store = Store::new(100);
        let pods = built_in_kind("", "pods");
        put(&store, "a", "Pending");
        let old = put(&store, "b", "Pending");
        put(&store, "a", "Running");
        put(&store, "c", "Pending");
        store.write::<()>(&pods, "web", "b", |_| Ok(Write::Remove)).unwrap();
        assert_eq!(phases(&store.list_at(&pods, "web", old).unwrap()), ["a=Pending", "b=Pending"]);
        assert_eq!(phases(&store.list(&pods, "web").1), ["a=Running", "c=Pending"]);
    }

    #[test]
    fn changes_older_than_the_kept_history_are_expired() {
        let store = Store::new(2);
        let pods = built_in_kind("", "pods");
        let first = put(&store, "a", "1");
        put(&store, "a", "2");
        let third = put(&store, "a", "3");
        put(&store, "a", "4");
        assert!(store.changes(&pods, first, 10).is_err());
        assert_eq!(store.changes(&pods, third, 10).unwrap().len(), 1);
        store.compact();
        assert!(store.changes(&pods, third + 1, 10).is_err());
        assert!(store.changes(&pods, store.version(), 10).unwrap().is_empty());
    }

    #[test]
    fn a_namespace_holds_no_objects_of_one_whose_name_begins_alike() {
        let store = Store::new(10);
        let pods = built_in_kind("", "pods");
        for namespace in ["team", "team-a", "team0"] {
            let object = json!({"metadata": {"name": "x", "namespace": namespace}});
            store.write::<()>(&pods, namespace, "x", |_| Ok(Write::Put(object))).unwrap();
        }
        assert_eq!(store.list(&pods, "team").1.len(), 1);
    }
}
