//! Everybody comes at once to a room of 4 MB, as after a restart.

use std::sync::Arc;
use std::time::Instant;

use krateyard_shared::sync::frame::Frame;
use tokio::task::JoinSet;

use super::copy::Copy;
use super::server::Server;
use crate::{Failed, quantile, read_a_line};

const ROOM: &str = "web";
/// Entries of the document, as a Yard has them: a key and some hundred bytes.
const ENTRIES: usize = 36_000;
const VALUE: usize = 100;
/// Of them in one edit, so that no frame is larger than a server takes.
const AT_ONCE: usize = 600;
/// What the document has to be.
const LEAST: usize = 4_000_000;

/// Prints `built BYTES`, and after a line `joined LAST HALF` in seconds.
pub(crate) async fn run(server: &Arc<Server>, people: usize) -> Result<(), Failed> {
    server.prepare(ROOM).await?;
    let copy = Copy::new(0);
    let mut builder = server.enter(0, ROOM).await?;
    builder.sender.send(&Frame::Step1(&copy.ask())).await?;
    builder.receiver.answer().await?;
    for first in (0..ENTRIES).step_by(AT_ONCE) {
        let entries = (first..first + AT_ONCE).map(|n| (format!("krate-{n:08}"), format!("{n:0VALUE$}")));
        builder.sender.send(&Frame::Update(&copy.write(entries))).await?;
    }
    builder.sender.send(&Frame::Step1(&Copy::new(1).ask())).await?;
    let size = builder.receiver.answer().await?;
    println!("built {size}");
    read_a_line().await?;
    let start = Instant::now();
    let mut joining = JoinSet::new();
    for person in 0..people {
        let server = server.clone();
        joining.spawn(async move {
            let mut peer = server.enter(person, ROOM).await?;
            peer.sender.send(&Frame::Step1(&Copy::new(person + 1).ask())).await?;
            let mut got = 0;
            while got < LEAST {
                got += peer.receiver.answer().await?;
            }
            Ok::<_, Failed>((start.elapsed().as_secs_f64(), peer))
        });
    }
    let (mut times, mut staying) = (Vec::new(), Vec::new());
    while let Some(joined) = joining.join_next().await {
        let (time, peer) = joined??;
        times.push(time);
        staying.push(peer);
    }
    times.sort_by(f64::total_cmp);
    println!("joined {:.3} {:.3}", times[times.len() - 1], quantile(&times, 500));
    read_a_line().await
}
