//! Where the camera was, for each person and cluster.

use krateyard_shared::identity::ClusterName;

use super::preferences::{recall_of, remember_of};
use crate::canvas::Camera;

/// Where it was when this browser last looked at this Yard.
pub fn recall_camera(user: &str, cluster: &ClusterName) -> Option<Camera> {
    recall_of::<Camera>("camera", user, cluster)?.checked()
}

/// Call it when the camera has come to rest, not at every step.
pub fn remember_camera(user: &str, cluster: &ClusterName, camera: Camera) {
    remember_of("camera", user, cluster, &camera);
}
