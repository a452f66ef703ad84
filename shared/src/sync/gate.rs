//! What every update and state vector from outside passes BEFORE yrs decodes it: yrs 0.28 trusts what it reads in places, and Yjs in others.
//!
//! What passes is read by Yjs 13 and by yrs 0.28 alike, to the last byte, and makes yrs reserve nothing that is not there:
//! - yrs reserves room for as many clients, structs and values as a number on the wire says, and recurses as deep as values are nested;
//! - yrs takes clocks for `i32`, adds lengths to them unchecked, and lets longer numbers wrap around;
//! - yrs takes the ranges of a delete set for sorted, and a client's structs for consecutive, whatever was sent;
//! - yrs reads one text more than an item of JSON has, and none of the name of an XML hook: the bytes after it would mean something else to it than they did here.
//!
//! A gate knows no document. What an update does to one (how long finding an item's place takes, how deep types are nested over many updates, which yrs deletes
//! recursively) is not seen here: whoever needs no document, such as a relay, is safest to merge updates without ever integrating them.

mod content;
mod deletes;
mod json;
mod structs;
mod value;
mod walk;

use walk::Walk;

/// Clocks end below this: yrs takes them for `i32` (`Update::integrate`).
pub const CLOCK_END: u64 = 1 << 31;
/// Clients of an update at most: yrs looks for each one in the list of those that wait for each other (`BlockPicker::switch`), which takes time with the square.
pub const MAX_CLIENTS: u64 = 1 << 15;
/// How deep values and JSON may be nested: what serde_json, by which yrs reads JSON, takes of its `remaining_depth` of 128.
pub const MAX_NESTING: usize = 127;

/// What a relay wants to know of an update without decoding it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// Clients of which it has structs.
    pub clients: usize,
    /// Structs: items, and ranges that were collected or are skipped.
    pub structs: usize,
    /// Ranges that it deletes.
    pub deletes: usize,
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

/// Whether an update (Yjs, `UpdateEncoderV1`) may be decoded.
///
/// # Errors
/// When it may not: nothing of it is to be decoded, stored or sent on.
pub fn update(bytes: &[u8]) -> Result<Facts, Refused> {
    let mut walk = Walk::new(bytes);
    let (clients, structs) = structs::check(&mut walk)?;
    let deletes = deletes::check(&mut walk)?;
    walk.end("update")?;
    Ok(Facts { clients, structs, deletes })
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
