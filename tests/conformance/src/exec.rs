//! Exec over WebSocket.

use futures::{SinkExt as _, StreamExt as _};
use hyper_util::rt::TokioIo;
use kube::client::Body;
use serde_json::{Map, Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::request::Request;
use crate::scene::{PATIENCE, headers};

/// Channels of k8s.io/apimachinery, pkg/util/remotecommand/constants.go.
pub(crate) const STDIN: u8 = 0;
const ERROR: u8 = 3;
pub(crate) const RESIZE: u8 = 4;
/// v5 alone: the stream named by the next byte ends.
pub(crate) const CLOSE: u8 = 255;

/// The key of RFC 6455's own example: nothing here depends on its being random.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// Asks for a WebSocket.
pub(crate) fn upgrade(request: Request, protocols: &str) -> Request {
    let request = request.header("connection", "Upgrade").header("upgrade", "websocket").header("sec-websocket-version", "13");
    let request = request.header("sec-websocket-key", KEY);
    if protocols.is_empty() { request } else { request.header("sec-websocket-protocol", protocols) }
}

/// An open socket of an exec.
pub struct Exec {
    side: &'static str,
    name: String,
    request: Request,
    headers: Map<String, Value>,
    socket: WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>,
    /// What came, channel by channel: only within one is there an order.
    channels: [Vec<u8>; 3],
    /// How much of stdout was waited for.
    waited: usize,
    first: Option<Value>,
    forgets: bool,
    status: Value,
    close: Value,
}

impl Exec {
    pub(crate) async fn new(side: &'static str, name: &str, request: Request, response: http::Response<Body>) -> Self {
        let headers = headers(response.headers());
        let upgraded = match hyper::upgrade::on(response).await {
            Ok(upgraded) => upgraded,
            Err(error) => panic!("{side}: {name}: {error}"),
        };
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Client, None).await;
        let name = name.to_owned();
        Self {
            side,
            name,
            request,
            headers,
            socket,
            channels: Default::default(),
            waited: 0,
            first: None,
            forgets: false,
            status: Value::Null,
            close: Value::Null,
        }
    }

    /// Sends a frame.
    pub async fn send(&mut self, channel: u8, data: &[u8]) {
        if let Err(error) = self.socket.send(Message::Binary([&[channel], data].concat().into())).await {
            panic!("{}: {}: {error}", self.side, self.name);
        }
    }

    /// Writes to stdin.
    pub async fn write(&mut self, text: &str) {
        self.send(STDIN, text.as_bytes()).await;
    }

    /// Closes stdin as v5 does.
    pub async fn close_stdin(&mut self) {
        self.send(CLOSE, &[STDIN]).await;
    }

    /// Changes the size of the terminal.
    pub async fn resize(&mut self, width: u16, height: u16) {
        self.send(RESIZE, json!({"Width": width, "Height": height}).to_string().as_bytes()).await;
    }

    /// Reads on until stdout holds this text, behind what was waited for before.
    pub async fn until(&mut self, wanted: &str) {
        loop {
            let new = self.channels[1].get(self.waited..).unwrap_or_default();
            if let Some(at) = new.windows(wanted.len()).position(|window| window == wanted.as_bytes()) {
                self.waited += at + wanted.len();
                return;
            }
            let came = String::from_utf8_lossy(&self.channels[1]).into_owned();
            assert!(self.read().await, "{}: {}: closed before {wanted:?}; came: {came:?}", self.side, self.name);
        }
    }

    /// What it says is of no interest, only how it ends.
    pub fn forget_output(&mut self) {
        self.forgets = true;
    }

    /// Reads one message; says whether there was one.
    async fn read(&mut self) -> bool {
        let message = match tokio::time::timeout(PATIENCE, self.socket.next()).await {
            Ok(message) => message,
            Err(_) => panic!("{}: {}: nothing more came", self.side, self.name),
        };
        match message {
            Some(Ok(Message::Binary(frame))) if !frame.is_empty() => self.take(frame[0], &frame[1..]),
            Some(Ok(Message::Close(close))) => self.close = json!(close.map(|close| (u16::from(close.code), close.reason.to_string()))),
            Some(Ok(other)) => self.close = json!(format!("{other:?}")),
            Some(Err(_)) | None => return false,
        }
        true
    }

    fn take(&mut self, channel: u8, data: &[u8]) {
        self.first.get_or_insert_with(|| json!({"channel": channel, "bytes": data.len()}));
        match channel {
            ERROR => self.status = serde_json::from_slice(data).unwrap_or_else(|_| json!(String::from_utf8_lossy(data))),
            channel => match self.channels.get_mut(usize::from(channel)) {
                Some(known) => known.extend_from_slice(data),
                None => self.close = json!(format!("a frame on channel {channel}")),
            },
        }
    }

    pub(crate) async fn into_seen(mut self) -> (String, Request, Value) {
        while self.read().await {}
        if self.forgets {
            self.channels = Default::default();
        }
        let text = |channel: usize| String::from_utf8_lossy(&self.channels[channel]).into_owned();
        let seen = json!({
            "status": 101, "headers": self.headers, "first": self.first, "stdout": text(1), "stderr": text(2), "error": self.status, "close": self.close,
        });
        (self.name, self.request, seen)
    }
}
