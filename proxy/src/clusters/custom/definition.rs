//! A CustomResourceDefinition, of which only what a kind needs is decoded: its schemas never are.

use std::borrow::Cow;
use std::cmp::Reverse;

use krateyard_shared::kinds::{CustomColumn, CustomKind};
use kube::Resource;
use kube::core::{ClusterResourceScope, ObjectMeta, Version};
use serde::Deserialize;

/// A definition as it leaves the decoder.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Definition")]
pub(super) struct Defines {
    meta: ObjectMeta,
    /// None while it is not established.
    pub(super) kind: Option<CustomKind>,
}

impl Defines {
    pub(super) fn name(&self) -> String {
        self.meta.name.clone().unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct Definition {
    #[serde(default)]
    metadata: Sparse,
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

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Sparse {
    name: Option<String>,
    resource_version: Option<String>,
}

impl From<Definition> for Defines {
    fn from(mut definition: Definition) -> Defines {
        let Sparse { name, resource_version } = std::mem::take(&mut definition.metadata);
        Defines { meta: ObjectMeta { name, resource_version, ..ObjectMeta::default() }, kind: definition.kind() }
    }
}

impl Resource for Defines {
    type DynamicType = ();
    type Scope = ClusterResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        "CustomResourceDefinition".into()
    }

    fn group((): &()) -> Cow<'_, str> {
        "apiextensions.k8s.io".into()
    }

    fn version((): &()) -> Cow<'_, str> {
        "v1".into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        "customresourcedefinitions".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
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
    use serde_json::json;

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
