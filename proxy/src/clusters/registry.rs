//! Which clusters there are: they come, go and change while the proxy runs, each by itself.

use std::sync::Arc;
use std::time::Duration;

use krateyard_shared::identity::ClusterName;
use krateyard_shared::refusal::Refusal;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Cluster, Farewell};
use crate::config::{ClusterConfig, Limits, People};

/// How long the tasks of a cluster may take to end before that is worth a word.
const PATIENCE: Duration = Duration::from_secs(5);

/// Clusters, the default one first. Never empty; as many as a configuration may have.
pub(crate) type Running = Arc<[Arc<Cluster>]>;

/// The clusters of a proxy.
pub(crate) struct Clusters {
    people: People,
    limits: Limits,
    tasks: TaskTracker,
    stop: CancellationToken,
    running: watch::Sender<Running>,
    /// One change after the other.
    turn: tokio::sync::Mutex<()>,
}

impl Clusters {
    /// Starts a runtime for each.
    pub(crate) fn start(configs: &[ClusterConfig], people: &People, limits: &Limits, tasks: &TaskTracker, stop: &CancellationToken) -> Clusters {
        let clusters = Clusters {
            people: people.clone(),
            limits: limits.clone(),
            tasks: tasks.clone(),
            stop: stop.clone(),
            running: watch::Sender::new(Arc::new([])),
            turn: tokio::sync::Mutex::default(),
        };
        clusters.running.send_replace(configs.iter().map(|config| clusters.begin(config)).collect());
        clusters
    }

    fn begin(&self, config: &ClusterConfig) -> Arc<Cluster> {
        Cluster::start(config.clone(), &self.people, self.limits.clone(), &self.tasks, &self.stop)
    }

    /// All of them, as they are now.
    pub(crate) fn all(&self) -> Running {
        self.running.borrow().clone()
    }

    /// All of them, as they change.
    pub(crate) fn changes(&self) -> watch::Receiver<Running> {
        self.running.subscribe()
    }

    /// The one that people sign in to; on a laptop the one to begin with.
    pub(crate) fn default(&self) -> Arc<Cluster> {
        self.running.borrow()[0].clone()
    }

    /// The one of a name.
    ///
    /// # Errors
    /// `NotFound`.
    pub(crate) fn find(&self, name: &ClusterName) -> Result<Arc<Cluster>, Refusal> {
        self.running.borrow().iter().find(|cluster| cluster.name == *name).cloned().ok_or_else(|| Refusal::no_cluster(name))
    }

    /// Lets those run that are wanted: one that is new begins, one that is not named ends, one whose entry changed ends and begins anew, and all others are not
    /// touched. Where people sign in to the default cluster, it stays the default, whatever is wanted. Returns when what ended has left nothing behind.
    pub(crate) async fn set(&self, mut wanted: Vec<ClusterConfig>) {
        let _turn = self.turn.lock().await;
        let before = self.all();
        if matches!(self.people, People::Tokens) {
            keep_first(before[0].config(), &mut wanted);
        }
        if wanted.is_empty() || self.stop.is_cancelled() {
            return;
        }
        let same = |config: &ClusterConfig| before.iter().find(|cluster| cluster.config() == config).cloned();
        let after: Running = wanted.iter().map(|config| same(config).unwrap_or_else(|| self.begin(config))).collect();
        let only_in = |these: &Running, those: &Running| -> Vec<Arc<Cluster>> {
            these.iter().filter(|cluster| !those.iter().any(|other| Arc::ptr_eq(other, cluster))).cloned().collect()
        };
        let (begun, ended) = (only_in(&after, &before), only_in(&before, &after));
        let is_same = begun.is_empty() && ended.is_empty() && before.iter().zip(after.iter()).all(|(one, other)| Arc::ptr_eq(one, other));
        if is_same {
            return;
        }
        // Whoever is told to come again finds the new one.
        self.running.send_replace(after.clone());
        for cluster in &begun {
            tracing::info!(cluster = %cluster.name, "the cluster was added");
        }
        for cluster in ended {
            let is_replaced = after.iter().any(|other| other.name == cluster.name);
            tracing::info!(cluster = %cluster.name, is_replaced, "the cluster was removed");
            cluster.end(if is_replaced { Farewell::Replaced } else { Farewell::Removed });
            if tokio::time::timeout(PATIENCE, cluster.tasks.wait()).await.is_err() {
                tracing::warn!(cluster = %cluster.name, tasks = cluster.tasks.len(), "tasks of a removed cluster do not end");
            }
        }
    }
}

/// The cluster that people sign in to stays the first; it may change, and it cannot go.
fn keep_first(first: &ClusterConfig, wanted: &mut Vec<ClusterConfig>) {
    match wanted.iter().position(|config| config.name == first.name) {
        Some(0) => {}
        Some(at) => {
            tracing::warn!(cluster = %first.name, "people sign in to this cluster until krateyard starts again, though another stands first now");
            wanted[..=at].rotate_right(1);
        }
        None => {
            tracing::error!(cluster = %first.name, "people sign in to this cluster: it stays until krateyard starts again without it");
            wanted.insert(0, first.clone());
        }
    }
}
