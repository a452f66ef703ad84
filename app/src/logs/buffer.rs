//! The lines of one log window: a ring that forgets its oldest and says so.

use std::collections::VecDeque;

use krateyard_shared::logs::LogGap;

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
    /// Where lines are missing, another run begins, or a source comes or goes: of one source, or of all of them.
    Gap(Option<u32>, Gap),
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Who wrote it: an index into [`super::Sources`].
    pub source: u32,
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
    /// A source joined while the window was open.
    Joined,
    /// A source ended.
    Ended { code: Option<i32>, reason: String },
    /// A source's pod is gone.
    Gone,
    /// The container started anew.
    Restarted { code: Option<i32>, quiet_secs: Option<u64> },
    /// The proxy or the cluster left lines out.
    Missing { count: Option<u64>, why: LogGap },
    /// The connection was lost at, and is back since (milliseconds since 1970). `whole`: it was proved that none is missing.
    Lost { at_ms: u64, back_ms: Option<u64>, whole: bool },
    /// This window forgot its oldest lines.
    Forgotten { count: u64 },
}

/// The ring.
#[derive(Debug, Default)]
pub struct Buffer {
    entries: VecDeque<Entry>,
    first: EntryId,
    bytes: usize,
    /// Bytes that ever entered.
    entered: u64,
    forgotten: u64,
    readings: Vec<Reading>,
}

/// A point in what entered a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    end: EntryId,
    entered: u64,
}

/// How far one source was read: lines of others may stand between a head and what belongs to it.
#[derive(Debug, Default)]
struct Reading {
    classifier: Classifier,
    /// Level of the head to which a continuation would belong.
    head: Option<Option<Level>>,
    group: usize,
}

impl Buffer {
    /// Takes the next line of a source. A continuation has the level of its head; it belongs to the line before it only where that is of the same source.
    pub fn push_line(&mut self, source: u32, at: Stamp, text: String) {
        let follows = matches!(self.entries.back(), Some(Entry::Line(line)) if line.source == source);
        if self.readings.len() <= source as usize {
            self.readings.resize_with(source as usize + 1, Reading::default);
        }
        let reading = &mut self.readings[source as usize];
        let class = reading.classifier.next(&ansi::plain(&text));
        let head = reading.head.filter(|_| class.continues && reading.group < LONGEST_GROUP);
        reading.group = if head.is_some() { reading.group + 1 } else { 0 };
        let level = head.unwrap_or(class.level);
        reading.head = Some(level);
        let line = Line { source, at, text: text.into(), level, continues: head.is_some() && follows };
        self.bytes += line.text.len();
        self.entered += line.text.len() as u64;
        self.push(Entry::Line(line));
    }

    /// Takes a gap of a source, or of all; gives back its number, under which it can be mended.
    pub fn push_gap(&mut self, of: Option<u32>, gap: Gap) -> EntryId {
        for (at, reading) in self.readings.iter_mut().enumerate() {
            if of.is_none_or(|of| of as usize == at) {
                reading.classifier.reset();
                reading.head = None;
            }
        }
        self.push(Entry::Gap(of, gap));
        self.end() - 1
    }

    /// Says more about a gap, if it is still kept.
    pub fn mend_gap(&mut self, id: EntryId, gap: Gap) {
        if let Some(Entry::Gap(_, kept)) = id.checked_sub(self.first).and_then(|at| self.entries.get_mut(at as usize)) {
            *kept = gap;
        }
    }

    /// Forgets everything: another container, another range. Numbers go on, so that no row is taken for an old one.
    pub fn clear(&mut self) {
        *self = Buffer { first: self.end(), entered: self.entered, ..Buffer::default() };
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

    /// Now: what enters from here on can be counted by [`Buffer::is_ahead`].
    pub fn mark(&self) -> Mark {
        Mark { end: self.end(), entered: self.entered }
    }

    /// Whether so much entered since a mark that what a person looks at may soon be forgotten.
    pub fn is_ahead(&self, of: Mark) -> bool {
        self.end() - of.end.min(self.end()) >= CAPACITY as u64 / 2 || self.entered - of.entered >= CAPACITY_BYTES as u64 / 2
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
            Entry::Gap(..) => None,
        }
    }

    /// Of which source it is; none for what is of all.
    pub fn source(&self) -> Option<u32> {
        match self {
            Entry::Line(line) => Some(line.source),
            Entry::Gap(of, _) => *of,
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
            Gap::Joined => "joined".into(),
            Gap::Ended { code, reason } => match (code, reason.as_str()) {
                (Some(code), "") => format!("ended, exit {code}"),
                (Some(code), reason) => format!("ended, exit {code}, {reason}"),
                (None, "") => "ended".into(),
                (None, reason) => format!("ended, {reason}"),
            },
            Gap::Gone => "gone".into(),
            Gap::Restarted { code, quiet_secs } => {
                let exit = code.map_or(String::new(), |code| format!(", exit {code}"));
                let quiet = quiet_secs.filter(|secs| *secs > 0).map_or(String::new(), |secs| format!(", {} without lines", span(secs)));
                format!("restarted{exit}{quiet}")
            }
            Gap::Missing { why: LogGap::Cut { bytes }, .. } => format!("the line before has {} more bytes", thousands(*bytes)),
            Gap::Missing { count, why } => match count {
                Some(1) => format!("1 line missing: {}", reason(why)),
                Some(count) => format!("{} lines missing: {}", thousands(*count), reason(why)),
                None if *why == LogGap::Lost => "lines may be missing".into(),
                None => format!("lines missing: {}", reason(why)),
            },
            Gap::Lost { at_ms, back_ms: None, .. } => format!("connection lost {}", clock(*at_ms)),
            Gap::Lost { at_ms, back_ms: Some(back), whole } => {
                let away = span(back.saturating_sub(*at_ms).div_ceil(1000));
                let loss = if *whole { format!("back after {away}, no line missing") } else { format!("back after {away}, lines are missing") };
                format!("connection lost {}, {loss}", clock(*at_ms))
            }
            Gap::Forgotten { count } => format!("{} older lines dropped: a window keeps {}", thousands(*count), thousands(CAPACITY as u64)),
        }
    }

    /// Whether lines may be missing here that a person would want.
    pub fn is_loss(&self) -> bool {
        matches!(self, Gap::Missing { .. } | Gap::Lost { whole: false, .. })
    }
}

/// Why lines are missing, for who reads them: it is the window that was slow, whatever left them out.
fn reason(why: &LogGap) -> String {
    if *why == LogGap::Dropped { "the log was faster than this window".into() } else { why.to_string() }
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
