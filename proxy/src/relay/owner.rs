//! The one task that has a room: it takes what peers send, keeps what is to be kept, and says what is to be said.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::presence::PER_SECOND;
use krateyard_shared::sync::{Channel, MAX_DOCUMENT};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;

use super::document::Document;
use super::outbox::{Outbox, Said};
use super::presence::Person;
use super::room::{Bounds, Outgoing, PeerId, Room};
use super::rooms::{Place, Rooms};
use super::storage::{Elsewhere, Feed, Kept, Position, RoomKey, StorageError};

/// Frames that wait for the room; whoever sends more waits.
pub(super) const MAILBOX: usize = 256;
/// Frames that are taken before the room looks at anything else.
const AT_ONCE: usize = 64;
/// A log of more updates than this, or of more bytes, is replaced by one snapshot.
const COMPACT_UPDATES: usize = 500;
const COMPACT_BYTES: usize = 1 << 20;
/// After a failure of the storage.
const RETRY: Duration = Duration::from_secs(1);
/// Between two looks for peers that fell silent.
const SWEEP: Duration = Duration::from_secs(5);

/// What a room is told.
pub(super) enum Mail {
    Join { place: Place, person: Person, writable: bool, sink: Sink, entered: oneshot::Sender<Result<Place, Refusal>> },
    Frame(PeerId, Bytes),
    Allow(PeerId, bool),
}

/// Where a peer hears.
#[derive(Clone)]
pub(crate) struct Sink {
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) channel: Channel,
    /// It takes long answers in pieces.
    pub(crate) in_pieces: bool,
}

impl Sink {
    /// Says something to the peer.
    pub(crate) fn put(&self, said: Said) {
        self.outbox.put(self.channel, said);
    }
}

/// Peers that are gone: told without waiting, since whoever goes cannot wait. As many at most as came.
#[derive(Default)]
pub(super) struct Left {
    peers: Mutex<Vec<PeerId>>,
    bell: Notify,
}

/// A room and everything around it.
pub(super) struct Owner {
    rooms: Arc<Rooms>,
    key: RoomKey,
    room: Room,
    sinks: HashMap<PeerId, Sink>,
    left: Arc<Left>,
    /// What other proxies do here, and whether that is to be read.
    feed: Feed,
    is_behind: bool,
    /// To be kept next.
    pending: Vec<Bytes>,
    pending_bytes: usize,
    /// One write at a time.
    writing: Option<BoxFuture<'static, Written>>,
    /// Of the log as it is kept.
    log: Log,
    /// All of the log could be read: only then may a snapshot take its place.
    is_whole: bool,
    presence_told: Instant,
    swept: Instant,
    deserted: Instant,
}

#[derive(Default)]
struct Log {
    position: Position,
    updates: usize,
    bytes: usize,
}

impl Log {
    /// Whether a snapshot in its place, of a document of this size, is worth writing.
    fn is_long(&self, size: usize) -> bool {
        self.updates > COMPACT_UPDATES || (self.updates > 1 && self.bytes > 2 * size.max(COMPACT_BYTES))
    }

    fn grow(&mut self, position: Position, updates: usize, bytes: usize) {
        *self = Log { position, updates: self.updates + updates, bytes: self.bytes + bytes };
    }
}

/// What came of a write.
enum Written {
    Appended(Vec<Bytes>, Result<Position, StorageError>),
    /// The bytes of the snapshot.
    Compacted(usize, Result<(), StorageError>),
    /// What others wrote.
    Read(Result<Kept, StorageError>),
}

impl Left {
    pub(super) fn tell(&self, peer: PeerId) {
        self.peers.lock().expect("no panic while held").push(peer);
        self.bell.notify_one();
    }

    fn take(&self) -> Vec<PeerId> {
        std::mem::take(&mut *self.peers.lock().expect("no panic while held"))
    }
}

/// Runs a room until nobody was in it for a while.
pub(super) async fn run(rooms: Arc<Rooms>, key: RoomKey, left: Arc<Left>, mut mailbox: mpsc::Receiver<Mail>) {
    match Owner::load(&rooms, &key, left).await {
        Ok(owner) => owner.run(mailbox).await,
        Err(error) => {
            tracing::error!(room = %key, %error, "a room cannot be opened");
            rooms.forget(&key);
            mailbox.close();
            while let Some(mail) = mailbox.recv().await {
                if let Mail::Join { entered, .. } = mail {
                    let _ = entered.send(Err(Refusal::UpstreamDown { cause: error.to_string() }));
                }
            }
        }
    }
}

impl Owner {
    async fn load(rooms: &Arc<Rooms>, key: &RoomKey, left: Arc<Left>) -> Result<Owner, StorageError> {
        // Before the log is read, so that nothing is missed between.
        let feed = rooms.storage.feed(key);
        let kept = rooms.storage.load(key).await?;
        let log = Log { position: kept.position, updates: kept.updates.len(), bytes: kept.updates.iter().map(Bytes::len).sum() };
        // Some hundred updates take milliseconds, a full room some ten of them.
        let (document, unreadable) = Document::restore(kept.updates);
        if unreadable > 0 {
            tracing::error!(room = %key, unreadable, "of what was kept of a room something cannot be read: its log stays as it is, for whoever looks into it");
        }
        let (room, now) = (Room::new(document, Bounds::of(&rooms.limits)), Instant::now());
        Ok(Owner {
            rooms: rooms.clone(),
            key: key.clone(),
            room,
            sinks: HashMap::new(),
            left,
            feed,
            is_behind: false,
            pending: Vec::new(),
            pending_bytes: 0,
            writing: None,
            log,
            is_whole: unreadable == 0,
            presence_told: now,
            swept: now,
            deserted: now,
        })
    }

    async fn run(mut self, mut mailbox: mpsc::Receiver<Mail>) {
        let stop = self.rooms.stop.clone();
        loop {
            let presence_due = self.presence_told + Duration::from_secs(1) / PER_SECOND;
            let sweep_due = self.swept + SWEEP;
            let rest_due = self.deserted + self.rooms.limits.room_rest;
            let (has_presence, is_deserted, is_idle) = (self.room.has_presence_news(), self.room.is_deserted(), self.is_idle());
            let left = self.left.clone();
            tokio::select! {
                mail = mailbox.recv() => {
                    let Some(mail) = mail else { break };
                    self.take(mail);
                    for _ in 1..AT_ONCE {
                        let Ok(mail) = mailbox.try_recv() else { break };
                        self.take(mail);
                    }
                }
                written = done(&mut self.writing), if self.writing.is_some() => self.written(written),
                () = left.bell.notified() => self.part(),
                elsewhere = self.feed.next() => match elsewhere {
                    Elsewhere::Moved => self.is_behind = true,
                    Elsewhere::Presence(frame) => self.room.hear_presence(Instant::now(), &frame),
                },
                () = tokio::time::sleep_until(presence_due), if has_presence => self.tell_presence(),
                () = tokio::time::sleep_until(sweep_due), if !is_deserted => {
                    self.swept = Instant::now();
                    // What others say may be lost; their log is not.
                    self.is_behind = self.rooms.storage.is_shared();
                    self.tell_presence();
                }
                () = tokio::time::sleep_until(rest_due), if is_idle => {
                    // From here on whoever comes finds another owner; who came a moment ago tries again.
                    break;
                }
                () = stop.cancelled() => break,
            }
            self.write();
        }
        self.rooms.forget(&self.key);
        mailbox.close();
        self.finish().await;
    }

    fn is_idle(&self) -> bool {
        self.room.is_deserted() && self.pending.is_empty() && self.writing.is_none()
    }

    fn take(&mut self, mail: Mail) {
        let now = Instant::now();
        let out = match mail {
            Mail::Frame(peer, frame) => self.room.receive(now, peer, &frame),
            Mail::Allow(peer, writable) => self.room.allow(peer, writable),
            Mail::Join { place, person, writable, sink, entered } => match self.room.join(now, place.peer, person, writable, sink.in_pieces) {
                Ok(out) => {
                    self.sinks.insert(place.peer, sink);
                    // Where nobody waits for the place any more it is dropped, and tells so.
                    let _ = entered.send(Ok(place));
                    out
                }
                Err(refusal) => {
                    let _ = entered.send(Err(refusal));
                    Vec::new()
                }
            },
        };
        self.say(out);
    }

    fn part(&mut self) {
        for peer in self.left.take() {
            self.leave(peer);
        }
    }

    fn leave(&mut self, peer: PeerId) {
        self.room.leave(peer);
        self.sinks.remove(&peer);
        if self.room.is_deserted() {
            self.deserted = Instant::now();
        }
    }

    fn tell_presence(&mut self) {
        self.presence_told = Instant::now();
        let out = self.room.tell_presence(self.presence_told);
        self.say(out);
    }

    fn say(&mut self, out: Vec<Outgoing>) {
        for outgoing in out {
            match outgoing {
                Outgoing::To(peer, said) => {
                    if let Some(sink) = self.sinks.get(&peer) {
                        sink.put(said);
                    }
                }
                Outgoing::Edit(by, frame) => {
                    for sink in self.room.followers().filter(|peer| *peer != by).filter_map(|peer| self.sinks.get(&peer)) {
                        sink.put(Said::Frame(frame.clone()));
                    }
                }
                Outgoing::All(frame) => self.sinks.values().for_each(|sink| sink.put(Said::Frame(frame.clone()))),
                Outgoing::Elsewhere(frame) => self.rooms.storage.tell(&self.key, &frame),
                Outgoing::Append(update) => {
                    self.pending_bytes += update.len();
                    self.pending.push(update);
                    if self.pending_bytes > MAX_DOCUMENT {
                        self.room.set_stuck(Some(Refusal::UpstreamDown { cause: "changes cannot be kept at present".into() }));
                    }
                }
            }
        }
    }

    /// Begins to write what waits, if nothing is being written.
    fn write(&mut self) {
        if self.writing.is_some() {
            return;
        }
        let (storage, key) = (self.rooms.storage.clone(), self.key.clone());
        if !self.pending.is_empty() {
            let updates = std::mem::take(&mut self.pending);
            self.writing = Some(
                async move {
                    let result = storage.append(&key, &updates).await;
                    if result.is_err() {
                        tokio::time::sleep(RETRY).await;
                    }
                    Written::Appended(updates, result)
                }
                .boxed(),
            );
        } else if std::mem::take(&mut self.is_behind) {
            let position = self.log.position;
            self.writing = Some(async move { Written::Read(storage.since(&key, position).await) }.boxed());
        } else if self.is_whole && self.log.is_long(self.room.document().size()) {
            let (through, snapshot) = (self.log.position, self.room.document().compacted());
            self.writing = Some(
                async move {
                    let bytes = snapshot.len();
                    Written::Compacted(bytes, storage.compact(&key, through, snapshot).await)
                }
                .boxed(),
            );
        }
    }

    fn written(&mut self, written: Written) {
        self.writing = None;
        match written {
            Written::Appended(updates, Ok(position)) => {
                if self.log.updates == 0 {
                    self.rooms.holds_something(&self.key);
                }
                let bytes: usize = updates.iter().map(Bytes::len).sum();
                if self.rooms.storage.is_shared() {
                    // Others may have written before: what is between is read with what was written here.
                    self.is_behind = true;
                } else {
                    self.log.grow(position, updates.len(), bytes);
                }
                self.pending_bytes -= bytes;
                self.room.set_stuck(None);
                let out = self.room.kept(updates.len());
                self.say(out);
            }
            Written::Appended(mut updates, Err(error)) => {
                tracing::error!(room = %self.key, %error, "changes of a room are not kept: they wait, and are not acknowledged");
                updates.append(&mut self.pending);
                self.pending = updates;
            }
            Written::Read(Ok(kept)) => {
                self.log.grow(kept.position, kept.updates.len(), kept.updates.iter().map(Bytes::len).sum());
                for update in kept.updates {
                    let out = self.room.hear_update(&update);
                    self.say(out);
                }
            }
            Written::Read(Err(error)) => {
                tracing::warn!(room = %self.key, %error, "what other proxies wrote cannot be read: it is tried again in some seconds");
            }
            Written::Compacted(bytes, Ok(())) => (self.log.updates, self.log.bytes) = (1, bytes),
            Written::Compacted(_, Err(error)) => {
                tracing::error!(room = %self.key, %error, "the log of a room stays as long as it is");
                // Tried again when it has grown as much again.
                self.log.updates = 1;
                self.log.bytes = 0;
            }
        }
    }

    /// Writes what waits, before the room rests or the proxy ends.
    async fn finish(mut self) {
        for _ in 0..2 {
            if let Some(writing) = self.writing.take() {
                let written = writing.await;
                self.written(written);
            }
            self.write();
        }
        if let Some(writing) = self.writing.take() {
            let written = writing.await;
            self.written(written);
        }
    }
}

/// What a write came to; forever while there is none.
async fn done(writing: &mut Option<BoxFuture<'static, Written>>) -> Written {
    match writing {
        Some(writing) => writing.await,
        None => std::future::pending().await,
    }
}
