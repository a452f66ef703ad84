//! Who may do what: a [`Permit`] is made here and nowhere else, and whatever reaches into a cluster for a person takes one by value.

mod access;
mod changes;
mod reviews;
mod rules;
mod target;
mod yards;

use std::sync::Arc;

use krateyard_shared::refusal::Refusal;
use tokio::sync::watch;

pub(crate) use access::find_access;
pub(crate) use changes::watch_rights;
pub(crate) use reviews::Reviews;
pub use target::{ChangeRoom, EnterRoom, LookAfterSessions, OpenShell, ReadApi, ReadLogs, ReadObject, RoomRule, RowScope, Target, WatchRows};
pub(crate) use yards::{Yards, enter_room, see_room};

use crate::authenticate::Session;
use crate::clusters::Cluster;

/// The right of one person to one target, as the cluster's own RBAC gives it. It cannot be made up:
///
/// ```compile_fail,E0451
/// use krateyard_proxy::authorize::{Permit, ReadLogs};
/// fn forged(target: ReadLogs, permit: Permit<ReadLogs>) -> Permit<ReadLogs> {
///     Permit { target, ..permit }
/// }
/// ```
#[derive(Clone)]
pub struct Permit<T> {
    target: T,
    session: Arc<Session>,
    cluster: Arc<Cluster>,
    /// Of rights, since before the review.
    changes: watch::Receiver<u64>,
}

impl<T: Target> Permit<T> {
    /// What it is for.
    pub fn target(&self) -> &T {
        &self.target
    }

    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    pub(crate) fn cluster(&self) -> &Arc<Cluster> {
        &self.cluster
    }

    /// Waits until the right is gone, or the cluster: reviewed again when roles or bindings change, and whenever the last review is too old to count. It looks back to the
    /// moment of the permit; made once for a stream, it misses nothing however busy the stream is.
    pub(crate) fn revoked(&self) -> impl Future<Output = Refusal> + Send + use<T> {
        let (cluster, session, target, mut changes) = (self.cluster.clone(), self.session.clone(), self.target.clone(), self.changes.clone());
        async move {
            loop {
                let passed = tokio::time::timeout(cluster.limits.review, changes.changed());
                tokio::select! {
                    _ = passed => {}
                    refusal = cluster.gone() => return refusal,
                }
                match check(&cluster, &session, &target).await {
                    Ok(()) => {}
                    Err(refusal) if refusal.is_passing() => {
                        tracing::warn!(cluster = %cluster.name, %refusal, "cannot review a right again");
                        tokio::time::sleep(cluster.limits.rights_settle).await;
                        changes.mark_changed();
                    }
                    Err(refusal) => return refusal,
                }
            }
        }
    }
}

/// Asks the cluster whether a person may have a target.
///
/// # Errors
/// `Forbidden` with the first right that is missing; what the cluster says where it does not answer.
pub(crate) async fn authorize<T: Target>(cluster: &Arc<Cluster>, session: &Arc<Session>, target: T) -> Result<Permit<T>, Refusal> {
    let changes = cluster.reviews.changes();
    check(cluster, session, &target).await?;
    Ok(Permit { target, session: session.clone(), cluster: cluster.clone(), changes })
}

async fn check<T: Target>(cluster: &Arc<Cluster>, session: &Session, target: &T) -> Result<(), Refusal> {
    for question in target.questions() {
        if !cluster.reviews.allowed(cluster, &session.user, &question).await? {
            return Err(Refusal::Forbidden { verb: question.verb.clone(), resource: target::words(&question), namespace: question.namespace });
        }
    }
    Ok(())
}
