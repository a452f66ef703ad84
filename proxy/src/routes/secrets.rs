//! `POST /api/clusters/{cluster}/secrets/{namespace}/{name}/reveal`: one value of a secret, under the person's own rights; each time one line in the log.

use axum::Json;
use axum::extract::{Path, State};
use http::header;
use krateyard_shared::api::{Reveal, Revealed};
use krateyard_shared::identity::ClusterName;
use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use serde::Deserialize;

use super::JsonBody;
use crate::app::Shared;
use crate::authenticate::SignedIn;
use crate::authorize::{self, ReadObject};
use crate::refuse::Refused;
use crate::{object, path};

#[derive(Deserialize)]
pub(crate) struct Of {
    cluster: String,
    namespace: String,
    name: String,
}

pub(crate) async fn reveal(
    State(app): State<Shared>,
    SignedIn(session): SignedIn,
    Path(Of { cluster, namespace, name }): Path<Of>,
    JsonBody(reveal): JsonBody<Reveal>,
) -> Result<([(header::HeaderName, &'static str); 1], Json<Revealed>), Refused> {
    let resource = Kind::Secret.resource();
    // They stand in the log as well: nothing but names does.
    path::check(&resource, Some(&namespace), Some(&name))?;
    path::part("key", &reveal.key)?;
    let cluster = &app.cluster(&ClusterName(cluster))?;
    let target = ReadObject { resource, namespace: Some(namespace.clone()), name: name.clone() };
    let revealed = async {
        let permit = authorize::authorize(cluster, &session, target).await?;
        object::reveal(&permit, &reveal).await
    };
    let revealed = revealed.await;
    let (user, audit_id, cluster) = (&session.user.name, &session.audit_id, cluster.name.to_string());
    let refusal = revealed.as_ref().err().map(Refusal::to_string);
    let allowed = refusal.is_none();
    tracing::info!(user, session = audit_id, cluster, namespace, name, key = reveal.key, allowed, refusal, "a secret value was asked for");
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Revealed { value: revealed?, decoded: false })))
}
