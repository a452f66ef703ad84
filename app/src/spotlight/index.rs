//! The catalog, laid out for a scan: every object that the person may list.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::Row;
use krateyard_shared::status::{self, Health};

use super::fuzzy::{self, Glance, Place, Summary, Word};
use super::query::Terms;

/// How far ahead an old entry is looked for when rows shifted.
const LOOK_AHEAD: usize = 8;
/// What a letter of a word found in the namespace is worth, against one in the name (16 and more).
const IN_NAMESPACE: i32 = 6;

/// One object.
#[derive(Debug)]
struct Entry {
    row: Arc<Row>,
    name: Summary,
    /// Its number; 0 for none.
    namespace: u32,
    kind: Kind,
    /// Of the kind, looked up once.
    weight: u16,
    health: Health,
    trouble: u8,
}

/// All objects.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: Vec<Entry>,
    spaces: Spaces,
    narrowed: Option<Narrowed>,
}

/// Namespaces that objects were in, by numbers from 1 on: there are few, so that what a question means to each is found out once.
#[derive(Debug, Default)]
struct Spaces {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

/// The answers to the last question: a letter more looks only at these.
#[derive(Debug)]
struct Narrowed {
    terms: Terms,
    survivors: Vec<Survivor>,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
struct Survivor {
    at: u32,
    /// Of the last word in the name.
    place: Place,
}

/// What a look at one object's summary tells.
struct Seen {
    /// At most how well it answers, or exactly how well.
    most: i32,
    is_exact: bool,
    /// Of the last word in the name.
    place: Place,
}

/// What a question means to the objects of one namespace.
struct InSpace {
    fits: bool,
    letters: u64,
    /// What each word is worth by the namespace, where it is in it.
    words: Vec<Option<i32>>,
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
        if rows.len() == self.entries.len() && rows.iter().zip(&self.entries).all(|(row, entry)| Arc::ptr_eq(row, &entry.row)) {
            return false;
        }
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
            self.entries.push(known.and_then(|at| ahead[at].take()).unwrap_or_else(|| Entry::of(row, &mut self.spaces)));
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
        let words: Vec<Word<'_>> = terms.words.iter().map(|word| Word::of(word)).collect();
        let needed = words.iter().fold(0, |all, word| all | word.letters());
        let spaces: Vec<InSpace> =
            std::iter::once(None).chain(self.spaces.names.iter().map(|name| Some(&**name))).map(|name| InSpace::of(name, terms)).collect();
        let before = self.narrowed.take().filter(|narrowed| terms.narrows(&narrowed.terms));
        // Where the last word was says where it is now, if it is the same word or grew.
        let same_words = before.as_ref().is_some_and(|before| {
            before.terms.words.len() == terms.words.len()
                && before.terms.words.split_last().map(|(_, rest)| rest) == terms.words.split_last().map(|(_, rest)| rest)
        });
        let mut best: BinaryHeap<Reverse<(Rank, Reverse<u32>)>> = BinaryHeap::with_capacity(limit + 1);
        let mut worst = None;
        let mut survivors = Vec::with_capacity(before.as_ref().map_or(self.entries.len(), |before| before.survivors.len()));
        let mut look = |Survivor { at, place }: Survivor| {
            let entry = &self.entries[at as usize];
            let space = &spaces[entry.namespace as usize];
            if !space.fits || (entry.name.letters() | space.letters) & needed != needed || !entry.passes(terms) {
                return;
            }
            let Some(Seen { most, is_exact, place }) = entry.glance(&words, space, place) else { return };
            survivors.push(Survivor { at, place });
            // How lately it was opened is asked of those alone for which it matters.
            if worst.is_some_and(|worst| entry.rank(most, u16::MAX) <= worst) {
                return;
            }
            let matches = if is_exact { most } else { entry.score(terms, space) };
            let rank = entry.rank(matches, recent(&entry.row));
            if worst.is_some_and(|worst| rank <= worst) {
                return;
            }
            best.push(Reverse((rank, Reverse(at))));
            if best.len() > limit {
                best.pop();
            }
            if best.len() == limit {
                worst = best.peek().map(|Reverse((rank, _))| *rank);
            }
        };
        match before {
            Some(before) => {
                before.survivors.into_iter().for_each(|known| look(Survivor { place: if same_words { known.place } else { Place::Unknown }, ..known }))
            }
            None => (0..u32::try_from(self.entries.len()).unwrap_or(u32::MAX)).for_each(|at| look(Survivor { at, place: Place::Unknown })),
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

impl Spaces {
    fn number(&mut self, namespace: Option<&str>) -> u32 {
        let Some(namespace) = namespace else { return 0 };
        if let Some(number) = self.numbers.get(namespace) {
            return *number;
        }
        let name: Arc<str> = namespace.into();
        self.names.push(name.clone());
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.numbers.insert(name, number);
        number
    }
}

impl InSpace {
    fn of(namespace: Option<&str>, terms: &Terms) -> InSpace {
        let fits = terms.namespaces.is_empty() || namespace.is_some_and(|mine| terms.namespaces.iter().any(|typed| mine.starts_with(typed.as_str())));
        let worth = |word: &String| namespace?.contains(word.as_str()).then(|| IN_NAMESPACE * i32::try_from(word.len()).unwrap_or(0));
        InSpace { fits, letters: namespace.map_or(0, fuzzy::mask), words: terms.words.iter().map(worth).collect() }
    }
}

impl Entry {
    fn of(row: &Arc<Row>, spaces: &mut Spaces) -> Entry {
        let health = status::of(row).health;
        Entry {
            row: row.clone(),
            name: Summary::of(&row.name),
            namespace: spaces.number(row.namespace.as_deref()),
            kind: row.kind,
            weight: row.kind.entry().weight,
            health,
            trouble: trouble(row.kind, health),
        }
    }

    /// Whether it passes the filters by kind, status and labels.
    fn passes(&self, terms: &Terms) -> bool {
        let kind_fits = if terms.kinds.is_empty() { self.kind != Kind::Namespace } else { terms.kinds.contains(&self.kind) };
        let status_fits = || terms.statuses.is_empty() || terms.statuses.iter().any(|word| word.holds(self.health));
        let labels_fit = || terms.labels.iter().all(|(key, value)| self.row.label(key).is_some_and(|mine| value.is_empty() || mine == value));
        kind_fits && status_fits() && labels_fit()
    }

    /// How well it answers, at a glance; `None` = not at all.
    fn glance(&self, words: &[Word<'_>], space: &InSpace, before: Place) -> Option<Seen> {
        let mut seen = Seen { most: 0, is_exact: true, place: Place::Unknown };
        for (at, word) in words.iter().enumerate() {
            let known = if at + 1 == words.len() { before } else { Place::Unknown };
            let by_name = fuzzy::glance(word, &self.row.name, &self.name, known);
            seen.place = by_name.map_or(Place::Unknown, |(_, place)| place);
            seen.most += match by_name {
                Some((Glance::Exactly(score), _)) => score,
                Some((Glance::AtMost(most), _)) => {
                    seen.is_exact = false;
                    most
                }
                None => space.words[at]?,
            };
        }
        Some(seen)
    }

    /// How well it answers, where it does.
    fn score(&self, terms: &Terms, space: &InSpace) -> i32 {
        terms.words.iter().zip(&space.words).filter_map(|(word, by_namespace)| fuzzy::score(word, &self.row.name).or(*by_namespace)).sum()
    }

    fn rank(&self, matches: i32, recent: u16) -> Rank {
        Rank { matches, trouble: self.trouble, weight: self.weight, recent }
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

#[cfg(test)]
mod tests {
    use krateyard_shared::rows::{DeploymentFacts, Facts};
    use proptest::prelude::*;

    use super::*;
    use crate::spotlight::Query;

    fn row(uid: usize, (name, namespace, ready): &(String, String, u32)) -> Arc<Row> {
        let facts = DeploymentFacts { desired: 1, ready: *ready, updated: 1, available: *ready, current: 1, paused: false, stuck: None, selector: vec![] };
        let namespace = Some(namespace.clone()).filter(|namespace| !namespace.is_empty());
        let facts = Facts::Deployment(facts);
        Arc::new(Row {
            kind: Kind::Deployment,
            uid: uid.to_string(),
            namespace,
            name: name.clone(),
            created: 0,
            deleting: None,
            labels: vec![],
            owner: None,
            facts,
        })
    }

    /// Every object looked at in full, and nothing remembered: uids of the best in their order, and how many there are.
    fn plainly(rows: &[Arc<Row>], terms: &Terms, limit: usize) -> (Vec<String>, usize) {
        let worth = |row: &Row, word: &String| {
            let by_namespace = || row.namespace.as_deref().filter(|namespace| namespace.contains(word.as_str())).map(|_| IN_NAMESPACE * word.len() as i32);
            fuzzy::score(word, &row.name).or_else(by_namespace)
        };
        let in_space = |row: &Row| {
            terms.namespaces.is_empty() || terms.namespaces.iter().any(|typed| row.namespace.as_deref().is_some_and(|mine| mine.starts_with(typed.as_str())))
        };
        let mut found: Vec<(i32, u8, usize)> = Vec::new();
        for (at, row) in rows.iter().enumerate().filter(|(_, row)| in_space(row)) {
            if let Some(sum) = terms.words.iter().try_fold(0, |sum, word| Some(sum + worth(row, word)?)) {
                found.push((sum, trouble(row.kind, status::of(row).health), at));
            }
        }
        found.sort_by_key(|(sum, trouble, at)| (Reverse((*sum, *trouble)), *at));
        let total = found.len();
        found.truncate(limit);
        // Between equals: the shorter name, then the alphabet.
        found.sort_by_key(|(sum, trouble, at)| (Reverse((*sum, *trouble)), rows[*at].name.len(), rows[*at].name.clone(), rows[*at].namespace.clone()));
        (found.into_iter().map(|(_, _, at)| rows[at].uid.clone()).collect(), total)
    }

    proptest! {
        // A failing case prints its seed and its smallest form.
        #[test]
        fn whatever_is_typed_and_erased_in_between_the_answer_is_that_of_a_plain_look_at_everything(
            objects in proptest::collection::vec(("[a-cA-C.:_-]{1,12}|[a-c]{125,131}", "[a-c]{0,3}", 0..2_u32), 0..40),
            texts in proptest::collection::vec("[a-c:-]{1,6}( [a-c]{1,3})?( ns:[a-c])?", 1..5),
        ) {
            let rows: Vec<_> = objects.iter().enumerate().map(|(uid, object)| row(uid, object)).collect();
            let mut index = Index::default();
            index.set(&rows);
            for text in texts {
                for end in (1..=text.len()).chain((1..text.len()).rev().step_by(2)) {
                    let terms = Query { text: text[..end].into(), ..Query::default() }.terms();
                    let found = index.find(&terms, 7, |_| 0);
                    let uids: Vec<_> = found.best.iter().map(|(_, row)| row.uid.clone()).collect();
                    let (expected, total) = plainly(&rows, &terms, 7);
                    let names = |uids: &[String]| uids.iter().map(|uid| { let row = &rows[uid.parse::<usize>().unwrap()]; (row.name.clone(), row.namespace.clone()) }).collect::<Vec<_>>();
                    prop_assert_eq!((names(&uids), found.total), (names(&expected), total), "{}", &text[..end]);
                }
            }
        }
    }
}
