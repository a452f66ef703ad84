//! The streams of a process in a container: bounded both ways, so that `yes` costs no memory and a slow client slows it down.

use bytes::Bytes;
use tokio::sync::mpsc;

/// What comes from the client.
#[derive(Debug)]
pub(super) enum Input {
    Bytes(Bytes),
    /// Rows and columns.
    Resize(u16, u16),
    /// The client has closed stdin.
    End,
}

/// Where output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Out,
    Err,
}

/// One frame to the client: channel and data.
pub(super) type Frame = (u8, Bytes);

/// Why a program is stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Ctrl-C.
    Interrupted,
    /// The client is gone.
    Gone,
    /// Nobody reads the pipe any more.
    BrokenPipe,
}

/// Bytes that are typed ahead before the client has to wait.
const TYPED_AHEAD: usize = 32 * 1024;

/// Bytes that a pipe holds.
const PIPE: usize = 256 * 1024;

/// Standard streams and terminal.
#[derive(Debug)]
pub(super) struct Io {
    input: mpsc::Receiver<Input>,
    output: mpsc::Sender<Frame>,
    pub(super) tty: bool,
    stdout: bool,
    stderr: bool,
    pub(super) rows: u16,
    pub(super) columns: u16,
    pending: Vec<u8>,
    ended: bool,
    /// Output of a pipe's left side or a redirection, instead of the client.
    captured: Option<Vec<u8>>,
}

impl Io {
    pub(super) fn new(input: mpsc::Receiver<Input>, output: mpsc::Sender<Frame>, tty: bool, stdout: bool, stderr: bool) -> Self {
        // kubelet's terminal before the first resize
        Self { input, output, tty, stdout, stderr, rows: 24, columns: 80, pending: Vec::new(), ended: false, captured: None }
    }

    /// Without stdin nothing is ever read.
    pub(super) fn close_input(&mut self) {
        self.ended = true;
    }

    /// From here on stdout is kept; answers what was kept before, for [`Self::release`].
    pub(super) fn capture(&mut self) -> Option<Vec<u8>> {
        self.captured.replace(Vec::new())
    }

    /// Ends a capture; answers what it has kept.
    pub(super) fn release(&mut self, before: Option<Vec<u8>>) -> Vec<u8> {
        std::mem::replace(&mut self.captured, before).unwrap_or_default()
    }

    /// Writes, waiting for the client as long as it takes; Ctrl-C and the client's end come through meanwhile.
    pub(super) async fn write(&mut self, stream: Stream, bytes: &[u8]) -> Result<(), Stop> {
        if let (Stream::Out, Some(kept)) = (stream, &mut self.captured) {
            if kept.len() + bytes.len() > PIPE {
                return Err(Stop::BrokenPipe);
            }
            kept.extend_from_slice(bytes);
            return Ok(());
        }
        let (channel, wanted) = match stream {
            Stream::Err if !self.tty => (2, self.stderr),
            _ => (1, self.stdout),
        };
        if !wanted || bytes.is_empty() {
            return Ok(());
        }
        let data = if self.tty { Bytes::from(with_returns(bytes)) } else { Bytes::copy_from_slice(bytes) };
        let output = self.output.clone();
        loop {
            let hungry = self.pending.len() < TYPED_AHEAD;
            tokio::select! {
                biased;
                input = self.input.recv(), if hungry && !self.input.is_closed() => self.take(input)?,
                permit = output.reserve() => {
                    permit.map_err(|_| Stop::Gone)?.send((channel, data));
                    return Ok(());
                }
            }
        }
    }

    /// Writes text.
    pub(super) async fn print(&mut self, text: &str) -> Result<(), Stop> {
        self.write(Stream::Out, text.as_bytes()).await
    }

    /// Waits, unless stopped.
    pub(super) async fn sleep(&mut self, time: std::time::Duration) -> Result<(), Stop> {
        let until = tokio::time::Instant::now() + time;
        loop {
            tokio::select! {
                input = self.input.recv() => match input {
                    // a client that cannot type any more can still wait
                    None if self.output.is_closed() => return Err(Stop::Gone),
                    None => {
                        tokio::time::sleep_until(until).await;
                        return Ok(());
                    }
                    some => self.take(some)?,
                },
                () = tokio::time::sleep_until(until) => return Ok(()),
            }
        }
    }

    /// The next typed bytes, raw; none at the end of input. In a terminal Ctrl-C is a byte among them.
    pub(super) async fn read(&mut self) -> Result<Option<Vec<u8>>, Stop> {
        loop {
            if !self.pending.is_empty() {
                return Ok(Some(std::mem::take(&mut self.pending)));
            }
            if self.ended {
                return Ok(None);
            }
            match self.input.recv().await {
                Some(Input::Bytes(bytes)) => return Ok(Some(bytes.to_vec())),
                Some(Input::Resize(rows, columns)) => (self.rows, self.columns) = (rows, columns),
                Some(Input::End) => self.ended = true,
                None => return Err(Stop::Gone),
            }
        }
    }

    /// Gives bytes back that were read too far.
    pub(super) fn unread(&mut self, bytes: &[u8]) {
        self.pending.splice(0..0, bytes.iter().copied());
    }

    /// Takes what came while a program runs.
    fn take(&mut self, input: Option<Input>) -> Result<(), Stop> {
        match input {
            Some(Input::Bytes(bytes)) if self.tty && bytes.contains(&3) => {
                self.pending.clear();
                Err(Stop::Interrupted)
            }
            Some(Input::Bytes(bytes)) => {
                self.pending.extend_from_slice(&bytes);
                Ok(())
            }
            Some(Input::Resize(rows, columns)) => {
                (self.rows, self.columns) = (rows, columns);
                Ok(())
            }
            Some(Input::End) => {
                self.ended = true;
                Ok(())
            }
            None if self.output.is_closed() => Err(Stop::Gone),
            None => {
                self.ended = true;
                Ok(())
            }
        }
    }
}

/// A terminal's output: every newline returns the carriage.
fn with_returns(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 8);
    for byte in bytes {
        if *byte == b'\n' && out.last() != Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}
