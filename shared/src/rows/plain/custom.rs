//! Rows of kinds that a cluster defines itself: by its printer columns, and by what such objects usually say of how they do.

use serde_json::Value;

use super::path::{items, text};
use super::{CellValue, PlainFacts, PlainStatus, json_path};
use crate::kinds::CustomColumn;
use crate::status::Health;
use crate::time;

pub(super) fn object(columns: &[CustomColumn], object: &Value) -> PlainFacts {
    let cells = columns.iter().map(|column| cell(column, object)).collect();
    PlainFacts { cells, status: status(object), uses: Vec::new() }
}

/// As apiextensions prints it (`pkg/registry/customresource/tableconvertor`): a value of another type than the column's is not shown, lists are their JSON.
fn cell(column: &CustomColumn, object: &Value) -> CellValue {
    let Some(value) = json_path::find(object, &column.path) else { return CellValue::None };
    match (column.kind.as_str(), value) {
        (_, Value::Null) => CellValue::None,
        ("integer", value) => value.as_i64().or_else(|| value.as_f64().map(|number| number as i64)).map_or(CellValue::None, CellValue::Number),
        ("number", Value::Number(number)) => CellValue::Quantity(number.to_string()),
        ("boolean", Value::Bool(flag)) => CellValue::Flag(*flag),
        ("date", Value::String(at)) => time::seconds(at).map_or_else(|| CellValue::of_text(at.as_str()), CellValue::Time),
        ("string", Value::String(text)) => CellValue::of_text(text.as_str()),
        ("string", value) => CellValue::of_text(value.to_string()),
        _ => CellValue::None,
    }
}

/// Conditions by the names that most controllers use, worst first, else a phase in words that most use; nothing where there is neither.
fn status(object: &Value) -> Option<PlainStatus> {
    for condition in items(object, "/status/conditions") {
        let (kind, is) = (text(condition, "/type"), text(condition, "/status"));
        let why = || [text(condition, "/reason"), text(condition, "/message")].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
        match (kind, is) {
            ("Failed" | "Stalled" | "Degraded", "True") => return Some(PlainStatus::new(Health::Bad, kind).because(why())),
            ("Ready" | "Available" | "Synced" | "Healthy" | "Accepted" | "Programmed", "False") => {
                return Some(PlainStatus::new(Health::Bad, format!("Not {}", kind.to_lowercase())).because(why()));
            }
            ("Ready" | "Available", "Unknown") => return Some(PlainStatus::new(Health::Pending, "Unknown").because(why())),
            _ => {}
        }
    }
    let good = items(object, "/status/conditions").iter().find(|condition| {
        let (kind, is) = (text(condition, "/type"), text(condition, "/status"));
        is == "True" && matches!(kind, "Ready" | "Available" | "Healthy" | "Programmed" | "Accepted" | "Succeeded" | "Complete")
    });
    let phase = [text(object, "/status/phase"), text(object, "/status/state")].into_iter().find(|phase| !phase.is_empty());
    match (good, phase) {
        (_, Some(phase)) => Some(PlainStatus::new(of_phase(phase), phase)),
        (Some(condition), None) => Some(PlainStatus::ok(text(condition, "/type"))),
        (None, None) => None,
    }
}

fn of_phase(phase: &str) -> Health {
    match phase.to_lowercase().as_str() {
        "failed" | "error" | "errored" | "degraded" | "unhealthy" | "lost" | "invalid" => Health::Bad,
        "warning" | "outofsync" | "suspended" | "paused" => Health::Warn,
        "pending" | "creating" | "provisioning" | "initializing" | "progressing" | "updating" | "upgrading" | "deleting" | "terminating" | "waiting"
        | "queued" => Health::Pending,
        "succeeded" | "completed" | "complete" | "finished" => Health::Ended,
        _ => Health::Ok,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_are_typed_by_their_column() {
        let column = |kind: &str, path: &str| CustomColumn { title: "T".into(), kind: kind.into(), wide: false, path: path.into() };
        let spec = json!({"spec": {"n": 3, "half": 0.5, "on": true, "at": "2026-01-01T00:00:00Z", "words": "a", "list": ["a"], "no": null}});
        for (kind, path, expected) in [
            ("integer", ".spec.n", CellValue::Number(3)),
            ("integer", ".spec.words", CellValue::None),
            ("number", ".spec.half", CellValue::Quantity("0.5".into())),
            ("boolean", ".spec.on", CellValue::Flag(true)),
            ("date", ".spec.at", CellValue::Time(1_767_225_600)),
            ("string", ".spec.words", CellValue::Text("a".into())),
            ("string", ".spec.list", CellValue::Text("[\"a\"]".into())),
            ("string", ".spec.n", CellValue::Text("3".into())),
            ("string", ".spec.no", CellValue::None),
            ("string", ".spec.absent", CellValue::None),
        ] {
            assert_eq!(cell(&column(kind, path), &spec), expected, "{kind} {path}");
        }
    }

    #[test]
    fn a_custom_object_does_as_its_conditions_say_else_as_its_phase_says() {
        let of = |status: Value| status_of(&json!({"status": status}));
        assert_eq!(
            of(json!({"conditions": [{"type": "Ready", "status": "False", "reason": "NoQuorum"}]})),
            Some((Health::Bad, "Not ready".into(), "NoQuorum".into()))
        );
        assert_eq!(of(json!({"conditions": [{"type": "Ready", "status": "True"}]})), Some((Health::Ok, "Ready".into(), String::new())));
        assert_eq!(of(json!({"phase": "Failed"})), Some((Health::Bad, "Failed".into(), String::new())));
        assert_eq!(of(json!({"phase": "Provisioning"})), Some((Health::Pending, "Provisioning".into(), String::new())));
        assert_eq!(of(json!({"observedGeneration": 1})), None, "nothing is made up");
    }

    fn status_of(object: &Value) -> Option<(Health, String, String)> {
        status(object).map(|status| (status.health, status.word, status.why))
    }
}
