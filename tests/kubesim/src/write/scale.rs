//! The scale subresource.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::{Edit, Patch, Writer, check_version, validate};
use crate::answer;
use crate::failure::{Cause, Failure};
use crate::store::{Stored, Write};

/// What is done to a scale.
pub(crate) enum Change {
    None,
    Patch(Patch),
    Update(Value),
}

/// Answers get, update and patch of a scale.
///
/// # Errors
/// 404, 409, and 422 for a negative number.
pub(crate) fn scale(writer: &Writer<'_>, edit: &Edit<'_>, change: &Change) -> Result<Response, Failure> {
    let kind = edit.kind;
    if matches!(change, Change::None) {
        let object = writer.store.get(kind, edit.namespace, edit.name).ok_or_else(|| Failure::not_found(kind, edit.name))?;
        return Ok(answer::json(200, &shown(&object)));
    }
    let dry = edit.is_dry("UpdateOptions")?;
    let mut wanted_scale = Value::Null;
    let written = writer.store.write(kind, edit.namespace, edit.name, |existing| {
        let existing = existing.ok_or_else(|| Failure::not_found(kind, edit.name))?;
        wanted_scale = shown(existing);
        match change {
            Change::None => {}
            Change::Patch(patch) => patch.apply(&mut wanted_scale)?,
            Change::Update(scale) => wanted_scale = scale.clone(),
        }
        check_version(kind, existing, wanted_scale["metadata"]["resourceVersion"].as_str().unwrap_or_default())?;
        let given = &wanted_scale["spec"]["replicas"];
        if !given.is_null() && !given.is_i64() {
            let why = format!("json: cannot unmarshal {} into Go struct field ScaleSpec.spec.replicas of type int32", validate::go_type(given));
            return Err(validate::unfit(&wanted_scale, &why));
        }
        let replicas = given.as_i64().unwrap_or(0);
        if replicas < 0 {
            let message = format!("Invalid value: {replicas}: must be greater than or equal to 0");
            return Err(Failure::invalid("Scale", "autoscaling", edit.name, &[Cause::new("FieldValueInvalid", "spec.replicas", message)]));
        }
        let mut object = existing.value();
        if dry || object["spec"]["replicas"] == json!(replicas) {
            return Ok(Write::Keep);
        }
        object["spec"]["replicas"] = json!(replicas);
        if let Some(generation) = object["metadata"]["generation"].as_u64() {
            object["metadata"]["generation"] = json!(generation + 1);
        }
        Ok(Write::Put(object))
    })?;
    let mut answer = written.map(|written| shown(written.object())).unwrap_or_default();
    answer["spec"] = spec(wanted_scale["spec"]["replicas"].as_i64().unwrap_or(0));
    Ok(answer::json(200, &answer))
}

/// No replicas are not mentioned.
fn spec(replicas: i64) -> Value {
    if replicas == 0 { json!({}) } else { json!({ "replicas": replicas }) }
}

fn shown(object: &Stored) -> Value {
    let value = object.value();
    let mut metadata = Map::new();
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        metadata.insert(field.to_owned(), value["metadata"][field].clone());
    }
    let labels = value["spec"]["selector"]["matchLabels"].as_object();
    let selector: Vec<String> = labels.into_iter().flatten().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
        "spec": spec(value["spec"]["replicas"].as_i64().unwrap_or(0)),
        "status": {"replicas": value["status"]["replicas"].as_i64().unwrap_or(0), "selector": selector.join(",")},
    })
}
