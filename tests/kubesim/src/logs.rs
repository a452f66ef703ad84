//! Logs of containers: made up line by line, the same for the same second, so that two readers agree.

mod lines;
mod run;
mod written;

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures::{Stream, stream};
use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::cluster::Cluster;
use crate::container;
use crate::failure::{Cause, Failure};
use crate::kinds::{Kind, built_in_kind};
use crate::negotiate::form;
use crate::query::Query;
use crate::store::Store;
use crate::target::Attributes;
use crate::{answer, clock};
pub(crate) use run::{LINES, RATE};
use run::{Run, State, state};
pub use written::LogFile;
pub(crate) use written::WrittenLogs;

/// Bytes of one chunk of a log.
const CHUNK_BYTES: usize = 32 * 1024;

/// How often a followed log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// PodLogOptions.
#[derive(Clone, Debug, Default)]
struct Options {
    follow: bool,
    timestamps: bool,
    previous: bool,
    tail: Option<usize>,
    since: Option<Timestamp>,
    limit_bytes: Option<usize>,
}

/// Answers a log.
///
/// # Errors
/// 400, 404, 406 and 422 as recorded in the group logs.
pub(crate) fn log(cluster: &Cluster, asked: &Attributes, query: &Query, headers: &HeaderMap) -> Result<Response, Failure> {
    // text/plain alone is refused: recordings logs/accept-text
    form(headers, query, "get").map_err(|_| crate::negotiate::only_media_types())?;
    let options = Options::read(query, &asked.name)?;
    let pods = built_in_kind("", "pods");
    let pod = cluster.store.get(&pods, &asked.namespace, &asked.name).ok_or_else(|| Failure::not_found(&pods, &asked.name))?.value();
    let name = container::chosen(&pod, query.filled("container"))?;
    if !container::is_on_node(&pod) {
        return Ok(answer::empty(StatusCode::NO_CONTENT));
    }
    if let Some(file) = cluster.written.find(&asked.namespace, &asked.name, &name) {
        return match file.read(options) {
            Some(chunks) => Ok(answer::stream("text/plain", chunks)),
            None => Err(no_previous(&name, &asked.name)),
        };
    }
    let run = match state(&pod, &name, options.previous) {
        State::Run(run) => run,
        State::NoPrevious => return Err(no_previous(&name, &asked.name)),
        State::Waiting(reason) => {
            return Err(Failure::bad_request(format!("container \"{name}\" in pod \"{}\" is waiting to start: {reason}", asked.name)));
        }
    };
    let source = Source { store: cluster.store.clone(), pods, namespace: asked.namespace.clone(), pod: asked.name.clone(), container: name };
    let reader = Reader::new(run, options, source);
    let chunks = stream::unfold(reader, |mut reader| async move { reader.next().await.map(|chunk| (Ok(chunk), reader)) });
    Ok(answer::stream("text/plain", chunks))
}

fn no_previous(container: &str, pod: &str) -> Failure {
    Failure::bad_request(format!("previous terminated container \"{container}\" in pod \"{pod}\" not found"))
}

/// What a running container prints from now on, until it ends; none when it does not run.
pub(crate) fn live(cluster: &Cluster, pod: &Value, container: &str) -> Option<impl Stream<Item = Bytes> + Send + 'static> {
    let State::Run(run) = state(pod, container, false) else { return None };
    let text = |field: &str| pod["metadata"][field].as_str().unwrap_or_default().to_owned();
    let options = Options { follow: true, timestamps: false, previous: false, tail: Some(0), since: None, limit_bytes: None };
    let source = Source {
        store: cluster.store.clone(),
        pods: built_in_kind("", "pods"),
        namespace: text("namespace"),
        pod: text("name"),
        container: container.to_owned(),
    };
    let reader = Reader::new(run, options, source);
    Some(stream::unfold(reader, |mut reader| async move { reader.next().await.map(|chunk| (chunk, reader)) }))
}

impl Options {
    fn read(query: &Query, pod: &str) -> Result<Self, Failure> {
        let (tail, since_seconds, limit) = (query.number("tailLines")?, query.number("sinceSeconds")?, query.number("limitBytes")?);
        let since_time = query.filled("sinceTime").map(|text| text.parse::<Timestamp>().map_err(|_| unparsed_time(text))).transpose()?;
        let mut causes = Vec::new();
        let mut invalid = |reason, field, message: String| causes.push(Cause::new(reason, field, message));
        if let Some(tail) = tail.filter(|tail| *tail < 0) {
            invalid("FieldValueInvalid", "tailLines", format!("Invalid value: {tail}: must be greater than or equal to 0"));
        }
        if let Some(limit) = limit.filter(|limit| *limit < 1) {
            invalid("FieldValueInvalid", "limitBytes", format!("Invalid value: {limit}: must be greater than 0"));
        }
        match since_seconds {
            Some(_) if since_time.is_some() => {
                invalid("FieldValueForbidden", "[]", "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified".to_owned());
            }
            Some(seconds) if seconds < 1 => invalid("FieldValueInvalid", "sinceSeconds", format!("Invalid value: {seconds}: must be greater than 0")),
            _ => {}
        }
        if query.get("stream").is_some() {
            invalid("FieldValueForbidden", "stream", "Forbidden: may not be specified".to_owned());
        }
        if !causes.is_empty() {
            return Err(Failure::invalid("PodLogOptions", "", pod, &causes));
        }
        // sinceTime is cut to whole seconds: recordings logs/since-time-nanos
        let cut = since_time.and_then(|time| Timestamp::from_second(time.as_second()).ok());
        Ok(Self {
            follow: query.is_true("follow"),
            timestamps: query.is_true("timestamps"),
            previous: query.is_true("previous"),
            tail: tail.and_then(|tail| usize::try_from(tail).ok()),
            since: cut.or_else(|| since_seconds.map(|seconds| Timestamp::now() - SignedDuration::from_secs(seconds))),
            limit_bytes: limit.and_then(|limit| usize::try_from(limit).ok()),
        })
    }
}

/// Go's words.
fn unparsed_time(text: &str) -> Failure {
    Failure::bad_request(format!("parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{text}\" as \"2006\""))
}

/// Where the pod of a log is looked up again.
struct Source {
    store: Arc<Store>,
    pods: Arc<Kind>,
    namespace: String,
    pod: String,
    container: String,
}

/// A log as it is sent.
struct Reader {
    run: Run,
    options: Options,
    source: Source,
    /// The next second to be read.
    second: i64,
    /// Lines of the last second read that were in the future then come later; those before this were sent.
    sent_until: Timestamp,
    /// The pod's version at the last look.
    seen: u64,
    left: Option<usize>,
    ended: bool,
}

impl Reader {
    fn new(run: Run, options: Options, source: Source) -> Self {
        let now = Timestamp::now();
        let first = run.first();
        let mut start = options.since.map_or(first, |since| since.max(first));
        if let Some(tail) = options.tail {
            start = start.max(run.tail_start(tail, now));
        }
        // the tail may begin within a second: what is before it counts as sent
        Self {
            second: start.as_second(),
            sent_until: start - SignedDuration::from_nanos(1),
            left: options.limit_bytes,
            run,
            options,
            source,
            seen: 0,
            ended: false,
        }
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.ended {
                return None;
            }
            let mut out = BytesMut::new();
            let now = Timestamp::now();
            let caught_up = self.read(now, &mut out);
            if caught_up && (!self.options.follow || self.run.has_ended(now)) {
                self.ended = true;
            }
            self.cut(&mut out);
            if !out.is_empty() {
                return Some(out.freeze());
            }
            if self.ended {
                return None;
            }
            tokio::time::sleep(LOOK_EVERY).await;
            self.look();
        }
    }

    /// Takes lines until a chunk is full; says whether all lines until now are read.
    fn read(&mut self, now: Timestamp, out: &mut BytesMut) -> bool {
        let until = self.run.end.unwrap_or(now).min(now);
        if self.options.tail == Some(0) && self.seen == 0 {
            self.sent_until = self.sent_until.max(until);
            self.second = until.as_second();
        }
        while out.len() < CHUNK_BYTES {
            if self.second > until.as_second() {
                return true;
            }
            for line in self.run.lines_of(self.second) {
                if line.time > self.sent_until && line.time <= until {
                    if self.options.timestamps {
                        out.extend_from_slice(clock::nano_text(line.time).as_bytes());
                        out.extend_from_slice(b" ");
                    }
                    out.extend_from_slice(line.text.as_bytes());
                    out.extend_from_slice(b"\n");
                }
            }
            if self.second == until.as_second() {
                self.sent_until = self.sent_until.max(until);
                return true;
            }
            self.second += 1;
        }
        false
    }

    /// limitBytes cuts in the middle of a line and ends a follow.
    fn cut(&mut self, out: &mut BytesMut) {
        if let Some(left) = &mut self.left {
            out.truncate(*left);
            *left -= out.len();
            self.ended |= *left == 0;
        }
    }

    /// Looks at the pod: the run may have ended, or the pod be gone.
    fn look(&mut self) {
        let Some(pod) = self.source.store.get(&self.source.pods, &self.source.namespace, &self.source.pod) else {
            self.run.end.get_or_insert_with(Timestamp::now);
            return;
        };
        if pod.version == self.seen {
            return;
        }
        self.seen = pod.version;
        let value: Value = pod.value();
        if self.run.end.is_none() {
            self.run.end = run::end_of(&value, &self.source.container, &self.run);
        }
    }
}
