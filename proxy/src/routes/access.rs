//! `/api/access`: where the person may list (GET), and single questions (POST).

use axum::Json;
use axum::extract::{Query, State};
use futures::{StreamExt, TryStreamExt, stream};
use krateyard_shared::api::{Access, AccessAnswers, AccessQuestions, MAX_QUESTIONS};
use krateyard_shared::identity::ClusterName;
use krateyard_shared::refusal::Refusal;
use serde::Deserialize;

use super::JsonBody;
use crate::app::Shared;
use crate::authenticate::SignedIn;
use crate::authorize;
use crate::path;
use crate::refuse::Refused;

/// Questions of one request under way at once.
const AT_ONCE: usize = 16;

#[derive(Deserialize)]
pub(crate) struct Of {
    cluster: Option<String>,
}

impl Of {
    fn name(self) -> Result<ClusterName, Refusal> {
        self.cluster.map(ClusterName).ok_or(Refusal::BadRequest { field: "cluster".into(), problem: "is missing".into() })
    }
}

pub(crate) async fn get(State(app): State<Shared>, SignedIn(session): SignedIn, Query(of): Query<Of>) -> Result<Json<Access>, Refused> {
    let cluster = &app.cluster(&of.name()?)?;
    Ok(Json(authorize::find_access(cluster, &session).await?))
}

pub(crate) async fn post(
    State(app): State<Shared>,
    SignedIn(session): SignedIn,
    Query(of): Query<Of>,
    JsonBody(AccessQuestions { questions }): JsonBody<AccessQuestions>,
) -> Result<Json<AccessAnswers>, Refused> {
    let cluster = &app.cluster(&of.name()?)?;
    if questions.len() > MAX_QUESTIONS {
        return Err(Refusal::BadRequest { field: "questions".into(), problem: format!("are more than {MAX_QUESTIONS}") }.into());
    }
    for question in &questions {
        let parts = [("verb", Some(&question.verb)), ("resource", Some(&question.resource)), ("namespace", question.namespace.as_ref())];
        for (field, text) in parts.into_iter().filter_map(|(field, text)| Some((field, text?))) {
            // RBAC's wildcard is a question as well.
            if text != "*" {
                path::part(field, text)?;
            }
        }
    }
    let asked: Vec<_> = questions.iter().map(|question| cluster.reviews.allowed(cluster, &session.user, question)).collect();
    let answers = stream::iter(asked).buffered(AT_ONCE);
    Ok(Json(AccessAnswers { allowed: answers.try_collect().await? }))
}
