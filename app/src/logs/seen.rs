//! Which lines a window has: after a cut the API server repeats whole seconds (it cuts `sinceTime` to them), and what is repeated is skipped by time and text.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::stamp::Stamp;

/// Seconds that are asked for again beyond the last one: lines of a container's two outputs may change order.
const OVERLAP_SECS: i64 = 1;
/// Lines of these seconds that are remembered; a log that writes more is ahead of the window anyway.
const REMEMBERED: usize = 100_000;

/// Remembers the lines of the last seconds.
#[derive(Debug, Default)]
pub struct Seen {
    first: Option<Stamp>,
    last: Option<Stamp>,
    recent: VecDeque<(i64, u64)>,
    /// Lines that will come again, and how often.
    owed: HashMap<u64, u32>,
    begins_within: bool,
    resumed: bool,
    repeated: bool,
}

impl Seen {
    /// Nothing seen yet. `begins_within`: the window asked for the end of a log only, so what is older than its first line is none of its own.
    pub fn new(begins_within: bool) -> Seen {
        Seen { begins_within, ..Seen::default() }
    }

    /// When the youngest line was written.
    pub fn last(&self) -> Option<Stamp> {
        self.last
    }

    /// From when on to ask: `None` when nothing was seen yet.
    pub fn since(&self) -> Option<Stamp> {
        self.last.map(|last| Stamp { secs: last.secs - OVERLAP_SECS, nanos: 0 })
    }

    /// A stream from [`Seen::since`] begins: lines that are known may come again.
    pub fn resume(&mut self) {
        self.resumed = self.last.is_some();
        self.repeated = false;
        self.owed.clear();
        for (_, line) in &self.recent {
            *self.owed.entry(*line).or_default() += 1;
        }
    }

    /// Whether a line came again since [`Seen::resume`]: then the stream goes on exactly where it was cut.
    pub fn repeated(&self) -> bool {
        self.repeated || self.last.is_none()
    }

    /// Whether a line is new; it is known from now on.
    pub fn is_new(&mut self, at: Stamp, text: &str) -> bool {
        if self.begins_within && self.resumed && self.first.is_some_and(|first| at < first) {
            return false;
        }
        let mut hasher = DefaultHasher::new();
        (at, text).hash(&mut hasher);
        let line = hasher.finish();
        if let Some(times) = self.owed.get_mut(&line).filter(|times| **times > 0) {
            *times -= 1;
            self.repeated = true;
            return false;
        }
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = self.last.max(Some(at));
        self.recent.push_back((at.secs, line));
        let oldest = self.last.map_or(0, |last| last.secs - OVERLAP_SECS);
        while self.recent.len() > REMEMBERED || self.recent.front().is_some_and(|(secs, _)| *secs < oldest) {
            self.recent.pop_front();
        }
        true
    }
}
