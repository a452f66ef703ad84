//! What stands in the file.

use std::path::Path;

use bytes::Bytes;
use krateyard_shared::identity::ClusterName;
use krateyard_shared::sync::room::Room;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::Write;
use crate::relay::storage::{Kept, Position, RoomKey, StorageError};

/// By room ([`RoomKey`] as text) and position: an update, or a snapshot of all up to there.
const UPDATES: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("updates");
/// By room: the position of its last update; it never goes back.
const HEADS: TableDefinition<'_, &str, u64> = TableDefinition::new("heads");
/// How the file is to be read.
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("about");
const FORMAT: &str = "format";
/// Of this program.
const OURS: u64 = 1;

/// Makes the tables of a new file, and sees that an older one can be read.
pub(super) fn prepare(database: &Database, path: &Path) -> Result<(), StorageError> {
    let format = format(database).map_err(|error| StorageError::Failed(format!("{}: {error}", path.display())))?;
    if format == OURS { Ok(()) } else { Err(StorageError::Failed(format!("{} is of format {format}, which this version cannot read", path.display()))) }
}

fn format(database: &Database) -> Result<u64, redb::Error> {
    let mut txn = database.begin_write()?;
    txn.set_two_phase_commit(true);
    let mut about = txn.open_table(ABOUT)?;
    let known = about.get(FORMAT)?.map(|format| format.value());
    if let Some(format) = known {
        return Ok(format);
    }
    about.insert(FORMAT, OURS)?;
    drop(about);
    txn.open_table(UPDATES)?;
    txn.open_table(HEADS)?;
    txn.commit()?;
    Ok(OURS)
}

/// All of them or none; they are on the disk once this returns.
pub(super) fn write(database: &Database, writes: &[Write]) -> Result<Vec<Position>, redb::Error> {
    let mut txn = database.begin_write()?;
    // With one phase, redb takes a damaged last transaction for one that was never finished, and forgets it without a word.
    txn.set_two_phase_commit(true);
    let mut positions = Vec::with_capacity(writes.len());
    {
        let (mut all, mut heads) = (txn.open_table(UPDATES)?, txn.open_table(HEADS)?);
        for write in writes {
            let (Write::Append(key, _) | Write::Compact(key, ..)) = write;
            let mut head = heads.get(&**key)?.map_or(0, |head| head.value());
            match write {
                Write::Append(_, updates) => {
                    for update in updates {
                        head += 1;
                        all.insert((&**key, head), &update[..])?;
                    }
                    heads.insert(&**key, head)?;
                }
                Write::Compact(_, through, snapshot) => {
                    let through = u64::try_from(through.0).unwrap_or(head).min(head);
                    all.retain_in((&**key, 0)..=(&**key, through), |_, _| false)?;
                    all.insert((&**key, through), &snapshot[..])?;
                }
            }
            positions.push(Position(head.into()));
        }
    }
    txn.commit()?;
    Ok(positions)
}

/// Everything of a room.
pub(super) fn load(database: &Database, key: &str) -> Result<Kept, redb::Error> {
    let txn = database.begin_read()?;
    let mut kept = Kept::default();
    for entry in txn.open_table(UPDATES)?.range((key, 0)..=(key, u64::MAX))? {
        kept.updates.push(Bytes::copy_from_slice(entry?.1.value()));
    }
    kept.position = Position(txn.open_table(HEADS)?.get(key)?.map_or(0, |head| head.value().into()));
    Ok(kept)
}

/// The rooms of a cluster that are no person's own.
pub(super) fn rooms(database: &Database, cluster: &ClusterName) -> Result<Vec<Room>, redb::Error> {
    let key = RoomKey { cluster: cluster.clone(), room: Room::Cluster, owner: None }.to_string();
    let prefix = key.trim_end_matches(&Room::Cluster.to_string());
    let mut rooms = Vec::new();
    for entry in database.begin_read()?.open_table(HEADS)?.range(prefix..)? {
        let entry = entry?;
        let Some(room) = entry.0.value().strip_prefix(prefix) else { break };
        // Of a private one more follows.
        rooms.extend(room.parse::<Room>());
    }
    Ok(rooms)
}
