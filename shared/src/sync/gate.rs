//! What every update and state vector from outside passes BEFORE yrs decodes it: yrs 0.28 trusts what it reads in places, and Yjs in others.
//!
//! What passes is read by Yjs 13 and by yrs 0.28 alike, to the last byte, and makes yrs reserve nothing that is not there:
//! - yrs reserves room for as many clients, structs and values as a number on the wire says, and recurses as deep as values are nested;
//! - yrs takes clocks for `i32`, adds lengths to them unchecked, and lets longer numbers wrap around;
//! - yrs takes the ranges of a delete set for sorted, and a client's structs for consecutive, whatever was sent;
//! - yrs reads one text more than an item of JSON has, and none of the name of an XML hook: the bytes after it would mean something else to it than they did here.
//!
//! What it does to a document is the document's holder to see to, who knows that one:
//! - yrs goes wrong, down to freed memory, where a document has gaps: an update that leaves one ([`update_onto`], [`Facts::gap`]) is asked for again in whole, or
//!   merged with others (`merge_updates_v1`, which nothing here harms) until it leaves none, and never integrated;
//! - yrs deletes recursively: the [nested](Facts::nested) types of all updates of a document have to stay below [`MAX_NESTED`];
//! - yrs miscounts the halves of a split pair of surrogates in documents that count in bytes, its default: `OffsetKind::Utf16` does not;
//! - updates that contradict each other (the same client and clock, another content) can make counts of lengths wrap around.

mod content;
mod deletes;
mod json;
mod piece;
mod structs;
mod value;
mod walk;

pub use piece::{piece, pieces};
use walk::Walk;

/// Clocks end below this: yrs takes them for `i32` (`Update::integrate`).
pub const CLOCK_END: u64 = 1 << 31;
/// Clients of an update at most: yrs looks for each one in the list of those that wait for each other (`BlockPicker::switch`), which takes time with the square, and
/// goes on from each to the next recursively (`BlockPicker::next`): so many take 0.1 s, and fit on a stack of 1 MiB, as the page has.
pub const MAX_CLIENTS: u64 = 1 << 13;
/// Types inside of other types at most: yrs deletes them recursively (`TransactionMut::delete`), and 5,000 levels fit on a stack of 2 MiB. A Yard has none.
pub const MAX_NESTED: usize = 2000;
/// How deep values and JSON may be nested: what serde_json, by which yrs reads JSON, takes of its `remaining_depth` of 128.
pub const MAX_NESTING: usize = 127;

/// Bytes of memory that yrs takes at most for each byte of an update that it decodes: an empty document of 5 bytes is 680 in memory, an empty map of 4 is 400. Of what
/// people write it is a tenth of that.
pub const MEMORY: usize = 160;

/// What a relay wants to know of an update without decoding it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// Clients of which it has structs.
    pub clients: usize,
    /// Structs: items, and ranges that were collected or are skipped.
    pub structs: usize,
    /// Ranges that it deletes.
    pub deletes: usize,
    /// Types whose parent is, or may be, another type than a root.
    pub nested: usize,
    /// Whether a client's struct in it comes after one that is neither in it nor known.
    pub gap: bool,
}

impl Facts {
    /// Whether it says nothing, as the answer to a peer that lacks nothing does.
    pub fn is_empty(self) -> bool {
        self.structs == 0 && self.deletes == 0
    }
}

/// Why bytes from outside are not decoded, and at which byte of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is cut off, or no number, text or JSON where one has to be.
    #[error("malformed {what} at byte {at}")]
    Malformed {
        /// What was being read.
        what: &'static str,
        /// Where it begins.
        at: usize,
    },
    /// There is no such kind, in Yjs 13.
    #[error("unknown {what} at byte {at}")]
    Unknown {
        /// The kind of what.
        what: &'static str,
        /// Where.
        at: usize,
    },
    /// A number past its bound, or a count that the bytes left cannot hold.
    #[error("{what} at byte {at} is too large")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// Where it begins.
        at: usize,
    },
    /// Nothing where Yjs always writes something.
    #[error("{what} at byte {at} is empty")]
    Empty {
        /// What.
        what: &'static str,
        /// Where it begins.
        at: usize,
    },
    /// Out of order, or twice.
    #[error("{what} at byte {at} is out of order")]
    OutOfOrder {
        /// What.
        what: &'static str,
        /// Where it begins.
        at: usize,
    },
    /// Nested deeper than [`MAX_NESTING`].
    #[error("nested too deep at byte {at}")]
    TooDeep {
        /// Where the depth is reached.
        at: usize,
    },
    /// Yjs and yrs read it differently.
    #[error("{what} at byte {at} is not read alike everywhere")]
    Disputed {
        /// What.
        what: &'static str,
        /// Where it begins.
        at: usize,
    },
    /// Something follows.
    #[error("{what} ends at byte {at}, and something follows")]
    Longer {
        /// What.
        what: &'static str,
        /// Where it ends.
        at: usize,
    },
}

/// Whether an update (Yjs, `UpdateEncoderV1`) may be decoded. Of its gaps it says nothing.
///
/// # Errors
/// When it may not: nothing of it is to be decoded, stored or sent on.
pub fn update(bytes: &[u8]) -> Result<Facts, Refused> {
    update_onto(bytes, |_| u64::MAX)
}

/// Whether an update may be decoded, and whether it leaves a [gap](Facts::gap) in a document that knows of each client what is before a clock (its state vector).
///
/// # Errors
/// As [`update`].
pub fn update_onto(bytes: &[u8], known: impl Fn(u64) -> u64) -> Result<Facts, Refused> {
    let mut walk = Walk::new(bytes);
    let mut facts = Facts::default();
    structs::check(&mut walk, known, &mut facts)?;
    facts.deletes = deletes::check(&mut walk)?;
    walk.end("update")?;
    Ok(facts)
}

/// Whether a state vector (Yjs, `encodeStateVector`) may be decoded.
///
/// # Errors
/// When it may not.
pub fn vector(bytes: &[u8]) -> Result<(), Refused> {
    let mut walk = Walk::new(bytes);
    // Each is a client and a clock. yrs writes them in any order, and of one that is there twice both take the last.
    for _ in 0..walk.count("count of clients", 2)? {
        walk.number("client")?;
        walk.clock("clock")?;
    }
    walk.end("state vector")
}

#[cfg(test)]
mod tests;
