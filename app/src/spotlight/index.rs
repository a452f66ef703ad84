//! The catalog, laid out for a scan: every object that the person may list.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::Row;
use krateyard_shared::status::{self, Health};

use super::fuzzy::{self, Glance};
use super::query::Terms;

/// How far ahead an old entry is looked for when rows shifted.
const LOOK_AHEAD: usize = 8;
/// What a letter of a word found in the namespace is worth, against one in the name (16 and more).
const IN_NAMESPACE: i32 = 6;

/// One object.
#[derive(Debug)]
struct Entry {
    row: Arc<Row>,
    /// Letters of name and namespace.
    mask: u64,
    kind: Kind,
    /// Of the kind, looked up once.
    weight: u16,
    health: Health,
}

/// All objects.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: Vec<Entry>,
    narrowed: Option<Narrowed>,
}

/// The answers to the last question: a letter more looks only at these.
#[derive(Debug)]
struct Narrowed {
    terms: Terms,
    survivors: Vec<u32>,
}

/// The best answers, the best first, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) best: Vec<(Rank, Arc<Row>)>,
    pub(super) total: usize,
}

/// The order of answers: the greater the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Rank {
    /// How well it matches.
    pub(super) matches: i32,
    /// How badly it does: what is degraded stands above what is healthy, and the cause above what it harms.
    trouble: u8,
    /// Its kind's weight.
    weight: u16,
    /// How lately it was opened.
    recent: u16,
}

impl Index {
    /// Takes the rows of the catalog; returns whether they differ. Rows that did not change keep their entries.
    pub(super) fn set(&mut self, rows: &[Arc<Row>]) -> bool {
        let mut old = std::mem::take(&mut self.entries).into_iter();
        let mut ahead: Vec<Option<Entry>> = Vec::new();
        let mut is_same = true;
        for row in rows {
            while ahead.first().is_some_and(Option::is_none) {
                ahead.remove(0);
            }
            while ahead.len() < LOOK_AHEAD {
                let Some(entry) = old.next() else { break };
                ahead.push(Some(entry));
                // As long as nothing shifted, one is enough.
                if ahead.len() == 1 && ahead[0].as_ref().is_some_and(|entry| Arc::ptr_eq(&entry.row, row)) {
                    break;
                }
            }
            let known = ahead.iter().position(|entry| entry.as_ref().is_some_and(|entry| Arc::ptr_eq(&entry.row, row)));
            is_same &= known == Some(0);
            self.entries.push(known.and_then(|at| ahead[at].take()).unwrap_or_else(|| Entry::of(row)));
        }
        let is_changed = !is_same || ahead.iter().any(Option::is_some) || old.next().is_some();
        if is_changed {
            self.narrowed = None;
        }
        is_changed
    }

    /// How many objects there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The namespaces of all objects, and those that are objects themselves, in no order.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &str> {
        let of = |entry: &'_ Entry| entry.kind == Kind::Namespace;
        self.entries.iter().filter_map(move |entry| if of(entry) { Some(entry.row.name.as_str()) } else { entry.row.namespace.as_deref() })
    }

    /// The rows of these objects, in their order; what is gone is left out.
    pub(super) fn of_uids(&self, uids: &[&str]) -> Vec<Arc<Row>> {
        let mut found: Vec<(usize, Arc<Row>)> =
            self.entries.iter().filter_map(|entry| Some((uids.iter().position(|uid| *uid == entry.row.uid)?, entry.row.clone()))).collect();
        found.sort_by_key(|(at, _)| *at);
        found.into_iter().map(|(_, row)| row).collect()
    }

    /// The best `limit` answers. `recent` says how lately an object was opened: the greater the later, 0 for never.
    pub(super) fn find(&mut self, terms: &Terms, limit: usize, recent: impl Fn(&Row) -> u16) -> Found {
        let masks: Vec<u64> = terms.words.iter().map(|word| fuzzy::mask(word)).collect();
        let needed = masks.iter().fold(0, |all, mask| all | mask);
        let before = self.narrowed.take().filter(|narrowed| terms.narrows(&narrowed.terms)).map(|narrowed| narrowed.survivors);
        let mut best: BinaryHeap<Reverse<(Rank, Reverse<u32>)>> = BinaryHeap::with_capacity(limit + 1);
        let mut survivors = Vec::new();
        let mut look = |at: u32| {
            let entry = &self.entries[at as usize];
            if entry.mask & needed != needed {
                return;
            }
            let Some(most) = entry.glance(terms) else { return };
            survivors.push(at);
            let of = |matches| Rank { matches, trouble: trouble(entry.kind, entry.health), weight: entry.weight, recent: recent(&entry.row) };
            let is_among_the_best = |rank: Rank| best.len() < limit || best.peek().is_some_and(|Reverse((worst, _))| rank > *worst);
            if !is_among_the_best(of(most)) {
                return;
            }
            let rank = of(entry.score(terms));
            if is_among_the_best(rank) {
                best.push(Reverse((rank, Reverse(at))));
                if best.len() > limit {
                    best.pop();
                }
            }
        };
        match before {
            Some(before) => before.into_iter().for_each(&mut look),
            None => (0..u32::try_from(self.entries.len()).unwrap_or(u32::MAX)).for_each(&mut look),
        }
        let mut found: Vec<_> = best.into_iter().map(|Reverse((rank, Reverse(at)))| (rank, self.entries[at as usize].row.clone())).collect();
        found.sort_by(|(a_rank, a), (b_rank, b)| {
            b_rank.cmp(a_rank).then_with(|| (a.name.len(), &a.name, &a.namespace).cmp(&(b.name.len(), &b.name, &b.namespace)))
        });
        let total = survivors.len();
        self.narrowed = Some(Narrowed { terms: terms.clone(), survivors });
        Found { best: found, total }
    }
}

impl Entry {
    fn of(row: &Arc<Row>) -> Entry {
        let mask = fuzzy::mask(&row.name) | row.namespace.as_deref().map_or(0, fuzzy::mask);
        Entry { row: row.clone(), mask, kind: row.kind, weight: row.kind.entry().weight, health: status::of(row).health }
    }

    /// At most how well it answers; `None` = not at all.
    fn glance(&self, terms: &Terms) -> Option<i32> {
        let kind_fits = if terms.kinds.is_empty() { self.kind != Kind::Namespace } else { terms.kinds.contains(&self.kind) };
        let status_fits = || terms.statuses.is_empty() || terms.statuses.iter().any(|word| word.holds(self.health));
        let namespace = self.row.namespace.as_deref();
        let namespace_fits =
            || terms.namespaces.is_empty() || namespace.is_some_and(|mine| terms.namespaces.iter().any(|typed| mine.starts_with(typed.as_str())));
        let labels_fit = || terms.labels.iter().all(|(key, value)| self.row.label(key).is_some_and(|mine| value.is_empty() || mine == value));
        if !kind_fits || !status_fits() || !namespace_fits() || !labels_fit() {
            return None;
        }
        terms.words.iter().try_fold(0, |sum, word| {
            let by_name = fuzzy::glance(word, &self.row.name).map(|(Glance::Exactly(score) | Glance::AtMost(score))| score);
            Some(sum + by_name.or_else(|| self.by_namespace(word))?)
        })
    }

    /// How well it answers, where it does.
    fn score(&self, terms: &Terms) -> i32 {
        terms.words.iter().filter_map(|word| fuzzy::score(word, &self.row.name).or_else(|| self.by_namespace(word))).sum()
    }

    fn by_namespace(&self, word: &str) -> Option<i32> {
        self.row.namespace.as_deref().filter(|namespace| namespace.contains(word))?;
        Some(IN_NAMESPACE * i32::try_from(word.len()).unwrap_or(0))
    }
}

/// A pod that fails is why everything above it does: a deployment of one pod fails with it, and is not where its logs are.
fn trouble(kind: Kind, health: Health) -> u8 {
    match health {
        Health::Bad if kind == Kind::Pod => 4,
        Health::Bad => 3,
        Health::Warn => 2,
        Health::Pending => 1,
        Health::Ok | Health::Ended | Health::Stopped => 0,
    }
}
