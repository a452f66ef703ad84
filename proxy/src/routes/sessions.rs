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
    let info = |(session, program): (Arc<Session>, bool)| SessionInfo {
        user: session.user.name.clone(),
        began: session.began,
        id: session.audit_id.clone(),
        expires: session.expires,
        sockets: session.socket_count(),
        program,
        own: Arc::ptr_eq(&session, &own),
    };
    let mut sessions: Vec<SessionInfo> = app.sessions.all().into_iter().map(info).collect();
    sessions.sort();
    Ok(Json(Sessions { sessions }))
}

pub(crate) async fn end(State(app): State<Shared>, SignedIn(own): SignedIn, Path(id): Path<String>) -> Result<StatusCode, Refused> {
    check(&app, &own, LookAfterSessions::Delete).await?;
    let found = app.sessions.all().into_iter().find(|(session, _)| session.audit_id == id);
    let (session, _) = found.ok_or(Refusal::NotFound { what: "this session".into() })?;
    tracing::info!(user = own.user.name, session = session.audit_id, of = session.user.name, "a session was ended by somebody who looks after them");
    session.end(Refusal::Expired);
    Ok(StatusCode::NO_CONTENT)
}

/// By the rights on the cluster that people sign in to; the one at a laptop looks after themselves.
async fn check(app: &Shared, session: &Arc<Session>, target: LookAfterSessions) -> Result<(), Refusal> {
    match app.people {
        People::Laptop(_) => Ok(()),
        People::Tokens => authorize::authorize(&app.clusters.default(), session, target).await.map(drop),
    }
}
