//! Keeping a Yard: every own change is written as it happens, one write at a time, by one task. What it writes to is a [`Vault`].
//!
//! Nothing here ends the Yard: a vault that fails makes [`Persistence::Failed`], and the next edit tries again with everything.

pub mod record;
pub mod vault;

use std::cell::RefCell;
use std::rc::Rc;

use futures::StreamExt;
use futures::channel::mpsc::{Receiver, channel};

use super::document::{self, DocumentError};
use super::handle::{Persistence, Yard};
use super::origin::Origin;
use vault::{Rewrite, Stored, Vault, VaultError};

/// More updates than this wait only while a vault is slow or broken: then the whole document is written instead of them.
const PENDING_MOST: usize = 64;
/// As many records are merged into one.
const COMPACT_RECORDS: usize = 256;
/// Or as many bytes of records, beyond the snapshot.
const COMPACT_BYTES: usize = 256 * 1024;

/// Changes that are not written yet. Bounded: beyond [`PENDING_MOST`] it is "everything".
#[derive(Debug, Default)]
struct Pending {
    updates: Vec<Vec<u8>>,
    everything: bool,
}

impl Pending {
    fn push(&mut self, update: &[u8]) {
        if !self.everything {
            self.updates.push(update.to_vec());
        }
        if self.updates.len() > PENDING_MOST {
            self.put_back();
        }
    }

    /// What was taken could not be written.
    fn put_back(&mut self) {
        *self = Pending { updates: Vec::new(), everything: true };
    }

    fn is_empty(&self) -> bool {
        self.updates.is_empty() && !self.everything
    }
}

/// Gathers a Yard's own changes from the moment it is made.
pub struct Keeper {
    yard: Yard,
    pending: Rc<RefCell<Pending>>,
    bell: Receiver<()>,
    records: usize,
    bytes: usize,
}

impl Keeper {
    /// Begins to gather.
    pub fn new(yard: Yard) -> Keeper {
        let pending = Rc::<RefCell<Pending>>::default();
        // One ring waits at most: it means "look again".
        let (ring, bell) = channel(0);
        let gathered = pending.clone();
        let ring = RefCell::new(ring);
        yard.on_change(move |change| {
            gathered.borrow_mut().push(&change.update);
            yard.set_unsaved();
            // Full means that a ring waits already.
            let _ = ring.borrow_mut().try_send(());
        });
        Keeper { yard, pending, bell, records: 0, bytes: 0 }
    }

    /// Restores what the vault holds, then keeps what happens; ends when the Yard is gone and everything is written.
    pub async fn run(mut self, mut vault: impl Vault) {
        let mut open = false;
        loop {
            let mut outcome = self.work(&mut vault, &mut open).await;
            if outcome == Err(VaultError::Closed) {
                // Closed behind our back (the person cleared the site's data, the browser ran out of something): opened again once for each edit.
                open = false;
                outcome = self.work(&mut vault, &mut open).await;
            }
            self.yard.set_persistence(match outcome {
                Ok(()) => Persistence::Saved,
                Err(error) => Persistence::Failed(error.to_string()),
            });
            if self.bell.next().await.is_none() {
                let _ = self.work(&mut vault, &mut open).await;
                return;
            }
        }
    }

    async fn work(&mut self, vault: &mut impl Vault, open: &mut bool) -> Result<(), VaultError> {
        if !*open {
            self.restore(vault).await?;
            *open = true;
        }
        self.refused()?;
        while !self.pending.borrow().is_empty() {
            self.yard.set_persistence(Persistence::Saving);
            self.write(vault).await?;
        }
        if self.records > COMPACT_RECORDS || (self.records > 1 && self.bytes > COMPACT_BYTES) {
            self.compact(vault).await?;
        }
        Ok(())
    }

    async fn restore(&mut self, vault: &mut impl Vault) -> Result<(), VaultError> {
        let stored = vault.load().await?;
        (self.records, self.bytes) = (stored.len(), stored.iter().skip(1).map(|record| record.bytes.len()).sum());
        let unreadable: Vec<Stored> = stored.into_iter().filter(|stored| !self.take_in(stored)).collect();
        if !unreadable.is_empty() {
            let what = match unreadable.len() {
                1 => "1 stored change".into(),
                count => format!("{count} stored changes"),
            };
            vault.rewrite(move |_| Rewrite { aside: unreadable, ..Rewrite::default() }).await?;
            self.yard.tell(format!("{what} of this Yard can not be read and is set aside: everything else is here"));
        }
        self.refused()
    }

    /// Whether a record was readable. Its length and checksum are checked before anything is decoded.
    fn take_in(&self, stored: &Stored) -> bool {
        let Some(update) = record::unframe(&stored.bytes) else { return false };
        matches!(self.yard.receive(Origin::Restored, update), Ok(()) | Err(DocumentError::Newer { .. }))
    }

    /// What a newer program wrote is not written to.
    fn refused(&self) -> Result<(), VaultError> {
        match self.yard.try_with_core(|core| core.refused().cloned()).flatten() {
            Some(refused) => Err(VaultError::Refused(refused.to_string())),
            None => Ok(()),
        }
    }

    async fn write(&mut self, vault: &mut impl Vault) -> Result<(), VaultError> {
        let taken = std::mem::take(&mut *self.pending.borrow_mut());
        let updates = match self.yard.try_with_core(|core| core.snapshot()).filter(|_| taken.everything) {
            Some(everything) => vec![everything],
            None => taken.updates,
        };
        let records: Vec<Vec<u8>> = updates.iter().map(|update| record::frame(update)).collect();
        let bytes: usize = records.iter().map(Vec::len).sum();
        if let Err(error) = vault.append(&records).await {
            self.pending.borrow_mut().put_back();
            return Err(error);
        }
        self.records += records.len();
        self.bytes += bytes;
        Ok(())
    }

    /// Merges what the vault holds, whoever wrote it, into one record: the vault does it in one step, so that no other tab's write is lost between.
    async fn compact(&mut self, vault: &mut impl Vault) -> Result<(), VaultError> {
        (self.records, self.bytes) = (1, 0);
        vault.rewrite(merge_all).await
    }
}

fn merge_all(stored: &[Stored]) -> Rewrite {
    let readable: Vec<(&Stored, &[u8])> = stored.iter().filter_map(|stored| Some((stored, record::unframe(&stored.bytes)?))).collect();
    let updates: Vec<&[u8]> = readable.iter().map(|(_, update)| *update).collect();
    match document::merge(&updates) {
        Ok(merged) if readable.len() > 1 => {
            Rewrite { remove: readable.iter().map(|(stored, _)| stored.key).collect(), add: Some(record::frame(&merged)), aside: Vec::new() }
        }
        // What can not be merged stays as it is: every record was readable by itself.
        _ => Rewrite::default(),
    }
}

#[cfg(test)]
mod tests;
