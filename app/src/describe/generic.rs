//! What can be said of any kind: the columns of its lists, top-level fields of its status, labels and annotations.

use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::{CellValue, Facts as RowFacts};
use serde_json::Value;

use super::build::{Facts, Seen, chips, named};
use super::read::{count, name, pairs, text};
use super::{Section, To};

/// Fields of a status that a person may read as they are: at most so many.
const MOST_FIELDS: usize = 30;

/// The cells of its row, then what else its status says in one word.
pub(super) fn plain(kind: Kind, seen: &Seen<'_>) -> Vec<Section> {
    let mut facts = Facts::default();
    if let Some(RowFacts::Plain(plain)) = seen.row.map(|row| &row.facts) {
        if let Some(status) = &plain.status {
            facts.noted("Status", &status.word, &status.why);
        }
        for (column, cell) in kind.entry().columns.iter().zip(&plain.cells) {
            match cell {
                CellValue::Time(at) => facts.say(column.title, format!("{} ago", krateyard_shared::time::age(seen.now - at))),
                cell => facts.add(column.title, cell.text(seen.now)),
            };
        }
    }
    vec![facts.section(), status_fields(seen)]
}

/// A kind without rows: spec and status in one word each.
pub(super) fn unknown(seen: &Seen<'_>) -> Vec<Section> {
    vec![status_fields(seen)]
}

/// Scalars of the status, as custom kinds have them: `phase`, `observedGeneration`, `replicas`.
fn status_fields(seen: &Seen<'_>) -> Section {
    let mut facts = Facts::default();
    let scalars = seen.status().as_object().into_iter().flatten().filter(|(_, value)| matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_)));
    for (field, value) in scalars.take(MOST_FIELDS) {
        match value.as_str().and_then(krateyard_shared::time::seconds) {
            Some(_) => facts.ago(field, value, seen.now),
            None => facts.add(field, text(value)),
        };
    }
    facts.titled("Status fields")
}

pub(super) fn namespace(seen: &Seen<'_>) -> Vec<Section> {
    let mut facts = Facts::default();
    facts.add("Phase", text(&seen.status()["phase"]));
    let own = Some(seen.about.name.clone());
    facts.link("Holds", "everything in it", To::List { resource: None, namespace: own }, "");
    vec![facts.section()]
}

pub(super) fn event(seen: &Seen<'_>) -> Vec<Section> {
    let object = seen.object;
    let about = &object["involvedObject"];
    let mut facts = Facts::default();
    facts.add("Reason", text(&object["reason"]));
    let (kind, own) = (name(&about["kind"]), name(&about["name"]));
    let mut to = seen.by_version(name(&about["apiVersion"]), kind, own);
    to.namespace = about["namespace"].as_str().filter(|namespace| !namespace.is_empty()).map(Into::into);
    if kind == "Node" {
        to = named(&seen.about.cluster, Kind::Node, None, own);
    }
    facts.link("Object", own, To::Object(to), kind);
    facts.add("Message", text(&object["message"]));
    if count(&object["count"]) > 1 {
        facts.add("Count", text(&object["count"]));
    }
    vec![facts.section()]
}

/// Labels, and annotations that somebody may have written.
pub(super) fn marks(seen: &Seen<'_>) -> Vec<Section> {
    /// The object once more, as kubectl applied it.
    const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration=";
    let annotations = pairs(&seen.meta()["annotations"]).into_iter().filter(|pair| !pair.starts_with(APPLIED));
    let marks = [chips("Labels", pairs(&seen.meta()["labels"])), chips("Annotations", annotations)];
    marks.into_iter().filter(|section| !section.is_empty()).collect()
}
