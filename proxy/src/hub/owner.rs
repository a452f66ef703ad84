use std::sync::{Arc, Weak};
use std::time::Duration;

use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::watch::{Freshness, Position};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Command;
use super::queue::{End, Queue};
use super::table::{Change, Table};
use super::upstream::{News, Upstream};
use crate::authorize::RowScope;
use crate::clusters::{Cluster, Defined};

/// A person may ask for a list so often (architecture.md).
const REFRESH: Duration = Duration::from_secs(5);

struct Hub {
    cluster: Arc<Cluster>,
    kind: Kind,
    table: Table,
    /// Every list and every change of one object counts, from the first complete list on.
    position: Position,
    /// Whether the first list is complete.
    loaded: bool,
    /// Whether the last list is.
    listed: bool,
    freshness: Freshness,
    subscribers: Vec<(RowScope, Weak<Queue>)>,
}

/// The owner task of a hub: it alone touches the table. It ends when nobody has looked for a while, or when the cluster refuses.
pub(super) async fn run(cluster: Arc<Cluster>, mut upstream: Upstream, mut commands: mpsc::Receiver<Command>) {
    let kind = upstream.kind();
    let rest = cluster.limits.hub_rest;
    let mut hub = Hub::new(cluster, kind);
    let mut look = tokio::time::interval(rest / 4);
    let definition = replaced(hub.cluster.clone(), kind);
    tokio::pin!(definition);
    let mut watched = Instant::now();
    let mut refreshed: Option<Instant> = None;
    tracing::debug!(cluster = %hub.cluster.name, plural = kind.entry().plural, "a hub begins");
    loop {
        tokio::select! {
            command = commands.recv() => match command {
                Some(Command::Subscribe { scope, queue }) => {
                    watched = Instant::now();
                    hub.subscribe(scope, &queue);
                }
                Some(Command::Refresh) if refreshed.is_none_or(|at| at.elapsed() >= REFRESH) => {
                    refreshed = Some(Instant::now());
                    upstream.relist().await;
                }
                Some(Command::Refresh) => {}
                None => return,
            },
            news = upstream.next() => if let Err(refusal) = hub.take(news) {
                let end = match refusal {
                    Refusal::NotFound { .. } => End::Complete("the cluster does not serve this kind".into()),
                    refusal => End::Denied(refusal),
                };
                return hub.end(commands, end).await;
            },
            why = &mut definition => return hub.end(commands, End::Complete(why.into())).await,
            _ = look.tick() => {
                hub.subscribers.retain(|(_, queue)| queue.strong_count() > 0);
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
    fn new(cluster: Arc<Cluster>, kind: Kind) -> Hub {
        // 53 bits, so that a JSON reader in a browser keeps it.
        let epoch = getrandom::u64().unwrap_or_default() >> 11;
        let position = Position { epoch, seq: 0 };
        Hub { cluster, kind, table: Table::default(), position, loaded: false, listed: false, freshness: Freshness::CatchingUp, subscribers: Vec::new() }
    }

    fn subscribe(&mut self, scope: RowScope, queue: &Arc<Queue>) {
        queue.begin(self.position, self.table.rows(&scope).collect(), self.loaded, self.table.count(&scope));
        if self.freshness != Freshness::Live {
            queue.freshness(self.freshness.clone());
        }
        self.subscribers.push((scope, Arc::downgrade(queue)));
    }

    /// Takes news in; an error ends the hub.
    fn take(&mut self, news: News) -> Result<(), Refusal> {
        match news {
            News::Answered => self.fresh(if self.listed { Freshness::Live } else { Freshness::CatchingUp }),
            News::ListBegins => {
                self.listed = false;
                self.table.mark();
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
                    _ => jiff::Timestamp::now().as_second(),
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
        if !self.loaded {
            self.loaded = true;
            for (scope, queue) in &self.subscribers {
                if let Some(queue) = queue.upgrade() {
                    queue.loaded(self.table.count(scope));
                }
            }
        }
        for change in self.table.sweep() {
            self.tell(&change);
        }
        self.fresh(Freshness::Live);
    }

    /// Tells everybody whose scope holds a change. Before the first list is complete it is one more row of it.
    fn tell(&mut self, change: &Change) {
        if self.loaded {
            self.position.seq += 1;
        }
        let (table, position, loaded, limit) = (&self.table, self.position, self.loaded, self.cluster.limits.pending_rows);
        self.subscribers.retain(|(scope, queue)| {
            let Some(queue) = queue.upgrade() else { return false };
            if scope.holds(change.namespace.as_deref()) {
                match &change.row {
                    Some(row) if !loaded => queue.row(row.clone()),
                    _ if queue.change(change.uid.clone(), change.row.clone(), position.seq, table.count(scope), limit) => {}
                    _ => queue.reset("too many changes waited".into(), position, table.rows(scope).collect(), table.count(scope)),
                }
            }
            true
        });
    }

    fn fresh(&mut self, freshness: Freshness) {
        if self.freshness != freshness {
            for queue in self.subscribers.iter().filter_map(|(_, queue)| queue.upgrade()) {
                queue.freshness(freshness.clone());
            }
            self.freshness = freshness;
        }
    }

    /// Ends all subscriptions. Whoever asks from now on finds the channel closed and starts another hub, which asks the cluster again.
    async fn end(mut self, mut commands: mpsc::Receiver<Command>, end: End) {
        commands.close();
        while let Some(command) = commands.recv().await {
            if let Command::Subscribe { scope, queue } = command {
                self.subscribe(scope, &queue);
            }
        }
        tracing::info!(cluster = %self.cluster.name, plural = self.kind.entry().plural, ?end, "a hub ends");
        for queue in self.subscribers.iter().filter_map(|(_, queue)| queue.upgrade()) {
            queue.end(end.clone());
        }
    }
}

/// Waits until a kind that the cluster defines itself is defined no more, or otherwise: rows are made by another definition then. Others stay for ever.
async fn replaced(cluster: Arc<Cluster>, kind: Kind) -> &'static str {
    if !matches!(kind, Kind::Custom(_)) {
        return std::future::pending().await;
    }
    let entry = kind.entry();
    let names = |defined: &Option<Defined>| defined.iter().flat_map(|defined| defined.iter()).any(|(_, known)| *known == kind);
    loop {
        let mut definitions = cluster.definitions();
        // What is not known yet, or cannot be, is no reason to end.
        if definitions.wait_for(names).await.is_err() {
            continue;
        }
        if let Ok(defined) = definitions.wait_for(|defined| !names(defined)).await {
            let is_there = defined.iter().flat_map(|defined| defined.iter()).any(|(custom, _)| custom.group == entry.group && custom.plural == entry.plural);
            return if is_there { "the definition of this kind changed" } else { "the cluster does not define this kind any more" };
        }
    }
}
