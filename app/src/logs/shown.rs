//! What one log window shows of its buffer: through a filter, up to where it was paused, with what a search found.

use std::collections::BTreeSet;

use super::ansi;
use super::buffer::{Buffer, Entry, EntryId, Gap, Line, Mark};
use super::follow::Effect;
use super::level::Level;
use super::picked::{Filter, Matcher, Picked};
use super::sources::Sources;

/// A log window's content.
#[derive(Debug, Default)]
pub struct Shown {
    buffer: Buffer,
    sources: Sources,
    /// The pod to which a person narrowed the window down.
    pod: Option<String>,
    /// The gap of the connection that was lost last.
    lost: Option<EntryId>,
    filter: Filter,
    picked: Option<Picked>,
    search: Option<Search>,
    paused: Option<EntryId>,
    /// Since when nobody follows: a person reads further up, or the page is hidden.
    unwatched: Option<Mark>,
    unfolded: BTreeSet<EntryId>,
    /// The first line that a person chose, and the last one, in either order.
    chosen: Option<(EntryId, EntryId)>,
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
    Line { line: &'a Line, unfolded: bool, chosen: bool },
    /// Missing lines, of one source or of all.
    Gap(Option<u32>, Gap),
}

/// The row that stands for all forgotten lines.
pub const FORGOTTEN: EntryId = EntryId::MAX;

impl Shown {
    /// Takes what a follow says; gives back whether there was anything.
    pub fn take(&mut self, effects: Vec<Effect>) -> bool {
        let any = !effects.is_empty();
        for effect in effects {
            match effect {
                Effect::Source(index, source) => {
                    self.sources.set(index, source);
                    if self.pod.is_some() {
                        self.narrow(self.pod.clone());
                    }
                }
                Effect::Line(source, at, text) => self.buffer.push_line(source, at, text),
                Effect::Gap(of, gap) => {
                    let is_lost = matches!(gap, Gap::Lost { .. });
                    let id = self.buffer.push_gap(of, gap);
                    self.lost = if is_lost { Some(id) } else { self.lost };
                }
                Effect::Mend(gap) => {
                    if let Some(id) = self.lost.take() {
                        self.buffer.mend_gap(id, gap);
                    }
                }
                Effect::Open(_) | Effect::Close | Effect::Begin(_) | Effect::Grant(_) => {}
            }
        }
        self.catch_up();
        any
    }

    /// Forgets everything but what a person set.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.sources = Sources::default();
        (self.lost, self.paused, self.unwatched, self.chosen) = (None, None, None, None);
        self.unfolded.clear();
        let sources = self.pod.as_ref().map(|_| BTreeSet::new());
        self.set_filter(Filter { sources, ..self.filter.clone() });
    }

    /// Who writes here.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Shows one pod only, or all again.
    pub fn narrow(&mut self, pod: Option<String>) {
        let sources = pod.as_deref().map(|pod| self.sources.of_pod(pod).collect());
        self.pod = pod;
        if self.filter.sources != sources {
            self.set_filter(Filter { sources, ..self.filter.clone() });
        }
    }

    /// Shows only lines that match, of this level or worse. [`Shown::work`] finds them.
    pub fn filter(&mut self, matcher: Option<Matcher>, level: Option<Level>) {
        let sources = self.filter.sources.take();
        self.set_filter(Filter { matcher, level, sources });
    }

    fn set_filter(&mut self, filter: Filter) {
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
        self.unwatched.get_or_insert(self.buffer.mark());
    }

    /// Shows what came meanwhile, and what comes.
    pub fn resume(&mut self) {
        self.paused = None;
        self.unwatched = None;
    }

    /// The page is hidden, or seen again: nobody follows meanwhile.
    pub fn hide(&mut self, is_hidden: bool) {
        if is_hidden {
            self.unwatched.get_or_insert(self.buffer.mark());
        } else if self.paused.is_none() {
            self.unwatched = None;
        }
    }

    /// Whether more lines are wanted. While nobody follows, no more are taken than leave what was on screen in the ring: the rest waits in the cluster.
    pub fn has_room(&self) -> bool {
        self.unwatched.is_none_or(|since| !self.buffer.is_ahead(since))
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
            return Some(Row::Gap(None, Gap::Forgotten { count: self.buffer.forgotten() }));
        }
        Some(match self.buffer.get(id)? {
            Entry::Line(line) => Row::Line { line, unfolded: self.unfolded.contains(&id), chosen: self.is_chosen(id) },
            Entry::Gap(of, gap) => Row::Gap(*of, gap.clone()),
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

    /// Chooses a line; `extend` chooses all from the one chosen before up to it.
    pub fn choose(&mut self, id: EntryId, extend: bool) {
        self.chosen = match self.chosen {
            Some((from, _)) if extend => Some((from, id)),
            Some((from, to)) if (from, to) == (id, id) => None,
            _ => Some((id, id)),
        };
    }

    /// Chooses one line more, or one less, upwards or downwards, past gaps; the first is the last one shown.
    pub fn choose_next(&mut self, down: bool) -> Option<EntryId> {
        let line = |at: usize| self.row(at).filter(|(_, row)| matches!(row, Row::Line { .. })).map(|(id, _)| id);
        let id = match self.chosen {
            Some((_, to)) if down => (self.position(to) + 1..self.rows()).find_map(line),
            Some((_, to)) => (0..self.position(to)).rev().find_map(line),
            None => (0..self.rows()).rev().find_map(line),
        }?;
        self.choose(id, true);
        Some(id)
    }

    /// Chooses everything shown.
    pub fn choose_all(&mut self) {
        let end = |at: usize| self.row(at).map(|(id, _)| id);
        self.chosen = end(self.head()).zip(self.rows().checked_sub(1).and_then(end));
    }

    /// Chooses nothing; gives back whether anything was.
    pub fn choose_none(&mut self) -> bool {
        self.chosen.take().is_some()
    }

    /// How many lines are chosen.
    pub fn chosen(&self) -> usize {
        self.chosen_rows().map_or(0, |rows| rows.filter(|at| matches!(self.row(*at), Some((_, Row::Line { .. })))).count())
    }

    fn is_chosen(&self, id: EntryId) -> bool {
        self.chosen.is_some_and(|(from, to)| (from.min(to)..=from.max(to)).contains(&id))
    }

    /// Those of the chosen lines that are shown.
    fn chosen_rows(&self) -> Option<std::ops::Range<usize>> {
        let (from, to) = self.chosen?;
        Some(self.position(from.min(to))..self.position(from.max(to).saturating_add(1)))
    }

    /// What is chosen, or else everything shown, as text, with times if wanted: for a copy.
    pub fn chosen_text(&self, times: bool) -> String {
        self.text_of(self.chosen_rows().filter(|rows| !rows.is_empty()).unwrap_or(0..self.rows()), times)
    }

    /// Everything shown as text, with times if wanted: for a file.
    pub fn text(&self, times: bool) -> String {
        self.text_of(0..self.rows(), times)
    }

    fn text_of(&self, rows: std::ops::Range<usize>, times: bool) -> String {
        let (mut text, named) = (String::new(), self.sources.is_several());
        for (_, row) in rows.filter_map(|at| self.row(at)) {
            match row {
                Row::Line { line, .. } => self.sources.write_line(&mut text, line.source, named, times.then_some(line.at), &line.text),
                Row::Gap(of, gap) => self.sources.write_gap(&mut text, of, named, &gap),
            }
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
mod tests;
