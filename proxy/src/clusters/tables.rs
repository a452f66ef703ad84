//! Kinds that are neither Kubernetes' own nor defined in the cluster: what other API servers behind this one serve. Their rows are cells of the API server's own
//! Tables; their columns are asked for once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex as Plain;

use http::{Request, header};
use krateyard_shared::identity::Resource;
use krateyard_shared::kinds::{CustomColumn, CustomKind, KINDS, Kind};
use krateyard_shared::refusal::Refusal;
use kube::core::Version;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::{Duration, Instant};

use super::{Cluster, ServedKind};
use crate::path;
use crate::refuse::Asked;

/// A list as the API server prints it.
pub(crate) const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";
/// Columns that could not be had are asked for again after so long.
const AGAIN: Duration = Duration::from_secs(60);
/// Measurements, not objects: they are shown where what they measure is. And events, which core serves as well.
const NO_KINDS: [&str; 2] = ["metrics.k8s.io", "events.k8s.io"];

/// What is known of them.
#[derive(Default)]
pub(crate) struct Tables {
    /// Each with its columns; `None` for what answers with no Table.
    columns: Mutex<HashMap<Resource, Answer>>,
    kinds: Plain<HashSet<Kind>>,
}

/// When, and what.
type Answer = (Instant, Option<Vec<CustomColumn>>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    column_definitions: Vec<Definition>,
}

#[derive(Deserialize)]
struct Definition {
    name: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    format: String,
    #[serde(default)]
    priority: i32,
}

impl Cluster {
    /// The kinds that this cluster serves beyond Kubernetes' own and those that it defines, in the order of their groups.
    pub(super) async fn table_kinds(&self) -> Vec<(CustomKind, Kind)> {
        let served = self.served().await;
        let is_known = |resource: &Resource| {
            let same = |group: &str, plural: &str| group == resource.group && plural == resource.plural;
            KINDS.iter().any(|entry| same(entry.group, entry.plural)) || self.was_defined(resource)
        };
        let fails = |resource: &Resource| served.failing.iter().any(|failing| failing.group == resource.group);
        let mut preferred: BTreeMap<(&str, &str), (&Resource, &ServedKind)> = BTreeMap::new();
        for (resource, kind) in &served.resources {
            let lists = kind.verbs.iter().any(|verb| verb == "list") && !NO_KINDS.contains(&resource.group.as_str());
            if !lists || is_known(resource) || fails(resource) {
                continue;
            }
            let priority = |version: &str| Version::parse(version).priority();
            let best = preferred.entry((&resource.group, &resource.plural)).or_insert((resource, kind));
            if priority(&resource.version) > priority(&best.0.version) {
                *best = (resource, kind);
            }
        }
        let mut found = Vec::new();
        for (resource, kind) in preferred.into_values() {
            let Some(columns) = self.columns_of(resource).await else { continue };
            let custom = CustomKind {
                group: resource.group.clone(),
                version: resource.version.clone(),
                plural: resource.plural.clone(),
                name: kind.kind.clone(),
                aliases: kind.aliases.clone(),
                namespaced: kind.namespaced,
                columns,
            };
            if let Some(kind) = Kind::learn(&custom) {
                self.tables.kinds.lock().expect("no panic while held").insert(kind);
                found.push((custom, kind));
            }
        }
        found
    }

    /// Whether no API server watches a kind: it is listed again and again.
    pub(crate) fn is_listed(&self, kind: Kind) -> bool {
        kind.is_polled() || self.is_table(kind)
    }

    /// Whether rows of a kind are the API server's Tables here. What seemed so while definitions could not be read, and is defined, is watched.
    pub(crate) fn is_table(&self, kind: Kind) -> bool {
        self.tables.kinds.lock().expect("no panic while held").contains(&kind) && !self.was_defined(&kind.resource())
    }

    /// None where there are no Tables; no columns where the proxy may not list.
    async fn columns_of(&self, resource: &Resource) -> Option<Vec<CustomColumn>> {
        let mut known = self.tables.columns.lock().await;
        if let Some((at, columns)) = known.get(resource)
            && (columns.as_ref().is_some_and(|columns| !columns.is_empty()) || at.elapsed() < AGAIN)
        {
            return columns.clone();
        }
        let asked = Asked { actor: self.itself(), verb: "list", resource: resource.to_string(), namespace: None, name: "" };
        let path = format!("{}?limit=1&includeObject=None", path::collection(resource, None));
        let request = Request::get(path).header(header::ACCEPT, TABLE).body(Vec::new()).ok()?;
        let columns = match self.call(request, &asked).await {
            Ok(body) => serde_json::from_slice::<Head>(&body).ok().map(|head| columns(head.column_definitions)),
            Err(Refusal::ProxyForbidden { .. } | Refusal::Forbidden { .. }) => Some(Vec::new()),
            Err(_) => None,
        };
        known.insert(resource.clone(), (Instant::now(), columns.clone()));
        columns
    }
}

/// Without name and age, which every row has. Where a cell is found is said as for other custom kinds: in an object `{cells: [...]}`.
fn columns(definitions: Vec<Definition>) -> Vec<CustomColumn> {
    let own = |definition: &Definition| definition.format == "name" || matches!(definition.name.as_str(), "Name" | "Age" | "Namespace" | "Created At");
    let of = |(at, definition): (usize, Definition)| {
        let Definition { name, kind, priority, .. } = definition;
        CustomColumn { title: name, kind, wide: priority > 0, path: format!(".cells[{at}]") }
    };
    definitions.into_iter().enumerate().filter(|(_, definition)| !own(definition)).map(of).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_of_a_table_are_found_by_their_place_and_say_nothing_twice() {
        let definitions = json!([
            {"name": "Name", "type": "string", "format": "name"}, {"name": "Ready", "type": "integer"},
            {"name": "Images", "type": "string", "priority": 1}, {"name": "Age", "type": "string"},
        ]);
        let columns = columns(serde_json::from_value(definitions).unwrap());
        let found: Vec<_> = columns.iter().map(|column| (column.title.as_str(), column.kind.as_str(), column.wide, column.path.as_str())).collect();
        assert_eq!(found, [("Ready", "integer", false, ".cells[1]"), ("Images", "string", true, ".cells[2]")]);
    }
}
