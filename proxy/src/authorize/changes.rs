use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{BoxStream, select_all};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use kube::runtime::watcher::{self, watcher};
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;

use super::yards::Counts;
use crate::clusters::Cluster;

/// After a failure of one of the watches; they are small, and reviews grow old by themselves.
const RETRY: Duration = Duration::from_secs(2);
/// Where the proxy may not watch rights at all.
const FORBIDDEN: Duration = Duration::from_secs(60);

/// Drops what is remembered of rights as soon as a role or a binding changes, knows which of them name yards, and lets live streams look again shortly after: an API server's authorizer
/// works from a cache of its own (recordings, surprise 60).
pub(crate) async fn watch_rights(cluster: Arc<Cluster>) {
    let client = cluster.client();
    let mut changes = select_all([
        of::<Role>(&cluster, client, "roles"),
        of::<RoleBinding>(&cluster, client, "rolebindings"),
        of::<ClusterRole>(&cluster, client, "clusterroles"),
        of::<ClusterRoleBinding>(&cluster, client, "clusterrolebindings"),
    ]);
    while changes.next().await.is_some() {
        cluster.reviews.forget();
        let settled = tokio::time::sleep(cluster.limits.rights_settle);
        tokio::pin!(settled);
        loop {
            tokio::select! {
                () = &mut settled => break,
                change = changes.next() => match change {
                    Some(()) => cluster.reviews.forget(),
                    None => break,
                }
            }
        }
        cluster.reviews.forget();
        cluster.reviews.tell();
    }
}

/// One item for every change of a kind, and one for every list, which may hide changes.
fn of<K>(cluster: &Arc<Cluster>, client: &Client, plural: &'static str) -> BoxStream<'static, ()>
where
    K: Counts + Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
{
    // As long as it is not noticed that this connection died, a revoked right counts.
    let config = watcher::Config::default().streaming_lists().timeout(cluster.limits.watch_timeout_secs);
    let events = watcher(Api::<K>::all(client.clone()), config);
    let cluster = Arc::downgrade(cluster);
    let changes = events.filter_map(move |event| {
        // Weak, since the cluster's own task has this stream.
        let cluster = cluster.upgrade();
        if let (Ok(event), Some(cluster)) = (&event, &cluster) {
            cluster.yards.hear(event);
        }
        async move {
            match event {
                Ok(watcher::Event::Apply(_) | watcher::Event::Delete(_) | watcher::Event::InitDone) => Some(()),
                Ok(watcher::Event::Init | watcher::Event::InitApply(_)) => None,
                Err(error) => {
                    let forbidden = is_forbidden(&error);
                    if let Some(cluster) = cluster.filter(|_| forbidden) {
                        cluster.yards.complete(K::RIGHT);
                        tracing::warn!(plural, "krateyard may not watch these: a revoked right counts within 30 s instead of 5");
                    } else {
                        tracing::debug!(plural, %error, "the watch of rights failed");
                    }
                    tokio::time::sleep(if forbidden { FORBIDDEN } else { RETRY }).await;
                    None
                }
            }
        }
    });
    changes.boxed()
}

fn is_forbidden(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status)) | watcher::Error::WatchStartFailed(kube::Error::Api(status)) => status.is_forbidden(),
        _ => false,
    }
}
