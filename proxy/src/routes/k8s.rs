//! `GET /k8s/{cluster}/...`: the Kubernetes API itself, in the person's own name. Reads only; streams have sockets.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::{Method, header};
use krateyard_shared::identity::ClusterName;
use krateyard_shared::refusal::Refusal;

use crate::app::Shared;
use crate::authenticate::SignedIn;
use crate::refuse::Refused;
use crate::{authorize, path, pipe};

pub(crate) async fn read(
    State(app): State<Shared>,
    SignedIn(session): SignedIn,
    Path((cluster, _)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Refused> {
    let bad = |field: &str, problem: &str| Refused(Refusal::BadRequest { field: field.into(), problem: problem.into() });
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(bad("method", "is none that passes through here: reads do"));
    }
    if request.headers().contains_key(header::UPGRADE) {
        return Err(bad("upgrade", "does not pass through here: streams have sockets of their own"));
    }
    let cluster = &app.cluster(&ClusterName(cluster))?;
    // As it stands in the request line: what is unescaped twice can mean something else.
    let path = request.uri().path().splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap_or_default();
    let target = path::api::read(&path, request.uri().query())?;
    let permit = authorize::authorize(cluster, &session, target).await?;
    Ok(pipe::answer::open(permit, request.headers()).await?)
}
