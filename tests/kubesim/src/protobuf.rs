//! Bodies as protobuf, which kubectl sends for reviews and for some of `kubectl create`. Only those messages are known here: anything else is refused with 501.

use serde_json::{Map, Value, json};

/// What stands before every protobuf body of Kubernetes: apimachinery's protobuf serializer.
const MAGIC: &[u8] = b"k8s\0";

/// A field's number and name, and what it holds.
type Field = (u64, &'static str, Type);

#[derive(Clone, Copy)]
enum Type {
    Text,
    Texts,
    Message(&'static [Field]),
    Messages(&'static [Field]),
    /// `map<string, string>`.
    TextMap,
    /// `map<string, repeated string>`: two messages deep.
    TextLists,
}

/// `runtime.Unknown`: what the body is, and the body.
const TYPE_META: &[Field] = &[(1, "apiVersion", Type::Text), (2, "kind", Type::Text)];

// generated.proto of k8s.io/api/authorization/v1
const REQUIREMENT: &[Field] = &[(1, "key", Type::Text), (2, "operator", Type::Text), (3, "values", Type::Texts)];
const SELECTOR: &[Field] = &[(1, "rawSelector", Type::Text), (2, "requirements", Type::Messages(REQUIREMENT))];
const RESOURCE: &[Field] = &[
    (1, "namespace", Type::Text),
    (2, "verb", Type::Text),
    (3, "group", Type::Text),
    (4, "version", Type::Text),
    (5, "resource", Type::Text),
    (6, "subresource", Type::Text),
    (7, "name", Type::Text),
    (8, "fieldSelector", Type::Message(SELECTOR)),
    (9, "labelSelector", Type::Message(SELECTOR)),
];
const NON_RESOURCE: &[Field] = &[(1, "path", Type::Text), (2, "verb", Type::Text)];
const SUBJECT_SPEC: &[Field] = &[
    (1, "resourceAttributes", Type::Message(RESOURCE)),
    (2, "nonResourceAttributes", Type::Message(NON_RESOURCE)),
    (3, "user", Type::Text),
    (4, "groups", Type::Texts),
    (5, "extra", Type::TextLists),
    (6, "uid", Type::Text),
];
const RULES_SPEC: &[Field] = &[(1, "namespace", Type::Text)];
const TOKEN_SPEC: &[Field] = &[(1, "token", Type::Text), (2, "audiences", Type::Texts)];

// generated.proto of k8s.io/apimachinery/pkg/apis/meta/v1 and k8s.io/api/core/v1
const METADATA: Type = Type::Message(&[
    (1, "name", Type::Text),
    (2, "generateName", Type::Text),
    (3, "namespace", Type::Text),
    (11, "labels", Type::TextMap),
    (12, "annotations", Type::TextMap),
]);

/// The fields of a body of some kind, as far as clients send them.
fn fields_of(kind: &str) -> Option<&'static [Field]> {
    Some(match kind {
        "SelfSubjectAccessReview" | "SubjectAccessReview" | "LocalSubjectAccessReview" => &[(2, "spec", Type::Message(SUBJECT_SPEC))],
        "SelfSubjectRulesReview" => &[(2, "spec", Type::Message(RULES_SPEC))],
        "TokenReview" => &[(2, "spec", Type::Message(TOKEN_SPEC))],
        "SelfSubjectReview" => &[],
        "Namespace" | "ServiceAccount" => &[(1, "metadata", METADATA)],
        "ConfigMap" => &[(1, "metadata", METADATA), (2, "data", Type::TextMap)],
        _ => return None,
    })
}

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is no protobuf.
    Broken,
    /// Nothing is known of this kind.
    Unknown(String),
}

/// A body as the JSON that says the same.
///
/// # Errors
/// When it is no protobuf, or of a kind that is not known.
pub(crate) fn decode(body: &[u8]) -> Result<Value, Unreadable> {
    let unknown = body.strip_prefix(MAGIC).ok_or(Unreadable::Broken)?;
    let parts = parts(unknown)?;
    let bytes = |number: u64| parts.iter().find(|part| part.0 == number).map(|part| part.1).unwrap_or_default();
    let about = message(bytes(1), TYPE_META)?;
    let kind = about["kind"].as_str().unwrap_or_default().to_owned();
    let fields = fields_of(&kind).ok_or(Unreadable::Unknown(kind))?;
    let mut object = message(bytes(2), fields)?;
    object["kind"] = about["kind"].clone();
    object["apiVersion"] = about["apiVersion"].clone();
    Ok(object)
}

fn message(bytes: &[u8], fields: &[Field]) -> Result<Value, Unreadable> {
    let mut made = Map::new();
    for (number, bytes) in parts(bytes)? {
        let Some((_, name, kind)) = fields.iter().find(|field| field.0 == number) else { continue };
        let name = (*name).to_owned();
        match kind {
            // an empty text is the absence of one
            Type::Text if bytes.is_empty() => {}
            Type::Text => {
                made.insert(name, json!(text(bytes)?));
            }
            Type::Texts => push(&mut made, name, json!(text(bytes)?)),
            Type::Message(fields) => {
                made.insert(name, message(bytes, fields)?);
            }
            Type::Messages(fields) => push(&mut made, name, message(bytes, fields)?),
            Type::TextMap => {
                let entry = message(bytes, &[(1, "key", Type::Text), (2, "value", Type::Text)])?;
                let list = made.entry(name).or_insert_with(|| json!({}));
                list[entry["key"].as_str().unwrap_or_default()] = json!(entry["value"].as_str().unwrap_or_default());
            }
            Type::TextLists => {
                let entry = message(bytes, &[(1, "key", Type::Text), (2, "value", Type::Message(&[(1, "items", Type::Texts)]))])?;
                let list = made.entry(name).or_insert_with(|| json!({}));
                list[entry["key"].as_str().unwrap_or_default()] = entry["value"]["items"].clone();
            }
        }
    }
    Ok(Value::Object(made))
}

fn push(made: &mut Map<String, Value>, name: String, value: Value) {
    if let Value::Array(items) = made.entry(name).or_insert_with(|| json!([])) {
        items.push(value);
    }
}

fn text(bytes: &[u8]) -> Result<&str, Unreadable> {
    std::str::from_utf8(bytes).map_err(|_| Unreadable::Broken)
}

/// The length-delimited fields of a message; numbers are read over, no known field is one.
fn parts(mut bytes: &[u8]) -> Result<Vec<(u64, &[u8])>, Unreadable> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let length = match tag & 7 {
            0 => {
                varint(&mut bytes)?;
                continue;
            }
            1 => 8,
            2 => usize::try_from(varint(&mut bytes)?).map_err(|_| Unreadable::Broken)?,
            5 => 4,
            _ => return Err(Unreadable::Broken),
        };
        let (part, rest) = bytes.split_at_checked(length).ok_or(Unreadable::Broken)?;
        bytes = rest;
        if tag & 7 == 2 {
            all.push((tag >> 3, part));
        }
    }
    Ok(all)
}

fn varint(bytes: &mut &[u8]) -> Result<u64, Unreadable> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().ok_or(Unreadable::Broken)?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Unreadable::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A length-delimited field.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut made = vec![number << 3 | 2, u8::try_from(bytes.len()).unwrap()];
        made.extend_from_slice(bytes);
        made
    }

    fn body(kind: &str, raw: &[u8]) -> Vec<u8> {
        let about = [field(1, b"authorization.k8s.io/v1"), field(2, kind.as_bytes())].concat();
        [MAGIC, &field(1, &about), &field(2, raw), &field(3, b""), &field(4, b"")].concat()
    }

    #[test]
    fn reviews_are_read_as_the_json_that_says_the_same() {
        let attributes = [field(1, b"shop"), field(2, b"delete"), field(3, b""), field(5, b"pods")].concat();
        let extra = [field(1, b"scopes"), field(2, &[field(1, b"a"), field(1, b"b")].concat())].concat();
        let spec = [field(1, &attributes), field(3, b"alice"), field(4, b"devs"), field(4, b"all"), field(5, &extra)].concat();
        let read = decode(&body("SubjectAccessReview", &[field(1, b""), field(2, &spec)].concat())).unwrap();
        assert_eq!(
            read,
            json!({
                "kind": "SubjectAccessReview", "apiVersion": "authorization.k8s.io/v1",
                "spec": {"resourceAttributes": {"namespace": "shop", "verb": "delete", "resource": "pods"}, "user": "alice", "groups": ["devs", "all"], "extra": {"scopes": ["a", "b"]}},
            })
        );
    }

    #[test]
    fn what_is_not_known_or_no_protobuf_is_said() {
        assert_eq!(decode(&body("Deployment", b"")), Err(Unreadable::Unknown("Deployment".to_owned())));
        assert_eq!(decode(b"{}"), Err(Unreadable::Broken));
        let whole = body("SelfSubjectRulesReview", &field(2, &field(1, b"shop")));
        for length in 4..whole.len() {
            // a cut body may still be a whole message; what counts is that it is read without a panic
            let _ = decode(&whole[..length]);
        }
    }
}
