//! What the server adds to an object that is written: the defaults on which controllers and clients lean, after Kubernetes' pkg/apis/*/defaults.go.

use serde_json::{Map, Value, json};

use crate::kinds::Kind;
use crate::names::hash;

/// Completes an object. An object that is complete stays as it is.
pub(crate) fn complete(kind: &Kind, object: &mut Value) {
    let generated = kind.custom
        || matches!(kind.plural.as_str(), "deployments" | "replicasets" | "statefulsets" | "daemonsets" | "cronjobs" | "jobs" | "ingresses" | "pods");
    if generated {
        default(&mut object["metadata"], "generation", json!(1));
    }
    if kind.custom {
        return;
    }
    let name = object["metadata"]["name"].clone();
    if object["spec"].is_object() {
        let spec = &mut object["spec"];
        match kind.plural.as_str() {
            "deployments" => deployment(spec),
            "replicasets" => default(spec, "replicas", json!(1)),
            "statefulsets" => stateful_set(spec),
            "daemonsets" => {
                default(spec, "updateStrategy", json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}));
                default(spec, "revisionHistoryLimit", json!(10));
            }
            "cronjobs" => {
                for (field, value) in [
                    ("concurrencyPolicy", json!("Allow")),
                    ("suspend", json!(false)),
                    ("successfulJobsHistoryLimit", json!(3)),
                    ("failedJobsHistoryLimit", json!(1)),
                ] {
                    default(spec, field, value);
                }
            }
            _ => {}
        }
        match kind.plural.as_str() {
            "deployments" | "replicasets" | "statefulsets" | "daemonsets" | "jobs" => template(&mut spec["template"]),
            "cronjobs" => template(&mut spec["jobTemplate"]["spec"]["template"]),
            "pods" => pod_spec(spec),
            "services" => service(spec, name.as_str().unwrap_or_default()),
            _ => {}
        }
    }
    match kind.plural.as_str() {
        "namespaces" => {
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
            default(object, "spec", json!({}));
            default(&mut object["spec"], "finalizers", json!(["kubernetes"]));
            default(object, "status", json!({"phase": "Active"}));
        }
        "pods" if object["status"].is_null() => object["status"] = json!({"phase": "Pending", "qosClass": quality_of_service(&object["spec"])}),
        "services" | "ingresses" => default(object, "status", json!({"loadBalancer": {}})),
        "replicasets" => default(object, "status", json!({"replicas": 0})),
        "statefulsets" => default(object, "status", json!({"replicas": 0, "availableReplicas": 0})),
        "daemonsets" => default(object, "status", json!({"currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0})),
        "deployments" | "jobs" | "cronjobs" => default(object, "status", json!({})),
        "persistentvolumeclaims" | "persistentvolumes" => default(object, "status", json!({"phase": "Pending"})),
        "secrets" => default(object, "type", json!("Opaque")),
        _ => {}
    }
}

/// A pod template, completed.
pub(crate) fn template(template: &mut Value) {
    if template["spec"].is_object() {
        pod_spec(&mut template["spec"]);
    }
}

fn default(target: &mut Value, field: &str, value: Value) {
    if let Some(fields) = target.as_object_mut() {
        set(fields, field, value);
    }
}

fn set(fields: &mut Map<String, Value>, field: &str, value: Value) {
    if fields.get(field).is_none_or(Value::is_null) {
        fields.insert(field.to_owned(), value);
    }
}

fn deployment(spec: &mut Value) {
    default(spec, "replicas", json!(1));
    default(spec, "strategy", json!({}));
    default(&mut spec["strategy"], "type", json!("RollingUpdate"));
    if spec["strategy"]["type"] == "RollingUpdate" {
        default(&mut spec["strategy"], "rollingUpdate", json!({}));
        default(&mut spec["strategy"]["rollingUpdate"], "maxUnavailable", json!("25%"));
        default(&mut spec["strategy"]["rollingUpdate"], "maxSurge", json!("25%"));
    }
    default(spec, "revisionHistoryLimit", json!(10));
    default(spec, "progressDeadlineSeconds", json!(600));
}

fn stateful_set(spec: &mut Value) {
    default(spec, "replicas", json!(1));
    default(spec, "podManagementPolicy", json!("OrderedReady"));
    default(spec, "updateStrategy", json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}));
    default(spec, "revisionHistoryLimit", json!(10));
}

fn pod_spec(spec: &mut Value) {
    for (field, value) in [
        ("restartPolicy", json!("Always")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("dnsPolicy", json!("ClusterFirst")),
        ("securityContext", json!({})),
        ("schedulerName", json!("default-scheduler")),
    ] {
        default(spec, field, value);
    }
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten().for_each(container);
    }
}

fn container(container: &mut Value) {
    let image = container["image"].as_str().unwrap_or_default().to_owned();
    let name = image.rsplit('/').next().unwrap_or_default();
    let moves = !image.contains('@') && name.split_once(':').is_none_or(|(_, tag)| tag == "latest");
    for (field, value) in [
        ("resources", json!({})),
        ("terminationMessagePath", json!("/dev/termination-log")),
        ("terminationMessagePolicy", json!("File")),
        ("imagePullPolicy", json!(if moves { "Always" } else { "IfNotPresent" })),
    ] {
        default(container, field, value);
    }
    for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        default(port, "protocol", json!("TCP"));
    }
    for variable in container.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(field) = variable.pointer_mut("/valueFrom/fieldRef") {
            default(field, "apiVersion", json!("v1"));
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe) = container.get_mut(probe).filter(|probe| probe.is_object()) else { continue };
        for (field, value) in [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)] {
            default(probe, field, json!(value));
        }
        if let Some(request) = probe.get_mut("httpGet") {
            default(request, "scheme", json!("HTTP"));
        }
    }
}

fn service(spec: &mut Value, name: &str) {
    default(spec, "type", json!("ClusterIP"));
    default(spec, "sessionAffinity", json!("None"));
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        default(port, "protocol", json!("TCP"));
        let number = port["port"].clone();
        default(port, "targetPort", number);
    }
    if spec["type"] == "ExternalName" {
        return;
    }
    // any free address would do: this one is the same in every run
    let address = hash(name) % 64_000;
    default(spec, "clusterIP", json!(format!("10.96.{}.{}", address / 256, address % 254 + 1)));
    let address = spec["clusterIP"].clone();
    default(spec, "clusterIPs", json!([address]));
    default(spec, "ipFamilies", json!(["IPv4"]));
    default(spec, "ipFamilyPolicy", json!("SingleStack"));
    default(spec, "internalTrafficPolicy", json!("Cluster"));
}

/// Kubernetes' GetPodQOS, of CPU and memory.
fn quality_of_service(spec: &Value) -> &'static str {
    let containers: Vec<&Value> = ["containers", "initContainers"].iter().flat_map(|list| spec[*list].as_array().into_iter().flatten()).collect();
    let amount = |container: &Value, which: &str, what: &str| container["resources"][which][what].clone();
    let any = |container: &Value| ["limits", "requests"].iter().any(|which| ["cpu", "memory"].iter().any(|what| !amount(container, which, what).is_null()));
    let whole = |container: &Value| {
        ["cpu", "memory"].iter().all(|what| {
            let (limit, request) = (amount(container, "limits", what), amount(container, "requests", what));
            !limit.is_null() && (request.is_null() || request == limit)
        })
    };
    match () {
        () if !containers.iter().any(|container| any(container)) => "BestEffort",
        () if containers.iter().all(|container| whole(container)) => "Guaranteed",
        () => "Burstable",
    }
}
