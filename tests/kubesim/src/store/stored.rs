//! One version of one object, as JSON text with the little that selections need beside it.

use std::collections::BTreeMap;
use std::io::Write as _;

use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value};

use crate::kinds::Kind;
use crate::selector::extra_fields;

/// An object at one version. Cheap to share, never changed.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) version: u64,
    pub(crate) labels: BTreeMap<String, String>,
    /// The uid of its controller; empty without one.
    pub(crate) owner: String,
    /// The uids of owners that are no controllers.
    other_owners: Vec<String>,
    pod: bool,
    leaving: bool,
    held: bool,
    ready: bool,
    fields: Vec<(&'static str, String)>,
    /// `{"metadata":{...},...}` without kind and apiVersion.
    body: Bytes,
    /// Where `metadata`'s value ends in `body`.
    metadata_end: usize,
}

const METADATA: &[u8] = br#"{"metadata":"#;

impl Stored {
    /// Takes an object over as version `version` of itself.
    pub(crate) fn new(kind: &Kind, mut value: Value, version: u64) -> Self {
        value["metadata"]["resourceVersion"] = Value::String(version.to_string());
        let object = match value {
            Value::Object(object) => object,
            _ => Map::new(),
        };
        let empty = Value::Null;
        let metadata = object.get("metadata").unwrap_or(&empty);
        let text = |field: &str| metadata[field].as_str().unwrap_or_default().to_owned();
        let labels = metadata["labels"].as_object().map(texts).unwrap_or_default();
        let fields = extra_fields(kind).iter().map(|field| (*field, field_text(&object, field))).collect();
        let (body, metadata_end) = encode(metadata, &object);
        let owners = || metadata["ownerReferences"].as_array().into_iter().flatten();
        let owner_uid = |owner: &Value| owner["uid"].as_str().unwrap_or_default().to_owned();
        let owner = owners().find(|owner| owner["controller"] == true).map(owner_uid).unwrap_or_default();
        let other_owners = owners().map(owner_uid).filter(|uid| *uid != owner).collect();
        let held = metadata["finalizers"].as_array().is_some_and(|list| !list.is_empty());
        let pod = kind.group.is_empty() && kind.plural == "pods";
        let leaving = metadata["deletionTimestamp"].is_string();
        let conditions = object.get("status").and_then(|status| status["conditions"].as_array()).map(Vec::as_slice).unwrap_or_default();
        let ready = conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True");
        let (namespace, name, uid) = (text("namespace"), text("name"), text("uid"));
        Self { namespace, name, uid, version, labels, owner, other_owners, pod, leaving, held, ready, fields, body, metadata_end }
    }

    /// The same object with another version: what the event of its removal shows.
    pub(crate) fn at_version(&self, version: u64) -> Self {
        let old = format!("\"resourceVersion\":\"{}\"", self.version);
        let new = format!("\"resourceVersion\":\"{version}\"");
        // a quote within a text is escaped, so this can only be the field; the first one is that of metadata
        let at = self.metadata().windows(old.len()).position(|part| part == old.as_bytes()).map(|at| at + METADATA.len());
        let mut body = BytesMut::with_capacity(self.body.len() + 2);
        let at = at.unwrap_or(0);
        body.extend_from_slice(&self.body[..at]);
        body.extend_from_slice(new.as_bytes());
        body.extend_from_slice(&self.body[at + old.len()..]);
        Self { version, metadata_end: self.metadata_end + new.len() - old.len(), body: body.freeze(), ..self.clone() }
    }

    /// Its place in its kind's order.
    pub(crate) fn key(&self) -> String {
        super::key(&self.namespace, &self.name)
    }

    /// The text of a field that selectors may name; empty where the object has none.
    pub(crate) fn field(&self, field: &str) -> &str {
        match field {
            "metadata.name" => &self.name,
            "metadata.namespace" => &self.namespace,
            other => self.fields.iter().find(|(name, _)| *name == other).map(|(_, text)| text.as_str()).unwrap_or_default(),
        }
    }

    /// The object without kind and apiVersion, decoded.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// `metadata` alone, as text.
    pub(crate) fn metadata(&self) -> &[u8] {
        &self.body[METADATA.len()..self.metadata_end]
    }

    /// The object without kind and apiVersion, as text: an item of a list.
    pub(crate) fn item(&self) -> Bytes {
        self.body.clone()
    }

    /// Appends the object with its kind and apiVersion.
    pub(crate) fn write_whole(&self, head: &[u8], out: &mut BytesMut) {
        out.extend_from_slice(head);
        out.extend_from_slice(&self.body[1..]);
    }

    /// Appends the object as PartialObjectMetadata.
    pub(crate) fn write_partial(&self, out: &mut BytesMut) {
        out.extend_from_slice(br#"{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":"#);
        out.extend_from_slice(self.metadata());
        out.extend_from_slice(b"}");
    }

    /// The uids of all its owners.
    pub(crate) fn owners(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.owner.as_str()).filter(|owner| !owner.is_empty()).chain(self.other_owners.iter().map(String::as_str))
    }

    /// Whether it is a pod.
    pub(crate) fn is_pod(&self) -> bool {
        self.pod
    }

    /// Whether it has finalizers.
    pub(crate) fn is_held(&self) -> bool {
        self.held
    }

    /// Whether it is being deleted.
    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving
    }

    /// Whether its condition Ready is true.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready
    }

    /// Bytes of its text.
    pub(crate) fn len(&self) -> usize {
        self.body.len()
    }
}

/// `{"kind":"Pod","apiVersion":"v1",`: what stands before an object's own fields.
pub(crate) fn head(kind: &Kind) -> Vec<u8> {
    format!("{{\"kind\":\"{}\",\"apiVersion\":\"{}\",", kind.kind, kind.api_version()).into_bytes()
}

fn texts(map: &Map<String, Value>) -> BTreeMap<String, String> {
    map.iter().map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn encode(metadata: &Value, object: &Map<String, Value>) -> (Bytes, usize) {
    let mut out = Vec::with_capacity(4096);
    out.extend_from_slice(METADATA);
    // writing JSON into memory cannot fail
    let _ = serde_json::to_writer(&mut out, metadata);
    let metadata_end = out.len();
    for (key, value) in object.iter().filter(|(key, _)| !matches!(key.as_str(), "metadata" | "kind" | "apiVersion")) {
        let _ = write!(out, ",\"{key}\":");
        let _ = serde_json::to_writer(&mut out, value);
    }
    out.push(b'}');
    out.shrink_to_fit();
    (Bytes::from(out), metadata_end)
}

fn field_text(object: &Map<String, Value>, field: &str) -> String {
    let defaulted = match field {
        "source" => "source.component",
        "status.successful" => "status.succeeded",
        other => other,
    };
    let mut parts = defaulted.split('.');
    let first = parts.next().and_then(|part| object.get(part)).unwrap_or(&Value::Null);
    match parts.fold(first, |value, part| &value[part]) {
        Value::String(text) => text.clone(),
        Value::Null if matches!(field, "spec.hostNetwork" | "spec.unschedulable") => "false".to_owned(),
        Value::Null if field == "status.successful" => "0".to_owned(),
        Value::Null => String::new(),
        Value::Array(items) => items.iter().filter_map(|item| item["ip"].as_str()).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::built_in_kind;
    use serde_json::json;

    #[test]
    fn another_version_changes_the_version_and_nothing_else() {
        let pods = built_in_kind("", "pods");
        let object = json!({"metadata": {"annotations": {"a": "\"resourceVersion\":\"99\""}, "name": "x"}, "spec": {"n": 1}});
        let old = Stored::new(&pods, object, 99);
        let new = old.at_version(100);
        let mut expected = old.value();
        expected["metadata"]["resourceVersion"] = json!("100");
        assert_eq!(new.value(), expected);
        assert_eq!(serde_json::from_slice::<Value>(new.metadata()).unwrap(), expected["metadata"]);
    }

    #[test]
    fn fields_have_the_texts_that_selectors_compare() {
        let pods = built_in_kind("", "pods");
        let object = json!({"metadata": {"name": "x", "namespace": "web"}, "spec": {"nodeName": "n1"}, "status": {"podIPs": [{"ip": "10.0.0.1"}]}});
        let stored = Stored::new(&pods, object, 1);
        assert_eq!(stored.field("spec.nodeName"), "n1");
        assert_eq!(stored.field("spec.hostNetwork"), "false");
        assert_eq!(stored.field("status.podIPs"), "10.0.0.1");
        assert_eq!(stored.field("status.phase"), "");
    }
}
