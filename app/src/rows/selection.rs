//! What is selected of the lines on screen, and where the cursor stands: as in a list of files.

use std::collections::HashSet;

use super::line::{Line, LineId};

/// The selection of one list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    chosen: HashSet<LineId>,
    /// Where a range begins.
    anchor: Option<LineId>,
    cursor: Option<LineId>,
}

/// What a step of the cursor selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// That line, and nothing else.
    One,
    /// Everything from where the selection began (Shift).
    Range,
    /// Nothing changes (Ctrl).
    Keep,
}

impl Selection {
    /// Where the cursor stands.
    pub fn cursor(&self) -> Option<LineId> {
        self.cursor
    }

    /// Whether a line is selected.
    pub fn holds(&self, line: LineId) -> bool {
        self.chosen.contains(&line)
    }

    /// How many are selected.
    pub fn len(&self) -> usize {
        self.chosen.len()
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// The cursor's place among the lines.
    pub fn place(&self, lines: &[Line]) -> Option<usize> {
        lines.iter().position(|line| Some(line.id) == self.cursor)
    }

    /// Puts the cursor on a line.
    pub fn go(&mut self, lines: &[Line], to: usize, reach: Reach) {
        let Some(line) = lines.get(to) else { return };
        self.cursor = Some(line.id);
        match reach {
            Reach::Keep => {}
            Reach::One => {
                self.anchor = Some(line.id);
                self.chosen = HashSet::from([line.id]);
            }
            Reach::Range => {
                let from = lines.iter().position(|other| Some(other.id) == self.anchor).unwrap_or(to);
                self.anchor = lines.get(from).map(|line| line.id);
                self.chosen = lines[from.min(to)..=from.max(to)].iter().map(|line| line.id).collect();
            }
        }
    }

    /// Selects a line besides, or no more.
    pub fn toggle(&mut self, line: LineId) {
        if !self.chosen.remove(&line) {
            self.chosen.insert(line);
        }
        (self.cursor, self.anchor) = (Some(line), Some(line));
    }

    /// Selects every line.
    pub fn all(&mut self, lines: &[Line]) {
        self.chosen = lines.iter().map(|line| line.id).collect();
    }

    /// Nothing is selected; the cursor stays.
    pub fn clear(&mut self) {
        self.chosen.clear();
        self.anchor = self.cursor;
    }

    /// Lines are gone or filtered out: what a person can not see is not selected. Says whether that changes anything.
    pub fn keep(&mut self, lines: &[Line]) -> bool {
        if self.chosen.is_empty() {
            return false;
        }
        let there: HashSet<LineId> = lines.iter().map(|line| line.id).collect();
        let before = self.chosen.len();
        self.chosen.retain(|line| there.contains(line));
        self.chosen.len() != before
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::rows::fixtures::running;

    fn lines() -> Vec<Line> {
        ["a", "b", "c", "d", "e"].map(|name| Line::of(Arc::new(running(name, "web")))).to_vec()
    }

    fn chosen(selection: &Selection, lines: &[Line]) -> String {
        lines.iter().filter(|line| selection.holds(line.id)).map(|line| line.row().unwrap().name.clone()).collect()
    }

    #[test]
    fn a_step_selects_one_shift_a_range_from_where_it_began_and_ctrl_nothing() {
        let (lines, mut selection) = (lines(), Selection::default());
        selection.go(&lines, 1, Reach::One);
        assert_eq!(chosen(&selection, &lines), "b");
        selection.go(&lines, 3, Reach::Range);
        assert_eq!(chosen(&selection, &lines), "bcd");
        selection.go(&lines, 0, Reach::Range);
        assert_eq!(chosen(&selection, &lines), "ab", "the range turns about its beginning");
        selection.go(&lines, 4, Reach::Keep);
        assert_eq!((chosen(&selection, &lines).as_str(), selection.place(&lines)), ("ab", Some(4)));
    }

    #[test]
    fn a_toggle_adds_and_takes_away_and_begins_the_next_range() {
        let (lines, mut selection) = (lines(), Selection::default());
        selection.go(&lines, 0, Reach::One);
        selection.toggle(lines[2].id);
        assert_eq!(chosen(&selection, &lines), "ac");
        selection.toggle(lines[0].id);
        assert_eq!(chosen(&selection, &lines), "c");
        selection.toggle(lines[2].id);
        selection.go(&lines, 3, Reach::Range);
        assert_eq!(chosen(&selection, &lines), "cd");
    }

    #[test]
    fn what_is_not_there_any_more_is_not_selected() {
        let (lines, mut selection) = (lines(), Selection::default());
        selection.all(&lines);
        assert_eq!(selection.len(), 5);
        assert!(selection.keep(&lines[..2]) && !selection.keep(&lines[..2]));
        assert_eq!(chosen(&selection, &lines), "ab");
        selection.clear();
        assert!(selection.is_empty() && !selection.keep(&lines));
    }

    #[test]
    fn a_range_whose_beginning_is_gone_is_one_line() {
        let (lines, mut selection) = (lines(), Selection::default());
        selection.go(&lines, 0, Reach::One);
        selection.go(&lines[1..], 2, Reach::Range);
        assert_eq!(chosen(&selection, &lines), "d");
    }
}
