//! Short forms for people and one cluster: `/api/cluster`, `/api/resources`, `/api/resources/{kind}?ns=` and `/api/resource/{kind}/{name}?ns=`, each with
//! `cluster=` for another cluster than the default one and `group=` where a word names kinds of several groups.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::HeaderMap;
use krateyard_shared::api::{ClusterInfo, ResourceInfo, Resources};
use krateyard_shared::identity::ClusterName;
use krateyard_shared::kinds::{KINDS, Kind, KindEntry};
use krateyard_shared::refusal::Refusal;
use serde::Deserialize;

use super::resources::{list_of, object_of};
use crate::app::App;
use crate::app::Shared;
use crate::authenticate::SignedIn;
use crate::clusters::Cluster;
use crate::path;
use crate::refuse::Refused;

#[derive(Deserialize)]
pub(crate) struct Of {
    ns: Option<String>,
    cluster: Option<String>,
    group: Option<String>,
}

pub(crate) async fn cluster(State(app): State<Shared>, _: SignedIn, Query(of): Query<Of>) -> Result<Json<ClusterInfo>, Refused> {
    Ok(Json(super::clusters::info(&of.cluster(&app)?)))
}

pub(crate) async fn kinds(State(app): State<Shared>, _: SignedIn, Query(of): Query<Of>) -> Result<Json<Resources>, Refused> {
    let known = known(&of.cluster(&app)?).await;
    let info = |(entry, aliases): (&'static KindEntry, Vec<String>)| ResourceInfo {
        group: entry.group.into(),
        version: entry.version.into(),
        plural: entry.plural.into(),
        kind: entry.name.into(),
        aliases,
        namespaced: entry.namespaced,
    };
    Ok(Json(Resources { resources: known.into_iter().map(info).collect() }))
}

pub(crate) async fn list(
    State(app): State<Shared>,
    SignedIn(session): SignedIn,
    Path(word): Path<String>,
    Query(of): Query<Of>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let cluster = &of.cluster(&app)?;
    let kind = of.kind(cluster, &word).await?;
    of.ns.as_deref().map(|namespace| path::part("ns", namespace)).transpose()?;
    Ok(list_of(cluster, &session, kind, of.ns, &headers).await?)
}

pub(crate) async fn object(
    State(app): State<Shared>,
    SignedIn(session): SignedIn,
    Path((word, name)): Path<(String, String)>,
    Query(of): Query<Of>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let cluster = &of.cluster(&app)?;
    let kind = of.kind(cluster, &word).await?;
    if kind.entry().namespaced && of.ns.is_none() {
        return Err(Refusal::BadRequest { field: "ns".into(), problem: "is missing: this kind has namespaces".into() }.into());
    }
    Ok(object_of(cluster, &session, kind.resource(), of.ns, name, &headers).await?)
}

impl Of {
    fn cluster(&self, app: &App) -> Result<Arc<Cluster>, Refusal> {
        app.cluster(self.cluster.clone().map(ClusterName).as_ref().unwrap_or(&app.clusters.default().name))
    }

    /// The kind that a word means here: plural, singular, short name or kind in any case, or `plural.group`.
    async fn kind(&self, cluster: &Arc<Cluster>, word: &str) -> Result<Kind, Refusal> {
        let group = self.group.as_deref().map(|group| if group == "core" { "" } else { group });
        let means = |entry: &KindEntry, aliases: &[String]| {
            let is = |known: &str| known.eq_ignore_ascii_case(word);
            is(entry.plural) || is(entry.name) || aliases.iter().any(|alias| is(alias)) || is(&entry.kind.resource().to_string())
        };
        let mut found: Vec<&KindEntry> = known(cluster).await.into_iter().filter(|(entry, aliases)| means(entry, aliases)).map(|(entry, _)| entry).collect();
        found.retain(|entry| group.is_none_or(|group| group == entry.group));
        match found.as_slice() {
            [one] => Ok(one.kind),
            [] => Err(Refusal::NotFound { what: format!("a kind called {}", word.chars().take(100).collect::<String>()) }),
            many => {
                let words: Vec<String> = many.iter().map(|entry| entry.kind.resource().to_string()).collect();
                Err(Refusal::BadRequest { field: "kind".into(), problem: format!("names several: {}. Say which, or give group=", words.join(", ")) })
            }
        }
    }
}

/// What the cluster serves and has rows, each with what people call it.
async fn known(cluster: &Arc<Cluster>) -> Vec<(&'static KindEntry, Vec<String>)> {
    let served = cluster.served().await;
    let custom = cluster.custom_kinds().await;
    let own = custom.iter().map(|(_, kind)| kind.entry());
    let built_in = KINDS.iter().filter(|entry| !entry.is_overlay() && served.serves(&entry.kind.resource()));
    let called = |entry: &'static KindEntry| {
        let mut aliases: Vec<String> = entry.aliases.iter().map(ToString::to_string).collect();
        let more = served.resources.get(&entry.kind.resource()).map(|served| served.aliases.clone()).unwrap_or_default();
        aliases.extend(more.into_iter().filter(|alias| !entry.aliases.contains(&alias.as_str())));
        (entry, aliases)
    };
    built_in.chain(own).map(called).collect()
}
