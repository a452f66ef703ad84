//! An update as it is stored: `K`, version 2, length (4 bytes), FNV-1a of 64 bits (8 bytes), then: 1 where any of it came from others, else 0 (1 byte); length
//! of the room's name (1 byte), the name; the update. Numbers are little-endian. Version 1, of when a Yard was one document, has the update alone: it is the
//! private room's. yrs trusts the lengths within an update, so what was cut short or flipped has to be found out before.

use krateyard_shared::sync::room::Room;

const MAGIC: u8 = b'K';
const HEAD: usize = 14;

/// What a record holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// Of which room.
    pub room: Room,
    /// Whether any of it came from others.
    pub shared: bool,
    /// The update.
    pub update: &'a [u8],
}

impl<'a> Record<'a> {
    /// Frames an update.
    pub fn frame(&self) -> Vec<u8> {
        let name = self.room.to_string();
        // A room's name has 63 characters at most.
        let body = [&[u8::from(self.shared), name.len() as u8], name.as_bytes(), self.update].concat();
        framed(2, &body)
    }

    /// The update within; `None` if a byte is missing, too many or changed.
    pub fn read(record: &'a [u8]) -> Option<Record<'a>> {
        match unframed(record)? {
            (1, body) => Some(Record { room: Room::Private, shared: false, update: body }),
            (2, body) => {
                let (fields, rest) = body.split_at_checked(2)?;
                let (name, update) = rest.split_at_checked(fields[1].into())?;
                Some(Record { room: std::str::from_utf8(name).ok()?.parse().ok()?, shared: fields[0] == 1, update })
            }
            _ => None,
        }
    }
}

/// A body with its head.
pub(super) fn framed(version: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    [&[MAGIC, version], &length.to_le_bytes()[..], &checksum(body).to_le_bytes(), body].concat()
}

/// The version and the body; `None` if a byte is missing, too many or changed.
pub(super) fn unframed(record: &[u8]) -> Option<(u8, &[u8])> {
    let (head, body) = record.split_at_checked(HEAD)?;
    let length = u32::from_le_bytes(head[2..6].try_into().ok()?);
    let sum = u64::from_le_bytes(head[6..].try_into().ok()?);
    let is_whole = head[0] == MAGIC && usize::try_from(length) == Ok(body.len()) && sum == checksum(body);
    is_whole.then_some((head[1], body))
}

/// FNV-1a, 64 bits (Fowler, Noll and Vo): against accidents, not against malice.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// As records were before there were rooms.
#[cfg(test)]
pub(super) fn frame_of_before(update: &[u8]) -> Vec<u8> {
    framed(1, update)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_lengthened_or_flipped_is_found_out() {
        let record = Record { room: Room::Namespace("web".into()), shared: true, update: b"an update of some length" };
        let bytes = record.frame();
        assert_eq!(Record::read(&bytes), Some(record));
        assert_eq!(Record::read(&[&bytes[..], b"x"].concat()), None);
        for at in 0..bytes.len() {
            assert_eq!(Record::read(&bytes[..at]), None, "cut to {at}");
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            assert_eq!(Record::read(&flipped), None, "flipped at {at}");
        }
    }

    #[test]
    fn a_record_of_before_there_were_rooms_is_the_private_rooms() {
        let bytes = frame_of_before(b"an update");
        assert_eq!(Record::read(&bytes), Some(Record { room: Room::Private, shared: false, update: b"an update" }));
    }
}
