//! An answer of the Kubernetes API as the API server gave it, asked for in the person's own name. Values of Secrets are masked on the way.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use krateyard_shared::refusal::Refusal;
use serde_json::Value;

use crate::authorize::{Permit, ReadApi};
use crate::clusters::MAX_ANSWER;
use crate::config::Limits;
use crate::object;
use crate::refuse::{self, Actor, Asked};
use crate::{impersonate, path};

/// What a browser may say to an API server. Compression is between us and it.
const ASKED: [HeaderName; 2] = [header::ACCEPT, header::IF_NONE_MATCH];
/// What an API server may say to a browser.
const ANSWERED: [HeaderName; 6] =
    [header::CONTENT_TYPE, header::ETAG, header::RETRY_AFTER, header::WARNING, HeaderName::from_static("audit-id"), header::ALLOW];
/// Forms of an answer that a browser takes for nothing else; what an aggregated API answers besides is bytes.
const TYPES: [&str; 7] = [
    "application/json",
    "application/yaml",
    "application/cbor",
    "application/vnd.kubernetes.protobuf",
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
    "application/com.github.proto-openapi.spec.v3.v1.0+protobuf",
    "text/plain",
];

/// Asks, and gives the answer on as it comes: its status, a few of its headers, its body up to `Limits::answer_bytes`. A body that turns out longer breaks
/// off: the connection ends before the body does, so that nobody takes a part for the whole.
///
/// # Errors
/// `UpstreamDown` where nothing answers; `BadRequest` for a form in which values of Secrets cannot be masked; `Rejected` for an answer that says of itself that
/// it is too long; `ProxyForbidden` where krateyard may not act for the person. What the API server itself refuses is its answer.
pub(crate) async fn open(permit: Permit<ReadApi>, sent: &HeaderMap) -> Result<Response, Refusal> {
    let target = permit.target();
    let is_secret = matches!(target, ReadApi::Resource { resource, .. } if resource.group.is_empty() && resource.plural == "secrets");
    let mut request = impersonate::request(&permit, Method::GET, &path::api::written(target))?;
    for name in ASKED {
        for value in sent.get_all(&name) {
            request.headers_mut().append(&name, value.clone());
        }
    }
    if is_secret {
        request.headers_mut().remove(header::IF_NONE_MATCH);
        request.headers_mut().insert(header::ACCEPT, json_of(sent)?);
    }
    let (verb, resource, namespace, name) = words(target);
    let asked = Asked { actor: Actor::Person, verb, resource, namespace, name };
    let answer = permit.cluster().send(request, &asked).await?;
    match answer.status() {
        // Of krateyard's own credentials: the person's session is as good as before.
        StatusCode::UNAUTHORIZED => return Err(permit.cluster().refused(answer, &asked).await),
        StatusCode::FORBIDDEN => return forbidden(answer, &permit, &asked).await,
        _ => {}
    }
    let length = answer.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let (head, body) = (head(&answer), answer.into_body());
    if is_secret && head.status().is_success() {
        let whole = Limited::new(body, MAX_ANSWER).collect();
        let whole = tokio::time::timeout(permit.cluster().limits.upstream_timeout, whole).await;
        let whole = whole.map_err(|_| Refusal::UpstreamDown { cause: "its answer does not end".into() })?;
        let whole = whole.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
            Some(_) => too_long(MAX_ANSWER),
            None => Refusal::UpstreamDown { cause: refuse::cause(error.as_ref()) },
        })?;
        let mut value = serde_json::from_slice(&whole.to_bytes()).map_err(|_| Refusal::UpstreamDown { cause: "its answer is no JSON".into() })?;
        mask(&mut value);
        return Ok(head.map(|()| Body::from(value.to_string())));
    }
    let Limits { answer_bytes, upstream_timeout, .. } = permit.cluster().limits;
    if length.is_some_and(|length| length > answer_bytes) {
        return Err(too_long(answer_bytes));
    }
    Ok(head.map(|()| Body::from_stream(bounded(body.into_data_stream(), answer_bytes, upstream_timeout, permit))))
}

/// Pieces of a body as long as they come in time and are not too many. `held` is what the stream rests on.
fn bounded<T, E: std::error::Error + 'static>(
    body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    longest: usize,
    patience: Duration,
    held: T,
) -> impl Stream<Item = io::Result<Bytes>> {
    stream::unfold(Some((body, longest, held)), move |state| async move {
        let (mut body, left, held) = state?;
        let broken = |why: String| {
            tracing::warn!(why, "an answer that passes through was broken off");
            Some((Err(io::Error::other(why)), None))
        };
        match tokio::time::timeout(patience, body.next()).await {
            Err(_) => broken("nothing came for too long".into()),
            Ok(None) => None,
            Ok(Some(Err(error))) => broken(refuse::cause(&error)),
            Ok(Some(Ok(piece))) => match left.checked_sub(piece.len()) {
                Some(left) => Some((Ok(piece), Some((body, left, held)))),
                None => broken(format!("it is longer than {longest} bytes")),
            },
        }
    })
}

/// A 403 passes, unless it is krateyard that may not act for the person.
async fn forbidden(answer: http::Response<kube::client::Body>, permit: &Permit<ReadApi>, asked: &Asked<'_>) -> Result<Response, Refusal> {
    let head = head(&answer);
    let body = tokio::time::timeout(permit.cluster().limits.upstream_timeout, Limited::new(answer.into_body(), MAX_ANSWER).collect()).await;
    let body = body.ok().and_then(Result::ok).map(|body| body.to_bytes()).unwrap_or_default();
    match refuse::of_status(&crate::clusters::status_of(StatusCode::FORBIDDEN, &body), asked) {
        refusal @ Refusal::ProxyForbidden { .. } => Err(refusal),
        _ => Ok(head.map(|()| Body::from(body))),
    }
}

/// Status and headers, without the body.
fn head(answer: &http::Response<kube::client::Body>) -> Response<()> {
    let mut head = Response::new(());
    *head.status_mut() = answer.status();
    for name in ANSWERED {
        for value in answer.headers().get_all(&name) {
            head.headers_mut().append(&name, value.clone());
        }
    }
    let essence = |value: &HeaderValue| value.to_str().ok().and_then(|text| text.split(';').next()).is_some_and(|essence| TYPES.contains(&essence.trim()));
    if answer.headers().get(header::CONTENT_TYPE).is_some_and(|value| !essence(value)) {
        head.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    }
    // Kept by nobody but the one who asked, and asked for again by its tag.
    head.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    head.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept, Cookie, Authorization"));
    head
}

/// Of the forms that are accepted those in JSON: only there values can be masked.
fn json_of(sent: &HeaderMap) -> Result<HeaderValue, Refusal> {
    let sent: Vec<&str> =
        sent.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).map(str::trim).collect();
    let essence = |form: &str| form.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let json = sent.iter().filter_map(|form| match essence(form).as_str() {
        "application/json" => Some(*form),
        "*/*" | "application/*" => Some("application/json"),
        _ => None,
    });
    let json = json.collect::<Vec<_>>().join(",");
    match (json.is_empty(), sent.is_empty()) {
        (true, false) => Err(Refusal::BadRequest { field: "accept".into(), problem: "secrets come as JSON here, so that their values can be masked".into() }),
        (true, true) => Ok(HeaderValue::from_static("application/json")),
        (false, _) => HeaderValue::try_from(json).map_err(|_| Refusal::BadRequest { field: "accept".into(), problem: "is no list of media types".into() }),
    }
}

fn too_long(bytes: usize) -> Refusal {
    Refusal::Rejected { message: format!("the answer is longer than {bytes} bytes: ask with a limit") }
}

/// Masks a Secret, a list of them, or a Table, whatever of each object it holds.
fn mask(answer: &mut Value) {
    object::mask_secret(answer);
    for item in answer.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
        object::mask_secret(item);
    }
    for row in answer.get_mut("rows").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(object) = row.get_mut("object") {
            object::mask_secret(object);
        }
    }
}

/// Verb, resource, namespace and name.
fn words(target: &ReadApi) -> (&'static str, String, Option<&str>, &str) {
    match target {
        ReadApi::Document { segments, .. } => ("get", format!("/{}", segments.join("/")), None, ""),
        ReadApi::Resource { resource, namespace, name, .. } => (if name.is_empty() { "list" } else { "get" }, resource.to_string(), namespace.as_deref(), name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_that_is_too_long_or_stops_breaks_off_instead_of_ending() {
        let piece = || Ok::<_, io::Error>(Bytes::from_static(b"0123456789"));
        let whole = bounded(stream::iter([piece(), piece()]), 20, Duration::from_secs(1), ()).collect::<Vec<_>>().await;
        assert!(whole.len() == 2 && whole.iter().all(Result::is_ok));
        let long = bounded(stream::iter([piece(), piece(), piece()]), 29, Duration::from_secs(1), ()).collect::<Vec<_>>().await;
        assert!(long.len() == 3 && long[2].is_err(), "{long:?}");
        let stopped = bounded(stream::iter([piece()]).chain(stream::pending()), 20, Duration::from_millis(10), ()).collect::<Vec<_>>().await;
        assert!(stopped.len() == 2 && stopped[1].is_err(), "{stopped:?}");
    }
}
