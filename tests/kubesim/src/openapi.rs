//! The OpenAPI v3 documents, as far as kubectl asks them one question: may this kind be written with `fieldValidation`, so that the server checks it? Their
//! schemas are not simulated, so `kubectl explain` finds nothing.

use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::answer;
use crate::failure::Failure;
use crate::kinds::{Kind, Registry};

/// Answers a GET below `/openapi`.
///
/// # Errors
/// 404 for groups that nobody serves, 501 for version 2.
pub(crate) fn answer(path: &str, registry: &Registry) -> Result<Response, Failure> {
    match path.trim_end_matches('/') {
        "/openapi/v3" => Ok(answer::text(200, "text/plain; charset=utf-8", index(registry).to_string())),
        other => match other.strip_prefix("/openapi/v3/") {
            Some(place) => document(place, registry).map(|document| answer::json(200, &document)),
            None => Err(Failure::not_simulated(other)),
        },
    }
}

/// `api/v1` or `apis/apps/v1`.
fn place(kind: &Kind) -> String {
    format!("{}/{}", if kind.group.is_empty() { "api" } else { "apis" }, kind.api_version())
}

fn index(registry: &Registry) -> Value {
    let places = registry.all().into_iter().map(|kind| place(&kind));
    let paths: Map<String, Value> = places.map(|place| (place.clone(), json!({"serverRelativeURL": format!("/openapi/v3/{place}")}))).collect();
    json!({ "paths": paths })
}

fn document(wanted: &str, registry: &Registry) -> Result<Value, Failure> {
    let kinds: Vec<_> = registry.all().into_iter().filter(|kind| place(kind) == wanted).collect();
    if kinds.is_empty() {
        return Err(Failure::page_not_found());
    }
    let parameters: Vec<Value> = ["dryRun", "fieldManager", "fieldValidation", "force"]
        .iter()
        .map(|name| json!({"name": name, "in": "query", "schema": {"type": if *name == "force" { "boolean" } else { "string" }, "uniqueItems": true}}))
        .collect();
    let paths: Map<String, Value> = kinds
        .iter()
        .filter(|kind| kind.knows("patch"))
        .map(|kind| {
            let namespace = if kind.namespaced { "/namespaces/{namespace}" } else { "" };
            let path = format!("/{wanted}{namespace}/{}/{{name}}", kind.plural);
            let what = json!({"group": kind.group, "kind": kind.kind, "version": kind.version});
            (path, json!({"patch": {"parameters": parameters, "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": what}}))
        })
        .collect();
    Ok(json!({"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.36.2"}, "paths": paths, "components": {"schemas": {}}}))
}
