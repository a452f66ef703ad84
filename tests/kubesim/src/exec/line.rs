//! A line at a prompt: echo, backspace, history, Ctrl-C and Ctrl-D.

use super::io::{Io, Stop};

/// What a person gave at a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Text(String),
    /// Ctrl-C.
    Abandoned,
    /// Ctrl-D on an empty line.
    End,
}

/// Longest line; what is typed beyond it is not taken.
const LONGEST: usize = 4096;

/// Lines that are remembered.
const REMEMBERED: usize = 100;

/// Reads lines and remembers them.
#[derive(Debug, Default)]
pub(super) struct Editor {
    history: Vec<String>,
}

impl Editor {
    /// Shows the prompt and reads a line.
    pub(super) async fn read(&mut self, io: &mut Io, prompt: &str) -> Result<Line, Stop> {
        io.print(prompt).await?;
        let mut line: Vec<u8> = Vec::new();
        let mut recalled = self.history.len();
        loop {
            let Some(bytes) = io.read().await? else { return Ok(Line::End) };
            let mut at = 0;
            while at < bytes.len() {
                let byte = bytes[at];
                at += 1;
                match byte {
                    b'\r' | b'\n' => {
                        io.unread(&bytes[at..]);
                        io.print("\n").await?;
                        let text = String::from_utf8_lossy(&line).into_owned();
                        self.remember(&text);
                        return Ok(Line::Text(text));
                    }
                    3 => {
                        io.print("^C\n").await?;
                        return Ok(Line::Abandoned);
                    }
                    4 if line.is_empty() => {
                        io.print("\n").await?;
                        return Ok(Line::End);
                    }
                    8 | 127 => erase_one(io, &mut line).await?,
                    12 => redraw(io, &format!("\x1b[H\x1b[2J{prompt}"), &line).await?,
                    21 => {
                        line.clear();
                        redraw(io, &format!("\r\x1b[K{prompt}"), &line).await?;
                    }
                    27 => {
                        let sequence = escape(&bytes[at..]);
                        at += sequence.len();
                        let to = match sequence.last() {
                            Some(b'A') => recalled.saturating_sub(1),
                            Some(b'B') => (recalled + 1).min(self.history.len()),
                            _ => continue,
                        };
                        recalled = to;
                        line = self.history.get(to).cloned().unwrap_or_default().into_bytes();
                        redraw(io, &format!("\r\x1b[K{prompt}"), &line).await?;
                    }
                    0..32 => {}
                    byte if line.len() < LONGEST => {
                        line.push(byte);
                        io.write(super::io::Stream::Out, &[byte]).await?;
                    }
                    _ => {}
                }
            }
        }
    }

    fn remember(&mut self, line: &str) {
        if !line.trim().is_empty() && self.history.last().map(String::as_str) != Some(line) {
            self.history.push(line.to_owned());
            if self.history.len() > REMEMBERED {
                self.history.remove(0);
            }
        }
    }
}

async fn erase_one(io: &mut Io, line: &mut Vec<u8>) -> Result<(), Stop> {
    if line.is_empty() {
        return Ok(());
    }
    // a character of several bytes goes whole
    while let Some(byte) = line.pop() {
        if byte & 0xc0 != 0x80 {
            break;
        }
    }
    io.print("\x08 \x08").await
}

async fn redraw(io: &mut Io, before: &str, line: &[u8]) -> Result<(), Stop> {
    io.print(before).await?;
    io.write(super::io::Stream::Out, line).await
}

/// The rest of an escape sequence: `[`, parameters and a final letter.
fn escape(bytes: &[u8]) -> &[u8] {
    if !matches!(bytes.first(), Some(b'[' | b'O')) {
        return &[];
    }
    let end = bytes.iter().skip(1).position(|byte| byte.is_ascii_alphabetic() || *byte == b'~');
    &bytes[..end.map_or(bytes.len(), |end| end + 2)]
}
