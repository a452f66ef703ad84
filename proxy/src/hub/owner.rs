use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::time::Seconds;
use krateyard_shared::watch::{Freshness, Position};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

use super::Command;
use super::queue::{End, Queue, Reached};
use super::table::{Change, Table, Uid};
use super::upstream::{News, Upstream};
use super::view::{Decoded, View};
use crate::clusters::{Cluster, Defined};
use crate::refresh::Refresh;

/// Counts, and what time makes a finding, are told so often.
const LOOK: Duration = Duration::from_secs(1);

struct Hub {
    cluster: Arc<Cluster>,
    kind: Kind,
    table: Table,
    /// Of the table's numbers.
    epoch: u64,
    /// Whether the last list is complete.
    listed: bool,
    freshness: Freshness,
    /// What that is when all is well.
    best: Freshness,
    subscribers: Vec<View>,
}

/// The owner task of a hub: it alone touches the table. It ends when nobody has looked for a while, or when the cluster refuses.
pub(super) async fn run(cluster: Arc<Cluster>, mut upstream: Upstream, mut commands: mpsc::Receiver<Command>) {
    let kind = upstream.kind();
    let rest = cluster.limits.hub_rest;
    let mut hub = Hub::new(cluster, kind, upstream.at_its_best());
    let mut idle = tokio::time::interval(rest / 4);
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let definition = replaced(hub.cluster.clone(), kind);
    tokio::pin!(definition);
    let mut watched = Instant::now();
    let mut refresh = Refresh::default();
    tracing::debug!(cluster = %hub.cluster.name, plural = kind.entry().plural, "a hub begins");
    loop {
        tokio::select! {
            command = commands.recv() => match command {
                Some(Command::Subscribe { scope, part, through, resume, queue }) => {
                    watched = Instant::now();
                    hub.subscribe(View::new(scope, part, through, &queue), resume, &queue);
                }
                Some(Command::Through { queue, through, freshness }) => {
                    hub.go_through(&queue, &through);
                    queue.between(freshness);
                }
                Some(Command::Refresh) => refresh.ask(),
                None => return,
            },
            news = upstream.next() => if let Err(refusal) = hub.take(news) {
                let end = match refusal {
                    Refusal::NotFound { .. } => End::Complete("the cluster does not serve this kind".into()),
                    refusal => End::Denied(refusal),
                };
                return hub.end(commands, end).await;
            },
            () = refresh.due() => upstream.relist(),
            why = &mut definition => return hub.end(commands, End::Complete(why.into())).await,
            _ = look.tick(), if hub.subscribers.iter().any(View::is_timed) => hub.look(),
            _ = idle.tick() => {
                hub.subscribers.retain(|view| view.queue().is_some());
                if !hub.subscribers.is_empty() {
                    watched = Instant::now();
                } else if watched.elapsed() >= rest && commands.is_empty() {
                    tracing::debug!(cluster = %hub.cluster.name, plural = kind.entry().plural, "a hub rests");
                    return;
                }
            }
        }
    }
}

impl Hub {
    fn new(cluster: Arc<Cluster>, kind: Kind, best: Freshness) -> Hub {
        // 53 bits, so that a JSON reader in a browser keeps it.
        let epoch = getrandom::u64().unwrap_or_default() >> 11;
        let table = Table::counted(cluster.hubs.held.clone());
        Hub { cluster, kind, table, epoch, listed: false, freshness: Freshness::CatchingUp, best, subscribers: Vec::new() }
    }

    fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.table.seq() }
    }

    fn subscribe(&mut self, mut view: View, resume: Option<Position>, queue: &Arc<Queue>) {
        let position = self.position();
        let known = resume.filter(|known| known.epoch == self.epoch && known.seq <= position.seq && self.table.is_loaded());
        match known.and_then(|known| Some((known.seq, view.since(known.seq, &self.table)?))) {
            Some((from_seq, changes)) => queue.resume(from_seq, position, changes, view.tally(&self.table)),
            None => {
                let rows = view.rows(&self.table);
                queue.begin(position, rows, self.table.is_loaded(), view.tally(&self.table));
            }
        }
        if self.freshness != Freshness::Live {
            queue.freshness(self.freshness.clone());
        }
        self.subscribers.push(view);
    }

    fn go_through(&mut self, queue: &Arc<Queue>, through: &HashSet<String>) {
        let (table, position, limit) = (&self.table, self.position(), self.cluster.limits.pending_rows);
        for view in self.subscribers.iter_mut().filter(|view| view.is_of(queue)) {
            let changes = view.go_through(through.clone(), table);
            hand_over(view, queue, changes, table, position, limit);
        }
    }

    /// Tells what time changed, and counts.
    fn look(&mut self) {
        self.table.tick(now());
        let (table, position, limit) = (&self.table, self.position(), self.cluster.limits.pending_rows);
        for view in self.subscribers.iter_mut().filter(|view| view.is_timed()) {
            let changes = view.look(table);
            if let Some(queue) = view.queue().filter(|_| !changes.is_empty()) {
                hand_over(view, &queue, changes, table, position, limit);
            }
        }
    }

    /// Takes news in; an error ends the hub.
    fn take(&mut self, news: News) -> Result<(), Refusal> {
        self.table.tick(now());
        match news {
            News::Answered => self.fresh(if self.listed { self.best.clone() } else { Freshness::CatchingUp }),
            News::ListBegins => {
                self.listed = false;
                self.table.mark();
                // After a failure nothing is fresh before the list is complete.
                if self.freshness != self.best {
                    self.fresh(Freshness::CatchingUp);
                }
            }
            News::Row(seen) => {
                if let Some(change) = self.table.upsert(seen) {
                    self.tell(&change);
                }
            }
            News::Gone(seen) => {
                if let Some(change) = self.table.remove(&seen.uid) {
                    self.tell(&change);
                }
            }
            News::ListEnds => self.listed(),
            News::Expired => {
                self.listed = false;
                self.fresh(Freshness::CatchingUp);
            }
            News::Failed(refusal) => {
                tracing::warn!(cluster = %self.cluster.name, plural = self.kind.entry().plural, %refusal, "the watch failed");
                let since = match &self.freshness {
                    Freshness::Stale { since, .. } => *since,
                    _ => now(),
                };
                let cause = match refusal {
                    Refusal::UpstreamDown { cause } => cause,
                    other => other.to_string(),
                };
                self.fresh(Freshness::Stale { since, cause });
            }
            News::Refused(refusal) => return Err(refusal),
        }
        Ok(())
    }

    fn listed(&mut self) {
        self.listed = true;
        if !self.table.is_loaded() {
            self.table.loaded();
            for view in &mut self.subscribers {
                if let Some(queue) = view.queue() {
                    // Counts are there only now.
                    for row in view.is_timed().then(|| view.look(&self.table)).into_iter().flatten() {
                        queue.row(&row.0, row.1.unwrap_or_default());
                    }
                    queue.loaded(view.tally(&self.table));
                }
            }
        }
        for uid in self.table.unnamed() {
            if let Some(change) = self.table.remove(&uid) {
                self.tell(&change);
            }
        }
        self.fresh(self.best.clone());
    }

    /// Tells everybody whose scope holds a change.
    fn tell(&mut self, change: &Change) {
        let (table, position, limit) = (&self.table, self.position(), self.cluster.limits.pending_rows);
        let decoded = Decoded::of(change);
        self.subscribers.retain_mut(|view| {
            let Some(queue) = view.queue() else { return false };
            if let Some(row) = view.take(change, &decoded) {
                hand_over(view, &queue, vec![(change.uid.clone(), row)], table, position, limit);
            }
            true
        });
    }

    fn fresh(&mut self, freshness: Freshness) {
        if self.freshness != freshness {
            for queue in self.subscribers.iter().filter_map(View::queue) {
                queue.freshness(freshness.clone());
            }
            self.freshness = freshness;
        }
    }

    /// Ends all subscriptions. Whoever asks from now on finds the channel closed and starts another hub, which asks the cluster again.
    async fn end(mut self, mut commands: mpsc::Receiver<Command>, end: End) {
        commands.close();
        while let Some(command) = commands.recv().await {
            if let Command::Subscribe { scope, part, through, queue, .. } = command {
                self.subscribe(View::new(scope, part, through, &queue), None, &queue);
            }
        }
        tracing::info!(cluster = %self.cluster.name, plural = self.kind.entry().plural, ?end, "a hub ends");
        for queue in self.subscribers.iter().filter_map(View::queue) {
            queue.end(end.clone());
        }
    }
}

fn now() -> Seconds {
    jiff::Timestamp::now().as_second()
}

/// Waits until a kind that the cluster defines itself is defined no more, or otherwise: rows are made by another definition then. Others stay for ever.
async fn replaced(cluster: Arc<Cluster>, kind: Kind) -> &'static str {
    if !matches!(kind, Kind::Custom(_)) {
        return std::future::pending().await;
    }
    let entry = kind.entry();
    let names = |defined: &Option<Defined>| defined.iter().flat_map(|defined| defined.iter()).any(|(_, known)| *known == kind);
    let is_there = |defined: &Option<Defined>| {
        defined.iter().flat_map(|defined| defined.iter()).any(|(custom, _)| custom.group == entry.group && custom.plural == entry.plural)
    };
    // It only seemed to be another server's, while definitions could not be read.
    let seemed_table = cluster.is_table(kind);
    loop {
        let mut definitions = cluster.definitions();
        if seemed_table {
            if definitions.wait_for(is_there).await.is_ok() {
                return "the cluster defines this kind itself";
            }
            continue;
        }
        // What is not known yet, or cannot be, is no reason to end.
        if definitions.wait_for(names).await.is_err() {
            continue;
        }
        if let Ok(defined) = definitions.wait_for(|defined| !names(defined)).await {
            return if is_there(&defined) { "the definition of this kind changed" } else { "the cluster does not define this kind any more" };
        }
    }
}

/// Puts rows of a view into its queue, or that they are gone; begins anew where too much waits. Before the first list is complete, rows are more of it.
fn hand_over(view: &mut View, queue: &Queue, mut changes: Vec<(Uid, Option<Bytes>)>, table: &Table, position: Position, limit: usize) {
    if !table.is_loaded() {
        let rows = changes.extract_if(.., |(_, row)| row.is_some());
        rows.for_each(|(uid, row)| queue.row(&uid, row.unwrap_or_default()));
    }
    let reached = Reached { seq: position.seq, tally: view.tally(table) };
    if !changes.is_empty() && !queue.change(changes, reached, limit) {
        let rows = view.rows(table);
        queue.reset("too many changes waited".into(), position, rows, view.tally(table));
    }
}
