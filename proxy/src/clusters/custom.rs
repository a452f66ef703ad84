//! The kinds that a cluster defines itself, and whether the proxy may watch them for everybody.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use http::{Method, Request, header};
use krateyard_shared::identity::Resource;
use krateyard_shared::kinds::{CustomColumn, CustomKind, Kind};
use krateyard_shared::refusal::Refusal;
use kube::core::Version;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::{Duration, Instant};

use super::Cluster;
use crate::path;
use crate::refuse::{Actor, Asked};

/// How long an answer counts.
const FRESH: Duration = Duration::from_secs(15);
/// Definitions in one page: each may be a megabyte of schema, and an answer is read whole.
const PAGE: usize = 10;
/// Whole: metadata alone has neither names nor columns.
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// What a cluster defines, and the kinds that this means here.
type Defined = Arc<Vec<(CustomKind, Kind)>>;

/// The last answers.
#[derive(Default)]
pub(crate) struct Custom {
    kinds: Mutex<Option<(Instant, Defined)>>,
    /// Whether the proxy itself may list and watch a kind everywhere.
    may: Mutex<HashMap<Kind, (Instant, bool)>>,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: PageMeta,
    items: Vec<Definition>,
}

#[derive(Deserialize, Default)]
struct PageMeta {
    #[serde(default, rename = "continue")]
    next: String,
}

#[derive(Deserialize)]
struct Definition {
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
struct Spec {
    group: String,
    scope: String,
    names: Names,
    versions: Vec<Served>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Names {
    plural: String,
    singular: String,
    kind: String,
    short_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Served {
    name: String,
    #[serde(default)]
    served: bool,
    #[serde(default)]
    additional_printer_columns: Vec<Column>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Column {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    json_path: String,
    #[serde(default)]
    priority: i32,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    accepted_names: Names,
    conditions: Vec<Condition>,
}

#[derive(Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

impl Cluster {
    /// The kinds that the cluster defines; none where the proxy may not know them, and the last known ones while it does not answer.
    pub(crate) async fn custom_kinds(&self) -> Defined {
        let mut known = self.custom.kinds.lock().await;
        if let Some((at, kinds)) = &*known
            && at.elapsed() < FRESH
        {
            return kinds.clone();
        }
        let kinds = match self.definitions().await {
            Ok(definitions) => {
                let learnt = |custom: CustomKind| Kind::learn(&custom).map(|kind| (custom, kind));
                Arc::new(definitions.into_iter().filter_map(Definition::kind).filter_map(learnt).collect())
            }
            Err(refusal) => {
                tracing::debug!(cluster = %self.name, %refusal, "no custom kinds");
                known.take().map(|(_, kinds)| kinds).unwrap_or_default()
            }
        };
        *known = Some((Instant::now(), kinds.clone()));
        kinds
    }

    /// The kind that a resource serves here, if it has rows: Kubernetes' own, or as this very cluster defines it now.
    pub(crate) async fn kind_of(&self, resource: &Resource) -> Option<Kind> {
        if let Some(kind) = Kind::of_resource(resource) {
            return Some(kind);
        }
        let serves = |custom: &CustomKind| custom.group == resource.group && custom.version == resource.version && custom.plural == resource.plural;
        self.custom_kinds().await.iter().find(|(custom, _)| serves(custom)).map(|(_, kind)| *kind)
    }

    async fn definitions(&self) -> Result<Vec<Definition>, Refusal> {
        let asked = Asked { actor: Actor::Proxy, verb: "list", resource: "customresourcedefinitions.apiextensions.k8s.io".into(), namespace: None, name: "" };
        let (mut found, mut next) = (Vec::new(), String::new());
        loop {
            let path = format!("{DEFINITIONS}?limit={PAGE}&continue={}", path::query(&next));
            let request = Request::get(path.trim_end_matches("&continue=")).body(Vec::new());
            let request = request.map_err(|_| Refusal::UpstreamDown { cause: "its continue token fits into no path".into() })?;
            let page: Page = serde_json::from_slice(&self.call(request, &asked).await?)
                .map_err(|_| Refusal::UpstreamDown { cause: "its list of custom resource definitions is none".into() })?;
            found.extend(page.items);
            next = page.metadata.next;
            if next.is_empty() {
                return Ok(found);
            }
        }
    }

    /// Whether the proxy itself may list and watch a kind everywhere: only then can one watch serve everybody.
    pub(crate) async fn may_watch(&self, kind: Kind) -> bool {
        // Not held while the cluster is asked: an open Spotlight asks for all kinds at once.
        let known = self.custom.may.lock().await.get(&kind).copied();
        if let Some((_, may)) = known.filter(|(at, _)| at.elapsed() < FRESH) {
            return may;
        }
        let allowed = self.reviewed(kind, "list").await && self.reviewed(kind, "watch").await;
        self.custom.may.lock().await.insert(kind, (Instant::now(), allowed));
        allowed
    }

    async fn reviewed(&self, kind: Kind, verb: &str) -> bool {
        #[derive(Deserialize)]
        struct Review {
            status: Answer,
        }
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            allowed: bool,
        }
        let entry = kind.entry();
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"verb": verb, "group": entry.group, "version": entry.version, "resource": entry.plural}},
        });
        let asked = Asked { actor: Actor::Proxy, verb: "create", resource: "selfsubjectaccessreviews.authorization.k8s.io".into(), namespace: None, name: "" };
        let request =
            Request::builder().method(Method::POST).uri(REVIEWS).header(header::CONTENT_TYPE, "application/json").body(review.to_string().into_bytes());
        let Ok(request) = request else { return false };
        let answer = self.call(request, &asked).await.ok();
        answer.and_then(|answer| serde_json::from_slice::<Review>(&answer).ok()).is_some_and(|review| review.status.allowed)
    }
}

impl Definition {
    /// The kind, in the version that discovery prefers; none while it is not established.
    fn kind(self) -> Option<CustomKind> {
        let established = self.status.conditions.iter().any(|condition| condition.kind == "Established" && condition.status == "True");
        let version =
            self.spec.versions.into_iter().filter(|version| version.served).min_by_key(|version| Reverse(Version::parse(&version.name).priority()))?;
        let names = if self.status.accepted_names.plural.is_empty() { self.spec.names } else { self.status.accepted_names };
        // Every kind has an age already, and kubectl prints no other where a definition names none.
        let is_age = |column: &Column| column.kind == "date" && column.json_path == ".metadata.creationTimestamp";
        let columns = version.additional_printer_columns.into_iter().filter(|column| !is_age(column));
        let columns = columns.map(|column| CustomColumn { title: column.name, kind: column.kind, wide: column.priority > 0, path: column.json_path }).collect();
        let aliases = [names.singular].into_iter().chain(names.short_names).filter(|alias| !alias.is_empty() && *alias != names.plural).collect();
        let custom = CustomKind {
            group: self.spec.group,
            version: version.name,
            plural: names.plural,
            name: names.kind,
            aliases,
            namespaced: self.spec.scope == "Namespaced",
            columns,
        };
        established.then_some(custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(status: &str) -> Definition {
        serde_json::from_value(json!({
            "spec": {
                "group": "shop.example.com", "scope": "Namespaced", "names": {"plural": "orders", "singular": "order", "kind": "Order", "shortNames": ["ord"]},
                "versions": [
                    {"name": "v1beta1", "served": true},
                    {"name": "v2", "served": false},
                    {"name": "v1", "served": true, "additionalPrinterColumns": [
                        {"name": "Customer", "type": "string", "jsonPath": ".spec.customer"},
                        {"name": "Items", "type": "integer", "jsonPath": ".spec.items", "priority": 1},
                        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
                    ]},
                ],
            },
            "status": {"acceptedNames": {"plural": "orders", "singular": "order", "kind": "Order"}, "conditions": [{"type": "Established", "status": status}]},
        }))
        .unwrap()
    }

    #[test]
    fn a_definition_is_a_kind_in_its_preferred_version_by_the_names_that_were_accepted() {
        let kind = definition("True").kind().unwrap();
        assert_eq!((kind.version.as_str(), kind.aliases.as_slice()), ("v1", &["order".to_owned()][..]));
        let columns: Vec<_> = kind.columns.iter().map(|column| (column.title.as_str(), column.wide)).collect();
        assert_eq!(columns, [("Customer", false), ("Items", true)], "the age is every kind's own");
    }

    #[test]
    fn what_is_not_established_is_no_kind_yet() {
        assert_eq!(definition("False").kind(), None);
    }
}
