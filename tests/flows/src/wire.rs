//! What the browser does for a workspace in the app, done here: a socket, a REST client, time and frames.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::{SinkExt, StreamExt};
use http::{HeaderValue, header};
use krateyard_app::runtime::socket::SocketEvent;
use krateyard_app::store::{Effect, Failure, Input, Workspace};
use krateyard_shared::api::{Access, AccessAnswers, AccessQuestions};
use krateyard_shared::refusal::ErrorBody;
use krateyard_shared::watch::BINARY;
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

/// More effects than a workspace has at once.
const EFFECTS: usize = 4096;

/// Where the proxy is, and who asks.
#[derive(Clone)]
pub(crate) struct Guest {
    pub(crate) addr: SocketAddr,
    pub(crate) token: String,
    /// Between two frames of their screen.
    pub(crate) frame: Duration,
    /// Whether their machine is awake: while it is not, nothing of the page runs.
    pub(crate) awake: watch::Receiver<bool>,
}

pub(crate) type Outbox = mpsc::Sender<Effect>;

pub(crate) fn outbox() -> (Outbox, mpsc::Receiver<Effect>) {
    mpsc::channel(EFFECTS)
}

/// A clock of milliseconds since 1970 that goes as the runtime's does.
pub(crate) fn clock() -> impl Fn() -> u64 + Send + Sync + 'static {
    let (begun, since_1970) = (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970"));
    move || u64::try_from((since_1970 + begun.elapsed()).as_millis()).expect("before the year 584 million")
}

/// Drives a workspace until dropped.
pub(crate) async fn drive(workspace: Workspace, mut guest: Guest, mut effects: mpsc::Receiver<Effect>) {
    let mut frames = tokio::time::interval(guest.frame);
    frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut socket: Option<(mpsc::Sender<Message>, tokio::task::JoinHandle<()>)> = None;
    while guest.wakes().await {
        tokio::select! {
            _ = frames.tick() => {
                workspace.tick();
                workspace.frame();
            }
            Some(effect) = effects.recv() => match effect {
                Effect::Connect { generation } => {
                    hang_up(&mut socket);
                    let (outgoing, queued) = mpsc::channel(EFFECTS);
                    socket = Some((outgoing, tokio::task::spawn_local(run(workspace, guest.clone(), generation, queued))));
                }
                Effect::Disconnect => hang_up(&mut socket),
                Effect::Send { bytes } => {
                    if let Some((outgoing, _)) = &socket {
                        let _ = outgoing.try_send(Message::binary(bytes));
                    }
                }
                Effect::FetchAccess => {
                    let guest = guest.clone();
                    tokio::task::spawn_local(async move {
                        let answer = guest.get::<Access>(&format!("/api/access?cluster={}", workspace.cluster())).await;
                        workspace.handle(Input::Access(answer));
                    });
                }
                Effect::AskMay { questions } => {
                    let guest = guest.clone();
                    tokio::task::spawn_local(async move {
                        let body = AccessQuestions { questions: questions.clone() };
                        let answers = guest.post::<AccessAnswers>(&format!("/api/access?cluster={}", workspace.cluster()), &body).await.ok();
                        workspace.may_answered(&questions, answers.as_ref().map(|answers| answers.allowed.as_slice()));
                    });
                }
                Effect::SignOut => hang_up(&mut socket),
            }
        }
    }
}

fn hang_up(socket: &mut Option<(mpsc::Sender<Message>, tokio::task::JoinHandle<()>)>) {
    if let Some((_, task)) = socket.take() {
        task.abort();
    }
}

/// One socket's life, told as the browser tells it.
async fn run(workspace: Workspace, mut guest: Guest, generation: u64, mut queued: mpsc::Receiver<Message>) {
    let tell = |event| workspace.handle(Input::Socket(event));
    let closed = |code: u16, reason: &str| SocketEvent::Closed { generation, code, reason: reason.into() };
    let mut request = format!("ws://{}/ws/watch", guest.addr).into_client_request().expect("a URL");
    let bearer = HeaderValue::try_from(format!("Bearer {}", guest.token)).expect("a token");
    request.headers_mut().insert(header::AUTHORIZATION, bearer);
    request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(BINARY));
    let mut socket = match tokio_tungstenite::connect_async_with_config(request, None, true).await {
        Ok((socket, _)) => socket,
        // A program gets the status that a browser gets as a close code.
        Err(WsError::Http(response)) => return tell(closed(4000 + response.status().as_u16(), "")),
        Err(_) => return tell(closed(1006, "")),
    };
    tell(SocketEvent::Opened { generation });
    while guest.wakes().await {
        tokio::select! {
            Some(message) = queued.recv() => {
                if socket.send(message).await.is_err() {
                    return tell(closed(1006, ""));
                }
            }
            message = socket.next() => match message {
                Some(Ok(Message::Binary(bytes))) => workspace.handle(Input::Frame { generation, bytes: bytes.to_vec() }),
                Some(Ok(Message::Close(frame))) => {
                    let (code, reason) = frame.map_or((1005, String::new()), |frame| (frame.code.into(), frame.reason.to_string()));
                    return tell(closed(code, &reason));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return tell(closed(1006, "")),
            }
        }
    }
}

impl Guest {
    /// Waits while the machine sleeps; `false` once there is nobody any more.
    async fn wakes(&mut self) -> bool {
        self.awake.wait_for(|awake| *awake).await.is_ok()
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.send(reqwest::Client::new().get(self.url(path))).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &AccessQuestions) -> Result<T, Failure> {
        self.send(reqwest::Client::new().post(self.url(path)).json(body)).await
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    async fn send<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, Failure> {
        let response = request.bearer_auth(&self.token).send().await.map_err(|e| Failure::unreachable(&e))?;
        if response.status().is_success() {
            return response.json().await.map_err(|e| Failure::unreachable(&e));
        }
        let error: ErrorBody = response.json().await.map_err(|e| Failure::unreachable(&e))?;
        Err(Failure::Refused(error.refusal))
    }
}
