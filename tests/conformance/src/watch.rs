//! A watch, or any other answer that comes line by line.

use bytes::BytesMut;
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::{Map, Value, json};

use crate::request::Request;
use crate::scene::{PATIENCE, headers};

/// An answer that is read line by line: events of a watch, lines of a log.
pub struct Watch {
    side: &'static str,
    request: Request,
    status: u16,
    headers: Map<String, Value>,
    body: Body,
    rest: BytesMut,
    events: Vec<Value>,
    ended: bool,
}

/// A bookmark that does not mark the end of the initial events comes when some time has passed: it is left out.
fn is_by_time(event: &Value) -> bool {
    event["type"] == "BOOKMARK" && event["object"]["metadata"]["annotations"].is_null()
}

impl Watch {
    pub(crate) fn new(side: &'static str, request: Request, response: http::Response<Body>) -> Self {
        let (status, headers) = (response.status().as_u16(), headers(response.headers()));
        Self { side, request, status, headers, body: response.into_body(), rest: BytesMut::new(), events: Vec::new(), ended: false }
    }

    /// Reads on, up to and with the first event that is as wanted.
    pub async fn until(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            match self.next().await {
                Some(event) if wanted(&event) => return event,
                Some(_) => {}
                None => panic!("{}: {}: ended before {what}; came: {:?}", self.side, self.request.path, self.events),
            }
        }
    }

    /// Reads on, up to and with the event of this type about the object of this name.
    pub async fn until_event(&mut self, kind: &str, name: &str) -> Value {
        self.until(&format!("{kind} {name}"), |event| event["type"] == kind && event["object"]["metadata"]["name"] == name).await
    }

    /// Reads up to the end.
    pub async fn until_end(&mut self) {
        while self.next().await.is_some() {}
    }

    async fn next(&mut self) -> Option<Value> {
        let line = match tokio::time::timeout(PATIENCE, self.line()).await {
            Ok(line) => line?,
            Err(_) => panic!("{}: {}: nothing more came after {:?}", self.side, self.request.path, self.events),
        };
        let event = serde_json::from_str(&line).unwrap_or(Value::String(line));
        if !is_by_time(&event) {
            self.events.push(event.clone());
        }
        Some(event)
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line = self.rest.split_to(end + 1);
                return Some(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            match self.body.frame().await {
                Some(Ok(frame)) => self.rest.extend_from_slice(frame.data_ref().map(AsRef::as_ref).unwrap_or_default()),
                Some(Err(_)) | None => {
                    self.ended = true;
                    let rest = self.rest.split();
                    return (!rest.is_empty()).then(|| String::from_utf8_lossy(&rest).into_owned());
                }
            }
        }
    }

    pub(crate) fn into_seen(self) -> (Request, Value) {
        let seen = json!({"status": self.status, "headers": self.headers, "events": self.events, "ended": self.ended});
        (self.request, seen)
    }
}
