//! All rooms: which are open, which hold something, and the way in, which takes permits.

use std::collections::hash_map::{Entry as Slot, HashMap};
use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use krateyard_shared::identity::ClusterName;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::room::Room;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::owner::{self, Left, MAILBOX, Mail, Sink};
use super::presence::Person;
use super::room::PeerId;
use super::storage::{RoomKey, Storage};
use crate::authorize::{ChangeRoom, EnterRoom, Permit};
use crate::config::Limits;

/// Rooms of a cluster that hold something.
pub(crate) type Directory = Arc<BTreeSet<Room>>;

/// The rooms of a proxy.
pub(crate) struct Rooms {
    pub(super) storage: Storage,
    pub(super) limits: Limits,
    pub(super) stop: CancellationToken,
    tasks: TaskTracker,
    live: Mutex<HashMap<RoomKey, Live>>,
    directories: Mutex<HashMap<ClusterName, watch::Sender<Directory>>>,
    peers: AtomicU64,
}

#[derive(Clone)]
struct Live {
    mailbox: mpsc::Sender<Mail>,
    left: Arc<Left>,
}

/// Somebody's right to a room.
pub(crate) struct Entry {
    pub(crate) enter: Permit<EnterRoom>,
    /// None for who may look only.
    pub(crate) change: Option<Permit<ChangeRoom>>,
}

/// A place in a room, given back when dropped, wherever that happens: also on the way to who asked for it.
pub(crate) struct Place {
    pub(super) peer: PeerId,
    live: Live,
}

impl Rooms {
    pub(crate) fn new(storage: Storage, limits: Limits, tasks: &TaskTracker, stop: &CancellationToken) -> Arc<Rooms> {
        let (tasks, stop) = (tasks.clone(), stop.clone());
        let rooms = Arc::new(Rooms { storage, limits, stop, tasks, live: Mutex::default(), directories: Mutex::default(), peers: AtomicU64::new(1) });
        if rooms.storage.is_shared() {
            let (hears, stop) = (rooms.clone(), rooms.stop.clone());
            let hear = async move {
                loop {
                    let key = hears.storage.next_written().await;
                    hears.holds_something(&key);
                }
            };
            rooms.tasks.spawn(async move { stop.run_until_cancelled(hear).await });
        }
        rooms
    }

    /// Lets somebody in; what the room has to say goes to `sink`.
    ///
    /// # Errors
    /// `Limit` when the room is full, or too many are open; `UpstreamDown` when what is kept of it cannot be read.
    pub(crate) async fn enter(self: &Arc<Self>, entry: &Entry, sink: &Sink) -> Result<Place, Refusal> {
        let user = &entry.enter.session().user;
        let room = entry.enter.target().room.clone();
        let owner = matches!(room, Room::Private).then(|| user.name.clone());
        let key = RoomKey { cluster: entry.enter.cluster().name.clone(), room, owner };
        loop {
            let live = self.live(&key)?;
            let peer = PeerId(self.peers.fetch_add(1, Ordering::Relaxed));
            let (entered, answer) = oneshot::channel();
            let place = Place { peer, live: live.clone() };
            let join = Mail::Join { place, person: Person::named(&user.name), writable: entry.change.is_some(), sink: sink.clone(), entered };
            // An owner that has just gone to rest takes nothing more: the next round finds another one.
            if live.mailbox.send(join).await.is_err() {
                continue;
            }
            match answer.await {
                Ok(entered) => return entered,
                Err(_) if self.stop.is_cancelled() => return Err(Refusal::UpstreamDown { cause: "krateyard restarts".into() }),
                Err(_) => {}
            }
        }
    }

    fn live(self: &Arc<Self>, key: &RoomKey) -> Result<Live, Refusal> {
        let mut rooms = self.live.lock().expect("no panic while held");
        let count = rooms.len();
        match rooms.entry(key.clone()) {
            Slot::Occupied(known) if !known.get().mailbox.is_closed() => Ok(known.get().clone()),
            Slot::Vacant(_) if count >= self.limits.rooms => Err(Refusal::Limit { which: "open rooms".into(), retry_after_secs: 30 }),
            slot => {
                let (mailbox, mail) = mpsc::channel(MAILBOX);
                let live = Live { mailbox, left: Arc::default() };
                slot.insert_entry(live.clone());
                self.tasks.spawn(owner::run(self.clone(), key.clone(), live.left.clone(), mail));
                Ok(live)
            }
        }
    }

    /// An owner ends.
    pub(super) fn forget(&self, key: &RoomKey) {
        self.live.lock().expect("no panic while held").remove(key);
    }

    /// The rooms of a cluster that hold something, as they change; not the private ones.
    ///
    /// # Errors
    /// `UpstreamDown` when what is kept cannot be read.
    pub(crate) async fn directory(&self, cluster: &ClusterName) -> Result<watch::Receiver<Directory>, Refusal> {
        if let Some(known) = self.directories.lock().expect("no panic while held").get(cluster) {
            return Ok(known.subscribe());
        }
        let kept = self.storage.rooms(cluster).await.map_err(|error| Refusal::UpstreamDown { cause: error.to_string() })?;
        let mut directories = self.directories.lock().expect("no panic while held");
        let directory = directories.entry(cluster.clone()).or_insert_with(|| watch::Sender::new(Directory::default()));
        add(directory, kept);
        Ok(directory.subscribe())
    }

    /// Something was written to a room for the first time.
    pub(super) fn holds_something(&self, key: &RoomKey) {
        if key.owner.is_some() {
            return;
        }
        let mut directories = self.directories.lock().expect("no panic while held");
        // Who has not looked yet reads it from the storage.
        if let Some(directory) = directories.get_mut(&key.cluster) {
            add(directory, [key.room.clone()]);
        }
    }
}

fn add(directory: &watch::Sender<Directory>, rooms: impl IntoIterator<Item = Room>) {
    let new: HashSet<Room> = rooms.into_iter().filter(|room| !directory.borrow().contains(room)).collect();
    if !new.is_empty() {
        directory.send_modify(|known| Arc::make_mut(known).extend(new));
    }
}

impl Place {
    /// Hands a frame to the room. Waits while the room is busy: that is the backpressure.
    ///
    /// # Errors
    /// `UpstreamDown` when the room is no more: come in again.
    pub(crate) async fn send(&self, frame: Bytes) -> Result<(), Refusal> {
        self.tell(Mail::Frame(self.peer, frame)).await
    }

    /// The right to change the room came or went.
    ///
    /// # Errors
    /// As [`Place::send`].
    pub(crate) async fn allow(&self, change: Option<&Permit<ChangeRoom>>) -> Result<(), Refusal> {
        self.tell(Mail::Allow(self.peer, change.is_some())).await
    }

    async fn tell(&self, mail: Mail) -> Result<(), Refusal> {
        self.live.mailbox.send(mail).await.map_err(|_| Refusal::UpstreamDown { cause: "the room begins anew".into() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.live.left.tell(self.peer);
    }
}
