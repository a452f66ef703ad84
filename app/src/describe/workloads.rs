//! Deployments, replica sets, stateful sets, daemon sets.

use krateyard_shared::kinds::Kind;
use krateyard_shared::status::Health;
use serde_json::Value;

use super::Section;
use super::build::{Facts, Seen, cell, linked, table};
use super::pods::{account, volumes};
use super::read::{count, items, joined, name, pairs, selector, text};

pub(super) fn deployment(seen: &Seen<'_>) -> Vec<Section> {
    let (spec, status) = (seen.spec(), seen.status());
    let mut facts = Facts::default();
    let of = |field: &str| count(&status[field]);
    replicas(&mut facts, wanted(spec), of("readyReplicas"), &[(of("updatedReplicas"), "updated"), (of("availableReplicas"), "available")]);
    let (surge, away) = (text(&spec["strategy"]["rollingUpdate"]["maxSurge"]), text(&spec["strategy"]["rollingUpdate"]["maxUnavailable"]));
    let note = if surge.is_empty() { String::new() } else { format!("{surge} more, {away} fewer at a time") };
    facts.noted("Strategy", text(&spec["strategy"]["type"]), note);
    facts.add("Selector", selector(&spec["selector"]));
    facts.add("Revision", text(&seen.meta()["annotations"]["deployment.kubernetes.io/revision"]));
    if spec["paused"] == true {
        facts.toned("Rollout", "paused", Health::Pending);
    }
    if let deadline @ 1.. = count(&spec["progressDeadlineSeconds"]) {
        facts.say("Deadline", format!("{deadline} s for each step of a rollout"));
    }
    with_template(seen, facts)
}

pub(super) fn replica_set(seen: &Seen<'_>) -> Vec<Section> {
    let (spec, status) = (seen.spec(), seen.status());
    let mut facts = Facts::default();
    replicas(&mut facts, wanted(spec), count(&status["readyReplicas"]), &[(count(&status["availableReplicas"]), "available")]);
    facts.add("Selector", selector(&spec["selector"]));
    facts.add("Revision", text(&seen.meta()["annotations"]["deployment.kubernetes.io/revision"]));
    with_template(seen, facts)
}

pub(super) fn stateful_set(seen: &Seen<'_>) -> Vec<Section> {
    let (spec, status) = (seen.spec(), seen.status());
    let mut facts = Facts::default();
    let of = |field: &str| count(&status[field]);
    replicas(&mut facts, wanted(spec), of("readyReplicas"), &[(of("updatedReplicas"), "updated"), (of("availableReplicas"), "available")]);
    let service = name(&spec["serviceName"]);
    facts.link("Service", service, seen.near(Kind::Service, service), "");
    let partition = count(&spec["updateStrategy"]["rollingUpdate"]["partition"]);
    facts.noted("Updates", text(&spec["updateStrategy"]["type"]), if partition > 0 { format!("from pod {partition} up") } else { String::new() });
    facts.add("Order", text(&spec["podManagementPolicy"]));
    facts.add("Selector", selector(&spec["selector"]));
    let (current, update) = (name(&status["currentRevision"]), name(&status["updateRevision"]));
    facts.link("Revision", current, seen.near(Kind::ControllerRevision, current), "");
    if update != current {
        facts.link("Moves to", update, seen.near(Kind::ControllerRevision, update), "");
    }
    let retention = &spec["persistentVolumeClaimRetentionPolicy"];
    if retention.is_object() {
        facts.noted("Its claims", text(&retention["whenDeleted"]), format!("when deleted; {} when scaled down", text(&retention["whenScaled"])));
    }
    let mut sections = with_template(seen, facts);
    let claims = items(&spec["volumeClaimTemplates"]).iter().map(|claim| {
        let class = name(&claim["spec"]["storageClassName"]);
        let size = text(&claim["spec"]["resources"]["requests"]["storage"]);
        vec![
            cell(text(&claim["metadata"]["name"])),
            cell(size),
            linked(class, seen.wide(Kind::StorageClass, class)),
            cell(joined(&claim["spec"]["accessModes"])),
        ]
    });
    sections.push(table("A claim a pod", &["Name", "Size", "Class", "Access"], claims));
    sections
}

pub(super) fn daemon_set(seen: &Seen<'_>) -> Vec<Section> {
    let (spec, status) = (seen.spec(), seen.status());
    let mut facts = Facts::default();
    let of = |field: &str| count(&status[field]);
    replicas(&mut facts, of("desiredNumberScheduled"), of("numberReady"), &[(of("updatedNumberScheduled"), "updated"), (of("numberAvailable"), "available")]);
    if let wrong @ 1.. = of("numberMisscheduled") {
        facts.toned("Misplaced", format!("{wrong} run where they should not"), Health::Warn);
    }
    let on = pairs(&spec["template"]["spec"]["nodeSelector"]).join(", ");
    if on.is_empty() {
        facts.say("Runs on", "every node that lets it")
    } else {
        facts.add("Runs on", on)
    };
    let away = text(&spec["updateStrategy"]["rollingUpdate"]["maxUnavailable"]);
    facts.noted("Updates", text(&spec["updateStrategy"]["type"]), if away.is_empty() { away } else { format!("{away} at a time") });
    facts.add("Selector", selector(&spec["selector"]));
    with_template(seen, facts)
}

/// `spec.replicas` defaults to 1 (apps/v1).
fn wanted(spec: &Value) -> i64 {
    spec["replicas"].as_i64().unwrap_or(1)
}

fn replicas(facts: &mut Facts, wanted: i64, ready: i64, others: &[(i64, &str)]) {
    let health = match (wanted, ready) {
        (0, _) => Health::Stopped,
        (wanted, ready) if ready >= wanted => Health::Ok,
        (_, 0) => Health::Bad,
        _ => Health::Warn,
    };
    let words = match wanted {
        0 => "scaled to 0".to_owned(),
        // What is as it should be needs no words.
        wanted => others
            .iter()
            .filter(|(count, _)| *count != ready)
            .fold(format!("{ready} of {wanted} ready"), |words, (count, word)| format!("{words}, {count} {word}")),
    };
    facts.toned("Replicas", words, health);
}

fn with_template(seen: &Seen<'_>, mut facts: Facts) -> Vec<Section> {
    let template = &seen.spec()["template"]["spec"];
    account(seen, template, &mut facts);
    vec![facts.section(), volumes(seen, template)]
}
