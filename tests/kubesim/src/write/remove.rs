//! delete and deletecollection.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::{Edit, Writer};
use crate::answer;
use crate::failure::{Cause, Failure};
use crate::kinds::Kind;
use crate::negotiate::Form;
use crate::query::Query;
use crate::read::{one, shown};
use crate::selection::Selection;
use crate::store::{Stored, Write, Written};

/// What becomes of dependents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Policy {
    Background,
    Foreground,
    Orphan,
}

impl Policy {
    fn parse(text: &str) -> Result<Self, Failure> {
        match text {
            "Background" => Ok(Self::Background),
            "Foreground" => Ok(Self::Foreground),
            "Orphan" => Ok(Self::Orphan),
            other => {
                let message = format!("Unsupported value: \"{other}\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"");
                Err(Failure::invalid("DeleteOptions", "meta.k8s.io", "", &[Cause::new("FieldValueNotSupported", "propagationPolicy", message)]))
            }
        }
    }

    /// The finalizer that the garbage collector takes away when it is done.
    fn finalizer(self) -> Option<&'static str> {
        match self {
            Self::Background => None,
            Self::Foreground => Some("foregroundDeletion"),
            Self::Orphan => Some("orphan"),
        }
    }
}

/// DeleteOptions from query and body.
struct Options {
    grace_seconds: Option<i64>,
    policy: Option<Policy>,
    /// Whether the policy is that of jobs, of which the server warns.
    warns: bool,
    uid: Option<String>,
    version: Option<String>,
    dry: bool,
}

impl Options {
    fn read(edit: &Edit<'_>, body: &Value) -> Result<Self, Failure> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        if let Some(kind) = body["kind"].as_str().filter(|kind| *kind != "DeleteOptions") {
            let version = body["apiVersion"].as_str().unwrap_or_default();
            return Err(Failure::bad_request(format!("no kind \"{kind}\" is registered for version \"{version}\" in scheme \"pkg/runtime/scheme.go:111\"")));
        }
        let named = edit.query.filled("propagationPolicy").map(str::to_owned).or_else(|| text(&body["propagationPolicy"]));
        let orphans = edit.query.get("orphanDependents").map(|_| edit.query.is_true("orphanDependents")).or_else(|| body["orphanDependents"].as_bool());
        let policy = match (named, orphans) {
            (Some(policy), Some(_)) => {
                let message = format!("Invalid value: \"{policy}\": orphanDependents and deletionPropagation cannot be both set");
                return Err(Failure::invalid("DeleteOptions", "meta.k8s.io", "", &[Cause::new("FieldValueInvalid", "propagationPolicy", message)]));
            }
            (Some(policy), None) => Some(Policy::parse(&policy)?),
            (None, orphans) => orphans.map(|orphans| if orphans { Policy::Orphan } else { Policy::Background }),
        };
        // jobs orphan their pods unless told otherwise: recordings writing/delete-job-default
        let warns = policy.is_none() && edit.kind.group == "batch" && edit.kind.plural == "jobs";
        let body_dry = body["dryRun"].as_array().is_some_and(|list| !list.is_empty());
        Ok(Self {
            grace_seconds: edit.query.number("gracePeriodSeconds")?.or_else(|| body["gracePeriodSeconds"].as_i64()),
            policy: if warns { Some(Policy::Orphan) } else { policy },
            warns,
            uid: text(&body["preconditions"]["uid"]),
            version: text(&body["preconditions"]["resourceVersion"]),
            dry: body_dry || edit.is_dry("DeleteOptions")?,
        })
    }

    /// The kind, not the resource, stands in these refusals: recordings writing/delete-precondition-*.
    fn check(&self, kind: &Kind, existing: &Stored, value: &Value) -> Result<(), Failure> {
        let uid = value["metadata"]["uid"].as_str().unwrap_or_default();
        let refuse = |why: String| {
            let message = format!("Operation cannot be fulfilled on {} \"{}\": {why}", kind.kind, existing.name);
            let mut details = Map::new();
            for (key, value) in [("name", &existing.name), ("group", &kind.group), ("kind", &kind.kind)] {
                if !value.is_empty() {
                    details.insert(key.to_owned(), json!(value));
                }
            }
            Failure::new(409, Some("Conflict"), message).details(Value::Object(details))
        };
        match (&self.uid, &self.version) {
            (Some(asked), _) if asked != uid => Err(refuse(format!(
                "the UID in the precondition ({asked}) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
            ))),
            (_, Some(asked)) if *asked != existing.version.to_string() => Err(refuse(format!(
                "the ResourceVersion in the precondition ({asked}) does not match the ResourceVersion in record ({}). The object might have been modified",
                existing.version
            ))),
            _ => Ok(()),
        }
    }
}

/// Answers a delete: with a Status when the object is gone, with the object when it stays a while.
///
/// # Errors
/// 404, 409 and 422 as recorded in the group writing.
pub(crate) fn delete(writer: &Writer<'_>, edit: &Edit<'_>, body: &Value) -> Result<Response, Failure> {
    let options = Options::read(edit, body)?;
    let kind = edit.kind;
    if kind.group.is_empty() && kind.plural == "namespaces" && matches!(edit.name, "default" | "kube-system" | "kube-public") {
        // immortal namespaces of the admission plugin NamespaceLifecycle
        let message = format!("namespaces \"{}\" is forbidden: this namespace may not be deleted", edit.name);
        return Err(Failure::new(403, Some("Forbidden"), message).details(json!({"name": edit.name, "kind": "namespaces"})));
    }
    Ok(warning(remove(writer, edit, &options)?, options.warns))
}

/// With the server's warning about a job's pods.
fn warning(mut response: Response, warns: bool) -> Response {
    const TEXT: &str = "299 - \"child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning\"";
    if warns {
        response.headers_mut().insert(http::header::WARNING, http::HeaderValue::from_static(TEXT));
    }
    response
}

fn remove(writer: &Writer<'_>, edit: &Edit<'_>, options: &Options) -> Result<Response, Failure> {
    let kind = edit.kind;
    if options.dry {
        let existing = writer.store.get(kind, edit.namespace, edit.name).ok_or_else(|| Failure::not_found(kind, edit.name))?;
        let value = existing.value();
        options.check(kind, &existing, &value)?;
        return Ok(match leaving(writer, kind, options, &value) {
            Some(object) => shown(200, kind, object, edit.form),
            None => gone(kind, edit.name, &value),
        });
    }
    let mut was = Value::Null;
    let written = writer.store.write(kind, edit.namespace, edit.name, |existing| {
        let existing = existing.ok_or_else(|| Failure::not_found(kind, edit.name))?;
        was = existing.value();
        options.check(kind, existing, &was)?;
        Ok(match leaving(writer, kind, options, &was) {
            Some(object) if object == was => Write::Keep,
            Some(object) => Write::Put(object),
            None => Write::Remove,
        })
    })?;
    Ok(match written {
        // a pod that goes at once is answered as an object all the same: recordings writing/delete-pod-force
        Some(Written::Removed(object)) if kind.plural == "pods" => one(200, kind, &object, edit.form),
        Some(Written::Removed(_)) | None => gone(kind, edit.name, &was),
        Some(stays) => one(200, kind, stays.object(), edit.form),
    })
}

/// The object as it stays for a while: a pod that stops gracefully, an object with finalizers, a namespace that empties. None when it goes at once.
fn leaving(writer: &Writer<'_>, kind: &Kind, options: &Options, value: &Value) -> Option<Value> {
    let mut object = value.clone();
    let metadata = &value["metadata"];
    let finalizers = metadata["finalizers"].as_array().is_some_and(|list| !list.is_empty());
    let grace = match kind.plural.as_str() {
        "pods" if kind.group.is_empty() => pod_grace(options, value),
        _ => 0,
    };
    let waits_for_kubelet = grace > 0;
    let empties = kind.group.is_empty() && kind.plural == "namespaces";
    let collected = options.policy.and_then(Policy::finalizer).filter(|_| !empties);
    if !waits_for_kubelet && !finalizers && !empties && collected.is_none() {
        return None;
    }
    let shorter = metadata["deletionGracePeriodSeconds"].as_i64().is_none_or(|set| grace < set);
    if metadata["deletionTimestamp"].is_null() || (waits_for_kubelet && shorter) {
        object["metadata"]["deletionTimestamp"] = json!(writer.clock.text_in(grace));
        object["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
        if let Some(generation) = metadata["generation"].as_u64() {
            object["metadata"]["generation"] = json!(generation + 1);
        }
    }
    if let Some(collected) = collected {
        let mut all = metadata["finalizers"].as_array().cloned().unwrap_or_default();
        if !all.iter().any(|finalizer| finalizer == collected) {
            all.push(json!(collected));
        }
        object["metadata"]["finalizers"] = json!(all);
    }
    if empties && metadata["deletionTimestamp"].is_string() {
        return Some(value.clone());
    }
    if empties {
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("deletionGracePeriodSeconds");
        }
        object["status"] = json!({"phase": "Terminating"});
    }
    Some(object)
}

/// Seconds that a pod gets; 0 for one that is on no node.
fn pod_grace(options: &Options, pod: &Value) -> i64 {
    let on_node = pod["spec"]["nodeName"].as_str().is_some_and(|node| !node.is_empty());
    let ended = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    if !on_node || ended {
        return 0;
    }
    match options.grace_seconds {
        // negative: one second (recordings writing/delete-negative-grace)
        Some(seconds) if seconds < 0 => 1,
        Some(seconds) => seconds,
        None => pod["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(30),
    }
}

fn gone(kind: &Kind, name: &str, value: &Value) -> Response {
    let mut details = json!({"name": name, "kind": kind.plural, "uid": value["metadata"]["uid"]});
    if !kind.group.is_empty() {
        details["group"] = json!(kind.group);
    }
    answer::json(200, &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}))
}

/// Answers a deletecollection: the list of what was selected, as it was.
///
/// # Errors
/// 400 for selectors that cannot be read.
pub(crate) fn delete_collection(writer: &Writer<'_>, edit: &Edit<'_>, body: &Value) -> Result<Response, Failure> {
    let selection = Selection::parse(edit.kind, edit.namespace, edit.query)?;
    let (version, objects) = writer.store.list(edit.kind, edit.namespace);
    let mut items: Vec<_> = objects.into_iter().filter(|object| selection.matches(object)).collect();
    let mut metadata = json!({"resourceVersion": version.to_string()});
    if edit.kind.custom {
        metadata["continue"] = json!("");
    }
    let limit = edit.query.number("limit")?.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0 && *limit < items.len());
    if let Some(limit) = limit {
        items.truncate(limit);
        metadata["continue"] = json!(crate::read::continue_token(i64::try_from(version).unwrap_or_default(), &items[limit - 1].name));
    }
    for object in &items {
        let one = Edit { kind: edit.kind, namespace: &object.namespace, name: &object.name, query: edit.query, form: Form::Full };
        match delete(writer, &one, body) {
            Err(failure) if failure.code() != 404 => return Err(failure),
            _ => {}
        }
    }
    let kind = edit.kind;
    let item = |object: &std::sync::Arc<Stored>| {
        let mut value = object.value();
        if kind.custom {
            value["kind"] = json!(kind.kind);
            value["apiVersion"] = json!(kind.api_version());
        }
        value
    };
    let values: Vec<Value> = items.iter().map(item).collect();
    Ok(answer::json(200, &json!({"kind": format!("{}List", kind.kind), "apiVersion": kind.api_version(), "metadata": metadata, "items": values})))
}

/// A query for a delete from inside.
pub(crate) fn plain_query(grace_seconds: Option<i64>) -> Query {
    Query::parse(&grace_seconds.map(|seconds| format!("gracePeriodSeconds={seconds}")).unwrap_or_default())
}
