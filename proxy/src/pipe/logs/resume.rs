use std::collections::VecDeque;

use krateyard_shared::checksum::Checksum;
use krateyard_shared::logs::{LogCursor, LogSecond};
use krateyard_shared::time::Seconds;

/// When a line was written.
pub(super) type At = (Seconds, u32);

/// Finds in a log that begins at [`LogCursor::since`] where the new lines begin. The lines that were delivered stand first, as a file is only appended to.
#[derive(Debug)]
pub(super) struct Resume {
    floor: Option<At>,
    /// Seconds whose lines are not all found again; the youngest last.
    owed: Vec<Owed>,
}

/// What to do with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was delivered before, or is none of this stream.
    Known,
    /// It is new.
    New,
    /// What was delivered is not there any more: nothing can be told of this line.
    Broken,
}

#[derive(Debug)]
struct Owed {
    wanted: LogSecond,
    found: LogSecond,
    /// The hashes of the last `wanted.count` lines, where these may begin within the second.
    window: VecDeque<u64>,
    /// `FACTOR` to the power of `wanted.count`: what the oldest line of a full window weighs once another comes.
    weight: u64,
}

impl Resume {
    /// For a stream that is to go on from a cursor.
    pub(super) fn of(cursor: &LogCursor) -> Resume {
        let owed = |wanted: &LogSecond| Owed {
            wanted: *wanted,
            found: LogSecond { count: 0, hash: Checksum(0), ..*wanted },
            window: VecDeque::new(),
            weight: (0..wanted.count).fold(1_u64, |weight, _| weight.wrapping_mul(LogSecond::FACTOR)),
        };
        Resume { floor: cursor.floor, owed: cursor.seconds.iter().map(owed).collect() }
    }

    /// Whether everything that was delivered was found again.
    pub(super) fn is_proved(&self) -> bool {
        self.owed.is_empty()
    }

    /// What to do with the next line.
    pub(super) fn take(&mut self, at: At, line: u64) -> Verdict {
        if self.floor.is_some_and(|floor| at <= floor) {
            return Verdict::Known;
        }
        let Some(first) = self.owed.first() else { return Verdict::New };
        match self.owed.iter().position(|owed| owed.wanted.second == at.0) {
            Some(place) => match self.owed[place].take(line) {
                Some(true) => {
                    self.owed.remove(place);
                    Verdict::Known
                }
                Some(false) => Verdict::Known,
                None => Verdict::Broken,
            },
            // Before the tail that was delivered; lines of two outputs may stand a little out of order there.
            None if !first.wanted.whole && self.owed.last().is_some_and(|last| at.0 <= last.wanted.second + 1) => Verdict::Known,
            None => Verdict::Broken,
        }
    }
}

impl Owed {
    /// Whether all of them are found now; `None` when they are not there.
    fn take(&mut self, line: u64) -> Option<bool> {
        let LogSecond { count, hash, whole, .. } = self.wanted;
        self.found.add(line);
        if whole {
            return match self.found.count == count {
                true => (self.found.hash == hash).then_some(true),
                false => Some(false),
            };
        }
        // Moved by one line: what left it had become heavier by the others.
        self.window.push_back(line);
        if self.window.len() as u64 > count {
            let left = self.window.pop_front().unwrap_or_default();
            self.found.hash = Checksum(self.found.hash.0.wrapping_sub(left.wrapping_mul(self.weight)));
        }
        Some(self.window.len() as u64 == count && self.found.hash == hash)
    }
}

#[cfg(test)]
mod tests;
