//! Rows + changes -> rows + what changed. An unchanged row keeps its allocation, so that who draws it can tell by the pointer.

use std::collections::HashMap;
use std::sync::Arc;

use krateyard_shared::checksum::Checksum;
use krateyard_shared::rows::Row;

/// The rows of one stream, each uid once, in no order.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    list: Vec<Arc<Row>>,
    /// The hashes of the bytes that they came as, in the same order: a row that is equal as far as this page reads it may differ in what it does not.
    hashes: Vec<u64>,
    checksum: Checksum,
    at: HashMap<Box<str>, usize>,
}

/// A row as it came, with the hash of its bytes.
pub type Arrived = (Row, u64);

/// What a step changed: how many rows came, changed and went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Changes {
    pub added: usize,
    pub changed: usize,
    pub removed: usize,
}

impl Changes {
    /// Whether anything changed.
    pub fn any(self) -> bool {
        self != Changes::default()
    }
}

impl Rows {
    /// The rows.
    pub fn list(&self) -> &[Arc<Row>] {
        &self.list
    }

    /// The row of a uid.
    pub fn get(&self, uid: &str) -> Option<&Arc<Row>> {
        self.at.get(uid).map(|at| &self.list[*at])
    }

    /// Of these rows.
    pub fn checksum(&self) -> Checksum {
        self.checksum
    }

    /// Puts rows in and takes rows out, in this order: a uid in both is gone.
    pub fn apply<'a>(&mut self, upserts: impl IntoIterator<Item = Arrived>, deletes: impl IntoIterator<Item = &'a str>) -> Changes {
        let mut changes = Changes::default();
        for (row, hash) in upserts {
            match self.at.get(row.uid.as_str()).copied() {
                Some(at) => {
                    self.checksum.remove(std::mem::replace(&mut self.hashes[at], hash));
                    self.checksum.add(hash);
                    if *self.list[at] != row {
                        self.list[at] = Arc::new(row);
                        changes.changed += 1;
                    }
                }
                None => {
                    self.push(Arc::new(row), hash);
                    changes.added += 1;
                }
            }
        }
        changes.removed = deletes.into_iter().filter(|uid| self.remove(uid)).count();
        changes
    }

    /// Swaps all rows for others; a row that did not change stays what it was.
    pub fn replace(&mut self, rows: impl IntoIterator<Item = Arrived>) -> Changes {
        let mut old = std::mem::take(self);
        let (before, mut kept, mut changed) = (old.list.len(), 0, 0);
        for (row, hash) in rows {
            let known = old.at.remove(row.uid.as_str()).map(|at| old.list[at].clone());
            match known {
                Some(same) if *same == row => {
                    kept += 1;
                    self.push(same, hash);
                }
                Some(_) => {
                    changed += 1;
                    self.push(Arc::new(row), hash);
                }
                // A uid twice in one snapshot: the later one counts.
                None => {
                    self.apply([(row, hash)], []);
                }
            }
        }
        Changes { added: self.list.len() - kept - changed, changed, removed: before - kept - changed }
    }

    fn push(&mut self, row: Arc<Row>, hash: u64) {
        self.checksum.add(hash);
        self.hashes.push(hash);
        self.at.insert(row.uid.as_str().into(), self.list.len());
        self.list.push(row);
    }

    fn remove(&mut self, uid: &str) -> bool {
        let Some(at) = self.at.remove(uid) else { return false };
        self.list.swap_remove(at);
        self.checksum.remove(self.hashes.swap_remove(at));
        if let Some(moved) = self.list.get(at)
            && let Some(place) = self.at.get_mut(moved.uid.as_str())
        {
            *place = at;
        }
        true
    }
}

/// Rows of another stream, to be shown until those of their own have come: they came as no bytes.
impl FromIterator<Arc<Row>> for Rows {
    fn from_iter<T: IntoIterator<Item = Arc<Row>>>(rows: T) -> Rows {
        let mut all = Rows::default();
        for row in rows {
            if !all.at.contains_key(row.uid.as_str()) {
                all.push(row, 0);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests;
