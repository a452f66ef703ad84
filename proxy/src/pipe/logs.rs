//! A container's log, as long as the person may read it and takes it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, close_code};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, Stream, StreamExt};
use http::Method;
use http_body_util::BodyExt;
use krateyard_shared::logs::{LogControl, LogFrame, LogGap, LogLine, LogQuery};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::time;

use super::Credit;
use super::lines::{Lines, Taken};
use crate::authorize::{Permit, ReadLogs};
use crate::refuse::{self, Actor, Asked};
use crate::{impersonate, path};

/// Bytes of lines in one frame, about.
const FRAME: usize = 64 * 1024;
/// A log that says nothing for so long has said what was there.
const QUIET: Duration = Duration::from_millis(250);

/// A log that was opened.
pub(crate) struct Log {
    permit: Permit<ReadLogs>,
    body: BoxStream<'static, Result<Bytes, String>>,
    /// 204: the pod is not on a node yet (recordings, surprise 65).
    not_started: bool,
    opened: i64,
}

/// Opens a log under the person's own rights.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Rejected` with the cluster's words for a container that waits.
pub(crate) async fn open(permit: Permit<ReadLogs>, query: &LogQuery) -> Result<Log, Refusal> {
    let ReadLogs { namespace, pod, .. } = permit.target();
    let asked = Asked { actor: Actor::Person, verb: "get", resource: "pods/log".into(), namespace: Some(namespace), name: pod };
    let request = impersonate::request(&permit, Method::GET, &log_path(permit.target(), query)?)?;
    let response = permit.cluster().open(request, &asked).await?;
    let not_started = response.status() == http::StatusCode::NO_CONTENT;
    let body = response.into_body().into_data_stream().map(|piece| piece.map_err(|error| refuse::cause(&error))).boxed();
    Ok(Log { permit, body, not_started, opened: jiff::Timestamp::now().as_second() })
}

fn log_path(target: &ReadLogs, query: &LogQuery) -> Result<String, Refusal> {
    let ReadLogs { namespace, pod, container } = target;
    let mut path = format!("/api/v1/namespaces/{namespace}/pods/{pod}/log?container={}&timestamps=true", path::query(container));
    path.push_str(if query.previous { "&previous=true" } else { "&follow=true" });
    if let Some(tail) = query.tail {
        path.push_str(&format!("&tailLines={tail}"));
    }
    match (query.since_secs, &query.since_time) {
        (Some(_), Some(_)) => return Err(Refusal::BadRequest { field: "sinceTime".into(), problem: "stands beside sinceSecs: give one of them".into() }),
        (Some(secs), None) => path.push_str(&format!("&sinceSeconds={}", secs.max(1))),
        (None, Some(at)) if time::parse(at).is_some() => path.push_str(&format!("&sinceTime={}", path::query(at))),
        (None, Some(_)) => return Err(Refusal::BadRequest { field: "sinceTime".into(), problem: "is no instant such as 2026-11-21T14:05:31Z".into() }),
        (None, None) => {}
    }
    Ok(path)
}

impl Log {
    /// Its frames, read from the cluster only while there is credit.
    pub(crate) fn frames(self, credit: Arc<Credit>) -> impl Stream<Item = Result<Message, CloseFrame>> + Send {
        let ReadLogs { pod, container, .. } = self.permit.target().clone();
        let revoked = self.permit.revoked().boxed();
        let mut reader = Reader { ready: VecDeque::new(), revoked, caught_up: false, over: false, lines: Lines::default(), log: self, credit };
        reader.control(LogControl::Source { index: 0, pod, uid: None, container, role: None, run: None });
        stream::unfold(reader, async |mut reader| reader.next().await.map(|frame| (frame, reader)))
    }
}

struct Reader {
    log: Log,
    /// Made once: a busy log is reviewed as a quiet one is.
    revoked: BoxFuture<'static, Refusal>,
    credit: Arc<Credit>,
    lines: Lines,
    caught_up: bool,
    over: bool,
    ready: VecDeque<Result<Message, CloseFrame>>,
}

impl Reader {
    async fn next(&mut self) -> Option<Result<Message, CloseFrame>> {
        while self.ready.is_empty() && !self.over {
            let piece = async {
                self.credit.some().await;
                if self.caught_up { Some(self.log.body.next().await) } else { tokio::time::timeout(QUIET, self.log.body.next()).await.ok() }
            };
            tokio::select! {
                biased;
                refusal = &mut self.revoked => self.refused(refusal),
                piece = piece => match piece {
                    None => self.caught_up(),
                    Some(Some(Ok(bytes))) => self.take(bytes),
                    Some(end) => self.end(end.transpose().err()),
                }
            }
        }
        self.ready.pop_front()
    }

    /// Takes a piece, and what else is there already: at a high rate a frame holds many lines.
    fn take(&mut self, first: Bytes) {
        let (mut taken, mut bytes) = (Vec::new(), first.len());
        self.lines.feed(&first, &mut taken);
        while bytes < FRAME {
            let Some(Some(Ok(piece))) = self.log.body.next().now_or_never() else { break };
            bytes += piece.len();
            self.lines.feed(&piece, &mut taken);
        }
        self.tell(taken);
    }

    fn tell(&mut self, taken: Vec<Taken>) {
        let mut batch: Vec<LogLine> = Vec::new();
        for Taken { line, cut } in taken {
            self.credit.spend(line.2.len() + line.1.len() + 1);
            // Written after we came: what was there has been told.
            if !self.caught_up && time::seconds(&line.1).is_some_and(|at| at > self.log.opened) {
                self.lines_frame(&mut batch);
                self.caught_up();
            }
            batch.push(line);
            if cut > 0 {
                self.lines_frame(&mut batch);
                self.control(LogControl::Gap { index: 0, count: None, reason: LogGap::Cut { bytes: cut } });
            }
        }
        self.lines_frame(&mut batch);
    }

    fn end(&mut self, failure: Option<String>) {
        if let Some(last) = self.lines.finish() {
            self.tell(vec![last]);
        }
        match failure {
            None => {
                if !self.caught_up {
                    self.caught_up();
                }
                let reason = if self.log.not_started { "the pod has not started yet" } else { "the container's run has ended" };
                self.control(LogControl::Ended { reason: reason.into() });
                self.ready.push_back(Err(CloseFrame { code: close_code::NORMAL, reason: reason.into() }));
            }
            // No end: the close code says that it is worth coming again, from the last line on.
            Some(cause) => {
                self.ready.push_back(Err(refuse::close(&Refusal::UpstreamDown { cause })));
            }
        }
        self.over = true;
    }

    fn refused(&mut self, refusal: Refusal) {
        let close = refuse::close(&refusal);
        self.control(LogControl::Refused { refusal });
        self.ready.push_back(Err(close));
        self.over = true;
    }

    fn caught_up(&mut self) {
        self.caught_up = true;
        self.control(LogControl::CaughtUp);
    }

    fn lines_frame(&mut self, batch: &mut Vec<LogLine>) {
        if !batch.is_empty() {
            self.ready.push_back(Ok(text(&LogFrame::Lines { l: std::mem::take(batch) })));
        }
    }

    fn control(&mut self, control: LogControl) {
        self.ready.push_back(Ok(text(&LogFrame::Control(control))));
    }
}

/// A frame as it is sent.
pub(crate) fn text(frame: &LogFrame) -> Message {
    Message::text(serde_json::to_string(frame).expect("frames are plain JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> ReadLogs {
        ReadLogs { namespace: "web".into(), pod: "a".into(), container: "c".into() }
    }

    fn query(text: &str) -> LogQuery {
        let uri: http::Uri = format!("/ws/logs?cluster=x&ns=web&pod=a&container=c{text}").parse().unwrap();
        axum::extract::Query::<LogQuery>::try_from_uri(&uri).unwrap().0
    }

    #[test]
    fn a_query_becomes_the_api_servers() {
        let path = |text| log_path(&target(), &query(text)).unwrap();
        let base = "/api/v1/namespaces/web/pods/a/log?container=c&timestamps=true";
        assert_eq!(path("&tail=100"), format!("{base}&follow=true&tailLines=100"));
        assert_eq!(path("&previous=true"), format!("{base}&previous=true"));
        assert_eq!(path("&sinceTime=2026-11-21T14:05:31Z"), format!("{base}&follow=true&sinceTime=2026-11-21T14%3A05%3A31Z"));
        assert_eq!(path("&sinceSecs=0"), format!("{base}&follow=true&sinceSeconds=1"));
        assert!(log_path(&target(), &query("&sinceTime=now")).is_err());
    }
}
