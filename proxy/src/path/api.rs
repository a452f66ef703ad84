//! Paths of the Kubernetes API as browsers and programs send them, read before anything is asked: what is judged is what is sent on, since the path that goes
//! to the cluster is written anew from what was read here.

use krateyard_shared::identity::Resource;
use krateyard_shared::refusal::Refusal;

use super::{collection, part, query};
use crate::authorize::ReadApi;

/// Subresources that can be read and are no way into a container, a node or a network. (`proxy`, `exec`, `attach`, `portforward` are.)
const SUBRESOURCES: [&str; 6] = ["status", "scale", "log", "resize", "ephemeralcontainers", "approval"];
/// Words that change what the rest of a path means (apiserver, `RequestInfoFactory`: `specialVerbs`).
const SPECIAL_VERBS: [&str; 2] = ["watch", "proxy"];
/// What may follow a namespace without being a resource within it (apiserver, `namespaceSubresources`).
const OF_NAMESPACES: [&str; 2] = ["status", "finalize"];
/// Parameters that turn an answer into a stream; sockets are for those.
const STREAMS: [&str; 2] = ["watch", "follow"];
/// The longest query.
const MAX_QUERY: usize = 16 * 1024;

/// Reads a path and its query as they stand in the request line, the path from its first `/` on.
///
/// # Errors
/// `BadRequest` with `path` or `query` for what is no read of a resource or a document, or could mean something else to an API server.
pub(crate) fn read(path: &str, sent_query: Option<&str>) -> Result<ReadApi, Refusal> {
    let segments = path.strip_prefix('/').ok_or_else(|| bad("path", "does not begin with /"))?;
    let segments: Vec<String> = segments.split('/').map(segment).collect::<Result<_, _>>()?;
    let parameters = parameters(sent_query.unwrap_or_default())?;
    let mut words: Vec<&str> = segments.iter().map(String::as_str).collect();
    let is_document = matches!(
        words.as_slice(),
        ["version" | "api" | "apis"]
            | ["api", _]
            | ["apis", _]
            | ["apis", _, _]
            | ["openapi", "v2" | "v3"]
            | ["openapi", "v3", "api", _]
            | ["openapi", "v3", "apis", _, _]
    );
    if is_document {
        return Ok(ReadApi::Document { segments, parameters });
    }
    let group = match words.first() {
        Some(&"api") => words.drain(..1).next().map(|_| ""),
        Some(&"apis") => words.drain(..2).nth(1),
        _ => None,
    };
    let (Some(group), false) = (group, words.is_empty()) else {
        return Err(bad("path", "does not pass through here: resources, discovery, /openapi and /version do"));
    };
    let version = words.remove(0);
    if words.first().is_some_and(|first| SPECIAL_VERBS.contains(first)) {
        return Err(bad("path", "streams and proxies do not pass through here"));
    }
    let mut namespace = None;
    if words.first() == Some(&"namespaces") {
        namespace = words.get(1).copied();
        if words.get(2).is_some_and(|third| !OF_NAMESPACES.contains(third)) {
            words.drain(..2);
            if words.first() == Some(&"namespaces") {
                return Err(bad("path", "has a namespace within a namespace"));
            }
        }
    }
    let (plural, name, subresource) = match words.as_slice() {
        [plural] => (*plural, "", ""),
        [plural, name] => (*plural, *name, ""),
        [plural, name, subresource] => (*plural, *name, *subresource),
        _ => return Err(bad("path", "is longer than any resource's")),
    };
    if !group.is_empty() {
        part("group", group)?;
    }
    for (field, text) in [("version", version), ("resource", plural)] {
        part(field, text)?;
    }
    namespace.map(|namespace| part("namespace", namespace)).transpose()?;
    if !subresource.is_empty() && !SUBRESOURCES.contains(&subresource) {
        return Err(bad("path", "this subresource does not pass through here"));
    }
    let resource = Resource { group: group.into(), version: version.into(), plural: plural.into() };
    let (namespace, name) = (namespace.map(str::to_owned), name.to_owned());
    Ok(ReadApi::Resource { resource, namespace, name, subresource: subresource.into(), parameters })
}

/// The path and query that a cluster is asked with.
pub(crate) fn written(target: &ReadApi) -> String {
    let (mut path, parameters) = match target {
        ReadApi::Document { segments, parameters } => (segments.iter().map(|segment| format!("/{}", query(segment))).collect::<String>(), parameters),
        ReadApi::Resource { resource, namespace, name, subresource, parameters } => {
            // A namespace is in no other: there the path says its name alone.
            let within = namespace.as_deref().filter(|_| resource.plural != "namespaces");
            let mut path = collection(resource, within);
            for part in [name, subresource].into_iter().filter(|part| !part.is_empty()) {
                path.push('/');
                path.push_str(&query(part));
            }
            (path, parameters)
        }
    };
    for (at, (key, value)) in parameters.iter().enumerate() {
        path.push(if at == 0 { '?' } else { '&' });
        path.push_str(&format!("{}={}", query(key), query(value)));
    }
    path
}

/// One part of a path without its escapes: any text that is one part to an API server as well (apimachinery, `IsValidPathSegmentName`).
fn segment(raw: &str) -> Result<String, Refusal> {
    let text = decoded(raw, false).ok_or_else(|| bad("path", "has an escape that is none"))?;
    match text.as_str() {
        "" => Err(bad("path", "has an empty part")),
        "." | ".." => Err(bad("path", "has a part that leads elsewhere")),
        text if text.chars().any(|letter| matches!(letter, '/' | '%' | '\\') || letter.is_control()) => Err(bad("path", "has a part that could be two")),
        text if text.len() > 1024 => Err(bad("path", "has a part that is too long")),
        _ => Ok(text),
    }
}

/// The pairs of a query as Go reads them (net/url, `ParseQuery`: `;` separates nothing and is refused).
fn parameters(raw: &str) -> Result<Vec<(String, String)>, Refusal> {
    if raw.len() > MAX_QUERY {
        return Err(bad("query", "is too long"));
    }
    let mut pairs = Vec::new();
    for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(key), Some(value)) = (decoded(key, true), decoded(value, true)) else { return Err(bad("query", "has an escape that is none")) };
        if key.is_empty() || !key.bytes().all(|letter| letter.is_ascii_alphanumeric()) {
            return Err(bad("query", "has a parameter that is none of Kubernetes'"));
        }
        if STREAMS.iter().any(|stream| key.eq_ignore_ascii_case(stream)) {
            return Err(Refusal::BadRequest {
                field: key,
                problem: "does not pass through here: streams have sockets of their own (/ws/watch, /ws/logs)".into(),
            });
        }
        pairs.push((key, value));
    }
    Ok(pairs)
}

/// Without `%XX`, and in queries with a space for `+`; none for what is no escape or no UTF-8.
fn decoded(raw: &str, is_query: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes().iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(*rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            b'+' if is_query => b' ',
            b';' if is_query => return None,
            byte => *byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn bad(field: &str, problem: &str) -> Refusal {
    Refusal::BadRequest { field: field.into(), problem: problem.into() }
}

#[cfg(test)]
mod tests;
