//! TokenReview, SelfSubjectReview and the access reviews.

use serde_json::{Map, Value, json};

use super::User;
use super::authenticate::Tokens;
use super::rbac::Policy;
use crate::failure::{Cause, Failure};
use crate::kinds::Kind;
use crate::target::Attributes;

const GROUP: &str = "authorization.k8s.io";

/// Answers a POST to a review's resource.
///
/// # Errors
/// 400 and 422 for reviews that are no reviews.
pub(crate) fn review(kind: &Kind, namespace: &str, body: &Value, user: &User, tokens: &Tokens, policy: &Policy, now: &str) -> Result<Value, Failure> {
    let spec = &body["spec"];
    match kind.plural.as_str() {
        "tokenreviews" => token_review(kind, spec, tokens),
        "selfsubjectreviews" => Ok(answer(kind, json!({"creationTimestamp": now}), None, json!({"userInfo": user.info()}))),
        "selfsubjectaccessreviews" => decide(kind, body, user, policy),
        "subjectaccessreviews" => decide(kind, body, &subject(spec)?, policy),
        "localsubjectaccessreviews" => {
            if spec["resourceAttributes"]["namespace"].as_str().unwrap_or_default() != namespace {
                let named = spec["resourceAttributes"]["namespace"].as_str().unwrap_or_default();
                return Err(invalid("spec.resourceAttributes.namespace", &format!("Invalid value: \"{named}\": must match metadata.namespace")));
            }
            let mut review = decide(kind, body, &subject(spec)?, policy)?;
            review["metadata"]["namespace"] = json!(namespace);
            Ok(review)
        }
        "selfsubjectrulesreviews" => {
            let namespace = spec["namespace"].as_str().unwrap_or_default();
            if namespace.is_empty() {
                return Err(Failure::bad_request("no namespace on request"));
            }
            let (resources, paths) = policy.rules(user, namespace);
            let status = json!({"resourceRules": resources, "nonResourceRules": paths, "incomplete": false});
            Ok(answer(kind, json!({}), Some(json!({})), status))
        }
        other => Err(Failure::not_simulated(other)),
    }
}

fn answer(kind: &Kind, metadata: Value, spec: Option<Value>, status: Value) -> Value {
    let mut review = json!({"kind": kind.kind, "apiVersion": kind.api_version(), "metadata": metadata});
    if let Some(spec) = spec {
        review["spec"] = spec;
    }
    review["status"] = status;
    review
}

fn token_review(kind: &Kind, spec: &Value, tokens: &Tokens) -> Result<Value, Failure> {
    let token = spec["token"].as_str().unwrap_or_default();
    if token.is_empty() {
        return Err(Failure::bad_request("token is required for TokenReview in authentication"));
    }
    let status = match tokens.user(token) {
        Some(user) => json!({"authenticated": true, "user": user.info(), "audiences": ["https://kubernetes.default.svc"]}),
        None => json!({"user": {}, "error": "invalid bearer token"}),
    };
    Ok(answer(kind, json!({}), Some(spec.clone()), status))
}

/// Groups are not looked up: the review names them.
fn subject(spec: &Value) -> Result<User, Failure> {
    let text = |field: &str| spec[field].as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().map(|items| items.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()).unwrap_or_default();
    let extra = spec["extra"].as_object().map(|extra| extra.iter().map(|(key, values)| (key.clone(), list(values))).collect()).unwrap_or_default();
    let user = User { name: text("user"), uid: text("uid"), groups: list(&spec["groups"]), extra };
    if user.name.is_empty() && user.groups.is_empty() {
        return Err(invalid("spec.user", "Invalid value: \"\": at least one of user or group must be specified"));
    }
    Ok(user)
}

fn decide(kind: &Kind, body: &Value, user: &User, policy: &Policy) -> Result<Value, Failure> {
    let spec = &body["spec"];
    let asked = match (spec["resourceAttributes"].as_object(), spec["nonResourceAttributes"].as_object()) {
        (Some(resource), None) => resource_attributes(resource),
        (None, Some(path)) => {
            let text = |field: &str| path.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
            Attributes { verb: text("verb"), path: text("path"), ..Attributes::default() }
        }
        (Some(_), Some(path)) => {
            let text = |field: &str| path.get(field).cloned().unwrap_or_else(|| json!(""));
            let shown = format!("{{\"Path\":{},\"Verb\":{}}}", text("path"), text("verb"));
            return Err(invalid("spec.nonResourceAttributes", &format!("Invalid value: {shown}: cannot be specified in combination with resourceAttributes")));
        }
        (None, None) => {
            return Err(invalid(
                "spec.resourceAttributes",
                "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified",
            ));
        }
    };
    let status = match policy.allows(user, &asked) {
        Some(reason) if reason.is_empty() => json!({"allowed": true}),
        Some(reason) => json!({"allowed": true, "reason": reason}),
        None => json!({"allowed": false}),
    };
    let mut metadata = json!({});
    if let Some(namespace) = body["metadata"]["namespace"].as_str() {
        metadata["namespace"] = json!(namespace);
    }
    Ok(answer(kind, metadata, Some(spec.clone()), status))
}

fn resource_attributes(given: &Map<String, Value>) -> Attributes {
    let text = |field: &str| given.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    Attributes {
        verb: text("verb"),
        group: text("group"),
        version: text("version"),
        resource: text("resource"),
        subresource: text("subresource"),
        namespace: text("namespace"),
        name: text("name"),
        ..Attributes::default()
    }
}

/// The kind is empty in these refusals: `.authorization.k8s.io "" is invalid` (recordings access/ssar-invalid-none).
fn invalid(field: &'static str, message: &str) -> Failure {
    Failure::invalid("", GROUP, "", &[Cause::new("FieldValueInvalid", field, message)])
}
