//! What one socket is to be told, by all of its rooms, in order. Bounded: a peer that does not read is cut off, and finds everything when it comes back.

use std::collections::VecDeque;
use std::sync::Mutex;

use bytes::Bytes;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::{Channel, MAX_DOCUMENT, ToApp};
use tokio::sync::Notify;

/// Bytes that may wait for one socket: two full rooms. What waits is shared by all whom it is said to.
const MOST_BYTES: usize = 2 * MAX_DOCUMENT;
/// What a message costs besides its bytes.
const OVERHEAD: usize = 64;

/// Something said to one peer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    /// It is in the room, and may change it or not.
    Opened(bool),
    /// A frame of y-websocket's protocol.
    Frame(Bytes),
    /// So many of its document frames are durable.
    Acked(u64),
    /// Its last frame was not taken.
    Refused(Refusal),
    /// It is out of the room.
    Closed(Refusal),
    /// Something about rooms that is of none.
    Control(ToApp),
}

/// What waits for one socket.
#[derive(Default)]
pub(crate) struct Outbox {
    waiting: Mutex<Waiting>,
    filled: Notify,
}

#[derive(Default)]
struct Waiting {
    said: VecDeque<(Channel, Said)>,
    bytes: usize,
    is_over: bool,
}

impl Outbox {
    /// Puts something behind everything else; nothing once the peer was cut off.
    pub(crate) fn put(&self, channel: Channel, said: Said) {
        let mut waiting = self.waiting.lock().expect("no panic while held");
        if waiting.is_over {
            return;
        }
        waiting.bytes += cost(&said);
        waiting.said.push_back((channel, said));
        if waiting.bytes > MOST_BYTES {
            *waiting = Waiting { is_over: true, ..Waiting::default() };
        }
        drop(waiting);
        self.filled.notify_one();
    }

    /// The next thing to say.
    ///
    /// # Errors
    /// `Limit` once too much waited.
    pub(crate) async fn next(&self) -> Result<(Channel, Said), Refusal> {
        loop {
            let filled = self.filled.notified();
            {
                let mut waiting = self.waiting.lock().expect("no panic while held");
                if waiting.is_over {
                    return Err(Refusal::Limit { which: "unread changes".into(), retry_after_secs: 1 });
                }
                if let Some((channel, said)) = waiting.said.pop_front() {
                    waiting.bytes -= cost(&said);
                    return Ok((channel, said));
                }
            }
            filled.await;
        }
    }
}

fn cost(said: &Said) -> usize {
    OVERHEAD + if let Said::Frame(frame) = said { frame.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_said_comes_in_order_and_whoever_does_not_read_is_cut_off() {
        let outbox = Outbox::default();
        outbox.put(1, Said::Opened(true));
        outbox.put(2, Said::Acked(3));
        assert_eq!(outbox.next().await, Ok((1, Said::Opened(true))));
        assert_eq!(outbox.next().await, Ok((2, Said::Acked(3))));
        let frame = Bytes::from(vec![0; 1 << 20]);
        (0..15).for_each(|_| outbox.put(1, Said::Frame(frame.clone())));
        assert!(outbox.next().await.is_ok());
        (0..3).for_each(|_| outbox.put(1, Said::Frame(frame.clone())));
        assert!(matches!(outbox.next().await, Err(Refusal::Limit { .. })));
        outbox.put(1, Said::Acked(1));
        assert!(outbox.next().await.is_err(), "for good");
    }
}
