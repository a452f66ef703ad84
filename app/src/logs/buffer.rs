//! The lines of one log window: a ring that forgets its oldest and says so.

use std::collections::VecDeque;

use super::ansi;
use super::level::Level;
use super::stamp::Stamp;
use super::trace::Classifier;
use crate::stream::span;

/// Lines that a window keeps.
pub const CAPACITY: usize = 100_000;
/// Bytes of text that a window keeps: a log of very long lines keeps fewer of them.
pub const CAPACITY_BYTES: usize = 64 << 20;
/// Lines that may belong to one head; the next one stands for itself, so that no group is endless.
const LONGEST_GROUP: usize = 1000;

/// Counts what ever entered the buffer: an entry keeps its number while others are forgotten.
pub type EntryId = u64;

/// A row of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A line.
    Line(Line),
    /// Where lines are missing, or another run begins.
    Gap(Gap),
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it was written.
    pub at: Stamp,
    /// As it was written, escapes included.
    pub text: Box<str>,
    /// Its level; a continuation has that of its head.
    pub level: Option<Level>,
    /// It belongs to the line before it.
    pub continues: bool,
}

/// Why two lines that stand together are no neighbours.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Gap {
    /// The container started anew.
    Restarted { code: Option<i32>, quiet_secs: Option<u64> },
    /// The proxy or the cluster left lines out.
    Dropped { count: Option<u64>, reason: String },
    /// The connection was lost at, and is back since (milliseconds since 1970). `whole`: lines from before the cut were seen again, so none is missing.
    Lost { at_ms: u64, back_ms: Option<u64>, whole: bool },
    /// The line before was longer than is passed on.
    Cut { bytes: u64 },
    /// This window forgot its oldest lines.
    Forgotten { count: u64 },
}

/// The ring.
#[derive(Debug, Default)]
pub struct Buffer {
    entries: VecDeque<Entry>,
    first: EntryId,
    bytes: usize,
    forgotten: u64,
    classifier: Classifier,
    group: usize,
}

impl Buffer {
    /// Takes the next line.
    pub fn push_line(&mut self, at: Stamp, text: String) {
        let class = self.classifier.next(&ansi::plain(&text));
        let head = match self.entries.back() {
            Some(Entry::Line(line)) if class.continues && self.group < LONGEST_GROUP => Some(line.level),
            _ => None,
        };
        self.group = if head.is_some() { self.group + 1 } else { 0 };
        let line = Line { at, text: text.into(), level: head.unwrap_or(class.level), continues: head.is_some() };
        self.bytes += line.text.len();
        self.push(Entry::Line(line));
    }

    /// Takes a gap; gives back its number, under which it can be mended.
    pub fn push_gap(&mut self, gap: Gap) -> EntryId {
        self.classifier.reset();
        self.push(Entry::Gap(gap));
        self.end() - 1
    }

    /// Says more about a gap, if it is still kept.
    pub fn mend_gap(&mut self, id: EntryId, gap: Gap) {
        if let Some(Entry::Gap(kept)) = id.checked_sub(self.first).and_then(|at| self.entries.get_mut(at as usize)) {
            *kept = gap;
        }
    }

    /// Forgets everything: another container, another range. Numbers go on, so that no row is taken for an old one.
    pub fn clear(&mut self) {
        *self = Buffer { first: self.end(), ..Buffer::default() };
    }

    /// An entry, if it is still kept.
    pub fn get(&self, id: EntryId) -> Option<&Entry> {
        self.entries.get(usize::try_from(id.checked_sub(self.first)?).ok()?)
    }

    /// Number of the oldest entry kept.
    pub fn first(&self) -> EntryId {
        self.first
    }

    /// Number that the next entry gets.
    pub fn end(&self) -> EntryId {
        self.first + self.entries.len() as EntryId
    }

    /// Lines that were forgotten since the last [`Buffer::clear`].
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Every line kept, the oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.entries.iter().filter_map(Entry::line)
    }

    fn push(&mut self, entry: Entry) {
        self.entries.push_back(entry);
        while self.entries.len() > CAPACITY || (self.bytes > CAPACITY_BYTES && self.entries.len() > 1) {
            if let Some(Entry::Line(line)) = self.entries.pop_front() {
                self.bytes -= line.text.len();
                self.forgotten += 1;
            }
            self.first += 1;
        }
    }
}

impl Entry {
    /// The line, if it is one.
    pub fn line(&self) -> Option<&Line> {
        match self {
            Entry::Line(line) => Some(line),
            Entry::Gap(_) => None,
        }
    }

    /// Whether it belongs to the entry before it.
    pub fn continues(&self) -> bool {
        self.line().is_some_and(|line| line.continues)
    }
}

impl Gap {
    /// The gap in words, with clock times at an offset from UTC.
    pub fn words(&self, offset_secs: i64) -> String {
        let clock = |ms: u64| Stamp { secs: (ms / 1000) as i64, nanos: 0 }.clock(offset_secs);
        match self {
            Gap::Restarted { code, quiet_secs } => {
                let exit = code.map_or(String::new(), |code| format!(", exit {code}"));
                let quiet = quiet_secs.filter(|secs| *secs > 0).map_or(String::new(), |secs| format!(", {} without lines", span(secs)));
                format!("restarted{exit}{quiet}")
            }
            Gap::Dropped { count: Some(1), reason } => format!("1 line missing: {reason}"),
            Gap::Dropped { count: Some(count), reason } => format!("{} lines missing: {reason}", thousands(*count)),
            Gap::Dropped { count: None, reason } => format!("lines missing: {reason}"),
            Gap::Lost { at_ms, back_ms: None, .. } => format!("connection lost {}", clock(*at_ms)),
            Gap::Lost { at_ms, back_ms: Some(back), whole } => {
                let away = span(back.saturating_sub(*at_ms).div_ceil(1000));
                let loss = if *whole { format!("back after {away}, no line missing") } else { format!("up to {away} of lines may be missing") };
                format!("connection lost {}, {loss}", clock(*at_ms))
            }
            Gap::Cut { bytes } => format!("line cut: it has {} bytes", thousands(*bytes)),
            Gap::Forgotten { count } => format!("{} older lines dropped: a window keeps {}", thousands(*count), thousands(CAPACITY as u64)),
        }
    }

    /// Whether lines may be missing here that a person would want.
    pub fn is_loss(&self) -> bool {
        matches!(self, Gap::Dropped { .. } | Gap::Lost { whole: false, .. } | Gap::Cut { .. })
    }
}

/// A count with its thousands apart: `100,000`.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
