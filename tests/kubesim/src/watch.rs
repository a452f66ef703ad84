//! Watches. A watch holds a version and reads the history after it: there is no queue of its own that a slow client could fill. One that falls behind the
//! history that is kept is ended, as a real server ends it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures::stream;
use serde_json::json;
use tokio::time::Instant;

use crate::answer;
use crate::clock::Clock;
use crate::failure::{Cause, Failure};
use crate::kinds::Kind;
use crate::negotiate::Form;
use crate::query::Query;
use crate::read::{forbidden, invalid_options, malformed_version};
use crate::selection::Selection;
use crate::store::{Change, Compacted, Store, Stored, stored_head};
use crate::table;

/// Changes taken from the history at once.
const BATCH: usize = 512;

/// Bytes of one chunk of a stream.
const CHUNK_BYTES: usize = 32 * 1024;

/// Without timeoutSeconds a watch ends after half an hour to an hour: `--min-request-timeout`'s default.
const LONGEST: Duration = Duration::from_secs(2400);

struct Watch {
    store: Arc<Store>,
    kind: Arc<Kind>,
    selection: Selection,
    form: Form,
    head: Vec<u8>,
    /// Whether a Table's columns were sent: only the first event has them.
    has_columns: bool,
    position: u64,
    /// Objects of the state that are still to be sent.
    initial: VecDeque<Arc<Stored>>,
    /// Whether the end of the initial events is still to be marked.
    marks_end: bool,
    expired: Option<Compacted>,
    news: tokio::sync::watch::Receiver<u64>,
    bookmark_every: Option<Duration>,
    next_bookmark: Instant,
    deadline: Instant,
    ended: bool,
    /// Whether changes of different objects change places.
    swaps: bool,
}

/// Answers a watch.
///
/// # Errors
/// 400, 422 and 500 for options that cannot be; an expired version is no error but an event.
pub(crate) fn watch(store: &Arc<Store>, kind: &Arc<Kind>, namespace: &str, query: &Query, form: Form, bookmark_every: Duration) -> Result<Response, Failure> {
    let selection = Selection::parse(kind, namespace, query)?;
    let sends_state = check_options(query)?;
    let text = query.filled("resourceVersion").unwrap_or("0");
    let from: u64 = text.parse().map_err(|_| malformed_version(text, 500, ""))?;
    let bookmarks = query.is_true("allowWatchBookmarks");
    let seconds = query.number("timeoutSeconds")?.and_then(|seconds| u64::try_from(seconds).ok()).filter(|seconds| *seconds > 0);
    let now = Instant::now();
    let news = store.news(kind);
    let mut watch = Watch {
        store: store.clone(),
        kind: kind.clone(),
        selection,
        form,
        head: stored_head(kind),
        has_columns: false,
        position: from,
        initial: VecDeque::new(),
        marks_end: false,
        expired: None,
        news,
        bookmark_every: bookmarks.then_some(bookmark_every),
        next_bookmark: now + bookmark_every,
        deadline: now + seconds.map_or(LONGEST, Duration::from_secs),
        ended: false,
        swaps: query.swaps(),
    };
    let state = match sends_state {
        Some(sends) => sends,
        None => from == 0,
    };
    if state {
        let (version, objects) = store.list(kind, &watch.selection.namespace);
        watch.initial = objects.into_iter().filter(|object| watch.selection.matches(object)).collect();
        watch.position = version;
        watch.marks_end = bookmarks && sends_state == Some(true);
    } else if from == 0 {
        watch.position = store.version();
    } else if let Err(compacted) = store.changes(kind, from, 0) {
        watch.expired = Some(compacted);
    }
    let chunks = stream::unfold(watch, |mut watch| async move { watch.next().await.map(|chunk| (Ok(chunk), watch)) });
    Ok(answer::stream("application/json", chunks))
}

/// Whether the state is asked for (`sendInitialEvents`), after apimachinery's ValidateListOptions for watches.
fn check_options(query: &Query) -> Result<Option<bool>, Failure> {
    let matching = query.filled("resourceVersionMatch");
    let sends = query.get("sendInitialEvents").map(|_| query.is_true("sendInitialEvents"));
    let mut causes: Vec<Cause> = match (sends, matching) {
        (Some(_), Some("NotOlderThan")) | (None, None) => Vec::new(),
        (Some(_), _) => vec![forbidden("resourceVersionMatch", "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")],
        (None, Some(_)) => {
            vec![forbidden("resourceVersionMatch", "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")]
        }
    };
    match matching {
        None if query.filled("continue").is_some() => {
            causes.push(forbidden("resourceVersionMatch", "Forbidden: resourceVersionMatch is forbidden when continue is provided"));
        }
        None | Some("NotOlderThan") => {}
        Some(other) => {
            let message = format!("Unsupported value: \"{other}\": supported values: \"NotOlderThan\"");
            causes.push(Cause::new("FieldValueNotSupported", "resourceVersionMatch", message));
        }
    }
    invalid_options(&causes)?;
    Ok(sends)
}

impl Watch {
    /// The next bytes of the stream; none at its end.
    async fn next(&mut self) -> Option<Bytes> {
        let mut out = BytesMut::new();
        loop {
            if self.ended {
                return None;
            }
            if let Some(compacted) = self.expired.take() {
                self.ended = true;
                return Some(self.error(compacted));
            }
            self.write_state(&mut out);
            if out.is_empty() {
                self.write_changes(&mut out);
            }
            if !out.is_empty() {
                return Some(out.freeze());
            }
            if self.ended {
                return None;
            }
            self.wait(&mut out).await;
            if !out.is_empty() {
                return Some(out.freeze());
            }
        }
    }

    /// Waits for a change, the time of a bookmark, or the end.
    async fn wait(&mut self, out: &mut BytesMut) {
        let bookmark = if self.bookmark_every.is_some() { self.next_bookmark } else { self.deadline };
        tokio::select! {
            changed = self.news.changed() => self.ended = changed.is_err(),
            () = tokio::time::sleep_until(self.deadline) => self.ended = true,
            () = tokio::time::sleep_until(bookmark), if self.bookmark_every.is_some() && bookmark < self.deadline => {
                self.next_bookmark = Instant::now() + self.bookmark_every.unwrap_or(LONGEST);
                // nothing of this kind has happened since: the whole store's version is as good, as long as no change is left out
                let version = self.store.version();
                if self.store.changes(&self.kind, self.position, 1).is_ok_and(|changes| changes.is_empty()) {
                    self.position = self.position.max(version);
                    self.bookmark(false, out);
                }
            }
        }
    }

    fn write_state(&mut self, out: &mut BytesMut) {
        while out.len() < CHUNK_BYTES {
            let Some(object) = self.initial.pop_front() else { break };
            self.event("ADDED", &object, out);
        }
        if self.initial.is_empty() && self.marks_end {
            self.marks_end = false;
            self.bookmark(true, out);
        }
    }

    fn write_changes(&mut self, out: &mut BytesMut) {
        while out.len() < CHUNK_BYTES {
            // what came while we look is news again only if it came after this line
            self.news.mark_unchanged();
            let Ok(changes) = self.store.changes(&self.kind, self.position, BATCH) else {
                self.ended = true;
                return;
            };
            let Some(last) = changes.last() else { return };
            self.position = last.version;
            for pair in changes.chunks(2) {
                match pair {
                    [one, other] if self.swaps && one.uid() != other.uid() => {
                        self.change(other, one.version, out);
                        self.change(one, other.version, out);
                    }
                    pair => pair.iter().for_each(|change| self.change(change, change.version, out)),
                }
            }
        }
    }

    fn change(&mut self, change: &Change, version: u64, out: &mut BytesMut) {
        let before = change.before.as_ref().filter(|object| self.selection.matches(object));
        let after = change.after.as_ref().filter(|object| self.selection.matches(object));
        match (before, after) {
            (before, Some(after)) => {
                let kind = if before.is_some() { "MODIFIED" } else { "ADDED" };
                if version == change.version { self.event(kind, after, out) } else { self.event(kind, &after.at_version(version), out) }
            }
            // the last state that was selected, with the new version: recordings watch/selector
            (Some(before), None) => self.event("DELETED", &before.at_version(version), out),
            (None, None) => {}
        }
    }

    fn event(&mut self, kind: &str, object: &Stored, out: &mut BytesMut) {
        out.reserve(object.len() + 128);
        out.extend_from_slice(b"{\"type\":\"");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\",\"object\":");
        match self.form {
            Form::Full => object.write_whole(&self.head, out),
            Form::Partial | Form::PartialList => object.write_partial(out),
            Form::Table(include) => {
                let with_columns = !std::mem::replace(&mut self.has_columns, true);
                let table = table::of_one(&self.kind, &object.value(), include, with_columns, Clock.now());
                out.extend_from_slice(table.to_string().as_bytes());
            }
        }
        out.extend_from_slice(b"}\n");
    }

    fn bookmark(&mut self, ends_state: bool, out: &mut BytesMut) {
        let mut metadata = json!({"resourceVersion": self.position.to_string()});
        if ends_state {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let object = match self.form {
            Form::Full => json!({"kind": self.kind.kind, "apiVersion": self.kind.api_version(), "metadata": metadata}),
            Form::Partial | Form::PartialList => json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}),
            // a row of an object that has nothing but its version
            Form::Table(include) => {
                let with_columns = !std::mem::replace(&mut self.has_columns, true);
                table::of_one(&self.kind, &json!({ "metadata": metadata }), include, with_columns, Clock.now())
            }
        };
        let event = json!({"type": "BOOKMARK", "object": object});
        out.extend_from_slice(event.to_string().as_bytes());
        out.extend_from_slice(b"\n");
    }

    fn error(&self, compacted: Compacted) -> Bytes {
        let status = Failure::expired(format!("too old resource version: {} ({})", self.position, compacted.oldest)).status();
        Bytes::from(format!("{}\n", json!({"type": "ERROR", "object": status})))
    }
}
