//! Logs that a test writes itself, line by line, and knows afterwards: what a node does with a file (rotation, runs, lines in pieces), and what becomes of those who read it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use futures::{Stream, stream};
use jiff::Timestamp;
use tokio::sync::watch;

use super::Options;
use crate::clock;

/// Bytes of one chunk.
const CHUNK_BYTES: usize = 32 * 1024;

/// The written logs of a cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct WrittenLogs(Arc<Mutex<Files>>);

/// By namespace, pod and container.
type Files = HashMap<(String, String, String), LogFile>;

impl WrittenLogs {
    /// The one of a container, made when there is none.
    pub(crate) fn of(&self, namespace: &str, pod: &str, container: &str) -> LogFile {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.entry((namespace.to_owned(), pod.to_owned(), container.to_owned())).or_insert_with(LogFile::new).clone()
    }

    pub(crate) fn find(&self, namespace: &str, pod: &str, container: &str) -> Option<LogFile> {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.get(&(namespace.to_owned(), pod.to_owned(), container.to_owned())).cloned()
    }
}

/// The log of a container, written by a test.
#[derive(Clone, Debug)]
pub struct LogFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    node: Mutex<Node>,
    changed: watch::Sender<u64>,
}

/// What a node has of it.
#[derive(Debug, Default)]
struct Node {
    runs: Vec<RunFile>,
    /// Follows that were open when this was counted up end: cleanly, or not.
    ended: (u64, bool),
    /// And these never bring anything more.
    stalled: u64,
    /// What becomes of the follows that are opened next: so many bytes, then the end, or a broken connection.
    breaks: VecDeque<(usize, bool)>,
    open: usize,
    opened: u64,
}

#[derive(Debug, Default)]
struct RunFile {
    pieces: Vec<Piece>,
    /// Pieces before this one are in a file that nobody reads any more.
    rotated: usize,
    ended: bool,
}

#[derive(Clone, Debug)]
struct Piece {
    at: Timestamp,
    text: String,
    /// Whether the line ends with it.
    full: bool,
}

impl LogFile {
    fn new() -> Self {
        let node = Node { runs: vec![RunFile::default()], ..Node::default() };
        Self(Arc::new(Inner { node: Mutex::new(node), changed: watch::Sender::new(0) }))
    }

    /// Writes a line.
    pub fn write(&self, at: Timestamp, text: &str) {
        self.piece(at, text, true);
    }

    /// Writes a line, of which more follows with the next.
    pub fn write_half(&self, at: Timestamp, text: &str) {
        self.piece(at, text, false);
    }

    /// Begins a new file: what was written is there for nobody who opens the log from now on.
    pub fn rotate(&self) {
        self.change(|node| {
            if let Some(run) = node.runs.last_mut() {
                run.rotated = run.pieces.len();
            }
        });
    }

    /// The run ends.
    pub fn end(&self) {
        self.change(|node| node.runs.iter_mut().for_each(|run| run.ended = true));
    }

    /// The run ends, and another begins. A node has the log of the run before, and of none before that.
    pub fn restart(&self) {
        self.change(|node| {
            node.runs.iter_mut().for_each(|run| run.ended = true);
            node.runs.push(RunFile::default());
        });
    }

    /// Ends what is being read: as if the log ended, or with the connection.
    pub fn cut(&self, cleanly: bool) {
        self.change(|node| node.ended = (node.ended.0 + 1, cleanly));
    }

    /// The next follow that is opened ends after so many bytes.
    pub fn break_next(&self, bytes: usize, cleanly: bool) {
        self.change(|node| node.breaks.push_back((bytes, cleanly)));
    }

    /// What is being read stays open and brings nothing more.
    pub fn stall(&self) {
        self.change(|node| node.stalled += 1);
    }

    /// How many read it now, and how often it was opened.
    pub fn readers(&self) -> (usize, u64) {
        let node = self.node();
        (node.open, node.opened)
    }

    fn piece(&self, at: Timestamp, text: &str, full: bool) {
        self.change(|node| {
            if let Some(run) = node.runs.last_mut() {
                run.pieces.push(Piece { at, text: text.to_owned(), full });
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Node)) {
        change(&mut self.node());
        self.0.changed.send_modify(|count| *count += 1);
    }

    fn node(&self) -> MutexGuard<'_, Node> {
        self.0.node.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log as it is sent; none when there is no run before.
    pub(super) fn read(&self, options: Options) -> Option<impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static> {
        let reader = {
            let mut node = self.node();
            let last = node.runs.len() - 1;
            // recordings logs/previous-crash-loop: while no other run began it is the one that ended
            let run = if !options.previous || node.runs[last].ended { last } else { last.checked_sub(1)? };
            let pieces = &node.runs[run];
            let tail = options.tail.map_or(0, |tail| pieces.pieces.len().saturating_sub(tail));
            let next = pieces.rotated.max(tail);
            node.open += 1;
            node.opened += 1;
            let left = options.follow.then(|| node.breaks.pop_front()).flatten();
            Reader { run, next, in_line: false, left, ended: node.ended.0, stalled: node.stalled, options, file: self.clone(), over: false }
        };
        let changed = self.0.changed.subscribe();
        Some(stream::unfold((reader, changed), |(mut reader, mut changed)| async move {
            loop {
                changed.mark_unchanged();
                if let Some(chunk) = reader.next() {
                    return Some((chunk, (reader, changed)));
                }
                if reader.over || changed.changed().await.is_err() {
                    return None;
                }
            }
        }))
    }
}

struct Reader {
    file: LogFile,
    run: usize,
    next: usize,
    in_line: bool,
    left: Option<(usize, bool)>,
    ended: u64,
    stalled: u64,
    options: Options,
    over: bool,
}

impl Reader {
    fn next(&mut self) -> Option<Result<Bytes, std::io::Error>> {
        let file = self.file.clone();
        let node = file.node();
        if self.over {
            return None;
        }
        if node.ended.0 > self.ended {
            return self.finish(node.ended.1);
        }
        if node.stalled > self.stalled {
            return None;
        }
        let run = &node.runs[self.run];
        let mut out = BytesMut::new();
        while let Some(piece) = run.pieces.get(self.next)
            && out.len() < CHUNK_BYTES
        {
            self.next += 1;
            let begins = !self.in_line;
            self.in_line = !piece.full;
            // the kubelet looks at each piece by itself (kuberuntime/logs, logWriter.write)
            if self.options.since.is_some_and(|since| piece.at < since) {
                continue;
            }
            if begins && self.options.timestamps {
                out.extend_from_slice(clock::nano_text(piece.at).as_bytes());
                out.extend_from_slice(b" ");
            }
            out.extend_from_slice(piece.text.as_bytes());
            if piece.full {
                out.extend_from_slice(b"\n");
            }
        }
        if let Some((left, cleanly)) = &mut self.left {
            out.truncate(*left);
            *left -= out.len();
            if *left == 0 && out.is_empty() {
                let cleanly = *cleanly;
                return self.finish(cleanly);
            }
        }
        if let Some(left) = &mut self.options.limit_bytes {
            out.truncate(*left);
            *left -= out.len();
            self.over |= *left == 0;
        }
        let read_all = self.next == run.pieces.len();
        if out.is_empty() && read_all && (!self.options.follow || run.ended) {
            self.over = true;
        }
        (!out.is_empty()).then(|| Ok(out.freeze()))
    }

    fn finish(&mut self, cleanly: bool) -> Option<Result<Bytes, std::io::Error>> {
        self.over = true;
        (!cleanly).then(|| Err(std::io::Error::other("the log breaks")))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.file.node().open -= 1;
    }
}
