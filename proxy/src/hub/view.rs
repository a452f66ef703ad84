//! What one subscriber sees of a hub's table: the namespaces of its permit, and of them the part that it asked for.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use krateyard_shared::checksum;
use krateyard_shared::rows::Row;
use krateyard_shared::scope::{NEWEST, Part, between};
use krateyard_shared::watch::EncodedRow;

use super::queue::Queue;
use super::table::{Change, Entry, Table, Tally, Uid};
use crate::authorize::RowScope;

/// A resume may always tell so many changes; of more, no more than the view has rows.
const CHEAP: usize = 500;

/// One subscriber's view.
pub(super) struct View {
    scope: RowScope,
    part: Part,
    /// What stands between a workload and its pods, by uid.
    through: HashSet<String>,
    /// Of a part, what is in it now, with the hash of its row: an object that leaves it is deleted from it. The whole keeps nothing.
    members: HashMap<Uid, u64>,
    tally: Tally,
    /// The number of the table's last difference when it was last looked at.
    looked: Option<u64>,
    queue: Weak<Queue>,
}

/// A row of a change, decoded when the first part asks, for all that do.
pub(super) struct Decoded<'a> {
    row: Option<&'a Bytes>,
    decoded: OnceCell<Option<Row<()>>>,
}

impl<'a> Decoded<'a> {
    pub(super) fn of(change: &'a Change) -> Decoded<'a> {
        Decoded { row: change.row.as_ref(), decoded: OnceCell::new() }
    }

    fn get(&self) -> Option<&Row<()>> {
        self.decoded.get_or_init(|| self.row.and_then(decode)).as_ref()
    }
}

impl View {
    pub(super) fn new(scope: RowScope, part: Part, through: HashSet<String>, queue: &Arc<Queue>) -> View {
        View { scope, part, through, members: HashMap::new(), tally: Tally::default(), looked: None, queue: Arc::downgrade(queue) }
    }

    pub(super) fn queue(&self) -> Option<Arc<Queue>> {
        self.queue.upgrade()
    }

    pub(super) fn is_of(&self, queue: &Arc<Queue>) -> bool {
        std::ptr::eq(self.queue.as_ptr(), Arc::as_ptr(queue))
    }

    /// Whether it is looked at again and again: what is in it changes by time, or is told once for many changes.
    pub(super) fn is_timed(&self) -> bool {
        matches!(self.part, Part::Attention | Part::Summary | Part::Newest)
    }

    /// Its rows, as a snapshot.
    pub(super) fn rows(&mut self, table: &Table) -> VecDeque<Bytes> {
        if self.part == Part::Whole {
            return table.rows(&self.scope).map(|(_, entry)| entry.row().clone()).collect();
        }
        let rows = self.held(table);
        (self.members, self.tally) = (HashMap::new(), Tally::default());
        rows.into_iter()
            .map(|(uid, row)| {
                self.put(uid, &row);
                row
            })
            .collect()
    }

    /// The rows of its part, by uid.
    fn held(&self, table: &Table) -> Vec<(Uid, Bytes)> {
        let kept = |(uid, entry): (&Uid, &Entry)| (uid.clone(), entry.row().clone());
        match &self.part {
            Part::Attention => table.findings().filter(|(_, entry)| self.scope.holds(entry.namespace())).map(kept).collect(),
            // Half a count is none, and what is newest of half a list is not.
            Part::Summary | Part::Newest if !table.is_loaded() => Vec::new(),
            Part::Newest => table.newest(&self.scope).take(NEWEST).map(kept).collect(),
            Part::Summary => {
                let own = table.summaries().filter(|(namespace, _)| self.scope.holds(*namespace));
                own.map(|(namespace, counts)| summary(&Row::summary(namespace, counts))).collect()
            }
            part => table.rows(&self.scope).filter(|(_, entry)| decode(entry.row()).is_some_and(|row| part.holds(&row, &self.through))).map(kept).collect(),
        }
    }

    /// What is different since it was last looked at, where it [is](Self::is_timed).
    pub(super) fn look(&mut self, table: &Table) -> Vec<(Uid, Option<Bytes>)> {
        // Time makes findings, and nothing else.
        if self.part != Part::Attention && table.is_loaded() && self.looked.replace(table.seq()) == Some(table.seq()) {
            return Vec::new();
        }
        let held = self.held(table);
        let named: HashSet<&Uid> = held.iter().map(|(uid, _)| uid).collect();
        let gone: Vec<Uid> = self.members.keys().filter(|uid| !named.contains(uid)).cloned().collect();
        let mut changes = Vec::new();
        for uid in gone {
            self.drop_member(&uid);
            changes.push((uid, None));
        }
        for (uid, row) in held {
            if self.members.get(&uid) != Some(&checksum::hash(&row)) {
                self.put(uid.clone(), &row);
                changes.push((uid, Some(row)));
            }
        }
        changes
    }

    /// What is different since the table's difference of this number, for who had all rows then: rows, and uids that are not in it now, whether or not they
    /// were. `None` where nobody remembers, or where all rows are less to tell.
    pub(super) fn since(&mut self, seq: u64, table: &Table) -> Option<Vec<(Uid, Option<Bytes>)>> {
        // What stands between a workload and its pods has a history of its own.
        if matches!(&self.part, Part::Workload { kind, .. } if between(kind).is_some()) {
            return None;
        }
        // A table's numbers do not count what time does.
        if self.is_timed() {
            return None;
        }
        let rows = self.rows(table).len();
        let gone = table.gone_since(seq, &self.scope)?.map(|uid| (uid.clone(), None));
        let is_in = |uid: &Uid| self.part == Part::Whole || self.members.contains_key(uid);
        let changed = table.rows(&self.scope).filter(|(_, entry)| entry.changed_since(seq));
        // What went and came again is here.
        let changes: Vec<_> = gone.chain(changed.map(|(uid, entry)| (uid.clone(), is_in(uid).then(|| entry.row().clone())))).collect();
        (changes.len() <= rows.max(CHEAP)).then_some(changes)
    }

    /// How many rows it has, and which.
    pub(super) fn tally(&self, table: &Table) -> Tally {
        if self.part == Part::Whole { table.tally(&self.scope) } else { self.tally }
    }

    fn put(&mut self, uid: Uid, row: &[u8]) {
        let hash = checksum::hash(row);
        if let Some(before) = self.members.insert(uid, hash) {
            self.tally.remove(before);
        }
        self.tally.add(hash);
    }

    /// What a change is to it: nothing, a row, or a row that is gone.
    pub(super) fn take(&mut self, change: &Change, decoded: &Decoded<'_>) -> Option<Option<Bytes>> {
        if !self.scope.holds(change.namespace.as_deref()) {
            return None;
        }
        if self.part == Part::Whole {
            return Some(change.row.clone());
        }
        let is_in = match self.part {
            Part::Summary | Part::Newest => return None,
            Part::Attention => change.is_finding,
            _ => decoded.get().is_some_and(|row| self.part.holds(row, &self.through)),
        };
        if is_in {
            self.put(change.uid.clone(), change.row.as_deref().unwrap_or_default());
            return Some(change.row.clone());
        }
        self.drop_member(&change.uid).then_some(None)
    }

    fn drop_member(&mut self, uid: &Uid) -> bool {
        let before = self.members.remove(uid);
        before.into_iter().for_each(|hash| self.tally.remove(hash));
        before.is_some()
    }

    /// Other objects stand between a workload and its pods now: what comes and what goes by that.
    pub(super) fn go_through(&mut self, through: HashSet<String>, table: &Table) -> Vec<(Uid, Option<Bytes>)> {
        self.through = through;
        let before = std::mem::take(&mut self.members);
        self.rows(table);
        let gone = before.keys().filter(|uid| !self.members.contains_key(*uid)).map(|uid| (uid.clone(), None));
        let come = self.members.keys().filter(|uid| !before.contains_key(*uid));
        let come = come.filter_map(|uid| Some((uid.clone(), Some(table.row(uid)?.clone()))));
        gone.chain(come).collect()
    }
}

/// Counts as they are sent.
fn summary(row: &Row<()>) -> (Uid, Bytes) {
    (row.uid.as_str().into(), EncodedRow::of(row).0.into())
}

/// Rows are encoded by this very program: one that can not be read back belongs to no part.
fn decode(row: &Bytes) -> Option<Row<()>> {
    EncodedRow(row.to_vec()).decode().ok()
}

#[cfg(test)]
mod tests;
