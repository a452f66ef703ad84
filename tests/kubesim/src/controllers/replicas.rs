//! Replica sets and stateful sets keep as many pods as they are told.

use serde_json::{Value, json};

use super::owner;
use crate::cluster::Cluster;
use crate::kinds::built_in_kind;
use crate::negotiate::Form;
use crate::store::{Stored, Write};
use crate::world::events::{Happening, record};
use crate::world::pods::{Owner, pod};
use crate::write::{self, Edit};

/// Makes or ends pods until there are as many as wanted, and counts them into the status.
pub(super) fn reconcile(cluster: &Cluster, keeper_kind: &str, namespace: &str, name: &str) {
    let plural = match keeper_kind {
        "ReplicaSet" => "replicasets",
        "StatefulSet" => "statefulsets",
        _ => return,
    };
    let kind = built_in_kind("apps", plural);
    let Some(keeper) = cluster.store.get(&kind, namespace, name).map(|keeper| keeper.value()) else { return };
    if keeper["metadata"]["deletionTimestamp"].is_string() {
        return;
    }
    let wanted = usize::try_from(keeper["spec"]["replicas"].as_u64().unwrap_or(0)).unwrap_or(0);
    let mine = pods_of(cluster, &keeper, namespace);
    let staying: Vec<_> = mine.iter().filter(|pod| !pod.is_leaving()).collect();
    if staying.len() < wanted {
        for index in 0..wanted - staying.len() {
            // a stateful set's pod has its number; it comes back when the one before is gone
            let ordinal = (0..wanted).find(|ordinal| mine.iter().all(|pod| pod.name != format!("{name}-{ordinal}")));
            match (keeper_kind, ordinal) {
                ("StatefulSet", Some(ordinal)) if index == 0 => add(cluster, keeper_kind, &keeper, &format!("{name}-{ordinal}")),
                ("StatefulSet", _) => {}
                _ => add(cluster, keeper_kind, &keeper, &format!("{name}-{}", cluster.names.suffix())),
            }
        }
    }
    // those that are not ready go first
    let mut going: Vec<_> = staying.clone();
    going.sort_by_key(|pod| pod.is_ready());
    for pod in going.iter().take(staying.len().saturating_sub(wanted)) {
        remove(cluster, keeper_kind, &keeper, namespace, &pod.name);
    }
    count(cluster, &kind, namespace, name);
    if let Some((_, deployment)) = owner(&keeper) {
        super::deployments::reconcile(cluster, namespace, &deployment);
    }
}

/// The pods that a keeper owns.
pub(super) fn pods_of(cluster: &Cluster, keeper: &Value, namespace: &str) -> Vec<std::sync::Arc<Stored>> {
    let uid = keeper["metadata"]["uid"].as_str().unwrap_or_default();
    let (_, pods) = cluster.store.list(&built_in_kind("", "pods"), namespace);
    pods.into_iter().filter(|pod| pod.owner == uid).collect()
}

fn add(cluster: &Cluster, keeper_kind: &str, keeper: &Value, name: &str) {
    let text = |field: &str| keeper["metadata"][field].as_str().unwrap_or_default().to_owned();
    let (namespace, keeper_name, uid) = (text("namespace"), text("name"), text("uid"));
    let owner = Owner { api_version: "apps/v1", kind: keeper_kind, name: &keeper_name, uid: &uid };
    let now = cluster.clock.now();
    let mut made = cluster.names.with(|random| pod(random, &keeper["spec"]["template"], &owner, &namespace, name, "", now));
    made["status"] = json!({"phase": "Pending", "qosClass": "Burstable"});
    let _ =
        cluster.store.write::<()>(&built_in_kind("", "pods"), &namespace, name, |existing| Ok(if existing.is_some() { Write::Keep } else { Write::Put(made) }));
    let component = if keeper_kind == "ReplicaSet" { "replicaset-controller" } else { "statefulset-controller" };
    record(cluster, "apps/v1", keeper_kind, keeper, &Happening::once(component, "SuccessfulCreate", format!("Created pod: {name}"), now));
}

fn remove(cluster: &Cluster, keeper_kind: &str, keeper: &Value, namespace: &str, name: &str) {
    let pods = built_in_kind("", "pods");
    let query = write::plain_query(None);
    let edit = Edit { kind: &pods, namespace, name, query: &query, form: Form::Full };
    // a pod that is gone already is as good as deleted
    let _ = write::delete(&cluster.writer(), &edit, &Value::Null);
    let component = if keeper_kind == "ReplicaSet" { "replicaset-controller" } else { "statefulset-controller" };
    record(cluster, "apps/v1", keeper_kind, keeper, &Happening::once(component, "SuccessfulDelete", format!("Deleted pod: {name}"), cluster.clock.now()));
}

fn count(cluster: &Cluster, kind: &crate::kinds::Kind, namespace: &str, name: &str) {
    let Some(keeper) = cluster.store.get(kind, namespace, name).map(|keeper| keeper.value()) else { return };
    // counted before the write: the store is locked within it
    let mine = pods_of(cluster, &keeper, namespace);
    let staying = mine.iter().filter(|pod| !pod.is_leaving());
    let (all, ready) = (staying.clone().count(), staying.filter(|pod| pod.is_ready()).count());
    let _ = cluster.store.write::<()>(kind, namespace, name, |keeper| {
        let Some(before) = keeper.map(|keeper| keeper.value()) else { return Ok(Write::Keep) };
        let mut after = before.clone();
        let status = &mut after["status"];
        status["observedGeneration"] = before["metadata"]["generation"].clone();
        status["replicas"] = json!(all);
        let fields: &[(&str, usize)] = match kind.plural.as_str() {
            "replicasets" => &[("fullyLabeledReplicas", all), ("readyReplicas", ready), ("availableReplicas", ready)],
            _ => &[("currentReplicas", all), ("readyReplicas", ready), ("availableReplicas", ready)],
        };
        if let Some(fields_now) = status.as_object_mut() {
            for (field, number) in fields {
                match number {
                    0 => fields_now.remove(*field),
                    number => fields_now.insert((*field).to_owned(), json!(number)),
                };
            }
        }
        Ok(if after == before { Write::Keep } else { Write::Put(after) })
    });
}
