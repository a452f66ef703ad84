use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::upstream::Seen;
use crate::authorize::RowScope;

/// A uid, shared by the table and the queues that wait for it.
pub(crate) type Uid = Arc<str>;

/// The rows of a hub: encoded, and nothing else.
#[derive(Default)]
pub(super) struct Table {
    rows: HashMap<Uid, Entry>,
    namespaces: HashMap<Arc<str>, u64>,
    /// The list that an entry was last seen in, so that what a list does not name can be swept.
    list: u32,
}

struct Entry {
    namespace: Option<Arc<str>>,
    row: Bytes,
    list: u32,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) uid: Uid,
    pub(super) namespace: Option<Arc<str>>,
    /// `None` = gone.
    pub(super) row: Option<Bytes>,
}

impl Table {
    /// A list begins: entries that it does not name are swept at its end.
    pub(super) fn mark(&mut self) {
        self.list = self.list.wrapping_add(1);
    }

    /// Takes an object as it is now; the same bytes are no change.
    pub(super) fn upsert(&mut self, seen: Seen) -> Option<Change> {
        if let Some(entry) = self.rows.get_mut(seen.uid.as_str()) {
            entry.list = self.list;
            if entry.row == seen.row {
                return None;
            }
            entry.row = seen.row.clone();
            let (uid, _) = self.rows.get_key_value(seen.uid.as_str())?;
            return Some(Change { uid: uid.clone(), namespace: self.rows[uid].namespace.clone(), row: Some(seen.row) });
        }
        let uid: Uid = seen.uid.into();
        let namespace = seen.namespace.map(|namespace| self.count_up(&namespace));
        self.rows.insert(uid.clone(), Entry { namespace: namespace.clone(), row: seen.row.clone(), list: self.list });
        Some(Change { uid, namespace, row: Some(seen.row) })
    }

    /// Drops an object.
    pub(super) fn remove(&mut self, uid: &str) -> Option<Change> {
        let (uid, entry) = self.rows.remove_entry(uid)?;
        self.count_down(entry.namespace.as_ref());
        Some(Change { uid, namespace: entry.namespace, row: None })
    }

    /// A list is complete: drops what it did not name.
    pub(super) fn sweep(&mut self) -> Vec<Change> {
        let list = self.list;
        let gone: Vec<Uid> = self.rows.iter().filter(|(_, entry)| entry.list != list).map(|(uid, _)| uid.clone()).collect();
        gone.iter().filter_map(|uid| self.remove(uid)).collect()
    }

    /// The rows of a scope.
    pub(super) fn rows(&self, scope: &RowScope) -> impl Iterator<Item = (&Uid, &Bytes)> {
        self.rows.iter().filter(|(_, entry)| scope.holds(entry.namespace.as_deref())).map(|(uid, entry)| (uid, &entry.row))
    }

    /// The row of an object.
    pub(super) fn row(&self, uid: &str) -> Option<&Bytes> {
        self.rows.get(uid).map(|entry| &entry.row)
    }

    /// How many rows a scope has.
    pub(super) fn count(&self, scope: &RowScope) -> u64 {
        match scope {
            RowScope::All => self.rows.len() as u64,
            RowScope::Namespace(namespace) => self.namespaces.get(namespace.as_str()).copied().unwrap_or(0),
        }
    }

    fn count_up(&mut self, namespace: &str) -> Arc<str> {
        if let Some(count) = self.namespaces.get_mut(namespace) {
            *count += 1;
        } else {
            self.namespaces.insert(namespace.into(), 1);
        }
        self.namespaces.get_key_value(namespace).map(|(name, _)| name.clone()).expect("counted above")
    }

    fn count_down(&mut self, namespace: Option<&Arc<str>>) {
        if let Some(namespace) = namespace
            && let Some(count) = self.namespaces.get_mut(namespace)
        {
            *count -= 1;
            if *count == 0 {
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
        let gone: Vec<_> = table.sweep().into_iter().map(|change| change.uid.to_string()).collect();
        assert_eq!(gone, ["2"]);
        assert!(table.sweep().is_empty());
        assert_eq!((table.count(&RowScope::All), table.count(&RowScope::Namespace("web".into()))), (2, 1));
        assert_eq!(table.rows(&RowScope::Namespace("shop".into())).map(|(_, row)| row).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn counts_follow_what_comes_and_goes() {
        let mut table = Table::default();
        table.upsert(seen("1", "web", "a"));
        table.upsert(seen("2", "web", "a"));
        table.upsert(seen("2", "web", "b"));
        assert!(table.remove("1").is_some() && table.remove("1").is_none());
        assert_eq!(table.count(&RowScope::Namespace("web".into())), 1);
        table.remove("2");
        assert_eq!(table.count(&RowScope::Namespace("web".into())), 0);
    }
}
