//! How an answer is written: compact JSON, indented JSON, or YAML.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

use crate::negotiate::{Encoding, encoding};
use crate::query::Query;

/// Writes a whole JSON answer as the request wants it; streams and other answers stay as they are.
pub(crate) async fn encode(response: Response, headers: &HeaderMap, query: &Query) -> Response {
    let wanted = match encoding(headers) {
        Encoding::Json if is_pretty(headers, query) => Written::Pretty,
        Encoding::Json => return response,
        Encoding::Yaml => Written::Yaml,
    };
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == "application/json");
    if !is_json || query.is_true("watch") {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // the body is our own: it cannot fail to come
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Ok(value) = serde_json::from_slice::<Value>(&bytes) else { return Response::from_parts(parts, Body::from(bytes)) };
    let text = match wanted {
        Written::Pretty => pretty(&value),
        Written::Yaml => {
            parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/yaml"));
            Bytes::from(crate::yaml::write(&value))
        }
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(text))
}

enum Written {
    Pretty,
    Yaml,
}

/// apiserver's isPretty: asked for, or by the client's name.
fn is_pretty(headers: &HeaderMap, query: &Query) -> bool {
    if query.get("pretty").is_some() {
        return query.is_true("pretty");
    }
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    ["curl", "Wget", "Mozilla/5.0"].iter().any(|name| agent.starts_with(name))
}

fn pretty(value: &Value) -> Bytes {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b"  "));
    // writing JSON into memory cannot fail
    let _ = serde::Serialize::serialize(value, &mut serializer);
    Bytes::from(out)
}
