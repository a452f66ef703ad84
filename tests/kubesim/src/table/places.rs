//! Rows of where things are: nodes, namespaces, volumes and classes, after Kubernetes' pkg/printers/internalversion.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::words::{NONE, ago, items, number, text, text_or};

pub(super) fn node(object: &Value, now: Timestamp) -> Vec<Value> {
    let (metadata, status) = (&object["metadata"], &object["status"]);
    let info = &status["nodeInfo"];
    let address = |kind: &str| {
        let found = items(&status["addresses"]).iter().find(|address| address["type"] == kind);
        found.map_or(NONE, |address| text_or(&address["address"], NONE)).to_owned()
    };
    let mut kernel = text_or(&info["kernelVersion"], "<unknown>").to_owned();
    if let Some(architecture) = info["architecture"].as_str().filter(|architecture| !architecture.is_empty()) {
        kernel = format!("{kernel} ({architecture})");
    }
    vec![
        metadata["name"].clone(),
        json!(node_words(object)),
        json!(roles(&metadata["labels"])),
        json!(ago(&metadata["creationTimestamp"], now)),
        info["kubeletVersion"].clone(),
        json!(address("InternalIP")),
        json!(address("ExternalIP")),
        json!(text_or(&info["osImage"], "<unknown>")),
        json!(kernel),
        json!(text_or(&info["containerRuntimeVersion"], "<unknown>")),
    ]
}

fn node_words(node: &Value) -> String {
    let ready = items(&node["status"]["conditions"]).iter().find(|condition| condition["type"] == "Ready");
    let mut words = match ready.map(|condition| text(&condition["status"])) {
        None => "Unknown",
        Some("True") => "Ready",
        Some(_) => "NotReady",
    }
    .to_owned();
    if node["spec"]["unschedulable"] == true {
        words.push_str(",SchedulingDisabled");
    }
    words
}

fn roles(labels: &Value) -> String {
    let role = |(key, value): (&String, &Value)| match key.strip_prefix("node-role.kubernetes.io/") {
        Some(role) => Some(role.to_owned()).filter(|role| !role.is_empty()),
        None if key == "kubernetes.io/role" => Some(text(value).to_owned()).filter(|role| !role.is_empty()),
        None => None,
    };
    let all: BTreeSet<String> = labels.as_object().into_iter().flatten().filter_map(role).collect();
    if all.is_empty() { NONE.to_owned() } else { all.into_iter().collect::<Vec<_>>().join(",") }
}

pub(super) fn namespace(object: &Value, now: Timestamp) -> Vec<Value> {
    let age = ago(&object["metadata"]["creationTimestamp"], now);
    vec![object["metadata"]["name"].clone(), json!(text(&object["status"]["phase"])), json!(age)]
}

pub(super) fn volume(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, claim) = (&object["spec"], &object["spec"]["claimRef"]);
    let claimed = if claim.is_object() { format!("{}/{}", text(&claim["namespace"]), text(&claim["name"])) } else { String::new() };
    vec![
        object["metadata"]["name"].clone(),
        json!(text(&spec["capacity"]["storage"])),
        json!(access_modes(&spec["accessModes"])),
        json!(text(&spec["persistentVolumeReclaimPolicy"])),
        json!(phase(object)),
        json!(claimed),
        json!(text(&spec["storageClassName"])),
        json!(text_or(&spec["volumeAttributesClassName"], "<unset>")),
        json!(text(&object["status"]["reason"])),
        json!(ago(&object["metadata"]["creationTimestamp"], now)),
        json!(text_or(&spec["volumeMode"], "<unset>")),
    ]
}

pub(super) fn claim(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let bound = !text(&spec["volumeName"]).is_empty();
    let (capacity, modes) = if bound { (text(&status["capacity"]["storage"]), access_modes(&status["accessModes"])) } else { ("", String::new()) };
    vec![
        object["metadata"]["name"].clone(),
        json!(phase(object)),
        json!(text(&spec["volumeName"])),
        json!(capacity),
        json!(modes),
        json!(text(&spec["storageClassName"])),
        json!(text_or(&spec["volumeAttributesClassName"], "<unset>")),
        json!(ago(&object["metadata"]["creationTimestamp"], now)),
        json!(text_or(&spec["volumeMode"], "<unset>")),
    ]
}

fn phase(object: &Value) -> &str {
    if object["metadata"]["deletionTimestamp"].is_string() { "Terminating" } else { text(&object["status"]["phase"]) }
}

fn access_modes(modes: &Value) -> String {
    let known = [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let all = known.iter().filter(|(name, _)| items(modes).iter().any(|mode| mode == name)).map(|(_, short)| *short);
    all.collect::<Vec<_>>().join(",")
}

pub(super) fn storage_class(object: &Value, now: Timestamp) -> Vec<Value> {
    let metadata = &object["metadata"];
    let default = metadata["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true";
    let name = format!("{}{}", text(&metadata["name"]), if default { " (default)" } else { "" });
    vec![
        json!(name),
        object["provisioner"].clone(),
        json!(text_or(&object["reclaimPolicy"], "Delete")),
        json!(text_or(&object["volumeBindingMode"], "Immediate")),
        json!(object["allowVolumeExpansion"] == true),
        json!(ago(&metadata["creationTimestamp"], now)),
    ]
}

pub(super) fn priority_class(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        object["metadata"]["name"].clone(),
        json!(number(&object["value"])),
        json!(object["globalDefault"] == true),
        json!(ago(&object["metadata"]["creationTimestamp"], now)),
        json!(text(&object["preemptionPolicy"])),
    ]
}

pub(super) fn lease(object: &Value, now: Timestamp) -> Vec<Value> {
    let age = ago(&object["metadata"]["creationTimestamp"], now);
    vec![object["metadata"]["name"].clone(), json!(text(&object["spec"]["holderIdentity"])), json!(age)]
}

pub(super) fn quota(object: &Value, now: Timestamp) -> Vec<Value> {
    let status = &object["status"];
    let mut all: Vec<_> = status["hard"].as_object().into_iter().flatten().collect();
    all.sort_by_key(|(name, _)| *name);
    let part = |limits: bool| {
        let mine = all.iter().filter(|(name, _)| name.starts_with("limits") == limits);
        mine.map(|(name, hard)| format!("{name}: {}/{}", text_or(&status["used"][name.as_str()], "0"), text(hard))).collect::<Vec<_>>().join(", ")
    };
    vec![object["metadata"]["name"].clone(), json!(part(false)), json!(part(true)), json!(ago(&object["metadata"]["creationTimestamp"], now))]
}
