//! Every route there is.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{any, delete, get, post};
use tower_http::trace::TraceLayer;

use crate::app::Shared;
use crate::routes::{about, access, clusters, health, k8s, logs, open, resources, secrets, session, sessions, shell, short, sync, watch};
use crate::static_files::StaticFiles;
use crate::{routes, static_files};

/// Builds the router. Routes that take `SignedIn` refuse everybody else; those for everybody say so here.
pub(crate) fn router(app: Shared, files: Option<StaticFiles>) -> Router {
    let body_bytes = app.limits.body_bytes;
    let policy = static_files::policy(files.as_ref());
    Router::new()
        // for everybody
        .route("/api/health", get(health::get))
        .route("/open", get(open::get))
        .route("/api/about", get(about::get))
        .route("/api/session", get(session::get).post(session::post).delete(session::delete))
        // for whoever is signed in
        .route("/api/clusters", get(clusters::get))
        .route("/api/sessions", get(sessions::list))
        .route("/api/sessions/{id}", delete(sessions::end))
        .route("/api/access", get(access::get).post(access::post))
        .route("/api/clusters/{cluster}/resources/{group}/{version}/{plural}", get(resources::list))
        .route("/api/clusters/{cluster}/resources/{group}/{version}/{plural}/{name}", get(resources::get))
        .route("/api/clusters/{cluster}/secrets/{namespace}/{name}/reveal", post(secrets::reveal))
        .route("/api/cluster", get(short::cluster))
        .route("/api/resources", get(short::kinds))
        .route("/api/resources/{kind}", get(short::list))
        .route("/api/resource/{kind}/{name}", get(short::object))
        .route("/k8s/{cluster}/{*path}", any(k8s::read))
        // sockets, for whoever is signed in
        .route("/ws/watch", get(watch::get))
        .route("/ws/logs", get(logs::get))
        .route("/ws/shell", get(shell::get))
        .route("/ws/sync", get(sync::get))
        .route("/ws/sync/{cluster}/{room}", get(sync::get_one))
        // the app itself
        .fallback(move |request| static_files::serve(files.clone(), request))
        .layer(middleware::from_fn(routes::one_shape))
        // Stands around every route, so that no write forgets it.
        .layer(middleware::from_fn_with_state(app.clone(), routes::writes_need_our_origin))
        .layer(middleware::from_fn_with_state(app.clone(), routes::only_this_machine))
        .layer(DefaultBodyLimit::max(body_bytes))
        // Stands around refusals as well: a refused request is a page, too.
        .layer(middleware::map_response_with_state(policy, static_files::harden))
        .layer(TraceLayer::new_for_http().make_span_with(routes::span))
        .with_state(app)
}
