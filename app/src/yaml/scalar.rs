//! Texts as YAML writes them: plain where every reader takes them for the same text, in quotes otherwise.

use std::fmt::Write as _;

/// A text on one line.
pub(super) fn inline(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Whether a text of several lines can stand as a block: what a block cannot hold is in quotes.
pub(super) fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\t', '\n'])
        && text.chars().all(|c| c == '\n' || c == '\t' || is_printable(c))
        && !text.lines().any(|line| line.ends_with(' '))
}

/// YAML 1.1 counts, since Kubernetes reads that: a bare `y` is a boolean there.
fn is_plain(text: &str) -> bool {
    let first = text.chars().next();
    let starts_well = first.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '.' | '(' | '$') || (!c.is_ascii() && c.is_alphanumeric()));
    starts_well
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(is_printable)
        && !is_word(text)
        && !looks_like_a_number(text)
}

fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn is_word(text: &str) -> bool {
    ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Numbers of every base, times, dates and versions like `1.10`: anything that begins like one and has nothing but what these are made of.
fn looks_like_a_number(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let words = matches!(text.to_ascii_lowercase().as_str(), ".inf" | ".nan" | "." | "..");
    words || (begins && text.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, '.' | '_' | ':' | '-' | '+' | 'x' | 'o' | 'T' | 'Z' | 't' | 'z' | ' ')))
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_printable(c) => out.push(c),
            // Writing to a text cannot fail.
            c if (c as u32) <= 0xff => drop(write!(out, "\\x{:02x}", c as u32)),
            c => drop(write!(out, "\\u{:04x}", c as u32)),
        }
    }
    out.push('"');
    out
}
