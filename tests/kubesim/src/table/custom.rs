//! Cells of custom resources, by the JSONPath of their columns.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::words::ago;

/// The cell of one column; null where the object has nothing there.
pub(super) fn cell(object: &Value, kind: &str, path: &str, now: Timestamp) -> Value {
    let Some(value) = find(object, path) else { return Value::Null };
    match kind {
        "integer" => value.as_i64().or_else(|| value.as_f64().map(truncated)).map_or(Value::Null, |number| json!(number)),
        "number" if value.is_number() => value.clone(),
        "boolean" if value.is_boolean() => value.clone(),
        "date" => value.as_str().map_or(Value::Null, |text| match text.parse::<Timestamp>() {
            Ok(_) => json!(ago(value, now)),
            Err(_) => json!("<invalid>"),
        }),
        "string" => match value {
            Value::String(_) => value.clone(),
            Value::Null => Value::Null,
            other => json!(other.to_string()),
        },
        _ => Value::Null,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "what Go's int64() does with a float")]
fn truncated(number: f64) -> i64 {
    number as i64
}

/// One step of a path.
enum Step {
    Field(String),
    Index(usize),
    Each,
    /// Elements whose field has this value.
    Where(String, Value),
}

/// The first value at a path like `.status.conditions[?(@.type=="Ready")].status`.
fn find<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    let mut found = vec![object];
    for step in steps(path)? {
        found = found.into_iter().flat_map(|value| taken(value, &step)).collect();
    }
    found.first().copied()
}

fn taken<'a>(value: &'a Value, step: &Step) -> Vec<&'a Value> {
    let elements = || value.as_array().into_iter().flatten();
    match step {
        Step::Field(name) => value.get(name).into_iter().collect(),
        Step::Index(index) => value.get(index).into_iter().collect(),
        Step::Each => elements().collect(),
        Step::Where(field, wanted) => elements().filter(|element| find(element, field) == Some(wanted)).collect(),
    }
}

/// None where the path cannot be read.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path;
    let mut all = Vec::new();
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let end = if inner.starts_with("?(") { inner.find(")]")? + 1 } else { inner.find(']')? };
            all.push(bracket(&inner[..end])?);
            rest = &inner[end + 1..];
        } else {
            let (name, after) = field(rest.strip_prefix('.').unwrap_or(rest));
            all.push(Step::Field(name));
            rest = after;
        }
    }
    Some(all)
}

fn bracket(inner: &str) -> Option<Step> {
    if let Some(filter) = inner.strip_prefix("?(").and_then(|filter| filter.strip_suffix(')')) {
        let (field, wanted) = filter.split_once("==")?;
        let wanted = wanted.trim().replace('\'', "\"");
        return Some(Step::Where(field.trim().strip_prefix('@')?.to_owned(), serde_json::from_str(&wanted).ok()?));
    }
    match inner.trim_matches(['\'', '"']) {
        "*" => Some(Step::Each),
        name if name.len() < inner.len() => Some(Step::Field(name.to_owned())),
        index => index.parse().ok().map(Step::Index),
    }
}

/// A name up to the next step; `\.` is a dot within it.
fn field(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => name.extend(characters.next().map(|(_, escaped)| escaped)),
            '.' | '[' => return (name, &text[at..]),
            other => name.push(other),
        }
    }
    (name, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_find_what_definitions_point_at() {
        let object = json!({
            "metadata": {"annotations": {"example.com/a": "dotted"}},
            "status": {"conditions": [{"type": "Synced", "status": "False"}, {"type": "Ready", "status": "True"}], "ips": ["10.0.0.1", "10.0.0.2"]},
        });
        for (path, expected) in [
            (".status.conditions[?(@.type==\"Ready\")].status", json!("True")),
            (".status.conditions[?(@.type=='Synced')].status", json!("False")),
            (".status.conditions[1].type", json!("Ready")),
            (".status.ips[*]", json!("10.0.0.1")),
            (".metadata.annotations.example\\.com/a", json!("dotted")),
            (".metadata.annotations['example.com/a']", json!("dotted")),
        ] {
            assert_eq!(find(&object, path), Some(&expected), "{path}");
        }
        assert_eq!(find(&object, ".status.nosuch.field"), None);
        assert_eq!(find(&object, ".status.conditions[?(@.type==\"Nosuch\")].status"), None);
    }
}
