//! `GET /api/clusters/{cluster}/resources/{group}/{version}/{plural}[/{name}]?namespace=`: the rows that a subscription would begin with, or one object.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use krateyard_shared::api::List;
use krateyard_shared::identity::{ClusterName, Resource};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::scope::Part;
use krateyard_shared::watch::{EncodedRow, Freshness};
use serde::Deserialize;
use tokio::sync::Notify;

use crate::app::Shared;
use crate::authenticate::SignedIn;
use crate::authorize::{self, Permit, ReadObject, RowScope, WatchRows};
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
) -> Result<Json<List>, Refused> {
    let resource = collection.resource();
    path::check(&resource, within.namespace.as_deref(), None)?;
    let cluster = app.cluster(&ClusterName(collection.cluster))?;
    let kind = cluster.kind_of(&resource).await.ok_or_else(|| Refusal::NotFound { what: format!("rows of {resource}") })?;
    let scope = match within.namespace {
        Some(_) if !kind.entry().namespaced => return Err(Refusal::BadRequest { field: "namespace".into(), problem: "this kind has none".into() }.into()),
        Some(namespace) => RowScope::Namespace(namespace),
        None => RowScope::All,
    };
    let permit = authorize::authorize(cluster, &session, WatchRows { kind, scope }).await?;
    let late = || Refusal::UpstreamDown { cause: "the list is not complete yet".into() };
    let limit = cluster.limits.upstream_timeout;
    Ok(Json(tokio::time::timeout(limit, rows(permit)).await.unwrap_or_else(|_| Err(late()))?))
}

async fn rows(permit: Permit<WatchRows>) -> Result<List, Refusal> {
    let filled = Arc::new(Notify::new());
    let wake = filled.clone();
    let queue = Arc::new(Queue::new(move || wake.notify_one()));
    let _subscription = hub::subscribe(permit, Part::Whole, &queue).await?;
    let mut list: Option<List> = None;
    loop {
        let Some(batch) = queue.next() else {
            filled.notified().await;
            continue;
        };
        match (batch, &mut list) {
            (Batch::Ack(position) | Batch::Reset { position, .. }, list) => *list = Some(List { items: Vec::new(), position }),
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
) -> Result<Json<serde_json::Value>, Refused> {
    let resource = collection.resource();
    path::check(&resource, within.namespace.as_deref(), Some(&name))?;
    let cluster = app.cluster(&ClusterName(collection.cluster))?;
    let permit = authorize::authorize(cluster, &session, ReadObject { resource, namespace: within.namespace, name }).await?;
    Ok(Json(object::get(&permit).await?))
}
