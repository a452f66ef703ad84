//! What a cluster serves: older ones lack kinds that newer ones have, and what is not served is not asked for. Some of it may not answer (an aggregated API
//! whose server is down): that is named, and the rest goes on.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{Request, header};
use krateyard_shared::api::FailingGroup;
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
/// Why a group fails, as far as discovery says.
const STALE: &str = "its API server does not answer: what it serves may be missing";

/// The last answer.
#[derive(Default)]
pub(crate) struct Served(Mutex<Option<(Instant, Arc<Discovery>)>>);

/// What discovery says.
#[derive(Debug, Default)]
pub(crate) struct Discovery {
    /// What is served, and how people call it.
    pub(crate) resources: BTreeMap<Resource, ServedKind>,
    /// What does not answer, in the order of its groups.
    pub(crate) failing: Vec<FailingGroup>,
    /// Whether core and the other groups could be asked for at all.
    complete: [bool; 2],
}

/// One served resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ServedKind {
    /// The word in `kind:`.
    pub(crate) kind: String,
    /// Singular and short names.
    pub(crate) aliases: Vec<String>,
    /// Such as `all`.
    pub(crate) categories: Vec<String>,
    pub(crate) verbs: Vec<String>,
    pub(crate) namespaced: bool,
}

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
    resources: Vec<Entry>,
    /// `Current` or `Stale` (apidiscovery.k8s.io).
    #[serde(default)]
    freshness: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    resource: String,
    #[serde(default)]
    response_kind: Option<ResponseKind>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    singular_resource: String,
    #[serde(default)]
    short_names: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
    #[serde(default)]
    verbs: Vec<String>,
}

#[derive(Deserialize)]
struct ResponseKind {
    #[serde(default)]
    kind: String,
}

impl Cluster {
    /// What the cluster serves, as far as it says.
    pub(crate) async fn served(&self) -> Arc<Discovery> {
        let mut known = self.served.0.lock().await;
        if let Some((at, served)) = &*known
            && at.elapsed() < FRESH
        {
            return served.clone();
        }
        let (core, groups) = tokio::join!(self.discover("/api"), self.discover("/apis"));
        let served = Arc::new(Discovery::of(core, groups));
        // Half an answer is asked for again with the next question.
        if served.complete == [true, true] {
            *known = Some((Instant::now(), served.clone()));
        }
        served
    }

    async fn discover(&self, path: &str) -> Option<Groups> {
        let request = Request::get(path).header(header::ACCEPT, AGGREGATED).body(Vec::new()).ok()?;
        let asked = Asked { actor: Actor::Proxy, verb: "get", resource: path.into(), namespace: None, name: "" };
        let answer = self.call(request, &asked).await.inspect_err(|refusal| tracing::debug!(cluster = %self.name, %refusal, "no discovery")).ok()?;
        // An older cluster answers with its list of groups, which says nothing of resources.
        serde_json::from_slice(&answer).ok()
    }
}

impl Discovery {
    fn of(core: Option<Groups>, groups: Option<Groups>) -> Discovery {
        let mut discovery = Discovery { complete: [core.is_some(), groups.is_some()], ..Discovery::default() };
        for group in core.into_iter().chain(groups).flat_map(|groups| groups.items) {
            for version in group.versions {
                let name = &group.metadata.name;
                if version.freshness == "Stale" && discovery.failing.last().is_none_or(|last| last.group != *name) {
                    discovery.failing.push(FailingGroup { group: name.clone(), why: STALE.into() });
                }
                for entry in version.resources {
                    let resource = Resource { group: name.clone(), version: version.version.clone(), plural: entry.resource.clone() };
                    discovery.resources.insert(resource, entry.served());
                }
            }
        }
        discovery.failing.sort_by(|one, other| one.group.cmp(&other.group));
        discovery
    }

    /// Whether a resource is served; what cannot be known counts as served.
    pub(crate) fn serves(&self, resource: &Resource) -> bool {
        let is_known = self.complete[usize::from(!resource.group.is_empty())] && !self.failing.iter().any(|failing| failing.group == resource.group);
        !is_known || self.resources.contains_key(resource)
    }
}

impl Entry {
    fn served(self) -> ServedKind {
        let Entry { resource, response_kind, scope, singular_resource, short_names, categories, verbs } = self;
        let aliases = [singular_resource].into_iter().chain(short_names).filter(|alias| !alias.is_empty() && *alias != resource).collect();
        ServedKind { kind: response_kind.map(|kind| kind.kind).unwrap_or_default(), aliases, categories, verbs, namespaced: scope == "Namespaced" }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(plural: &str) -> Resource {
        Resource { group: "metrics.example.com".into(), version: "v1".into(), plural: plural.into() }
    }

    #[test]
    fn a_group_that_does_not_answer_is_named_and_hides_nothing_else() {
        let groups = json!({"items": [
            {"metadata": {"name": "apps"}, "versions": [{"version": "v1", "freshness": "Current", "resources": [
                {"resource": "deployments", "responseKind": {"kind": "Deployment"}, "scope": "Namespaced", "singularResource": "deployment", "shortNames": ["deploy"], "categories": ["all"], "verbs": ["list"]},
            ]}]},
            {"metadata": {"name": "metrics.example.com"}, "versions": [{"version": "v1", "freshness": "Stale"}, {"version": "v1beta1", "freshness": "Stale"}]},
        ]});
        let discovery = Discovery::of(None, serde_json::from_value(groups).ok());
        let failing: Vec<_> = discovery.failing.iter().map(|failing| failing.group.as_str()).collect();
        assert_eq!(failing, ["metrics.example.com"]);
        assert!(discovery.serves(&of("nodes")), "it may be there: nobody knows");
        let apps = |plural: &str| Resource { group: "apps".into(), version: "v1".into(), plural: plural.into() };
        assert!(discovery.serves(&apps("deployments")) && !discovery.serves(&apps("nosuch")));
        assert!(discovery.serves(&Resource { group: String::new(), version: "v1".into(), plural: "pods".into() }), "core did not answer");
        let deployments = &discovery.resources[&apps("deployments")];
        assert_eq!(
            (deployments.aliases.as_slice(), deployments.categories.as_slice()),
            (&["deployment".to_owned(), "deploy".to_owned()][..], &["all".to_owned()][..])
        );
    }
}
