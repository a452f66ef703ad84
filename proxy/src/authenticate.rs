//! Who asks: a Kubernetes bearer token, reviewed by the cluster itself, kept on this side of a session cookie or sent with each request by programs.

mod cookie;
mod ledger;
mod review;
mod sealed;
mod session;
mod sessions;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, header};
use krateyard_shared::refusal::Refusal;

pub(crate) use cookie::{clear, set_for};
pub(crate) use session::Session;
pub(crate) use sessions::{Sessions, random};

use crate::app::Shared;
use crate::config::{People, Secret};
use crate::refuse::Refused;

/// A person or program, as the cluster knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) groups: Vec<String>,
    pub(crate) extra: BTreeMap<String, Vec<String>>,
}

/// Whoever is signed in. As an argument of a route it refuses everybody else.
#[derive(Clone)]
pub(crate) struct SignedIn(pub(crate) Arc<Session>);

impl FromRequestParts<Shared> for SignedIn {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<SignedIn, Refused> {
        Ok(SignedIn(authenticate(app, &parts.headers).await?))
    }
}

/// Finds who sent a request.
///
/// # Errors
/// `Unauthenticated` or `Expired`; `Limit` and `UpstreamDown` where a review was needed and could not be had.
pub(crate) async fn authenticate(app: &Shared, headers: &HeaderMap) -> Result<Arc<Session>, Refusal> {
    if let Some(token) = bearer(headers)? {
        // On a laptop nobody reviews tokens: the link is the only way in.
        if matches!(app.people, People::Laptop(_)) {
            return Err(Refusal::Unauthenticated);
        }
        return app.sessions.of_bearer(token).await;
    }
    match cookie::read(headers, &app.origins) {
        Some(id) => app.sessions.of_cookie(id).await,
        None => Err(Refusal::Unauthenticated),
    }
}

fn bearer(headers: &HeaderMap) -> Result<Option<Secret>, Refusal> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let (scheme, token) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(Refusal::Unauthenticated)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(Some(Secret::new(token.trim()))) } else { Err(Refusal::Unauthenticated) }
}
