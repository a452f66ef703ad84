//! An object as YAML: lines with their colours, blocks that fold, text to copy, a search. Keys stand in the order of the alphabet, as kubectl writes them.

mod emit;
mod scalar;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

/// What a piece of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// Indentation and dashes.
    Plain,
    /// A key.
    Key,
    /// A text.
    Text,
    /// A number.
    Number,
    /// `true`, `false`, `null`.
    Word,
    /// `:`, `|`, `{}`.
    Punctuation,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its pieces, in their order.
    pub pieces: Vec<(Token, String)>,
    /// How many of the lines below belong to it: none for a line without a block.
    pub block: usize,
    /// What its block is called when it is folded, such as `4 managers`.
    pub summary: String,
    /// Where it stands in the object: equal for the same place of the object's next version.
    pub place: Place,
}

/// A place in an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place(u64);

impl Place {
    /// The object itself.
    const ROOT: Place = Place(0);

    /// That of a field or an item below it.
    fn below(self, step: impl Hash) -> Place {
        let mut hasher = DefaultHasher::new();
        (self.0, step).hash(&mut hasher);
        Place(hasher.finish())
    }

    /// What nobody wants to see unasked: who set which field.
    fn managed_fields() -> Place {
        Place::ROOT.below("metadata").below("managedFields")
    }
}

/// A whole object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// Every line.
    pub lines: Vec<Line>,
}

impl Document {
    /// The lines of an object.
    pub fn of(object: &Value) -> Document {
        Document { lines: emit::lines(object) }
    }

    /// All of it, as a file.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            line.pieces.iter().for_each(|(_, piece)| text.push_str(piece));
            text.push('\n');
        }
        text
    }

    /// The numbers of the lines that are seen, from 0: what lies in a folded block is not.
    pub fn seen(&self, folds: &Folds) -> Vec<usize> {
        let mut seen = Vec::new();
        let mut at = 0;
        while let Some(line) = self.lines.get(at) {
            seen.push(at);
            at += 1 + if folds.is_folded(line) { line.block } else { 0 };
        }
        seen
    }

    /// The numbers of the lines with a text, in any case; none for no text.
    pub fn find(&self, text: &str) -> Vec<usize> {
        let wanted = text.to_lowercase();
        if wanted.is_empty() {
            return Vec::new();
        }
        self.lines.iter().enumerate().filter(|(_, line)| line.text().to_lowercase().contains(&wanted)).map(|(at, _)| at).collect()
    }
}

impl Line {
    /// The line as text.
    pub fn text(&self) -> String {
        self.pieces.iter().map(|(_, piece)| piece.as_str()).collect()
    }
}

/// Which blocks are folded. It outlives the versions of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folds(HashSet<Place>);

impl Default for Folds {
    fn default() -> Folds {
        Folds(HashSet::from([Place::managed_fields()]))
    }
}

impl Folds {
    /// Whether a line's block is folded.
    pub fn is_folded(&self, line: &Line) -> bool {
        line.block > 0 && self.0.contains(&line.place)
    }

    /// Folds a block, or unfolds it.
    pub fn toggle(&mut self, line: &Line) {
        if line.block > 0 && !self.0.remove(&line.place) {
            self.0.insert(line.place);
        }
    }

    /// Unfolds what hides a line.
    pub fn reveal(&mut self, document: &Document, wanted: usize) {
        for (at, line) in document.lines.iter().enumerate().take(wanted) {
            if at + line.block >= wanted {
                self.0.remove(&line.place);
            }
        }
    }
}

#[cfg(test)]
mod tests;
