//! What Describe says of an object, as plain data: built from the whole object and its row, before any view.

mod facts;
mod lead;
mod related;

use krateyard_shared::identity::ObjectRef;
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::Row;
use krateyard_shared::status::Health;
use krateyard_shared::time::{self, Seconds};
use serde_json::Value;

pub use lead::Lead;
pub use related::{Neighbours, Related, reference, related};

/// What a person wants first, from top to bottom.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// Why it is not well; `None` when it is.
    pub lead: Option<Lead>,
    /// Labelled facts.
    pub facts: Vec<Fact>,
    /// One entry a container.
    pub containers: Vec<ContainerSummary>,
    /// `status.conditions`.
    pub conditions: Vec<ConditionSummary>,
    /// Labels and annotations, as `key=value`.
    pub labels: Vec<String>,
}

/// A labelled fact.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Such as `Node`.
    pub label: &'static str,
    /// The value as the cluster says it.
    pub value: String,
    /// A muted word beside it.
    pub note: String,
    /// The object that the value names, to open it.
    pub link: Option<ObjectRef>,
}

/// A container in a few words.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerSummary {
    /// Name.
    pub name: String,
    /// How it does.
    pub health: Health,
    /// Where it is: `Running 3m`, `CrashLoopBackOff`.
    pub state: String,
    /// Image.
    pub image: String,
    /// Requests and limits: `cpu 100m of 500m`.
    pub resources: Vec<String>,
    /// How its last run ended; empty when it never did.
    pub last: String,
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionSummary {
    /// Its type, such as `Ready`.
    pub name: String,
    /// Whether it is as it should be.
    pub is_well: bool,
    /// Reason, and message where there is one.
    pub why: String,
    /// Since when, as an age.
    pub since: String,
}

/// The summary of an object.
pub fn summary(object: &Value, row: Option<&Row>, about: &ObjectRef, now: Seconds) -> Summary {
    let kind = Kind::of_name(&about.group, &about.kind);
    Summary {
        lead: row.and_then(|row| lead::lead(row, now)),
        facts: facts::facts(kind, object, row, about, now),
        containers: facts::containers(object, row, now),
        conditions: conditions(object, now),
        labels: pairs(&object["metadata"]["labels"]),
    }
}

/// Conditions that are well when false: pressures of nodes, failures of workloads.
fn is_bad_when_true(name: &str) -> bool {
    name.ends_with("Pressure") || name.ends_with("Failure") || name.ends_with("Unavailable") || name == "Failed" || name == "Terminating"
}

fn conditions(object: &Value, now: Seconds) -> Vec<ConditionSummary> {
    let mut conditions: Vec<_> = object["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|condition| {
            let name = text(&condition["type"]);
            let is_true = condition["status"] == "True";
            let (reason, message) = (text(&condition["reason"]), text(&condition["message"]));
            let is_well = is_true != is_bad_when_true(&name) && !(condition["status"] == "Unknown");
            let why = match (is_well, reason.is_empty(), message.is_empty()) {
                (true, ..) => String::new(),
                (false, _, true) => reason,
                (false, true, false) => message,
                (false, false, false) => format!("{reason}: {message}"),
            };
            ConditionSummary { name, is_well, why, since: age_of(&condition["lastTransitionTime"], now) }
        })
        .collect();
    conditions.sort_by_key(|condition| condition.is_well);
    conditions
}

/// The text of a JSON value; empty for what is none.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The age of an RFC 3339 time; empty for what is none.
pub(crate) fn age_of(value: &Value, now: Seconds) -> String {
    value.as_str().and_then(time::seconds).map_or_else(String::new, |at| time::age(now - at))
}

fn pairs(map: &Value) -> Vec<String> {
    map.as_object().into_iter().flatten().map(|(key, value)| format!("{key}={}", text(value))).collect()
}

#[cfg(test)]
mod tests;
