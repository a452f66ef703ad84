//! A program as a subscriber of `/ws/watch`: prints when all pods are there, then counts what changes. `cargo xtask bench` measures the proxy with it.
//!
//! `KRATEYARD_TOKEN=… cargo run --example subscribe -- HOST:PORT CLUSTER SECONDS`
#![expect(clippy::print_stdout, reason = "it prints what it counts")]

use std::error::Error;
use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use krateyard_shared::identity::{ClusterName, Resource};
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::{BINARY, ClientMessage, ServerMessage, VERSION, Wire};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Bytes, Message};

const WIRE: Wire = Wire::Binary;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(cluster), Some(seconds)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: subscribe HOST:PORT CLUSTER SECONDS, and a token in KRATEYARD_TOKEN".into());
    };
    let mut request = format!("ws://{address}/ws/watch").into_client_request()?;
    let token = std::env::var("KRATEYARD_TOKEN")?;
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
    request.headers_mut().insert("sec-websocket-protocol", BINARY.parse()?);
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await?;

    let resource = Resource { group: String::new(), version: "v1".into(), plural: "pods".into() };
    let subscribe = ClientMessage::Subscribe { id: 1, cluster: ClusterName(cluster), resource, scope: Scope::All, resume: None };
    let start = Instant::now();
    for message in [ClientMessage::Hello { version: VERSION }, subscribe] {
        socket.send(Message::Binary(Bytes::from(WIRE.encode(&message)))).await?;
    }

    let mut counted = Counted::default();
    let mut until: Option<Instant> = None;
    loop {
        let left = until.map_or(Duration::from_secs(60), |until| until.saturating_duration_since(Instant::now()));
        let Ok(frame) = tokio::time::timeout(left, socket.next()).await else { break };
        let Message::Binary(frame) = frame.ok_or("the proxy closed the socket")?? else { continue };
        counted.bytes += frame.len();
        match WIRE.decode::<ServerMessage>(&frame).map_err(|refusal| format!("{refusal:?}"))? {
            ServerMessage::Rows { rows, done, .. } => {
                if counted.rows == 0 {
                    println!("first {}", start.elapsed().as_millis());
                }
                counted.rows += rows.len();
                if done && until.is_none() {
                    println!("rows {} {} {}", counted.rows, start.elapsed().as_millis(), counted.bytes);
                    until = Some(Instant::now() + Duration::from_secs_f64(seconds.parse()?));
                }
            }
            ServerMessage::Delta { from_seq, to_seq, upserts, deletes, .. } => {
                counted.changes += to_seq - from_seq;
                counted.delivered += upserts.len() + deletes.len();
            }
            ServerMessage::Reset { reason, .. } => return Err(format!("reset: {reason}").into()),
            ServerMessage::Denied { refusal, .. } | ServerMessage::Bad { refusal } => return Err(format!("{refusal:?}").into()),
            _ => {}
        }
    }
    println!("changes {} {}", counted.changes, counted.delivered);
    Ok(())
}

#[derive(Default)]
struct Counted {
    rows: usize,
    bytes: usize,
    /// Positions passed: every change of the hub counts, also those that collapsed.
    changes: u64,
    /// Rows and deletes that came.
    delivered: usize,
}
