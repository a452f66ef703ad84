//! Faults on demand: what goes wrong with the requests that match, a number of times or until it is taken back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::watch;

use crate::answer;
use crate::failure::Failure;
use crate::server::Connection;
use crate::target::Attributes;

/// A kind of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// One object.
    Get,
    /// A list.
    List,
    /// A watch.
    Watch,
    /// A log.
    Log,
    /// An exec.
    Exec,
    /// A POST to a review: TokenReview, SubjectAccessReview and the like.
    Review,
    /// Any other change.
    Write,
    /// Paths that are no resources: discovery, version, health.
    Path,
}

/// Which requests go wrong; what is not said matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Matching {
    /// HTTP method.
    pub method: Option<String>,
    /// Beginning of the path; `*` stands for any characters: `/api/v1/namespaces/*/pods`.
    pub path: Option<String>,
    /// Kind of request.
    pub class: Option<Class>,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// The connection is closed without an answer.
    Close,
    /// The answer comes so many milliseconds late.
    Delay(u64),
    /// So many bytes of the body come, then the connection is closed.
    HalfBody(usize),
    /// So many bytes of the body come, then nothing, and the connection stays open.
    Stall(usize),
    /// 410: an ERROR event in a watch, an HTTP answer otherwise.
    Gone,
    /// 410 as an HTTP answer to a watch as well.
    GoneHttp,
    /// A watch begins so many versions before the one that was asked for: changes that the client knows come again, in their order. An API server does so for
    /// whoever goes on from an older version, such as that of the last bookmark; it never swaps the changes of one object.
    Again(u64),
    /// A watch tells changes that come at once in another order: each two of different objects change places, and versions. The changes of one object stay in order.
    Swap,
    /// 429 with Retry-After in seconds.
    TooManyRequests(u64),
    /// 500.
    InternalError,
    /// 503.
    Unavailable,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
}

/// A fault: which requests, what, and how often (none: until it is removed).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Which requests.
    #[serde(default)]
    pub matching: Matching,
    /// What goes wrong with them.
    pub effect: Effect,
    /// How many requests it still strikes; none for all.
    #[serde(default)]
    pub count: Option<u32>,
}

impl Fault {
    /// Strikes every request of a class.
    pub fn on(class: Class, effect: Effect) -> Self {
        Self { matching: Matching { class: Some(class), ..Matching::default() }, effect, count: None }
    }

    /// Strikes every request whose path begins so.
    pub fn at(path: &str, effect: Effect) -> Self {
        Self { matching: Matching { path: Some(path.to_owned()), ..Matching::default() }, effect, count: None }
    }

    /// Only so many times.
    pub fn times(self, count: u32) -> Self {
        Self { count: Some(count), ..self }
    }
}

/// A fault that is set.
#[derive(Clone, Debug, Serialize)]
pub struct SetFault {
    /// To remove it by.
    pub id: u64,
    /// The fault with what is left of its count.
    #[serde(flatten)]
    pub fault: Fault,
    /// Requests that it has struck.
    pub struck: u64,
}

/// The faults of one server.
#[derive(Clone, Debug)]
pub struct Faults(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    set: Mutex<(u64, Vec<SetFault>)>,
    frozen: watch::Sender<bool>,
}

impl Default for Faults {
    fn default() -> Self {
        Self(Arc::new(Inner { set: Mutex::default(), frozen: watch::Sender::new(false) }))
    }
}

impl Faults {
    /// Sets a fault; answers its id. Of several that match, the one set first strikes.
    pub fn set(&self, fault: Fault) -> u64 {
        let mut set = self.0.set.lock().unwrap_or_else(PoisonError::into_inner);
        set.0 += 1;
        let id = set.0;
        set.1.push(SetFault { id, fault, struck: 0 });
        id
    }

    /// Takes a fault back; says whether it was set.
    pub fn remove(&self, id: u64) -> bool {
        let mut set = self.0.set.lock().unwrap_or_else(PoisonError::into_inner);
        let before = set.1.len();
        set.1.retain(|fault| fault.id != id);
        set.1.len() < before
    }

    /// Takes all faults back, and thaws.
    pub fn clear(&self) {
        self.0.set.lock().unwrap_or_else(PoisonError::into_inner).1.clear();
        self.freeze(false);
    }

    /// All faults, used up ones included.
    pub fn all(&self) -> Vec<SetFault> {
        self.0.set.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// Holds all streams back, open ones too (watches, logs, long lists), until they are thawed: connected and silent.
    pub fn freeze(&self, frozen: bool) {
        self.0.frozen.send_replace(frozen);
    }

    /// The effect on a request, which uses up one of the fault's count.
    pub(crate) fn strike(&self, method: &str, path: &str, asked: &Attributes) -> Option<Effect> {
        let class = class(asked);
        let mut set = self.0.set.lock().unwrap_or_else(PoisonError::into_inner);
        let found = set.1.iter_mut().find(|set| set.fault.count != Some(0) && set.fault.matching.matches(method, path, class))?;
        found.struck += 1;
        if let Some(count) = &mut found.fault.count {
            *count -= 1;
        }
        Some(found.fault.effect.clone())
    }

    /// A body that waits while streams are frozen.
    pub(crate) fn freezable(&self, body: Body) -> Body {
        let frozen = self.0.frozen.subscribe();
        let chunks = stream::unfold((body.into_data_stream(), frozen), |(mut chunks, mut frozen)| async move {
            let chunk = chunks.next().await?;
            // the sender lives as long as the server
            let _ = frozen.wait_for(|frozen| !frozen).await;
            Some((chunk, (chunks, frozen)))
        });
        Body::from_stream(chunks)
    }
}

impl Matching {
    fn matches(&self, method: &str, path: &str, class: Class) -> bool {
        self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.class.is_none_or(|wanted| wanted == class)
            && self.path.as_ref().is_none_or(|wanted| begins(path, wanted))
    }
}

/// Whether a path begins with a pattern in which `*` stands for anything.
fn begins(path: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

fn class(asked: &Attributes) -> Class {
    if !asked.is_resource() {
        return Class::Path;
    }
    match (asked.verb.as_str(), asked.subresource.as_str()) {
        (_, "log") => Class::Log,
        (_, "exec") => Class::Exec,
        ("get", _) => Class::Get,
        ("list", _) => Class::List,
        ("watch", _) => Class::Watch,
        _ if asked.resource.ends_with("reviews") => Class::Review,
        _ => Class::Write,
    }
}

impl Effect {
    /// What is answered instead; none when the true answer is made and then spoilt by [`Self::spoil`].
    pub(crate) async fn instead(&self, asked: &Attributes, connection: Option<&Connection>) -> Option<Response> {
        let failure = match self {
            Self::Close => {
                if let Some(connection) = connection {
                    connection.cut();
                }
                // the connection is dropped, and this with it
                return std::future::pending().await;
            }
            Self::Delay(milliseconds) => {
                tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
                return None;
            }
            Self::HalfBody(_) | Self::Stall(_) | Self::Again(_) | Self::Swap => return None,
            Self::Gone if asked.verb == "watch" => {
                let status = expired().status();
                return Some(answer::text(200, "application/json", format!("{}\n", json!({"type": "ERROR", "object": status}))));
            }
            Self::Gone | Self::GoneHttp => expired(),
            Self::TooManyRequests(seconds) => {
                let details = json!({"retryAfterSeconds": seconds});
                Failure::new(429, Some("TooManyRequests"), "Too many requests, please try again later.").details(details).retry_after(*seconds)
            }
            Self::InternalError => Failure::new(500, Some("InternalError"), "Internal error occurred: etcdserver: request timed out"),
            Self::Unavailable => Failure::new(503, Some("ServiceUnavailable"), "the server is currently unable to handle the request"),
            Self::Unauthorized => Failure::unauthorized(),
            Self::Forbidden => crate::access::forbidden_because(asked, "a fault of the simulator"),
        };
        Some(failure.into_response())
    }

    /// Spoils a body that was to be whole.
    pub(crate) fn spoil(&self, response: Response, connection: Option<Connection>) -> Response {
        let (limit, closes) = match self {
            Self::HalfBody(bytes) => (*bytes, true),
            Self::Stall(bytes) => (*bytes, false),
            _ => return response,
        };
        let (mut parts, body) = response.into_parts();
        // a length that is promised stays promised: the body breaks within it
        parts.headers.remove(http::header::CONTENT_LENGTH);
        let chunks = stream::unfold((body.into_data_stream(), limit, connection), move |(mut chunks, left, connection)| async move {
            if left == 0 {
                match &connection {
                    Some(connection) if closes => {
                        // what was written must leave before the socket goes
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        connection.cut();
                    }
                    _ => {}
                }
                return std::future::pending().await;
            }
            let mut chunk: Bytes = match chunks.next().await? {
                Ok(chunk) => chunk,
                Err(error) => return Some((Err(error), (chunks, 0, connection))),
            };
            chunk.truncate(left);
            let left = left - chunk.len();
            Some((Ok(chunk), (chunks, left, connection)))
        });
        Response::from_parts(parts, Body::from_stream(chunks))
    }
}

fn expired() -> Failure {
    Failure::expired("too old resource version: 1 (2)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_in_a_path_stands_for_anything() {
        assert!(begins("/api/v1/namespaces/web/pods/a/log", "/api/v1/namespaces/*/pods"));
        assert!(!begins("/api/v1/namespaces/web/services", "/api/v1/namespaces/*/pods"));
        assert!(begins("/version", ""));
        assert!(!begins("/apis/apps", "/api/"));
    }

    #[test]
    fn a_fault_strikes_as_often_as_it_was_told() {
        let faults = Faults::default();
        let asked = Attributes { verb: "list".into(), resource: "pods".into(), ..Attributes::default() };
        faults.set(Fault::on(Class::List, Effect::InternalError).times(2));
        assert_eq!(faults.strike("GET", "/api/v1/pods", &asked), Some(Effect::InternalError));
        assert_eq!(faults.strike("GET", "/api/v1/pods", &asked), Some(Effect::InternalError));
        assert_eq!(faults.strike("GET", "/api/v1/pods", &asked), None);
        assert_eq!(faults.all()[0].struck, 2);
    }
}
