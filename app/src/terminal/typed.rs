//! What was typed into a shell, as far as it might have to be said again: whoever is cut off does not know what of it had arrived.

use std::collections::VecDeque;

/// So much is remembered: a paste of 1 MB, of which all may be on its way.
const MOST: usize = 1 << 20;

/// The bytes typed last, and how many there were.
#[derive(Debug, Default)]
pub(super) struct Typed {
    last: VecDeque<u8>,
    count: u64,
}

impl Typed {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.count += bytes.len() as u64;
        self.last.extend(bytes);
        self.last.drain(..self.last.len().saturating_sub(MOST));
    }

    /// What did not arrive where so many bytes did, as far as it is remembered.
    pub(super) fn after(&self, taken: u64) -> Vec<u8> {
        let lost = usize::try_from(self.count.saturating_sub(taken)).unwrap_or(usize::MAX).min(self.last.len());
        self.last.iter().skip(self.last.len() - lost).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_arrive_is_known() {
        let mut typed = Typed::default();
        typed.push(b"abc");
        typed.push(b"def");
        assert_eq!((typed.after(6), typed.after(4), typed.after(0)), (b"".to_vec(), b"ef".to_vec(), b"abcdef".to_vec()));
        assert_eq!(typed.after(100), b"", "of a proxy that counts otherwise nothing is believed");
        typed.push(&vec![b'x'; MOST]);
        assert_eq!(typed.after(0).len(), MOST);
    }
}
