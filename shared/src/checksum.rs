//! Whether two sides have the same rows, in eight bytes: an order-free fold of the hashes of encoded rows, cheap to keep as rows come and go.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The sum, wrapping, of the hashes of rows. A row says its uid, so that equal rows of two objects differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Checksum(#[n(0)] pub u64);

impl Checksum {
    /// A row of this hash came.
    pub fn add(&mut self, hash: u64) {
        self.0 = self.0.wrapping_add(hash);
    }

    /// A row of this hash went.
    pub fn remove(&mut self, hash: u64) {
        self.0 = self.0.wrapping_sub(hash);
    }
}

/// The hash of an encoded row: 64-bit FNV-1a (draft-eastlake-fnv). Other versions compare with it, so it stays what it is.
pub fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// As 16 hexadecimal digits: a number of JSON has 53 bits in most readers.
impl Serialize for Checksum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Checksum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::from_str_radix(&String::deserialize(deserializer)?, 16).map(Checksum).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_that_everybody_computes() {
        // Test vectors of draft-eastlake-fnv.
        for (text, expected) in [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)] {
            assert_eq!(hash(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn order_does_not_matter_and_what_went_leaves_no_trace() {
        let (mut one, mut other) = (Checksum::default(), Checksum::default());
        ["a", "b", "c"].iter().for_each(|row| one.add(hash(row.as_bytes())));
        ["c", "x", "a", "b"].iter().for_each(|row| other.add(hash(row.as_bytes())));
        assert_ne!(one, other);
        other.remove(hash(b"x"));
        assert_eq!(one, other);
    }

    #[test]
    fn json_says_all_of_its_bits() {
        let text = serde_json::to_string(&Checksum(u64::MAX - 1)).unwrap();
        assert_eq!(text, r#""fffffffffffffffe""#);
        assert_eq!(serde_json::from_str::<Checksum>(&text).unwrap(), Checksum(u64::MAX - 1));
    }
}
