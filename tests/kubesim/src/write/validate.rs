//! The little of validation that people run into: labels and finalizers, keys and values of config maps and secrets, a pod template without containers, a
//! container without an image. The rest of an object is taken as it is.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::failure::{Cause, Failure};
use crate::kinds::Kind;
use crate::selector;

/// Finalizers of one word: core's standardFinalizers and apimachinery's.
const STANDARD_FINALIZERS: &[&str] = &["kubernetes", "orphan", "foregroundDeletion"];

/// What decoding makes of a body that is written: a secret's stringData goes into its data.
///
/// # Errors
/// 400 for values that are no text, and for what is no base64.
pub(super) fn decoded(kind: &Kind, object: &mut Value) -> Result<(), Failure> {
    decode(kind, object)
        .map_err(|why| Failure::bad_request(format!("{} in version \"{}\" cannot be handled as a {}: {why}", kind.kind, kind.version, kind.kind)))
}

/// The same for what a patch has made.
///
/// # Errors
/// 422 with the whole object in its message.
pub(super) fn patched(kind: &Kind, object: &mut Value) -> Result<(), Failure> {
    decode(kind, object).map_err(|why| unfit(object, &why))
}

/// The refusal of a patch whose outcome is no object of its kind.
pub(super) fn unfit(object: &Value, why: &str) -> Failure {
    let message = format!("Invalid value: {}: {why}", json!(object.to_string()));
    Failure::invalid("", "", "", &[Cause::new("FieldValueInvalid", "patch", message)])
}

/// What Go calls a JSON value.
pub(crate) fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn decode(kind: &Kind, object: &mut Value) -> Result<(), String> {
    if !is_core(kind, "configmaps") && !is_core(kind, "secrets") {
        return Ok(());
    }
    let wrong = |value: &Value, field: &str, wanted: &str| {
        format!("json: cannot unmarshal {} into Go struct field {}.{field} of type {wanted}", go_type(value), kind.kind)
    };
    let data_type = if is_core(kind, "secrets") { "map[string][]uint8" } else { "map[string]string" };
    for (field, wanted) in [("data", data_type), ("stringData", "map[string]string"), ("binaryData", "map[string][]uint8")] {
        let Some(given) = object.get(field).filter(|given| !given.is_null()) else { continue };
        let Some(entries) = given.as_object() else { return Err(wrong(given, field, wanted)) };
        for value in entries.values() {
            let Some(text) = value.as_str() else {
                return Err(wrong(value, field, wanted.trim_start_matches("map[string]")));
            };
            if wanted.ends_with("uint8") && BASE64_STANDARD.decode(text).is_err() {
                let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
                let at = text.bytes().position(|byte| !good(byte)).unwrap_or(text.len());
                return Err(format!("illegal base64 data at input byte {at}"));
            }
        }
    }
    if is_core(kind, "secrets")
        && let Some(Value::Object(texts)) = object.as_object_mut().and_then(|fields| fields.remove("stringData"))
    {
        for (key, text) in texts {
            object["data"][key] = json!(BASE64_STANDARD.encode(text.as_str().unwrap_or_default()));
        }
    }
    Ok(())
}

fn is_core(kind: &Kind, plural: &str) -> bool {
    kind.group.is_empty() && kind.plural == plural
}

/// An object that is created, or changed.
///
/// # Errors
/// 422 with a cause for each field.
pub(super) fn check(kind: &Kind, before: Option<&Value>, object: &Value) -> Result<(), Failure> {
    let mut causes = metadata(before, object);
    if is_core(kind, "configmaps") || is_core(kind, "secrets") {
        causes.extend(contents(before, object));
    }
    refuse(kind, object, &causes)?;
    containers(kind, object)
}

/// A patch may name the uid that is there, and no other.
///
/// # Errors
/// 422 with its cause twice: apimachinery's ValidateObjectMetaUpdate runs for the kind and for all kinds.
pub(super) fn check_uid(kind: &Kind, before: &Value, object: &Value) -> Result<(), Failure> {
    let given = object["metadata"]["uid"].as_str().unwrap_or_default();
    if given.is_empty() || given == before["metadata"]["uid"] {
        return Ok(());
    }
    let cause = Cause::new("FieldValueInvalid", "metadata.uid", format!("Invalid value: \"{given}\": field is immutable"));
    refuse(kind, object, &[cause.clone(), cause])
}

/// Nobody may hold up an object that is being deleted: recordings writing/delete-finalizer.
pub(super) fn check_finalizers(kind: &Kind, before: &Value, after: &Value) -> Result<(), Failure> {
    if before["metadata"]["deletionTimestamp"].is_null() {
        return Ok(());
    }
    let list = |object: &Value| object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    let known = list(before);
    let new: Vec<String> = list(after).iter().filter(|finalizer| !known.contains(finalizer)).map(ToString::to_string).collect();
    if new.is_empty() {
        return Ok(());
    }
    let message = format!("Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}", new.join(", "));
    let name = after["metadata"]["name"].as_str().unwrap_or_default();
    let cause = Cause::new("FieldValueForbidden", "metadata.finalizers", message);
    // the server finds it in two places
    Err(Failure::invalid(&kind.kind, &kind.group, name, &[cause.clone(), cause]))
}

fn refuse(kind: &Kind, object: &Value, causes: &[Cause]) -> Result<(), Failure> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    if causes.is_empty() { Ok(()) } else { Err(Failure::invalid(&kind.kind, &kind.group, name, causes)) }
}

/// Labels and finalizers. On an update a cause is found several times: by the kind's own rules for objects and for changes, and by those of all kinds.
fn metadata(before: Option<&Value>, object: &Value) -> Vec<Cause> {
    let mut labels = Vec::new();
    for (key, value) in object["metadata"]["labels"].as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        for message in [selector::wrong_key(key), selector::wrong_value(value)].into_iter().flatten() {
            labels.push(Cause::new("FieldValueInvalid", "metadata.labels", message));
        }
    }
    let mut finalizers = Vec::new();
    for (index, finalizer) in object["metadata"]["finalizers"].as_array().into_iter().flatten().enumerate() {
        let name = finalizer.as_str().unwrap_or_default();
        if !name.contains('/') && !STANDARD_FINALIZERS.contains(&name) {
            let message = format!("Invalid value: \"{name}\": name is neither a standard finalizer name nor is it fully qualified");
            finalizers.push(Cause::new("FieldValueInvalid", format!("metadata.finalizers[{index}]"), message));
        }
    }
    match before {
        None => [labels, finalizers].concat(),
        Some(_) => [vec![labels; 4], vec![finalizers; 2]].concat().concat(),
    }
}

/// Keys of config maps and secrets, and what is immutable of them.
fn contents(before: Option<&Value>, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let forbidden = |field: &'static str| Cause::new("FieldValueForbidden", field, "Forbidden: field is immutable when `immutable` is set");
    if let Some(before) = before.filter(|before| before["immutable"] == true) {
        causes.extend((object["immutable"] != true).then(|| forbidden("immutable")));
        causes.extend(["data", "binaryData"].into_iter().filter(|field| object[*field] != before[*field]).map(forbidden));
    }
    for field in ["data", "binaryData"] {
        for key in object[field].as_object().into_iter().flatten().map(|(key, _)| key) {
            if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) {
                let message = format!(
                    "Invalid value: \"{key}\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
                );
                causes.push(Cause::new("FieldValueInvalid", format!("{field}[{key}]"), message));
            }
        }
    }
    causes
}

fn containers(kind: &Kind, object: &Value) -> Result<(), Failure> {
    let path = match kind.plural.as_str() {
        _ if kind.custom => return Ok(()),
        "deployments" | "replicasets" | "statefulsets" | "daemonsets" | "jobs" => "spec.template.spec",
        "cronjobs" => "spec.jobTemplate.spec.template.spec",
        "pods" => "spec",
        _ => return Ok(()),
    };
    let spec = path.split('.').fold(object, |value, field| &value[field]);
    let containers = spec["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut causes = Vec::new();
    let required = |field: String| Cause::new("FieldValueRequired", field, "Required value");
    if containers.is_empty() {
        causes.push(required(format!("{path}.containers")));
    }
    for (index, container) in containers.iter().enumerate() {
        for field in ["name", "image"] {
            if container[field].as_str().is_none_or(str::is_empty) {
                causes.push(required(format!("{path}.containers[{index}].{field}")));
            }
        }
    }
    refuse(kind, object, &causes)
}
