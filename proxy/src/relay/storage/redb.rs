//! Rooms in one file (redb), which one thread owns: it writes everything that came while it wrote before, in one transaction, and answers once that is on the disk.
//! So nobody waits longer than for two transactions, some ten milliseconds, and many who write at once cost one.

mod tables;

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use krateyard_shared::identity::ClusterName;
use krateyard_shared::sync::room::Room;
use redb::{Database, DatabaseError};
use tokio::sync::{mpsc, oneshot};

use super::{Kept, Position, RoomKey, StorageError};

/// Its name in the folder of data.
const NAME: &str = "yards.redb";
/// Requests that wait for the thread; whoever asks more waits.
const WAITING: usize = 1024;
/// Bytes that go into one transaction, and one request more.
const GROUP_BYTES: usize = 16 << 20;
/// Of the file in memory.
const CACHE: usize = 16 << 20;

/// The file. Copies are one and the same; it is closed when the last one is dropped.
#[derive(Clone)]
pub(crate) struct File(Arc<Door>);

struct Door {
    /// None once it closes.
    asks: Option<mpsc::Sender<Ask>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.asks = None;
        // What was asked for is written first: some milliseconds.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

type Answer<T> = oneshot::Sender<Result<T, StorageError>>;

enum Ask {
    Write(Write, Answer<Position>),
    Load(String, Answer<Kept>),
    Rooms(ClusterName, Answer<Vec<Room>>),
}

enum Write {
    Append(String, Vec<Bytes>),
    Compact(String, Position, Bytes),
}

impl File {
    /// Opens the file of a folder, which is made if need be; reads all of it, to see that it is whole.
    ///
    /// # Errors
    /// When another process has it, it cannot be read or written, or it is damaged; it is not touched then.
    pub(crate) fn open(folder: &Path) -> Result<File, StorageError> {
        make_for_us_alone(folder).map_err(|error| StorageError::Failed(format!("{} cannot be made: {error}", folder.display())))?;
        let path = folder.join(NAME);
        let database = open(&path)?;
        let (asks, waiting) = mpsc::channel(WAITING);
        let thread = thread::Builder::new().name("yards".into()).spawn(move || Owner { path, database: Some(database) }.run(waiting));
        let thread = thread.map_err(|error| StorageError::Failed(error.to_string()))?;
        Ok(File(Arc::new(Door { asks: Some(asks), thread: Some(thread) })))
    }

    pub(super) async fn load(&self, key: &RoomKey) -> Result<Kept, StorageError> {
        self.ask(|answer| Ask::Load(key.to_string(), answer)).await
    }

    pub(super) async fn append(&self, key: &RoomKey, updates: &[Bytes]) -> Result<Position, StorageError> {
        self.ask(|answer| Ask::Write(Write::Append(key.to_string(), updates.to_vec()), answer)).await
    }

    pub(super) async fn compact(&self, key: &RoomKey, through: Position, snapshot: Bytes) -> Result<(), StorageError> {
        self.ask(|answer| Ask::Write(Write::Compact(key.to_string(), through, snapshot), answer)).await.map(drop)
    }

    pub(super) async fn rooms(&self, cluster: &ClusterName) -> Result<Vec<Room>, StorageError> {
        self.ask(|answer| Ask::Rooms(cluster.clone(), answer)).await
    }

    async fn ask<T>(&self, ask: impl FnOnce(Answer<T>) -> Ask) -> Result<T, StorageError> {
        let (answer, answered) = oneshot::channel();
        let ended = || StorageError::Failed("its thread has ended".into());
        let asks = self.0.asks.as_ref().ok_or_else(ended)?;
        asks.send(ask(answer)).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

impl Write {
    fn bytes(&self) -> usize {
        match self {
            Write::Append(_, updates) => updates.iter().map(Bytes::len).sum(),
            Write::Compact(_, _, snapshot) => snapshot.len(),
        }
    }
}

/// Makes a folder, where there is none, that nobody else may look into: what people write stands in it.
fn make_for_us_alone(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Opens and checks a file.
fn open(path: &Path) -> Result<Database, StorageError> {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
    // Where it is not built for release, redb panics at what cannot be.
    let opened = std::panic::catch_unwind(AssertUnwindSafe(|| builder.create(path))).unwrap_or_else(|_| Err(DatabaseError::RepairAborted));
    let database = opened.map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => StorageError::InUse(path.into()),
        DatabaseError::Storage(redb::StorageError::Io(error)) if error.kind() != std::io::ErrorKind::InvalidData => {
            StorageError::Failed(format!("{}: {error}", path.display()))
        }
        DatabaseError::UpgradeRequired(format) => {
            StorageError::Failed(format!("{} is of redb's format {format}, which this version cannot read", path.display()))
        }
        _ => StorageError::Damaged(path.into()),
    })?;
    tables::prepare(&database, path)?;
    Ok(database)
}

/// The one that has the file.
struct Owner {
    path: PathBuf,
    /// None after a failure, until it is opened anew.
    database: Option<Database>,
}

impl Owner {
    fn run(mut self, mut asks: mpsc::Receiver<Ask>) {
        while let Some(first) = asks.blocking_recv() {
            let (mut writes, mut reads, mut bytes) = (Vec::new(), Vec::new(), 0);
            let mut next = Some(first);
            while let Some(ask) = next {
                match ask {
                    Ask::Write(write, answer) => {
                        bytes += write.bytes();
                        writes.push((write, answer));
                    }
                    other => reads.push(other),
                }
                next = if bytes < GROUP_BYTES { asks.try_recv().ok() } else { None };
            }
            self.write(writes);
            reads.into_iter().for_each(|ask| self.read(ask));
        }
    }

    fn write(&mut self, writes: Vec<(Write, Answer<Position>)>) {
        if writes.is_empty() {
            return;
        }
        let (writes, answers): (Vec<_>, Vec<_>) = writes.into_iter().unzip();
        match self.with(|database| tables::write(database, &writes)) {
            Ok(positions) => answers.into_iter().zip(positions).for_each(|(answer, position)| drop(answer.send(Ok(position)))),
            Err(error) => answers.into_iter().for_each(|answer| drop(answer.send(Err(error.clone())))),
        }
    }

    fn read(&mut self, ask: Ask) {
        match ask {
            Ask::Load(key, answer) => drop(answer.send(self.with(|database| tables::load(database, &key)))),
            Ask::Rooms(cluster, answer) => drop(answer.send(self.with(|database| tables::rooms(database, &cluster)))),
            Ask::Write(..) => {}
        }
    }

    /// After a failure redb does nothing more with a file that is open: it is opened anew for the next request, so that a disk that was full is tried again.
    fn with<T>(&mut self, act: impl FnOnce(&Database) -> Result<T, redb::Error>) -> Result<T, StorageError> {
        let database = match self.database.take() {
            Some(database) => database,
            None => open(&self.path)?,
        };
        let done = act(&database).map_err(|error| StorageError::Failed(format!("{}: {error}", self.path.display())))?;
        self.database = Some(database);
        Ok(done)
    }
}

#[cfg(test)]
mod tests;
