//! Roles, bindings, service accounts.

use krateyard_shared::kinds::Kind;
use serde_json::Value;

use super::build::{Facts, Seen, cell, linked, table};
use super::read::{items, joined, name, selector, text};
use super::{Cell, Link, Section, To};

pub(super) fn role(seen: &Seen<'_>) -> Vec<Section> {
    let mut facts = Facts::default();
    for one in items(&seen.object["aggregationRule"]["clusterRoleSelectors"]).iter().take(20) {
        facts.noted("Collects", selector(one), "cluster roles with these labels");
    }
    let rules = items(&seen.object["rules"]);
    facts.say("Rules", if rules.is_empty() { "none: it grants nothing".into() } else { rules.len().to_string() });
    let rows = rules.iter().map(|rule| {
        let urls = joined(&rule["nonResourceURLs"]);
        let what = if urls.is_empty() { resources(rule) } else { urls };
        vec![cell(joined(&rule["verbs"])), cell(what), cell(joined(&rule["resourceNames"]))]
    });
    vec![facts.section(), table("Rules", &["May", "What", "Only named"], rows)]
}

/// `pods, deployments.apps`: each resource with each group, as RBAC writes them.
fn resources(rule: &Value) -> String {
    let groups: Vec<_> = items(&rule["apiGroups"]).iter().map(name).collect();
    let named = |resource: &str, group: &str| match group {
        "" => resource.to_owned(),
        "*" => format!("{resource} of every group"),
        group => format!("{resource}.{group}"),
    };
    if items(&rule["resources"]).iter().any(|resource| resource == "*") && groups.contains(&"*") {
        return "everything".into();
    }
    let all = items(&rule["resources"]).iter().take(200).flat_map(|resource| groups.iter().map(|group| named(name(resource), group)));
    all.collect::<Vec<_>>().join(", ")
}

pub(super) fn binding(seen: &Seen<'_>) -> Vec<Section> {
    let role = &seen.object["roleRef"];
    let mut facts = Facts::default();
    let role_name = name(&role["name"]);
    let to = match name(&role["kind"]) {
        "ClusterRole" => seen.wide(Kind::ClusterRole, role_name),
        _ => seen.near(Kind::Role, role_name),
    };
    facts.link("Role", role_name, to, text(&role["kind"]));
    facts.say("Where", seen.about.namespace.as_ref().map_or_else(|| "in every namespace".to_owned(), |namespace| format!("in {namespace}")));
    let subjects = items(&seen.object["subjects"])
        .iter()
        .map(|subject| vec![subject_cell(seen, subject), cell(text(&subject["kind"])), cell(text(&subject["namespace"]))]);
    vec![facts.section(), table("Subjects", &["Name", "Kind", "Namespace"], subjects)]
}

fn subject_cell(seen: &Seen<'_>, subject: &Value) -> Cell {
    let own = name(&subject["name"]);
    match name(&subject["kind"]) {
        "ServiceAccount" => linked(own, seen.within(Kind::ServiceAccount, name(&subject["namespace"]), own)),
        _ => cell(own),
    }
}

pub(super) fn account(seen: &Seen<'_>) -> Vec<Section> {
    let mut facts = Facts::default();
    let namespace = seen.about.namespace.as_deref().unwrap_or_default();
    facts.add("User name", format!("system:serviceaccount:{namespace}:{}", seen.about.name));
    if seen.object["automountServiceAccountToken"] == false {
        facts.say("Token", "not mounted into pods");
    }
    let links = |field: &str| -> Vec<Link> {
        let of = |secret: &Value| Link { words: name(&secret["name"]).into(), to: seen.near(Kind::Secret, name(&secret["name"])) };
        items(&seen.object[field]).iter().map(of).filter(|link| !link.words.is_empty()).collect()
    };
    facts.links("Secrets", links("secrets"));
    facts.links("Pulls with", links("imagePullSecrets"));
    let list = |resource: &str, words: &str, namespace: Option<&str>| Link {
        words: words.into(),
        to: To::List { resource: Some(resource.into()), namespace: namespace.map(Into::into) },
    };
    facts.links(
        "Rights",
        vec![
            list("rolebindings.rbac.authorization.k8s.io", "role bindings here", Some(namespace)),
            list("clusterrolebindings.rbac.authorization.k8s.io", "cluster role bindings", None),
        ],
    );
    vec![facts.section()]
}
