//! How serious a line is, from the shapes that programs write: klog, logfmt, JSON, and the words of the common logging libraries.

/// How serious a line is; what is worse comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
}

impl Level {
    /// The letter in a row.
    pub fn letter(self) -> &'static str {
        match self {
            Level::Error => "E",
            Level::Warn => "W",
            Level::Info => "I",
            Level::Debug => "D",
        }
    }

    /// The level of a word in any case: `ERROR`, `warning`, `INF`.
    pub fn of_word(word: &str) -> Option<Level> {
        const WORDS: [(Level, &[&str]); 4] = [
            (
                Level::Error,
                &["error", "err", "eror", "fatal", "ftl", "critical", "crit", "crt", "panic", "alert", "emerg", "emergency", "severe", "fail", "dpanic"],
            ),
            (Level::Warn, &["warn", "warning", "wrn"]),
            (Level::Info, &["info", "inf", "information", "notice", "log", "statement", "hint", "detail"]),
            (Level::Debug, &["debug", "dbug", "dbg", "debg", "trace", "trc", "trce", "fine", "finer", "finest", "verbose"]),
        ];
        WORDS.iter().find(|(_, words)| words.iter().any(|known| known.eq_ignore_ascii_case(word))).map(|(level, _)| *level)
    }

    /// The level of a number: bunyan and pino count 10 (trace) to 60 (fatal), syslog 0 (emergency) to 7 (debug).
    pub fn of_number(number: i64) -> Option<Level> {
        match number {
            0..=3 | 50..=60 => Some(Level::Error),
            4 | 40..=49 => Some(Level::Warn),
            5 | 6 | 30..=39 => Some(Level::Info),
            7 | 10..=29 => Some(Level::Debug),
            _ => None,
        }
    }
}

/// Characters from the start in which a level word is looked for: past them it is part of the message.
const HEAD: usize = 160;

/// The level of a plain line that is no JSON.
pub fn of_text(plain: &str) -> Option<Level> {
    klog(plain).or_else(|| logfmt(plain)).or_else(|| opening(plain)).or_else(|| word(plain))
}

/// Keys under which JSON and logfmt write the level.
pub(super) fn is_level_key(key: &str) -> bool {
    ["level", "lvl", "severity", "levelname", "loglevel", "log.level", "@l", "@level", "log_level", "severity_text"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(key))
}

/// klog: `Lmmdd hh:mm:ss.uuuuuu threadid file:line] msg` (k8s.io/klog/v2, header format).
fn klog(plain: &str) -> Option<Level> {
    let bytes = plain.as_bytes().first_chunk::<8>()?;
    let level = match bytes[0] {
        b'F' | b'E' => Level::Error,
        b'W' => Level::Warn,
        b'I' => Level::Info,
        _ => return None,
    };
    (bytes[1..5].iter().all(u8::is_ascii_digit) && bytes[5] == b' ' && bytes[6].is_ascii_digit() && bytes[7].is_ascii_digit()).then_some(level)
}

fn logfmt(plain: &str) -> Option<Level> {
    let mut from = 0;
    while let Some(found) = plain[from..].find('=') {
        let at = from + found;
        let key = plain[..at].rsplit(|c: char| c.is_whitespace() || c == '{' || c == ',').next().unwrap_or_default();
        if is_level_key(key) {
            let value = plain[at + 1..].trim_start_matches('"');
            let end = value.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(value.len());
            return Level::of_word(&value[..end]);
        }
        from = at + 1;
    }
    None
}

/// Lines that begin with what a runtime prints when a program dies.
fn opening(plain: &str) -> Option<Level> {
    const OPENINGS: [&str; 6] =
        ["panic:", "fatal error:", "Traceback (most recent call last)", "Exception in thread ", "Unhandled exception", "Segmentation fault"];
    let died = OPENINGS.iter().any(|opening| plain.starts_with(opening)) || (plain.starts_with("thread '") && plain.contains("' panicked at"));
    died.then_some(Level::Error)
}

/// A level word near the start: in capitals anywhere; else only where punctuation says that it is one (`[error]`, `<warn>`, `warn: `, ` - info - `, between tabs).
fn word(plain: &str) -> Option<Level> {
    let end = plain.char_indices().nth(HEAD).map_or(plain.len(), |(at, _)| at);
    let head = &plain[..end];
    let mut at = 0;
    while let Some(start) = head[at..].find(|c: char| c.is_ascii_alphabetic()).map(|found| at + found) {
        let stop = head[start..].find(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(head.len(), |found| start + found);
        let before = head[..start].chars().next_back();
        if (3..=11).contains(&(stop - start))
            && before.is_none_or(|c| !(c.is_alphanumeric() || c == '_'))
            && let Some(level) = Level::of_word(&head[start..stop])
            && is_meant(head, start, stop)
        {
            return Some(level);
        }
        at = stop;
    }
    None
}

fn is_meant(head: &str, start: usize, stop: usize) -> bool {
    let word = &head[start..stop];
    let before = head[..start].chars().next_back();
    let after = head[stop..].chars().next();
    let capitals = word.bytes().all(|b| b.is_ascii_uppercase());
    if word.eq_ignore_ascii_case("log") || word.eq_ignore_ascii_case("detail") || word.eq_ignore_ascii_case("hint") || word.eq_ignore_ascii_case("statement") {
        return capitals && after == Some(':'); // PostgreSQL's own
    }
    if capitals {
        return !matches!(before, Some('/' | '-' | '.' | '=' | '"')) && !matches!(after, Some('/' | '-' | '=' | '"'));
    }
    match (before, after) {
        (Some('['), Some(']')) | (Some('<'), Some('>')) | (Some('('), Some(')')) | (Some(':'), Some(']')) => true,
        (Some('\t'), Some('\t')) => true,
        (None, Some(':')) => true,
        (Some(' '), Some(' ')) => head[..start].ends_with(" - ") && head[stop..].starts_with(" - "),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shapes_of_common_programs_are_known() {
        let lines = [
            ("E1121 14:05:31.123456       1 controller.go:114] failed", Some(Level::Error)),
            ("W1121 14:05:31.123456       1 reflector.go:533] slow", Some(Level::Warn)),
            ("level=info ts=2026-11-21T14:05:31Z msg=\"starting\"", Some(Level::Info)),
            ("time=\"2026-11-21\" level=\"warning\" msg=x", Some(Level::Warn)),
            ("2026-11-21 14:05:31,123 - payments.db - ERROR - connect failed", Some(Level::Error)),
            ("2026-11-21 14:05:31,123 - payments.db - debug - connect", Some(Level::Debug)),
            ("WARNING:root:careful", Some(Level::Warn)),
            ("[2026-11-21T14:05:31Z INFO  krateyard::hub] listening", Some(Level::Info)),
            ("2026/11/21 14:05:31 [error] 29#29: *1 connect() failed", Some(Level::Error)),
            ("[Sat Nov 21 14:05:31 2026] [core:error] [pid 1] no", Some(Level::Error)),
            ("2026-11-21 14:05:31 UTC [61] LOG:  checkpoint starting", Some(Level::Info)),
            ("2026-11-21 14:05:31 UTC [61] FATAL:  no such role", Some(Level::Error)),
            ("2026-11-21T14:05:31.000Z\twarn\tpool.go:12\tpool below minimum", Some(Level::Warn)),
            ("14:05:31 INF started", Some(Level::Info)),
            ("fail: Microsoft.AspNetCore.Server", Some(Level::Error)),
            ("[Warning] slow query", Some(Level::Warn)),
            ("panic: database not reachable", Some(Level::Error)),
            ("thread 'main' panicked at src/main.rs:4:5:", Some(Level::Error)),
            ("Traceback (most recent call last):", Some(Level::Error)),
            ("GET /v1/prices 200 in 41 ms", None),
            ("GET /error/ERROR.html 200", None),
            ("no errors found, info follows", None),
            ("log rotated", None),
            ("", None),
        ];
        for (line, level) in lines {
            assert_eq!(of_text(line), level, "{line}");
        }
    }

    #[test]
    fn a_level_word_deep_in_a_message_is_no_level() {
        assert_eq!(of_text(&format!("{} ERROR", "x ".repeat(HEAD))), None);
    }
}
