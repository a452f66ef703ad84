//! `GET /api/clusters`: the clusters that this proxy serves.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use krateyard_shared::api::{ClusterInfo, Clusters};

use crate::app::Shared;
use crate::authenticate::SignedIn;
use crate::clusters::Cluster;

pub(crate) async fn get(State(app): State<Shared>, _: SignedIn) -> Json<Clusters> {
    Json(Clusters { clusters: app.clusters.all().iter().map(info).collect() })
}

/// What is known of a cluster without asking it.
pub(super) fn info(cluster: &Arc<Cluster>) -> ClusterInfo {
    let reach = cluster.reach();
    ClusterInfo {
        name: cluster.name.clone(),
        version: reach.version,
        reachable: reach.reachable,
        opened: cluster.is_awake(),
        refused: reach.refused,
        problem: reach.problem,
        latency: cluster.latency(),
    }
}
