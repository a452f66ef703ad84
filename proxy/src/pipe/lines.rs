use krateyard_shared::logs::{LogLine, MAX_LINE};
use krateyard_shared::time;

/// Takes a log apart into lines. Holds one unfinished line, and never more of it than may be passed on.
#[derive(Default)]
pub(super) struct Lines {
    partial: Vec<u8>,
    /// Bytes of the unfinished line beyond the longest.
    dropped: u64,
}

/// One line.
#[derive(Debug, PartialEq)]
pub(super) struct Taken {
    pub(super) line: LogLine,
    /// Bytes that were cut from its end.
    pub(super) cut: u64,
}

impl Lines {
    /// Takes bytes in, whole lines out.
    pub(super) fn feed(&mut self, bytes: &[u8], out: &mut Vec<Taken>) {
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let room = MAX_LINE.saturating_sub(self.partial.len()).min(piece.len());
            self.partial.extend_from_slice(&piece[..room]);
            self.dropped += (piece.len() - room) as u64;
            if pieces.peek().is_some() {
                out.push(self.line());
            }
        }
    }

    /// The last line, when the log ends without a line end.
    pub(super) fn finish(&mut self) -> Option<Taken> {
        (!self.partial.is_empty()).then(|| self.line())
    }

    /// When the unfinished line was written, as far as it says.
    pub(super) fn begun(&self) -> Option<(time::Seconds, u32)> {
        let head = self.partial.split(|byte| *byte == b' ').next()?;
        time::parse(std::str::from_utf8(head).ok()?)
    }

    fn line(&mut self) -> Taken {
        let cut = std::mem::take(&mut self.dropped);
        let bytes = std::mem::take(&mut self.partial);
        let text = String::from_utf8_lossy(&bytes);
        let text = text.strip_suffix('\r').unwrap_or(&text);
        // What the node itself says has no timestamp (recordings, surprise 64).
        let (timestamp, text) = match text.split_once(' ') {
            Some((timestamp, rest)) if time::parse(timestamp).is_some() => (timestamp, rest),
            None if time::parse(text).is_some() => (text, ""),
            _ => ("", text),
        };
        Taken { line: LogLine(0, timestamp.into(), text.into()), cut }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(pieces: &[&[u8]]) -> Vec<(String, String, u64)> {
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.feed(piece, &mut out);
        }
        out.extend(lines.finish());
        out.into_iter().map(|Taken { line: LogLine(_, at, text), cut }| (at, text, cut)).collect()
    }

    fn line(at: &str, text: &str) -> (String, String, u64) {
        (at.into(), text.into(), 0)
    }

    const AT: &str = "2026-11-21T14:05:31.123456789Z";

    #[test]
    fn lines_are_the_same_however_they_are_cut_into_pieces() {
        let log = format!("{AT} hello world\n{AT} \n{AT}  two spaces\n{AT} é\nno timestamp\n{AT} unfinished");
        let whole = taken(&[log.as_bytes()]);
        assert_eq!(whole, [line(AT, "hello world"), line(AT, ""), line(AT, " two spaces"), line(AT, "é"), line("", "no timestamp"), line(AT, "unfinished")]);
        for size in [1, 2, 3, 7, 64] {
            assert_eq!(taken(&log.as_bytes().chunks(size).collect::<Vec<_>>()), whole, "{size}");
        }
    }

    #[test]
    fn a_line_without_end_is_cut_and_says_by_how_much() {
        let long = vec![b'x'; MAX_LINE + 1000];
        let out = taken(&[&long, &long, b"\nnext\n"]);
        assert_eq!(out[0].1.len(), MAX_LINE);
        assert_eq!(out[0].2, (MAX_LINE + 2000) as u64);
        assert_eq!(out[1], line("", "next"));
    }
}
