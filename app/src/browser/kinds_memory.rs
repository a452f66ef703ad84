//! The kinds that a cluster defines itself, for each person and cluster: a krate about one of them is drawn before the cluster is asked again.

use krateyard_shared::identity::ClusterName;
use krateyard_shared::kinds::{CustomKind, Kind};

use super::preferences::{recall, remember};

/// Learns what the cluster defined when this browser last looked at it.
pub fn recall_kinds(user: &str, cluster: &ClusterName) {
    let kinds = recall(&key(user, cluster)).and_then(|text| serde_json::from_str::<Vec<CustomKind>>(&text).ok());
    for custom in kinds.iter().flatten() {
        Kind::learn(custom);
    }
}

/// Call it when the cluster said what it defines.
pub fn remember_kinds(user: &str, cluster: &ClusterName, kinds: &[CustomKind]) {
    if let Ok(text) = serde_json::to_string(kinds) {
        remember(&key(user, cluster), &text);
    }
}

fn key(user: &str, cluster: &ClusterName) -> String {
    format!("krateyard.kinds {user}@{cluster}")
}
