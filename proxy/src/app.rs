//! What every request can reach.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use krateyard_shared::identity::ClusterName;
use krateyard_shared::refusal::Refusal;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::authenticate::Sessions;
use crate::clusters::{Cluster, Clusters};
use crate::config::{Config, Limits, Origin, People, RoomsKept};
use crate::door::Door;
use crate::pipe::logs::Follows;
use crate::pipe::shell::Shells;
use crate::relay::Rooms;
use crate::relay::storage::{Storage, StorageError};

/// What every request can reach; cheap to clone.
pub(crate) type Shared = Arc<App>;

/// What every request can reach.
pub(crate) struct App {
    pub(crate) limits: Limits,
    pub(crate) origins: Vec<Origin>,
    pub(crate) clusters: Arc<Clusters>,
    pub(crate) people: People,
    pub(crate) door: Door,
    pub(crate) sessions: Sessions,
    /// Of Yards.
    pub(crate) rooms: Arc<Rooms>,
    /// Why they are kept in memory, where they were to be kept elsewhere.
    pub(crate) not_kept: Option<StorageError>,
    pub(crate) shells: Arc<Shells>,
    pub(crate) follows: Arc<Follows>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    sockets: Mutex<HashMap<String, usize>>,
}

impl App {
    /// # Errors
    /// When rooms, or sessions with them, cannot be kept where they are to be; on a laptop they are kept in memory then.
    pub(crate) fn start(config: &Config, origins: Vec<Origin>) -> Result<Shared, StorageError> {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let clusters = Arc::new(Clusters::start(&config.clusters, &config.people, &config.limits, &tasks, &stop));
        let sessions = Sessions::new(clusters.clone(), &config.rooms, config.session_lifetime, config.limits.clone(), &tasks, &stop)?;
        let mut not_kept = None;
        let storage = match &config.rooms {
            RoomsKept::Memory => Storage::in_memory(),
            RoomsKept::Folder(folder) => match (Storage::in_folder(folder), &config.people) {
                // Nobody asked for the folder of a laptop, and a second krateyard there is no mistake.
                (Err(error), People::Laptop(_)) => {
                    not_kept = Some(error);
                    Storage::in_memory()
                }
                (opened, _) => opened?,
            },
            RoomsKept::Redis(url) => Storage::in_redis(url.reveal(), &tasks, &stop)?,
        };
        let rooms = Rooms::new(storage, config.limits.clone(), &tasks, &stop);
        let (people, door) = (config.people.clone(), Door::default());
        Ok(Arc::new(App {
            limits: config.limits.clone(),
            origins,
            clusters,
            people,
            door,
            sessions,
            rooms,
            not_kept,
            shells: Arc::default(),
            follows: Arc::default(),
            tasks,
            stop,
            sockets: Mutex::default(),
        }))
    }

    /// The cluster of a name, which somebody opens by asking for it.
    ///
    /// # Errors
    /// `NotFound`.
    pub(crate) fn cluster(&self, name: &ClusterName) -> Result<Arc<Cluster>, Refusal> {
        let cluster = self.clusters.find(name)?;
        cluster.wake();
        Ok(cluster)
    }

    /// A place for one more socket of a person, given back when dropped.
    ///
    /// # Errors
    /// `Limit`.
    pub(crate) fn socket_place(self: &Arc<App>, user: &str) -> Result<SocketPlace, Refusal> {
        let mut sockets = self.sockets.lock().expect("no panic while counting");
        let count = sockets.entry(user.to_owned()).or_default();
        if *count >= self.limits.sockets_per_user {
            return Err(Refusal::Limit { which: "open sockets".into(), retry_after_secs: 10 });
        }
        *count += 1;
        Ok(SocketPlace { app: self.clone(), user: user.to_owned() })
    }
}

/// One of the sockets that a person may have.
pub(crate) struct SocketPlace {
    app: Shared,
    user: String,
}

impl Drop for SocketPlace {
    fn drop(&mut self) {
        let mut sockets = self.app.sockets.lock().expect("no panic while counting");
        if let Some(count) = sockets.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                sockets.remove(&self.user);
            }
        }
    }
}
