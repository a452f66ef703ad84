//! Pods and pod templates.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::apps::App;
use crate::clock::text;
use crate::names::{Random, hash};

/// The pod template of an application.
pub(crate) fn template(app: &App, labels: &Value) -> Value {
    let containers: Vec<Value> = app.containers.iter().enumerate().map(|(index, (name, image))| container(name, image, index == 0)).collect();
    let restart = if matches!(app.keeper, super::apps::Keeper::Job | super::apps::Keeper::CronJob) { "Never" } else { "Always" };
    let mut spec = json!({
        "containers": containers, "restartPolicy": restart, "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
        "securityContext": {}, "schedulerName": "default-scheduler",
    });
    if let Some((name, image)) = app.init {
        spec["initContainers"] = json!([container(name, image, false)]);
    }
    settings(app, &mut spec);
    json!({"metadata": {"labels": labels}, "spec": spec})
}

/// What some applications are given of the config maps and secrets of their namespace (`config`).
fn settings(app: &App, spec: &mut Value) {
    let first = &mut spec["containers"][0];
    match (app.namespace, app.name.as_str()) {
        ("payments", "payments-api") => {
            first["envFrom"] = json!([{"configMapRef": {"name": "payments-api"}}]);
            push(first, "env", json!({"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "payments-db", "key": "password"}}}));
            spec["volumes"] = json!([{"name": "envoy", "configMap": {"name": "envoy", "defaultMode": 420}}]);
        }
        ("web", "storefront") => first["envFrom"] = json!([{"configMapRef": {"name": "storefront"}}, {"secretRef": {"name": "session-key"}}]),
        _ => {}
    }
}

fn container(name: &str, image: &str, serves: bool) -> Value {
    let mut container = json!({
        "name": name, "image": image, "imagePullPolicy": "IfNotPresent",
        "resources": {"limits": {"cpu": "500m", "memory": "256Mi"}, "requests": {"cpu": "50m", "memory": "96Mi"}},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
    });
    if serves {
        container["ports"] = json!([{"name": "http", "containerPort": 8080, "protocol": "TCP"}]);
        container["env"] = json!([{"name": "LOG_LEVEL", "value": "info"}, {"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}]);
        container["readinessProbe"] = json!({"httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3});
    }
    container
}

/// The owner of a pod.
pub(crate) struct Owner<'a> {
    pub(crate) api_version: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) name: &'a str,
    pub(crate) uid: &'a str,
}

impl Owner<'_> {
    pub(crate) fn reference(&self) -> Value {
        json!([{"apiVersion": self.api_version, "kind": self.kind, "name": self.name, "uid": self.uid, "controller": true, "blockOwnerDeletion": true}])
    }
}

/// What admission adds to a pod that is created: its service account with the token's volume, tolerations, priority. What is there stays.
/// After the plugins ServiceAccount, DefaultTolerationSeconds and Priority; `letters` end the volume's name.
pub(crate) fn admit(spec: &mut Value, letters: &str) {
    for (field, value) in [
        ("serviceAccountName", json!("default")),
        ("priority", json!(0)),
        ("preemptionPolicy", json!("PreemptLowerPriority")),
        ("enableServiceLinks", json!(true)),
        ("schedulerName", json!("default-scheduler")),
    ] {
        if spec[field].is_null() {
            spec[field] = value;
        }
    }
    spec["serviceAccount"] = spec["serviceAccountName"].clone();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerated = spec["tolerations"].as_array().into_iter().flatten().any(|toleration| {
            (toleration["key"] == key || toleration["key"].is_null() && toleration["operator"] == "Exists")
                && (toleration["effect"] == "NoExecute" || toleration["effect"].is_null())
        });
        if !tolerated {
            push(spec, "tolerations", json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}));
        }
    }
    if spec["automountServiceAccountToken"] == false {
        return;
    }
    let token = format!("kube-api-access-{letters}");
    for list in ["initContainers", "containers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            push(container, "volumeMounts", json!({"name": token, "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}));
        }
    }
    let volume = json!({"name": token, "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
    ]}});
    push(spec, "volumes", volume);
}

fn push(target: &mut Value, list: &str, item: Value) {
    match target[list].as_array_mut() {
        Some(items) => items.push(item),
        None => target[list] = json!([item]),
    }
}

/// A pod from a template, without a status. An empty node leaves it unscheduled.
pub(crate) fn pod(random: &mut Random, template: &Value, owner: &Owner<'_>, namespace: &str, name: &str, node: &str, created: Timestamp) -> Value {
    let mut spec = template["spec"].clone();
    admit(&mut spec, &random.letters(5));
    if !node.is_empty() {
        spec["nodeName"] = json!(node);
    }
    let mut metadata = json!({
        "name": name, "namespace": namespace, "uid": random.uid(), "creationTimestamp": text(created), "generation": 1,
        "labels": template["metadata"]["labels"], "ownerReferences": owner.reference(),
    });
    if owner.kind == "ReplicaSet" {
        metadata["generateName"] = json!(format!("{}-", owner.name));
    }
    json!({"metadata": metadata, "spec": spec})
}

/// The pod-template-hash of a template: ten letters, as Kubernetes' SafeEncodeString writes them.
pub(crate) fn template_hash(template: &Value) -> String {
    Random::new(hash(&template.to_string())).letters(10)
}
