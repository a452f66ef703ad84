//! The time and level with which many programs begin a line: a row has columns for both, so its text begins after them.

use super::level::Level;

/// How many bytes of a plain line are its own time, and the level after it.
pub fn length(plain: &str) -> usize {
    let Some(time) = time(plain) else { return 0 };
    let spaces = plain[time..].bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
    if spaces == 0 {
        return if time == plain.len() { 0 } else { time };
    }
    let at = time + spaces;
    let end = at + level(&plain[at..]);
    // A line that is nothing else keeps it.
    if end == plain.len() { 0 } else { end }
}

/// `2026-11-21T22:51:32.672Z`, `2026-11-21 22:51:32,672`, `2026/11/21 22:51:32`, `22:51:32.672`, each also in brackets.
fn time(plain: &str) -> Option<usize> {
    let open = usize::from(plain.starts_with('['));
    let bytes = &plain.as_bytes()[open..];
    let has = |shape: &&&[u8]| {
        bytes.len() >= shape.len()
            && shape.iter().zip(bytes).all(|(shape, byte)| match shape {
                b'd' => byte.is_ascii_digit(),
                b'-' => matches!(byte, b'-' | b'/'),
                b'T' => matches!(byte, b'T' | b' '),
                other => byte == other,
            })
    };
    let mut at = [b"dddd-dd-ddTdd:dd:dd".as_slice(), b"dd:dd:dd"].iter().find(has)?.len();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    if matches!(bytes.get(at), Some(b'.' | b',')) && digits(at + 1) > 0 {
        at += 1 + digits(at + 1);
    }
    match bytes.get(at) {
        Some(b'Z') => at += 1,
        Some(b'+' | b'-') if bytes.get(at + 3) == Some(&b':') && digits(at + 1) == 2 && digits(at + 4) == 2 => at += 6,
        _ => {}
    }
    match (open, bytes.get(at)) {
        (1, Some(b']')) => Some(at + 2),
        (0, None | Some(b' ' | b'\t')) => Some(at),
        _ => None,
    }
}

/// A level word with its brackets and the spaces after it.
fn level(rest: &str) -> usize {
    let open = usize::from(rest.starts_with('['));
    let word = rest[open..].bytes().take_while(u8::is_ascii_alphabetic).count();
    let is_level = Level::of_word(&rest[open..open + word]).is_some() && (open == 1 || rest[..word].bytes().all(|b| b.is_ascii_uppercase()));
    let mut end = open + word;
    if !is_level || (open == 1 && !rest[end..].starts_with(']')) {
        return 0;
    }
    end += open;
    end += usize::from(open == 0 && rest[end..].starts_with(':'));
    let spaces = rest[end..].bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
    if spaces == 0 && end < rest.len() { 0 } else { end + spaces }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_time_and_level_are_left_to_their_columns() {
        let lines = [
            ("2026-11-21T22:51:32.672Z ERROR connection reset", "connection reset"),
            ("2026-11-21 22:51:33,200 INFO  [main] com.example.App - on", "[main] com.example.App - on"),
            ("2026/11/21 14:05:31 [error] 29#29: no", "29#29: no"),
            ("[2026-11-21T22:51:39.200Z] \"GET /v1\" 200", "\"GET /v1\" 200"),
            ("2026-11-21T22:51:32+01:00 started", "started"),
            ("23:14:59.200 INFO message consumed", "message consumed"),
            ("10:00:00 is early", "is early"),
            ("2026-11-21T22:51:32Z Information wants to be free", "Information wants to be free"),
            ("2026-11-21T22:51:32Z INFORMAL talk", "INFORMAL talk"),
            ("2026-11-21T22:51:32Z", "2026-11-21T22:51:32Z"),
            ("2026-11-21T22:51:32Z ERROR", "2026-11-21T22:51:32Z ERROR"),
            ("2026-11-21 is a Saturday", "2026-11-21 is a Saturday"),
            ("ERROR without a time", "ERROR without a time"),
            ("", ""),
        ];
        for (line, rest) in lines {
            assert_eq!(&line[length(line)..], rest);
        }
    }
}
