//! Everything that is refused, in Kubernetes' words: a `Status` object and its HTTP code.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::kinds::Kind;

/// A refusal. Its words are those of kube-apiserver 1.36.2 as recorded.
#[derive(Clone, Debug)]
pub(crate) struct Failure(Box<Words>);

#[derive(Clone, Debug)]
struct Words {
    code: u16,
    reason: Option<&'static str>,
    message: String,
    details: Option<Value>,
    retry_after_seconds: Option<u64>,
    metadata: Value,
    plain: bool,
    /// What a node says passes through without the server's own headers.
    of_node: bool,
    /// Refused by a filter before the handlers: net/http's own way to say so.
    by_filter: bool,
}

impl Failure {
    /// Any refusal that has no constructor of its own.
    pub(crate) fn new(code: u16, reason: Option<&'static str>, message: impl Into<String>) -> Self {
        Self(Box::new(Words {
            code,
            reason,
            message: message.into(),
            details: None,
            retry_after_seconds: None,
            metadata: json!({}),
            plain: false,
            of_node: false,
            by_filter: false,
        }))
    }

    /// With another text.
    pub(crate) fn with_message(mut self, message: String) -> Self {
        self.0.message = message;
        self
    }

    /// With `details`.
    pub(crate) fn details(mut self, details: Value) -> Self {
        self.0.details = Some(details);
        self
    }

    /// With a `Retry-After` header.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// With `metadata.continue`, as an expired continue token gets it.
    pub(crate) fn continuing(mut self, token: &str) -> Self {
        self.0.metadata = json!({ "continue": token });
        self
    }

    /// The answer of the generic 404 handler and of the node: plain text.
    pub(crate) fn plain(code: u16, text: impl Into<String>) -> Self {
        let mut failure = Self::new(code, None, text);
        failure.0.plain = true;
        failure
    }

    /// The answer of a node, which the server passes on.
    pub(crate) fn of_node(code: u16, text: impl Into<String>) -> Self {
        let mut failure = Self::plain(code, text);
        failure.0.of_node = true;
        failure
    }

    /// Refused by a filter in front of the handlers.
    pub(crate) fn by_filter(mut self) -> Self {
        self.0.by_filter = true;
        self
    }

    pub(crate) fn page_not_found() -> Self {
        Self::plain(404, "404 page not found\n")
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, Some("Unauthorized"), "Unauthorized")
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, Some("BadRequest"), message)
    }

    pub(crate) fn no_such_resource() -> Self {
        Self::new(404, Some("NotFound"), "the server could not find the requested resource").details(json!({}))
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(405, Some("MethodNotAllowed"), "the server does not allow this method on the requested resource").details(json!({}))
    }

    /// What a real server would answer and this one does not know: never invented.
    pub(crate) fn not_simulated(what: &str) -> Self {
        Self::new(501, Some("NotImplemented"), format!("kubesim does not simulate {what}"))
    }

    pub(crate) fn not_found(kind: &Kind, name: &str) -> Self {
        Self::new(404, Some("NotFound"), format!("{} \"{name}\" not found", kind.group_resource())).details(named(kind, name))
    }

    pub(crate) fn already_exists(kind: &Kind, name: &str) -> Self {
        Self::new(409, Some("AlreadyExists"), format!("{} \"{name}\" already exists", kind.group_resource())).details(named(kind, name))
    }

    pub(crate) fn conflict(kind: &Kind, name: &str, why: &str) -> Self {
        Self::new(409, Some("Conflict"), format!("Operation cannot be fulfilled on {} \"{name}\": {why}", kind.group_resource())).details(named(kind, name))
    }

    pub(crate) fn modified(kind: &Kind, name: &str) -> Self {
        Self::conflict(kind, name, "the object has been modified; please apply your changes to the latest version and try again")
    }

    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, Some("Expired"), message)
    }

    pub(crate) fn unsupported_media_type(message: &str) -> Self {
        Self::new(415, Some("UnsupportedMediaType"), message).details(json!({}))
    }

    /// 422 with one cause for each field.
    pub(crate) fn invalid(kind: &str, group: &str, name: &str, causes: &[Cause]) -> Self {
        let shown = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        let mut texts: Vec<String> = causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        // a cause that was found twice is said once
        texts.dedup();
        let what = match texts.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let mut details = Map::new();
        for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
            if !value.is_empty() {
                details.insert(key.to_owned(), json!(value));
            }
        }
        let list: Vec<Value> = causes.iter().map(|cause| json!({"reason": cause.reason, "message": cause.message, "field": cause.field})).collect();
        details.insert("causes".to_owned(), Value::Array(list));
        Self::new(422, Some("Invalid"), format!("{shown} \"{name}\" is invalid: {what}")).details(Value::Object(details))
    }

    /// The HTTP code.
    pub(crate) fn code(&self) -> u16 {
        self.0.code
    }

    /// The text of the refusal.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// The `Status` object.
    pub(crate) fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": self.0.metadata, "status": "Failure", "message": self.0.message, "code": self.0.code,
        });
        if let Some(reason) = self.0.reason {
            status["reason"] = json!(reason);
        }
        if let Some(details) = &self.0.details {
            status["details"] = details.clone();
        }
        status
    }
}

/// One cause of a 422.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) field: Cow<'static, str>,
}

impl Cause {
    pub(crate) fn new(reason: &'static str, field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), field: field.into() }
    }
}

fn named(kind: &Kind, name: &str) -> Value {
    let mut details = json!({"name": name, "kind": kind.plural});
    if !kind.group.is_empty() {
        details["group"] = json!(kind.group);
    }
    details
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (body, content_type) =
            if self.0.plain { (self.0.message.clone(), "text/plain; charset=utf-8") } else { (self.status().to_string(), "application/json") };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(self.0.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if !self.0.of_node {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
        }
        if (self.0.plain && !self.0.of_node) || self.0.by_filter {
            headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        }
        if let Some(seconds) = self.0.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
