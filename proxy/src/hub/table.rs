use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use krateyard_shared::checksum::{self, Checksum};

use super::upstream::Seen;
use crate::authorize::RowScope;

/// Objects that are gone and still remembered, so that who comes back can be told which. Rows say themselves when they last changed, so these alone need
/// room: some 100 bytes each, 400 KiB in a hub where so many went. It is ten minutes at seven a second.
const MAX_GONE: usize = 4096;

/// What a row takes besides its bytes, about: its uid, its entry, their places in maps.
const BESIDES: usize = 200;

/// A uid, shared by the table and the queues that wait for it.
pub(crate) type Uid = Arc<str>;

/// The rows of a hub: encoded, and nothing else. Every difference has a number, from the first complete list on.
#[derive(Default)]
pub(super) struct Table {
    rows: HashMap<Uid, Entry>,
    all: Tally,
    namespaces: HashMap<Arc<str>, Tally>,
    /// The list that an entry was last seen in, so that what a list does not name can be swept.
    list: u32,
    /// The number of the last difference.
    seq: u64,
    is_loaded: bool,
    held: Held,
    /// What went, in the order of its numbers.
    gone: VecDeque<Gone>,
    /// The highest number of what went and was forgotten.
    forgotten: u64,
}

pub(super) struct Entry {
    namespace: Option<Arc<str>>,
    row: Bytes,
    list: u32,
    /// The number of its last difference.
    changed: u64,
}

/// What the rows of a table take, in bytes, counted with those of the cluster's other tables.
#[derive(Default)]
struct Held {
    own: usize,
    all: Arc<AtomicUsize>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.fetch_sub(self.own, Ordering::Relaxed);
    }
}

struct Gone {
    seq: u64,
    uid: Uid,
    namespace: Option<Arc<str>>,
}

/// How many rows, and which: kept as they come and go.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) checksum: Checksum,
}

impl Tally {
    pub(super) fn add(&mut self, hash: u64) {
        self.count += 1;
        self.checksum.add(hash);
    }

    pub(super) fn remove(&mut self, hash: u64) {
        self.count -= 1;
        self.checksum.remove(hash);
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) uid: Uid,
    pub(super) namespace: Option<Arc<str>>,
    /// `None` = gone.
    pub(super) row: Option<Bytes>,
}

impl Entry {
    pub(super) fn row(&self) -> &Bytes {
        &self.row
    }

    /// Whether it changed since this number.
    pub(super) fn changed_since(&self, seq: u64) -> bool {
        self.changed > seq
    }
}

impl Table {
    /// An empty one, whose bytes count in `all`.
    pub(super) fn counted(all: Arc<AtomicUsize>) -> Table {
        Table { held: Held { own: 0, all }, ..Table::default() }
    }

    /// The number of the last difference.
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// Whether its first list is complete.
    pub(super) fn is_loaded(&self) -> bool {
        self.is_loaded
    }

    /// The first list is complete: from now on every difference counts.
    pub(super) fn loaded(&mut self) {
        self.is_loaded = true;
    }

    /// A list begins: entries that it does not name are swept at its end.
    pub(super) fn mark(&mut self) {
        self.list = self.list.wrapping_add(1);
    }

    /// Takes an object as it is now; the same bytes are no change.
    pub(super) fn upsert(&mut self, seen: Seen) -> Option<Change> {
        let Some(entry) = self.rows.get_mut(seen.uid.as_str()) else { return Some(self.insert(seen)) };
        entry.list = self.list;
        if entry.row == seen.row {
            return None;
        }
        self.seq += u64::from(self.is_loaded);
        let before = std::mem::replace(&mut entry.row, seen.row.clone());
        entry.changed = self.seq;
        let namespace = entry.namespace.clone();
        self.take_off(namespace.as_ref(), &before);
        self.count_in(namespace.as_ref(), &seen.row);
        let (uid, _) = self.rows.get_key_value(seen.uid.as_str())?;
        Some(Change { uid: uid.clone(), namespace, row: Some(seen.row) })
    }

    fn insert(&mut self, Seen { uid, namespace, row }: Seen) -> Change {
        self.seq += u64::from(self.is_loaded);
        let uid: Uid = uid.into();
        let namespace = namespace.map(|name| self.namespaces.get_key_value(name.as_str()).map_or_else(|| name.into(), |(known, _)| known.clone()));
        self.count_in(namespace.as_ref(), &row);
        self.rows.insert(uid.clone(), Entry { namespace: namespace.clone(), row: row.clone(), list: self.list, changed: self.seq });
        Change { uid, namespace, row: Some(row) }
    }

    /// Drops an object.
    pub(super) fn remove(&mut self, uid: &str) -> Option<Change> {
        let (uid, entry) = self.rows.remove_entry(uid)?;
        self.take_off(entry.namespace.as_ref(), &entry.row);
        // Who has no complete list has nothing to come back to.
        if self.is_loaded {
            self.seq += 1;
            self.gone.push_back(Gone { seq: self.seq, uid: uid.clone(), namespace: entry.namespace.clone() });
            if self.gone.len() > MAX_GONE {
                self.forgotten = self.gone.pop_front().map_or(0, |gone| gone.seq);
            }
        }
        Some(Change { uid, namespace: entry.namespace, row: None })
    }

    /// What a complete list did not name: it is to be removed.
    pub(super) fn unnamed(&self) -> Vec<Uid> {
        self.rows.iter().filter(|(_, entry)| entry.list != self.list).map(|(uid, _)| uid.clone()).collect()
    }

    /// What went from a scope since this number; `None` where that was forgotten.
    pub(super) fn gone_since(&self, seq: u64, scope: &RowScope) -> Option<impl Iterator<Item = &Uid>> {
        let first = self.gone.partition_point(|gone| gone.seq <= seq);
        let since = self.gone.range(first..).filter(|gone| scope.holds(gone.namespace.as_deref())).map(|gone| &gone.uid);
        (seq >= self.forgotten).then_some(since)
    }

    /// The rows of a scope.
    pub(super) fn rows(&self, scope: &RowScope) -> impl Iterator<Item = (&Uid, &Entry)> {
        self.rows.iter().filter(|(_, entry)| scope.holds(entry.namespace.as_deref()))
    }

    /// The row of an object.
    pub(super) fn row(&self, uid: &str) -> Option<&Bytes> {
        self.rows.get(uid).map(|entry| &entry.row)
    }

    /// How many rows a scope has, and which.
    pub(super) fn tally(&self, scope: &RowScope) -> Tally {
        match scope {
            RowScope::All => self.all,
            RowScope::Namespace(namespace) => self.namespaces.get(namespace.as_str()).copied().unwrap_or_default(),
        }
    }

    fn count_in(&mut self, namespace: Option<&Arc<str>>, row: &[u8]) {
        self.held.own += row.len() + BESIDES;
        self.held.all.fetch_add(row.len() + BESIDES, Ordering::Relaxed);
        let hash = checksum::hash(row);
        self.all.add(hash);
        if let Some(namespace) = namespace {
            self.namespaces.entry(namespace.clone()).or_default().add(hash);
        }
    }

    fn take_off(&mut self, namespace: Option<&Arc<str>>, row: &[u8]) {
        self.held.own -= row.len() + BESIDES;
        self.held.all.fetch_sub(row.len() + BESIDES, Ordering::Relaxed);
        let hash = checksum::hash(row);
        self.all.remove(hash);
        if let Some(namespace) = namespace
            && let Some(tally) = self.namespaces.get_mut(namespace)
        {
            tally.remove(hash);
            if tally.count == 0 {
                self.namespaces.remove(namespace);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(uid: &str, namespace: &str, row: &'static str) -> Seen {
        Seen { uid: uid.into(), namespace: Some(namespace.into()), row: Bytes::from_static(row.as_bytes()) }
    }

    fn count(table: &Table, namespace: &str) -> u64 {
        table.tally(&RowScope::Namespace(namespace.into())).count
    }

    #[test]
    fn the_same_bytes_are_no_change() {
        let mut table = Table::default();
        assert!(table.upsert(seen("1", "web", "a")).is_some());
        assert!(table.upsert(seen("1", "web", "a")).is_none());
        assert_eq!(table.upsert(seen("1", "web", "b")).unwrap().row, Some("b".into()));
    }

    #[test]
    fn a_list_sweeps_what_it_does_not_name_and_changes_nothing_else() {
        let mut table = Table::default();
        for (uid, namespace) in [("1", "web"), ("2", "web"), ("3", "shop")] {
            table.upsert(seen(uid, namespace, "a"));
        }
        table.mark();
        assert!(table.upsert(seen("1", "web", "a")).is_none());
        assert!(table.upsert(seen("3", "shop", "b")).is_some());
        assert_eq!(table.unnamed(), ["2".into()]);
        table.remove("2");
        assert!(table.unnamed().is_empty());
        assert_eq!((table.tally(&RowScope::All).count, count(&table, "web")), (2, 1));
        assert_eq!(table.rows(&RowScope::Namespace("shop".into())).map(|(_, entry)| entry.row()).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn counts_follow_what_comes_and_goes() {
        let mut table = Table::default();
        table.upsert(seen("1", "web", "a"));
        table.upsert(seen("2", "web", "a"));
        table.upsert(seen("2", "web", "b"));
        assert!(table.remove("1").is_some() && table.remove("1").is_none());
        assert_eq!(count(&table, "web"), 1);
        table.remove("2");
        assert_eq!(count(&table, "web"), 0);
    }

    #[test]
    fn what_rows_take_is_counted_and_given_back() {
        let all = Arc::new(AtomicUsize::default());
        let held = || all.load(Ordering::Relaxed);
        let (mut one, mut other) = (Table::counted(all.clone()), Table::counted(all.clone()));
        one.upsert(seen("1", "web", "a"));
        other.upsert(seen("1", "web", "a"));
        one.upsert(seen("1", "web", "abcd"));
        assert_eq!(held(), 5 + 2 * BESIDES);
        one.remove("1");
        assert_eq!(held(), 1 + BESIDES);
        drop(other);
        assert_eq!(held(), 0);
    }

    #[test]
    fn what_went_is_remembered_so_far_back_and_no_further() {
        let mut table = Table::default();
        table.loaded();
        for n in 0..MAX_GONE + 1 {
            table.upsert(seen(&n.to_string(), "web", "a"));
            table.remove(&n.to_string());
        }
        let gone = |seq: u64, namespace: &str| table.gone_since(seq, &RowScope::Namespace(namespace.into())).map(Iterator::count);
        assert_eq!(gone(1, "web"), None, "the first deletion was the second difference");
        assert_eq!(gone(2, "web"), Some(MAX_GONE));
        assert_eq!(gone(2, "shop"), Some(0), "nobody is told of what went elsewhere");
        assert_eq!(gone(table.seq(), "web"), Some(0));
    }
}
