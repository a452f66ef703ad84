//! Responses, with the headers that every answer of the server has.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::Stream;
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

/// A JSON document.
pub(crate) fn json(code: u16, body: &Value) -> Response {
    text(code, "application/json", body.to_string())
}

/// A text of some type.
pub(crate) fn text(code: u16, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    if content_type.starts_with("text/plain;") {
        response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    response
}

/// No body.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

/// A body that comes as it is made.
pub(crate) fn stream(content_type: &'static str, chunks: impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static) -> Response {
    text(200, content_type, Body::from_stream(chunks))
}
