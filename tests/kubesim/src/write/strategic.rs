//! Strategic merge patch: a merge patch that knows by which key lists of objects merge, and directives beside. After apimachinery's
//! pkg/util/strategicpatch; the keys are the `patchStrategy` and `patchMergeKey` tags of Kubernetes' API types.

mod lists;

use serde_json::{Map, Value};

use crate::failure::Failure;
use lists::{Merging, merge_list, merging};

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList/";
const ELEMENT_ORDER: &str = "$setElementOrder/";

/// Changes an object, which has its kind.
///
/// # Errors
/// 500 for elements without their merge key and for directives that are none.
pub(super) fn apply(object: &mut Value, patch: &Value) -> Result<(), Failure> {
    let kind = object["kind"].as_str().unwrap_or_default().to_owned();
    merge_map(object, patch, &Place { kind: &kind, path: Vec::new() })
}

/// Where in an object a patch is at work.
#[derive(Clone)]
struct Place<'a> {
    kind: &'a str,
    path: Vec<&'a str>,
}

impl<'a> Place<'a> {
    fn within(&self, field: &'a str) -> Self {
        let mut path = self.path.clone();
        path.push(field);
        Self { kind: self.kind, path }
    }
}

/// A patch that cannot be: the server's own text, with 500 and no reason (recordings writing/patch-strategic-no-key).
fn broken(message: String) -> Failure {
    Failure::new(500, None, message)
}

fn merge_map(target: &mut Value, patch: &Value, place: &Place<'_>) -> Result<(), Failure> {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return Ok(());
    };
    match changes.get(PATCH).and_then(Value::as_str) {
        None | Some("merge") => {}
        Some("replace") => {
            *target = without_directives(patch);
            return Ok(());
        }
        Some("delete") => {
            *target = Value::Object(Map::new());
            return Ok(());
        }
        Some(other) => return Err(broken(format!("Unknown patch type found: {other}"))),
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(fields) = target else { return Ok(()) };
    if let Some(retained) = changes.get(RETAIN_KEYS).and_then(Value::as_array) {
        fields.retain(|field, _| retained.iter().any(|kept| kept == field));
    }
    for (directive, gone) in changes {
        let (Some(field), Value::Array(gone)) = (directive.strip_prefix(DELETE_FROM_LIST), gone) else { continue };
        if let Some(items) = fields.get_mut(field).and_then(Value::as_array_mut) {
            items.retain(|item| !gone.contains(item));
        }
    }
    for (field, change) in changes.iter().filter(|(field, _)| !field.starts_with('$')) {
        let order = changes.get(&format!("{ELEMENT_ORDER}{field}"));
        merge_field(fields, field, change, order, &place.within(field))?;
    }
    // an order alone orders what is there
    for (directive, order) in changes {
        let Some(field) = directive.strip_prefix(ELEMENT_ORDER).filter(|field| !changes.contains_key(*field)) else { continue };
        if fields.contains_key(field) {
            merge_field(fields, field, &Value::Array(Vec::new()), Some(order), &place.within(field))?;
        }
    }
    Ok(())
}

fn merge_field(fields: &mut Map<String, Value>, field: &str, change: &Value, order: Option<&Value>, place: &Place<'_>) -> Result<(), Failure> {
    if change.is_null() {
        fields.remove(field);
        return Ok(());
    }
    match (fields.get_mut(field), change) {
        (Some(existing @ Value::Object(_)), Value::Object(_)) => merge_map(existing, change, place),
        (existing, Value::Array(changes)) => {
            let merging = merging(place.kind, &place.path);
            if merging == Merging::Atomic {
                fields.insert(field.to_owned(), change.clone());
                return Ok(());
            }
            let was = existing.and_then(|existing| existing.as_array().cloned()).unwrap_or_default();
            let merged = merge_list(was, changes, order.and_then(Value::as_array), merging, place)?;
            fields.insert(field.to_owned(), Value::Array(merged));
            Ok(())
        }
        (_, Value::Object(_)) => {
            let mut made = Value::Object(Map::new());
            merge_map(&mut made, change, place)?;
            fields.insert(field.to_owned(), made);
            Ok(())
        }
        _ => {
            fields.insert(field.to_owned(), change.clone());
            Ok(())
        }
    }
}

/// A patch's own value, where it does not merge with anything.
fn without_directives(patch: &Value) -> Value {
    match patch {
        Value::Object(fields) => {
            let own = fields.iter().filter(|(field, value)| !field.starts_with('$') && !value.is_null());
            Value::Object(own.map(|(field, value)| (field.clone(), without_directives(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_directives).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(mut object: Value, patch: Value) -> Value {
        apply(&mut object, &patch).unwrap();
        object
    }

    fn pod(containers: Value) -> Value {
        json!({"kind": "Pod", "spec": {"containers": containers}})
    }

    #[test]
    fn containers_and_what_is_in_them_merge_by_their_keys() {
        let before = pod(json!([
            {"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}], "ports": [{"containerPort": 80, "protocol": "TCP"}], "args": ["1", "2"]},
            {"name": "b", "image": "b:1"},
        ]));
        let patch = pod(
            json!([{"name": "a", "env": [{"name": "Y", "value": "2"}], "ports": [{"containerPort": 80, "name": "http"}], "args": ["3"]}, {"name": "c", "image": "c:1"}]),
        );
        let after = pod(json!([
            {"name": "a", "image": "a:1", "env": [{"name": "Y", "value": "2"}, {"name": "X", "value": "1"}], "ports": [{"containerPort": 80, "protocol": "TCP", "name": "http"}], "args": ["3"]},
            {"name": "c", "image": "c:1"},
            {"name": "b", "image": "b:1"},
        ]));
        assert_eq!(patched(before, patch), after);
    }

    #[test]
    fn directives_delete_replace_order_and_retain() {
        let list = json!([{"name": "a", "image": "1"}, {"name": "b", "image": "1"}, {"name": "c", "image": "1"}]);
        let names = |patch: Value| {
            let after = patched(pod(list.clone()), json!({ "spec": patch }));
            after["spec"]["containers"].as_array().unwrap().iter().map(|container| container["name"].as_str().unwrap()).collect::<Vec<_>>().join("")
        };
        assert_eq!(names(json!({"containers": [{"name": "b", "$patch": "delete"}]})), "ac");
        assert_eq!(names(json!({"containers": [{"$patch": "replace"}, {"name": "z"}]})), "z");
        assert_eq!(names(json!({"$setElementOrder/containers": [{"name": "c"}, {"name": "a"}]})), "bca");
        assert_eq!(names(json!({"$setElementOrder/containers": [{"name": "z"}, {"name": "a"}], "containers": [{"name": "z"}]})), "zabc");
        let deployment = json!({"kind": "Deployment", "spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}});
        let patch = json!({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}});
        assert_eq!(patched(deployment, patch)["spec"]["strategy"], json!({"type": "Recreate"}));
        let labels = json!({"kind": "Pod", "metadata": {"labels": {"a": "1"}, "finalizers": ["x", "y"]}});
        let patch = json!({"metadata": {"labels": {"$patch": "replace", "b": "2"}, "$deleteFromPrimitiveList/finalizers": ["x"], "finalizers": ["y", "z"]}});
        assert_eq!(patched(labels, patch)["metadata"], json!({"labels": {"b": "2"}, "finalizers": ["y", "z"]}));
    }

    #[test]
    fn lists_without_a_key_are_replaced() {
        let before = json!({"kind": "Pod", "spec": {"tolerations": [{"key": "a"}, {"key": "b"}]}});
        assert_eq!(patched(before, json!({"spec": {"tolerations": [{"key": "c"}]}}))["spec"]["tolerations"], json!([{"key": "c"}]));
        let service = json!({"kind": "Service", "spec": {"ports": [{"port": 80, "name": "a"}]}});
        let after = patched(service, json!({"spec": {"ports": [{"port": 80, "targetPort": 8080}, {"port": 81}]}}));
        assert_eq!(after["spec"]["ports"], json!([{"port": 80, "name": "a", "targetPort": 8080}, {"port": 81}]));
    }

    #[test]
    fn an_element_without_its_key_is_refused_in_the_servers_words() {
        let mut object = pod(json!([{"name": "a"}]));
        let refused = apply(&mut object, &pod(json!([{"image": "x"}]))).unwrap_err();
        assert_eq!((refused.code(), refused.message()), (500, "map: map[image:x] does not contain declared merge key: name"));
    }
}
