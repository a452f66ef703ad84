//! How the tables are kept, told: each stream and the socket. For whoever asks why a table shows what it shows, and for bug reports.

use krateyard_shared::scope::Scope;
use krateyard_shared::watch::Position;
use serde::Serialize;

use super::Runtime;
use super::subscription::Subscription;
use crate::refresh::Target;
use crate::stream::StreamState;

/// What is known of one cluster's data.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// How the socket does.
    pub connection: String,
    /// Frames that came, over all sockets.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How often rows had to be asked for anew because they did not fit.
    pub resyncs: u64,
    /// Why the rights could not be fetched, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rights_trouble: Option<String>,
    /// Each stream, in the order of their kinds.
    pub streams: Vec<StreamReport>,
}

/// What is known of one stream.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamReport {
    /// The resource, such as `deployments.apps`.
    pub resource: String,
    /// Which part of it; only its sort (`namespace`, `object`) where names are left out.
    pub part: String,
    /// Its state in words.
    pub state: String,
    /// Whether what is shown is confirmed.
    pub is_live: bool,
    /// Rows that it holds.
    pub rows: usize,
    /// Where it is in the proxy's history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// When its rows were last confirmed, in milliseconds since 1970; 0 for never.
    pub as_of_ms: u64,
    /// Failures in a row.
    pub failures: u32,
    /// Rows that this page could not read.
    pub unreadable: u32,
    /// Whether a lease needs it.
    pub is_needed: bool,
}

impl Runtime {
    /// What is known. Names of namespaces and objects only where they are asked for: a bug report needs none.
    pub fn report(&self, with_names: bool, now_ms: u64) -> Report {
        let socket = self.socket.stream_state();
        let stream = |(target, stream): (&Target, &Subscription)| {
            let state = stream.stream_state(&socket);
            StreamReport {
                resource: target.kind.resource().to_string(),
                part: part_words(&target.scope, with_names),
                state: words(&state, now_ms, with_names),
                is_live: state.is_live(),
                rows: stream.rows().list().len(),
                position: stream.position(),
                as_of_ms: stream.as_of_ms(),
                failures: stream.failures(),
                unreadable: stream.unreadable(),
                is_needed: stream.stream().idle_since_ms.is_none(),
            }
        };
        Report {
            connection: words(&socket, now_ms, with_names),
            frames: self.heard.frames,
            bytes: self.heard.bytes,
            resyncs: self.resyncs,
            rights_trouble: self.rights.trouble.as_ref().map(ToString::to_string),
            streams: self.subscriptions.iter().map(stream).collect(),
        }
    }
}

/// A state with its cause. A refusal names a namespace.
fn words(state: &StreamState, now_ms: u64, with_names: bool) -> String {
    let cause = match state {
        StreamState::Reconnecting { cause, .. } | StreamState::Stale { cause, .. } => cause.clone(),
        StreamState::Denied(refusal) if with_names => refusal.to_string(),
        _ => String::new(),
    };
    let words = state.words(now_ms);
    if cause.is_empty() { words } else { format!("{words}: {cause}") }
}

fn part_words(scope: &Scope, with_names: bool) -> String {
    let (sort, name) = match scope {
        Scope::All => ("all", String::new()),
        Scope::Namespace(namespace) => ("namespace", namespace.clone()),
        Scope::Object { name, .. } => ("object", name.clone()),
        Scope::Node { node, .. } => ("node", node.clone()),
        Scope::Workload { name, .. } => ("workload", name.clone()),
        Scope::Labels { selector, .. } => ("labels", selector.clone()),
        Scope::Attention { .. } => ("attention", String::new()),
        Scope::Summary { .. } => ("counts", String::new()),
        Scope::Newest { .. } => ("newest", String::new()),
    };
    let place = scope.namespace().filter(|_| !matches!(scope, Scope::Namespace(_)));
    match (with_names, name.is_empty(), place) {
        (false, ..) | (_, true, _) => sort.into(),
        (true, false, None) => format!("{sort} {name}"),
        (true, false, Some(place)) => format!("{sort} {name} in {place}"),
    }
}
