//! `GET /api/clusters/{cluster}/resources/{group}/{version}/{plural}[/{name}]?namespace=`: the rows that a subscription would begin with, or one object. Each
//! has a tag, so that what did not change is not sent again.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use krateyard_shared::api::List;
use krateyard_shared::identity::{ClusterName, Resource};
use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::scope::Part;
use krateyard_shared::watch::{EncodedRow, Freshness};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::app::Shared;
use crate::authenticate::{Session, SignedIn};
use crate::authorize::{self, Permit, ReadObject, RowScope, WatchRows};
use crate::clusters::Cluster;
use crate::hub::{self, Batch, End, Queue};
use crate::refuse::Refused;
use crate::{object, path};

#[derive(Deserialize)]
pub(crate) struct Within {
    namespace: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Collection {
    cluster: String,
    group: String,
    version: String,
    plural: String,
}

#[derive(Deserialize)]
pub(crate) struct One {
    #[serde(flatten)]
    collection: Collection,
    name: String,
}

impl Collection {
    fn resource(&self) -> Resource {
        // A path has no empty part.
        let group = if self.group == "core" { String::new() } else { self.group.clone() };
        Resource { group, version: self.version.clone(), plural: self.plural.clone() }
    }
}

/// The rows of a collection, from the hub that everybody shares.
pub(crate) async fn list(
    State(app): State<Shared>,
    SignedIn(session): SignedIn,
    Path(collection): Path<Collection>,
    Query(within): Query<Within>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let resource = collection.resource();
    path::check(&resource, within.namespace.as_deref(), None)?;
    let cluster = &app.cluster(&ClusterName(collection.cluster))?;
    let kind = cluster.kind_of(&resource).await.ok_or_else(|| Refusal::NotFound { what: format!("rows of {resource}") })?;
    Ok(list_of(cluster, &session, kind, within.namespace, &headers).await?)
}

/// The answer of a list.
///
/// # Errors
/// What was refused.
pub(super) async fn list_of(
    cluster: &Arc<Cluster>,
    session: &Arc<Session>,
    kind: Kind,
    namespace: Option<String>,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let scope = match namespace {
        Some(_) if !kind.entry().namespaced => return Err(Refusal::BadRequest { field: "namespace".into(), problem: "this kind has none".into() }),
        Some(namespace) => RowScope::Namespace(namespace),
        None => RowScope::All,
    };
    let permit = authorize::authorize(cluster, session, WatchRows { kind, scope }).await?;
    let late = || Refusal::UpstreamDown { cause: "the list is not complete yet".into() };
    let limit = cluster.limits.upstream_timeout;
    let list = tokio::time::timeout(limit, rows(permit)).await.unwrap_or_else(|_| Err(late()))?;
    // A position names a state of one hub; where it is not the same again, it was another hub.
    Ok(tagged(&format!("{}-{}", list.position.epoch, list.position.seq), headers, &list))
}

/// An answer with a tag, or 304 for who has it.
fn tagged(tag: &str, headers: &HeaderMap, answer: &impl Serialize) -> Response {
    // Weak: the order of rows is none.
    let tag = format!("W/\"{tag}\"");
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok()).flat_map(|tags| tags.split(','));
    let is_known = known.into_iter().any(|known| known.trim() == tag);
    let tags = [(header::ETAG, tag), (header::CACHE_CONTROL, "private, no-cache".to_owned())];
    if is_known { (StatusCode::NOT_MODIFIED, tags).into_response() } else { (tags, Json(answer)).into_response() }
}

async fn rows(permit: Permit<WatchRows>) -> Result<List, Refusal> {
    let filled = Arc::new(Notify::new());
    let wake = filled.clone();
    let queue = Arc::new(Queue::new(move || wake.notify_one()));
    let _subscription = hub::subscribe(permit, Part::Whole, None, &queue).await?;
    let mut list: Option<List> = None;
    loop {
        let Some(batch) = queue.next() else {
            filled.notified().await;
            continue;
        };
        match (batch, &mut list) {
            (Batch::Ack { position, .. } | Batch::Reset { position, .. }, list) => *list = Some(List { items: Vec::new(), position }),
            (Batch::Rows { rows, done }, Some(list)) => {
                let decoded = rows.into_iter().map(|row| EncodedRow(row.into()).decode());
                list.items.extend(decoded.collect::<Result<Vec<_>, _>>().map_err(|error| Refusal::UpstreamDown { cause: error.to_string() })?);
                if done {
                    break;
                }
            }
            (Batch::Freshness(Freshness::Stale { cause, .. }), Some(list)) if list.items.is_empty() => return Err(Refusal::UpstreamDown { cause }),
            (Batch::End(End::Denied(refusal)), _) => return Err(refusal),
            (Batch::End(End::Complete(what)), _) => return Err(Refusal::NotFound { what }),
            _ => {}
        }
    }
    list.ok_or_else(|| Refusal::UpstreamDown { cause: "the list did not begin".into() })
}

/// One object, whole, under the person's own rights.
pub(crate) async fn get(
    State(app): State<Shared>,
    SignedIn(session): SignedIn,
    Path(One { collection, name }): Path<One>,
    Query(within): Query<Within>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let cluster = &app.cluster(&ClusterName(collection.cluster.clone()))?;
    Ok(object_of(cluster, &session, collection.resource(), within.namespace, name, &headers).await?)
}

/// The answer of one object.
///
/// # Errors
/// What was refused.
pub(super) async fn object_of(
    cluster: &Arc<Cluster>,
    session: &Arc<Session>,
    resource: Resource,
    namespace: Option<String>,
    name: String,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    path::check(&resource, namespace.as_deref(), Some(&name))?;
    let permit = authorize::authorize(cluster, session, ReadObject { resource, namespace, name }).await?;
    let object = object::get(&permit).await?;
    let version = object.pointer("/metadata/resourceVersion").and_then(serde_json::Value::as_str).unwrap_or_default();
    Ok(tagged(version, headers, &object))
}
