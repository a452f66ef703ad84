//! Where the camera was, for each person and cluster.

use krateyard_shared::identity::ClusterName;

use super::preferences::{recall, remember};
use crate::canvas::Camera;

/// Where it was when this browser last looked at this Yard.
pub fn recall_camera(user: &str, cluster: &ClusterName) -> Option<Camera> {
    serde_json::from_str::<Camera>(&recall(&key(user, cluster))?).ok()?.checked()
}

/// Call it when the camera has come to rest, not at every step.
pub fn remember_camera(user: &str, cluster: &ClusterName, camera: Camera) {
    if let Ok(text) = serde_json::to_string(&camera) {
        remember(&key(user, cluster), &text);
    }
}

fn key(user: &str, cluster: &ClusterName) -> String {
    format!("krateyard.camera {user}@{cluster}")
}
