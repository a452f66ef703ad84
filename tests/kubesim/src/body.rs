//! Bodies of requests: JSON, and protobuf where kubectl sends it.

use axum::body::Body;
use http::request::Parts;
use http::{Method, header};
use serde_json::Value;

use crate::failure::Failure;
use crate::kinds::Kind;
use crate::protobuf::{self, Unreadable};
use crate::write::PatchType;

/// `--max-request-body-bytes`: recordings misc/413.
const LONGEST: usize = 3 * 1024 * 1024;

/// The body as JSON; null when there is none.
///
/// # Errors
/// 400, 413 and 415 as recorded, 501 for forms that a real server reads and this one does not.
pub(crate) async fn read(parts: &Parts, body: Body, kind: &Kind) -> Result<Value, Failure> {
    if matches!(parts.method, Method::GET) {
        return Ok(Value::Null);
    }
    let patches = parts.method == Method::PATCH;
    let media_type = media_type(parts);
    if patches {
        PatchType::of(kind, media_type)?;
    } else if matches!(media_type, "application/yaml" | "application/cbor") {
        return Err(Failure::not_simulated(&format!("bodies as {media_type}")));
    } else if parts.method != Method::DELETE && !matches!(media_type, "" | "application/json" | "application/vnd.kubernetes.protobuf") {
        let message = "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf";
        return Err(Failure::new(415, Some("UnsupportedMediaType"), message));
    }
    let too_long = || Failure::new(413, Some("RequestEntityTooLarge"), format!("Request entity too large: limit is {LONGEST}"));
    let bytes = axum::body::to_bytes(body, LONGEST).await.map_err(|_| too_long())?;
    if bytes.is_empty() && !matches!(parts.method, Method::POST | Method::PUT) {
        return Ok(Value::Null);
    }
    if media_type == "application/vnd.kubernetes.protobuf" {
        return protobuf::decode(&bytes).map_err(|why| match why {
            Unreadable::Broken => Failure::bad_request("the body could not be read as protobuf"),
            Unreadable::Unknown(kind) => Failure::not_simulated(&format!("a {kind} as {media_type}")),
        });
    }
    let parsed: Result<Value, String> =
        serde_json::from_slice(&bytes).map_err(|error| go_words(&bytes, &error)).and_then(|value| object(value, parts, media_type));
    if let Ok(value) = &parsed
        && kind.custom
        && matches!(parts.method, Method::POST | Method::PUT)
        && let Some(field) = ["kind", "apiVersion"].into_iter().find(|field| value[*field].as_str().is_none_or(str::is_empty))
    {
        let (named, text) = (if field == "kind" { "Kind" } else { field }, String::from_utf8_lossy(&bytes));
        let why = format!("Object '{named}' is missing in '{text}' ({})", summary(&bytes));
        return Err(Failure::bad_request(format!("the object provided is unrecognized (must be of type {}): {why}", kind.kind)));
    }
    parsed.map_err(|why| {
        Failure::bad_request(match parts.method {
            Method::PATCH => format!("error decoding patch: {why}"),
            Method::DELETE => format!("couldn't get version/kind; json parse error: {why}"),
            _ => format!(
                "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: {why} ({})",
                kind.kind,
                summary(&bytes)
            ),
        })
    })
}

/// Only JSON patches are arrays; null is an empty object to Go.
fn object(value: Value, parts: &Parts, media_type: &str) -> Result<Value, String> {
    if value.is_object() || value.is_null() || media_type == "application/json-patch+json" {
        return Ok(value);
    }
    let wanted = match parts.method {
        Method::PATCH => "map[string]interface {}",
        _ => r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#,
    };
    Err(format!("json: cannot unmarshal {} into Go value of type {wanted}", crate::write::go_type(&value)))
}

/// apiserver's summarizeData: what is an object as text, anything else as hexadecimal digits.
fn summary(bytes: &[u8]) -> String {
    const LONGEST: usize = 30;
    let cut = &bytes[..bytes.len().min(LONGEST)];
    let more = if bytes.len() > LONGEST { " ..." } else { "" };
    match bytes.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{more}", String::from_utf8_lossy(cut)),
        Some(_) => format!("{}{more}", cut.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    }
}

/// The media type of a body, without parameters.
pub(crate) fn media_type(parts: &Parts) -> &str {
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim()
}

/// A syntax error in the words of Go's encoding/json.
fn go_words(bytes: &[u8], error: &serde_json::Error) -> String {
    let line = bytes.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let culprit = line.get(error.column().saturating_sub(1)).copied().map_or(' ', char::from);
    let text = error.to_string();
    let place = match () {
        () if error.is_eof() => return "unexpected end of JSON input".to_owned(),
        () if text.starts_with("key must be a string") => "looking for beginning of object key string",
        () if text.starts_with("trailing characters") => "after top-level value",
        () if text.starts_with("expected `:`") => "after object key",
        () if text.starts_with("expected `,` or `}`") => "after object key:value pair",
        () if text.starts_with("expected `,` or `]`") => "after array element",
        () => "looking for beginning of value",
    };
    format!("invalid character '{culprit}' {place}")
}
