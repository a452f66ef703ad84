//! `GET /api/health`: for probes and for people who wonder.

use axum::Json;
use axum::extract::State;
use krateyard_shared::api::{Health, Upstream};

use crate::app::Shared;

pub(crate) async fn get(State(app): State<Shared>) -> Json<Health> {
    let upstreams: Vec<_> = app.clusters.iter().map(|cluster| Upstream { cluster: cluster.name.clone(), reachable: cluster.reach().reachable }).collect();
    Json(Health { alive: true, ready: upstreams.iter().any(|upstream| upstream.reachable), upstreams })
}
