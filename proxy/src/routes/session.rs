//! `/api/session`: sign in (POST), who am I (GET), sign out (DELETE).

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use krateyard_shared::api::{Session, SignIn};
use krateyard_shared::refusal::Refusal;

use super::JsonBody;
use crate::app::Shared;
use crate::authenticate::{self, SignedIn};
use crate::config::{People, Secret};
use crate::refuse::Refused;

pub(crate) async fn post(State(app): State<Shared>, JsonBody(SignIn { token }): JsonBody<SignIn>) -> Result<Response, Refused> {
    if matches!(app.people, People::Laptop(_)) {
        return Err(Refusal::BadRequest { field: "token".into(), problem: "opens nothing here: open the link that the terminal printed".into() }.into());
    }
    let (id, session) = app.sessions.sign_in(Secret::new(token.trim())).await?;
    let cookie = authenticate::set_for(&id, &app.origins, &session);
    Ok(([(header::SET_COOKIE, cookie)], no_store(), Json(session.describe())).into_response())
}

pub(crate) async fn get(SignedIn(session): SignedIn) -> ([(header::HeaderName, &'static str); 1], Json<Session>) {
    (no_store(), Json(session.describe()))
}

/// Signing out twice is no error: the cookie goes in any case.
pub(crate) async fn delete(State(app): State<Shared>, headers: HeaderMap) -> Response {
    if let Ok(session) = authenticate::authenticate(&app, &headers).await {
        tracing::info!(user = session.user.name, session = session.audit_id, "signed out");
        // It has ended here in any case; other proxies that cannot be told now are told later.
        let _ = app.sessions.end(&session.audit_id, Refusal::Unauthenticated).await;
    }
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, authenticate::clear(&app.origins))]).into_response()
}

fn no_store() -> [(header::HeaderName, &'static str); 1] {
    [(header::CACHE_CONTROL, "no-store")]
}
