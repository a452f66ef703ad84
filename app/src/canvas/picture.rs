//! The Yard as one SVG, for a post-mortem: frames, titles, namespaces, windows and how things did, notes and arrows; whole in itself, as it asks nobody for anything.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use super::arrow::{arrow_path, head_path};
use super::namespace_hue::namespace_hue;
use crate::yard::state::NOTE_SIZE;
use crate::yard::{Content, Krate, KrateId, Note, Point, Rect, Size, YardState, layout};

/// Longest image, in bytes.
const LONGEST: usize = 8 << 20;
/// Around everything, in world units.
const MARGIN: f64 = 48.0;
/// Height of the legend.
const LEGEND: f64 = 84.0;
/// Narrower than this no legend can be read.
const NARROWEST: f64 = 760.0;
/// A letter of the title and of small text is about so wide, in world units.
const TITLE_LETTER: f64 = 8.0;
const SMALL_LETTER: f64 = 7.0;
/// Letters in a line of a note, and how high a line is.
const NOTE_LETTERS: usize = 27;
const NOTE_LINE: f64 = 19.0;
/// Namespaces that the legend names.
const MOST_NAMESPACES: usize = 8;
/// A name, and another one, stays apart by its tail.
const TAIL: usize = 5;

/// What is drawn.
pub struct Picture<'a> {
    /// The Yard.
    pub state: &'a YardState,
    /// How what a krate is about, or a window about something else, did when it was last known, by its key: the colour's name, and words.
    pub statuses: HashMap<Arc<str>, (&'static str, String)>,
    /// The value of a colour by its name in tokens.css, without the dashes.
    pub colour: &'a dyn Fn(&str) -> String,
    /// Of when and whom it is.
    pub legend: Legend,
}

/// Of when and whom it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Legend {
    pub cluster: String,
    /// RFC 3339, UTC.
    pub when: String,
    pub who: String,
}

/// It would be longer than anybody opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl Picture<'_> {
    /// As a file of its own.
    ///
    /// # Errors
    /// When there is too much on the Yard.
    pub fn svg(&self) -> Result<String, TooLarge> {
        let rects: HashMap<&KrateId, Rect> = self.state.krates.iter().map(|krate| (&krate.id, layout::krate_rect(krate))).collect();
        let notes = self.state.notes.iter().map(|note| Rect::new(note.at, note_size(note)));
        let all = Rect::around(rects.values().copied().chain(notes)).unwrap_or(Rect::new(Point::default(), Size::default())).grown(MARGIN);
        let (x, y, w, h) = (all.at.x, all.at.y, all.size.w.max(NARROWEST), all.size.h + LEGEND);
        let c = |name: &str| escaped(&(self.colour)(name));
        let mut out = String::new();
        // Writing to a text can not fail.
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{x} {y} {w} {h}\" width=\"{w}\" height=\"{h}\" font-family=\"'IBM Plex Sans',system-ui,sans-serif\" font-size=\"12\">\n\
             <title>{}</title>\n<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{}\"/>\n",
            escaped(&format!("Yard of {}, {}", self.legend.cluster, self.legend.when)),
            c("canvas"),
        );
        for arrow in &self.state.arrows {
            if let (Some(from), Some(to)) = (rects.get(&arrow.from), rects.get(&arrow.to)) {
                let curve = arrow_path(from, to);
                let _ = writeln!(
                    out,
                    "<path d=\"{}{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.75\" stroke-linecap=\"round\"/>",
                    curve.path(),
                    head_path(&curve),
                    c("arrow")
                );
            }
        }
        for krate in &self.state.krates {
            self.krate(&mut out, krate, &rects[&krate.id]);
            if out.len() > LONGEST {
                return Err(TooLarge);
            }
        }
        for note in &self.state.notes {
            self.note(&mut out, note);
            if out.len() > LONGEST {
                return Err(TooLarge);
            }
        }
        self.legend(&mut out, Point::new(x + MARGIN, y + h - LEGEND + 8.0));
        out.push_str("</svg>\n");
        Ok(out)
    }

    fn krate(&self, out: &mut String, krate: &Arc<Krate>, rect: &Rect) {
        let hue = self.hue(krate.subject.namespace());
        let (Point { x, y }, Size { w, h }) = (rect.at, rect.size);
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"18\" fill=\"{}\"/><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"18\" fill=\"{hue}\" fill-opacity=\".05\" \
             stroke=\"{hue}\" stroke-opacity=\".6\" stroke-width=\"1.25\" stroke-dasharray=\"7 5\"/>",
            self.c("krate-ground"),
        );
        let place = krate.subject.namespace().map_or_else(|| krate.subject.place(), Into::into);
        let status = self.statuses.get(&krate.id);
        // From both sides: the status keeps its room, the title what is left beside the place.
        let words = status.map(|(_, words)| cut(words, 24)).unwrap_or_default();
        let place = cut(&place, 24);
        let taken = words.chars().count() as f64 * SMALL_LETTER + place.chars().count() as f64 * SMALL_LETTER + 72.0;
        let title = cut(&krate.subject.title(), ((w - taken).max(64.0) / TITLE_LETTER) as usize);
        let after = x + 22.0 + title.chars().count() as f64 * TITLE_LETTER + 12.0;
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" font-family=\"{MONO}\" font-size=\"13\" font-weight=\"600\" fill=\"{}\">{}</text><text x=\"{after}\" y=\"{}\" fill=\"{hue}\">{}</text>",
            x + 22.0,
            y + 25.0,
            self.c("text"),
            escaped(&title),
            y + 25.0,
            escaped(&place),
        );
        if let Some((colour, _)) = status {
            status_text(out, x + w - 22.0, y + 25.0, &self.c(colour), &words);
        }
        let mut statuses = String::new();
        for ((_, rect), window) in layout::window_rects(krate).iter().zip(&krate.windows) {
            let view = match window.content {
                Content::View(view) => view.word(),
                Content::Collection => "List",
            };
            let about =
                window.subject.as_ref().map(|subject| format!("{} ({})", subject.title(), subject.namespace().map_or_else(|| subject.place(), Into::into)));
            let status = self.statuses.get(&window.id);
            let words = status.map(|(_, words)| cut(words, 24)).unwrap_or_default();
            let room = rect.size.w - 120.0 - words.chars().count() as f64 * SMALL_LETTER;
            let about = cut(&about.unwrap_or_default(), (room.max(0.0) / SMALL_LETTER) as usize);
            let (Point { x, y }, Size { w, h }) = (rect.at, rect.size);
            if let Some((colour, _)) = status {
                status_text(&mut statuses, x + w - 14.0, y + 23.0, &self.c(colour), &words);
            }
            let _ = writeln!(
                out,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"9\" fill=\"{}\" stroke=\"{}\"/><path d=\"M{x} {}h{w}\" stroke=\"{}\"/><text x=\"{}\" y=\"{}\" font-weight=\"500\" \
                 fill=\"{}\">{view}</text><text x=\"{}\" y=\"{}\" font-family=\"{MONO}\" fill=\"{}\">{}</text>",
                self.c("surface"),
                self.c("line-strong"),
                y + 36.0,
                self.c("line"),
                x + 14.0,
                y + 23.0,
                self.c("text-soft"),
                x + 90.0,
                y + 23.0,
                self.c("text-muted"),
                escaped(&about),
            );
        }
        // Over the windows.
        out.push_str(&statuses);
    }

    fn note(&self, out: &mut String, note: &Note) {
        let (Point { x, y }, size) = (note.at, note_size(note));
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"5\" fill=\"{}\" stroke=\"{}\"/><text font-size=\"13\" fill=\"{}\">",
            size.w,
            size.h,
            self.c("note"),
            self.c("note-line"),
            self.c("note-text"),
        );
        for (line, at) in lines(&note.text).iter().zip(0..) {
            let _ = writeln!(out, "<tspan x=\"{}\" y=\"{}\">{}</tspan>", x + 13.0, y + 25.0 + f64::from(at) * NOTE_LINE, escaped(line));
        }
        out.push_str("</text>\n");
    }

    fn legend(&self, out: &mut String, at: Point) {
        let Legend { cluster, when, who } = &self.legend;
        let when = when.replace('T', " ").replace('Z', " UTC");
        let _ = writeln!(
            out,
            "<path d=\"M{} {}h{}\" stroke=\"{}\"/><text x=\"{}\" y=\"{}\" font-size=\"13\" font-weight=\"600\" fill=\"{}\">{}</text><text x=\"{}\" y=\"{}\" fill=\"{}\">{}</text>",
            at.x,
            at.y,
            NARROWEST - 2.0 * MARGIN,
            self.c("line-strong"),
            at.x,
            at.y + 24.0,
            self.c("text"),
            escaped(&cut(&format!("Yard of {cluster}"), 60)),
            at.x,
            at.y + 43.0,
            self.c("text-soft"),
            escaped(&cut(&format!("{when}, as {who} saw it; statuses as last known then"), 110)),
        );
        let namespaces: BTreeSet<&str> = self.state.krates.iter().filter_map(|krate| krate.subject.namespace()).collect();
        let mut x = at.x;
        for namespace in namespaces.iter().take(MOST_NAMESPACES) {
            let name = cut(namespace, 16);
            let _ = writeln!(
                out,
                "<rect x=\"{x}\" y=\"{}\" width=\"10\" height=\"10\" rx=\"3\" fill=\"{}\"/><text x=\"{}\" y=\"{}\" fill=\"{}\">{}</text>",
                at.y + 53.0,
                self.hue(Some(namespace)),
                x + 16.0,
                at.y + 62.0,
                self.c("text-muted"),
                escaped(&name),
            );
            x += 30.0 + name.chars().count() as f64 * SMALL_LETTER;
        }
        if let Some(more) = namespaces.len().checked_sub(MOST_NAMESPACES).filter(|more| *more > 0) {
            let _ = writeln!(out, "<text x=\"{x}\" y=\"{}\" fill=\"{}\">and {more} more</text>", at.y + 62.0, self.c("text-muted"));
        }
    }

    fn c(&self, name: &str) -> String {
        escaped(&(self.colour)(name))
    }

    fn hue(&self, namespace: Option<&str>) -> String {
        self.c(&namespace.map_or_else(|| "ns-all".into(), |namespace| format!("ns-{}", namespace_hue(namespace))))
    }
}

/// How something did, to the left of a point.
fn status_text(out: &mut String, x: f64, y: f64, colour: &str, words: &str) {
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"end\" fill=\"{colour}\">{}</text>", escaped(words));
}

const MONO: &str = "'IBM Plex Mono',ui-monospace,monospace";

fn note_size(note: &Note) -> Size {
    Size::new(NOTE_SIZE.w, NOTE_SIZE.h.max(lines(&note.text).len() as f64 * NOTE_LINE + 20.0))
}

/// A note's text in lines of so many letters, cut between words where it can be.
fn lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > NOTE_LETTERS {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            for letter in word.chars() {
                if line.chars().count() >= NOTE_LETTERS {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(letter);
            }
        }
        lines.push(line);
    }
    lines
}

/// Cut in the middle to so many letters: the tail stays.
fn cut(text: &str, letters: usize) -> String {
    let count = text.chars().count();
    if count <= letters {
        return text.into();
    }
    let head: String = text.chars().take(letters.saturating_sub(TAIL + 1)).collect();
    let tail: String = text.chars().skip(count - TAIL.min(letters.saturating_sub(1))).collect();
    format!("{head}\u{2026}{tail}")
}

/// As text or an attribute of XML 1.0: its five characters escaped, and what no XML may hold left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {}
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests;
