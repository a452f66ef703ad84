//! Between a deployment and its pods stand replica sets, between a cron job and its pods jobs: who wants such a workload's pods follows both hubs.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::scope::Part;
use krateyard_shared::watch::{EncodedRow, Freshness};
use tokio::sync::Notify;

use super::queue::{Batch, End, Queue};
use super::{Command, send};
use crate::authorize::{self, Permit, WatchRows};

/// Follows what a workload controls, and lets the pods of that flow into `queue`, as long as the queue lives and both rights last.
pub(super) async fn follow(pods: Permit<WatchRows>, between: Permit<WatchRows>, part: Part, queue: Arc<Queue>) {
    let filled = Arc::new(Notify::new());
    let wake = filled.clone();
    let own = Arc::new(Queue::new(move || wake.notify_one()));
    let revoked = between.revoked();
    tokio::pin!(revoked);
    // What controls its pods by itself needs no chain of its own.
    let _subscription = match super::subscribe_directly(between, part.clone(), None, &own).await {
        Ok(subscription) => subscription,
        Err(refusal) => return queue.end(End::Denied(refusal)),
    };
    let mut known = Known { uids: HashSet::new(), freshness: Freshness::Live, is_complete: false, changed: false };
    let mut has_begun = false;
    loop {
        while let Some(batch) = own.next() {
            if let Err(end) = known.take(batch, &queue, has_begun) {
                return queue.end(end);
            }
        }
        if known.changed && known.is_complete {
            known.changed = false;
            let WatchRows { kind, scope } = pods.target().clone();
            let (through, freshness) = (known.uids.clone(), known.freshness.clone());
            let sent = send(pods.cluster(), kind, || match has_begun {
                true => Command::Through { queue: queue.clone(), through: through.clone(), freshness: freshness.clone() },
                false => Command::Subscribe { scope: scope.clone(), part: part.clone(), through: through.clone(), resume: None, queue: queue.clone() },
            })
            .await;
            if let Err(refusal) = sent {
                return queue.end(End::Denied(refusal));
            }
            has_begun = true;
        }
        tokio::select! {
            refusal = &mut revoked => return queue.end(End::Denied(refusal)),
            () = filled.notified() => {}
        }
    }
}

/// What the workload controls, as far as it is known.
struct Known {
    uids: HashSet<String>,
    freshness: Freshness,
    is_complete: bool,
    changed: bool,
}

impl Known {
    fn take(&mut self, batch: Batch, queue: &Queue, has_begun: bool) -> Result<(), End> {
        match batch {
            // Rows follow.
            Batch::Ack { .. } | Batch::Reset { .. } => (self.uids, self.is_complete, self.changed) = (HashSet::new(), false, true),
            Batch::Rows { rows, done } => {
                self.insert(rows);
                self.is_complete |= done;
            }
            Batch::Delta { upserts, deletes, .. } => {
                self.insert(upserts);
                for uid in deletes {
                    self.changed |= self.uids.remove(&*uid);
                }
            }
            // Until there are pods, this is all that can be said of the wait; later it is said after what it is about.
            Batch::Freshness(freshness) => {
                if !has_begun {
                    queue.between(freshness.clone());
                }
                (self.freshness, self.changed) = (freshness, true);
            }
            Batch::Object(_) | Batch::ObjectPatch(_) => {}
            Batch::End(end) => return Err(end),
        }
        Ok(())
    }

    fn insert(&mut self, rows: Vec<Bytes>) {
        for row in rows {
            if let Ok(row) = EncodedRow(row.into()).decode() {
                self.changed |= self.uids.insert(row.uid);
            }
        }
    }
}

/// The permit for what stands between, which is a right of its own.
pub(super) async fn permit(pods: &Permit<WatchRows>, kind: Kind) -> Result<Permit<WatchRows>, Refusal> {
    let target = WatchRows { kind, scope: pods.target().scope.clone() };
    authorize::authorize(pods.cluster(), pods.session(), target).await
}
