//! The log protocol, `/ws/logs`: text frames. A frame with key `l` is data; every other frame is control.

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// What a log socket is asked for, as the query of its URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogQuery {
    /// Cluster.
    pub cluster: String,
    /// Namespace.
    pub ns: String,
    /// Pod.
    pub pod: String,
    /// Container.
    pub container: String,
    /// Log of the container's previous run; it does not follow.
    #[serde(default)]
    pub previous: bool,
    /// Lines from the end to begin with; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<u32>,
    /// Only lines younger than this many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_secs: Option<u32>,
    /// Only lines from this instant on (RFC 3339): where a follow goes on after a cut. The API server cuts it to whole seconds; the client skips what it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_time: Option<String>,
}

/// From the proxy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LogFrame {
    /// Lines in the order of the API server.
    Lines {
        /// Lines.
        l: Vec<LogLine>,
    },
    /// Anything else.
    Control(LogControl),
}

/// A line: index of its source, RFC 3339 timestamp with nanoseconds as the API server wrote it, text without the line end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine(pub u32, pub String, pub String);

/// What is no line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "control", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[allow(missing_docs)]
pub enum LogControl {
    /// A source joined: lines name it by this index.
    Source { index: u32, pod: String, container: String },
    /// Everything that was there has been sent; what follows is new.
    CaughtUp,
    /// Lines are missing: how many (where known) and why.
    Gap { count: Option<u64>, reason: String },
    /// A line was longer than [`MAX_LINE`] and was cut.
    Cut { bytes: u64 },
    /// The stream ended.
    Ended { reason: String },
    /// Refused; the socket closes next.
    Refused { refusal: Refusal },
}

/// From the app: credit in bytes. The proxy reads the cluster only while it has credit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogCredit {
    /// Bytes of lines that the app takes on top of what it granted before.
    pub credit: u64,
}

/// Credit that a new socket has without asking, in bytes.
pub const INITIAL_CREDIT: u64 = 1 << 20;
/// Longest line that is passed on, in bytes; the kubelet splits at 16 KiB, so only a runtime of its own kind writes longer ones.
pub const MAX_LINE: usize = 256 * 1024;
/// Longest frame that the proxy accepts, in bytes.
pub const MAX_CLIENT_FRAME: usize = 1024;
