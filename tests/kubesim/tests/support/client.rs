//! Small clients: lines of a stream, and frames of an exec.
#![allow(dead_code, reason = "each test binary uses its part")]
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use kubesim::Sim;
use reqwest::Response;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// The longest that a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A request with a token.
pub(crate) async fn get(sim: &Sim, token: &str, path: &str) -> Response {
    reqwest::Client::new().get(format!("{}{path}", sim.url())).bearer_auth(token).send().await.unwrap()
}

/// A request with a token and a JSON body.
pub(crate) async fn send(sim: &Sim, token: &str, method: &str, path: &str, body: Value) -> Response {
    let content_type = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    let request = reqwest::Client::new().request(method.parse().unwrap(), format!("{}{path}", sim.url())).bearer_auth(token);
    request.header("content-type", content_type).body(body.to_string()).send().await.unwrap()
}

/// A body read line by line.
pub(crate) struct Lines {
    response: Response,
    rest: Vec<u8>,
}

impl Lines {
    pub(crate) async fn of(sim: &Sim, token: &str, path: &str) -> Self {
        let response = get(sim, token, path).await;
        assert_eq!(response.status(), 200, "{path}");
        Self::from(response)
    }

    pub(crate) fn from(response: Response) -> Self {
        Self { response, rest: Vec::new() }
    }

    /// The next line; none at the end of the body.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return Some(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("nothing came");
            match chunk {
                Ok(Some(chunk)) => self.rest.extend_from_slice(&chunk),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// The next event of a watch.
    pub(crate) async fn event(&mut self) -> Option<Value> {
        self.next().await.map(|line| serde_json::from_str(&line).unwrap())
    }
}

/// An exec's socket.
pub(crate) struct Exec(WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>);

/// All that an exec sent.
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) status: Value,
    pub(crate) close_code: u16,
    pub(crate) first: Option<(u8, usize)>,
}

impl Exec {
    pub(crate) async fn open(sim: &Sim, token: &str, protocol: &str, path: &str) -> Self {
        let mut request = format!("{}{path}", sim.url().replace("http", "ws")).into_client_request().unwrap();
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        let (socket, _) = connect_async(request).await.unwrap();
        Self(socket)
    }

    pub(crate) async fn send(&mut self, channel: u8, data: &[u8]) {
        let frame = [&[channel], data].concat();
        self.0.send(Message::Binary(frame.into())).await.unwrap();
    }

    /// The next frame; none when the socket closes.
    pub(crate) async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("nothing came")?.ok()? {
            Message::Binary(frame) => Some((frame[0], frame[1..].to_vec())),
            Message::Close(close) => Some((0xff, close.map_or(0, |close| u16::from(close.code)).to_be_bytes().to_vec())),
            _ => Some((0xfe, Vec::new())),
        }
    }

    /// Reads stdout until it contains a text.
    pub(crate) async fn until(&mut self, wanted: &str) -> String {
        let mut seen = String::new();
        while !seen.contains(wanted) {
            let (_, data) = self.frame().await.unwrap_or_else(|| panic!("closed after {seen:?}"));
            seen.push_str(&String::from_utf8_lossy(&data));
        }
        seen
    }

    /// Reads everything.
    pub(crate) async fn all(mut self) -> Output {
        let mut output = Output::default();
        while let Some((channel, data)) = self.frame().await {
            output.first.get_or_insert((channel, data.len()));
            let text = String::from_utf8_lossy(&data);
            match channel {
                1 => output.out.push_str(&text),
                2 => output.err.push_str(&text),
                3 => output.status = serde_json::from_slice(&data).unwrap(),
                0xff => output.close_code = u16::from_be_bytes([data[0], data[1]]),
                _ => {}
            }
        }
        output
    }
}
