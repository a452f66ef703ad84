//! create, update, patch, delete, deletecollection and scale, with the checks that the recordings show. Defaults and validation of single fields are
//! those that controllers and clients lean on; the rest of an object is taken as it is.

pub(crate) mod defaults;
mod json_patch;
mod merge;
mod patch;
mod remove;
mod scale;
mod strategic;
mod validate;

use std::sync::Arc;

use axum::response::Response;
use serde_json::{Value, json};

pub(crate) use patch::{Patch, PatchType};
pub(crate) use remove::{delete, delete_collection, plain_query};
pub(crate) use scale::{Change as ScaleChange, scale};
pub(crate) use validate::go_type;

use crate::clock::Clock;
use crate::failure::{Cause, Failure};
use crate::kinds::{Kind, api_version};
use crate::names::Names;
use crate::negotiate::Form;
use crate::query::Query;
use crate::read::{one, shown};
use crate::store::{Store, Stored, Write};
use defaults::complete;

/// What a write works with.
pub(crate) struct Writer<'a> {
    pub(crate) store: &'a Store,
    pub(crate) names: &'a Names,
    pub(crate) clock: &'a Clock,
}

/// One write to one object or collection.
pub(crate) struct Edit<'a> {
    pub(crate) kind: &'a Kind,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) query: &'a Query,
    pub(crate) form: Form,
}

impl Edit<'_> {
    /// Whether nothing is to be written, after apimachinery's ValidateCreateOptions and its like.
    ///
    /// # Errors
    /// 422 for a dryRun that is not All, and for a fieldValidation that there is not.
    pub(crate) fn is_dry(&self, options: &str) -> Result<bool, Failure> {
        let given = self.query.all("dryRun");
        let mut causes = Vec::new();
        let mut unsupported = |field, message| causes.push(Cause::new("FieldValueNotSupported", field, message));
        if given.iter().any(|one| one != "All") {
            unsupported("dryRun", format!("Unsupported value: {}: supported values: \"All\"", json!(given)));
        }
        let validation = self.query.filled("fieldValidation").unwrap_or_default();
        if options != "DeleteOptions" && !matches!(validation, "" | "Ignore" | "Strict" | "Warn") {
            let message = format!("Unsupported value: \"{validation}\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"");
            unsupported("fieldValidation", message);
        }
        if causes.is_empty() { Ok(!given.is_empty()) } else { Err(Failure::invalid(options, "meta.k8s.io", "", &causes)) }
    }
}

/// Answers a create.
///
/// # Errors
/// 400, 404, 409, 422 and 500 as recorded in the group writing.
pub(crate) fn create(writer: &Writer<'_>, edit: &Edit<'_>, body: Value) -> Result<Response, Failure> {
    let kind = edit.kind;
    let dry = edit.is_dry("CreateOptions")?;
    let mut object = checked(kind, body)?;
    if object["metadata"]["resourceVersion"].as_str().is_some_and(|version| !version.is_empty()) {
        return Err(Failure::new(500, None, "resourceVersion should not be set on objects to be created"));
    }
    set_namespace(edit, &mut object)?;
    let namespaces = crate::kinds::built_in_kind("", "namespaces");
    let namespace = if kind.namespaced { writer.store.get(&namespaces, "", edit.namespace) } else { None };
    if kind.namespaced && namespace.is_none() {
        return Err(Failure::not_found(&namespaces, edit.namespace));
    }
    let name = match (object["metadata"]["name"].as_str().unwrap_or_default(), object["metadata"]["generateName"].as_str().unwrap_or_default()) {
        ("", "") => {
            let cause = Cause::new("FieldValueRequired", "metadata.name", "Required value: name or generateName is required");
            return Err(Failure::invalid(&kind.kind, &kind.group, "", &[cause]));
        }
        ("", prefix) => format!("{prefix}{}", writer.names.suffix()),
        (name, _) => name.to_owned(),
    };
    if namespace.is_some_and(|namespace| namespace.is_leaving()) {
        return Err(terminating(kind, edit.namespace, &name));
    }
    check_name(kind, &name)?;
    if has_status(kind)
        && kind.plural != "nodes"
        && let Some(fields) = object.as_object_mut()
    {
        fields.remove("status");
    }
    let metadata = &mut object["metadata"];
    metadata["name"] = json!(name);
    metadata["uid"] = json!(writer.names.uid());
    metadata["creationTimestamp"] = json!(writer.clock.now_text());
    validate::decoded(kind, &mut object)?;
    complete(kind, &mut object);
    drop_empty(&mut object);
    validate::check(kind, None, &object)?;
    if dry {
        if writer.store.get(kind, edit.namespace, &name).is_some() {
            return Err(Failure::already_exists(kind, &name));
        }
        return Ok(shown(201, kind, object, edit.form));
    }
    let written = writer.store.write(kind, edit.namespace, &name, |existing| match existing {
        Some(existing) if existing.is_leaving() => {
            let message = format!("object is being deleted: {} \"{name}\" already exists", kind.group_resource());
            Err(Failure::already_exists(kind, &name).with_message(message))
        }
        Some(_) => Err(Failure::already_exists(kind, &name)),
        None => Ok(Write::Put(object)),
    })?;
    answer(201, kind, written.map(|written| written.object().clone()), edit.form)
}

/// Nothing new comes into a namespace that is being emptied.
fn terminating(kind: &Kind, namespace: &str, name: &str) -> Failure {
    let message =
        format!("{} \"{name}\" is forbidden: unable to create new content in namespace {namespace} because it is being terminated", kind.group_resource());
    let cause = json!({"reason": "NamespaceTerminating", "message": format!("namespace {namespace} is being terminated"), "field": "metadata.namespace"});
    let mut details = json!({"name": name, "kind": kind.plural, "causes": [cause]});
    if !kind.group.is_empty() {
        details["group"] = json!(kind.group);
    }
    Failure::new(403, Some("Forbidden"), message).details(details)
}

/// Answers an update of an object, or of its status.
///
/// # Errors
/// 400, 404, 409 and 422 as recorded in the group writing.
pub(crate) fn update(writer: &Writer<'_>, edit: &Edit<'_>, subresource: &str, body: Value) -> Result<Response, Failure> {
    let kind = edit.kind;
    let dry = edit.is_dry("UpdateOptions")?;
    let mut object = checked(kind, body)?;
    set_namespace(edit, &mut object)?;
    check_same_name(edit.name, &object)?;
    let version = object["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
    if kind.custom && version.is_empty() {
        let cause = Cause::new("FieldValueInvalid", "metadata.resourceVersion", "Invalid value: 0: must be specified for an update");
        return Err(Failure::invalid(&kind.plural, &kind.group, edit.name, &[cause]));
    }
    if !version.is_empty() && version.parse::<u64>().is_err() {
        return Err(Failure::new(500, None, format!("strconv.ParseUint: parsing \"{version}\": invalid syntax")));
    }
    validate::decoded(kind, &mut object)?;
    let uid = object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    change(writer, edit, dry, |existing| {
        check_version(kind, existing, &version)?;
        check_uid(edit, existing, &uid)?;
        let before = existing.value();
        Ok(successor(kind, &before, object, subresource))
    })
}

/// Answers a patch of an object, or of its status.
///
/// # Errors
/// As an update, and what the patch itself is refused with.
pub(crate) fn patch(writer: &Writer<'_>, edit: &Edit<'_>, subresource: &str, patch: &Patch) -> Result<Response, Failure> {
    let kind = edit.kind;
    patch::check_options(edit.query)?;
    let dry = edit.is_dry("PatchOptions")?;
    change(writer, edit, dry, |existing| {
        let before = existing.value();
        let mut object = before.clone();
        object["kind"] = json!(kind.kind);
        object["apiVersion"] = json!(kind.api_version());
        patch.apply(&mut object)?;
        validate::patched(kind, &mut object)?;
        let object = checked(kind, object)?;
        check_same_name(edit.name, &object)?;
        validate::check_uid(kind, &before, &object)?;
        check_version(kind, existing, object["metadata"]["resourceVersion"].as_str().unwrap_or_default())?;
        Ok(successor(kind, &before, object, subresource))
    })
}

/// Typed objects have no nulls where clients and patches leave some.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// Reads, decides and writes one object.
fn change(writer: &Writer<'_>, edit: &Edit<'_>, dry: bool, decide: impl FnOnce(&Stored) -> Result<Value, Failure>) -> Result<Response, Failure> {
    let kind = edit.kind;
    if dry {
        let existing = writer.store.get(kind, edit.namespace, edit.name).ok_or_else(|| Failure::not_found(kind, edit.name))?;
        let object = decide(&existing)?;
        validate::check(kind, Some(&existing.value()), &object)?;
        return Ok(shown(200, kind, object, edit.form));
    }
    let mut last = None;
    let written = writer.store.write(kind, edit.namespace, edit.name, |existing| {
        let existing = existing.ok_or_else(|| Failure::not_found(kind, edit.name))?;
        let object = decide(existing)?;
        let before = existing.value();
        if object == before {
            return Ok(Write::Keep);
        }
        validate::check(kind, Some(&before), &object)?;
        validate::check_finalizers(kind, &before, &object)?;
        // the patch that takes the last finalizer from an object that is being deleted removes it
        let finalizers = object["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty());
        let leaves = object["metadata"]["deletionTimestamp"].is_string() && !finalizers && kind.plural != "pods";
        if leaves {
            last = Some(object);
            return Ok(Write::Remove);
        }
        Ok::<_, Failure>(Write::Put(object))
    })?;
    if let Some(object) = last {
        // it goes with this change, which is answered all the same: recordings writing/delete-finalizer
        return Ok(shown(200, kind, object, edit.form));
    }
    answer(200, kind, written.map(|written| written.object().clone()), edit.form)
}

/// What an object becomes when somebody writes it: what the server owns stays, and generation counts changes of what is wanted.
fn successor(kind: &Kind, before: &Value, mut object: Value, subresource: &str) -> Value {
    if subresource == "status" {
        let status = object["status"].take();
        object = before.clone();
        object["status"] = status;
    } else if has_status(kind) {
        object["status"] = before["status"].clone();
    }
    for field in ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion", "namespace", "name"] {
        match before["metadata"].get(field) {
            Some(value) => object["metadata"][field] = value.clone(),
            None => {
                if let Some(metadata) = object["metadata"].as_object_mut() {
                    metadata.remove(field);
                }
            }
        }
    }
    complete(kind, &mut object);
    drop_empty(&mut object);
    let mut old = before.clone();
    complete(kind, &mut old);
    if object["spec"] != old["spec"]
        && let Some(generation) = before["metadata"]["generation"].as_u64()
    {
        object["metadata"]["generation"] = json!(generation + 1);
    }
    if let Some(fields) = object.as_object_mut() {
        fields.remove("kind");
        fields.remove("apiVersion");
        fields.retain(|_, value| !value.is_null());
    }
    object
}

/// Typed objects have no empty maps and lists in these fields.
fn drop_empty(object: &mut Value) {
    let is_empty = |value: &Value| value.as_object().is_some_and(serde_json::Map::is_empty) || value.as_array().is_some_and(Vec::is_empty);
    for field in ["labels", "annotations", "finalizers", "ownerReferences"] {
        if is_empty(&object["metadata"][field])
            && let Some(metadata) = object["metadata"].as_object_mut()
        {
            metadata.remove(field);
        }
    }
    for field in ["data", "binaryData"] {
        if object.get(field).is_some_and(is_empty)
            && let Some(fields) = object.as_object_mut()
        {
            fields.remove(field);
        }
    }
}

/// Kinds whose status is written through a subresource only.
fn has_status(kind: &Kind) -> bool {
    kind.subresource("status").is_some()
}

/// kind and apiVersion may be absent, but not wrong.
fn checked(kind: &Kind, mut body: Value) -> Result<Value, Failure> {
    if !body.is_object() {
        let message = format!("{} in version \"{}\" cannot be handled as a {}: the body is no JSON object", kind.kind, kind.version, kind.kind);
        return Err(Failure::bad_request(message));
    }
    let given_kind = body["kind"].as_str().unwrap_or(&kind.kind).to_owned();
    let given_version = body["apiVersion"].as_str().map_or_else(|| kind.api_version(), str::to_owned);
    if given_kind != kind.kind {
        let message = format!(
            "{given_kind} in version \"{}\" cannot be handled as a {}: converting (v1.{given_kind}) to (core.{}): unknown conversion",
            kind.version, kind.kind, kind.kind
        );
        return Err(Failure::bad_request(message));
    }
    if given_version != api_version(&kind.group, &kind.version) {
        let message = format!(
            "{given_kind} in version \"{given_version}\" cannot be handled as a {}: no kind \"{given_kind}\" is registered for version \"{given_version}\" in scheme \"pkg/runtime/scheme.go:111\"",
            kind.kind
        );
        return Err(Failure::bad_request(message));
    }
    if !body["metadata"].is_object() {
        body["metadata"] = json!({});
    }
    if let Some(fields) = body.as_object_mut() {
        fields.remove("kind");
        fields.remove("apiVersion");
        if !kind.custom {
            fields.iter_mut().filter(|(field, _)| matches!(field.as_str(), "metadata" | "spec")).for_each(|(_, value)| drop_nulls(value));
        }
    }
    Ok(body)
}

fn set_namespace(edit: &Edit<'_>, object: &mut Value) -> Result<(), Failure> {
    if !edit.kind.namespaced {
        return Ok(());
    }
    match object["metadata"]["namespace"].as_str() {
        Some(given) if !given.is_empty() && given != edit.namespace => {
            Err(Failure::bad_request("the namespace of the provided object does not match the namespace sent on the request"))
        }
        _ => {
            object["metadata"]["namespace"] = json!(edit.namespace);
            Ok(())
        }
    }
}

fn check_same_name(name: &str, object: &Value) -> Result<(), Failure> {
    let given = object["metadata"]["name"].as_str().unwrap_or_default();
    if given == name {
        return Ok(());
    }
    Err(Failure::bad_request(format!("the name of the object ({given}) does not match the name on the URL ({name})")))
}

fn check_version(kind: &Kind, existing: &Stored, version: &str) -> Result<(), Failure> {
    if version.is_empty() || version == existing.version.to_string() { Ok(()) } else { Err(Failure::modified(kind, &existing.name)) }
}

fn check_uid(edit: &Edit<'_>, existing: &Stored, uid: &str) -> Result<(), Failure> {
    let value = existing.value();
    let known = value["metadata"]["uid"].as_str().unwrap_or_default();
    if uid.is_empty() || uid == known {
        return Ok(());
    }
    let key = format!("/registry/{}/{}", edit.kind.plural, existing.key());
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {known}"
    );
    Err(Failure::conflict(edit.kind, edit.name, &why))
}

/// RFC 1123 subdomains; RBAC names are path segments and may be anything else.
fn check_name(kind: &Kind, name: &str) -> Result<(), Failure> {
    if name.len() > 253 {
        let message = format!("Invalid value: \"{name}\": must be no more than 253 characters");
        return Err(Failure::invalid(&kind.kind, &kind.group, name, &[Cause::new("FieldValueInvalid", "metadata.name", message)]));
    }
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let part = |part: &str| part.chars().all(|c| edge(c) || c == '-') && part.starts_with(edge) && part.ends_with(edge);
    if kind.group == "rbac.authorization.k8s.io" || name.split('.').all(part) {
        return Ok(());
    }
    let message = format!(
        "Invalid value: \"{name}\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    );
    Err(Failure::invalid(&kind.kind, &kind.group, name, &[Cause::new("FieldValueInvalid", "metadata.name", message)]))
}

fn answer(code: u16, kind: &Kind, object: Option<Arc<Stored>>, form: Form) -> Result<Response, Failure> {
    let object = object.ok_or_else(|| Failure::new(500, Some("InternalError"), "nothing was written"))?;
    Ok(one(code, kind, &object, form))
}
