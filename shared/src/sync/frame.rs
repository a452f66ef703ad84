//! The frames of y-websocket (y-protocols, `sync.js`, `awareness.js`, `auth.js`; y-websocket, `messageSync` to `messageQueryAwareness`).

use super::lib0::{Malformed, Reader, put_bytes, put_number};

const SYNC: u64 = 0;
const AWARENESS: u64 = 1;
const AUTH: u64 = 2;
const ASK_AWARENESS: u64 = 3;

const STEP1: u64 = 0;
const STEP2: u64 = 1;
const UPDATE: u64 = 2;

const DENIED: u64 = 0;

/// A frame. What it carries is as it came: updates and vectors go through `gate` before anything decodes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// "This is what I know": a state vector. Answered by a Step2.
    Step1(&'a [u8]),
    /// What the other side lacks: an update.
    Step2(&'a [u8]),
    /// An edit: an update.
    Update(&'a [u8]),
    /// States of peers ([`super::awareness`]).
    Awareness(&'a [u8]),
    /// "Who is there?"
    AskAwareness,
    /// Not allowed, and why.
    Denied(&'a str),
}

impl<'a> Frame<'a> {
    /// Reads one frame, which is all of `bytes`.
    ///
    /// # Errors
    /// When it is none, or something follows it.
    pub fn read(bytes: &'a [u8]) -> Result<Frame<'a>, Malformed> {
        let mut reader = Reader::new(bytes);
        let frame = match reader.number()? {
            SYNC => {
                let step = reader.number()?;
                let body = reader.bytes()?;
                match step {
                    STEP1 => Frame::Step1(body),
                    STEP2 => Frame::Step2(body),
                    UPDATE => Frame::Update(body),
                    _ => return Err(Malformed("step")),
                }
            }
            AWARENESS => Frame::Awareness(reader.bytes()?),
            AUTH => match reader.number()? {
                DENIED => Frame::Denied(reader.text()?),
                _ => return Err(Malformed("denial")),
            },
            ASK_AWARENESS => Frame::AskAwareness,
            _ => return Err(Malformed("frame")),
        };
        if reader.is_empty() { Ok(frame) } else { Err(Malformed("end of frame")) }
    }

    /// As it is sent.
    pub fn encode(&self) -> Vec<u8> {
        let (head, body): (&[u64], Option<&[u8]>) = match self {
            Frame::Step1(body) => (&[SYNC, STEP1], Some(body)),
            Frame::Step2(body) => (&[SYNC, STEP2], Some(body)),
            Frame::Update(body) => (&[SYNC, UPDATE], Some(body)),
            Frame::Awareness(body) => (&[AWARENESS], Some(body)),
            Frame::AskAwareness => (&[ASK_AWARENESS], None),
            Frame::Denied(why) => (&[AUTH, DENIED], Some(why.as_bytes())),
        };
        let mut bytes = Vec::with_capacity(8 + body.map_or(0, <[u8]>::len));
        head.iter().for_each(|number| put_number(&mut bytes, *number));
        if let Some(body) = body {
            put_bytes(&mut bytes, body);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_reads_back_and_what_is_cut_or_longer_is_none() {
        for frame in
            [Frame::Step1(&[0]), Frame::Step2(b"update"), Frame::Update(&[7; 300]), Frame::Awareness(b"states"), Frame::AskAwareness, Frame::Denied("no")]
        {
            let bytes = frame.encode();
            assert_eq!(Frame::read(&bytes), Ok(frame));
            assert!(Frame::read(&bytes[..bytes.len() - 1]).is_err());
            assert!(Frame::read(&[&bytes[..], &[0]].concat()).is_err());
        }
        // What y-websocket 3 sends first: sync, step 1, one byte, no clients.
        assert_eq!(Frame::read(&[0, 0, 1, 0]), Ok(Frame::Step1(&[0])));
        assert!(Frame::read(&[4]).is_err() && Frame::read(&[0, 3, 0]).is_err());
    }
}
