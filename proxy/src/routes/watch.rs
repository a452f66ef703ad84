//! `/ws/watch`: many subscriptions on one socket (`krateyard_shared::watch`).

mod subscriptions;

use std::collections::VecDeque;
use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message};
use axum::extract::{Request, State};
use axum::response::Response;
use futures::stream;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::watch::{self, ClientMessage, EncodedRow, ServerMessage, SubscriptionId, Wire};
use tokio::sync::mpsc;
use tokio::time::Interval;
use tokio_util::task::AbortOnDropHandle;

use crate::app::Shared;
use crate::hub::{Batch, End};
use crate::socket::{self, Inbound, Opening};
use subscriptions::{News, Subscriptions};

/// Answers to messages that wait for the writer; a peer that sends more nonsense than it reads waits.
const ANSWERS: usize = 16;

pub(crate) async fn get(app: State<Shared>, request: Request) -> Response {
    let opening = match Opening::of(app, request).await {
        Ok(opening) => opening.protocols(&[watch::BINARY, watch::JSON]),
        Err(response) => return response,
    };
    opening.open(
        watch::MAX_CLIENT_FRAME,
        |_| None,
        async |line| {
            // Whoever names no subprotocol gets what a person can read.
            let wire = line.protocol().and_then(Wire::of_subprotocol).unwrap_or(Wire::Json);
            let subscriptions = Subscriptions::new(line.app.clone(), line.guest.session.clone());
            let (answers, answered) = mpsc::channel(ANSWERS);
            let mut heartbeats = tokio::time::interval(line.app.limits.heartbeat);
            heartbeats.reset();
            let writer = Writer {
                wire,
                subscriptions: subscriptions.clone(),
                answered,
                heartbeats,
                ready: VecDeque::from([ServerMessage::Welcome { version: watch::VERSION }]),
            };
            let _clusters = AbortOnDropHandle::new(tokio::spawn(subscriptions.clone().follow_clusters()));
            let reader = Reader { wire, subscriptions, answers, greeted: false };
            line.run(reader, stream::unfold(writer, async |mut writer| Some((Ok(writer.next().await), writer)))).await;
        },
    )
}

struct Reader {
    wire: Wire,
    subscriptions: Arc<Subscriptions>,
    answers: mpsc::Sender<ServerMessage>,
    greeted: bool,
}

impl Inbound for Reader {
    async fn take(&mut self, message: Message) -> Result<(), CloseFrame> {
        let decoded = match (&message, self.wire) {
            (Message::Binary(payload), Wire::Binary) => self.wire.decode::<ClientMessage>(payload),
            (Message::Text(payload), Wire::Json) => self.wire.decode::<ClientMessage>(payload.as_bytes()),
            _ => Err(bad("frame", "is of the other type than the subprotocol's")),
        };
        let answer = match decoded {
            Err(refusal) => Some(ServerMessage::Bad { refusal }),
            Ok(message) => self.act(message),
        };
        if let Some(answer) = answer {
            self.answers.send(answer).await.map_err(|_| socket::bad_frame("nobody writes any more"))?;
        }
        Ok(())
    }
}

impl Reader {
    fn act(&mut self, message: ClientMessage) -> Option<ServerMessage> {
        match message {
            ClientMessage::Hello { version: 0 } => return Some(ServerMessage::Bad { refusal: bad("version", "0 is none") }),
            // A newer app speaks this version, too: it reads ours in the Welcome.
            ClientMessage::Hello { version } => {
                self.subscriptions.speak(version);
                self.greeted = true;
            }
            _ if !self.greeted => return Some(ServerMessage::Bad { refusal: bad("hello", "comes first") }),
            ClientMessage::Subscribe { id, cluster, resource, scope, resume } => {
                return self.subscriptions.begin(id, &cluster, resource, scope, resume).err().map(|refusal| ServerMessage::Denied { id, refusal });
            }
            ClientMessage::Unsubscribe { id } => self.subscriptions.forget(id),
            ClientMessage::Refresh { id } => {
                if !self.subscriptions.refresh(id) {
                    return Some(ServerMessage::Bad { refusal: bad("id", "is no subscription") });
                }
            }
        }
        None
    }
}

struct Writer {
    wire: Wire,
    subscriptions: Arc<Subscriptions>,
    answered: mpsc::Receiver<ServerMessage>,
    heartbeats: Interval,
    ready: VecDeque<ServerMessage>,
}

impl Writer {
    async fn next(&mut self) -> Message {
        loop {
            if let Some(message) = self.ready.pop_front() {
                let payload = self.wire.encode(&message);
                return match self.wire {
                    Wire::Binary => Message::binary(payload),
                    Wire::Json => Message::text(String::from_utf8(payload).expect("JSON is UTF-8")),
                };
            }
            tokio::select! {
                biased;
                _ = self.heartbeats.tick() => self.ready.push_back(ServerMessage::Heartbeat { positions: self.subscriptions.positions() }),
                Some(answer) = self.answered.recv() => self.ready.push_back(answer),
                news = self.subscriptions.next() => match news {
                    News::AccessChanged(cluster) => self.ready.push_back(ServerMessage::AccessChanged { cluster }),
                    News::Of(id, batch) => {
                        if matches!(batch, Batch::End(_)) {
                            self.subscriptions.forget(id);
                        }
                        self.ready.push_back(message(id, self.subscriptions.in_their_words(batch)));
                    }
                }
            }
        }
    }
}

fn message(id: SubscriptionId, batch: Batch) -> ServerMessage {
    let encoded = |rows: Vec<bytes::Bytes>| rows.into_iter().map(|row| EncodedRow(row.into())).collect();
    match batch {
        Batch::Ack { position, resumed } => ServerMessage::Ack { id, position, resumed },
        Batch::Reset { reason, position } => ServerMessage::Reset { id, reason, position },
        Batch::Rows { rows, done } => ServerMessage::Rows { id, rows: encoded(rows), done },
        Batch::Delta { from_seq, to_seq, upserts, deletes } => {
            ServerMessage::Delta { id, from_seq, to_seq, upserts: encoded(upserts), deletes: deletes.iter().map(ToString::to_string).collect() }
        }
        Batch::Object(json) => ServerMessage::Object { id, json },
        Batch::ObjectPatch(patch) => ServerMessage::ObjectPatch { id, patch },
        Batch::Freshness(state) => ServerMessage::Freshness { id, state },
        Batch::End(End::Denied(refusal)) => ServerMessage::Denied { id, refusal },
        Batch::End(End::Complete(reason)) => ServerMessage::Complete { id, reason },
    }
}

fn bad(field: &str, problem: &str) -> Refusal {
    Refusal::BadRequest { field: field.into(), problem: problem.into() }
}
