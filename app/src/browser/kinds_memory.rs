//! The kinds that a cluster defines itself, for each person and cluster: a krate about one of them is drawn before the cluster is asked again.

use krateyard_shared::identity::ClusterName;
use krateyard_shared::kinds::{CustomKind, Kind};

use super::preferences::{recall_of, remember_of};

/// Learns what the cluster defined when this browser last looked at it.
pub fn recall_kinds(user: &str, cluster: &ClusterName) {
    let kinds = recall_of::<Vec<CustomKind>>("kinds", user, cluster);
    for custom in kinds.iter().flatten() {
        Kind::learn(custom);
    }
}

/// Call it when the cluster said what it defines.
pub fn remember_kinds(user: &str, cluster: &ClusterName, kinds: &[CustomKind]) {
    remember_of("kinds", user, cluster, &kinds);
}
