//! A whole log as a file: everything that the cluster kept, of every source, as text in pieces that leave the page's memory as they come.

use super::buffer::Gap;
use super::follow::Effect;
use super::sources::Sources;

/// Bytes of text that a piece has, about.
const PIECE: usize = 1 << 20;
/// The longest file. A browser keeps it until it is saved: beyond its memory on disk, of which others want some, too.
pub const LONGEST: u64 = 512 << 20;

/// A file that is being written.
#[derive(Debug, Default)]
pub struct Whole {
    sources: Sources,
    /// Lines say whose they are.
    named: bool,
    text: String,
    written: u64,
    lines: u64,
}

impl Whole {
    /// Nothing yet. `named`: there may be several sources, so that lines say whose they are.
    pub fn new(named: bool) -> Whole {
        Whole { named, ..Whole::default() }
    }

    /// Takes what a follow says.
    pub fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Source(index, source) => self.sources.set(index, source),
                Effect::Line(..) if self.is_full() => {}
                Effect::Line(source, at, text) => {
                    self.sources.write_line(&mut self.text, source, self.named, Some(at), &text);
                    self.lines += 1;
                }
                // What it cost is known later, and said then.
                Effect::Gap(_, Gap::Lost { .. }) => {}
                Effect::Gap(of, gap) => self.sources.write_gap(&mut self.text, of, self.named, &gap),
                Effect::Mend(gap) => self.sources.write_gap(&mut self.text, None, self.named, &gap),
                Effect::Open(_) | Effect::Close | Effect::Begin(_) | Effect::Grant(_) => {}
            }
        }
    }

    /// Whether it is as long as files get.
    pub fn is_full(&self) -> bool {
        self.bytes() >= LONGEST
    }

    /// Bytes so far.
    pub fn bytes(&self) -> u64 {
        self.written + self.text.len() as u64
    }

    /// Lines so far.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// The next piece, once there is one; `rest`: whatever there is.
    pub fn piece(&mut self, rest: bool) -> Option<String> {
        if self.text.is_empty() || (self.text.len() < PIECE && !rest) {
            return None;
        }
        self.written += self.text.len() as u64;
        Some(std::mem::take(&mut self.text))
    }

    /// The last words of a file that ends before the log does.
    pub fn cut(&mut self, why: &str) {
        self.text.push_str("--- this file ends here: ");
        self.text.push_str(why);
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Source, Stamp};

    #[test]
    fn a_file_has_every_line_once_in_pieces_and_says_what_a_cut_cost() {
        let mut whole = Whole::new(true);
        let line = |n: u32| Effect::Line(0, Stamp { secs: 0, nanos: 0 }, format!("\u{1b}[31mline {n}\u{1b}[0m"));
        whole.take(vec![Effect::Source(0, Source { pod: "web-x2k8q".into(), container: "app".into() }), line(1)]);
        whole.take(vec![Effect::Gap(None, Gap::Lost { at_ms: 0, back_ms: None, whole: false })]);
        whole.take(vec![Effect::Mend(Gap::Lost { at_ms: 0, back_ms: Some(1000), whole: true }), line(2)]);
        assert_eq!(whole.piece(false), None);
        let text = whole.piece(true).unwrap();
        let lines = [
            "1970-01-01T00:00:00.000Z web-x2k8q/app line 1",
            "--- connection lost 00:00:00, back after 1 s, no line missing",
            "1970-01-01T00:00:00.000Z web-x2k8q/app line 2",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), lines);
        assert_eq!((whole.bytes(), whole.lines(), whole.piece(true)), (text.len() as u64, 2, None));
    }
}
