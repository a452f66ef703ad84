//! What a cluster serves: older ones lack kinds that newer ones have, and what is not served is not asked for.

use std::collections::HashSet;
use std::sync::Arc;

use http::{Request, header};
use krateyard_shared::identity::Resource;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::{Duration, Instant};

use super::Cluster;
use crate::refuse::{Actor, Asked};

/// How long an answer counts: kinds come and go with upgrades and installations.
const FRESH: Duration = Duration::from_secs(30);
/// All of a group's versions and resources in one answer (Kubernetes 1.26 and later).
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// The last answer.
#[derive(Default)]
pub(crate) struct Served(Mutex<Option<(Instant, Arc<HashSet<Resource>>)>>);

#[derive(Deserialize)]
struct Groups {
    items: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    metadata: Name,
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Deserialize, Default)]
struct Name {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Version {
    version: String,
    #[serde(default)]
    resources: Vec<Plural>,
}

#[derive(Deserialize)]
struct Plural {
    resource: String,
}

impl Cluster {
    /// The resources that the cluster serves; `None` where it does not say.
    pub(crate) async fn served(&self) -> Option<Arc<HashSet<Resource>>> {
        let mut known = self.served.0.lock().await;
        if let Some((at, served)) = &*known
            && at.elapsed() < FRESH
        {
            return Some(served.clone());
        }
        let (core, groups) = tokio::join!(self.discover("/api"), self.discover("/apis"));
        let served = Arc::new(core?.into_iter().chain(groups?).collect::<HashSet<_>>());
        *known = Some((Instant::now(), served.clone()));
        Some(served)
    }

    async fn discover(&self, path: &str) -> Option<Vec<Resource>> {
        let request = Request::get(path).header(header::ACCEPT, AGGREGATED).body(Vec::new()).ok()?;
        let asked = Asked { actor: Actor::Proxy, verb: "get", resource: path.into(), namespace: None, name: "" };
        let answer = self.call(request, &asked).await.inspect_err(|refusal| tracing::debug!(cluster = %self.name, %refusal, "no discovery")).ok()?;
        // An older cluster answers with its list of groups, which says nothing of resources.
        let Groups { items } = serde_json::from_slice(&answer).ok()?;
        let of_version = |group: String, version: Version| {
            let of = move |plural: Plural| Resource { group: group.clone(), version: version.version.clone(), plural: plural.resource };
            version.resources.into_iter().map(of).collect::<Vec<_>>()
        };
        Some(items.into_iter().flat_map(|group| group.versions.into_iter().flat_map(move |version| of_version(group.metadata.name.clone(), version))).collect())
    }
}
