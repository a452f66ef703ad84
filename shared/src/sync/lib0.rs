//! The numbers, bytes and texts of lib0, which everything of Yjs is made of (lib0, `encoding.js` and `decoding.js`). Nothing here trusts a length.

/// Bytes that are not what they should be: what was being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed {0}")]
pub struct Malformed(pub &'static str);

/// Reads from the front; never past the end, and never allocates.
#[derive(Debug, Clone)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Over all of it.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader(bytes)
    }

    /// What is left.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One byte.
    ///
    /// # Errors
    /// When nothing is left.
    pub fn byte(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.0.split_first().ok_or(Malformed("byte"))?;
        self.0 = rest;
        Ok(*first)
    }

    /// An unsigned number, seven bits a byte, least first (`varUint`): below 2^53, as far as JavaScript counts.
    ///
    /// # Errors
    /// When it is cut off or larger.
    pub fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0_u64;
        for shift in (0..56).step_by(7) {
            let byte = self.byte().map_err(|_| Malformed("number"))?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return if number < 1 << 53 { Ok(number) } else { Err(Malformed("number")) };
            }
        }
        Err(Malformed("number"))
    }

    /// So many bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn take(&mut self, count: u64) -> Result<&'a [u8], Malformed> {
        let count = usize::try_from(count).map_err(|_| Malformed("length"))?;
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed("length"))?;
        self.0 = rest;
        Ok(taken)
    }

    /// Bytes after their length (`varUint8Array`).
    ///
    /// # Errors
    /// When fewer are left than it says.
    pub fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let count = self.number()?;
        self.take(count)
    }

    /// A text in UTF-8 after its length in bytes (`varString`).
    ///
    /// # Errors
    /// When it is cut off, or no UTF-8.
    pub fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed("text"))
    }
}

/// Writes a `varUint`.
pub fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Writes a `varUint8Array`, or a `varString` of its bytes.
pub fn put_bytes(bytes: &mut Vec<u8>, content: &[u8]) {
    put_number(bytes, content.len() as u64);
    bytes.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_read_back_and_nothing_is_read_past_the_end() {
        for number in [0, 1, 127, 128, 300, 1 << 32, (1 << 53) - 1] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            assert_eq!(Reader::new(&bytes).number(), Ok(number));
            assert!(Reader::new(&bytes[..bytes.len() - 1]).number().is_err());
        }
        assert!(Reader::new(&[0xff; 12]).number().is_err());
        let mut large = Vec::new();
        put_number(&mut large, 1 << 53);
        assert!(Reader::new(&large).number().is_err(), "JavaScript cannot count so far");
        let mut bytes = Vec::new();
        put_bytes(&mut bytes, "krate ü".as_bytes());
        let mut reader = Reader::new(&bytes);
        assert_eq!((reader.text(), reader.is_empty()), (Ok("krate ü"), true));
        assert_eq!(Reader::new(&[5, b'a']).bytes(), Err(Malformed("length")));
        assert_eq!(Reader::new(&[1, 0xff]).text(), Err(Malformed("text")));
    }
}
