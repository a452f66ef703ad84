//! What a room costs, and how long an edit takes until it is durable.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use krateyard_shared::identity::ClusterName;
use krateyard_shared::sync::frame::Frame;
use krateyard_shared::sync::room::Room;
use krateyard_shared::sync::{self, CONTROL, ToApp, ToProxy};
use tokio_tungstenite::tungstenite::Message;

use super::copy::Copy;
use super::server::Server;
use crate::{Failed, quantile, read_a_line};

/// Edits that are timed, and the time between two.
const EDITS: usize = 400;
const EVERY: Duration = Duration::from_millis(25);
const CHANNEL: u32 = 1;

/// As many people, each alone in a room with a krate in it. After a line prints `joined COUNT`, and stays until the next one.
pub(crate) async fn many(server: &Server, people: usize) -> Result<(), Failed> {
    println!("ready {people}");
    read_a_line().await?;
    let mut peers = Vec::new();
    for person in 0..people {
        let room = format!("room-{person}");
        server.prepare(&room).await?;
        let copy = Copy::new(person);
        let mut peer = server.enter(person, &room).await?;
        peer.sender.send(&Frame::Step1(&copy.ask())).await?;
        peer.receiver.answer().await?;
        peer.sender.send(&Frame::Update(&copy.write([("krate".into(), "x".repeat(100))]))).await?;
        peers.push(peer);
    }
    println!("joined {}", peers.len());
    read_a_line().await
}

/// Prints `durable P50 P99`, in ms, of edits that are acknowledged.
pub(crate) async fn durable(server: &Server) -> Result<(), Failed> {
    let (mut socket, cluster) = server.app(0).await?;
    let open = ToProxy::Open { channel: CHANNEL, cluster: ClusterName(cluster), room: Room::Namespace("web".into()), in_pieces: true };
    socket.send(Message::binary(sync::control(&open))).await?;
    let copy = Copy::new(0);
    socket.send(Message::binary(sync::on_channel(CHANNEL, &Frame::Step1(&copy.ask()).encode()))).await?;
    let mut ticks = tokio::time::interval(EVERY);
    let (mut under_way, mut times, mut sent, mut acknowledged) = (VecDeque::new(), Vec::new(), 0_usize, 0);
    while times.len() < EDITS {
        tokio::select! {
            _ = ticks.tick(), if sent < EDITS => {
                let update = copy.write([(format!("krate-{}", sent % 50), format!("{sent:0100}"))]);
                sent += 1;
                under_way.push_back(Instant::now());
                socket.send(Message::binary(sync::on_channel(CHANNEL, &Frame::Update(&update).encode()))).await?;
            }
            message = socket.next() => {
                let Message::Binary(message) = message.ok_or("the proxy closed the socket")?? else { continue };
                let (CONTROL, control) = sync::of_channel(&message).map_err(|error| error.to_string())? else { continue };
                match minicbor::decode(control)? {
                    ToApp::Ack { frames, .. } => {
                        for _ in acknowledged..frames {
                            times.extend(under_way.pop_front().map(|sent: Instant| sent.elapsed().as_secs_f64() * 1000.0));
                        }
                        acknowledged = frames;
                    }
                    ToApp::Closed { refusal, .. } | ToApp::Refused { refusal, .. } => return Err(refusal.to_string().into()),
                    _ => {}
                }
            }
        }
    }
    times.sort_by(f64::total_cmp);
    println!("durable {:.3} {:.3}", quantile(&times, 500), quantile(&times, 990));
    Ok(())
}
