//! From an object to lines.

use serde_json::{Map, Value};

use super::scalar;
use super::{Line, Place, Token};

/// Two spaces a level; items of a list stand at the level of its key, as kubectl writes them.
const STEP: usize = 2;

pub(super) fn lines(object: &Value) -> Vec<Line> {
    let mut lines = Vec::new();
    match object {
        Value::Object(fields) if !fields.is_empty() => mapping(&mut lines, fields, 0, Vec::new(), Place::ROOT),
        Value::Array(items) if !items.is_empty() => sequence(&mut lines, items, 0, Vec::new(), Place::ROOT),
        other => lines.push(Line { pieces: inline(other), block: 0, summary: String::new(), place: Place::ROOT }),
    }
    lines
}

type Pieces = Vec<(Token, String)>;

/// `head` is what stands before the first key instead of its indentation: the dash of an item.
fn mapping(lines: &mut Vec<Line>, fields: &Map<String, Value>, indent: usize, head: Pieces, place: Place) {
    let mut head = Some(head).filter(|head| !head.is_empty());
    for (key, value) in fields {
        let mut pieces = head.take().unwrap_or_else(|| blank(indent));
        pieces.push((Token::Key, scalar::inline(key)));
        pieces.push((Token::Punctuation, ":".into()));
        field(lines, key, value, indent, pieces, place.below(key.as_str()));
    }
}

fn field(lines: &mut Vec<Line>, key: &str, value: &Value, indent: usize, mut pieces: Pieces, place: Place) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let summary = count(fields.len(), "field");
            block(lines, pieces, summary, place, |lines| mapping(lines, fields, indent + STEP, Vec::new(), place));
        }
        Value::Array(items) if !items.is_empty() => {
            let summary = count(items.len(), if key == "managedFields" { "manager" } else { "item" });
            block(lines, pieces, summary, place, |lines| sequence(lines, items, indent, Vec::new(), place));
        }
        Value::String(text) if scalar::is_block(text) => text_block(lines, text, indent + STEP, pieces, place),
        other => {
            pieces.push((Token::Plain, " ".into()));
            pieces.extend(inline(other));
            lines.push(Line { pieces, block: 0, summary: String::new(), place });
        }
    }
}

fn sequence(lines: &mut Vec<Line>, items: &[Value], indent: usize, head: Pieces, place: Place) {
    let mut head = Some(head).filter(|head| !head.is_empty());
    for (at, item) in items.iter().enumerate() {
        let place = place.below(at);
        let mut pieces = head.take().unwrap_or_else(|| blank(indent));
        pieces.push((Token::Punctuation, "-".into()));
        pieces.push((Token::Plain, " ".into()));
        match item {
            Value::Object(fields) if !fields.is_empty() => mapping(lines, fields, indent + STEP, pieces, place),
            Value::Array(inner) if !inner.is_empty() => sequence(lines, inner, indent + STEP, pieces, place),
            Value::String(text) if scalar::is_block(text) => {
                pieces.pop();
                text_block(lines, text, indent + STEP, pieces, place);
            }
            other => {
                pieces.extend(inline(other));
                lines.push(Line { pieces, block: 0, summary: String::new(), place });
            }
        }
    }
}

/// A text of several lines after `|`; the sign after it says how the text ends: `-` without a line's end, `+` with several.
fn text_block(lines: &mut Vec<Line>, text: &str, indent: usize, mut pieces: Pieces, place: Place) {
    let (sign, body) = match text.strip_suffix('\n') {
        None => ("-", text),
        Some(body) if body.ends_with('\n') => ("+", body),
        Some(body) => ("", body),
    };
    pieces.push((Token::Punctuation, format!(" |{sign}")));
    let summary = count(body.split('\n').count(), "line");
    block(lines, pieces, summary, place, |lines| {
        for (at, line) in body.split('\n').enumerate() {
            let mut pieces = if line.is_empty() { Vec::new() } else { blank(indent) };
            pieces.push((Token::Text, line.to_owned()));
            lines.push(Line { pieces, block: 0, summary: String::new(), place: place.below(at) });
        }
    });
}

fn block(lines: &mut Vec<Line>, pieces: Pieces, summary: String, place: Place, inside: impl FnOnce(&mut Vec<Line>)) {
    let head = lines.len();
    lines.push(Line { pieces, block: 0, summary, place });
    inside(lines);
    lines[head].block = lines.len() - head - 1;
}

fn inline(value: &Value) -> Pieces {
    let (token, text) = match value {
        Value::Null => (Token::Word, "null".into()),
        Value::Bool(flag) => (Token::Word, flag.to_string()),
        Value::Number(number) => (Token::Number, number.to_string()),
        Value::String(text) => (Token::Text, scalar::inline(text)),
        Value::Array(_) => (Token::Punctuation, "[]".into()),
        Value::Object(_) => (Token::Punctuation, "{}".into()),
    };
    vec![(token, text)]
}

fn blank(indent: usize) -> Pieces {
    if indent == 0 { Vec::new() } else { vec![(Token::Plain, " ".repeat(indent))] }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
