//! Keeping a Yard: every change is written as it happens, one write at a time, by one task. What it writes to is a [`Vault`].
//!
//! Nothing here ends the Yard: a vault that fails makes [`Persistence::Failed`], and the next edit tries again with everything.

mod pending;
pub mod record;
mod rest;
pub mod vault;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use futures::StreamExt;
use futures::channel::mpsc::{Receiver, channel};
use krateyard_shared::sync::room::Room;

use super::core::{News, Resting};
use super::document::{self, DocumentError};
use super::handle::{Persistence, Yard};
use super::origin::Origin;
use pending::Pending;
use record::Record;
use vault::{Rewrite, Stored, Vault, VaultError};

/// As many records are merged into one for each room.
const COMPACT_RECORDS: usize = 256;
/// Or as many bytes of records, beyond the first of each room.
const COMPACT_BYTES: usize = 256 * 1024;

/// Gathers a Yard's changes from the moment it is made.
pub struct Keeper {
    yard: Yard,
    pending: Rc<RefCell<Pending>>,
    bell: Receiver<()>,
    /// Since all were merged.
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
        yard.on_news(move |news| {
            if gathered.borrow_mut().push(news) {
                if matches!(news, News::Change(change) if change.origin.is_own()) {
                    yard.set_unsaved();
                }
                // Full means that a ring waits already.
                let _ = ring.borrow_mut().try_send(());
            }
        });
        Keeper { yard, pending, bell, records: 0, bytes: 0 }
    }

    /// What waits, as records, for whoever has no time to wait for the vault's answer (the page is being left). It stays among what waits: twice does no harm.
    pub fn waiting(&self) -> impl Fn() -> Vec<Vec<u8>> + use<> {
        let (yard, pending) = (self.yard, self.pending.clone());
        move || yard.try_with_core(|core| pending.borrow().records(Some(core))).unwrap_or_default()
    }

    /// The numbers that this Yard writes under, laid down as records: for a page that is left for good.
    pub fn resting(&self) -> impl Fn() -> Vec<Vec<u8>> + use<> {
        let yard = self.yard;
        move || yard.try_with_core(|core| core.resting().iter().map(rest::frame).collect()).unwrap_or_default()
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
        while !self.pending.borrow().is_empty() {
            self.yard.set_persistence(Persistence::Saving);
            self.write(vault).await?;
        }
        if self.records > COMPACT_RECORDS || (self.records > 0 && self.bytes > COMPACT_BYTES) {
            self.compact(vault).await?;
        }
        Ok(())
    }

    async fn restore(&mut self, vault: &mut impl Vault) -> Result<(), VaultError> {
        let stored = vault.load().await?;
        // A Yard that writes already has its numbers.
        let is_new = self.yard.try_with_core(|core| core.rooms().next().is_none()).unwrap_or_default();
        let any = is_new && stored.iter().any(|stored| rest::read(&stored.bytes).is_some());
        let numbers = if any { take_numbers(vault).await? } else { Vec::new() };
        let taken: Vec<Resting> = numbers.into_iter().filter(|number| self.yard.take_up(number)).collect();
        (self.records, self.bytes) = (0, 0);
        let mut seen = BTreeSet::new();
        let mut unreadable = Vec::new();
        for stored in stored.into_iter().filter(|stored| rest::read(&stored.bytes).is_none()) {
            match self.take_in(&stored) {
                Some(room) if seen.contains(&room) => {
                    self.records += 1;
                    self.bytes += stored.bytes.len();
                }
                Some(room) => drop(seen.insert(room)),
                None => unreadable.push(stored),
            }
        }
        taken.iter().for_each(|number| self.yard.check_number(number));
        if !unreadable.is_empty() {
            let what = match unreadable.len() {
                1 => "1 stored change".into(),
                count => format!("{count} stored changes"),
            };
            vault.rewrite(move |_| Rewrite { aside: unreadable, ..Rewrite::default() }).await?;
            self.yard.tell(format!("{what} of this Yard can not be read and is set aside: everything else is here"));
        }
        Ok(())
    }

    /// Whose record it was, if it was readable. Its length and checksum are checked before anything is decoded.
    fn take_in(&self, stored: &Stored) -> Option<Room> {
        let Record { room, shared, update } = Record::read(&stored.bytes)?;
        if shared {
            self.yard.set_shared(&room);
        }
        matches!(self.yard.receive(&room, Origin::Restored, update), Ok(()) | Err(DocumentError::Newer { .. })).then_some(room)
    }

    async fn write(&mut self, vault: &mut impl Vault) -> Result<(), VaultError> {
        let taken = std::mem::take(&mut *self.pending.borrow_mut());
        let records = self.yard.try_with_core(|core| taken.records(Some(core))).unwrap_or_else(|| taken.records(None));
        let written = Self::put(vault, &taken.wiped, &records).await;
        if written.is_err() {
            let mut pending = self.pending.borrow_mut();
            pending.all_again();
            pending.wiped.extend(taken.wiped);
        }
        self.records += records.len();
        self.bytes += records.iter().map(Vec::len).sum::<usize>();
        written
    }

    async fn put(vault: &mut impl Vault, wiped: &BTreeSet<Room>, records: &[Vec<u8>]) -> Result<(), VaultError> {
        if !wiped.is_empty() {
            let gone = |stored: &&Stored| Record::read(&stored.bytes).is_some_and(|record| wiped.contains(&record.room));
            vault.rewrite(|stored| Rewrite { remove: stored.iter().filter(gone).map(|stored| stored.key).collect(), ..Rewrite::default() }).await?;
        }
        if records.is_empty() { Ok(()) } else { vault.append(records).await }
    }

    /// Merges what the vault holds of each room, whoever wrote it, into one record: the vault does it in one step, so that no other tab's write is lost between.
    async fn compact(&mut self, vault: &mut impl Vault) -> Result<(), VaultError> {
        (self.records, self.bytes) = (0, 0);
        vault.rewrite(merge_all).await
    }
}

/// Takes a number for each room out of the vault: nobody else gets it, and one that is never laid down again is lost.
async fn take_numbers(vault: &mut impl Vault) -> Result<Vec<Resting>, VaultError> {
    let mut taken = Vec::new();
    let take = |stored: &[Stored]| {
        let (keys, all): (Vec<f64>, Vec<Resting>) = stored.iter().filter_map(|stored| Some((stored.key, rest::read(&stored.bytes)?))).unzip();
        let (chosen, left) = rest::choose(all);
        taken = chosen;
        Rewrite { remove: keys, add: left.iter().map(rest::frame).collect(), ..Rewrite::default() }
    };
    vault.rewrite(take).await?;
    Ok(taken)
}

fn merge_all(stored: &[Stored]) -> Rewrite {
    let mut rooms = BTreeMap::<Room, Vec<(f64, Record<'_>)>>::new();
    for (key, record) in stored.iter().filter_map(|stored| Some((stored.key, Record::read(&stored.bytes)?))) {
        rooms.entry(record.room.clone()).or_default().push((key, record));
    }
    let mut rewrite = Rewrite::default();
    for (room, records) in rooms.into_iter().filter(|(_, records)| records.len() > 1) {
        let updates: Vec<&[u8]> = records.iter().map(|(_, record)| record.update).collect();
        // What can not be merged stays as it is: every record was readable by itself.
        if let Ok(merged) = document::merge(&updates) {
            let shared = records.iter().any(|(_, record)| record.shared);
            rewrite.remove.extend(records.iter().map(|(key, _)| *key));
            rewrite.add.push(Record { room, shared, update: &merged }.frame());
        }
    }
    rewrite
}

#[cfg(test)]
mod tests;
