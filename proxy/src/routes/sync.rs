//! `/ws/sync`: the rooms of Yards, many on one socket for the app, or one in y-websocket's own protocol for any Yjs client (`krateyard_shared::sync`).

mod directory;
mod seat;

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message};
use axum::extract::{Path, Request, State};
use axum::response::Response;
use futures::stream;
use krateyard_shared::identity::ClusterName;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::frame::Frame;
use krateyard_shared::sync::room::Room;
use krateyard_shared::sync::{self, CONTROL, Channel, MAX_CHANNELS, MAX_FRAME, ToApp, ToProxy};
use tokio_util::task::AbortOnDropHandle;

use self::seat::Seat;
use crate::app::Shared;
use crate::authenticate::Session;
use crate::authorize;
use crate::refuse;
use crate::relay::{Outbox, Said, Sink};
use crate::socket::{self, Inbound, Opening};

/// A frame and its channel.
const MAX_MESSAGE: usize = MAX_FRAME + 16;
/// The channel of a socket that has one room.
const ONLY: Channel = 1;

/// Many rooms.
pub(crate) async fn get(app: State<Shared>, request: Request) -> Response {
    let opening = match Opening::of(app, request).await {
        Ok(opening) => opening.protocols(&[sync::PROTOCOL]),
        Err(response) => return response,
    };
    opening.open(
        MAX_MESSAGE,
        |_| None,
        async |line| {
            let outbox = Arc::<Outbox>::default();
            let reader =
                Many { app: line.app.clone(), session: line.guest.session.clone(), outbox: outbox.clone(), seats: HashMap::new(), looks: HashMap::new() };
            line.run(reader, said(outbox, of_many)).await;
        },
    )
}

/// One room.
pub(crate) async fn get_one(State(app): State<Shared>, Path((cluster, room)): Path<(String, String)>, request: Request) -> Response {
    let mut opening = match Opening::of(State(app.clone()), request).await {
        Ok(opening) => opening,
        Err(response) => return response,
    };
    let asked = opening.prepare(async |guest| {
        let room: Room = room.parse().map_err(|_| Refusal::NotFound { what: "this room".into() })?;
        let cluster = app.cluster(&ClusterName(cluster))?;
        // Asked again when the room is entered: here for the sake of the answer.
        authorize::see_room(&cluster, &guest.session, &room).await?;
        Ok((cluster.name.clone(), room))
    });
    let asked = asked.await;
    opening.open(
        MAX_MESSAGE,
        |_| None,
        async |line| {
            if let Some((cluster, room)) = asked {
                let outbox = Arc::<Outbox>::default();
                // In y-websocket's protocol an Update may come at any time.
                let sink = Sink { outbox: outbox.clone(), channel: ONLY, in_pieces: true };
                let seat = Seat::take(line.app.clone(), line.guest.session.clone(), cluster, room, sink);
                line.run(One { seat }, said(outbox, of_one)).await;
            }
        },
    )
}

/// What is said, as messages of a socket.
fn said(outbox: Arc<Outbox>, message: fn(Channel, Said) -> Option<Result<Message, CloseFrame>>) -> impl futures::Stream<Item = Result<Message, CloseFrame>> {
    stream::unfold(outbox, move |outbox| async move {
        loop {
            match outbox.next().await {
                Ok((channel, said)) => {
                    if let Some(message) = message(channel, said) {
                        return Some((message, outbox));
                    }
                }
                Err(refusal) => return Some((Err(refuse::close(&refusal)), outbox)),
            }
        }
    })
}

fn of_many(channel: Channel, said: Said) -> Option<Result<Message, CloseFrame>> {
    let bytes = match said {
        Said::Frame(frame) => sync::on_channel(channel, &frame),
        Said::Opened(writable) => sync::control(&ToApp::Opened { channel, writable }),
        Said::Acked(frames) => sync::control(&ToApp::Ack { channel, frames }),
        Said::Refused(refusal) => sync::control(&ToApp::Refused { channel, refusal }),
        Said::Closed(refusal) => sync::control(&ToApp::Closed { channel, refusal }),
        Said::Control(message) => sync::control(&message),
    };
    Some(Ok(Message::binary(bytes)))
}

/// A plain client hears of what it may not in the protocol's own words; of everything else that ends its room by the code of the close.
fn of_one(_: Channel, said: Said) -> Option<Result<Message, CloseFrame>> {
    match said {
        Said::Frame(frame) => Some(Ok(Message::Binary(frame))),
        Said::Refused(refusal @ Refusal::Forbidden { .. }) => Some(Ok(Message::binary(Frame::Denied(&refusal.to_string()).encode()))),
        Said::Refused(refusal) | Said::Closed(refusal) => Some(Err(refuse::close(&refusal))),
        Said::Opened(_) | Said::Acked(_) | Said::Control(_) => None,
    }
}

struct One {
    seat: Seat,
}

impl Inbound for One {
    async fn take(&mut self, message: Message) -> Result<(), CloseFrame> {
        let Message::Binary(frame) = message else { return Err(socket::bad_frame("is not binary")) };
        self.seat.send(frame).await;
        Ok(())
    }
}

struct Many {
    app: Shared,
    session: Arc<Session>,
    outbox: Arc<Outbox>,
    seats: HashMap<Channel, Seat>,
    looks: HashMap<ClusterName, AbortOnDropHandle<()>>,
}

impl Inbound for Many {
    async fn take(&mut self, message: Message) -> Result<(), CloseFrame> {
        let Message::Binary(message) = message else { return Err(socket::bad_frame("is not binary")) };
        let (channel, frame) = sync::of_channel(&message).map_err(|error| socket::bad_frame(&error.to_string()))?;
        if channel != CONTROL {
            // A room that was just closed may still be written to.
            if let Some(seat) = self.seats.get(&channel) {
                seat.send(message.slice_ref(frame)).await;
            }
            return Ok(());
        }
        match minicbor::decode::<ToProxy>(frame) {
            Ok(message) => self.act(message),
            // What a newer app says: nothing that this proxy could do.
            Err(error) if error.is_unknown_variant() => {}
            Err(_) => return Err(socket::bad_frame("is no control message")),
        }
        Ok(())
    }
}

impl Many {
    fn act(&mut self, message: ToProxy) {
        match message {
            ToProxy::Look { cluster } => {
                if self.looks.len() < crate::config::MAX_CLUSTERS {
                    let look = directory::look(self.app.clone(), self.session.clone(), cluster.clone(), self.outbox.clone());
                    self.looks.insert(cluster, AbortOnDropHandle::new(self.app.tasks.spawn(look)));
                }
            }
            ToProxy::Open { channel, cluster, room, in_pieces } => {
                self.seats.retain(|_, seat| !seat.is_over());
                let refusal = match channel {
                    CONTROL => Some(bad("channel", "0 is not for rooms")),
                    _ if self.seats.contains_key(&channel) => Some(bad("channel", "is in use")),
                    _ if self.seats.len() >= MAX_CHANNELS => Some(Refusal::Limit { which: "rooms on one socket".into(), retry_after_secs: 60 }),
                    _ => None,
                };
                match refusal {
                    Some(refusal) => self.outbox.put(CONTROL, Said::Control(ToApp::Closed { channel, refusal })),
                    None => {
                        let sink = Sink { outbox: self.outbox.clone(), channel, in_pieces };
                        let seat = Seat::take(self.app.clone(), self.session.clone(), cluster, room, sink);
                        self.seats.insert(channel, seat);
                    }
                }
            }
            ToProxy::Close { channel } => drop(self.seats.remove(&channel)),
        }
    }
}

fn bad(field: &str, problem: &str) -> Refusal {
    Refusal::BadRequest { field: field.into(), problem: problem.into() }
}
