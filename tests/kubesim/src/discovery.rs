//! Discovery documents, in the plain and in the aggregated form.

use std::sync::Arc;

use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha512};

use crate::answer;
use crate::failure::Failure;
use crate::kinds::{GROUPS_NOT_SIMULATED, Kind, Registry};
use crate::negotiate::accepts;

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Answers a GET of a discovery path; none when the path is no discovery path.
///
/// # Errors
/// 404, and 406 for forms that are not served.
pub(crate) fn answer(path: &str, headers: &HeaderMap, registry: &Registry) -> Option<Result<Response, Failure>> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let kinds = registry.all();
    let document = match parts.as_slice() {
        ["api"] => return Some(root(headers, kinds, true, &[])),
        ["apis"] => return Some(root(headers, kinds, false, &registry.dead())),
        ["api", version] => resource_list(&kinds, "", version).ok_or_else(Failure::no_such_resource),
        ["apis", group] => group_document(&kinds, group).ok_or_else(|| unknown_group(group)),
        ["apis", group, version] => match groups(&kinds).iter().any(|known| known == group) {
            true => resource_list(&kinds, group, version).ok_or_else(Failure::no_such_resource),
            false => Err(unknown_group(group)),
        },
        _ => return None,
    };
    Some(document.map(|document| answer::json(200, &document)))
}

/// The 404 for groups that nobody serves, and 501 for those that only a real server does.
pub(crate) fn unknown_group(group: &str) -> Failure {
    if GROUPS_NOT_SIMULATED.contains(&group) { Failure::not_simulated(&format!("the group {group}")) } else { Failure::page_not_found() }
}

fn root(headers: &HeaderMap, kinds: Vec<Arc<Kind>>, core: bool, dead: &[(String, String)]) -> Result<Response, Failure> {
    let wants = accepts(headers);
    for wanted in &wants {
        match (wanted.parameter("as"), wanted.parameter("g"), wanted.parameter("v")) {
            (None, ..) if wanted.is_json() => {
                return Ok(answer::json(200, &if core { core_versions() } else { group_list(&kinds) }));
            }
            (Some("APIGroupDiscoveryList"), Some("apidiscovery.k8s.io"), Some("v2")) if wanted.is_json() => return Ok(aggregated(headers, &kinds, core, dead)),
            _ => {}
        }
    }
    Err(crate::negotiate::not_acceptable(&wants, true))
}

fn core_versions() -> Value {
    json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "10.96.0.1:443"}]})
}

fn groups(kinds: &[Arc<Kind>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for kind in kinds.iter().filter(|kind| !kind.group.is_empty()) {
        if !names.contains(&kind.group) {
            names.push(kind.group.clone());
        }
    }
    names
}

fn versions(kinds: &[Arc<Kind>], group: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for kind in kinds.iter().filter(|kind| kind.group == group) {
        if !names.contains(&kind.version) {
            names.push(kind.version.clone());
        }
    }
    names
}

fn group_entry(kinds: &[Arc<Kind>], group: &str) -> Map<String, Value> {
    let versions: Vec<Value> = versions(kinds, group).iter().map(|version| json!({"groupVersion": format!("{group}/{version}"), "version": version})).collect();
    let preferred = versions.first().cloned().unwrap_or_default();
    let mut entry = Map::new();
    entry.insert("name".to_owned(), json!(group));
    entry.insert("versions".to_owned(), Value::Array(versions));
    entry.insert("preferredVersion".to_owned(), preferred);
    entry
}

fn group_list(kinds: &[Arc<Kind>]) -> Value {
    let list: Vec<Value> = groups(kinds).iter().map(|group| Value::Object(group_entry(kinds, group))).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": list})
}

fn group_document(kinds: &[Arc<Kind>], group: &str) -> Option<Value> {
    groups(kinds).iter().find(|known| *known == group)?;
    let mut document = group_entry(kinds, group);
    document.insert("kind".to_owned(), json!("APIGroup"));
    document.insert("apiVersion".to_owned(), json!("v1"));
    Some(Value::Object(document))
}

fn resource_list(kinds: &[Arc<Kind>], group: &str, version: &str) -> Option<Value> {
    let mut resources = Vec::new();
    for kind in kinds.iter().filter(|kind| kind.group == group && kind.version == version) {
        let mut entry = json!({"name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.kind, "verbs": kind.verbs});
        add_lists(&mut entry, kind);
        if let Some(hash) = &kind.hash {
            entry["storageVersionHash"] = json!(hash);
        }
        resources.push(entry);
        for sub in &kind.subresources {
            let mut entry = json!({
                "name": format!("{}/{}", kind.plural, sub.name), "singularName": "", "namespaced": kind.namespaced, "kind": sub.kind, "verbs": sub.verbs,
            });
            if !sub.group.is_empty() && sub.group != kind.group {
                entry["group"] = json!(sub.group);
                entry["version"] = json!(sub.version);
            }
            resources.push(entry);
        }
    }
    let group_version = crate::kinds::api_version(group, version);
    let mut list = json!({"kind": "APIResourceList", "groupVersion": group_version, "resources": resources});
    if !group.is_empty() {
        list["apiVersion"] = json!("v1");
    }
    (!resources.is_empty()).then_some(list)
}

fn add_lists(entry: &mut Value, kind: &Kind) {
    if !kind.short.is_empty() {
        entry["shortNames"] = json!(kind.short);
    }
    if !kind.categories.is_empty() {
        entry["categories"] = json!(kind.categories);
    }
}

fn aggregated(headers: &HeaderMap, kinds: &[Arc<Kind>], core: bool, dead: &[(String, String)]) -> Response {
    let names = if core { vec![String::new()] } else { groups(kinds) };
    // one that never answered has no resources, and is stale (kube-aggregator, `discoveryManager`)
    let stale = dead.iter().map(|(group, version)| json!({"metadata": {"name": group}, "versions": [{"version": version, "freshness": "Stale"}]}));
    let items: Vec<Value> = names.iter().map(|group| aggregated_group(kinds, group)).chain(stale).collect();
    let body = json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}).to_string();
    let digest: String = Sha512::digest(body.as_bytes()).iter().map(|byte| format!("{byte:02X}")).collect();
    let etag = format!("\"{digest}\"");
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == etag.as_bytes());
    let mut response = if known { answer::empty(StatusCode::NOT_MODIFIED) } else { answer::text(200, AGGREGATED, body) };
    if let Ok(value) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    // the aggregated documents alone may be kept, to be asked for again with their tag
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public"));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}

fn aggregated_group(kinds: &[Arc<Kind>], group: &str) -> Value {
    let of_version = |version: &String| {
        let resources: Vec<Value> = kinds.iter().filter(|kind| kind.group == group && kind.version == *version).map(|kind| aggregated_kind(kind)).collect();
        json!({"version": version, "resources": resources, "freshness": "Current"})
    };
    let versions: Vec<Value> = versions(kinds, group).iter().map(of_version).collect();
    let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
    json!({"metadata": metadata, "versions": versions})
}

fn aggregated_kind(kind: &Kind) -> Value {
    // built-in kinds leave group and version of the answer empty
    let response_kind = |group: &str, version: &str, name: &str| json!({"group": group, "version": version, "kind": name});
    let own = |name: &str| if kind.custom { response_kind(&kind.group, &kind.version, name) } else { response_kind("", "", name) };
    let mut entry = json!({
        "resource": kind.plural,
        "responseKind": own(&kind.kind),
        "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": kind.singular,
        "verbs": kind.verbs,
    });
    add_lists(&mut entry, kind);
    if !kind.subresources.is_empty() {
        let subs = kind.subresources.iter().map(|sub| {
            let answered = if sub.group.is_empty() { own(&sub.kind) } else { response_kind(&sub.group, &sub.version, &sub.kind) };
            json!({"subresource": sub.name, "responseKind": answered, "verbs": sub.verbs})
        });
        entry["subresources"] = Value::Array(subs.collect());
    }
    entry
}
