//! Reading that knows where it is.

use super::{CLOCK_END, MAX_NESTING, Refused};
use crate::sync::lib0::{Malformed, Reader};

/// Goes over bytes from the front.
pub(super) struct Walk<'a> {
    reader: Reader<'a>,
    length: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Walk<'a> {
        Walk { reader: Reader::new(bytes), length: bytes.len() }
    }

    /// The number of bytes before what comes next.
    pub(super) fn at(&self) -> usize {
        self.length - self.reader.rest().len()
    }

    fn read<T>(&mut self, what: &'static str, read: impl FnOnce(&mut Reader<'a>) -> Result<T, Malformed>) -> Result<T, Refused> {
        let at = self.at();
        read(&mut self.reader).map_err(|_| Refused::Malformed { what, at })
    }

    pub(super) fn byte(&mut self, what: &'static str) -> Result<u8, Refused> {
        self.read(what, Reader::byte)
    }

    pub(super) fn number(&mut self, what: &'static str) -> Result<u64, Refused> {
        self.read(what, Reader::number)
    }

    pub(super) fn skip(&mut self, what: &'static str, count: u64) -> Result<(), Refused> {
        self.read(what, |reader| reader.take(count)).map(drop)
    }

    pub(super) fn bytes(&mut self, what: &'static str) -> Result<&'a [u8], Refused> {
        self.read(what, Reader::bytes)
    }

    pub(super) fn text(&mut self, what: &'static str) -> Result<&'a str, Refused> {
        self.read(what, Reader::text)
    }

    /// How many things follow, each of which takes so many bytes at least.
    pub(super) fn count(&mut self, what: &'static str, bytes_each: u64) -> Result<u64, Refused> {
        let at = self.at();
        let count = self.number(what)?;
        if count > self.reader.rest().len() as u64 / bytes_each { Err(Refused::TooLarge { what, at }) } else { Ok(count) }
    }

    pub(super) fn clock(&mut self, what: &'static str) -> Result<u64, Refused> {
        let at = self.at();
        let clock = self.number(what)?;
        if clock < CLOCK_END { Ok(clock) } else { Err(Refused::TooLarge { what, at }) }
    }

    /// How much of a clock something takes; never nothing.
    pub(super) fn length(&mut self, what: &'static str) -> Result<u64, Refused> {
        let at = self.at();
        match self.clock(what)? {
            0 => Err(Refused::Empty { what, at }),
            length => Ok(length),
        }
    }

    /// A client and a clock.
    pub(super) fn id(&mut self, what: &'static str) -> Result<(), Refused> {
        self.number(what)?;
        self.clock(what).map(drop)
    }

    /// One level deeper.
    pub(super) fn deeper(&self, depth: usize) -> Result<usize, Refused> {
        if depth < MAX_NESTING { Ok(depth + 1) } else { Err(Refused::TooDeep { at: self.at() }) }
    }

    pub(super) fn end(&self, what: &'static str) -> Result<(), Refused> {
        if self.reader.is_empty() { Ok(()) } else { Err(Refused::Longer { what, at: self.at() }) }
    }
}

/// That clients come one after another in one direction, so that none comes twice: Yjs writes the highest first (`writeClientsStructs`, `writeDeleteSet`), and so
/// does yrs, but for the lowest first in delete sets (`IdSet`).
#[derive(Default)]
pub(super) struct Order {
    last: Option<u64>,
    upwards: Option<bool>,
}

impl Order {
    pub(super) fn client(&mut self, walk: &mut Walk<'_>) -> Result<u64, Refused> {
        let at = walk.at();
        let client = walk.number("client")?;
        if let Some(last) = self.last.replace(client) {
            let upwards = client > last;
            if client == last || *self.upwards.get_or_insert(upwards) != upwards {
                return Err(Refused::OutOfOrder { what: "client", at });
            }
        }
        Ok(client)
    }
}
