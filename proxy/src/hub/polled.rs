//! A list that is asked for again and again: for who may list and not watch, and for what no watch is served. It tells what a watch would.

use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt};
use http::header;
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::helm;
use kube::Client;
use kube::runtime::watcher::{self, Event};
use serde::Deserialize;
use serde_json::{Value, json};

use super::projected::Plain;
use super::upstream::{Seen, seen_of};
use crate::clusters::TABLE;
use crate::path;

/// Objects in one page, as client-go asks (tools/pager).
const PAGE: usize = 500;

/// Metadata alone: what is in a secret is not asked for.
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// What is listed.
pub(super) struct Polled {
    pub(super) kind: Kind,
    pub(super) namespace: Option<String>,
    /// Whether rows are the API server's Tables.
    pub(super) is_table: bool,
    pub(super) every: Duration,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: PageMeta,
    #[serde(default)]
    items: Vec<Value>,
    #[serde(default)]
    rows: Vec<TableRow>,
}

#[derive(Deserialize, Default)]
struct PageMeta {
    #[serde(default, rename = "continue")]
    next: String,
}

#[derive(Deserialize)]
struct TableRow {
    #[serde(default)]
    cells: Vec<Value>,
    object: Value,
}

/// Lists now and then.
pub(super) fn events(client: Client, polled: Polled) -> BoxStream<'static, watcher::Result<Event<Seen>>> {
    let lists = stream::unfold((client, polled, true), |(client, polled, first)| async move {
        if !first {
            tokio::time::sleep(polled.every).await;
        }
        let events = match polled.list(&client).await {
            Ok(seen) => {
                let rows = seen.into_iter().map(|seen| Ok(Event::InitApply(seen)));
                [Ok(Event::Init)].into_iter().chain(rows).chain([Ok(Event::InitDone)]).collect()
            }
            Err(error) => vec![Err(watcher::Error::InitialListFailed(error))],
        };
        Some((stream::iter(events), (client, polled, false)))
    });
    lists.flatten().boxed()
}

impl Polled {
    async fn list(&self, client: &Client) -> kube::Result<Vec<Seen>> {
        let (mut objects, mut next) = (Vec::new(), String::new());
        loop {
            let mut path = format!("{}?limit={PAGE}", path::collection(&self.kind.source(), self.namespace.as_deref()));
            if self.kind == Kind::HelmRelease {
                path.push_str(&format!("&labelSelector={}", path::query(helm::SELECTOR)));
            }
            if !next.is_empty() {
                path.push_str(&format!("&continue={}", path::query(&next)));
            }
            let accept = match self.kind {
                Kind::HelmRelease => METADATA,
                _ if self.is_table => TABLE,
                _ => "application/json",
            };
            let request = http::Request::get(path).header(header::ACCEPT, accept).body(Vec::new()).map_err(kube::Error::HttpError)?;
            let page: Page = client.request(request).await?;
            objects.extend(page.items.into_iter().chain(page.rows.into_iter().map(TableRow::object)));
            next = page.metadata.next;
            if next.is_empty() {
                break;
            }
        }
        if self.kind == Kind::HelmRelease {
            objects = helm::releases(&objects);
        }
        objects.into_iter().map(|object| self.seen(object)).collect()
    }

    fn seen(&self, mut object: Value) -> kube::Result<Seen> {
        // What is no stored object may have no uid.
        if object["metadata"]["uid"].as_str().is_none_or(str::is_empty) {
            let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
            object["metadata"]["uid"] = format!("{}/{}", text("namespace"), text("name")).into();
        }
        let plain: Plain = serde_json::from_value(object).map_err(kube::Error::SerdeError)?;
        plain.project(self.kind).map(seen_of).map_err(kube::Error::SerdeError)
    }
}

impl TableRow {
    /// Its metadata, and its cells where their columns look for them.
    fn object(self) -> Value {
        json!({"metadata": self.object["metadata"], "cells": self.cells})
    }
}
