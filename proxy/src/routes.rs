//! The endpoints, a file each, and what stands around all of them.

pub(crate) mod about;
pub(crate) mod access;
pub(crate) mod clusters;
pub(crate) mod health;
pub(crate) mod k8s;
pub(crate) mod logs;
pub(crate) mod resources;
pub(crate) mod secrets;
pub(crate) mod session;
pub(crate) mod shell;
pub(crate) mod watch;

use axum::extract::{FromRequest, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;
use krateyard_shared::refusal::Refusal;
use serde::de::DeserializeOwned;

use crate::app::Shared;
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
