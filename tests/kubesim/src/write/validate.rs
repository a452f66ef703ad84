//! The little of validation that people run into: a pod template without containers, a container without an image. The rest of an object is taken as it is.

use serde_json::Value;

use crate::failure::{Cause, Failure};
use crate::kinds::Kind;

/// # Errors
/// 422 with a cause for each field.
pub(super) fn check(kind: &Kind, object: &Value) -> Result<(), Failure> {
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
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    if causes.is_empty() { Ok(()) } else { Err(Failure::invalid(&kind.kind, &kind.group, name, &causes)) }
}
