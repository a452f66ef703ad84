//! The app's files: precompressed, hashed ones for ever, `index.html` for every page of the app; and the headers that keep a page safe.

mod csp;
mod embedded;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use krateyard_shared::refusal::Refusal;
use tower::ServiceExt;
use tower_http::services::ServeDir;

use crate::refuse::Refused;

/// The built app, as it was found at the start.
#[derive(Clone)]
pub(crate) struct StaticFiles {
    source: Source,
    policy: Arc<str>,
}

#[derive(Clone)]
enum Source {
    Folder(Box<ServeDir>),
    /// Inside this program.
    Embedded,
}

impl StaticFiles {
    /// Reads `index.html` for the hashes of its scripts; everything else is read as it is asked for.
    ///
    /// # Errors
    /// When there is no `index.html`.
    pub(crate) fn open(folder: &Path) -> std::io::Result<StaticFiles> {
        let index: PathBuf = folder.join("index.html");
        let policy = csp::policy(&std::fs::read_to_string(index)?);
        let dir = ServeDir::new(folder).append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
        Ok(StaticFiles { source: Source::Folder(Box::new(dir)), policy: policy.into() })
    }

    /// The app inside this program, where it was built with one.
    pub(crate) fn embedded() -> Option<StaticFiles> {
        let html = std::str::from_utf8(embedded::find("index.html")?).ok()?;
        Some(StaticFiles { source: Source::Embedded, policy: csp::policy(html).into() })
    }
}

/// The content security policy of every answer.
pub(crate) fn policy(files: Option<&StaticFiles>) -> Arc<str> {
    files.map_or_else(|| csp::policy("").into(), |files| files.policy.clone())
}

/// Answers what no route takes.
pub(crate) async fn serve(files: Option<StaticFiles>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let missing = || Refused(Refusal::NotFound { what: path.chars().take(200).collect() }).into_response();
    let Some(files) = files.filter(|_| matches!(*request.method(), Method::GET | Method::HEAD)) else { return missing() };
    let Some(kind) = Kind::of(&path) else { return missing() };
    let request = match kind {
        Kind::Page => {
            let mut page = Request::builder().method(request.method()).uri(Uri::from_static("/index.html")).body(Body::empty()).expect("a constant");
            *page.headers_mut() = request.headers().clone();
            page
        }
        Kind::Hashed | Kind::File => request,
    };
    let mut response = match files.source {
        Source::Folder(dir) => match dir.oneshot(request).await {
            Ok(response) => response.map(Body::new),
        },
        Source::Embedded => embedded::answer(&request),
    };
    if !(response.status().is_success() || response.status().is_redirection()) {
        return missing();
    }
    // Trunk names a file by its content: under that name it never changes. Others are asked for again, cheaply.
    let cache = if kind == Kind::Hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A page of the app: `index.html` answers.
    Page,
    /// A file whose name holds the hash of its content.
    Hashed,
    /// Any other file.
    File,
}

impl Kind {
    fn of(path: &str) -> Option<Kind> {
        let mut segments = path.split('/').skip(1).peekable();
        if matches!(segments.peek(), Some(&"api" | &"ws" | &"k8s")) || segments.any(|segment| segment.starts_with('.')) {
            return None;
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        Some(match name {
            "index.html" => Kind::Page,
            name if has_hash(name) => Kind::Hashed,
            name if name.contains('.') => Kind::File,
            _ => Kind::Page,
        })
    }
}

/// `-[0-9a-f]{16}` before `.` or `_`, as Trunk names files.
fn has_hash(name: &str) -> bool {
    name.split(['.', '_']).any(|part| {
        let hash = part.rsplit_once('-').map_or("", |(_, hash)| hash);
        hash.len() == 16 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Adds the headers that keep a page safe to an answer.
pub(crate) async fn harden(State(policy): State<Arc<str>>, mut response: Response) -> Response {
    let headers: &mut HeaderMap = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_without_an_extension_is_a_page_and_hidden_files_are_nothing() {
        for (path, kind) in [
            ("/", Some(Kind::Page)),
            ("/index.html", Some(Kind::Page)),
            ("/yard/web", Some(Kind::Page)),
            ("/favicon.svg", Some(Kind::File)),
            ("/krateyard-app-0123456789abcdef.js", Some(Kind::Hashed)),
            ("/krateyard-app-0123456789abcdef_bg.wasm", Some(Kind::Hashed)),
            ("/krateyard-app-0123456789abcdeg.js", Some(Kind::File)),
            ("/.env", None),
            ("/assets/.git/config", None),
            ("/../etc/passwd", None),
            ("/api/nosuch", None),
            ("/ws/nosuch", None),
            ("/k8s", None),
            ("/apiary", Some(Kind::Page)),
        ] {
            assert_eq!(Kind::of(path), kind, "{path}");
        }
    }
}
