//! Rows of settings, grants and events, after Kubernetes' pkg/printers/internalversion.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::words::{ago, items, number, text, text_or};

pub(super) fn config_map(object: &Value, now: Timestamp) -> Vec<Value> {
    let age = ago(&object["metadata"]["creationTimestamp"], now);
    vec![object["metadata"]["name"].clone(), json!(count(&object["data"]) + count(&object["binaryData"])), json!(age)]
}

pub(super) fn secret(object: &Value, now: Timestamp) -> Vec<Value> {
    let age = ago(&object["metadata"]["creationTimestamp"], now);
    vec![object["metadata"]["name"].clone(), json!(text(&object["type"])), json!(count(&object["data"])), json!(age)]
}

fn count(map: &Value) -> usize {
    map.as_object().map_or(0, serde_json::Map::len)
}

pub(super) fn service_account(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![object["metadata"]["name"].clone(), json!(ago(&object["metadata"]["creationTimestamp"], now))]
}

/// Kinds without a printer of their own: the default table has the time as it is.
pub(super) fn plain(object: &Value, _now: Timestamp) -> Vec<Value> {
    vec![object["metadata"]["name"].clone(), object["metadata"]["creationTimestamp"].clone()]
}

pub(super) fn binding(object: &Value, now: Timestamp) -> Vec<Value> {
    let role = &object["roleRef"];
    let subjects = |kind: &str| {
        let mine = items(&object["subjects"]).iter().filter(|subject| subject["kind"] == kind);
        let name = |subject: &Value| match kind {
            "ServiceAccount" => format!("{}/{}", text(&subject["namespace"]), text(&subject["name"])),
            _ => text(&subject["name"]).to_owned(),
        };
        mine.map(name).collect::<Vec<_>>().join(", ")
    };
    vec![
        object["metadata"]["name"].clone(),
        json!(format!("{}/{}", text(&role["kind"]), text(&role["name"]))),
        json!(ago(&object["metadata"]["creationTimestamp"], now)),
        json!(subjects("User")),
        json!(subjects("Group")),
        json!(subjects("ServiceAccount")),
    ]
}

pub(super) fn event(object: &Value, now: Timestamp) -> Vec<Value> {
    let first_time = if object["firstTimestamp"].is_string() { &object["firstTimestamp"] } else { &object["eventTime"] };
    let first = ago(first_time, now);
    let (last, count) = if object["series"].is_object() {
        (ago(&object["series"]["lastObservedTime"], now), number(&object["series"]["count"]))
    } else {
        let last = if object["lastTimestamp"].is_string() { ago(&object["lastTimestamp"], now) } else { first.clone() };
        (last, number(&object["count"]).max(1))
    };
    let about = &object["involvedObject"];
    let kind = text(&about["kind"]).to_lowercase();
    let target = match text(&about["name"]) {
        "" => kind,
        name => format!("{kind}/{name}"),
    };
    vec![
        json!(last),
        json!(text(&object["type"])),
        json!(text(&object["reason"])),
        json!(target),
        json!(text(&about["fieldPath"])),
        json!(source(object)),
        json!(text(&object["message"]).trim()),
        json!(first),
        json!(count),
        object["metadata"]["name"].clone(),
    ]
}

fn source(event: &Value) -> String {
    let component = text_or(&event["source"]["component"], text(&event["reportingComponent"]));
    match text_or(&event["source"]["host"], text(&event["reportingInstance"])) {
        "" => component.to_owned(),
        host => format!("{component}, {host}"),
    }
}
