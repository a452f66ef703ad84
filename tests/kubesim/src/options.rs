//! How a simulated cluster is to be.

use std::time::Duration;

/// Options of a [`crate::Sim`]; the default is a small static world on free ports.
#[derive(Clone, Debug)]
pub struct Options {
    /// About how many pods the world has; the fixed cast of failing pods is always there.
    pub pods: usize,
    /// Changes of pod status per second on top of everything else; 0 for none.
    pub churn_per_second: f64,
    /// The same seed gives the same names, uids and ages.
    pub seed: u64,
    /// The name that kubeconfigs give the cluster.
    pub cluster_name: String,
    /// Whether things happen by themselves (crash loops turn, events come).
    pub living: bool,
    /// Whether controllers and kubelets answer to writes; without them things stay as they are put, for comparisons.
    pub controllers: bool,
    /// Port of the API server; 0 for a free one.
    pub port: u16,
    /// Port of the control API; 0 for a free one.
    pub control_port: u16,
    /// Whether there is a port with TLS besides: kubectl sends a token only there.
    pub tls: bool,
    /// Built-in kinds that are not served, as `plural.group`: what an older cluster does not have.
    pub unserved: Vec<String>,
    /// Whether metrics.k8s.io is served, as where metrics-server is installed. The recordings are of a server without.
    pub metrics: bool,
    /// How many changes of each kind a watch can go back over.
    pub history: usize,
    /// How long a quiet watch waits for a bookmark.
    pub bookmark_every: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            pods: 250,
            churn_per_second: 0.0,
            seed: 1,
            cluster_name: "kubesim".to_owned(),
            living: false,
            controllers: true,
            port: 0,
            control_port: 0,
            tls: false,
            unserved: Vec::new(),
            metrics: false,
            history: 8192,
            bookmark_every: crate::cluster::BOOKMARK_EVERY,
        }
    }
}
