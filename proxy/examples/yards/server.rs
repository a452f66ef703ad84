//! Servers of Yjs documents, and a socket into one room of one.

use std::time::Duration;

use futures::stream::{self, SplitSink, SplitStream};
use futures::{SinkExt, StreamExt, TryStreamExt};
use krateyard_shared::sync::PROTOCOL;
use krateyard_shared::sync::frame::Frame;
use krateyard_shared::sync::lib0::{Reader, put_bytes, put_number};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::Failed;

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Who signs in at the same time: fewer than the proxy reviews at once.
const SIGNING_IN: usize = 16;
/// Longer than anybody would wait.
const PATIENCE: Duration = Duration::from_secs(120);
// Hocuspocus, `MessageType.Auth` and `AuthMessageType.Token`.
const AUTH: u64 = 2;
const TOKEN: u64 = 0;

/// A server of Yjs documents.
pub(crate) enum Server {
    Krateyard { address: String, control: String, cluster: String },
    YWebsocket(String),
    Hocuspocus(String),
    YSweet(String),
}

impl Server {
    /// By its name and its ports.
    pub(crate) fn of(text: &str) -> Result<Server, Failed> {
        let address = |port: &str| format!("127.0.0.1:{port}");
        match text.split(':').collect::<Vec<_>>()[..] {
            ["krateyard", port, control, cluster] => Ok(Server::Krateyard { address: address(port), control: address(control), cluster: cluster.into() }),
            ["y-websocket", port] => Ok(Server::YWebsocket(address(port))),
            ["hocuspocus", port] => Ok(Server::Hocuspocus(address(port))),
            ["y-sweet", port] => Ok(Server::YSweet(address(port))),
            _ => Err("there is no such server".into()),
        }
    }

    /// Makes so many people known, where anybody has to be known.
    pub(crate) async fn sign_in(&self, people: usize) -> Result<(), Failed> {
        let Server::Krateyard { address, control, .. } = self else { return Ok(()) };
        let http = reqwest::Client::new();
        let one = async |person: usize| -> Result<(), Failed> {
            let known = json!({"token": token(person), "user": format!("person-{person}@example.com"), "groups": ["system:masters"]});
            http.post(format!("http://{control}/tokens/add")).json(&known).send().await?.error_for_status()?;
            http.get(format!("http://{address}/api/session")).bearer_auth(token(person)).send().await?.error_for_status()?;
            Ok(())
        };
        stream::iter(0..people).map(one).buffer_unordered(SIGNING_IN).try_collect::<Vec<()>>().await.map(drop)
    }

    /// Makes sure that a room can be entered.
    pub(crate) async fn prepare(&self, room: &str) -> Result<(), Failed> {
        if let Server::YSweet(address) = self {
            reqwest::Client::new().post(format!("http://{address}/doc/new")).json(&json!({"docId": room})).send().await?.error_for_status()?;
        }
        Ok(())
    }

    /// A person's socket into one room.
    pub(crate) async fn enter(&self, person: usize, room: &str) -> Result<Peer, Failed> {
        match self {
            Server::Krateyard { address, cluster, .. } => {
                let socket = connect(&format!("ws://{address}/ws/sync/{cluster}/{room}"), Some(person), None).await?;
                Ok(Peer::new(socket, Vec::new()))
            }
            Server::YWebsocket(address) => Ok(Peer::new(connect(&format!("ws://{address}/{room}"), None, None).await?, Vec::new())),
            Server::Hocuspocus(address) => {
                let mut name = Vec::new();
                put_bytes(&mut name, room.as_bytes());
                let mut peer = Peer::new(connect(&format!("ws://{address}/"), None, None).await?, name);
                let mut token = Vec::new();
                put_number(&mut token, AUTH);
                put_number(&mut token, TOKEN);
                put_bytes(&mut token, b"nobody");
                peer.sender.send_bytes(&token).await?;
                Ok(peer)
            }
            Server::YSweet(address) => {
                let asked = reqwest::Client::new().post(format!("http://{address}/doc/{room}/auth")).json(&json!({})).send().await?.error_for_status()?;
                let answer: Value = serde_json::from_slice(&asked.bytes().await?)?;
                let url = answer["url"].as_str().ok_or("y-sweet names no address")?;
                Ok(Peer::new(connect(&format!("{url}/{room}"), None, None).await?, Vec::new()))
            }
        }
    }

    /// The socket of the app, which says what is durable.
    pub(crate) async fn app(&self, person: usize) -> Result<(Socket, String), Failed> {
        let Server::Krateyard { address, cluster, .. } = self else { return Err("only the proxy has a socket for the app".into()) };
        Ok((connect(&format!("ws://{address}/ws/sync"), Some(person), Some(PROTOCOL)).await?, cluster.clone()))
    }
}

async fn connect(url: &str, person: Option<usize>, protocol: Option<&str>) -> Result<Socket, Failed> {
    let mut request = url.into_client_request()?;
    if let Some(person) = person {
        request.headers_mut().insert("authorization", format!("Bearer {}", token(person)).parse()?);
    }
    if let Some(protocol) = protocol {
        request.headers_mut().insert("sec-websocket-protocol", protocol.parse()?);
    }
    let (socket, _) = tokio::time::timeout(PATIENCE, connect_async(request)).await??;
    if let MaybeTlsStream::Plain(tcp) = socket.get_ref() {
        tcp.set_nodelay(true)?;
    }
    Ok(socket)
}

/// Both directions of a socket into one room.
pub(crate) struct Peer {
    pub(crate) sender: Sender,
    pub(crate) receiver: Receiver,
}

impl Peer {
    fn new(socket: Socket, name: Vec<u8>) -> Peer {
        let (sink, stream) = socket.split();
        Peer { sender: Sender { sink, name: name.clone() }, receiver: Receiver { stream, is_named: !name.is_empty() } }
    }
}

pub(crate) struct Sender {
    sink: SplitSink<Socket, Message>,
    /// Before each frame, where the server asks for it.
    name: Vec<u8>,
}

impl Sender {
    pub(crate) async fn send(&mut self, frame: &Frame<'_>) -> Result<(), Failed> {
        self.send_bytes(&frame.encode()).await
    }

    async fn send_bytes(&mut self, frame: &[u8]) -> Result<(), Failed> {
        Ok(self.sink.send(Message::binary([&self.name, frame].concat())).await?)
    }
}

pub(crate) struct Receiver {
    stream: SplitStream<Socket>,
    is_named: bool,
}

impl Receiver {
    /// The next frame, of whatever kind; what [`Frame`] does not know is none of ours.
    pub(crate) async fn next(&mut self) -> Result<Bytes, Failed> {
        loop {
            let Message::Binary(message) = self.stream.next().await.ok_or("the server closed the socket")?? else { continue };
            if !self.is_named {
                return Ok(message);
            }
            let mut reader = Reader::new(&message);
            reader.bytes().map_err(|error| error.to_string())?;
            return Ok(message.slice_ref(reader.rest()));
        }
    }

    /// The next answer to a Step1, and how many bytes it has: a Step2, and the Updates before it, as which some servers send most of it.
    pub(crate) async fn answer(&mut self) -> Result<usize, Failed> {
        tokio::time::timeout(PATIENCE, async {
            let mut bytes = 0;
            loop {
                match Frame::read(&self.next().await?) {
                    Ok(Frame::Update(update)) => bytes += update.len(),
                    Ok(Frame::Step2(update)) => return Ok(bytes + update.len()),
                    _ => {}
                }
            }
        })
        .await?
    }
}

fn token(person: usize) -> String {
    format!("crowd-{person}")
}
