//! Somebody in a room, as long as they may be there.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use krateyard_shared::identity::ClusterName;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::room::Room;
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

use crate::app::Shared;
use crate::authenticate::Session;
use crate::authorize;
use crate::clusters::Cluster;
use crate::relay::{Entry, Said, Sink};

/// Frames that wait for the room; the socket is not read meanwhile.
const WAITING: usize = 16;

/// A seat in a room, or on the way to one. Given back when dropped.
pub(super) struct Seat {
    frames: mpsc::Sender<Bytes>,
    _task: AbortOnDropHandle<()>,
}

impl Seat {
    /// Asks for a room and enters it; what comes of that, and what is said in the room, goes to `sink`.
    pub(super) fn take(app: Shared, session: Arc<Session>, cluster: ClusterName, room: Room, sink: Sink) -> Seat {
        let (frames, taken) = mpsc::channel(WAITING);
        let tasks = app.tasks.clone();
        let task = tasks.spawn(async move {
            if let Err(refusal) = sit(&app, &session, &cluster, &room, &sink, taken).await {
                sink.put(Said::Closed(refusal));
            }
        });
        Seat { frames, _task: AbortOnDropHandle::new(task) }
    }

    /// Hands a frame to the room; nothing once it was left.
    pub(super) async fn send(&self, frame: Bytes) {
        let _ = self.frames.send(frame).await;
    }

    /// Whether the room was left, or never entered.
    pub(super) fn is_over(&self) -> bool {
        self.frames.is_closed()
    }
}

async fn sit(app: &Shared, session: &Arc<Session>, cluster: &ClusterName, room: &Room, sink: &Sink, mut frames: mpsc::Receiver<Bytes>) -> Result<(), Refusal> {
    let cluster = app.cluster(cluster)?;
    let changes = cluster.reviews.changes();
    let mut entry = authorize::enter_room(&cluster, session, room).await?;
    let place = app.rooms.enter(&entry, sink).await?;
    let mut reviewed = pin!(reviewed(cluster.clone(), session.clone(), room.clone(), changes));
    loop {
        tokio::select! {
            frame = frames.recv() => match frame {
                Some(frame) => place.send(frame).await?,
                None => return Ok(()),
            },
            Some(anew) = reviewed.next() => {
                let anew = anew?;
                if anew.change.is_some() != entry.change.is_some() {
                    place.allow(anew.change.as_ref()).await?;
                }
                entry = anew;
            }
            refusal = cluster.gone() => return Err(refusal),
        }
    }
}

/// The right to a room, asked for again when roles or bindings change, and whenever the last answer is too old to count. A stream, so that it goes on where it
/// was however many frames come meanwhile.
fn reviewed(cluster: Arc<Cluster>, session: Arc<Session>, room: Room, changes: watch::Receiver<u64>) -> impl Stream<Item = Result<Entry, Refusal>> {
    stream::unfold((cluster, session, room, changes), |(cluster, session, room, mut changes)| async move {
        loop {
            let _ = tokio::time::timeout(cluster.limits.review, changes.changed()).await;
            match authorize::enter_room(&cluster, &session, &room).await {
                Err(refusal) if refusal.is_passing() => {
                    tracing::warn!(cluster = %cluster.name, %refusal, "cannot review a right again");
                    tokio::time::sleep(cluster.limits.rights_settle).await;
                    changes.mark_changed();
                }
                answer => return Some((answer, (cluster, session, room, changes))),
            }
        }
    })
}
