//! The endpoints, a file each, and what stands around all of them.

pub(crate) mod about;
pub(crate) mod access;
pub(crate) mod clusters;
pub(crate) mod health;
pub(crate) mod k8s;
pub(crate) mod logs;
pub(crate) mod open;
pub(crate) mod resources;
pub(crate) mod secrets;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod shell;
pub(crate) mod short;
pub(crate) mod sync;
pub(crate) mod watch;

use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Method, header};
use krateyard_shared::refusal::{ErrorBody, Refusal};
use serde::de::DeserializeOwned;

use crate::app::Shared;
use crate::config::People;
use crate::origin;
use crate::refuse::Refused;

/// Refuses what a foreign page wants to change.
pub(crate) async fn writes_need_our_origin(State(app): State<Shared>, request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD)
        && let Err(refusal) = origin::check(request.headers(), &app.origins)
    {
        return Refused(refusal).into_response();
    }
    next.run(request).await
}

/// On a laptop refuses what came by another name than loopback's (a name that somebody made to lead here), and every page of another origin.
pub(crate) async fn only_this_machine(State(app): State<Shared>, request: Request, next: Next) -> Response {
    if matches!(app.people, People::Laptop(_))
        && let Err(refusal) = origin::check_host(&request, &app.origins)
    {
        return Refused(refusal).into_response();
    }
    next.run(request).await
}

/// Every error of the API in the one JSON shape, also those that no route of ours made: a query that is none, a method that a route does not take.
pub(crate) async fn one_shape(request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    let status = response.status();
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !is_api || is_json || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let said = axum::body::to_bytes(response.into_body(), 1024).await.unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    let problem = if said.is_empty() { status.canonical_reason().unwrap_or_default().to_lowercase() } else { said };
    let body = ErrorBody::from(Refusal::BadRequest { field: "request".into(), problem });
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// What a log line says of a request: never its query, its headers or its body.
pub(crate) fn span(request: &Request) -> tracing::Span {
    tracing::debug_span!("request", method = %request.method(), path = request.uri().path())
}

/// A JSON body. What is none is refused in our words, without quoting it: it may be a token.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Shared> for JsonBody<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, app: &Shared) -> Result<JsonBody<T>, Refused> {
        let bad = |problem: &str| Refused(Refusal::BadRequest { field: "body".into(), problem: problem.into() });
        let body = axum::body::to_bytes(request.into_body(), app.limits.body_bytes).await.map_err(|_| bad("is too long, or broke off"))?;
        serde_json::from_slice(&body)
            .map(JsonBody)
            .map_err(|error| bad(&format!("is not the JSON that this route takes (line {}, column {})", error.line(), error.column())))
    }
}
