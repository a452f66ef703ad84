//! Reading an object as JSON: a field may be absent anywhere, and `null` is absent.

use std::collections::BTreeMap;

use serde_json::Value;

use super::CellValue;
use crate::time::{self, Seconds};

/// The text at a JSON pointer; empty for none.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The cell of the text at a pointer.
pub(super) fn text_cell(value: &Value, pointer: &str) -> CellValue {
    CellValue::of_text(text(value, pointer))
}

/// The number at a pointer.
pub(super) fn number(value: &Value, pointer: &str) -> Option<i64> {
    value.pointer(pointer).and_then(Value::as_i64)
}

/// The number at a pointer; 0 for none, as an API server leaves zeros out.
pub(super) fn count(value: &Value, pointer: &str) -> i64 {
    number(value, pointer).unwrap_or(0)
}

/// The cell of the count at a pointer.
pub(super) fn count_cell(value: &Value, pointer: &str) -> CellValue {
    CellValue::Number(count(value, pointer))
}

/// Whether the flag at a pointer is set.
pub(super) fn flag(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).and_then(Value::as_bool).unwrap_or(false)
}

/// The elements at a pointer.
pub(super) fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The texts at a pointer.
pub(super) fn texts<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a str> {
    items(value, pointer).iter().filter_map(Value::as_str)
}

/// The instant at a pointer.
pub(super) fn at(value: &Value, pointer: &str) -> Option<Seconds> {
    time::seconds(text(value, pointer))
}

/// The members of the object at a pointer, in the order of their keys.
pub(super) fn members<'a>(value: &'a Value, pointer: &str) -> BTreeMap<&'a str, &'a Value> {
    value.pointer(pointer).and_then(Value::as_object).into_iter().flatten().map(|(key, value)| (key.as_str(), value)).collect()
}

/// Text as it is, numbers as they are written: an `IntOrString`, a quantity.
pub(super) fn written(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// A map of labels at a pointer, as kubectl writes it: `app=web,tier=front`.
pub(super) fn labels(value: &Value, pointer: &str) -> CellValue {
    let pairs = members(value, pointer).into_iter().map(|(key, label)| format!("{key}={}", label.as_str().unwrap_or_default()));
    CellValue::of_text(pairs.collect::<Vec<_>>().join(","))
}

/// A LabelSelector at a pointer, as `metav1.FormatLabelSelector` writes it: `app=web,tier in (a,b)`.
pub(super) fn selector(value: &Value, pointer: &str) -> CellValue {
    let Some(selector) = value.pointer(pointer) else { return CellValue::None };
    let labels = members(selector, "/matchLabels").into_iter().map(|(key, label)| (key, format!("{key}={}", label.as_str().unwrap_or_default())));
    let expressions = items(selector, "/matchExpressions").iter().map(|expression| {
        let key = text(expression, "/key");
        let mut values: Vec<_> = texts(expression, "/values").collect();
        values.sort_unstable();
        let values = values.join(",");
        let written = match text(expression, "/operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            _ => format!("!{key}"),
        };
        (key, written)
    });
    let mut parts: Vec<_> = labels.chain(expressions).collect();
    parts.sort_by_key(|(key, _)| *key);
    CellValue::of_text(parts.into_iter().map(|(_, written)| written).collect::<Vec<_>>().join(","))
}

/// Names and images of the containers of the pod template at a pointer.
pub(super) fn containers(value: &Value, template: &str) -> [CellValue; 2] {
    let containers = items(value, &format!("{template}/spec/containers"));
    ["/name", "/image"].map(|field| CellValue::of_list(containers.iter().map(|container| text(container, field)), usize::MAX))
}

/// A condition of `status.conditions`.
pub(super) struct Condition<'a>(&'a Value);

impl<'a> Condition<'a> {
    /// `True`, `False` or `Unknown`.
    pub(super) fn status(&self) -> &'a str {
        text(self.0, "/status")
    }

    /// Its reason, such as `BackoffLimitExceeded`.
    pub(super) fn reason(&self) -> &'a str {
        text(self.0, "/reason")
    }

    /// Its message; its reason where there is none.
    pub(super) fn message(&self) -> &'a str {
        Some(text(self.0, "/message")).filter(|message| !message.is_empty()).unwrap_or(self.reason())
    }

    /// When it became so.
    pub(super) fn since(&self) -> Option<Seconds> {
        at(self.0, "/lastTransitionTime")
    }
}

/// The condition of this type, if its status is `status`.
pub(super) fn condition<'a>(object: &'a Value, kind: &str, status: &str) -> Option<Condition<'a>> {
    items(object, "/status/conditions").iter().find(|condition| text(condition, "/type") == kind && text(condition, "/status") == status).map(Condition)
}
