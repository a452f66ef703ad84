//! JSON merge patch (RFC 7386).

use serde_json::{Map, Value};

/// Changes `target` as `patch` says: null removes.
pub(crate) fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(fields) = target else { return };
    for (key, change) in changes {
        if change.is_null() {
            fields.remove(key);
        } else {
            merge_patch(fields.entry(key.clone()).or_insert(Value::Null), change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn null_removes_objects_merge_and_lists_are_replaced() {
        let mut target = json!({"a": {"b": 1, "c": 2}, "list": [1, 2], "gone": 1});
        merge_patch(&mut target, &json!({"a": {"b": null, "d": {"e": null, "f": 3}}, "list": [3], "gone": null}));
        assert_eq!(target, json!({"a": {"c": 2, "d": {"f": 3}}, "list": [3]}));
    }
}
