use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use krateyard_shared::attention::Ripens;
use krateyard_shared::checksum::{self, Checksum};
use krateyard_shared::rows::SummaryFacts;
use krateyard_shared::status::Health;
use krateyard_shared::time::Seconds;

use super::projected::Kept;
use super::recent::Recent;
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
    all: Counted,
    namespaces: HashMap<Arc<str>, Counted>,
    /// The list that an entry was last seen in, so that what a list does not name can be swept. Only the last two lists are ever told apart.
    list: u16,
    recent: Recent,
    /// The time, as its owner says it.
    now: Seconds,
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
    /// Of the row, so that it is made once: a row that goes takes its own off the sums.
    hash: u64,
    /// The number of its last difference.
    changed: u64,
    /// When it needs somebody, in seconds since 1970; [`NEVER`] while it does what it should.
    due: u32,
    /// From when on it does not any more, though it stays as it is; mostly [`NEVER`].
    until: u32,
    list: u16,
    health: Health,
}

/// What a row adds to the sums.
#[derive(Clone, Copy)]
struct Share {
    bytes: usize,
    hash: u64,
    health: Health,
}

/// It is not due.
const NEVER: u32 = u32::MAX;

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

/// What is counted of a namespace, or of all.
#[derive(Debug, Default, Clone, Copy)]
struct Counted {
    tally: Tally,
    healths: SummaryFacts,
}

impl Counted {
    fn add(&mut self, hash: u64, health: Health) {
        self.tally.add(hash);
        *self.healths.of_mut(health) += 1;
    }

    fn remove(&mut self, hash: u64, health: Health) {
        self.tally.remove(hash);
        *self.healths.of_mut(health) -= 1;
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) uid: Uid,
    pub(super) namespace: Option<Arc<str>>,
    /// Whether it needs somebody now.
    pub(super) is_finding: bool,
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

    pub(super) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// Takes an object as it is now. As long as its health stays, so does when it is due.
    fn take(&mut self, kept: Kept, now: Seconds) {
        let health = std::mem::replace(&mut self.health, kept.health);
        match kept.ripens {
            // What passes by itself was none of this health.
            Ripens::After { .. } if health == kept.health && self.due != NEVER && self.until == NEVER => {}
            ripens => (self.due, self.until) = span(ripens, now),
        }
        (self.hash, self.row) = (checksum::hash(&kept.row), kept.row);
    }

    fn share(&self) -> Share {
        Share { bytes: self.row.len(), hash: self.hash, health: self.health }
    }
}

/// From when to when an object is due that is as it is since then.
fn span(ripens: Ripens, since: Seconds) -> (u32, u32) {
    let at = |at: Seconds| u32::try_from(at.max(0)).unwrap_or(NEVER - 1);
    match ripens {
        Ripens::Never => (NEVER, NEVER),
        Ripens::At(due) => (at(due), NEVER),
        Ripens::Until(until) => (0, at(until)),
        Ripens::After { secs, .. } => (at(since + Seconds::from(secs)), NEVER),
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

    /// So late is it now.
    pub(super) fn tick(&mut self, now: Seconds) {
        self.now = now;
    }

    /// Takes an object as it is now; the same bytes are no change.
    pub(super) fn upsert(&mut self, seen: Seen) -> Option<Change> {
        let Some(entry) = self.rows.get_mut(seen.uid.as_str()) else { return Some(self.insert(seen)) };
        entry.list = self.list;
        if entry.row == seen.kept.row {
            return None;
        }
        self.seq += u64::from(self.is_loaded);
        let (row, before, last_seen) = (seen.kept.row.clone(), entry.share(), seen.kept.seen);
        entry.take(seen.kept, self.now);
        entry.changed = self.seq;
        let (namespace, now, is_finding) = (entry.namespace.clone(), entry.share(), is_due(entry, self.now));
        self.take_off(namespace.as_ref(), before);
        self.count_in(namespace.as_ref(), now);
        let (uid, _) = self.rows.get_key_value(seen.uid.as_str())?;
        self.recent.put(uid, last_seen);
        Some(Change { uid: uid.clone(), namespace, is_finding, row: Some(row) })
    }

    fn insert(&mut self, Seen { uid, namespace, kept: Kept { row, health, ripens, seen } }: Seen) -> Change {
        self.seq += u64::from(self.is_loaded);
        let uid: Uid = uid.into();
        let namespace = namespace.map(|name| self.namespaces.get_key_value(name.as_str()).map_or_else(|| name.into(), |(known, _)| known.clone()));
        let hash = checksum::hash(&row);
        let since = if let Ripens::After { made: made @ 1.., .. } = ripens { made } else { self.now };
        let (due, until) = span(ripens, since);
        let entry = Entry { namespace: namespace.clone(), row: row.clone(), hash, changed: self.seq, due, until, list: self.list, health };
        self.count_in(namespace.as_ref(), entry.share());
        let is_finding = is_due(&entry, self.now);
        self.recent.put(&uid, seen);
        self.rows.insert(uid.clone(), entry);
        Change { uid, namespace, is_finding, row: Some(row) }
    }

    /// Drops an object.
    pub(super) fn remove(&mut self, uid: &str) -> Option<Change> {
        let (uid, entry) = self.rows.remove_entry(uid)?;
        self.take_off(entry.namespace.as_ref(), entry.share());
        self.recent.remove(&uid);
        // Who has no complete list has nothing to come back to.
        if self.is_loaded {
            self.seq += 1;
            self.gone.push_back(Gone { seq: self.seq, uid: uid.clone(), namespace: entry.namespace.clone() });
            if self.gone.len() > MAX_GONE {
                self.forgotten = self.gone.pop_front().map_or(0, |gone| gone.seq);
            }
        }
        Some(Change { uid, namespace: entry.namespace, is_finding: false, row: None })
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

    /// What needs somebody now.
    pub(super) fn findings(&self) -> impl Iterator<Item = (&Uid, &Entry)> {
        self.rows.iter().filter(|(_, entry)| is_due(entry, self.now))
    }

    /// How many objects do how, in each namespace; in all, where they have none.
    pub(super) fn summaries(&self) -> impl Iterator<Item = (Option<&str>, SummaryFacts)> {
        let all = self.namespaces.is_empty().then_some((None, self.all.healths));
        let each = self.namespaces.iter().map(|(namespace, counted)| (Some(&**namespace), counted.healths));
        all.into_iter().chain(each)
    }

    /// Events of a scope, the newest first.
    pub(super) fn newest(&self, scope: &RowScope) -> impl Iterator<Item = (&Uid, &Entry)> {
        self.recent.newest().filter_map(|uid| self.rows.get_key_value(uid)).filter(|(_, entry)| scope.holds(entry.namespace()))
    }

    /// The row of an object.
    pub(super) fn row(&self, uid: &str) -> Option<&Bytes> {
        self.rows.get(uid).map(|entry| &entry.row)
    }

    /// How many rows a scope has, and which.
    pub(super) fn tally(&self, scope: &RowScope) -> Tally {
        match scope {
            RowScope::All => self.all.tally,
            RowScope::Namespace(namespace) => self.namespaces.get(namespace.as_str()).copied().unwrap_or_default().tally,
        }
    }

    fn count_in(&mut self, namespace: Option<&Arc<str>>, Share { bytes, hash, health }: Share) {
        self.held.own += bytes + BESIDES;
        self.held.all.fetch_add(bytes + BESIDES, Ordering::Relaxed);
        self.all.add(hash, health);
        if let Some(namespace) = namespace {
            self.namespaces.entry(namespace.clone()).or_default().add(hash, health);
        }
    }

    fn take_off(&mut self, namespace: Option<&Arc<str>>, Share { bytes, hash, health }: Share) {
        self.held.own -= bytes + BESIDES;
        self.held.all.fetch_sub(bytes + BESIDES, Ordering::Relaxed);
        self.all.remove(hash, health);
        if let Some(namespace) = namespace
            && let Some(counted) = self.namespaces.get_mut(namespace)
        {
            counted.remove(hash, health);
            if counted.tally.count == 0 {
                self.namespaces.remove(namespace);
            }
        }
    }
}

fn is_due(entry: &Entry, now: Seconds) -> bool {
    entry.due != NEVER && Seconds::from(entry.due) <= now && now < Seconds::from(entry.until)
}

#[cfg(test)]
mod tests;
