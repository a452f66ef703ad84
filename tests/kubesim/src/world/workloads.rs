//! Deployments, stateful sets, daemon sets, jobs and their pods, as they stand when the cluster is first seen.

mod jobs;
mod pod_states;
mod rollouts;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Builder;
use super::apps::{App, Fate, Keeper, cast, crowd};
use super::nodes;
use super::pods::{Owner, pod, template};
use crate::names::Random;
use pod_states::situation;
pub(crate) use rollouts::{Counts, status as deployment_status};

/// Pods of one keeper.
pub(super) struct Crew<'a> {
    pub(super) app: &'a App,
    pub(super) template: &'a Value,
    pub(super) owner: Owner<'a>,
    pub(super) fate: Fate,
    pub(super) replicas: usize,
    /// When the youngest revision was made.
    pub(super) since: Timestamp,
}

pub(super) fn workloads(builder: &Builder<'_>) {
    let cast = cast();
    let cast_pods: usize = cast.iter().map(|app| if app.keeper == Keeper::DaemonSet { nodes::NODES } else { app.replicas }).sum();
    let crowd = crowd(builder.cluster.options.pods.saturating_sub(cast_pods));
    for app in cast.iter().chain(&crowd) {
        match app.keeper {
            Keeper::Deployment => rollouts::deployment(builder, app),
            Keeper::StatefulSet => stateful_set(builder, app),
            Keeper::DaemonSet => daemon_set(builder, app),
            Keeper::Job => jobs::job(builder, app),
            Keeper::CronJob => jobs::cron_job(builder, app),
        }
        if matches!(app.keeper, Keeper::Deployment | Keeper::StatefulSet) {
            service(builder, app);
        }
    }
}

/// The labels by which an application's pods are selected.
pub(super) fn labels(app: &App) -> Value {
    json!({"app": app.name})
}

/// Makes the pods of a crew; answers how many are ready.
pub(super) fn crew(builder: &Builder<'_>, crew: &Crew<'_>) -> usize {
    let nodes = nodes::schedulable();
    let mut ready = 0;
    for index in 0..crew.replicas {
        let made = builder.cluster.names.with(|random| member(builder, random, crew, index, &nodes));
        ready += usize::from(made.1);
        let (object, _, created) = made;
        builder.put("", "pods", created, object.clone());
        pod_states::events(builder, &object, crew.app, index == 0 && crew.fate != Fate::Healthy);
    }
    ready
}

fn member(builder: &Builder<'_>, random: &mut Random, crew: &Crew<'_>, index: usize, nodes: &[String]) -> (Value, bool, Timestamp) {
    let name = match crew.owner.kind {
        "StatefulSet" => format!("{}-{index}", crew.owner.name),
        _ => format!("{}-{}", crew.owner.name, random.letters(5)),
    };
    let special = index == 0;
    let age_minutes = (builder.now.as_second() - crew.since.as_second()).unsigned_abs() / 60;
    // pods are between as old as their revision and a tenth of it: some were moved on the way
    let age = age_minutes - random.below(age_minutes * 9 / 10 + 1);
    let (situation, age) = situation(builder, random, crew.fate, special, age.max(1));
    let created = builder.ago(age);
    let unscheduled = matches!(situation, super::status::Situation::Unscheduled { .. });
    let node = match crew.owner.kind {
        "DaemonSet" => nodes::name(index),
        _ => random.pick(nodes).clone(),
    };
    let mut object = pod(random, crew.template, &crew.owner, crew.app.namespace, &name, if unscheduled { "" } else { &node }, created);
    if special && crew.fate == Fate::OneTerminating {
        object["metadata"]["deletionTimestamp"] = json!(crate::clock::text(builder.now + jiff::SignedDuration::from_secs(20)));
        object["metadata"]["deletionGracePeriodSeconds"] = json!(30);
        object["metadata"]["finalizers"] = json!(["ledger.example.com/flush"]);
    }
    object["status"] = super::status::status(&object, &situation, builder.now);
    let ready = matches!(situation, super::status::Situation::Running { .. });
    (object, ready, created)
}

fn stateful_set(builder: &Builder<'_>, app: &App) {
    let template = template(app, &labels(app));
    let uid = builder.cluster.names.uid();
    let owner = Owner { api_version: "apps/v1", kind: "StatefulSet", name: &app.name, uid: &uid };
    let since = builder.ago(app.age_days * 1440 / 4);
    let ready = crew(builder, &Crew { app, template: &template, owner, fate: app.fate, replicas: app.replicas, since });
    let revision = format!("{}-{}", app.name, super::pods::template_hash(&template));
    let object = json!({
        "metadata": {"name": app.name, "namespace": app.namespace, "uid": uid, "generation": 1, "labels": labels(app)},
        "spec": {
            "replicas": app.replicas, "selector": {"matchLabels": labels(app)}, "template": template, "serviceName": app.name, "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}, "revisionHistoryLimit": 10,
        },
        "status": {
            "observedGeneration": 1, "replicas": app.replicas, "readyReplicas": ready, "availableReplicas": ready, "currentReplicas": app.replicas, "updatedReplicas": app.replicas,
            "currentRevision": revision, "updateRevision": revision, "collisionCount": 0,
        },
    });
    builder.put("apps", "statefulsets", builder.ago(app.age_days * 1440), object);
    for index in 0..app.replicas {
        let claim = json!({
            "metadata": {"name": format!("data-{}-{index}", app.name), "namespace": app.namespace, "labels": labels(app)},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "20Gi"}}, "storageClassName": "standard", "volumeMode": "Filesystem", "volumeName": format!("pvc-{}", builder.cluster.names.uid())},
            "status": {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "20Gi"}},
        });
        builder.put("", "persistentvolumeclaims", builder.ago(app.age_days * 1440), claim);
    }
}

fn daemon_set(builder: &Builder<'_>, app: &App) {
    let template = template(app, &labels(app));
    let uid = builder.cluster.names.uid();
    let owner = Owner { api_version: "apps/v1", kind: "DaemonSet", name: &app.name, uid: &uid };
    let count = nodes::NODES;
    let ready = crew(builder, &Crew { app, template: &template, owner, fate: app.fate, replicas: count, since: builder.ago(app.age_days * 1440 / 6) });
    let object = json!({
        "metadata": {"name": app.name, "namespace": app.namespace, "uid": uid, "generation": 1, "labels": labels(app)},
        "spec": {"selector": {"matchLabels": labels(app)}, "template": template, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}, "revisionHistoryLimit": 10},
        "status": {
            "observedGeneration": 1, "currentNumberScheduled": count, "desiredNumberScheduled": count, "updatedNumberScheduled": count,
            "numberMisscheduled": 0, "numberReady": ready, "numberAvailable": ready,
        },
    });
    builder.put("apps", "daemonsets", builder.ago(app.age_days * 1440), object);
}

fn service(builder: &Builder<'_>, app: &App) {
    let headless = app.keeper == Keeper::StatefulSet;
    let ip = if headless { "None".to_owned() } else { builder.cluster.names.with(|random| format!("10.96.{}.{}", random.below(250), random.below(250) + 2)) };
    let mut spec = json!({
        "clusterIP": ip, "clusterIPs": [ip], "type": "ClusterIP", "sessionAffinity": "None", "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster",
        "selector": labels(app), "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": "http"}],
    });
    let mut status = json!({"loadBalancer": {}});
    if app.name == "gateway" {
        spec["type"] = json!("LoadBalancer");
        spec["ports"][0]["nodePort"] = json!(31080);
        status = json!({"loadBalancer": {"ingress": [{"ip": "203.0.113.20"}]}});
        let rule = json!({"host": "shop.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "gateway", "port": {"name": "http"}}}}]}});
        let ingress = json!({"metadata": {"name": "shop", "namespace": app.namespace, "generation": 1}, "spec": {"ingressClassName": "public", "rules": [rule]}, "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.20"}]}}});
        builder.put("networking.k8s.io", "ingresses", builder.ago(app.age_days * 1440), ingress);
    }
    let object = json!({"metadata": {"name": app.name, "namespace": app.namespace, "labels": labels(app)}, "spec": spec, "status": status});
    builder.put("", "services", builder.ago(app.age_days * 1440), object);
}
