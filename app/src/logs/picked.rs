//! Which entries a filter or a search picks: found in slices, the newest first, so that no frame waits for 100,000 lines; new lines are added as they come.

use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use super::ansi;
use super::buffer::{Buffer, Entry, EntryId};
use super::level::Level;

/// Whether a text matches, and where.
#[derive(Clone)]
pub struct Matcher(Rc<Find>);

/// Byte ranges in a text.
type Find = dyn Fn(&str) -> Vec<(usize, usize)>;

impl Matcher {
    /// Matches a text in any case.
    pub fn text(needle: &str) -> Matcher {
        let needle = needle.to_lowercase();
        Matcher(Rc::new(move |text| find_all(text, &needle)))
    }

    /// Matches what a function finds: byte ranges on character borders, in order, apart from each other.
    pub fn by(find: impl Fn(&str) -> Vec<(usize, usize)> + 'static) -> Matcher {
        Matcher(Rc::new(find))
    }

    /// The byte ranges that match.
    pub fn find(&self, text: &str) -> Vec<(usize, usize)> {
        (self.0)(text)
    }

    /// Whether anything matches.
    pub fn matches(&self, text: &str) -> bool {
        !self.find(text).is_empty()
    }
}

impl std::fmt::Debug for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Matcher")
    }
}

fn find_all(text: &str, needle: &str) -> Vec<(usize, usize)> {
    if needle.is_empty() {
        return Vec::new();
    }
    if needle.is_ascii() {
        let (hay, needle) = (text.as_bytes(), needle.as_bytes());
        let mut found = Vec::new();
        let mut at = 0;
        while at + needle.len() <= hay.len() {
            if hay[at].eq_ignore_ascii_case(&needle[0]) && hay[at..at + needle.len()].eq_ignore_ascii_case(needle) {
                found.push((at, at + needle.len()));
                at += needle.len();
            } else {
                at += 1;
            }
        }
        return found;
    }
    // Lower case may have another length: letter by letter.
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let mut wanted = needle.chars().peekable();
        let mut next = at;
        while next < letters.len() && wanted.peek().is_some() && letters[next].1.to_lowercase().all(|c| wanted.next() == Some(c)) {
            next += 1;
        }
        let matched = wanted.peek().is_none() && next > at && text[letters[at].0..letters.get(next).map_or(text.len(), |(b, _)| *b)].to_lowercase() == needle;
        if matched {
            found.push((letters[at].0, letters.get(next).map_or(text.len(), |(b, _)| *b)));
            at = next;
        } else {
            at += 1;
        }
    }
    found
}

/// What a person wants to see.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Lines that match; every line when absent.
    pub matcher: Option<Matcher>,
    /// Lines of this level or worse; every line when absent.
    pub level: Option<Level>,
    /// Lines and gaps of these sources; of every source when absent.
    pub sources: Option<BTreeSet<u32>>,
}

impl Filter {
    /// Whether it leaves anything out.
    pub fn is_active(&self) -> bool {
        self.matcher.is_some() || self.level.is_some() || self.sources.is_some()
    }

    /// Whether an entry is shown, given whether the one before it is: what belongs to a shown line is shown with it. Gaps are shown with
    /// their sources, whatever text or level is wanted.
    pub fn picks(&self, entry: &Entry, before: bool) -> bool {
        if let (Some(wanted), Some(source)) = (&self.sources, entry.source())
            && !wanted.contains(&source)
        {
            return false;
        }
        let Some(line) = entry.line() else { return true };
        if self.level.is_some_and(|least| line.level.is_none_or(|level| level > least)) {
            return false;
        }
        (line.continues && before) || self.matcher.as_ref().is_none_or(|matcher| matcher.matches(&ansi::plain(&line.text)))
    }
}

/// Numbers of the entries that were picked so far.
#[derive(Debug, Clone, Default)]
pub struct Picked {
    ids: VecDeque<EntryId>,
    /// Entries from `low` to `high` were looked at.
    low: EntryId,
    high: EntryId,
}

impl Picked {
    /// Nothing looked at yet.
    pub fn new(buffer: &Buffer) -> Picked {
        // A line that belongs to the last one may still come: the last group is looked at as a whole.
        let begin = group_start(buffer, buffer.end().saturating_sub(1).max(buffer.first()));
        Picked { ids: VecDeque::new(), low: begin, high: begin }
    }

    /// Looks at new entries, and lets go of forgotten ones. `picks` is told an entry's number, the entry, and whether the one before it was picked.
    pub fn newer(&mut self, buffer: &Buffer, picks: impl Fn(EntryId, &Entry, bool) -> bool) {
        while self.ids.front().is_some_and(|id| *id < buffer.first()) {
            self.ids.pop_front();
        }
        self.low = self.low.max(buffer.first());
        self.high = self.high.max(buffer.first());
        while self.high < buffer.end() {
            let before = self.high > self.low && self.ids.back() == Some(&(self.high - 1));
            if buffer.get(self.high).is_some_and(|entry| picks(self.high, entry, before)) {
                self.ids.push_back(self.high);
            }
            self.high += 1;
        }
    }

    /// Looks at some older entries, about `count`; true when there are none left. Call [`Picked::newer`] first.
    pub fn older(&mut self, buffer: &Buffer, count: u64, picks: impl Fn(EntryId, &Entry, bool) -> bool) -> bool {
        self.newer(buffer, &picks);
        let begin = group_start(buffer, self.low.saturating_sub(count).max(buffer.first()));
        let mut found = Vec::new();
        for id in begin..self.low {
            let before = id > begin && found.last() == Some(&(id - 1));
            if buffer.get(id).is_some_and(|entry| picks(id, entry, before)) {
                found.push(id);
            }
        }
        for id in found.into_iter().rev() {
            self.ids.push_front(id);
        }
        self.low = begin;
        self.is_done(buffer)
    }

    /// Whether every entry was looked at.
    pub fn is_done(&self, buffer: &Buffer) -> bool {
        self.low <= buffer.first()
    }

    /// What was picked, the oldest first.
    pub fn ids(&self) -> &VecDeque<EntryId> {
        &self.ids
    }

    /// Whether an entry was picked.
    pub fn contains(&self, id: EntryId) -> bool {
        self.ids.binary_search(&id).is_ok()
    }
}

/// The head of the group to which an entry belongs.
fn group_start(buffer: &Buffer, mut id: EntryId) -> EntryId {
    while id > buffer.first() && buffer.get(id).is_some_and(Entry::continues) {
        id -= 1;
    }
    id
}

#[cfg(test)]
mod tests;
