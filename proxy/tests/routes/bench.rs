//! A proxy with a cluster of its own, and the two kinds of clients that it has.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use krateyard_proxy::{ClusterConfig, Config, Proxy};
use krateyard_shared::identity::{ClusterName, Resource};
use krateyard_shared::refusal::{ErrorBody, Refusal};
use krateyard_shared::rows::Row;
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::{ClientMessage, JSON, Position, ServerMessage, VERSION, Wire};
use kubesim::{Options, Sim};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::Response as Handshake;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Nothing in a test takes longer, or it has failed.
pub(crate) const BOUND: Duration = Duration::from_secs(20);

pub(crate) struct Bench {
    pub(crate) sim: Sim,
    pub(crate) proxy: Proxy,
    pub(crate) http: reqwest::Client,
}

impl Bench {
    pub(crate) async fn start() -> Bench {
        Bench::with(Options { pods: 30, ..Options::default() }, |_| {}).await
    }

    /// On a cluster that lacks kinds which newer ones have: IPAddress is served since 1.33, and no older one as v1.
    pub(crate) async fn older() -> Bench {
        let unserved = vec!["ipaddresses.networking.k8s.io".to_owned()];
        Bench::with(Options { pods: 30, unserved, ..Options::default() }, |_| {}).await
    }

    pub(crate) async fn with(options: Options, change: impl FnOnce(&mut Config)) -> Bench {
        let sim = Sim::start(options).await.unwrap();
        let mut config = Config::loopback(ClusterConfig::server("demo", sim.url(), "krateyard-proxy").unwrap());
        // Reviews and streams look again within a test's patience.
        config.limits.rights_settle = Duration::from_millis(50);
        change(&mut config);
        let proxy = Proxy::start(config).await.unwrap();
        Bench { sim, proxy, http: reqwest::Client::new() }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.proxy.local_addr())
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// As a program with a bearer token.
    pub(crate) async fn get(&self, token: &str, path: &str) -> reqwest::Response {
        bounded(self.http.get(self.url(path)).bearer_auth(token).send()).await.unwrap()
    }

    /// As a page: signs in and keeps the cookie.
    pub(crate) async fn sign_in(&self, token: &str) -> String {
        let body = format!(r#"{{"token":"{token}"}}"#);
        let response = bounded(self.http.post(self.url("/api/session")).header("origin", self.origin()).body(body).send()).await.unwrap();
        assert_eq!(response.status(), 200);
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// A socket with these headers, or the status and refusal of the answer.
    pub(crate) async fn connect(&self, path: &str, headers: &[(&'static str, &str)]) -> Result<Socket, (u16, Option<Refusal>)> {
        let mut request = format!("ws://{}{path}", self.proxy.local_addr()).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match bounded(tokio_tungstenite::connect_async(request)).await {
            Ok((stream, _)) => Ok(Socket { stream }),
            Err(Error::Http(response)) => Err((response.status().as_u16(), refusal_of(&response))),
            Err(error) => panic!("{error}"),
        }
    }

    /// A watch socket of a program, greeted.
    pub(crate) async fn watch(&self, token: &str) -> Watch {
        let bearer = format!("Bearer {token}");
        self.watch_with(&[("authorization", &bearer), ("sec-websocket-protocol", JSON)]).await
    }

    /// One of a page of version 1.
    pub(crate) async fn older_watch(&self, token: &str) -> Watch {
        let mut watch = self.watch(token).await;
        watch.send(&ClientMessage::Hello { version: 1 }).await;
        watch
    }

    /// A watch socket with these headers, greeted.
    pub(crate) async fn watch_with(&self, headers: &[(&'static str, &str)]) -> Watch {
        let mut watch = Watch { socket: self.connect("/ws/watch", headers).await.unwrap() };
        assert!(matches!(watch.next().await, ServerMessage::Welcome { version: VERSION }));
        watch.send(&ClientMessage::Hello { version: VERSION }).await;
        watch
    }
}

fn refusal_of(response: &Handshake<Option<Vec<u8>>>) -> Option<Refusal> {
    serde_json::from_slice::<ErrorBody>(response.body().as_deref()?).ok().map(|body| body.refusal)
}

pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>,
}

impl Socket {
    pub(crate) async fn send(&mut self, message: Message) {
        bounded(self.stream.send(message)).await.unwrap();
    }

    /// The next message that is no ping; `Err` with code and reason when the socket closes.
    pub(crate) async fn next(&mut self) -> Result<Message, (u16, String)> {
        loop {
            match bounded(self.stream.next()).await {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(Some(frame)))) => return Err((frame.code.into(), frame.reason.to_string())),
                Some(Ok(message)) => return Ok(message),
                other => panic!("the socket broke: {other:?}"),
            }
        }
    }

    /// Goes, as a page does that is reloaded.
    pub(crate) async fn leave(&mut self) {
        bounded(self.stream.close(None)).await.unwrap();
    }

    /// Waits for the close, whatever comes before it.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        bounded(async {
            loop {
                if let Err(closed) = self.next().await {
                    return closed;
                }
            }
        })
        .await
    }
}

pub(crate) struct Watch {
    pub(crate) socket: Socket,
}

impl Watch {
    pub(crate) async fn send(&mut self, message: &ClientMessage) {
        self.socket.send(Message::text(String::from_utf8(Wire::Json.encode(message)).unwrap())).await;
    }

    pub(crate) async fn subscribe(&mut self, id: u32, resource: Resource, scope: Scope) {
        self.send(&ClientMessage::Subscribe { id, cluster: ClusterName("demo".into()), resource, scope, resume: None }).await;
    }

    /// Subscribes, to go on from a position.
    pub(crate) async fn resume(&mut self, id: u32, resource: Resource, scope: Scope, from: Position) {
        self.send(&ClientMessage::Subscribe { id, cluster: ClusterName("demo".into()), resource, scope, resume: Some(from) }).await;
    }

    /// The next message that is of a subscription: no heartbeat, and no word of changed access.
    pub(crate) async fn next(&mut self) -> ServerMessage {
        bounded(async {
            loop {
                let message = self.socket.next().await.unwrap();
                match Wire::Json.decode(message.to_text().unwrap().as_bytes()).unwrap() {
                    ServerMessage::Heartbeat { .. } | ServerMessage::AccessChanged { .. } => {}
                    message => return message,
                }
            }
        })
        .await
    }

    /// Reads on until a message fits, within one bound however many do not.
    pub(crate) async fn until<T>(&mut self, mut fits: impl FnMut(ServerMessage) -> Option<T>) -> T {
        bounded(async {
            loop {
                if let Some(found) = fits(self.next().await) {
                    return found;
                }
            }
        })
        .await
    }

    /// The rows of a subscription's snapshot.
    pub(crate) async fn rows(&mut self, of: u32) -> Vec<Row<()>> {
        let mut all = Vec::new();
        self.until(|message| match message {
            ServerMessage::Rows { id, rows, done } if id == of => {
                all.extend(rows.iter().map(|row| row.decode().unwrap()));
                done.then_some(())
            }
            ServerMessage::Denied { refusal, .. } => panic!("{refusal}"),
            _ => None,
        })
        .await;
        all
    }

    pub(crate) async fn denied(&mut self, of: u32) -> Refusal {
        self.until(|message| match message {
            ServerMessage::Denied { id, refusal } if id == of => Some(refusal),
            _ => None,
        })
        .await
    }
}

/// Waits, not for ever.
pub(crate) async fn bounded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, future).await.expect("nothing came within the bound")
}

/// Waits for a condition that no message tells of.
pub(crate) async fn eventually(mut holds: impl FnMut() -> bool) {
    bounded(async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// The refusal of an error answer.
pub(crate) async fn refusal(response: reqwest::Response) -> Refusal {
    response.json::<ErrorBody>().await.unwrap().refusal
}

/// Runs something on one thread, so that every task logs here, and answers with all that was logged: everything, also from the libraries below us.
pub(crate) fn logged<T>(future: impl Future<Output = T>) -> (String, T) {
    let kept = Kept::default();
    let writer = kept.clone();
    let log = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(move || writer.clone()).finish();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // With a single subscriber, a line that another test says first on its own thread, where nobody listens, would count as one that nobody wants anywhere.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let done = tracing::subscriber::with_default(log, || runtime.block_on(future));
    let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    (log, done)
}

/// A log kept in memory.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
