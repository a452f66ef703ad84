//! Where records lie, and which of them have to go.

use crate::yard::persist::vault::VaultError;

/// Bytes of all records of a person and cluster at most.
pub const BYTES_MOST: usize = 20 << 20;
/// What was confirmed longer ago than this is of no use, in milliseconds: two weeks.
pub const OLDEST_MS: u64 = 14 * 24 * 3600 * 1000;

/// What is known of a record without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// When it was confirmed, in milliseconds since 1970.
    pub as_of_ms: u64,
    /// Its size.
    pub bytes: usize,
}

/// What is to be done with the record of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Change {
    Put {
        key: String,
        age: Age,
        record: Vec<u8>,
    },
    /// The record is what it was, and was confirmed again.
    Confirm {
        key: String,
        as_of_ms: u64,
    },
    Remove {
        key: String,
    },
}

/// A place for records.
#[allow(async_fn_in_trait)]
pub trait Shelf {
    /// All records with their keys and ages, opened if need be.
    async fn load(&mut self) -> Result<Vec<(String, Age, Vec<u8>)>, VaultError>;

    /// Does all of this or nothing of it, and removes what is too much or too old then ([`too_much`]).
    async fn change(&mut self, changes: &[Change], bytes_most: usize, now_ms: u64) -> Result<(), VaultError>;
}

/// Changes a shelf; one that is full gives up half of what it may hold, once, and then says so.
pub async fn keep(shelf: &mut impl Shelf, changes: &[Change], now_ms: u64) -> Result<(), VaultError> {
    match shelf.change(changes, BYTES_MOST, now_ms).await {
        Err(VaultError::Full) => {
            shelf.change(&[], BYTES_MOST / 4, now_ms).await?;
            shelf.change(changes, BYTES_MOST / 2, now_ms).await
        }
        done => done,
    }
}

/// The keys of what has to go: what is too old, and the oldest of the others until they fit.
pub fn too_much<'a>(ages: impl IntoIterator<Item = (&'a str, Age)>, bytes_most: usize, now_ms: u64) -> Vec<String> {
    let mut all: Vec<_> = ages.into_iter().collect();
    all.sort_by_key(|(key, age)| (std::cmp::Reverse(age.as_of_ms), *key));
    let mut bytes = 0;
    let mut gone = Vec::new();
    for (key, age) in all {
        bytes += age.bytes;
        if bytes > bytes_most || age.as_of_ms + OLDEST_MS < now_ms {
            gone.push(key.to_owned());
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn the_oldest_goes_first_and_what_is_too_old_goes_anyway() {
        let age = |as_of_ms, bytes| Age { as_of_ms, bytes };
        let ages = [("a", age(OLDEST_MS, 10)), ("b", age(OLDEST_MS + 2, 10)), ("c", age(OLDEST_MS + 1, 10))];
        assert_eq!(too_much(ages, 100, OLDEST_MS + 5), Vec::<String>::new());
        assert_eq!(too_much(ages, 20, OLDEST_MS + 5), ["a"]);
        assert_eq!(too_much(ages, 9, OLDEST_MS + 5), ["b", "c", "a"]);
        assert_eq!(too_much(ages, 100, 2 * OLDEST_MS + 1), ["a"]);
        assert_eq!(too_much(ages, 100, 3 * OLDEST_MS).len(), 3);
    }

    struct Small {
        room: usize,
        asked: Vec<(usize, usize)>,
    }

    impl Shelf for Small {
        async fn load(&mut self) -> Result<Vec<(String, Age, Vec<u8>)>, VaultError> {
            Ok(Vec::new())
        }

        async fn change(&mut self, changes: &[Change], bytes_most: usize, _: u64) -> Result<(), VaultError> {
            self.asked.push((changes.len(), bytes_most));
            // Room comes of removing, which is a transaction of its own.
            self.room += usize::from(changes.is_empty());
            if changes.is_empty() || self.room > 1 { Ok(()) } else { Err(VaultError::Full) }
        }
    }

    #[test]
    fn a_full_shelf_makes_room_once_and_then_says_that_it_is_full() {
        let change = [Change::Remove { key: "a".into() }];
        let mut small = Small { room: 1, asked: Vec::new() };
        assert_eq!(block_on(keep(&mut small, &change, 0)), Ok(()));
        assert_eq!(small.asked.iter().map(|(changes, _)| *changes).collect::<Vec<_>>(), [1, 0, 1]);
        let mut full = Small { room: 0, asked: Vec::new() };
        assert_eq!(block_on(keep(&mut full, &change, 0)), Err(VaultError::Full));
        assert_eq!(full.asked.len(), 3);
    }
}
