//! Deployments with their replica sets.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Crew, crew, labels};
use crate::clock::text;
use crate::world::Builder;
use crate::world::apps::{App, Fate};
use crate::world::events::{Happening, record};
use crate::world::pods::{Owner, template, template_hash};

pub(super) fn deployment(builder: &Builder<'_>, app: &App) {
    let created = builder.ago(app.age_days * 1440);
    let uid = builder.cluster.names.uid();
    let mut template = template(app, &labels(app));
    let stuck = app.fate == Fate::StuckRollout;
    // the revision before: its image is one that is known to work
    let mut old_template = template.clone();
    let image = app.containers[0].1;
    old_template["spec"]["containers"][0]["image"] = json!(previous(image));
    let rolled = if stuck { builder.ago(26) } else { builder.ago((app.age_days * 1440 / 5).max(9)) };
    if stuck {
        template["spec"]["containers"][0]["image"] = json!(format!("{}-hotfix", image));
    }
    let kept = if stuck { app.replicas } else { 0 };
    let old = Revision { number: 1, template: &old_template, replicas: kept, fate: Fate::Healthy, since: created };
    let new_fate = if stuck { Fate::ImagePullBackOff } else { app.fate };
    let new_replicas = if stuck { 1 } else { app.replicas };
    let new = Revision { number: 2, template: &template, replicas: new_replicas, fate: new_fate, since: rolled };
    let (_, old_ready) = replica_set(builder, app, &uid, &old);
    let (new_name, new_ready) = replica_set(builder, app, &uid, &new);
    let ready = old_ready + new_ready;
    let counts = Counts { replicas: kept + new_replicas, updated: new_replicas, ready, wanted: app.replicas };
    let object = json!({
        "metadata": {"name": app.name, "namespace": app.namespace, "uid": uid, "generation": 2, "labels": labels(app), "annotations": {"deployment.kubernetes.io/revision": "2"}},
        "spec": {
            "replicas": app.replicas, "selector": {"matchLabels": labels(app)}, "template": template,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
        },
        "status": status(&counts, &new_name, stuck, created, rolled),
    });
    builder.put("apps", "deployments", created, object.clone());
    if stuck {
        let happening = Happening::once("deployment-controller", "ScalingReplicaSet", format!("Scaled up replica set {new_name} from 0 to 1"), rolled);
        record(builder.cluster, "apps/v1", "Deployment", &object, &happening);
    }
}

/// Numbers in a deployment's status.
pub(crate) struct Counts {
    pub(crate) replicas: usize,
    pub(crate) updated: usize,
    pub(crate) ready: usize,
    pub(crate) wanted: usize,
}

/// A deployment's status; zeros are left out as Kubernetes leaves them out.
pub(crate) fn status(counts: &Counts, newest: &str, stuck: bool, created: Timestamp, rolled: Timestamp) -> Value {
    let enough = counts.ready * 4 >= counts.wanted * 3;
    let available = if enough {
        json!({"type": "Available", "status": "True", "lastUpdateTime": text(created), "lastTransitionTime": text(created), "reason": "MinimumReplicasAvailable", "message": "Deployment has minimum availability."})
    } else {
        json!({"type": "Available", "status": "False", "lastUpdateTime": text(rolled), "lastTransitionTime": text(rolled), "reason": "MinimumReplicasUnavailable", "message": "Deployment does not have minimum availability."})
    };
    let late = text(rolled + SignedDuration::from_secs(600));
    let progressing = if stuck {
        json!({"type": "Progressing", "status": "False", "lastUpdateTime": late, "lastTransitionTime": late, "reason": "ProgressDeadlineExceeded", "message": format!("ReplicaSet \"{newest}\" has timed out progressing.")})
    } else {
        json!({"type": "Progressing", "status": "True", "lastUpdateTime": text(rolled), "lastTransitionTime": text(created), "reason": "NewReplicaSetAvailable", "message": format!("ReplicaSet \"{newest}\" has successfully progressed.")})
    };
    let mut status = json!({"observedGeneration": 2, "terminatingReplicas": 0, "conditions": [available, progressing]});
    let missing = counts.replicas.max(counts.wanted) - counts.ready.min(counts.replicas.max(counts.wanted));
    for (field, count) in [
        ("replicas", counts.replicas),
        ("updatedReplicas", counts.updated),
        ("readyReplicas", counts.ready),
        ("availableReplicas", counts.ready),
        ("unavailableReplicas", missing),
    ] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    status
}

struct Revision<'a> {
    number: u64,
    template: &'a Value,
    replicas: usize,
    fate: Fate,
    since: Timestamp,
}

fn replica_set(builder: &Builder<'_>, app: &App, deployment_uid: &str, revision: &Revision<'_>) -> (String, usize) {
    let hash = template_hash(revision.template);
    let name = format!("{}-{hash}", app.name);
    let mut template = revision.template.clone();
    template["metadata"]["labels"]["pod-template-hash"] = json!(hash);
    let uid = builder.cluster.names.uid();
    let owner = Owner { api_version: "apps/v1", kind: "ReplicaSet", name: &name, uid: &uid };
    let ready = crew(builder, &Crew { app, template: &template, owner, fate: revision.fate, replicas: revision.replicas, since: revision.since });
    let all = template["metadata"]["labels"].clone();
    let mut status = json!({"replicas": revision.replicas, "observedGeneration": 1});
    if revision.replicas > 0 {
        status["fullyLabeledReplicas"] = json!(revision.replicas);
    }
    if ready > 0 {
        status["readyReplicas"] = json!(ready);
        status["availableReplicas"] = json!(ready);
    }
    let owners = Owner { api_version: "apps/v1", kind: "Deployment", name: &app.name, uid: deployment_uid }.reference();
    let annotations =
        json!({"deployment.kubernetes.io/desired-replicas": app.replicas.to_string(), "deployment.kubernetes.io/revision": revision.number.to_string()});
    let object = json!({
        "metadata": {"name": name, "namespace": app.namespace, "uid": uid, "generation": 1, "labels": all, "annotations": annotations, "ownerReferences": owners},
        "spec": {"replicas": revision.replicas, "selector": {"matchLabels": all}, "template": template},
        "status": status,
    });
    builder.put("apps", "replicasets", revision.since, object);
    (name, ready)
}

/// The version before: `2.14.1` -> `2.14.0`, or with `-prev` where nothing can be counted down.
fn previous(image: &str) -> String {
    let Some((base, last)) = image.rsplit_once('.') else { return format!("{image}-prev") };
    match last.parse::<u64>() {
        Ok(number) if number > 0 => format!("{base}.{}", number - 1),
        _ => format!("{image}-prev"),
    }
}
