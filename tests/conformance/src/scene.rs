//! What a case is given: a side, a namespace of its own there, and a record of what it is answered.

use std::time::Duration;

use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::{Map, Value, json};

use crate::exec::Exec;
use crate::request::Request;
use crate::side::Side;
use crate::watch::Watch;

/// How long anything may take: far more than it needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// A case on one side.
pub struct Scene {
    side: Side,
    namespace: String,
    entries: Vec<Entry>,
}

/// One answer as it was.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// What the case calls it.
    pub(crate) name: String,
    /// `GET /api/v1/...`.
    pub(crate) request: String,
    /// `status`, `headers`, and `body`, `events` or `frames`.
    pub(crate) seen: Value,
}

/// An answer that is whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON where it is JSON, else text.
    pub body: Value,
    headers: Map<String, Value>,
}

impl Answer {
    /// `metadata.resourceVersion`.
    pub fn version(&self) -> String {
        self.text("/metadata/resourceVersion")
    }

    /// A text in the body; empty when there is none.
    pub fn text(&self, pointer: &str) -> String {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

impl Scene {
    pub(crate) fn new(side: Side, namespace: String) -> Self {
        Self { side, namespace, entries: Vec::new() }
    }

    pub(crate) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// The namespace of this case, the same on both sides.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Asks, and keeps the answer under a name.
    pub async fn ask(&mut self, name: &str, request: Request) -> Answer {
        let answer = self.answer(&request).await;
        self.keep(name, &request, json!({"status": answer.status, "headers": answer.headers, "body": answer.body}));
        answer
    }

    /// Asks for each of several paths.
    pub async fn ask_all(&mut self, requests: &[(&str, &str)]) {
        for (name, path) in requests {
            self.ask(name, crate::get(*path)).await;
        }
    }

    /// Sets the stage: what is answered is not compared, but must be good.
    pub async fn arrange(&self, request: Request) -> Answer {
        let answer = self.answer(&request).await;
        assert!(answer.status < 300, "{}: {} {} answered {}: {}", self.side.name, request.method, request.path, answer.status, answer.body);
        answer
    }

    /// Asks again and again until the answer is as wanted; it is not compared.
    pub async fn until(&self, what: &str, request: Request, wanted: impl Fn(&Answer) -> bool) -> Answer {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        let mut last = None;
        let wait = async {
            loop {
                looks.tick().await;
                let answer = self.answer(&request).await;
                if wanted(&answer) {
                    return answer;
                }
                last = Some(answer);
            }
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(answer) => answer,
            Err(_) => panic!("{}: {what}: not within {PATIENCE:?}; last: {last:?}", self.side.name),
        }
    }

    /// Begins a watch. It is kept when it is given to [`Self::saw`].
    pub async fn watch(&self, path: &str) -> Watch {
        self.watch_as(path, "application/json").await
    }

    /// The same in another form.
    pub async fn watch_as(&self, path: &str, media_type: &str) -> Watch {
        let request = crate::get(path).accept(media_type);
        let response = self.send(&request).await;
        Watch::new(self.side.name, request, response)
    }

    /// Keeps what a watch has read so far under a name, and ends it.
    pub fn saw(&mut self, name: &str, watch: Watch) {
        let (request, seen) = watch.into_seen();
        self.keep(name, &request, seen);
    }

    /// Opens a WebSocket with these subprotocols; an answer that is none is kept under the name, and there is no socket.
    pub async fn exec(&mut self, name: &str, protocols: &str, path: &str) -> Option<Exec> {
        let request = crate::exec::upgrade(crate::get(path), protocols);
        let response = self.send(&request).await;
        if response.status() == http::StatusCode::SWITCHING_PROTOCOLS {
            return Some(Exec::new(self.side.name, name, request, response).await);
        }
        let answer = read(response).await;
        self.keep(name, &request, json!({"status": answer.status, "headers": answer.headers, "body": answer.body}));
        None
    }

    /// Keeps what came over a socket until its end.
    pub async fn heard(&mut self, exec: Exec) {
        let (name, request, seen) = exec.into_seen().await;
        self.keep(&name, &request, seen);
    }

    fn keep(&mut self, name: &str, request: &Request, seen: Value) {
        let request = format!("{} {}", request.method, request.path_in(&self.namespace));
        self.entries.push(Entry { name: name.to_owned(), request, seen });
    }

    async fn answer(&self, request: &Request) -> Answer {
        let answer = async { read(self.send(request).await).await };
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(answer) => answer,
            Err(_) => panic!("{}: {} {} has no end", self.side.name, request.method, request.path),
        }
    }

    async fn send(&self, request: &Request) -> http::Response<Body> {
        match tokio::time::timeout(PATIENCE, self.side.send(request, &self.namespace)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => panic!("{}: {} {}: {error}", self.side.name, request.method, request.path),
            Err(_) => panic!("{}: {} {}: no answer", self.side.name, request.method, request.path),
        }
    }
}

async fn read(response: http::Response<Body>) -> Answer {
    let (status, headers) = (response.status().as_u16(), headers(response.headers()));
    let bytes = response.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
}

/// Headers as text; those with one name are joined.
pub(crate) fn headers(headers: &http::HeaderMap) -> Map<String, Value> {
    let all = |name| headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect::<Vec<_>>().join(", ");
    headers.keys().map(|name| (name.to_string(), Value::String(all(name)))).collect()
}
