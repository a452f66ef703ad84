//! Escape sequences of a line: colours (SGR) become spans, everything else is dropped. Nothing that a terminal would obey gets through.
//!
//! Grammar: ECMA-48, sections 5.4 (CSI), 5.6 (OSC, DCS, APC, PM, SOS) and 8.3.117 (SGR), with xterm's colours 38 and 48.

use std::borrow::Cow;

/// One of the sixteen colours of a terminal, as the index of its token: 0 `--ansi-black` to 15 `--ansi-bright-white`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ansi(pub u8);

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs)]
pub struct Style {
    pub text: Option<Ansi>,
    pub ground: Option<Ansi>,
    pub bold: bool,
    pub dim: bool,
    pub italic: bool,
    pub underline: bool,
    pub inverse: bool,
    pub struck: bool,
}

/// A piece of text of one look.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Span {
    pub text: String,
    pub style: Style,
}

/// The line in pieces of one look. Their text, joined, is [`plain`].
pub fn spans(raw: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut style = Style::default();
    walk(raw, |piece| match piece {
        Piece::Text(text) => match spans.last_mut().filter(|span| span.style == style) {
            Some(span) => span.text.push_str(text),
            None => spans.push(Span { text: text.to_owned(), style }),
        },
        Piece::Look(parameters) => style.obey(parameters),
    });
    spans
}

/// The line without escape sequences and control characters; tabs stay.
pub fn plain(raw: &str) -> Cow<'_, str> {
    if !raw.chars().any(is_control) {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    walk(raw, |piece| {
        if let Piece::Text(piece) = piece {
            text.push_str(piece);
        }
    });
    Cow::Owned(text)
}

enum Piece<'a> {
    Text(&'a str),
    /// Parameters of an SGR.
    Look(&'a str),
}

const ESC: char = '\u{1b}';
const BEL: char = '\u{7}';
/// CSI as one character (C1).
const CSI: char = '\u{9b}';

fn is_control(c: char) -> bool {
    c.is_control() && c != '\t'
}

fn walk<'a>(raw: &'a str, mut each: impl FnMut(Piece<'a>)) {
    let mut rest = raw;
    while let Some(at) = rest.find(is_control) {
        let (before, after) = rest.split_at(at);
        if !before.is_empty() {
            each(Piece::Text(before));
        }
        let control = after.chars().next().unwrap_or_default();
        let tail = &after[control.len_utf8()..];
        rest = match control {
            ESC => escape(tail, &mut each),
            CSI => sequence(tail, &mut each),
            // A terminal would overwrite or break the line: both texts stand beside each other instead.
            '\r' | '\n' if !before.is_empty() && !tail.is_empty() => {
                each(Piece::Text(" "));
                tail
            }
            _ => tail,
        };
    }
    if !rest.is_empty() {
        each(Piece::Text(rest));
    }
}

/// What follows an escape character; gives back what is left.
fn escape<'a>(tail: &'a str, each: &mut impl FnMut(Piece<'a>)) -> &'a str {
    match tail.as_bytes().first() {
        Some(b'[') => sequence(&tail[1..], each),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => string(&tail[1..]),
        Some(0x20..=0x2f) => {
            let end = tail.bytes().take_while(|b| (0x20..=0x2f).contains(b)).count();
            &tail[end + usize::from(tail.as_bytes().get(end).is_some_and(|b| (0x30..=0x7e).contains(b)))..]
        }
        Some(0x30..=0x7e) => &tail[1..],
        _ => tail,
    }
}

/// A control sequence: parameters, intermediates, one final byte. A broken one is dropped as far as it goes.
fn sequence<'a>(tail: &'a str, each: &mut impl FnMut(Piece<'a>)) -> &'a str {
    let parameters = tail.bytes().take_while(|b| (0x30..=0x3f).contains(b)).count();
    let intermediates = tail[parameters..].bytes().take_while(|b| (0x20..=0x2f).contains(b)).count();
    let end = parameters + intermediates;
    match tail.as_bytes().get(end) {
        Some(b'm') if intermediates == 0 => {
            each(Piece::Look(&tail[..parameters]));
            &tail[end + 1..]
        }
        Some(0x40..=0x7e) => &tail[end + 1..],
        _ => &tail[end..],
    }
}

/// A control string up to its terminator (BEL, ST). One without a terminator hides nothing: only its introducer is dropped.
fn string(tail: &str) -> &str {
    let bell = tail.find(BEL).map(|at| at + 1);
    let terminator = tail.find("\u{1b}\\").map(|at| at + 2);
    let c1 = tail.find('\u{9c}').map(|at| at + 2);
    [bell, terminator, c1].into_iter().flatten().min().map_or(tail, |end| &tail[end..])
}

impl Style {
    /// Obeys the parameters of one SGR.
    fn obey(&mut self, parameters: &str) {
        let mut groups = parameters.split(';');
        while let Some(group) = groups.next() {
            let mut parts = group.split(':');
            let code = parts.next().map_or(0, number);
            match code {
                0 if !group.contains(':') => *self = Style::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underline = group != "4:0",
                7 => self.inverse = true,
                9 => self.struck = true,
                21 => self.underline = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underline = false,
                27 => self.inverse = false,
                29 => self.struck = false,
                30..=37 => self.text = Some(Ansi((code - 30) as u8)),
                39 => self.text = None,
                40..=47 => self.ground = Some(Ansi((code - 40) as u8)),
                49 => self.ground = None,
                90..=97 => self.text = Some(Ansi((code - 90 + 8) as u8)),
                100..=107 => self.ground = Some(Ansi((code - 100 + 8) as u8)),
                38 | 48 => {
                    let colour = if group.contains(':') { colon_colour(parts) } else { semicolon_colour(&mut groups) };
                    if let Some(colour) = colour {
                        *(if code == 38 { &mut self.text } else { &mut self.ground }) = Some(colour);
                    }
                }
                _ => {}
            }
        }
    }
}

fn number(text: &str) -> u32 {
    if text.is_empty() { 0 } else { text.parse().unwrap_or(u32::MAX) }
}

/// `38;5;n` and `38;2;r;g;b`.
fn semicolon_colour<'a>(groups: &mut impl Iterator<Item = &'a str>) -> Option<Ansi> {
    match number(groups.next()?) {
        5 => of_palette(number(groups.next()?)),
        2 => {
            let rgb = (number(groups.next()?), number(groups.next()?), number(groups.next()?));
            Some(nearest(rgb.0, rgb.1, rgb.2))
        }
        _ => None,
    }
}

/// `38:5:n`, `38:2:r:g:b` and `38:2:space:r:g:b`.
fn colon_colour<'a>(mut parts: impl Iterator<Item = &'a str>) -> Option<Ansi> {
    match number(parts.next()?) {
        5 => of_palette(number(parts.next()?)),
        2 => {
            let mut values: Vec<u32> = parts.map(number).collect();
            if values.len() > 3 {
                values.remove(0);
            }
            let [r, g, b] = values.first_chunk::<3>()?;
            Some(nearest(*r, *g, *b))
        }
        _ => None,
    }
}

/// xterm's 256 colours: sixteen of the terminal, a cube of 6 x 6 x 6, 24 greys.
fn of_palette(index: u32) -> Option<Ansi> {
    let level = |n: u32| if n == 0 { 0 } else { 55 + 40 * n };
    match index {
        0..=15 => Some(Ansi(index as u8)),
        16..=231 => Some(nearest(level((index - 16) / 36), level((index - 16) / 6 % 6), level((index - 16) % 6))),
        232..=255 => Some(nearest(8 + 10 * (index - 232), 8 + 10 * (index - 232), 8 + 10 * (index - 232))),
        _ => None,
    }
}

/// The colour of the sixteen that means the same: every one of them is readable on both themes, which an arbitrary one is not.
fn nearest(r: u32, g: u32, b: u32) -> Ansi {
    let (r, g, b) = (r.min(255), g.min(255), b.min(255));
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    if (most - least) * 4 <= most {
        // Hardly any hue: by lightness.
        return Ansi(match most {
            0..48 => 0,
            48..144 => 8,
            144..224 => 7,
            _ => 15,
        });
    }
    let half = (most + least) / 2;
    let hue = u8::from(r > half) | u8::from(g > half) << 1 | u8::from(b > half) << 2;
    Ansi(if most > 200 && least > 80 { hue + 8 } else { hue })
}

#[cfg(test)]
pub(crate) mod tests;
