//! Rows are what a real server printed of the same objects.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of a test fail and speak as a test does")]

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{columns, print, row};
use crate::kinds::{Kind, Registry, built_in_kind};
use crate::table::Include;

/// Lists and their Tables, recorded right after one another.
const PAIRS: &[(&str, &str, &str)] = &[
    ("", "configmaps", "configmaps"),
    ("", "limitranges", "limitranges"),
    ("", "namespaces", "namespaces"),
    ("", "nodes", "nodes"),
    ("", "persistentvolumeclaims", "persistentvolumeclaims"),
    ("", "persistentvolumes", "persistentvolumes"),
    ("", "resourcequotas", "resourcequotas"),
    ("", "secrets", "secrets"),
    ("", "serviceaccounts", "serviceaccounts"),
    ("", "services", "services"),
    ("apps", "controllerrevisions", "controllerrevisions"),
    ("apps", "daemonsets", "daemonsets"),
    ("apps", "deployments", "deployments"),
    ("apps", "replicasets", "replicasets"),
    ("apps", "statefulsets", "statefulsets"),
    ("autoscaling", "horizontalpodautoscalers", "horizontalpodautoscalers"),
    ("batch", "cronjobs", "cronjobs"),
    ("batch", "jobs", "jobs"),
    ("networking.k8s.io", "ingressclasses", "ingressclasses"),
    ("networking.k8s.io", "ingresses", "ingresses"),
    ("networking.k8s.io", "networkpolicies", "networkpolicies"),
    ("policy", "poddisruptionbudgets", "poddisruptionbudgets"),
    ("rbac.authorization.k8s.io", "clusterrolebindings", "clusterrolebindings"),
    ("rbac.authorization.k8s.io", "clusterroles", "clusterroles"),
    ("rbac.authorization.k8s.io", "rolebindings", "rolebindings"),
    ("rbac.authorization.k8s.io", "roles", "roles"),
    ("storage.k8s.io", "storageclasses", "storageclasses"),
    ("apiextensions.k8s.io", "customresourcedefinitions", "customresourcedefinitions"),
    ("scheduling.k8s.io", "priorityclasses", "priorityclasses"),
    ("coordination.k8s.io", "leases", "leases"),
];

#[test]
fn rows_are_the_recorded_ones() {
    let Some(recordings) = recordings() else { return };
    let mut wrong = Vec::new();
    for (group, plural, file) in PAIRS {
        let kind = built_in_kind(group, plural);
        compare(&kind, &recordings, &format!("{file}-list"), &format!("{file}-table"), &mut wrong);
    }
    compare(&built_in_kind("", "pods"), &recordings, "pods-list", "pods-table", &mut wrong);
    compare(&built_in_kind("", "events"), &recordings, "events-core", "events-core-table", &mut wrong);
    let definition = body(&recordings, "customresourcedefinitions-get");
    let registry = Registry::default();
    registry.set_custom(&[definition]);
    let orders = |version: &str| registry.find("shop.example.com", version, "orders").unwrap();
    compare(&orders("v1"), &recordings, "orders-list", "orders-table", &mut wrong);
    compare(&orders("v1beta1"), &recordings, "orders-list", "orders-v1beta1-table", &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_object_of_a_row_is_what_was_asked_for() {
    let Some(recordings) = recordings() else { return };
    let pods = built_in_kind("", "pods");
    for recorded in body(&recordings, "pods-table-object")["rows"].as_array().unwrap() {
        let object = without_kind(recorded["object"].clone());
        assert_eq!(row(&pods, &object, Include::Object, Timestamp::now())["object"], recorded["object"]);
        let cells: Vec<Value> = recorded["cells"].as_array().unwrap().clone();
        assert!(seconds_of(&object).any(|now| print(&pods, &object, now).cells == cells), "{cells:?}");
        let metadata = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": recorded["object"]["metadata"]});
        assert_eq!(row(&pods, &object, Include::Metadata, Timestamp::now())["object"], metadata);
        assert_eq!(row(&pods, &object, Include::None, Timestamp::now())["object"], Value::Null);
    }
}

/// Columns must be equal, and each row at some second after its object was made: the recordings do not say when they were.
fn compare(kind: &Kind, recordings: &Path, list: &str, table: &str, wrong: &mut Vec<String>) {
    let (list, recorded) = (body(recordings, list), body(recordings, table));
    if json!(columns::definitions(kind)) != recorded["columnDefinitions"] {
        wrong.push(format!("{table}: columns\n  got    {}\n  wanted {}", json!(columns::definitions(kind)), recorded["columnDefinitions"]));
    }
    let mut compared = 0;
    for row in recorded["rows"].as_array().unwrap() {
        let name = &row["object"]["metadata"]["name"];
        // long lists were trimmed
        let Some(object) = list["items"].as_array().unwrap().iter().find(|object| object["metadata"]["name"] == *name) else { continue };
        compared += 1;
        let same = |now: &Timestamp| {
            let printed = print(kind, object, *now);
            json!(printed.cells) == row["cells"] && printed.conditions.unwrap_or_default() == row["conditions"]
        };
        if !seconds_of(object).any(|now| same(&now)) {
            let newest = seconds_of(object).next().unwrap();
            wrong.push(format!("{table}: {name}\n  got    {}\n  wanted {}", json!(print(kind, object, newest).cells), row["cells"]));
        }
    }
    assert!(compared > 0, "{table} has no row whose object is in the list");
}

/// The seconds of the hour and a half after an object was made.
fn seconds_of(object: &Value) -> impl Iterator<Item = Timestamp> {
    let created: Timestamp = object["metadata"]["creationTimestamp"].as_str().unwrap().parse().unwrap();
    (0..5400).map(move |second| created + SignedDuration::from_millis(second * 1000 + 500))
}

fn without_kind(mut object: Value) -> Value {
    object.as_object_mut().unwrap().retain(|field, _| field != "kind" && field != "apiVersion");
    object
}

fn body(recordings: &Path, name: &str) -> Value {
    let text = std::fs::read(recordings.join(format!("reading/{name}.json"))).unwrap();
    serde_json::from_slice::<Value>(&text).unwrap()["response"]["body"].take()
}

fn recordings() -> Option<PathBuf> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recordings");
    if !all.is_dir() {
        eprintln!("left out: the recordings are not here");
        return None;
    }
    Some(all)
}
