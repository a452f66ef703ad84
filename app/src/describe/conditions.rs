//! `status.conditions`: which are not as they should be, and why.

use krateyard_shared::status::Health;
use serde_json::Value;

use super::build::Seen;
use super::read::{age_of, items, name, text};
use super::{Body, ConditionSummary, Section};

/// The most conditions: a custom kind may have as many as it likes.
const MOST: usize = 40;

/// Conditions that are bad when they are true: pressures of nodes, failures of workloads.
fn is_bad_when_true(name: &str) -> bool {
    ["Pressure", "Failure", "Unavailable"].iter().any(|end| name.ends_with(end))
        || matches!(name, "Failed" | "FailureTarget" | "Terminating" | "Degraded" | "Stalled" | "NonStructuralSchema")
}

/// Conditions that say that something is on its way while they are true, and nothing while they are false.
fn is_on_its_way_when_true(name: &str) -> bool {
    matches!(name, "Resizing" | "FileSystemResizePending" | "Suspended" | "PodResizePending" | "PodResizeInProgress" | "ScalingLimited" | "DisruptionTarget")
}

fn health(name: &str, status: &str) -> Health {
    match (status, is_bad_when_true(name)) {
        // A node that stopped reporting (node lifecycle controller).
        ("Unknown", _) if name == "Ready" => Health::Bad,
        ("Unknown", _) => Health::Pending,
        (status, _) if is_on_its_way_when_true(name) => {
            if status == "True" {
                Health::Pending
            } else {
                Health::Ok
            }
        }
        // Evictions that wait are how a budget works.
        ("False", _) if name == "DisruptionAllowed" => Health::Warn,
        (status, bad_when_true) if (status == "True") != bad_when_true => Health::Ok,
        _ => Health::Bad,
    }
}

pub(super) fn conditions(seen: &Seen<'_>) -> Option<Section> {
    let all = items(&seen.status()["conditions"]);
    let mut conditions: Vec<_> = all.iter().take(MOST).map(|condition| one(condition, seen.now)).collect();
    conditions.sort_by_key(|condition| condition.health);
    (!conditions.is_empty()).then_some(Section { title: "Conditions", body: Body::Conditions(conditions), more: all.len().saturating_sub(MOST) })
}

fn one(condition: &Value, now: i64) -> ConditionSummary {
    let (kind, reason, message) = (text(&condition["type"]), text(&condition["reason"]), text(&condition["message"]));
    let health = health(&kind, name(&condition["status"]));
    let why = match (health, reason.is_empty(), message.is_empty()) {
        (Health::Ok, ..) => String::new(),
        (_, _, true) => reason,
        (_, true, false) => message,
        (_, false, false) => format!("{reason}: {message}"),
    };
    ConditionSummary { name: kind, health, why, since: age_of(&condition["lastTransitionTime"], now) }
}
