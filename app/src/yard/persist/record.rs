//! An update as it is stored: `K`, version 1, length (4 bytes), FNV-1a of 64 bits (8 bytes), the update; numbers little-endian. yrs trusts the lengths
//! within an update, so what was cut short or flipped has to be found out before.

const MAGIC: [u8; 2] = [b'K', 1];
const HEAD: usize = 14;

/// Frames an update.
pub fn frame(update: &[u8]) -> Vec<u8> {
    let length = u32::try_from(update.len()).unwrap_or(u32::MAX);
    [&MAGIC[..], &length.to_le_bytes(), &checksum(update).to_le_bytes(), update].concat()
}

/// The update within; `None` if a byte is missing, too many or changed.
pub fn unframe(record: &[u8]) -> Option<&[u8]> {
    let (head, update) = record.split_at_checked(HEAD)?;
    let length = u32::from_le_bytes(head[2..6].try_into().ok()?);
    let sum = u64::from_le_bytes(head[6..].try_into().ok()?);
    (head[..2] == MAGIC && usize::try_from(length) == Ok(update.len()) && sum == checksum(update)).then_some(update)
}

/// FNV-1a, 64 bits (Fowler, Noll and Vo): against accidents, not against malice.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_lengthened_or_flipped_is_found_out() {
        let update = b"an update of some length".as_slice();
        let record = frame(update);
        assert_eq!(unframe(&record), Some(update));
        assert_eq!(unframe(&[&record[..], b"x"].concat()), None);
        for at in 0..record.len() {
            assert_eq!(unframe(&record[..at]), None, "cut to {at}");
            let mut flipped = record.clone();
            flipped[at] ^= 0x10;
            assert_eq!(unframe(&flipped), None, "flipped at {at}");
        }
    }
}
