//! Services and ingresses.

use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::Facts as RowFacts;
use krateyard_shared::status::Health;
use serde_json::Value;

use super::build::{Facts, Seen, cell, linked, table};
use super::read::{count, items, joined, name, pairs, text};
use super::{Cell, Link, Section};

pub(super) fn service(seen: &Seen<'_>) -> Vec<Section> {
    let spec = seen.spec();
    let mut facts = Facts::default();
    let note = match name(&spec["clusterIP"]) {
        "None" => "headless: its name answers with the pods themselves",
        _ => "",
    };
    facts.noted("Type", text(&spec["type"]), note);
    match items(&spec["clusterIPs"]) {
        [] | [_] => facts.add("Address", text(&spec["clusterIP"])),
        _ => facts.add("Addresses", joined(&spec["clusterIPs"])),
    };
    if let Some(RowFacts::Service(service)) = seen.row.map(|row| &row.facts) {
        facts.add("Outside", service.external.join(", "));
    }
    facts.add("Outside", joined(&spec["externalIPs"]));
    let selector = pairs(&spec["selector"]).join(", ");
    if selector.is_empty() && spec["type"] != "ExternalName" {
        facts.say("Selector", "none: somebody else writes its endpoints");
    } else {
        facts.add("Selector", selector);
    }
    if spec["sessionAffinity"] == "ClientIP" {
        facts.say("Affinity", "a client stays with its pod");
    }
    for (label, field) in [("From outside", "externalTrafficPolicy"), ("From inside", "internalTrafficPolicy")] {
        if spec[field] == "Local" {
            facts.say(label, "pods of the same node only");
        }
    }
    if spec["publishNotReadyAddresses"] == true {
        facts.toned("Not ready", "pods that are not ready get traffic, too", Health::Warn);
    }
    let ports = items(&spec["ports"]).iter().map(|port| {
        let (own, protocol) = (count(&port["port"]), text(&port["protocol"]));
        let node_port = text(&port["nodePort"]);
        vec![cell(text(&port["name"])), cell(format!("{own}/{protocol}")), cell(text(&port["targetPort"])), cell(node_port)]
    });
    vec![facts.section(), table("Ports", &["Name", "Port", "To", "On nodes"], ports)]
}

pub(super) fn ingress(seen: &Seen<'_>) -> Vec<Section> {
    let spec = seen.spec();
    let mut facts = Facts::default();
    let class = name(&spec["ingressClassName"]);
    facts.link("Class", class, seen.wide(Kind::IngressClass, class), "");
    let balancers = items(&seen.status()["loadBalancer"]["ingress"]);
    let addresses: Vec<_> = balancers.iter().map(|at| [&at["ip"], &at["hostname"]].map(text).concat()).collect();
    if addresses.is_empty() {
        facts.toned("Address", "none yet", Health::Pending)
    } else {
        facts.add("Address", addresses.join(", "))
    };
    let default = &spec["defaultBackend"];
    if default.is_object() {
        let Cell { text: words, to } = backend(seen, default);
        match to {
            Some(to) => facts.link("Otherwise", &words, to, ""),
            None => facts.add("Otherwise", words),
        };
    }
    let rules = items(&spec["rules"]).iter().flat_map(|rule| {
        let host = Some(text(&rule["host"])).filter(|host| !host.is_empty()).unwrap_or_else(|| "*".into());
        items(&rule["http"]["paths"]).iter().map(move |path| {
            let exact = if path["pathType"] == "Exact" { " exactly" } else { "" };
            vec![cell(host.clone()), cell(format!("{}{exact}", text(&path["path"]))), backend(seen, &path["backend"])]
        })
    });
    let mut secrets = Vec::new();
    let mut hosts = Vec::new();
    for tls in items(&spec["tls"]) {
        let secret = name(&tls["secretName"]);
        if !secret.is_empty() {
            secrets.push(Link { words: secret.into(), to: seen.near(Kind::Secret, secret) });
        }
        hosts.push(joined(&tls["hosts"]));
    }
    facts.links("TLS", secrets);
    facts.add("For", hosts.join(", "));
    vec![facts.section(), table("Rules", &["Host", "Path", "To"], rules)]
}

/// Where a rule leads: a service with its port, or another object.
fn backend(seen: &Seen<'_>, backend: &Value) -> Cell {
    let service = name(&backend["service"]["name"]);
    if service.is_empty() {
        let resource = &backend["resource"];
        return cell(format!("{} {}", text(&resource["kind"]), text(&resource["name"])).trim());
    }
    let port = [&backend["service"]["port"]["name"], &backend["service"]["port"]["number"]].map(text).concat();
    linked(format!("{service}:{port}"), seen.near(Kind::Service, service))
}
