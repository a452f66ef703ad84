//! Requests as values.

use bytes::Bytes;
use http::Method;
use serde_json::Value;

/// One request, the same on both sides. A path that does not begin with `/` is one within the case's namespace of the core group; `{ns}` stands for that
/// namespace anywhere.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    pub(crate) identity: Identity,
}

/// Whose request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The administrator's, perhaps acting as somebody else.
    Administrator,
    /// Nobody's: no certificate and no token but what its headers say.
    Stranger,
}

/// `GET`.
pub fn get(path: impl Into<String>) -> Request {
    Request::new(Method::GET, path)
}

/// `POST` of a JSON document.
pub fn post(path: impl Into<String>, body: Value) -> Request {
    Request::new(Method::POST, path).json(&body)
}

/// `PUT` of a JSON document.
pub fn put(path: impl Into<String>, body: Value) -> Request {
    Request::new(Method::PUT, path).json(&body)
}

/// `PATCH`; `form` is `merge-patch`, `strategic-merge-patch` or `json-patch`.
pub fn patch(form: &str, path: impl Into<String>, body: Value) -> Request {
    Request::new(Method::PATCH, path).json(&body).header("content-type", format!("application/{form}+json"))
}

/// `DELETE` without options.
pub fn delete(path: impl Into<String>) -> Request {
    Request::new(Method::DELETE, path)
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: Bytes::new(), identity: Identity::Administrator }
    }

    /// With a JSON document as its body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.text("application/json", body.to_string())
    }

    /// With a body of some type.
    #[must_use]
    pub fn text(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    /// With a header; one that is there already is replaced, but for those of impersonation, which add up.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if !name.starts_with("impersonate-") {
            self.headers.retain(|(known, _)| *known != name);
        }
        self.headers.push((name, value.into()));
        self
    }

    /// With an `Accept` header.
    #[must_use]
    pub fn accept(self, media_type: &str) -> Self {
        self.header("accept", media_type)
    }

    /// As another user, by impersonation.
    #[must_use]
    pub fn as_user(self, user: &str) -> Self {
        self.header("impersonate-user", user)
    }

    /// By nobody that the cluster knows.
    #[must_use]
    pub fn as_stranger(mut self) -> Self {
        self.identity = Identity::Stranger;
        self
    }

    /// The path with the namespace in it.
    pub(crate) fn path_in(&self, namespace: &str) -> String {
        let path = if self.path.starts_with('/') { self.path.clone() } else { format!("/api/v1/namespaces/{{ns}}/{}", self.path) };
        path.replace("{ns}", namespace)
    }
}
