//! How many rows do how, for the chips of a window's header.

use std::sync::Arc;

use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::{Facts, Row, SummaryFacts};
use krateyard_shared::status::{self, Health};

/// How many rows do how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Health, how many, and their word; only what there is.
    pub parts: Vec<(Health, usize, &'static str)>,
}

const WORDS: [(Health, &str); 6] = [
    (Health::Bad, "degraded"),
    (Health::Warn, "warning"),
    (Health::Pending, "pending"),
    (Health::Ok, "ready"),
    (Health::Ended, "ended"),
    (Health::Stopped, "stopped"),
];

/// What a row counts, where it is no object's.
pub(super) enum Counted {
    /// Objects, by how they do.
    Objects(SummaryFacts),
    /// Events, which say nothing of what is now: how many of them warn.
    Events(u32),
}

/// What a row counts.
pub(super) fn counted(row: &Row) -> Option<Counted> {
    match &row.facts {
        Facts::Summary(counts) if row.kind == Kind::Event => Some(Counted::Events(counts.warn)),
        Facts::Summary(counts) => Some(Counted::Objects(*counts)),
        _ => None,
    }
}

impl Counted {
    pub(super) fn objects(&self) -> Option<SummaryFacts> {
        if let Counted::Objects(counts) = self { Some(*counts) } else { None }
    }

    pub(super) fn warnings(&self) -> u32 {
        if let Counted::Events(warnings) = self { *warnings } else { 0 }
    }
}

impl Counts {
    /// Of rows; the worst first.
    pub fn of(rows: &[Arc<Row>]) -> Counts {
        Counter::default().count(rows)
    }
}

/// Counts rows again and again: how a row does is worked out once for each allocation, not once for each count.
#[derive(Debug, Default)]
pub struct Counter {
    /// The rows of the last time, in their order, which mostly stays.
    last: Vec<(Arc<Row>, Option<Health>)>,
}

impl Counter {
    /// Of these rows; the worst first.
    pub fn count(&mut self, rows: &[Arc<Row>]) -> Counts {
        let mut counts = [0; 6];
        self.last.truncate(rows.len());
        for (at, row) in rows.iter().enumerate() {
            if let Some(objects) = counted(row).and_then(|counted| counted.objects()) {
                for (count, (health, _)) in counts.iter_mut().zip(WORDS) {
                    *count += objects.of(health) as usize;
                }
            }
            let health = match self.last.get_mut(at) {
                Some((known, health)) if Arc::ptr_eq(known, row) => *health,
                Some(slot) => {
                    *slot = (row.clone(), health_of(row));
                    slot.1
                }
                None => {
                    self.last.push((row.clone(), health_of(row)));
                    self.last[at].1
                }
            };
            if let Some(at) = health.and_then(|health| WORDS.iter().position(|(known, _)| *known == health)) {
                counts[at] += 1;
            }
        }
        let is_event = rows.first().is_some_and(|row| matches!(row.facts, Facts::Event(_)));
        let word = |health, word| match (health, is_event) {
            (Health::Warn, true) => "warnings",
            (Health::Ended, true) => "normal",
            _ => word,
        };
        Counts { parts: WORDS.into_iter().zip(counts).filter(|(_, count)| *count > 0).map(|((health, w), count)| (health, count, word(health, w))).collect() }
    }
}

/// What has no state is not counted by it.
fn health_of(row: &Row) -> Option<Health> {
    let status = status::of(row);
    (!status.word.is_empty()).then_some(status.health)
}

#[cfg(test)]
mod tests {
    use krateyard_shared::rows::SummaryFacts;

    use super::*;
    use crate::rows::fixtures::{crashing, event, pending, running};

    #[test]
    fn rows_are_counted_by_how_they_do_also_when_they_change_place() {
        let mut rows: Vec<_> = [running("a", "web"), crashing("b", "web"), pending("c", "web"), running("d", "web")].map(Arc::new).to_vec();
        let mut counter = Counter::default();
        assert_eq!(counter.count(&rows).parts, [(Health::Bad, 1, "degraded"), (Health::Pending, 1, "pending"), (Health::Ok, 2, "ready")]);
        rows.swap_remove(0);
        rows[1] = Arc::new(crashing("b", "web"));
        assert_eq!(counter.count(&rows), Counts::of(&rows));
        rows.push(Arc::new(running("e", "web")));
        rows.reverse();
        assert_eq!(counter.count(&rows), Counts::of(&rows));
        assert_eq!(counter.count(&[]), Counts::default());
    }

    #[test]
    fn events_warn_or_are_normal_and_counts_are_added_up() {
        assert_eq!(Counts::of(&[Arc::new(event("a", "2026-11-21T14:00:00Z"))]).parts.len(), 1);
        let counted = |kind, bad| Arc::new(Row::summary(Some("web"), SummaryFacts { bad, ..SummaryFacts::default() }).of_kind(kind));
        let rows = [counted(Kind::Pod, 2), counted(Kind::Job, 1), counted(Kind::Event, 9)];
        assert_eq!(Counts::of(&rows).parts, [(Health::Bad, 3, "degraded")]);
    }
}
