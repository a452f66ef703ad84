//! Lists in a strategic merge patch.

use serde_json::Value;

use super::{PATCH, Place, broken, merge_map, without_directives};
use crate::failure::Failure;

/// How a list takes a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Merging {
    /// The patch's list replaces it.
    Atomic,
    /// Plain values: those of the patch are added.
    Values,
    /// Objects that are the same by this field.
    ByKey(&'static str),
}

/// The tags of Kubernetes' API types (1.36), by the place of a list.
pub(super) fn merging(kind: &str, path: &[&str]) -> Merging {
    use Merging::{Atomic, ByKey, Values};
    let parent = path.len().checked_sub(2).map_or("", |at| path[at]);
    match *path.last().unwrap_or(&"") {
        "containers" | "initContainers" | "ephemeralContainers" | "volumes" | "imagePullSecrets" | "schedulingGates" | "env" | "resourceClaims" => {
            ByKey("name")
        }
        "secrets" if kind == "ServiceAccount" => ByKey("name"),
        "resourceClaimStatuses" => ByKey("name"),
        "ports" if kind == "Service" => ByKey("port"),
        "ports" if parent.ends_with("ontainers") => ByKey("containerPort"),
        "volumeMounts" => ByKey("mountPath"),
        "volumeDevices" => ByKey("devicePath"),
        "hostAliases" | "podIPs" | "hostIPs" => ByKey("ip"),
        "topologySpreadConstraints" => ByKey("topologyKey"),
        "ownerReferences" => ByKey("uid"),
        "conditions" if parent == "status" && kind != "CustomResourceDefinition" => ByKey("type"),
        "addresses" if kind == "Node" => ByKey("type"),
        "finalizers" if parent == "metadata" => Values,
        "podCIDRs" if kind == "Node" => Values,
        _ => Atomic,
    }
}

/// Merges a patch's elements into a list, and orders it as the patch wants.
pub(super) fn merge_list(was: Vec<Value>, changes: &[Value], order: Option<&Vec<Value>>, merging: Merging, place: &Place<'_>) -> Result<Vec<Value>, Failure> {
    let mut merged = was.clone();
    match merging {
        Merging::ByKey(key) => merge_by_key(&mut merged, changes, key, place)?,
        _ => {
            for change in changes {
                if !merged.contains(change) {
                    merged.push(change.clone());
                }
            }
        }
    }
    // without an order of its own a patch's elements stand in the order in which it names them
    let order = match (order, merging) {
        (Some(order), _) => order.as_slice(),
        (None, Merging::ByKey(_)) => changes,
        (None, _) => return Ok(merged),
    };
    let same = |one: &Value, other: &Value| match merging {
        Merging::ByKey(key) => one[key] == other[key],
        _ => one == other,
    };
    Ok(ordered(merged, order, &was, &same))
}

fn merge_by_key(merged: &mut Vec<Value>, changes: &[Value], key: &'static str, place: &Place<'_>) -> Result<(), Failure> {
    if changes.iter().any(|change| change[PATCH] == "replace") {
        *merged = changes.iter().filter(|change| change[PATCH] != "replace").map(without_directives).collect();
        return Ok(());
    }
    for change in changes {
        if change[key].is_null() {
            return Err(broken(format!("map: {} does not contain declared merge key: {key}", go(change))));
        }
        if change[PATCH] == "delete" {
            merged.retain(|element| element[key] != change[key]);
            continue;
        }
        match merged.iter_mut().find(|element| element[key] == change[key]) {
            Some(element) => merge_map(element, change, place)?,
            None => {
                let mut made = Value::Object(serde_json::Map::new());
                merge_map(&mut made, change, place)?;
                merged.push(made);
            }
        }
    }
    Ok(())
}

/// strategicpatch's normalizeElementOrder: what the patch orders stands in its order, what only the server has stays where it was among them.
fn ordered(merged: Vec<Value>, order: &[Value], was: &[Value], same: &dyn Fn(&Value, &Value) -> bool) -> Vec<Value> {
    let (mut wanted, others): (Vec<Value>, Vec<Value>) = merged.into_iter().partition(|element| order.iter().any(|other| same(element, other)));
    wanted.sort_by_key(|element| order.iter().position(|other| same(element, other)));
    let place = |element: &Value| was.iter().position(|other| same(element, other));
    let (mut others, mut wanted) = (others.into_iter().peekable(), wanted.into_iter().peekable());
    let mut all = Vec::new();
    loop {
        let first_is_other = match (others.peek(), wanted.peek()) {
            (None, None) => return all,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(other), Some(next)) => matches!((place(other), place(next)), (Some(other), Some(next)) if other < next),
        };
        all.extend(if first_is_other { others.next() } else { wanted.next() });
    }
}

/// A value as Go's %v prints it.
fn go(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut parts: Vec<String> = fields.iter().map(|(field, value)| format!("{field}:{}", go(value))).collect();
            parts.sort_unstable();
            format!("map[{}]", parts.join(" "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(go).collect::<Vec<_>>().join(" ")),
        Value::String(text) => text.clone(),
        Value::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}
