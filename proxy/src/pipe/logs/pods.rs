use std::collections::HashSet;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::rows::{ContainerFacts, Facts as RowFacts};
use krateyard_shared::scope::Part;
use krateyard_shared::time::Seconds;
use krateyard_shared::watch::EncodedRow;
use tokio::sync::Notify;

use crate::authorize::{Permit, WatchRows};
use crate::hub::{self, Batch, End, Queue, Subscription};

/// A pod whose containers are wanted.
#[derive(Debug, Clone)]
pub(super) struct Pod {
    pub(super) uid: String,
    pub(super) name: String,
    pub(super) created: Seconds,
    /// All of them: init containers first, ephemeral ones last.
    pub(super) containers: Vec<ContainerFacts>,
}

/// The pods of a window, live, under the person's own right to list them.
pub(crate) struct Pods {
    _subscription: Subscription,
    revoked: BoxFuture<'static, Refusal>,
    queue: Arc<Queue>,
    filled: Arc<Notify>,
    known: HashSet<String>,
    /// Of a snapshot that is under way: what is not in it is gone.
    fresh: Option<HashSet<String>>,
}

/// What became of them.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) changed: Vec<Pod>,
    /// By uid.
    pub(super) gone: Vec<String>,
    /// All that there are have been told.
    pub(super) complete: bool,
    /// They may not be listed any more.
    pub(super) denied: Option<Refusal>,
}

impl Pods {
    pub(super) async fn subscribe(permit: Permit<WatchRows>, part: Part) -> Result<Pods, Refusal> {
        let filled = Arc::new(Notify::new());
        let wake = filled.clone();
        let queue = Arc::new(Queue::new(move || wake.notify_one()));
        let subscription = hub::subscribe(permit, part, None, &queue).await?;
        let revoked = subscription.permit().revoked().boxed();
        Ok(Pods { _subscription: subscription, revoked, queue, filled, known: HashSet::new(), fresh: None })
    }

    /// Waits for news. Nothing is lost when it is dropped meanwhile.
    pub(super) async fn next(&mut self) -> News {
        loop {
            let batch = tokio::select! {
                biased;
                refusal = &mut self.revoked => return News { denied: Some(refusal), ..News::default() },
                batch = next(&self.queue, &self.filled) => batch,
            };
            match batch {
                Batch::Ack { .. } | Batch::Reset { .. } => self.fresh = Some(HashSet::new()),
                Batch::Rows { rows, done } => return self.rows(rows, done),
                Batch::Delta { upserts, deletes, .. } => {
                    let mut news = self.rows(upserts, false);
                    news.gone = deletes.iter().map(ToString::to_string).filter(|uid| self.known.remove(uid)).collect();
                    return news;
                }
                Batch::End(End::Denied(refusal)) => return News { denied: Some(refusal), ..News::default() },
                Batch::End(End::Complete(cause)) => return News { denied: Some(Refusal::UpstreamDown { cause }), ..News::default() },
                Batch::Freshness(_) | Batch::Object(_) | Batch::ObjectPatch(_) => {}
            }
        }
    }

    fn rows(&mut self, rows: Vec<bytes::Bytes>, complete: bool) -> News {
        let changed: Vec<Pod> = rows.into_iter().filter_map(|row| pod(&EncodedRow(row.to_vec()))).collect();
        for pod in &changed {
            self.known.insert(pod.uid.clone());
            if let Some(fresh) = &mut self.fresh {
                fresh.insert(pod.uid.clone());
            }
        }
        let mut gone = Vec::new();
        if complete && let Some(fresh) = self.fresh.take() {
            gone = self.known.difference(&fresh).cloned().collect();
            self.known = fresh;
        }
        News { changed, gone, complete, denied: None }
    }
}

async fn next(queue: &Queue, filled: &Notify) -> Batch {
    loop {
        match queue.next() {
            Some(batch) => return batch,
            None => filled.notified().await,
        }
    }
}

fn pod(row: &EncodedRow) -> Option<Pod> {
    let row = row.decode().ok()?;
    let RowFacts::Pod(facts) = row.facts else { return None };
    let containers = facts.containers.into_iter().chain(facts.ephemeral).collect();
    Some(Pod { uid: row.uid, name: row.name, created: row.created, containers })
}
