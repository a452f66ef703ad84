//! Deployments roll their templates out, a quarter at a time.

use serde_json::{Value, json};

use super::owner;
use crate::clock::text;
use crate::cluster::Cluster;
use crate::kinds::built_in_kind;
use crate::store::Write;
use crate::world::events::{Happening, record};
use crate::world::pods::{Owner, template_hash};
use crate::world::workloads::{Counts, deployment_status};

/// One revision of a deployment.
struct Revision {
    name: String,
    number: u64,
    wanted: u64,
    ready: u64,
    replicas: u64,
    current: bool,
}

/// Brings the replica sets of a deployment a step closer to what it wants.
pub(super) fn reconcile(cluster: &Cluster, namespace: &str, name: &str) {
    let kind = built_in_kind("apps", "deployments");
    let Some(deployment) = cluster.store.get(&kind, namespace, name).map(|deployment| deployment.value()) else { return };
    if deployment["metadata"]["deletionTimestamp"].is_string() || deployment["spec"]["paused"] == true {
        return;
    }
    let mut revisions = revisions(cluster, &deployment, namespace, name);
    if !revisions.iter().any(|revision| revision.current) {
        revisions.push(begin(cluster, &deployment, namespace, name, &revisions));
    }
    let replicas = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    let (surge, unavailable) = (replicas.div_ceil(4), replicas / 4);
    let old: u64 = revisions.iter().filter(|revision| !revision.current).map(|revision| revision.wanted).sum();
    let Some(current) = revisions.iter().find(|revision| revision.current) else { return };
    let new_wanted = if old == 0 { replicas } else { replicas.min((replicas + surge).saturating_sub(old)).max(current.wanted.min(replicas)) };
    if new_wanted != current.wanted {
        scale(cluster, &deployment, namespace, current, new_wanted);
    }
    let needed_old = replicas.saturating_sub(unavailable).saturating_sub(current.ready.min(new_wanted));
    let mut surplus = old.saturating_sub(needed_old);
    for revision in revisions.iter().filter(|revision| !revision.current && revision.wanted > 0) {
        let fewer = surplus.min(revision.wanted);
        if fewer > 0 {
            scale(cluster, &deployment, namespace, revision, revision.wanted - fewer);
            surplus -= fewer;
        }
    }
    report(cluster, namespace, name, replicas);
}

fn revisions(cluster: &Cluster, deployment: &Value, namespace: &str, name: &str) -> Vec<Revision> {
    let (_, sets) = cluster.store.list(&built_in_kind("apps", "replicasets"), namespace);
    let uid = deployment["metadata"]["uid"].as_str().unwrap_or_default();
    let wanted = completed(deployment["spec"]["template"].clone());
    let mine = sets.iter().filter(|set| set.owner == uid).map(|set| set.value());
    mine.filter(|set| owner(set).is_some_and(|(_, owner)| owner == name))
        .map(|set| {
            let mut template = set["spec"]["template"].clone();
            if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
                labels.remove("pod-template-hash");
            }
            let number = |value: &Value| value.as_u64().unwrap_or(0);
            Revision {
                name: set["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
                number: set["metadata"]["annotations"]["deployment.kubernetes.io/revision"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0),
                wanted: number(&set["spec"]["replicas"]),
                ready: number(&set["status"]["readyReplicas"]),
                replicas: number(&set["status"]["replicas"]),
                current: completed(template) == wanted,
            }
        })
        .collect()
}

/// A template as the server would have it: one that was put into the world as it is may lack defaults.
fn completed(mut template: Value) -> Value {
    crate::write::defaults::template(&mut template);
    template
}

/// Makes the replica set of a new template.
fn begin(cluster: &Cluster, deployment: &Value, namespace: &str, name: &str, known: &[Revision]) -> Revision {
    let number = known.iter().map(|revision| revision.number).max().unwrap_or(0) + 1;
    let mut template = deployment["spec"]["template"].clone();
    let hash = template_hash(&template);
    let set_name = format!("{name}-{hash}");
    template["metadata"]["labels"]["pod-template-hash"] = json!(hash);
    let labels = template["metadata"]["labels"].clone();
    let uid = deployment["metadata"]["uid"].as_str().unwrap_or_default();
    let owners = Owner { api_version: "apps/v1", kind: "Deployment", name, uid }.reference();
    let mut annotations = json!({"deployment.kubernetes.io/revision": number.to_string()});
    note_replicas(&mut annotations, deployment);
    let set = json!({
        "metadata": {"name": set_name, "namespace": namespace, "uid": cluster.names.uid(), "creationTimestamp": cluster.clock.now_text(), "generation": 1, "labels": labels, "annotations": annotations, "ownerReferences": owners},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template},
        "status": {"replicas": 0, "observedGeneration": 1},
    });
    let _ = cluster.store.write::<()>(&built_in_kind("apps", "replicasets"), namespace, &set_name, |existing| {
        Ok(if existing.is_some() { Write::Keep } else { Write::Put(set) })
    });
    let _ = cluster.store.write::<()>(&built_in_kind("apps", "deployments"), namespace, name, |deployment| {
        let Some(mut deployment) = deployment.map(|deployment| deployment.value()) else { return Ok(Write::Keep) };
        deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!(number.to_string());
        Ok(Write::Put(deployment))
    });
    Revision { name: set_name, number, wanted: 0, ready: 0, replicas: 0, current: true }
}

/// What the deployment wants, and with its surge: deployment util's SetReplicasAnnotations.
fn note_replicas(annotations: &mut Value, deployment: &Value) {
    let replicas = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    annotations["deployment.kubernetes.io/desired-replicas"] = json!(replicas.to_string());
    annotations["deployment.kubernetes.io/max-replicas"] = json!((replicas + replicas.div_ceil(4)).to_string());
}

fn scale(cluster: &Cluster, deployment: &Value, namespace: &str, revision: &Revision, wanted: u64) {
    let _ = cluster.store.write::<()>(&built_in_kind("apps", "replicasets"), namespace, &revision.name, |set| {
        let Some(mut set) = set.map(|set| set.value()) else { return Ok(Write::Keep) };
        set["spec"]["replicas"] = json!(wanted);
        note_replicas(&mut set["metadata"]["annotations"], deployment);
        set["metadata"]["generation"] = json!(set["metadata"]["generation"].as_u64().unwrap_or(0) + 1);
        Ok(Write::Put(set))
    });
    let direction = if wanted > revision.wanted { "up" } else { "down" };
    let message = format!("Scaled {direction} replica set {} from {} to {wanted}", revision.name, revision.wanted);
    record(cluster, "apps/v1", "Deployment", deployment, &Happening::once("deployment-controller", "ScalingReplicaSet", message, cluster.clock.now()));
}

/// Writes the deployment's status.
fn report(cluster: &Cluster, namespace: &str, name: &str, replicas: u64) {
    let kind = built_in_kind("apps", "deployments");
    let Some(deployment) = cluster.store.get(&kind, namespace, name).map(|deployment| deployment.value()) else { return };
    let revisions = revisions(cluster, &deployment, namespace, name);
    let size = |number: u64| usize::try_from(number).unwrap_or(0);
    let Some(current) = revisions.iter().find(|revision| revision.current) else { return };
    let counts = Counts {
        replicas: size(revisions.iter().map(|revision| revision.replicas).sum()),
        updated: size(current.replicas),
        ready: size(revisions.iter().map(|revision| revision.ready).sum()),
        wanted: size(replicas),
    };
    let now = cluster.clock.now();
    let _ = cluster.store.write::<()>(&kind, namespace, name, |deployment| {
        let Some(before) = deployment.map(|deployment| deployment.value()) else { return Ok(Write::Keep) };
        let mut after = before.clone();
        let done = current.ready == replicas && revisions.iter().all(|revision| revision.current || revision.replicas == 0);
        let mut status = deployment_status(&counts, &current.name, false, now, now);
        status["observedGeneration"] = before["metadata"]["generation"].clone();
        if !done {
            status["conditions"][1] = json!({
                "type": "Progressing", "status": "True", "lastUpdateTime": text(now), "lastTransitionTime": text(now), "reason": "ReplicaSetUpdated",
                "message": format!("ReplicaSet \"{}\" is progressing.", current.name),
            });
        }
        keep_times(&before["status"]["conditions"], &mut status["conditions"]);
        after["status"] = status;
        Ok(if after == before { Write::Keep } else { Write::Put(after) })
    });
}

/// A condition that says what it said before keeps its times.
fn keep_times(before: &Value, after: &mut Value) {
    for condition in after.as_array_mut().into_iter().flatten() {
        let old = before.as_array().into_iter().flatten().find(|old| old["type"] == condition["type"]);
        let Some(old) = old else { continue };
        // a rollout that has timed out stays so until it moves on
        if old["reason"] == "ProgressDeadlineExceeded"
            && condition["reason"] == "ReplicaSetUpdated"
            && old["message"].as_str().is_some_and(|text| condition["message"].as_str().is_some_and(|new| text.split('"').nth(1) == new.split('"').nth(1)))
        {
            *condition = old.clone();
            continue;
        }
        if old["status"] == condition["status"] {
            condition["lastTransitionTime"] = old["lastTransitionTime"].clone();
            if old["reason"] == condition["reason"] {
                condition["lastUpdateTime"] = old["lastUpdateTime"].clone();
            }
        }
    }
}
