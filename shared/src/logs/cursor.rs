use serde::{Deserialize, Serialize};

use crate::checksum::Checksum;
use crate::time::{self, Seconds};

/// How far a source has been delivered. Proxy and page keep one each, advance it by each line that they send or take, and so have the same.
///
/// An API server begins a log at whole seconds (recordings, surprise 63) and filters line by line, and two outputs of a container may change order, so one more second is asked for.
/// In what comes, the lines that were delivered stand first, as a file is only appended to; they are known by their number and hash in each second.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogCursor {
    /// Pod.
    pub pod: String,
    /// Its uid, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Container.
    pub container: String,
    /// Restarts of the container before the run that the lines are of, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<u32>,
    /// Everything there was when it was opened has come ([`LogCursor::caught_up`]): a source without lines is asked for all of them then, not for a tail.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub begun: bool,
    /// The run was told as ended, completely.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
    /// Time of the youngest line delivered of this run: seconds since 1970, nanoseconds within.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<(Seconds, u32)>,
    /// No line up to this instant is to come any more, and none of them counts below: they belong to before a gap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<(Seconds, u32)>,
    /// The second of the youngest line and the one before, as far as lines have come that were written then; in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seconds: Vec<LogSecond>,
    /// The last line is older than these seconds: the clock of the node went back. Then only "from now on" can be asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub behind: bool,
}

/// The lines delivered of one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogSecond {
    /// Since 1970.
    pub second: Seconds,
    /// Lines.
    pub count: u64,
    /// Of these lines in their order: see [`LogSecond::add`].
    pub hash: Checksum,
    /// Whether they begin with the first line of the second; a tail may begin within.
    pub whole: bool,
}

impl LogSecond {
    /// Odd, so that no bit is lost: the multiplier of Knuth's MMIX.
    pub const FACTOR: u64 = 6_364_136_223_846_793_005;

    /// One more line: a polynomial of the hashes of lines, so that a window over lines can be moved without reading them again.
    pub fn add(&mut self, line: u64) {
        self.count += 1;
        self.hash = Checksum(self.hash.0.wrapping_mul(Self::FACTOR).wrapping_add(line));
    }
}

/// The hash of a line as it is delivered: 64-bit FNV-1a (draft-eastlake-fnv) of timestamp, a zero byte, and text. Other versions compare with it, so it stays what it is.
pub fn line_hash(time: &str, text: &str) -> u64 {
    let bytes = time.bytes().chain([0]).chain(text.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl LogCursor {
    /// Of a source of which nothing has been delivered.
    pub fn new(pod: &str, uid: Option<&str>, container: &str, run: Option<u32>) -> LogCursor {
        LogCursor { pod: pod.into(), uid: uid.map(Into::into), container: container.into(), run, ..LogCursor::default() }
    }

    /// Whether it is of this source. A uid that one side does not know decides nothing.
    pub fn is_of(&self, pod: &str, uid: Option<&str>, container: &str) -> bool {
        let same_uid = match (self.uid.as_deref(), uid) {
            (Some(own), Some(other)) => own == other,
            _ => true,
        };
        self.pod == pod && self.container == container && same_uid
    }

    /// A line was delivered. What a node says itself has no time, and is no line of the log.
    pub fn advance(&mut self, time: &str, text: &str) {
        if let Some(at) = time::parse(time) {
            self.advance_by(at, line_hash(time, text));
        }
    }

    /// As [`LogCursor::advance`], for who has parsed and hashed it.
    pub fn advance_by(&mut self, at: (Seconds, u32), line: u64) {
        self.ended = false;
        let newest = self.newest.map_or(at, |newest| newest.max(at));
        self.newest = Some(newest);
        self.behind = at.0 < newest.0 - 1;
        if self.behind {
            return;
        }
        // Without a line, it is known to begin with the first where everything was asked for. Lines of the next second may stand before the tail, out of order.
        let whole = self.seconds.first().map_or(self.begun || self.floor.is_some(), |first| first.whole || first.second + 1 < at.0);
        self.seconds.retain(|second| second.second >= newest.0 - 1);
        let place = self.seconds.partition_point(|second| second.second < at.0);
        if self.seconds.get(place).is_none_or(|second| second.second != at.0) {
            self.seconds.insert(place, LogSecond { second: at.0, count: 0, hash: Checksum(0), whole });
        }
        self.seconds[place].add(line);
    }

    /// [`super::LogControl::CaughtUp`] came while the source was live, waiting or ended; or the source joined after it.
    pub fn caught_up(&mut self) {
        self.begun = true;
    }

    /// [`super::LogControl::Gap`] came for the source: what comes next is what is younger, or of another run.
    pub fn gap(&mut self, reason: &super::LogGap) {
        use super::LogGap;
        match reason {
            LogGap::Dropped | LogGap::Cut { .. } => return,
            LogGap::Restarted { run, .. } => self.run = *run,
            LogGap::Rotated | LogGap::Replaced | LogGap::Lost => {}
        }
        self.floor = if self.behind { None } else { self.newest.or(self.floor) };
        self.behind &= !matches!(reason, LogGap::Restarted { .. });
        (self.newest, self.begun, self.ended) = (None, true, false);
        self.seconds.clear();
    }

    /// [`super::LogSourceState::Ended`] came.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// The second to ask from; `None` where all is to be asked for.
    pub fn since(&self) -> Option<Seconds> {
        match (self.newest, self.floor) {
            (Some(newest), Some(floor)) => Some(floor.0.max(newest.0 - 1)),
            (Some(newest), None) => Some(newest.0 - 1),
            (None, floor) => floor.map(|floor| floor.0),
        }
    }
}

#[cfg(test)]
mod tests;
