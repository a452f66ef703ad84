//! A namespace that is deleted is emptied, and goes when it is empty. After Kubernetes' namespace controller.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::garbage::delete;
use crate::cluster::Cluster;
use crate::kinds::built_in_kind;
use crate::store::Write;

/// Deletes what is in a terminating namespace, and the namespace when nothing is.
pub(super) fn empty(cluster: &Cluster, name: &str) {
    let namespaces = built_in_kind("", "namespaces");
    if !cluster.store.get(&namespaces, "", name).is_some_and(|namespace| namespace.is_leaving()) {
        return;
    }
    let kinds: Vec<_> = cluster.registry.all().into_iter().filter(|kind| kind.namespaced && kind.knows("delete")).collect();
    for kind in &kinds {
        for object in cluster.store.list(kind, name).1.iter().filter(|object| !object.is_leaving()) {
            delete(cluster, kind, object, "Background");
        }
    }
    let mut remaining: BTreeMap<String, usize> = BTreeMap::new();
    let mut finalizers: BTreeMap<String, usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for kind in &kinds {
        // a kind's versions share their objects
        if !seen.insert(kind.group_resource()) {
            continue;
        }
        for object in cluster.store.list(kind, name).1 {
            *remaining.entry(format!("{}.{}", kind.plural, kind.group)).or_default() += 1;
            for finalizer in object.value()["metadata"]["finalizers"].as_array().into_iter().flatten() {
                *finalizers.entry(finalizer.as_str().unwrap_or_default().to_owned()).or_default() += 1;
            }
        }
    }
    let now = cluster.clock.now_text();
    let _ = cluster.store.write::<()>(&namespaces, "", name, |namespace| {
        let Some(mut namespace) = namespace.filter(|namespace| namespace.is_leaving()).map(|namespace| namespace.value()) else { return Ok(Write::Keep) };
        if remaining.is_empty() {
            return Ok(Write::Remove);
        }
        let conditions = conditions(&namespace["status"]["conditions"], &remaining, &finalizers, &now);
        if namespace["status"]["conditions"] == conditions {
            return Ok(Write::Keep);
        }
        namespace["status"]["conditions"] = conditions;
        Ok(Write::Put(namespace))
    });
}

/// The words of Kubernetes' pkg/controller/namespace/deletion/status_condition_utils.go.
fn conditions(before: &Value, remaining: &BTreeMap<String, usize>, finalizers: &BTreeMap<String, usize>, now: &str) -> Value {
    let each = |counts: &BTreeMap<String, usize>, word: &str| {
        counts.iter().map(|(name, count)| format!("{name} {word} {count} resource instances")).collect::<Vec<_>>().join(", ")
    };
    let held = !finalizers.is_empty();
    let list = [
        ("NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered", "All resources successfully discovered".to_owned()),
        ("NamespaceDeletionGroupVersionParsingFailure", false, "ParsedGroupVersions", "All legacy kube types successfully parsed".to_owned()),
        ("NamespaceDeletionContentFailure", false, "ContentDeleted", "All content successfully deleted, may be waiting on finalization".to_owned()),
        ("NamespaceContentRemaining", true, "SomeResourcesRemain", format!("Some resources are remaining: {}", each(remaining, "has"))),
        if held {
            let message = format!("Some content in the namespace has finalizers remaining: {}", each(finalizers, "in"));
            ("NamespaceFinalizersRemaining", true, "SomeFinalizersRemain", message)
        } else {
            ("NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers", "All content-preserving finalizers finished".to_owned())
        },
    ];
    let one = |(kind, so, reason, message): (&str, bool, &str, String)| {
        let status = if so { "True" } else { "False" };
        let old = before.as_array().into_iter().flatten().find(|condition| condition["type"] == kind && condition["status"] == status);
        let since = old.map_or_else(|| json!(now), |condition| condition["lastTransitionTime"].clone());
        json!({"type": kind, "status": status, "lastTransitionTime": since, "reason": reason, "message": message})
    };
    Value::Array(list.into_iter().map(one).collect())
}
