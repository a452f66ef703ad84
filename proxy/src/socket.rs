//! What every WebSocket of ours has in common: who may open one, how long it lives, how it ends.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{FromRequestParts, Request, State};
use axum::response::{IntoResponse, Response};
use futures::stream::SplitStream;
use futures::{SinkExt, Stream, StreamExt};
use http::HeaderMap;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::MAX_DOCUMENT;

use crate::app::{Shared, SocketPlace};
use crate::authenticate::{self, Session};
use crate::origin;
use crate::refuse::{self, Refused};

/// axum reserves the read buffer for every socket at once: its default of 128 KiB would be most of what an idle one costs. What people send is short; longer frames take some reads.
const READ_BUFFER: usize = 4 * 1024;
/// A message is written out as soon as so much of it waits.
const WRITE_BUFFER: usize = 16 * 1024;
/// More than our longest message, a full room of a Yard; one object whole is limited to 3 MiB by an API server (recordings, surprise 7).
const MAX_WRITE_BUFFER: usize = MAX_DOCUMENT + (1 << 20);
/// How long a peer may take to read why it was closed.
const FAREWELL: Duration = Duration::from_secs(1);

/// A socket that somebody asked for, and may have as far as signing in goes.
pub(crate) struct Opening {
    upgrade: WebSocketUpgrade,
    app: Shared,
    browser: bool,
    guest: Result<Guest, Refusal>,
}

/// Whoever holds the other end.
pub(crate) struct Guest {
    pub(crate) session: Arc<Session>,
    _place: SocketPlace,
}

impl Opening {
    /// Checks origin, session and limits of a request for a socket.
    ///
    /// # Errors
    /// What is answered with a status, as nobody that reads close codes asked: a foreign page, or a request that is no upgrade.
    pub(crate) async fn of(State(app): State<Shared>, request: Request) -> Result<Opening, Response> {
        let (mut parts, _) = request.into_parts();
        origin::check(&parts.headers, &app.origins).map_err(|refusal| Refused(refusal).into_response())?;
        let guest = Guest::admit(&app, &parts.headers).await;
        let browser = origin::is_browser(&parts.headers);
        let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &app).await.map_err(|_| {
            let refusal = Refusal::BadRequest { field: "upgrade".into(), problem: "this is a WebSocket: ask for an upgrade".into() };
            Refused(guest.as_ref().err().cloned().unwrap_or(refusal)).into_response()
        })?;
        Ok(Opening { upgrade, app, browser, guest })
    }

    /// Does what the route needs before it answers; what fails there refuses the socket.
    pub(crate) async fn prepare<T>(&mut self, prepare: impl AsyncFnOnce(&Guest) -> Result<T, Refusal>) -> Option<T> {
        let guest = self.guest.as_ref().ok()?;
        match prepare(guest).await {
            Ok(prepared) => Some(prepared),
            Err(refusal) => {
                self.guest = Err(refusal);
                None
            }
        }
    }

    /// Offers subprotocols.
    pub(crate) fn protocols(mut self, protocols: &[&'static str]) -> Opening {
        self.upgrade = self.upgrade.protocols(protocols.iter().copied());
        self
    }

    /// Answers. A program reads a refusal from the status; a browser cannot, so for it the socket opens, says `last_words` and closes with the code.
    pub(crate) fn open<F>(self, max_frame: usize, last_words: fn(&Refusal) -> Option<Message>, serve: impl FnOnce(Line) -> F + Send + 'static) -> Response
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Opening { upgrade, app, browser, guest } = self;
        let upgrade = upgrade
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(MAX_WRITE_BUFFER)
            .max_message_size(max_frame)
            .max_frame_size(max_frame);
        match guest {
            Ok(guest) => upgrade.on_upgrade(move |socket| {
                let tasks = app.tasks.clone();
                tasks.track_future(serve(Line { socket, guest, app, last_words }))
            }),
            Err(refusal) if browser => upgrade.on_upgrade(async move |mut socket| {
                let farewell = async {
                    if let Some(words) = last_words(&refusal) {
                        let _ = socket.send(words).await;
                    }
                    let _ = socket.send(Message::Close(Some(refuse::close(&refusal)))).await;
                    while let Some(Ok(_)) = socket.recv().await {}
                };
                let _ = tokio::time::timeout(FAREWELL, farewell).await;
            }),
            Err(refusal) => Refused(refusal).into_response(),
        }
    }
}

impl Guest {
    async fn admit(app: &Shared, headers: &HeaderMap) -> Result<Guest, Refusal> {
        let session = authenticate::authenticate(app, headers).await?;
        let place = app.socket_place(&session.user.name)?;
        Ok(Guest { session, _place: place })
    }
}

/// An open socket.
pub(crate) struct Line {
    socket: WebSocket,
    pub(crate) guest: Guest,
    pub(crate) app: Shared,
    last_words: fn(&Refusal) -> Option<Message>,
}

/// Takes what comes in. While it is busy nothing more is read: that is the backpressure.
pub(crate) trait Inbound: Send {
    /// Takes one text or binary message; an error closes the socket.
    fn take(&mut self, message: Message) -> impl Future<Output = Result<(), CloseFrame>> + Send;
}

impl Line {
    /// The subprotocol that was agreed on.
    pub(crate) fn protocol(&self) -> Option<&str> {
        self.socket.protocol().and_then(|protocol| protocol.to_str().ok())
    }

    /// Runs both directions until one of them ends, the peer is dead, the session is over, or the proxy stops. `outbound` ends with a close frame, or without one (1000).
    pub(crate) async fn run(self, mut inbound: impl Inbound, outbound: impl Stream<Item = Result<Message, CloseFrame>> + Send) {
        let Line { socket, guest, app, last_words } = self;
        let _counted = guest.session.socket();
        let (mut sink, mut stream) = socket.split();
        let patience = app.limits.peer_timeout;
        let writer = async {
            let mut pings = tokio::time::interval(app.limits.ping);
            pings.reset();
            tokio::pin!(outbound);
            loop {
                let message = tokio::select! {
                    biased;
                    item = outbound.next() => match item {
                        Some(Ok(message)) => message,
                        Some(Err(frame)) => return Some(frame),
                        None => return Some(CloseFrame { code: close_code::NORMAL, reason: "".into() }),
                    },
                    _ = pings.tick() => Message::Ping(bytes::Bytes::new()),
                };
                // A peer whose buffers take nothing for so long is as good as gone.
                match tokio::time::timeout(patience, sink.send(message)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) | Err(_) => return None,
                }
            }
        };
        let mut words = None;
        let end = tokio::select! {
            end = read(&mut stream, &mut inbound, patience) => end,
            end = writer => end,
            why = guest.session.ended() => {
                words = last_words(&why);
                Some(refuse::close(&why))
            }
            () = app.stop.cancelled() => Some(CloseFrame { code: close_code::RESTART, reason: "krateyard restarts".into() }),
        };
        if let Some(frame) = end {
            let farewell = async {
                if let Some(words) = words {
                    let _ = sink.send(words).await;
                }
                let _ = sink.send(Message::Close(Some(frame))).await;
                // Closed with something unread, a connection is reset, and the frame is lost on the way.
                while let Some(Ok(_)) = stream.next().await {}
            };
            let _ = tokio::time::timeout(FAREWELL, farewell).await;
        }
    }
}

/// Reads until the peer ends (`None`: there is nobody to answer) or says what it may not.
async fn read(stream: &mut SplitStream<WebSocket>, inbound: &mut impl Inbound, patience: Duration) -> Option<CloseFrame> {
    loop {
        match tokio::time::timeout(patience, stream.next()).await {
            Err(_) | Ok(None) | Ok(Some(Ok(Message::Close(_)))) => return None,
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
            Ok(Some(Ok(message))) => {
                if let Err(frame) = inbound.take(message).await {
                    return Some(frame);
                }
            }
            // Framing is lost, or a frame is longer than it may be.
            Ok(Some(Err(error))) => return Some(bad_frame(&error.to_string())),
        }
    }
}

/// Closes because of what a peer sent.
pub(crate) fn bad_frame(problem: &str) -> CloseFrame {
    refuse::close(&Refusal::BadRequest { field: "frame".into(), problem: problem.into() })
}
