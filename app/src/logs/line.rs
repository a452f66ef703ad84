//! What a row shows of a line: its message in spans, and the fields that JSON and logfmt carry beside it.

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::ansi::{self, Span, Style};
use super::head;
use super::level::{self, Level};

/// A line, taken apart for display. Only what is on screen is parsed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parsed {
    /// The message, without a time and level of its own at its beginning.
    pub message: Vec<Span>,
    /// Fields beside it, in the order of the line; level and time are left out, since the row has columns for them.
    pub fields: Vec<Field>,
    /// Whether the line is a JSON object: its fields fold out.
    pub json: bool,
}

/// A field of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Field {
    pub key: String,
    pub value: String,
    pub sort: Sort,
}

/// What a field's value is: its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Text.
    Text,
    /// A number.
    Number,
    /// `true`, `false` or `null`.
    Word,
    /// An object or a list, as compact JSON.
    Nested,
}

/// Takes a line apart.
pub fn parse(raw: &str) -> Parsed {
    let plain = ansi::plain(raw);
    if looks_like_json(&plain)
        && let Some(parsed) = json(&plain)
    {
        return parsed;
    }
    let (message_end, fields) = logfmt(&plain);
    let spoken = fields.iter().position(|field| message_end == 0 && is_message_key(&field.key));
    let (message, fields) = match spoken {
        Some(at) => {
            let mut fields = fields;
            let message = fields.remove(at).value;
            (vec![Span { text: message, style: Style::default() }], fields)
        }
        None => (cut(ansi::spans(raw), head::length(&plain[..message_end]), message_end), fields),
    };
    Parsed { message, fields: fields.into_iter().filter(|field| !is_column_key(&field.key)).collect(), json: false }
}

/// Bytes `from` to `to` of the spans.
fn cut(spans: Vec<Span>, from: usize, to: usize) -> Vec<Span> {
    let mut begin = 0;
    let mut kept = Vec::with_capacity(spans.len());
    for Span { text, style } in spans {
        let end = begin + text.len();
        let piece = from.clamp(begin, end) - begin..to.clamp(begin, end) - begin;
        if !piece.is_empty() {
            kept.push(Span { text: text[piece].to_owned(), style });
        }
        begin = end;
    }
    kept
}

fn is_message_key(key: &str) -> bool {
    ["msg", "message", "@m", "@message", "event", "log", "text"].iter().any(|known| known.eq_ignore_ascii_case(key))
}

fn is_column_key(key: &str) -> bool {
    level::is_level_key(key) || ["time", "ts", "timestamp", "@timestamp", "@t", "datetime", "asctime"].iter().any(|known| known.eq_ignore_ascii_case(key))
}

/// Whether a plain line may be a JSON object.
pub fn looks_like_json(plain: &str) -> bool {
    plain.starts_with('{') && plain.trim_end().ends_with('}')
}

/// Most characters of a nested value in a folded row.
const NESTED: usize = 400;

fn json(plain: &str) -> Option<Parsed> {
    let members = members(plain)?;
    let spoken = members.iter().find(|(key, value)| value.is_string() && is_message_key(key)).map(|(key, _)| key.clone());
    let mut parsed = Parsed { json: true, ..Parsed::default() };
    for (key, value) in members {
        if spoken.as_ref() == Some(&key)
            && let Value::String(text) = &value
        {
            parsed.message = ansi::spans(text);
        } else if !is_column_key(&key) {
            parsed.fields.push(field(&key, value));
        }
    }
    Some(parsed)
}

fn field(key: &str, value: Value) -> Field {
    let (sort, value) = match value {
        Value::String(text) => (Sort::Text, text),
        Value::Number(number) => (Sort::Number, number.to_string()),
        value @ (Value::Object(_) | Value::Array(_)) => (Sort::Nested, value.to_string().chars().take(NESTED).collect()),
        word => (Sort::Word, word.to_string()),
    };
    Field { key: ansi::plain(key).into_owned(), value: ansi::plain(&value).into_owned(), sort }
}

/// The members of a JSON object in the order in which they are written; a map would sort them.
fn members(plain: &str) -> Option<Vec<(String, Value)>> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, Value)>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(plain);
    let members = deserializer.deserialize_map(Members).ok()?;
    deserializer.end().ok().map(|()| members)
}

/// The level that a JSON line says at its top, without keeping anything else of it.
pub(super) fn json_level(plain: &str) -> Option<Level> {
    struct Top;
    impl<'de> Visitor<'de> for Top {
        type Value = Option<Level>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut level = None;
            while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                if level.is_none() && level::is_level_key(&key) {
                    level = match map.next_value::<Value>()? {
                        Value::String(word) => Level::of_word(&word),
                        Value::Number(number) => number.as_i64().and_then(Level::of_number),
                        _ => None,
                    };
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(level)
        }
    }
    serde_json::Deserializer::from_str(plain).deserialize_map(Top).ok().flatten()
}

/// Where the message ends and `key=value` pairs begin that go on to the end of the line, and those pairs.
fn logfmt(plain: &str) -> (usize, Vec<Field>) {
    let mut fields = Vec::new();
    let mut message_end = 0;
    let mut at = 0;
    while at < plain.len() {
        let word = at + plain[at..].find(|c| c != ' ').unwrap_or(plain.len() - at);
        match pair(&plain[word..]) {
            Some((field, length)) => {
                fields.push(field);
                at = word + length;
            }
            None => {
                fields.clear();
                at = word + plain[word..].find(' ').unwrap_or(plain.len() - word);
                message_end = at;
            }
        }
    }
    if fields.is_empty() { (plain.len(), fields) } else { (message_end, fields) }
}

/// A pair at the start of `text`, and how long it is.
fn pair(text: &str) -> Option<(Field, usize)> {
    let equals = text.find('=')?;
    let key = &text[..equals];
    let is_key =
        key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '@') && key.chars().all(|c| c.is_ascii_alphanumeric() || "_.-/@".contains(c));
    if !is_key {
        return None;
    }
    let rest = &text[equals + 1..];
    let (value, length) = if let Some(quoted) = rest.strip_prefix('"') {
        let end = closing_quote(quoted)?;
        (quoted[..end].replace("\\\"", "\"").replace("\\\\", "\\"), end + 2)
    } else {
        let end = rest.find(' ').unwrap_or(rest.len());
        (rest[..end].to_owned(), end)
    };
    if !rest[length..].is_empty() && !rest[length..].starts_with(' ') {
        return None;
    }
    let is_number = !value.is_empty() && value.parse::<f64>().is_ok_and(f64::is_finite);
    let sort = if is_number { Sort::Number } else { Sort::Text };
    Some((Field { key: key.to_owned(), value, sort }, equals + 1 + length))
}

fn closing_quote(quoted: &str) -> Option<usize> {
    let mut escaped = false;
    quoted.bytes().position(|b| {
        let closes = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        closes
    })
}

#[cfg(test)]
mod tests;
