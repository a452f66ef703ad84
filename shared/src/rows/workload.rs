use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::objects::{DeploymentSpec, DeploymentStatus, ReplicaSetSpec, ReplicaSetStatus};

/// A deployment.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentFacts {
    /// Replicas asked for.
    #[n(0)]
    pub desired: u32,
    /// Replicas that are ready.
    #[n(1)]
    pub ready: u32,
    /// Replicas of the newest template.
    #[n(2)]
    pub updated: u32,
    /// Replicas that are available.
    #[n(3)]
    pub available: u32,
    /// Replicas that exist, old ones included.
    #[n(4)]
    pub current: u32,
    /// Rollout paused.
    #[n(5)]
    pub paused: bool,
    /// Reason and message of condition `Progressing` when it is false (`ProgressDeadlineExceeded`).
    #[n(6)]
    pub stuck: Option<(String, String)>,
    /// Labels by which it selects its pods.
    #[n(7)]
    pub selector: Vec<(String, String)>,
}

/// A replica set.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ReplicaSetFacts {
    /// Replicas asked for.
    #[n(0)]
    pub desired: u32,
    /// Replicas that exist.
    #[n(1)]
    pub current: u32,
    /// Replicas that are ready.
    #[n(2)]
    pub ready: u32,
}

/// `spec.replicas` defaults to 1 (apps/v1).
const DEFAULT_REPLICAS: u32 = 1;

pub(super) fn deployment(spec: DeploymentSpec, status: DeploymentStatus) -> DeploymentFacts {
    DeploymentFacts {
        desired: spec.replicas.unwrap_or(DEFAULT_REPLICAS),
        ready: status.ready_replicas,
        updated: status.updated_replicas,
        available: status.available_replicas,
        current: status.replicas,
        paused: spec.paused,
        stuck: status.conditions.into_iter().find(|c| c.kind == "Progressing" && c.status == "False").map(|c| (c.reason, c.message)),
        selector: spec.selector.match_labels.into_iter().collect(),
    }
}

pub(super) fn replica_set(spec: &ReplicaSetSpec, status: &ReplicaSetStatus) -> ReplicaSetFacts {
    ReplicaSetFacts { desired: spec.replicas.unwrap_or(DEFAULT_REPLICAS), current: status.replicas, ready: status.ready_replicas }
}
