//! What goes when something else goes: dependents of a deleted owner, by the policy of its deletion. After Kubernetes' garbage collector.

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::kinds::Kind;
use crate::negotiate::Form;
use crate::query::Query;
use crate::store::{Departure, Stored, Write};
use crate::write::{self, Edit};

/// The finalizer of a deletion with propagationPolicy Foreground: metav1.FinalizerDeleteDependents.
const FOREGROUND: &str = "foregroundDeletion";

/// The finalizer of a deletion with propagationPolicy Orphan: metav1.FinalizerOrphanDependents.
const ORPHAN: &str = "orphan";

/// Looks after the dependents of an object that went or is going, and after those that waited for it to go.
pub(super) fn collect(cluster: &Cluster, departure: &Departure) {
    let object = &departure.object;
    if departure.gone {
        for (kind, dependent) in dependents(cluster, object) {
            // who has another owner stays
            if dependent.owners().count() > 1 {
                disown(cluster, &kind, &dependent, &object.uid);
            } else {
                delete(cluster, &kind, &dependent, "Background");
            }
        }
        for (kind, owner) in waiting_owners(cluster, object) {
            finish_foreground(cluster, &kind, &owner);
        }
        return;
    }
    let Some(kind) = cluster.registry.served(&departure.group, &departure.plural) else { return };
    let finalizers = finalizers(&object.value());
    if finalizers.iter().any(|name| name == ORPHAN) {
        for (kind, dependent) in dependents(cluster, object) {
            disown(cluster, &kind, &dependent, &object.uid);
        }
        let_go(cluster, &kind, object, ORPHAN);
    } else if finalizers.iter().any(|name| name == FOREGROUND) {
        for (kind, dependent) in dependents(cluster, object).into_iter().filter(|(_, dependent)| !dependent.is_leaving()) {
            delete(cluster, &kind, &dependent, if dependent.is_pod() { "Background" } else { "Foreground" });
        }
        finish_foreground(cluster, &kind, object);
    }
}

fn dependents(cluster: &Cluster, owner: &Stored) -> Vec<(std::sync::Arc<Kind>, std::sync::Arc<Stored>)> {
    let found = cluster.store.dependents(&owner.uid, &owner.namespace);
    found.into_iter().filter_map(|((group, plural), object)| Some((cluster.registry.served(&group, &plural)?, object))).collect()
}

/// Owners that are going and wait for their dependents.
fn waiting_owners(cluster: &Cluster, dependent: &Stored) -> Vec<(std::sync::Arc<Kind>, std::sync::Arc<Stored>)> {
    let value = dependent.value();
    let references = value["metadata"]["ownerReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
    let owner = |reference: &Value| {
        let text = |field: &str| reference[field].as_str().unwrap_or_default();
        let kind = cluster.registry.of_object(text("apiVersion"), text("kind"))?;
        let namespace = if kind.namespaced { dependent.namespace.as_str() } else { "" };
        let owner = cluster.store.get(&kind, namespace, text("name"))?;
        (owner.is_leaving() && owner.uid == text("uid")).then_some((kind, owner))
    };
    references.iter().filter_map(owner).collect()
}

fn finish_foreground(cluster: &Cluster, kind: &Kind, owner: &Stored) {
    if dependents(cluster, owner).is_empty() {
        let_go(cluster, kind, owner, FOREGROUND);
    }
}

fn finalizers(object: &Value) -> Vec<String> {
    let list = object["metadata"]["finalizers"].as_array().into_iter().flatten();
    list.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// Takes a finalizer away; an object without any goes.
fn let_go(cluster: &Cluster, kind: &Kind, object: &Stored, finalizer: &str) {
    let _ = cluster.store.write::<()>(kind, &object.namespace, &object.name, |existing| {
        let Some(mut value) = existing.filter(|existing| existing.uid == object.uid).map(|existing| existing.value()) else { return Ok(Write::Keep) };
        let mut left = finalizers(&value);
        let before = left.len();
        left.retain(|name| name != finalizer);
        if left.len() == before {
            return Ok(Write::Keep);
        }
        // the kubelet ends a pod
        if left.is_empty() && !object.is_pod() {
            return Ok(Write::Remove);
        }
        if left.is_empty() {
            drop_field(&mut value["metadata"], "finalizers");
        } else {
            value["metadata"]["finalizers"] = json!(left);
        }
        Ok(Write::Put(value))
    });
}

/// Takes an owner away.
fn disown(cluster: &Cluster, kind: &Kind, dependent: &Stored, uid: &str) {
    let _ = cluster.store.write::<()>(kind, &dependent.namespace, &dependent.name, |existing| {
        let Some(mut value) = existing.map(|existing| existing.value()) else { return Ok(Write::Keep) };
        if let Some(owners) = value["metadata"]["ownerReferences"].as_array_mut() {
            owners.retain(|owner| owner["uid"] != uid);
            if owners.is_empty() {
                drop_field(&mut value["metadata"], "ownerReferences");
            }
        }
        Ok(Write::Put(value))
    });
}

fn drop_field(value: &mut Value, field: &str) {
    if let Some(fields) = value.as_object_mut() {
        fields.remove(field);
    }
}

/// Deletes an object as a client would.
pub(super) fn delete(cluster: &Cluster, kind: &Kind, object: &Stored, policy: &str) {
    let query = Query::parse(&format!("propagationPolicy={policy}"));
    let edit = Edit { kind, namespace: &object.namespace, name: &object.name, query: &query, form: Form::Full };
    // what is gone already is as good as deleted
    let _ = write::delete(&cluster.writer(), &edit, &Value::Null);
}
