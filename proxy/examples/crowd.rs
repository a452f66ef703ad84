//! Many browsers at once, each of a person of their own: `cargo xtask bench` measures with it what they cost a proxy and its cluster. The persons are made known to
//! a simulated cluster by its control API, and sign in; after a line of input all open a socket at the same moment, and subscribe to all pods or stay idle; after
//! another one they leave.
//!
//! `cargo run --example crowd -- HOST:PORT CONTROL_PORT CLUSTER COUNT pods|idle`
#![expect(clippy::print_stdout, reason = "it prints how far it is")]

use std::error::Error;
use std::io::BufRead;
use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt, TryStreamExt, stream};
use krateyard_shared::identity::{ClusterName, Resource};
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::{BINARY, ClientMessage, ServerMessage, VERSION, Wire};
use serde_json::json;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Failed = Box<dyn Error + Send + Sync>;
type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

const WIRE: Wire = Wire::Binary;
/// Who signs in at the same time: fewer than the proxy reviews at once.
const SIGNING_IN: usize = 16;
/// Longer than anybody would wait for a list.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where everything is.
#[derive(Clone)]
struct Place {
    proxy: String,
    control: String,
    cluster: String,
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [proxy, control, cluster, count, what] = &arguments[..] else {
        return Err("usage: crowd HOST:PORT CONTROL_PORT CLUSTER COUNT pods|idle".into());
    };
    let place = Place { proxy: proxy.clone(), control: format!("http://127.0.0.1:{control}"), cluster: cluster.clone() };
    let (count, subscribes) = (count.parse::<usize>()?, what == "pods");

    let http = reqwest::Client::new();
    stream::iter(0..count).map(|person| sign_in(&http, &place, person)).buffer_unordered(SIGNING_IN).try_collect::<Vec<()>>().await?;
    println!("signed in {count}");
    read_a_line().await?;

    let start = Instant::now();
    let mut arriving = JoinSet::new();
    for person in 0..count {
        arriving.spawn(arrive(place.clone(), person, subscribes));
    }
    let (mut times, mut rows, mut bytes, mut staying) = (Vec::new(), 0, 0, JoinSet::new());
    while let Some(arrived) = arriving.join_next().await {
        let arrived = arrived??;
        times.push(start.elapsed().as_secs_f64());
        (rows, bytes) = (rows + arrived.rows, bytes + arrived.bytes);
        staying.spawn(stay(arrived.socket));
    }
    times.sort_by(f64::total_cmp);
    println!("joined {:.3} {:.3} {rows} {bytes}", times[times.len() - 1], times[times.len() / 2]);
    read_a_line().await
}

async fn sign_in(http: &reqwest::Client, place: &Place, person: usize) -> Result<(), Failed> {
    let known = json!({"token": token(person), "user": format!("person-{person}@example.com"), "groups": ["system:masters"]});
    http.post(format!("{}/tokens/add", place.control)).json(&known).send().await?.error_for_status()?;
    http.get(format!("http://{}/api/session", place.proxy)).bearer_auth(token(person)).send().await?.error_for_status()?;
    Ok(())
}

/// Somebody who is there.
struct Arrived {
    socket: Socket,
    rows: usize,
    bytes: usize,
}

/// Opens a socket, and waits for the Welcome, or for all rows.
async fn arrive(place: Place, person: usize, subscribes: bool) -> Result<Arrived, Failed> {
    let mut request = format!("ws://{}/ws/watch", place.proxy).into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {}", token(person)).parse()?);
    request.headers_mut().insert("sec-websocket-protocol", BINARY.parse()?);
    let (socket, _) = connect_async(request).await?;
    let mut arrived = Arrived { socket, rows: 0, bytes: 0 };
    say(&mut arrived.socket, &ClientMessage::Hello { version: VERSION }).await?;
    if subscribes {
        let resource = Resource { group: String::new(), version: "v1".into(), plural: "pods".into() };
        say(&mut arrived.socket, &ClientMessage::Subscribe { id: 1, cluster: ClusterName(place.cluster), resource, scope: Scope::All, resume: None }).await?;
    }
    loop {
        let frame = tokio::time::timeout(PATIENCE, arrived.socket.next()).await?.ok_or("the proxy closed the socket")??;
        let Message::Binary(frame) = frame else { continue };
        arrived.bytes += frame.len();
        match WIRE.decode::<ServerMessage>(&frame).map_err(|refusal| format!("{refusal:?}"))? {
            ServerMessage::Welcome { .. } if !subscribes => return Ok(arrived),
            ServerMessage::Rows { rows, done, .. } => {
                arrived.rows += rows.len();
                if done {
                    return Ok(arrived);
                }
            }
            ServerMessage::Denied { refusal, .. } | ServerMessage::Bad { refusal } => return Err(format!("{refusal:?}").into()),
            _ => {}
        }
    }
}

async fn say(socket: &mut Socket, message: &ClientMessage) -> Result<(), Failed> {
    Ok(socket.send(Message::Binary(Bytes::from(WIRE.encode(message)))).await?)
}

/// Reads on, which also answers pings.
async fn stay(mut socket: Socket) {
    while let Some(Ok(_)) = socket.next().await {}
}

async fn read_a_line() -> Result<(), Failed> {
    Ok(tokio::task::spawn_blocking(|| std::io::stdin().lock().read_line(&mut String::new())).await?.map(drop)?)
}

fn token(person: usize) -> String {
    format!("crowd-{person}")
}
