//! What somebody must see of a cluster: derived from the simulator's own store, in other ways than the proxy's and the app's.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use krateyard_app::stream::StreamState;
use krateyard_shared::attention::{self, Ripens};
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::{self, Row, SummaryFacts};
use krateyard_shared::scope::Scope;
use krateyard_shared::status;
use serde_json::Value;

use super::cluster::{Cluster, Thing};
use super::watchman::Screen;
use crate::person::shown;
use crate::stage::{Account, Shown, sorted};

/// A judgement may be so old, in seconds of this machine: longer than a scenario takes.
const AHEAD: i64 = 20;

/// What must be on screen.
pub(super) enum Truth {
    /// These rows.
    Rows(Vec<Shown>),
    /// These rows, and of the others those that time has brought: since when an object is as it is, its hub alone knows.
    Findings { must: Vec<Shown>, may: Vec<Shown> },
    /// The object, or that there is none.
    Object(Option<Value>),
}

impl Truth {
    /// `None` where somebody may not look, or where there are no such things.
    pub(super) fn of(cluster: &Cluster, account: Account, thing: Thing, scope: &Scope) -> Option<Truth> {
        if !cluster.is_served() || (thing == Thing::Backup && !cluster.is_defined()) {
            return None;
        }
        let kind = thing.kind()?;
        let within = match (cluster.readable(account), scope.namespace()) {
            (None, None) => None,
            (None, Some(namespace)) => Some(vec![namespace]),
            (Some(readable), Some(namespace)) => Some(readable.into_iter().filter(|readable| *readable == namespace).collect()),
            (Some(readable), None) => Some(readable),
        };
        if within.as_ref().is_some_and(Vec::is_empty) {
            return None;
        }
        let is_within = |object: &&Value| within.as_ref().is_none_or(|within| within.iter().any(|namespace| object["metadata"]["namespace"] == *namespace));
        let list = cluster.list(thing);
        let all = || list.iter().filter(is_within);
        let those = |wanted: &dyn Fn(&Value) -> bool| rows_of(kind, all().filter(|object| wanted(object)));
        Some(match scope {
            Scope::All | Scope::Namespace(_) | Scope::Newest { .. } => Truth::Rows(those(&|_| true)),
            Scope::Labels { selector, .. } => {
                Truth::Rows(those(&|object| selector.strip_prefix("tier=").is_some_and(|tier| object["metadata"]["labels"]["tier"] == tier)))
            }
            Scope::Node { node, .. } => Truth::Rows(those(&|pod| pod["spec"]["nodeName"] == node.as_str())),
            Scope::Workload { kind: workload, name, .. } => {
                let is_owned = |object: &Value| {
                    let owner = &object["metadata"]["ownerReferences"][0];
                    owner["kind"] == workload.as_str() && owner["name"] == name.as_str()
                };
                let sets = cluster.list(Thing::ReplicaSet);
                let of_workload: Vec<&Value> = sets.iter().filter(is_within).filter(|set| is_owned(set)).collect();
                let is_of_set = |pod: &Value| of_workload.iter().any(|set| set["metadata"]["uid"] == pod["metadata"]["ownerReferences"][0]["uid"]);
                Truth::Rows(those(&|pod| is_owned(pod) || (workload == "Deployment" && is_of_set(pod))))
            }
            Scope::Attention { .. } => findings(kind, all()),
            Scope::Summary { .. } => Truth::Rows(counts(kind, all(), within.is_none())),
            Scope::Object { namespace, name } => Truth::Object(cluster.get(thing, namespace.as_deref().unwrap_or_default(), name)),
        })
    }

    /// Whether this is what is on screen, all of it.
    pub(super) fn is_on(&self, screen: &Screen) -> bool {
        match (self, screen) {
            (Truth::Rows(rows), Screen::Table(table)) => table.complete && shown(table) == *rows,
            (Truth::Findings { must, may }, Screen::Table(table)) => {
                let shown = shown(table);
                table.complete && must.iter().all(|row| shown.contains(row)) && shown.iter().all(|row| must.contains(row) || may.contains(row))
            }
            (Truth::Object(Some(there)), Screen::Object(state)) => state.state != StreamState::Gone && state.object.as_deref() == Some(there),
            (Truth::Object(None), Screen::Object(state)) => state.state == StreamState::Gone,
            _ => false,
        }
    }
}

fn rows_of<'a>(kind: Kind, objects: impl Iterator<Item = &'a Value>) -> Vec<Shown> {
    sorted(objects.map(|object| Shown::of_object(kind, object)).collect())
}

fn row(kind: Kind, object: &Value) -> Row {
    rows::project(kind, object).expect("an object of its kind").0
}

/// What fails is told at once. What is on its way or works in part is told after a while, and never before.
fn findings<'a>(kind: Kind, objects: impl Iterator<Item = &'a Value>) -> Truth {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs()).cast_signed();
    let (mut must, mut may) = (Vec::new(), Vec::new());
    for object in objects {
        match attention::ripens(&row(kind, object)) {
            Ripens::After { secs: 0, .. } => must.push(object),
            Ripens::After { secs, made } if made + i64::from(secs) <= now + AHEAD => may.push(object),
            Ripens::At(at) if at <= now + AHEAD => may.push(object),
            Ripens::Until(until) if until > now - AHEAD => may.push(object),
            Ripens::Never | Ripens::Until(_) | Ripens::At(_) | Ripens::After { .. } => {}
        }
    }
    Truth::Findings { must: rows_of(kind, must.into_iter()), may: rows_of(kind, may.into_iter()) }
}

/// One row for each namespace; where there is nothing at all, and all of it may be seen, one that says so.
fn counts<'a>(kind: Kind, objects: impl Iterator<Item = &'a Value>, is_all: bool) -> Vec<Shown> {
    let mut counts = BTreeMap::<Option<String>, SummaryFacts>::new();
    for object in objects {
        let row = row(kind, object);
        let health = status::of(&row).health;
        *counts.entry(row.namespace).or_default().of_mut(health) += 1;
    }
    if counts.is_empty() && is_all {
        counts.insert(None, SummaryFacts::default());
    }
    sorted(counts.iter().map(|(namespace, counts)| Shown::of_row(&Row::summary(namespace.as_deref(), *counts).of_kind(kind))).collect())
}
