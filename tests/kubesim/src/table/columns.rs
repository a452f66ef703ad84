//! Column definitions: those of built-in kinds as recorded, those of custom kinds from their definitions.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::kinds::Kind;

/// Name, type, format, priority and description; an empty description is that of the metadata field.
type Recorded = (String, String, String, i64, String);

/// Whether this server knows the columns of a kind.
pub(super) fn are_known(kind: &Kind) -> bool {
    kind.custom || recorded().contains_key(&kind.group_resource())
}

/// The columns of a kind, as a Table shows them.
pub(super) fn definitions(kind: &Kind) -> Vec<Value> {
    if kind.custom {
        return custom(kind);
    }
    of(&kind.group_resource()).iter().map(shown).collect()
}

fn recorded() -> &'static HashMap<String, Vec<Recorded>> {
    static COLUMNS: OnceLock<HashMap<String, Vec<Recorded>>> = OnceLock::new();
    COLUMNS.get_or_init(|| serde_json::from_str(include_str!("../data/columns.json")).unwrap_or_default())
}

fn of(name: &str) -> &'static [Recorded] {
    recorded().get(name).map(Vec::as_slice).unwrap_or_default()
}

fn shown((name, kind, format, priority, description): &Recorded) -> Value {
    let description = match (name.as_str(), description.as_str()) {
        ("Name", "") => metadata_description("Name"),
        (_, "") => metadata_description("Age"),
        (_, own) => own,
    };
    json!({"name": name, "type": kind, "format": format, "description": description, "priority": priority})
}

/// What Kubernetes' API documentation says of metadata.name and metadata.creationTimestamp.
fn metadata_description(name: &str) -> &'static str {
    of("").iter().find(|column| column.0 == name).map(|column| column.4.as_str()).unwrap_or_default()
}

fn custom(kind: &Kind) -> Vec<Value> {
    let mut columns = vec![json!({"name": "Name", "type": "string", "format": "name", "description": metadata_description("Name"), "priority": 0})];
    for column in &kind.columns {
        let description = match column.description.as_str() {
            "" => format!("Custom resource definition column (in JSONPath format): {}", column.json_path),
            own => own.to_owned(),
        };
        columns.push(json!({"name": column.name, "type": column.kind, "format": column.format, "description": description, "priority": column.priority}));
    }
    if kind.columns.is_empty() {
        columns.push(json!({"name": "Age", "type": "date", "format": "", "description": metadata_description("Age"), "priority": 0}));
    }
    columns
}
