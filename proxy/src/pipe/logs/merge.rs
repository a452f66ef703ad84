use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::time::Instant;

use super::source::Told;

/// The order of what was there is worth so long a wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// The sources of a window as one stream: what was there merged by time, what comes later as it comes. At most one batch of each is held.
pub(super) struct Merge {
    slots: Vec<Slot>,
    /// From which on sources are asked: each has its turn.
    turn: usize,
    /// Until when lines are put in order; `None` once all have told what was there.
    orders_until: Option<Instant>,
}

struct Slot {
    told: BoxStream<'static, Vec<Told>>,
    head: VecDeque<Told>,
    caught_up: bool,
    /// It joined when what was there had been told: it counts for nothing.
    late: bool,
    over: bool,
}

impl Merge {
    pub(super) fn new() -> Merge {
        Merge::patient(PATIENCE)
    }

    fn patient(patience: Duration) -> Merge {
        Merge { slots: Vec::new(), turn: 0, orders_until: Some(Instant::now() + patience) }
    }

    pub(super) fn join(&mut self, told: BoxStream<'static, Vec<Told>>) {
        let late = self.orders_until.is_none();
        self.slots.push(Slot { told, head: VecDeque::new(), caught_up: late, late, over: false });
    }

    /// What is told next; waits while there is nothing. Among it, once, the mark that what was there has been told by all. Sources that are over are forgotten.
    pub(super) async fn next(&mut self) -> Vec<Told> {
        let Some(until) = self.orders_until else { return poll_fn(|context| self.poll(context)).await };
        if let Ok(told) = tokio::time::timeout_at(until, poll_fn(|context| self.poll(context))).await {
            return told;
        }
        // One of them does not even begin: the others go on without it.
        self.slots.iter_mut().for_each(|slot| (slot.caught_up, slot.late) = (true, true));
        self.in_order()
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Vec<Told>> {
        let count = self.slots.len();
        self.turn = if count == 0 { 0 } else { (self.turn + 1) % count };
        for place in 0..count {
            let slot = &mut self.slots[(self.turn + place) % count];
            while slot.head.is_empty() && !slot.over {
                match slot.told.poll_next_unpin(context) {
                    Poll::Pending => break,
                    Poll::Ready(None) => (slot.over, slot.caught_up) = (true, true),
                    Poll::Ready(Some(told)) => {
                        slot.head.extend(told);
                        slot.drop_marks();
                    }
                }
            }
            if self.orders_until.is_none() && !slot.head.is_empty() {
                return Poll::Ready(slot.head.drain(..).collect());
            }
        }
        self.slots.retain(|slot| !slot.over || !slot.head.is_empty());
        if self.orders_until.is_none() {
            return Poll::Pending;
        }
        let told = self.in_order();
        if told.is_empty() { Poll::Pending } else { Poll::Ready(told) }
    }

    /// What is certain to stand first, and the mark when no source owes what was there.
    fn in_order(&mut self) -> Vec<Told> {
        let mut told = self.merged();
        if self.slots.iter().all(|slot| slot.caught_up) {
            self.orders_until = None;
            self.slots.iter_mut().for_each(|slot| slot.late = true);
            told.push(Told::CaughtUp);
        }
        told
    }

    /// What stands first, as long as that is certain: each source has told a line, or all that was there.
    fn merged(&mut self) -> Vec<Told> {
        let mut merged = Vec::new();
        loop {
            for slot in &mut self.slots {
                while let Some(Told::Control(_)) = slot.head.front() {
                    merged.extend(slot.head.pop_front());
                }
                slot.drop_marks();
            }
            if self.slots.iter().any(|slot| slot.head.is_empty() && !slot.caught_up) {
                return merged;
            }
            let first = self.slots.iter_mut().filter_map(|slot| match slot.head.front() {
                Some(Told::Line(at, _)) => Some((*at, slot)),
                _ => None,
            });
            let Some((_, slot)) = first.min_by_key(|(at, _)| *at) else {
                if self.slots.iter().all(|slot| slot.head.is_empty()) {
                    return merged;
                }
                continue;
            };
            merged.extend(slot.head.pop_front());
        }
    }
}

impl Slot {
    fn drop_marks(&mut self) {
        while let Some(Told::CaughtUp) = self.head.front() {
            self.head.pop_front();
            self.caught_up = true;
        }
        // After what was there nobody asks for a mark.
        if self.late {
            self.head.retain(|told| !matches!(told, Told::CaughtUp));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use krateyard_shared::logs::LogLine;

    use super::*;

    fn line(source: u32, second: i64) -> Told {
        Told::Line((second, 0), LogLine(source, String::new(), second.to_string()))
    }

    /// A source that tells this and is quiet then.
    fn source(batches: Vec<Vec<Told>>) -> BoxStream<'static, Vec<Told>> {
        stream::iter(batches).chain(stream::pending()).boxed()
    }

    /// Lines as source and second, and the mark.
    async fn told(merge: &mut Merge, count: usize) -> Vec<(u32, i64)> {
        let mut all = Vec::new();
        while all.len() < count {
            let told = tokio::time::timeout(Duration::from_secs(20), merge.next()).await.expect("more is told");
            all.extend(told.into_iter().map(|told| match told {
                Told::Line(at, LogLine(source, ..)) => (source, at.0),
                Told::CaughtUp => (99, 0),
                Told::Control(control) => panic!("{control:?}"),
            }));
        }
        all
    }

    #[tokio::test]
    async fn what_was_there_is_one_order_however_it_comes_and_then_the_order_is_that_of_arrival() {
        let mut merge = Merge::new();
        merge.join(source(vec![vec![line(0, 1), line(0, 4)], vec![line(0, 7), Told::CaughtUp]]));
        merge.join(source(vec![vec![line(1, 2)], vec![line(1, 3)], vec![line(1, 9), Told::CaughtUp]]));
        merge.join(source(vec![vec![Told::CaughtUp]]));
        assert_eq!(told(&mut merge, 7).await, [(0, 1), (1, 2), (1, 3), (0, 4), (0, 7), (1, 9), (99, 0)]);
        merge.join(source(vec![vec![line(3, 5), Told::CaughtUp]]));
        assert_eq!(told(&mut merge, 1).await, [(3, 5)], "who joins late is old news, and nobody marks it");
    }

    #[tokio::test]
    async fn one_that_does_not_begin_holds_the_others_up_for_some_seconds_only() {
        let patience = Duration::from_millis(50);
        let mut merge = Merge::patient(patience);
        merge.join(source(vec![vec![line(0, 1), Told::CaughtUp]]));
        merge.join(stream::pending().boxed());
        let begun = Instant::now();
        assert_eq!(told(&mut merge, 2).await, [(0, 1), (99, 0)]);
        assert!(begun.elapsed() >= patience / 2);
        let mut none = Merge::new();
        assert_eq!(told(&mut none, 1).await, [(99, 0)], "of nothing all has been told");
    }
}
