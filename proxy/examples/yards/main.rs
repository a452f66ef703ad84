//! Many people in rooms of a Yard, on this proxy or on another server of Yjs documents: `cargo xtask bench` measures with it how long an edit takes to whom it
//! concerns, what many at once cost, and how long people who were apart take to agree. Each scene prints lines of numbers and ends.
//!
//! `cargo run --example yards -- SERVER SCENE PEOPLE`, where SERVER is `krateyard:PORT:CONTROL_PORT:CLUSTER`, `y-websocket:PORT`, `hocuspocus:PORT` or `y-sweet:PORT`,
//! and SCENE is `observers`, `writers`, `storm`, `heal`, `rooms` or `durable`.
#![expect(clippy::print_stdout, reason = "it prints how far it is")]

mod copy;
mod edits;
mod heal;
mod rooms;
mod server;
mod storm;

use std::error::Error;
use std::io::BufRead;
use std::sync::Arc;

use self::server::Server;

type Failed = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, scene, people] = &arguments[..] else { return Err("usage: yards SERVER SCENE PEOPLE".into()) };
    let (server, people) = (Arc::new(Server::of(server)?), people.parse()?);
    server.sign_in(people).await?;
    match scene.as_str() {
        "observers" => edits::one_writes(&server, people).await,
        "writers" => edits::all_write(&server, people).await,
        "storm" => storm::run(&server, people).await,
        "heal" => heal::run(&server, people).await,
        "rooms" => rooms::many(&server, people).await,
        "durable" => rooms::durable(&server).await,
        _ => Err("there is no such scene".into()),
    }
}

/// Waits until whoever started this has looked at what it wants to look at.
async fn read_a_line() -> Result<(), Failed> {
    Ok(tokio::task::spawn_blocking(|| std::io::stdin().lock().read_line(&mut String::new())).await?.map(drop)?)
}

/// The value below which so many parts of 1,000 lie.
fn quantile(sorted: &[f64], per_mille: usize) -> f64 {
    sorted.get((sorted.len() * per_mille / 1000).min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::INFINITY)
}
