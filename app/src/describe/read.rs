//! Reading an object as JSON: a field may be absent anywhere, be of another type than it should, or be huge.

use krateyard_shared::time::{self, Seconds};
use serde_json::Value;

/// The most characters of one value: what is longer is read in YAML.
pub(super) const MOST_TEXT: usize = 400;

/// The text of a JSON value, cut to what a person reads here; empty for what is none.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => short(text),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => short(&value.to_string()),
    }
}

/// A text, cut to [`MOST_TEXT`] characters.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(MOST_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A name, whole; empty for what is none.
pub(super) fn name(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A count; 0 for none, as an API server leaves zeros out.
pub(super) fn count(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

/// The elements of an array.
pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The texts of an array, joined.
pub(super) fn joined(value: &Value) -> String {
    short(&items(value).iter().map(text).collect::<Vec<_>>().join(", "))
}

/// The members of an object as `key=value`.
pub(super) fn pairs(map: &Value) -> Vec<String> {
    map.as_object().into_iter().flatten().map(|(key, value)| format!("{key}={}", text(value))).collect()
}

/// The age of an RFC 3339 time; empty for what is none.
pub(super) fn age_of(value: &Value, now: Seconds) -> String {
    value.as_str().and_then(time::seconds).map_or_else(String::new, |at| time::age(now - at))
}

/// A LabelSelector, or a plain map of labels, as kubectl writes it: `app=web, tier in (a,b)`.
pub(super) fn selector(selector: &Value) -> String {
    let labels = if selector["matchLabels"].is_object() || selector["matchExpressions"].is_array() { &selector["matchLabels"] } else { selector };
    let expressions = items(&selector["matchExpressions"]).iter().map(|expression| {
        let (key, values) = (text(&expression["key"]), items(&expression["values"]).iter().map(text).collect::<Vec<_>>().join(","));
        match name(&expression["operator"]) {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key,
        }
    });
    short(&pairs(labels).into_iter().chain(expressions).collect::<Vec<_>>().join(", "))
}

/// Bytes in words: `71 bytes`, `1.2 KiB`, `5.0 MiB`.
pub(super) fn bytes(count: usize) -> String {
    match count {
        1 => "1 byte".into(),
        0..1024 => format!("{count} bytes"),
        1024..1_048_576 => format!("{:.1} KiB", count as f64 / 1024.0),
        _ => format!("{:.1} MiB", count as f64 / 1_048_576.0),
    }
}
