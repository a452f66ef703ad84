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
    serde_json::from_slice(&bytes).map_err(|error| {
        let why = go_words(&bytes, &error);
        Failure::bad_request(if patches {
            format!("error decoding patch: {why}")
        } else {
            let shown = if bytes.is_empty() { "<empty>".into() } else { String::from_utf8_lossy(&bytes) };
            format!("the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: {why} ({shown})", kind.kind)
        })
    })
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
