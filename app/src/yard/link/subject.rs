//! What something is about, as a part of a link.

use krateyard_shared::identity::{ClusterName, ObjectRef};
use krateyard_shared::selector::LabelSelector;

use super::LONGEST_NAME;
use crate::yard::collection::{Collection, Only};
use crate::yard::state::Subject;

/// Namespaces of a list, at most.
const MOST_NAMESPACES: usize = 64;

/// `Pod.v1/web/api-1`, `Deployment.v1.apps/web/api`, `Node.v1//node-a`, `list:pods/web,shop/labels:app%3Dapi`.
pub(super) fn write(subject: &Subject) -> String {
    match subject {
        Subject::Object(o) => {
            let group = if o.group.is_empty() { String::new() } else { format!(".{}", encoded(&o.group)) };
            let namespace = o.namespace.as_deref().map(encoded).unwrap_or_default();
            format!("{}.{}{group}/{namespace}/{}", encoded(&o.kind), encoded(&o.version), encoded(&o.name))
        }
        Subject::Collection(c) => {
            let resource = c.resource.as_deref().map_or_else(|| "*".into(), encoded);
            let namespaces: Vec<String> = c.namespaces.iter().map(|namespace| encoded(namespace)).collect();
            let only = match &c.only {
                None => String::new(),
                Some(Only::Node(node)) => format!("/node:{}", encoded(node)),
                Some(Only::Workload { kind, name }) => format!("/workload:{}:{}", encoded(kind), encoded(name)),
                Some(Only::Labels(selector)) => format!("/labels:{}", encoded(selector)),
                Some(Only::Attention) => "/attention".into(),
                Some(Only::Overview) => "/overview".into(),
            };
            format!("list:{resource}/{}{only}", namespaces.join(","))
        }
    }
}

pub(super) fn read(text: &str, cluster: &ClusterName) -> Option<Subject> {
    if let Some(list) = text.strip_prefix("list:") {
        return read_list(list).map(Subject::Collection);
    }
    let mut parts = text.split('/');
    let (kind, namespace, object, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
    let mut words = kind.splitn(3, '.');
    let (kind, version) = (name(words.next()?)?, name(words.next()?)?);
    let group = words.next().map_or(Some(String::new()), name)?;
    let namespace = if namespace.is_empty() { None } else { Some(name(namespace)?) };
    Some(Subject::Object(ObjectRef { cluster: cluster.clone(), group, version, kind, namespace, name: name(object)?, uid: String::new() }))
}

fn read_list(text: &str) -> Option<Collection> {
    let mut parts = text.split('/');
    let (resource, namespaces, only, None) = (parts.next()?, parts.next()?, parts.next(), parts.next()) else { return None };
    let resource = if resource == "*" { None } else { Some(name(resource)?) };
    let namespaces: Vec<String> = namespaces.split(',').filter(|namespace| !namespace.is_empty()).map(name).collect::<Option<_>>()?;
    let only = only.map_or(Some(None), |only| read_only(only).map(Some))?;
    let is_fine = namespaces.len() <= MOST_NAMESPACES;
    is_fine.then(|| Collection { resource, only, ..Collection::default() }.in_namespaces(namespaces))
}

fn read_only(text: &str) -> Option<Only> {
    let (what, value) = text.split_once(':').unwrap_or((text, ""));
    match (what, value) {
        ("attention", "") => Some(Only::Attention),
        ("overview", "") => Some(Only::Overview),
        ("node", node) => Some(Only::Node(name(node)?)),
        ("workload", value) => {
            let (kind, of) = value.split_once(':')?;
            Some(Only::Workload { kind: name(kind)?, name: name(of)? })
        }
        ("labels", selector) => Some(Only::Labels(selector_of(&decoded(selector)?)?)),
        _ => None,
    }
}

/// A selector in its canonical form, if it is one.
pub(in crate::yard) fn selector_of(text: &str) -> Option<String> {
    let selector = LabelSelector::parse(text).ok()?.to_string();
    (selector.len() <= 2 * LONGEST_NAME).then_some(selector)
}

/// A name, decoded: neither empty nor longer than any of the cluster's.
pub(super) fn name(text: &str) -> Option<String> {
    decoded(text).filter(|name| is_name(name))
}

/// Whether a text could be the name of something: what shows nothing, steers what shows it, or is no part of a path (as Kubernetes has it,
/// `IsValidPathSegmentName`) is none.
pub(in crate::yard) fn is_name(text: &str) -> bool {
    let steers = |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let is_segment = text != "." && text != ".." && !text.contains(['/', '%']);
    !text.is_empty() && text.len() <= LONGEST_NAME && is_segment && !text.chars().any(steers)
}

/// Percent-encoded but for what is never anything but itself (RFC 3986, unreserved).
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// `None` for what is not percent-encoded UTF-8.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
            out.push((high * 16 + low) as u8);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}
