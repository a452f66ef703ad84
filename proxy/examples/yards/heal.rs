//! Half of the people are cut off, everybody goes on editing, and those who were apart come back.

use std::time::{Duration, Instant};

use krateyard_shared::sync::frame::Frame;
use tokio::sync::{mpsc, watch};

use super::copy::Copy;
use super::server::{Peer, Server};
use crate::Failed;

/// Each person's edits in that time.
const EDITS: usize = 50;
const PATIENCE: Duration = Duration::from_secs(60);

enum Told {
    Edit,
    Join(Box<Peer>),
    Leave,
}

/// Prints `healed SECONDS`.
pub(crate) async fn run(server: &Server, people: usize) -> Result<(), Failed> {
    // One of this run alone: y-sweet makes a document once, and what was healed once has nothing more to do.
    let room = &format!("heal-{}", std::process::id());
    server.prepare(room).await?;
    let mut tells = Vec::new();
    let mut counts = Vec::new();
    for person in 0..people {
        let (tell, told) = mpsc::channel(EDITS + 8);
        let (count, counted) = watch::channel(0);
        tokio::spawn(live(person, told, count));
        tell.send(Told::Join(Box::new(server.enter(person, room).await?))).await?;
        tell.send(Told::Edit).await?;
        tells.push(tell);
        counts.push(counted);
    }
    all_have(&mut counts, people).await?;
    for (person, tell) in tells.iter().enumerate() {
        if person % 2 == 1 {
            tell.send(Told::Leave).await?;
        }
        for _ in 0..EDITS {
            tell.send(Told::Edit).await?;
        }
    }
    // Those who are connected agree first: what is measured is the return of the others.
    let connected = people.div_ceil(2);
    let mut there: Vec<_> = counts.iter().cloned().step_by(2).collect();
    all_have(&mut there, people + connected * EDITS).await?;
    let start = Instant::now();
    for (person, tell) in tells.iter().enumerate().filter(|(person, _)| person % 2 == 1) {
        tell.send(Told::Join(Box::new(server.enter(person, room).await?))).await?;
    }
    all_have(&mut counts, people * (EDITS + 1)).await?;
    println!("healed {:.3}", start.elapsed().as_secs_f64());
    Ok(())
}

async fn all_have(counts: &mut [watch::Receiver<usize>], many: usize) -> Result<(), Failed> {
    tokio::time::timeout(PATIENCE, async {
        for count in counts {
            count.wait_for(|count| *count >= many).await?;
        }
        Ok(())
    })
    .await?
}

/// One person: edits always, and is in the room from time to time.
async fn live(person: usize, mut told: mpsc::Receiver<Told>, count: watch::Sender<usize>) -> Result<(), Failed> {
    let copy = Copy::new(person);
    let mut peer: Option<Peer> = None;
    let mut edits = 0;
    loop {
        let heard = async {
            match &mut peer {
                Some(peer) => peer.receiver.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            told = told.recv() => match told {
                None => return Ok(()),
                Some(Told::Leave) => peer = None,
                Some(Told::Join(mut joined)) => {
                    joined.sender.send(&Frame::Step1(&copy.ask())).await?;
                    peer = Some(*joined);
                }
                Some(Told::Edit) => {
                    edits += 1;
                    let update = copy.write([(format!("{person}-{edits}"), "x".repeat(100))]);
                    if let Some(peer) = &mut peer {
                        peer.sender.send(&Frame::Update(&update)).await?;
                    }
                }
            },
            frame = heard => {
                if let (Some(answer), Some(peer)) = (copy.hear(&frame?)?, &mut peer) {
                    peer.sender.send(&Frame::read(&answer).map_err(|error| error.to_string())?).await?;
                }
            }
        }
        count.send_replace(copy.len());
    }
}
