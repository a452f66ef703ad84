//! `GET /api/health`: for probes and for people who wonder.

use axum::Json;
use axum::extract::State;
use krateyard_shared::api::{Health, Upstream};

use crate::app::Shared;
use crate::config::People;

pub(crate) async fn get(State(app): State<Shared>) -> Json<Health> {
    let upstreams: Vec<_> = app.clusters.all().iter().map(|cluster| Upstream { cluster: cluster.name.clone(), reachable: cluster.reach().reachable }).collect();
    // On a laptop a cluster is asked when somebody opens it.
    let ready = matches!(app.people, People::Laptop(_)) || upstreams.iter().any(|upstream| upstream.reachable);
    Json(Health { alive: true, ready, upstreams })
}
