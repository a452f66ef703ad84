//! What was opened lately, for each person and cluster: names only, never what was in it.

use krateyard_shared::identity::{ClusterName, ObjectRef};

use super::preferences::{recall_of, remember_of};

/// What this person opened on this cluster, in this browser, the latest last.
pub fn recall_recent(user: &str, cluster: &ClusterName) -> Vec<ObjectRef> {
    recall_of("recent", user, cluster).unwrap_or_default()
}

/// Remembers it.
pub fn remember_recent(user: &str, cluster: &ClusterName, recent: &[ObjectRef]) {
    remember_of("recent", user, cluster, &recent);
}
