//! The app inside the program (feature `embed`, `build.rs`).

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, Request, StatusCode, header};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// A file by its path, without the first `/`.
pub(super) fn find(path: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(name, _)| *name == path).map(|(_, bytes)| *bytes)
}

/// Answers as a folder would.
pub(super) fn answer(request: &Request<Body>) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let Some(bytes) = find(path) else {
        let mut missing = Response::new(Body::empty());
        *missing.status_mut() = StatusCode::NOT_FOUND;
        return missing;
    };
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(of_name(path)));
    response
}

fn of_name(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "png" => "image/png",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
