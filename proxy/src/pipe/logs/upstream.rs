use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use http::Method;
use http_body_util::BodyExt;
use krateyard_shared::logs::{LogCursor, LogQuery, MAX_LINE};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::time;

use super::follows::{Follows, Place};
use super::resume::At;
use crate::authorize::{Permit, ReadLogs};
use crate::refuse::{self, Actor, Asked};
use crate::{impersonate, path};

/// Whose log is read, in whose name.
pub(crate) struct Upstream {
    pub(super) permit: Permit<ReadLogs>,
    pub(super) follows: Arc<Follows>,
    pub(super) pod: String,
    pub(super) container: String,
}

/// A log that is being read.
pub(crate) struct Leg {
    pub(super) body: BoxStream<'static, Result<Bytes, String>>,
    /// 204: the pod is not on a node yet (recordings, surprise 65).
    pub(super) not_started: bool,
    _place: Place,
}

impl Upstream {
    /// Opens the log under the person's own rights.
    ///
    /// # Errors
    /// `Limit` where too many are read; `NotFound`, `Forbidden`, `Rejected` with the cluster's words for a container that waits.
    pub(super) async fn open(&self, parameters: &str) -> Result<Leg, Refusal> {
        let place = self.follows.place(&self.permit)?;
        let response = self.send(parameters).await?;
        let not_started = response.status() == http::StatusCode::NO_CONTENT;
        let body = response.into_body().into_data_stream().map(|piece| piece.map_err(|error| refuse::cause(&error))).boxed();
        Ok(Leg { body, not_started, _place: place })
    }

    /// When its last line was written, as far as the node tells now.
    pub(super) async fn last_line(&self) -> Option<At> {
        let mut body = self.send("&tailLines=1").await.ok()?.into_body().into_data_stream();
        let mut head = Vec::new();
        // All but the timestamp is of no interest, and a line may be long.
        while head.len() < MAX_LINE
            && !head.contains(&b' ')
            && let Some(Ok(piece)) = body.next().await
        {
            head.extend_from_slice(&piece[..piece.len().min(64)]);
        }
        let text = String::from_utf8_lossy(&head);
        time::parse(text.split([' ', '\n']).next()?)
    }

    async fn send(&self, parameters: &str) -> Result<http::Response<kube::client::Body>, Refusal> {
        let Upstream { permit, pod, container, .. } = self;
        let namespace = &permit.target().namespace;
        let asked = Asked { actor: Actor::Person, verb: "get", resource: "pods/log".into(), namespace: Some(namespace), name: pod };
        let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}/log?container={}&timestamps=true{parameters}", path::query(container));
        permit.cluster().open(impersonate::request(permit, Method::GET, &path)?, &asked).await
    }
}

/// What a log is asked for: from where the cursor is, or, where it is nowhere, from where the query begins. `elapsed_secs`: since the query was made.
pub(super) fn parameters(cursor: &LogCursor, query: &LogQuery, previous: bool, elapsed_secs: u32) -> String {
    let mut text = String::from(if previous { "&previous=true" } else { "&follow=true" });
    if cursor.behind {
        text.push_str("&tailLines=0");
        return text;
    }
    if let Some(since) = cursor.since() {
        // The API server cuts it to whole seconds by itself (recordings, surprise 63).
        let at = jiff::Timestamp::from_second(since).unwrap_or_default();
        text.push_str(&format!("&sinceTime={}", path::query(&at.to_string())));
        return text;
    }
    if let (Some(tail), false) = (query.tail, cursor.begun) {
        text.push_str(&format!("&tailLines={tail}"));
    }
    match (query.since_secs, &query.since_time) {
        (Some(secs), _) => text.push_str(&format!("&sinceSeconds={}", secs.max(1).saturating_add(elapsed_secs))),
        (None, Some(at)) => text.push_str(&format!("&sinceTime={}", path::query(at))),
        (None, None) => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str, cursor: &LogCursor, previous: bool) -> String {
        let uri: http::Uri = format!("/ws/logs?cluster=x&ns=web&pod=a&container=c{query}").parse().unwrap();
        parameters(cursor, &axum::extract::Query::<LogQuery>::try_from_uri(&uri).unwrap().0, previous, 7)
    }

    #[test]
    fn a_query_becomes_the_api_servers_until_lines_have_come() {
        let mut cursor = LogCursor::new("a", None, "c", None);
        assert_eq!(asked("&tail=100", &cursor, false), "&follow=true&tailLines=100");
        assert_eq!(asked("&tail=100", &cursor, true), "&previous=true&tailLines=100");
        assert_eq!(asked("&sinceTime=2026-11-21T14:05:31Z", &cursor, false), "&follow=true&sinceTime=2026-11-21T14%3A05%3A31Z");
        assert_eq!(asked("&sinceSecs=0", &cursor, false), "&follow=true&sinceSeconds=8");
        cursor.caught_up();
        assert_eq!(asked("&tail=100", &cursor, false), "&follow=true", "there was nothing: all that comes is new");
        cursor.advance("2026-11-21T14:05:31.5Z", "a");
        assert_eq!(asked("&tail=100&sinceSecs=5", &cursor, false), "&follow=true&sinceTime=2026-11-21T14%3A05%3A30Z");
        cursor.advance("2026-11-21T13:05:31.5Z", "the clock went back");
        assert_eq!(asked("", &cursor, false), "&follow=true&tailLines=0");
    }
}
