//! The control API: JSON over HTTP on a port of its own, for tests and people. Everything it does can be done in process through [`crate::Sim`] as well.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::controllers::PodDoes;
use crate::faults::Fault;
use crate::sim::{Handle, RestartKind};

/// The routes.
pub(crate) fn router(handle: Handle) -> Router {
    Router::new()
        .route("/faults", get(faults).post(set_fault).delete(clear_faults))
        .route("/faults/{id}", delete(remove_fault))
        .route("/freeze", post(freeze))
        .route("/restart", post(restart))
        .route("/compact", post(compact))
        .route("/port", post(port))
        .route("/connections/cut", post(cut))
        .route("/requests", get(requests))
        .route("/tokens/revoke", post(revoke))
        .route("/tokens/add", post(add_token))
        .route("/world/pod", post(pod))
        .route("/world/scale", post(scale))
        .route("/world/apply", post(apply))
        .with_state(handle)
}

async fn faults(State(sim): State<Handle>) -> Response {
    Json(sim.faults().all()).into_response()
}

async fn set_fault(State(sim): State<Handle>, Json(fault): Json<Fault>) -> Response {
    Json(json!({"id": sim.faults().set(fault)})).into_response()
}

async fn clear_faults(State(sim): State<Handle>) -> Response {
    sim.faults().clear();
    done(true)
}

async fn remove_fault(State(sim): State<Handle>, Path(id): Path<u64>) -> Response {
    done(sim.faults().remove(id))
}

#[derive(Deserialize)]
struct Switch {
    on: bool,
}

async fn freeze(State(sim): State<Handle>, Json(switch): Json<Switch>) -> Response {
    sim.faults().freeze(switch.on);
    done(true)
}

#[derive(Deserialize)]
struct Restart {
    #[serde(default)]
    lose_history: bool,
}

async fn restart(State(sim): State<Handle>, Json(how): Json<Restart>) -> Response {
    let kind = if how.lose_history { RestartKind::LoseHistory } else { RestartKind::KeepHistory };
    outcome(sim.restart(kind).await)
}

async fn compact(State(sim): State<Handle>) -> Response {
    sim.compact();
    done(true)
}

/// `{"on": false}` closes the API server's port, so that connections are refused; `{"on": true}` opens it.
async fn port(State(sim): State<Handle>, Json(switch): Json<Switch>) -> Response {
    if switch.on {
        return outcome(sim.open_port().await);
    }
    sim.close_port().await;
    done(true)
}

async fn cut(State(sim): State<Handle>) -> Response {
    sim.cut_connections().await;
    done(true)
}

async fn requests(State(sim): State<Handle>) -> Response {
    Json(sim.requests().all()).into_response()
}

#[derive(Deserialize)]
struct Token {
    token: String,
    #[serde(default)]
    user: String,
    #[serde(default)]
    groups: Vec<String>,
}

async fn revoke(State(sim): State<Handle>, Json(token): Json<Token>) -> Response {
    done(sim.revoke_token(&token.token))
}

async fn add_token(State(sim): State<Handle>, Json(token): Json<Token>) -> Response {
    let groups: Vec<&str> = token.groups.iter().map(String::as_str).collect();
    sim.add_token(&token.token, &token.user, &groups);
    done(true)
}

#[derive(Deserialize)]
struct Pod {
    namespace: String,
    name: String,
    #[serde(default)]
    does: Option<PodDoes>,
    #[serde(default)]
    log_lines: Option<u64>,
    #[serde(default)]
    log_rate: Option<u64>,
    #[serde(default)]
    delete: bool,
}

async fn pod(State(sim): State<Handle>, Json(pod): Json<Pod>) -> Response {
    let mut found = true;
    if let Some(does) = pod.does {
        found &= sim.make_pod(&pod.namespace, &pod.name, does);
    }
    if pod.log_lines.is_some() || pod.log_rate.is_some() {
        found &= sim.set_log(&pod.namespace, &pod.name, pod.log_lines, pod.log_rate);
    }
    if pod.delete {
        return outcome(sim.delete("v1", "Pod", &pod.namespace, &pod.name));
    }
    done(found)
}

#[derive(Deserialize)]
struct Scale {
    namespace: String,
    name: String,
    replicas: u64,
}

async fn scale(State(sim): State<Handle>, Json(scale): Json<Scale>) -> Response {
    done(sim.scale(&scale.namespace, &scale.name, scale.replicas))
}

async fn apply(State(sim): State<Handle>, Json(object): Json<Value>) -> Response {
    outcome(sim.apply(object))
}

fn done(found: bool) -> Response {
    let code = if found { StatusCode::OK } else { StatusCode::NOT_FOUND };
    (code, Json(json!({"done": found}))).into_response()
}

fn outcome<T>(result: Result<T, crate::Error>) -> Response {
    match result {
        Ok(_) => done(true),
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({"done": false, "error": error.to_string()}))).into_response(),
    }
}
