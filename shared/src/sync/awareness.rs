//! The states of peers in a room (y-protocols, `awareness.js`, `encodeAwarenessUpdate`): who is where. Latest wins, by clock; nothing is kept.

use super::lib0::{Malformed, Reader, put_bytes, put_number};

/// The state of one peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The number of the peer's copy of the document.
    pub client: u64,
    /// Counts the states of this client.
    pub clock: u32,
    /// JSON; `null` means that the peer left.
    pub state: String,
}

/// The state of a peer that left.
pub const GONE: &str = "null";

/// Reads entries, so many at most, each of so many bytes at most.
///
/// # Errors
/// When it is no list of entries, too long, or something follows it.
pub fn read(bytes: &[u8], most_entries: usize, most_bytes: usize) -> Result<Vec<Entry>, Malformed> {
    let mut reader = Reader::new(bytes);
    let count = reader.number()?;
    if count > most_entries as u64 {
        return Err(Malformed("count of states"));
    }
    let mut entries = Vec::new();
    for _ in 0..count {
        let client = reader.number()?;
        let clock = u32::try_from(reader.number()?).map_err(|_| Malformed("clock"))?;
        let state = reader.text()?;
        if state.len() > most_bytes {
            return Err(Malformed("length of a state"));
        }
        entries.push(Entry { client, clock, state: state.to_owned() });
    }
    if reader.is_empty() { Ok(entries) } else { Err(Malformed("end of states")) }
}

/// Writes entries.
pub fn write<'a>(entries: impl ExactSizeIterator<Item = &'a Entry>) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_number(&mut bytes, entries.len() as u64);
    for entry in entries {
        put_number(&mut bytes, entry.client);
        put_number(&mut bytes, entry.clock.into());
        put_bytes(&mut bytes, entry.state.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_back_within_their_bounds() {
        let entry = |client, state: &str| Entry { client, clock: 3, state: state.into() };
        let entries = [entry(1, r#"{"user":{"name":"ann"}}"#), entry((1 << 53) - 1, GONE)];
        let bytes = write(entries.iter());
        assert_eq!(read(&bytes, 2, 64), Ok(entries.to_vec()));
        assert!(read(&bytes, 1, 64).is_err() && read(&bytes, 2, 8).is_err());
        assert!((0..bytes.len()).all(|end| read(&bytes[..end], 2, 64).is_err()));
    }
}
