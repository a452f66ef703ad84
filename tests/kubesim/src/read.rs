//! get and list.

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use crate::answer;
use crate::clock::Clock;
use crate::failure::{Cause, Failure};
use crate::kinds::Kind;
use crate::negotiate::Form;
use crate::query::Query;
use crate::selection::Selection;
use crate::store::{Store, Stored, stored_head};
use crate::table;

/// How long a read waits for a version to come: apiserver's blockTimeout of the watch cache.
const WAIT_FOR_VERSION: Duration = Duration::from_secs(3);

/// Bytes of one chunk of a streamed list.
const CHUNK_BYTES: usize = 64 * 1024;

/// Answers a get.
///
/// # Errors
/// 404, and what a malformed or future resourceVersion gets.
pub(crate) async fn get(store: &Store, kind: &Kind, namespace: &str, name: &str, query: &Query, form: Form) -> Result<Response, Failure> {
    if let Some(text) = query.filled("resourceVersion") {
        let version = text.parse().map_err(|_| malformed_version(text, 500, ""))?;
        wait_for(store, version).await?;
    }
    let object = store.get(kind, namespace, name).ok_or_else(|| Failure::not_found(kind, name))?;
    Ok(one(200, kind, &object, form))
}

/// One object as an answer.
pub(crate) fn one(code: u16, kind: &Kind, object: &Stored, form: Form) -> Response {
    let mut out = BytesMut::with_capacity(object.len() + 64);
    match form {
        Form::Full => object.write_whole(&stored_head(kind), &mut out),
        Form::Partial | Form::PartialList => object.write_partial(&mut out),
        Form::Table(_) => return shown(code, kind, object.value(), form),
    }
    answer::text(code, "application/json", out.freeze())
}

/// One object that is not stored as an answer.
pub(crate) fn shown(code: u16, kind: &Kind, mut object: Value, form: Form) -> Response {
    let document = match form {
        Form::Full => {
            object["kind"] = json!(kind.kind);
            object["apiVersion"] = json!(kind.api_version());
            object
        }
        Form::Partial | Form::PartialList => json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]}),
        Form::Table(include) => table::of_one(kind, &object, include, true, Clock.now()),
    };
    answer::json(code, &document)
}

/// What a list is asked for.
struct Page {
    objects: Vec<Arc<Stored>>,
    version: u64,
    next: Option<String>,
    remaining: Option<usize>,
}

/// Answers a list.
///
/// # Errors
/// 400, 410, 422 and 504 as recorded for limit, continue, resourceVersion and selectors.
pub(crate) async fn list(store: &Store, kind: &Arc<Kind>, namespace: &str, query: &Query, form: Form) -> Result<Response, Failure> {
    if form == Form::Partial {
        let message = format!("you requested PartialObjectMetadata, but the requested object is a list (*core.{}List)", kind.kind);
        return Err(Failure::new(406, Some("NotAcceptable"), message));
    }
    let selection = Selection::parse(kind, namespace, query)?;
    check_options(query)?;
    let page = page(store, kind, &selection, query).await?;
    Ok(stream_page(kind.clone(), page, form))
}

async fn page(store: &Store, kind: &Kind, selection: &Selection, query: &Query) -> Result<Page, Failure> {
    let asked_version = query.filled("resourceVersion");
    let limit = query.number("limit")?.filter(|limit| *limit > 0 && asked_version != Some("0"));
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    let (version, objects, start) = match query.filled("continue") {
        Some(token) => continued(store, kind, selection, token, asked_version)?,
        None => {
            let (version, objects) = fresh(store, kind, selection, asked_version, query.get("resourceVersionMatch") == Some("Exact")).await?;
            (version, objects, String::new())
        }
    };
    let prefix = if selection.namespace.is_empty() { String::new() } else { format!("{}/", selection.namespace) };
    let mut left = objects.into_iter().filter(|object| {
        let key = object.key();
        key.strip_prefix(&prefix).unwrap_or(&key) >= start.as_str() && selection.matches(object)
    });
    let Some(limit) = limit else {
        return Ok(Page { objects: left.collect(), version, next: None, remaining: None });
    };
    let objects: Vec<Arc<Stored>> = left.by_ref().take(limit).collect();
    let remaining = left.count();
    let last = objects.last().map(|object| object.key()).unwrap_or_default();
    let next = (remaining > 0).then(|| continue_token(i64::try_from(version).unwrap_or_default(), last.strip_prefix(&prefix).unwrap_or(&last)));
    let remaining = (next.is_some() && !selection.selects()).then_some(remaining);
    Ok(Page { objects, version, next, remaining })
}

async fn fresh(store: &Store, kind: &Kind, selection: &Selection, asked: Option<&str>, exact: bool) -> Result<(u64, Vec<Arc<Stored>>), Failure> {
    let Some(text) = asked else {
        return Ok(store.list(kind, &selection.namespace));
    };
    let version: u64 = text.parse().map_err(|_| malformed_version(text, 400, "invalid resource version: "))?;
    wait_for(store, version).await?;
    if !exact {
        return Ok(store.list(kind, &selection.namespace));
    }
    let objects = store.list_at(kind, &selection.namespace, version);
    let objects = objects.map_err(|_| Failure::expired("The resourceVersion for the provided list is too old."))?;
    Ok((version, objects))
}

fn continued(store: &Store, kind: &Kind, selection: &Selection, token: &str, asked: Option<&str>) -> Result<(u64, Vec<Arc<Stored>>, String), Failure> {
    if asked.is_some_and(|version| version != "0") {
        return Err(Failure::bad_request("specifying resource version is not allowed when using continue"));
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.trim_end_matches('=')).or_else(|_| BASE64_STANDARD_NO_PAD.decode(token)).unwrap_or_default();
    let parsed: Value = serde_json::from_slice(&bytes).map_err(|_| {
        let first = bytes.first().map_or_else(String::new, |byte| quoted(*byte));
        Failure::bad_request(format!("invalid continue token: continue key is not valid: invalid character '{first}' looking for beginning of value"))
    })?;
    let start = parsed["start"].as_str().unwrap_or_default().trim_start_matches('/').to_owned();
    let Some(version) = parsed["rv"].as_u64() else {
        let (version, objects) = store.list(kind, &selection.namespace);
        return Ok((version, objects, start));
    };
    let objects = store.list_at(kind, &selection.namespace, version).map_err(|_| {
        let message = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";
        Failure::expired(message).continuing(&inconsistent_token(&start))
    })?;
    Ok((version, objects, start))
}

/// A byte in quotes, as encoding/json's quoteChar shows one: strconv.Quote of the rune of this number.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => "\\'".to_owned(),
        b'"' => "\"".to_owned(),
        b' '..=b'~' | 0xa1..=0xac | 0xae.. => char::from(byte).to_string(),
        0..0x80 => format!("\\x{byte:02x}"),
        _ => format!("\\u{byte:04x}"),
    }
}

/// The token with which a list goes on after an object.
pub(crate) fn continue_token(version: i64, last: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{{\"v\":\"meta.k8s.io/v1\",\"rv\":{version},\"start\":{}}}", json!(format!("/{last}\0"))))
}

/// rv -1 and no leading slash: recordings reading/continue-inconsistent.
fn inconsistent_token(start: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{{\"v\":\"meta.k8s.io/v1\",\"rv\":-1,\"start\":{}}}", json!(start)))
}

/// Waits until the store has reached a version.
async fn wait_for(store: &Store, version: u64) -> Result<(), Failure> {
    let deadline = tokio::time::Instant::now() + WAIT_FOR_VERSION;
    while store.version() < version {
        if tokio::time::Instant::now() >= deadline {
            let message = format!("Timeout: Too large resource version: {version}, current: {}", store.version());
            let details = json!({"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}], "retryAfterSeconds": 1});
            return Err(Failure::new(504, Some("Timeout"), message).details(details).retry_after(1));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Refusal of a resourceVersion that is no number.
pub(crate) fn malformed_version(text: &str, code: u16, prefix: &str) -> Failure {
    let message = format!("{prefix}resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax");
    Failure::new(code, (code == 400).then_some("BadRequest"), message)
}

/// apimachinery's ValidateListOptions, for lists.
fn check_options(query: &Query) -> Result<(), Failure> {
    let mut causes = Vec::new();
    let version = query.get("resourceVersion").unwrap_or_default();
    match query.get("resourceVersionMatch").unwrap_or_default() {
        "" => {}
        _ if version.is_empty() => {
            causes.push(forbidden("resourceVersionMatch", "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"));
        }
        "Exact" if version == "0" => {
            causes.push(forbidden("resourceVersionMatch", "Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
        }
        "Exact" | "NotOlderThan" => {}
        other => {
            let message = format!("Unsupported value: \"{other}\": supported values: \"Exact\", \"NotOlderThan\", \"\"");
            causes.push(Cause::new("FieldValueNotSupported", "resourceVersionMatch", message));
        }
    }
    if query.get("sendInitialEvents").is_some() {
        causes.push(forbidden("sendInitialEvents", "Forbidden: sendInitialEvents is forbidden for list"));
    }
    invalid_options(&causes)
}

/// A cause of a 422 for list options.
pub(crate) fn forbidden(field: &'static str, message: &str) -> Cause {
    Cause::new("FieldValueForbidden", field, message)
}

/// The 422 for list options, if there is a cause.
pub(crate) fn invalid_options(causes: &[Cause]) -> Result<(), Failure> {
    if causes.is_empty() { Ok(()) } else { Err(Failure::invalid("ListOptions", "meta.k8s.io", "", causes)) }
}

fn stream_page(kind: Arc<Kind>, page: Page, form: Form) -> Response {
    let (list_kind, api_version) = match form {
        Form::Full => (format!("{}List", kind.kind), kind.api_version()),
        Form::Partial | Form::PartialList | Form::Table(_) => ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned()),
    };
    let mut metadata = json!({"resourceVersion": page.version.to_string()});
    match page.next {
        Some(next) => metadata["continue"] = json!(next),
        // lists of custom resources have it always: recordings reading/orders-list
        None if kind.custom && form == Form::Full => metadata["continue"] = json!(""),
        None => {}
    }
    if let Some(remaining) = page.remaining {
        metadata["remainingItemCount"] = json!(remaining);
    }
    let head = match form {
        Form::Table(_) => table::head(&kind, &metadata),
        _ => format!("{{\"kind\":\"{list_kind}\",\"apiVersion\":\"{api_version}\",\"metadata\":{metadata},\"items\":["),
    };
    let item_head = kind.custom.then(|| stored_head(&kind));
    let now = Clock.now();
    let mut objects = page.objects.into_iter().enumerate();
    let mut first = Some(head);
    let mut done = false;
    let chunks = std::iter::from_fn(move || {
        if done {
            return None;
        }
        let mut out = BytesMut::with_capacity(CHUNK_BYTES + 8192);
        out.extend_from_slice(first.take().unwrap_or_default().as_bytes());
        while out.len() < CHUNK_BYTES {
            let Some((index, object)) = objects.next() else {
                out.extend_from_slice(b"]}");
                done = true;
                break;
            };
            if index > 0 {
                out.extend_from_slice(b",");
            }
            match (form, &item_head) {
                (Form::Full, Some(head)) => object.write_whole(head, &mut out),
                (Form::Full, None) => out.extend_from_slice(&object.item()),
                (Form::Partial | Form::PartialList, _) => object.write_partial(&mut out),
                (Form::Table(include), _) => out.extend_from_slice(table::row(&kind, &object.value(), include, now).to_string().as_bytes()),
            }
        }
        Some(Ok::<Bytes, std::io::Error>(out.freeze()))
    });
    answer::stream("application/json", futures::stream::iter(chunks))
}
