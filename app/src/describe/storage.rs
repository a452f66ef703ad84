//! Volume claims and volumes.

use krateyard_shared::kinds::Kind;
use krateyard_shared::status::Health;
use serde_json::Value;

use super::Section;
use super::build::{Facts, Seen};
use super::read::{joined, name, text};

pub(super) fn claim(seen: &Seen<'_>) -> Vec<Section> {
    let (spec, status) = (seen.spec(), seen.status());
    let mut facts = Facts::default();
    phase(&mut facts, status);
    let volume = name(&spec["volumeName"]);
    facts.link("Volume", volume, seen.wide(Kind::PersistentVolume, volume), "");
    let class = name(&spec["storageClassName"]);
    facts.link("Class", class, seen.wide(Kind::StorageClass, class), "");
    let (has, asked) = (text(&status["capacity"]["storage"]), text(&spec["resources"]["requests"]["storage"]));
    match (has.is_empty(), has == asked) {
        (true, _) => facts.noted("Size", asked, "asked for"),
        (false, true) => facts.add("Size", has),
        (false, false) => facts.noted("Size", has, format!("{asked} asked for")),
    };
    let modes = if status["accessModes"].is_array() { &status["accessModes"] } else { &spec["accessModes"] };
    facts.add("Access", joined(modes));
    facts.add("Mode", text(&spec["volumeMode"]));
    let source = &spec["dataSource"];
    facts.noted("Made from", text(&source["name"]), text(&source["kind"]));
    vec![facts.section()]
}

pub(super) fn volume(seen: &Seen<'_>) -> Vec<Section> {
    let (spec, status) = (seen.spec(), seen.status());
    let mut facts = Facts::default();
    phase(&mut facts, status);
    facts.add("Why", text(&status["message"]));
    let (namespace, claim) = (name(&spec["claimRef"]["namespace"]), name(&spec["claimRef"]["name"]));
    facts.link(
        "Claim",
        claim,
        seen.within(Kind::PersistentVolumeClaim, namespace, claim),
        if claim.is_empty() { String::new() } else { format!("in {namespace}") },
    );
    let class = name(&spec["storageClassName"]);
    facts.link("Class", class, seen.wide(Kind::StorageClass, class), "");
    facts.add("Size", text(&spec["capacity"]["storage"]));
    facts.add("Access", joined(&spec["accessModes"]));
    let kept = match name(&spec["persistentVolumeReclaimPolicy"]) {
        "Retain" => "its data stays when the claim goes",
        "Delete" => "its data goes with the claim",
        _ => "",
    };
    facts.noted("Afterwards", text(&spec["persistentVolumeReclaimPolicy"]), kept);
    facts.add("Mode", text(&spec["volumeMode"]));
    let driver = name(&spec["csi"]["driver"]);
    facts.link("Driver", driver, seen.wide(Kind::CSIDriver, driver), "");
    facts.add("Handle", text(&spec["csi"]["volumeHandle"]));
    for (label, source, fields) in [
        ("Of the node", "hostPath", ["path", ""]),
        ("Of the node", "local", ["path", ""]),
        ("NFS", "nfs", ["server", "path"]),
        ("iSCSI", "iscsi", ["targetPortal", "iqn"]),
    ] {
        let parts: Vec<_> = fields.iter().map(|field| text(&spec[source][*field])).filter(|part| !part.is_empty()).collect();
        facts.add(label, parts.join(":"));
    }
    vec![facts.section()]
}

/// `Bound` is how it should be; `Lost` and `Failed` need somebody (core/v1, `PersistentVolumePhase`).
fn phase(facts: &mut Facts, status: &Value) {
    let phase = text(&status["phase"]);
    let health = match phase.as_str() {
        "Bound" | "Available" => Health::Ok,
        "Lost" | "Failed" => Health::Bad,
        "Released" => Health::Stopped,
        _ => Health::Pending,
    };
    facts.toned("Status", phase, health);
}
