//! How long an edit takes until another person has it, with everybody's presence on.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use krateyard_shared::sync::awareness::{self, Entry};
use krateyard_shared::sync::frame::Frame;
use tokio::task::JoinSet;

use super::copy::{Copy, client_of};
use super::server::{Receiver, Sender, Server};
use crate::{Failed, quantile};

const ROOM: &str = "web";
/// Who comes in at the same time: a crowd that comes at once is another scene.
const COMING_IN: usize = 50;
/// y-protocols, `outdatedTimeout / 2`: so often a client says again that it is there.
const RENEWED: Duration = Duration::from_secs(15);
/// Before each edit's number.
const MARK: &[u8] = b"@@";
/// After the last edit so long is waited for what is still under way.
const LATE: Duration = Duration::from_secs(20);

/// Somebody edits, all others see it.
pub(crate) async fn one_writes(server: &Server, people: usize) -> Result<(), Failed> {
    run(server, people, 1, Duration::from_millis(200), 100).await
}

/// Everybody edits, once a second.
pub(crate) async fn all_write(server: &Server, people: usize) -> Result<(), Failed> {
    run(server, people, people, Duration::from_secs(1), 15).await
}

/// What all share.
struct Board {
    start: Instant,
    /// When each edit was sent, in nanoseconds after the start.
    sent: Vec<AtomicU64>,
    /// Messages that came, in all.
    heard: AtomicU64,
    /// Edits that came, in all.
    delivered: AtomicU64,
}

/// Prints `edits P50 P99 DELIVERED EXPECTED`, times in ms.
async fn run(server: &Server, people: usize, writers: usize, every: Duration, edits_each: usize) -> Result<(), Failed> {
    server.prepare(ROOM).await?;
    let sent = (0..writers * edits_each).map(|_| AtomicU64::new(0)).collect();
    let board = Arc::new(Board { start: Instant::now(), sent, heard: AtomicU64::new(0), delivered: AtomicU64::new(0) });
    let mut senders = Vec::new();
    let (end, ended) = tokio::sync::watch::channel(false);
    let mut listening = JoinSet::new();
    for first in (0..people).step_by(COMING_IN) {
        let coming = (first..people.min(first + COMING_IN)).map(async |person| {
            let mut peer = server.enter(person, ROOM).await?;
            peer.sender.send(&Frame::Step1(&Copy::new(person).ask())).await?;
            peer.receiver.answer().await?;
            Ok::<_, Failed>(peer)
        });
        for peer in futures::future::join_all(coming).await {
            let peer = peer?;
            senders.push(peer.sender);
            let person = senders.len() - 1;
            listening.spawn(listen(peer.receiver, board.clone(), plan(person, writers, edits_each), ended.clone()));
        }
    }
    for (person, sender) in senders.iter_mut().enumerate() {
        sender.send(&Frame::Awareness(&here(person, 1))).await?;
    }
    settle(&board, people).await;
    let mut acting = JoinSet::new();
    for (person, sender) in senders.into_iter().enumerate() {
        let plan = plan(person, writers, edits_each);
        // Spread over the time between two edits, and over that between two renewals.
        let phase = every.mul_f64(person as f64 / people as f64);
        let renewal = RENEWED.mul_f64(person as f64 / people as f64);
        acting.spawn(act(person, sender, board.clone(), plan, every, phase, renewal, ended.clone()));
    }
    let expected = (writers * edits_each * (people - 1)) as u64;
    tokio::time::sleep(every * edits_each as u32).await;
    let last = Instant::now();
    while board.delivered.load(Ordering::Relaxed) < expected && last.elapsed() < LATE {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    end.send(true)?;
    let mut times = Vec::new();
    while let Some(heard) = listening.join_next().await {
        times.extend(heard?);
    }
    while let Some(acted) = acting.join_next().await {
        acted??;
    }
    times.sort_by(f64::total_cmp);
    println!("edits {:.3} {:.3} {} {expected}", quantile(&times, 500), quantile(&times, 990), times.len());
    Ok(())
}

/// The numbers of a person's edits.
fn plan(person: usize, writers: usize, edits_each: usize) -> Range<usize> {
    if person < writers { person * edits_each..(person + 1) * edits_each } else { 0..0 }
}

/// Until what everybody is told of everybody's coming has arrived.
async fn settle(board: &Board, people: usize) {
    let began = Instant::now();
    let mut before = 0;
    while began.elapsed() < Duration::from_secs(120) {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let heard = board.heard.load(Ordering::Relaxed);
        if heard - before < people as u64 {
            return;
        }
        before = heard;
    }
}

/// Counts the edits of others, and how old each one is when it comes: some servers send one's own as well.
async fn listen(mut receiver: Receiver, board: Arc<Board>, own: Range<usize>, mut ended: tokio::sync::watch::Receiver<bool>) -> Vec<f64> {
    let mut times = Vec::new();
    loop {
        let frame = tokio::select! {
            frame = receiver.next() => frame,
            _ = ended.changed() => return times,
        };
        let Ok(frame) = frame else { return times };
        let now = board.start.elapsed().as_nanos() as u64;
        board.heard.fetch_add(1, Ordering::Relaxed);
        let Ok(Frame::Update(mut update)) = Frame::read(&frame) else { continue };
        // A server may put several edits into one update.
        while let Some(at) = update.windows(MARK.len()).position(|bytes| bytes == MARK) {
            update = &update[at + MARK.len()..];
            let number = update.get(..8).and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok());
            if let Some(sent) = number.filter(|number| !own.contains(number)).and_then(|number| board.sent.get(number)) {
                times.push(now.saturating_sub(sent.load(Ordering::Relaxed)) as f64 / 1e6);
                board.delivered.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// Edits and renews.
#[expect(clippy::too_many_arguments, reason = "what a person does, and when")]
async fn act(
    person: usize,
    mut sender: Sender,
    board: Arc<Board>,
    mut plan: Range<usize>,
    every: Duration,
    phase: Duration,
    renewal: Duration,
    mut ended: tokio::sync::watch::Receiver<bool>,
) -> Result<(), Failed> {
    let copy = Copy::new(person);
    let now = tokio::time::Instant::now();
    let mut edits = tokio::time::interval_at(now + phase, every);
    let mut renewals = tokio::time::interval_at(now + renewal, RENEWED);
    let mut clock = 1;
    loop {
        tokio::select! {
            _ = ended.changed() => return Ok(()),
            _ = edits.tick(), if !plan.is_empty() => {
                let Some(number) = plan.next() else { continue };
                let update = copy.write([(format!("krate-{person}"), format!("@@{number:08}"))]);
                board.sent[number].store(board.start.elapsed().as_nanos() as u64, Ordering::Relaxed);
                sender.send(&Frame::Update(&update)).await?;
            }
            _ = renewals.tick() => {
                clock += 1;
                sender.send(&Frame::Awareness(&here(person, clock))).await?;
            }
        }
    }
}

/// A state as an editor has it: a name, a colour and a cursor.
fn here(person: usize, clock: u32) -> Vec<u8> {
    let state = format!(r##"{{"user":{{"name":"person-{person}","color":"#4dd6e8"}},"cursor":{{"x":{},"y":{clock}}}}}"##, person * 7);
    awareness::write([Entry { client: client_of(person), clock, state }].iter())
}
