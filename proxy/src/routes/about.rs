//! `GET /api/about`: what the sign-in page says before anybody is signed in.

use axum::Json;
use axum::extract::State;
use krateyard_shared::api::About;

use crate::app::Shared;
use crate::config::People;

pub(crate) async fn get(State(app): State<Shared>) -> Json<About> {
    let cluster = app.clusters.default();
    let by_link = matches!(app.people, People::Laptop(_));
    // Nobody has opened it yet.
    let reach = if by_link { cluster.reach() } else { cluster.first_reach().await };
    // Major and minor alone: who is not signed in need not know the patch.
    let kubernetes = reach.version.trim_start_matches('v').splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
    Json(About { cluster: cluster.name.clone(), kubernetes, reachable: reach.reachable, version: env!("CARGO_PKG_VERSION").into(), by_link })
}
