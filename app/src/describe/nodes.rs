//! Nodes.

use krateyard_shared::quantity;
use krateyard_shared::rows::Facts as RowFacts;
use krateyard_shared::status::Health;

use super::Section;
use super::build::{Facts, Seen, cell, table};
use super::read::{items, name, text};

pub(super) fn node(seen: &Seen<'_>) -> Vec<Section> {
    let (spec, status) = (seen.spec(), seen.status());
    let info = &status["nodeInfo"];
    let mut facts = Facts::default();
    if spec["unschedulable"] == true {
        facts.toned("Cordoned", "no new pods start here", Health::Warn);
    }
    if let Some(RowFacts::Node(node)) = seen.row.map(|row| &row.facts) {
        facts.add("Roles", node.roles.join(", "));
    }
    facts.add("Kubelet", text(&info["kubeletVersion"]));
    facts.noted("System", text(&info["osImage"]), text(&info["architecture"]));
    facts.add("Kernel", text(&info["kernelVersion"]));
    facts.add("Runtime", text(&info["containerRuntimeVersion"]));
    for address in items(&status["addresses"]).iter().take(10) {
        facts.noted("Address", text(&address["address"]), text(&address["type"]));
    }
    facts.add("Pod range", text(&spec["podCIDR"]));
    let labels = &seen.meta()["labels"];
    facts.add("Zone", text(&labels["topology.kubernetes.io/zone"]));
    facts.add("Machine", text(&labels["node.kubernetes.io/instance-type"]));
    facts.add("Provider", text(&spec["providerID"]));
    let taints = items(&spec["taints"]).iter().map(|taint| vec![cell(text(&taint["key"])), cell(text(&taint["value"])), cell(text(&taint["effect"]))]);
    let room = status["capacity"].as_object().into_iter().flatten().filter(|(_, capacity)| *capacity != "0").map(|(resource, capacity)| {
        let allocatable = text(&status["allocatable"][resource]);
        vec![cell(resource.as_str()), cell(humane(resource, &allocatable)), cell(humane(resource, name(capacity)))]
    });
    vec![facts.section(), table("Room", &["Resource", "For pods", "In all"], room), table("Taints", &["Key", "Value", "Effect"], taints)]
}

/// Bytes in a unit that a person reads; nodes count memory in Ki and disks in single bytes.
fn humane(resource: &str, amount: &str) -> String {
    match quantity::whole(amount) {
        Some(bytes) if matches!(resource, "memory" | "ephemeral-storage") || resource.starts_with("hugepages-") => quantity::bytes(bytes),
        _ => amount.into(),
    }
}
