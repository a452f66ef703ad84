//! Rows of services and what leads to them, after Kubernetes' pkg/printers/internalversion.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::words::{NONE, ago, items, labels, number, selector_or_none, text, text_or};

pub(super) fn service(object: &Value, now: Timestamp) -> Vec<Value> {
    let spec = &object["spec"];
    let cluster_ip = text_or(&spec["clusterIPs"][0], text_or(&spec["clusterIP"], NONE));
    vec![
        object["metadata"]["name"].clone(),
        json!(text_or(&spec["type"], "ClusterIP")),
        json!(cluster_ip),
        json!(external_ip(object)),
        json!(ports(items(&spec["ports"]))),
        json!(ago(&object["metadata"]["creationTimestamp"], now)),
        json!(labels(&spec["selector"])),
    ]
}

fn external_ip(service: &Value) -> String {
    let spec = &service["spec"];
    let external: Vec<&str> = items(&spec["externalIPs"]).iter().map(text).collect();
    match text_or(&spec["type"], "ClusterIP") {
        "ExternalName" => text(&spec["externalName"]).to_owned(),
        "LoadBalancer" => {
            let all: Vec<String> = balancers(&service["status"]).into_iter().chain(external.into_iter().map(str::to_owned)).collect();
            if all.is_empty() { "<pending>".to_owned() } else { all.join(",") }
        }
        _ if external.is_empty() => NONE.to_owned(),
        _ => external.join(","),
    }
}

/// Addresses of load balancers, sorted.
fn balancers(status: &Value) -> BTreeSet<String> {
    let points = items(&status["loadBalancer"]["ingress"]).iter();
    points.map(|point| text_or(&point["ip"], text(&point["hostname"])).to_owned()).filter(|address| !address.is_empty()).collect()
}

fn ports(ports: &[Value]) -> String {
    let one = |port: &Value| {
        let protocol = text_or(&port["protocol"], "TCP");
        match number(&port["nodePort"]) {
            0 => format!("{}/{protocol}", number(&port["port"])),
            node => format!("{}:{node}/{protocol}", number(&port["port"])),
        }
    };
    if ports.is_empty() { NONE.to_owned() } else { ports.iter().map(one).collect::<Vec<_>>().join(",") }
}

pub(super) fn ingress(object: &Value, now: Timestamp) -> Vec<Value> {
    let spec = &object["spec"];
    let ports = if items(&spec["tls"]).is_empty() { "80" } else { "80, 443" };
    vec![
        object["metadata"]["name"].clone(),
        json!(text_or(&spec["ingressClassName"], NONE)),
        json!(hosts(items(&spec["rules"]))),
        json!(balancers(&object["status"]).into_iter().collect::<Vec<_>>().join(",")),
        json!(ports),
        json!(ago(&object["metadata"]["creationTimestamp"], now)),
    ]
}

/// At most three hosts.
fn hosts(rules: &[Value]) -> String {
    let all: Vec<&str> = rules.iter().map(|rule| text(&rule["host"])).filter(|host| !host.is_empty()).collect();
    match all.len() {
        0 => "*".to_owned(),
        1..=3 => all.join(","),
        count => format!("{} + {} more...", all[..3].join(","), count - 3),
    }
}

pub(super) fn ingress_class(object: &Value, now: Timestamp) -> Vec<Value> {
    let spec = &object["spec"];
    let parameters = &spec["parameters"];
    let shown = if parameters.is_object() {
        let group = parameters["apiGroup"].as_str().map(|group| format!(".{group}")).unwrap_or_default();
        format!("{}{group}/{}", text(&parameters["kind"]), text(&parameters["name"]))
    } else {
        NONE.to_owned()
    };
    let age = ago(&object["metadata"]["creationTimestamp"], now);
    vec![object["metadata"]["name"].clone(), spec["controller"].clone(), json!(shown), json!(age)]
}

pub(super) fn network_policy(object: &Value, now: Timestamp) -> Vec<Value> {
    let age = ago(&object["metadata"]["creationTimestamp"], now);
    vec![object["metadata"]["name"].clone(), json!(selector_or_none(&object["spec"]["podSelector"])), json!(age)]
}
