//! `GET /open?code=`: the one-time link of a laptop. It becomes a session, and leads to the page.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use crate::app::Shared;
use crate::authenticate;
use crate::config::{People, Secret};

/// What a person reads whose link is no good.
const USED: &str = "This link was used already, or is older than ten minutes. Press Enter in the terminal where krateyard runs: it prints a new one.\n";

#[derive(Deserialize)]
pub(crate) struct Link {
    #[serde(default)]
    code: String,
}

pub(crate) async fn get(State(app): State<Shared>, Query(link): Query<Link>, headers: HeaderMap) -> Response {
    let People::Laptop(person) = &app.people else { return StatusCode::NOT_FOUND.into_response() };
    let home = [(header::LOCATION, "/"), (header::CACHE_CONTROL, "no-store")];
    let code = Secret::new(link.code);
    if app.door.enter(code.reveal()).is_ok() {
        return match app.sessions.begin_on_laptop(person) {
            Ok((id, session)) => (StatusCode::SEE_OTHER, home, [(header::SET_COOKIE, authenticate::set_for(&id, &app.origins, &session))]).into_response(),
            Err(refusal) => crate::refuse::Refused(refusal).into_response(),
        };
    }
    // Who came in by it before and loads it again is in already.
    match authenticate::authenticate(&app, &headers).await {
        Ok(_) => (StatusCode::SEE_OTHER, home).into_response(),
        Err(_) => (StatusCode::GONE, [(header::CACHE_CONTROL, "no-store")], USED).into_response(),
    }
}
