//! What one log window shows of its buffer: through a filter, up to where it was paused, with what a search found.

use std::collections::BTreeSet;

use super::ansi;
use super::buffer::{Buffer, Entry, EntryId, Gap, Line};
use super::follow::Effect;
use super::picked::{Filter, Matcher, Picked};

/// A log window's content.
#[derive(Debug, Default)]
pub struct Shown {
    buffer: Buffer,
    /// The gap of the connection that was lost last.
    lost: Option<EntryId>,
    filter: Filter,
    picked: Option<Picked>,
    search: Option<Search>,
    paused: Option<EntryId>,
    unfolded: BTreeSet<EntryId>,
}

#[derive(Debug)]
struct Search {
    matcher: Matcher,
    hits: Picked,
    current: Option<EntryId>,
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub enum Row<'a> {
    /// A line; `unfolded` shows its fields below it.
    #[allow(missing_docs)]
    Line { line: &'a Line, unfolded: bool },
    /// Missing lines.
    Gap(Gap),
}

/// The row that stands for all forgotten lines.
pub const FORGOTTEN: EntryId = EntryId::MAX;

impl Shown {
    /// Takes what a follow says; gives back whether there was anything.
    pub fn take(&mut self, effects: Vec<Effect>) -> bool {
        let any = !effects.is_empty();
        for effect in effects {
            match effect {
                Effect::Line(at, text) => self.buffer.push_line(at, text),
                Effect::Gap(gap) => {
                    let is_lost = matches!(gap, Gap::Lost { .. });
                    let id = self.buffer.push_gap(gap);
                    self.lost = if is_lost { Some(id) } else { self.lost };
                }
                Effect::Mend(gap) => {
                    if let Some(id) = self.lost.take() {
                        self.buffer.mend_gap(id, gap);
                    }
                }
                Effect::Open(_) | Effect::Close | Effect::Grant(_) => {}
            }
        }
        self.catch_up();
        any
    }

    /// Forgets everything but what a person set.
    pub fn clear(&mut self) {
        self.buffer.clear();
        (self.lost, self.paused) = (None, None);
        self.unfolded.clear();
        self.set_filter(self.filter.clone());
    }

    /// Shows only what the filter picks. [`Shown::work`] finds it.
    pub fn set_filter(&mut self, filter: Filter) {
        self.picked = filter.is_active().then(|| Picked::new(&self.buffer));
        self.filter = filter;
        let matcher = self.search.take().map(|search| search.matcher);
        self.set_search(matcher);
        self.catch_up();
    }

    /// Searches what is shown. [`Shown::work`] finds it.
    pub fn set_search(&mut self, matcher: Option<Matcher>) {
        self.search = matcher.map(|matcher| Search { matcher, hits: Picked::new(&self.buffer), current: None });
        self.catch_up();
    }

    /// Looks at about `count` older lines for filter or search; true while more are left.
    pub fn work(&mut self, count: u64) -> bool {
        let Shown { buffer, filter, picked, search, .. } = self;
        if let Some(picked) = picked.as_mut().filter(|picked| !picked.is_done(buffer)) {
            return !picked.older(buffer, count, |_, entry, before| filter.picks(entry, before)) || search.is_some();
        }
        let Some(search) = search.as_mut().filter(|search| !search.hits.is_done(buffer)) else { return false };
        !search.hits.older(buffer, count, |id, entry, _| is_hit(&search.matcher, picked.as_ref(), id, entry))
    }

    fn catch_up(&mut self) {
        let Shown { buffer, filter, picked, search, .. } = self;
        if let Some(picked) = picked {
            picked.newer(buffer, |_, entry, before| filter.picks(entry, before));
        }
        if let Some(search) = search {
            search.hits.newer(buffer, |id, entry, _| is_hit(&search.matcher, picked.as_ref(), id, entry));
        }
        let first = buffer.first();
        self.unfolded = self.unfolded.split_off(&first);
    }

    /// Lines that come from now on wait until [`Shown::resume`].
    pub fn pause(&mut self) {
        self.paused.get_or_insert(self.buffer.end());
    }

    /// Shows what came meanwhile, and what comes.
    pub fn resume(&mut self) {
        self.paused = None;
    }

    /// Whether new lines wait.
    pub fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Rows that wait.
    pub fn waiting(&self) -> usize {
        self.paused.map_or(0, |_| self.below(self.buffer.end()) - self.below(self.limit()))
    }

    /// Rows that are shown.
    pub fn rows(&self) -> usize {
        self.head() + self.below(self.limit())
    }

    /// A row: the number under which it stays the same while others come and go, and what it shows.
    pub fn row(&self, at: usize) -> Option<(EntryId, Row<'_>)> {
        let Some(at) = at.checked_sub(self.head()) else {
            return self.get(FORGOTTEN).map(|row| (FORGOTTEN, row));
        };
        let id = match &self.picked {
            Some(picked) => *picked.ids().get(at)?,
            None => self.buffer.first() + at as EntryId,
        };
        (id < self.limit()).then(|| self.get(id).map(|row| (id, row)))?
    }

    /// The row of a number.
    pub fn get(&self, id: EntryId) -> Option<Row<'_>> {
        if id == FORGOTTEN {
            return Some(Row::Gap(Gap::Forgotten { count: self.buffer.forgotten() }));
        }
        Some(match self.buffer.get(id)? {
            Entry::Line(line) => Row::Line { line, unfolded: self.unfolded.contains(&id) },
            Entry::Gap(gap) => Row::Gap(gap.clone()),
        })
    }

    /// Where an entry stands, or the one after it that is shown.
    pub fn position(&self, id: EntryId) -> usize {
        if id == FORGOTTEN { 0 } else { self.head() + self.below(id.min(self.limit())) }
    }

    /// Folds the fields of a line out, or in again.
    pub fn toggle(&mut self, id: EntryId) {
        if !self.unfolded.remove(&id) {
            self.unfolded.insert(id);
        }
    }

    /// What a search marks.
    pub fn matcher(&self) -> Option<&Matcher> {
        self.search.as_ref().map(|search| &search.matcher)
    }

    /// The line at which a search stands.
    pub fn current(&self) -> Option<EntryId> {
        self.search.as_ref().and_then(|search| search.current)
    }

    /// Which of how many matching lines a search stands at, from 1; 0 before the first step.
    pub fn hit(&self) -> Option<(usize, usize)> {
        let search = self.search.as_ref()?;
        let ids = search.hits.ids();
        let at = search.current.and_then(|current| ids.binary_search(&current).ok()).map_or(0, |at| at + 1);
        Some((at, ids.partition_point(|id| *id < self.limit())))
    }

    /// Steps to the next matching line, or the previous one, around the ends; the first step is the one nearest above `from`.
    pub fn step(&mut self, forward: bool, from: EntryId) -> Option<EntryId> {
        let limit = self.limit();
        let search = self.search.as_mut()?;
        let ids = search.hits.ids();
        let all = ids.partition_point(|id| *id < limit);
        if all == 0 {
            return None;
        }
        let at = match search.current {
            None => ids.partition_point(|id| *id <= from).min(all).checked_sub(1).unwrap_or(all - 1),
            Some(current) if forward => ids.partition_point(|id| *id <= current) % all,
            Some(current) => ids.partition_point(|id| *id < current).min(all).checked_sub(1).unwrap_or(all - 1),
        };
        search.current = ids.get(at).copied();
        search.current
    }

    /// Everything shown as text, with times if wanted: for a copy or a file.
    pub fn text(&self, times: bool) -> String {
        let mut text = String::new();
        for at in 0..self.rows() {
            match self.row(at) {
                Some((_, Row::Line { line, .. })) => {
                    if times {
                        text.push_str(&line.at.full());
                        text.push(' ');
                    }
                    text.push_str(&ansi::plain(&line.text));
                }
                Some((_, Row::Gap(gap))) => {
                    text.push_str("--- ");
                    text.push_str(&gap.words(0));
                }
                None => continue,
            }
            text.push('\n');
        }
        text
    }

    fn head(&self) -> usize {
        usize::from(self.buffer.forgotten() > 0)
    }

    fn limit(&self) -> EntryId {
        self.paused.unwrap_or(EntryId::MAX).clamp(self.buffer.first(), self.buffer.end())
    }

    /// Entries shown before a number.
    fn below(&self, id: EntryId) -> usize {
        match &self.picked {
            Some(picked) => picked.ids().partition_point(|picked| *picked < id),
            None => id.saturating_sub(self.buffer.first()) as usize,
        }
    }
}

fn is_hit(matcher: &Matcher, picked: Option<&Picked>, id: EntryId, entry: &Entry) -> bool {
    entry.line().is_some_and(|line| matcher.matches(&ansi::plain(&line.text))) && picked.is_none_or(|picked| picked.contains(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::Level;
    use crate::logs::buffer::CAPACITY;
    use crate::logs::stamp::Stamp;

    fn shown(lines: &[&str]) -> Shown {
        let mut shown = Shown::default();
        shown.take(lines.iter().map(|line| Effect::Line(Stamp::default(), (*line).into())).collect());
        shown
    }

    fn texts(shown: &Shown) -> Vec<String> {
        shown.text(false).lines().map(str::to_owned).collect()
    }

    fn work(shown: &mut Shown) {
        while shown.work(2) {}
    }

    const LINES: [&str; 6] = ["INFO pay 1", "ERROR no", "  at pay", "INFO basket", "WARN pay 2", "INFO pay 3"];

    #[test]
    fn a_filter_shows_what_it_picks_also_of_what_comes_later() {
        let mut shown = shown(&LINES);
        shown.set_filter(Filter { matcher: None, level: Some(Level::Warn) });
        work(&mut shown);
        assert_eq!(texts(&shown), ["ERROR no", "  at pay", "WARN pay 2"]);
        shown.take(vec![
            Effect::Line(Stamp::default(), "ERROR again".into()),
            Effect::Gap(Gap::Cut { bytes: 1 }),
            Effect::Line(Stamp::default(), "INFO x".into()),
        ]);
        assert_eq!(texts(&shown)[3..], ["ERROR again", "--- line cut: it has 1 bytes"]);
        shown.set_filter(Filter::default());
        assert_eq!(shown.rows(), 9);
    }

    #[test]
    fn a_paused_window_stands_still_and_counts_what_waits() {
        let mut shown = shown(&LINES);
        shown.pause();
        shown.take(vec![Effect::Line(Stamp::default(), "new".into())]);
        assert_eq!((shown.rows(), shown.waiting()), (6, 1));
        assert!(shown.row(6).is_none());
        shown.resume();
        assert_eq!((shown.rows(), shown.waiting()), (7, 0));
    }

    #[test]
    fn a_search_steps_through_what_is_shown_and_around_the_ends() {
        let mut shown = shown(&LINES);
        shown.set_filter(Filter { matcher: None, level: Some(Level::Info) });
        shown.set_search(Some(Matcher::text("pay")));
        work(&mut shown);
        assert_eq!(shown.hit(), Some((0, 4)));
        let steps: Vec<_> = (0..5).map(|_| shown.step(true, 4).unwrap()).collect();
        assert_eq!(steps, [4, 5, 0, 2, 4]);
        assert_eq!((shown.step(false, 0), shown.hit()), (Some(2), Some((2, 4))));
        shown.set_filter(Filter { matcher: None, level: Some(Level::Error) });
        work(&mut shown);
        assert_eq!((shown.hit(), shown.step(true, 9)), (Some((0, 1)), Some(2)), "the search follows the filter");
    }

    #[test]
    fn a_lost_connection_is_mended_in_its_place() {
        let mut shown = shown(&["a"]);
        shown.take(vec![Effect::Gap(Gap::Lost { at_ms: 0, back_ms: None, whole: false })]);
        shown.take(vec![Effect::Mend(Gap::Lost { at_ms: 0, back_ms: Some(2_000), whole: true }), Effect::Line(Stamp::default(), "b".into())]);
        assert_eq!(texts(&shown), ["a", "--- connection lost 00:00:00, back after 2 s, no line missing", "b"]);
    }

    #[test]
    fn forgotten_lines_are_one_row_at_the_top_and_positions_follow() {
        let mut shown = shown(&[]);
        shown.take((0..CAPACITY + 5).map(|n| Effect::Line(Stamp::default(), format!("line {n}"))).collect());
        assert_eq!(shown.rows(), CAPACITY + 1);
        assert!(matches!(shown.row(0), Some((FORGOTTEN, Row::Gap(Gap::Forgotten { count: 5 })))));
        let (id, _) = shown.row(10).unwrap();
        assert_eq!((id, shown.position(id)), (14, 10));
    }
}
