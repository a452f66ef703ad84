//! `GET /api/clusters`: the clusters that this proxy serves.

use axum::Json;
use axum::extract::State;
use krateyard_shared::api::{ClusterInfo, Clusters};

use crate::app::Shared;
use crate::authenticate::SignedIn;

pub(crate) async fn get(State(app): State<Shared>, _: SignedIn) -> Json<Clusters> {
    let clusters = app.clusters.iter().map(|cluster| {
        let reach = cluster.reach();
        ClusterInfo { name: cluster.name.clone(), version: reach.version, reachable: reach.reachable }
    });
    Json(Clusters { clusters: clusters.collect() })
}
