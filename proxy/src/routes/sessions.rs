//! `/api/sessions`: who is signed in (GET), and ending a session (DELETE), for who looks after them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use krateyard_shared::api::{SessionInfo, Sessions};
use krateyard_shared::refusal::Refusal;

use crate::app::Shared;
use crate::authenticate::{Session, SignedIn};
use crate::authorize::{self, LookAfterSessions};
use crate::config::People;
use crate::refuse::Refused;

pub(crate) async fn list(State(app): State<Shared>, SignedIn(own): SignedIn) -> Result<Json<Sessions>, Refused> {
    check(&app, &own, LookAfterSessions::List).await?;
    let all = app.sessions.all().await?;
    let sessions = all.into_iter().map(|info| SessionInfo { own: info.id == own.audit_id, ..info }).collect();
    Ok(Json(Sessions { sessions }))
}

pub(crate) async fn end(State(app): State<Shared>, SignedIn(own): SignedIn, Path(id): Path<String>) -> Result<StatusCode, Refused> {
    check(&app, &own, LookAfterSessions::Delete).await?;
    app.sessions.end(&id, Refusal::Expired).await?;
    tracing::info!(user = own.user.name, session = id, "a session was ended by somebody who looks after them");
    Ok(StatusCode::NO_CONTENT)
}

/// By the rights on the cluster that people sign in to; the one at a laptop looks after themselves.
async fn check(app: &Shared, session: &Arc<Session>, target: LookAfterSessions) -> Result<(), Refusal> {
    match app.people {
        People::Laptop(_) => Ok(()),
        People::Tokens => authorize::authorize(&app.clusters.default(), session, target).await.map(drop),
    }
}
