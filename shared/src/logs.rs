//! The log protocol, `/ws/logs`: one socket for a window, whatever it shows. Text frames; a frame with key `l` is data, every other frame is control.
//!
//! The target is a container, a pod (all its containers), a workload or a selector (all its pods): each container of each pod is a *source*, told by [`LogControl::Source`], and
//! lines name it by its index, which counts for this socket alone. How a source does is told by [`LogControl::State`]: nothing said yet means that it is being opened. The proxy
//! itself comes back to a source whose upstream breaks, exactly where it was; what it cannot prove is a [`LogControl::Gap`].
//!
//! A page that comes back asks with `resume=true` and sends [`LogBegin`] as its first frame: a [`LogCursor`] for each source that it has lines of. Nothing is opened before. A page
//! without lines sends an empty list. Sources are known again by pod, uid and container. With `resume` the socket stays open for runs and pods to come; without it, the log of one
//! container ends with its run (`ended`, then close code 1000), for programs.

mod cursor;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use cursor::{LogCursor, LogSecond, line_hash};

use crate::refusal::Refusal;
use crate::rows::ContainerRole;

/// What a log socket is asked for, as the query of its URL. Exactly one of `pod`, `workload` and `selector`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogQuery {
    /// Cluster.
    pub cluster: String,
    /// Namespace.
    pub ns: String,
    /// Pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// The containers of this name alone; all when absent, init containers and ephemeral ones too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// All pods of a workload, new ones as they come: `apps/v1/Deployment/web`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// All pods that a label selector selects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Log of the container's previous run; it does not follow.
    #[serde(default)]
    pub previous: bool,
    /// Lines from the end of each source to begin with; all when absent. Pods that are made later are told from their beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<u32>,
    /// Only lines younger than this many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_secs: Option<u32>,
    /// Only lines from this instant on (RFC 3339). The API server cuts it to whole seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_time: Option<String>,
    /// The first frame of the page is a [`LogBegin`], and nothing is opened before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resume: bool,
}

/// From the proxy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LogFrame {
    /// Lines, of each source in the order of the API server. Until [`LogControl::CaughtUp`] the sources are merged by time as well as may be, then they come as they arrive.
    Lines {
        /// Lines.
        l: Vec<LogLine>,
    },
    /// Anything else.
    Control(LogControl),
}

/// A line: index of its source, RFC 3339 timestamp with nanoseconds as the API server wrote it, text without the line end. What a node says itself has no timestamp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine(pub u32, pub String, pub String);

/// What is no line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "control", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[allow(missing_docs)]
pub enum LogControl {
    /// A source joined: lines name it by this index.
    Source {
        index: u32,
        pod: String,
        /// Of the pod, where the person may see it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uid: Option<String>,
        container: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<ContainerRole>,
        /// Restarts before the run that is read, where known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<u32>,
    },
    /// How a source does.
    State { index: u32, state: LogSourceState },
    /// Everything that was there has been sent, of all sources; what follows is new. Once for a socket.
    CaughtUp,
    /// In this place lines of a source are missing, or another run begins.
    Gap {
        #[serde(default)]
        index: u32,
        /// How many, where known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<u64>,
        reason: LogGap,
    },
    /// More is selected than may be followed at once: so many sources are left out until others end.
    Limit { refusal: Refusal, left_out: u32 },
    /// The one container of a socket without `resume` ended; the socket closes next.
    Ended { reason: String },
    /// The socket is refused; it closes next.
    Refused { refusal: Refusal },
}

/// How a source does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LogSourceState {
    /// There is no log yet.
    Waiting {
        /// Why: the API server's words, or the container's waiting reason.
        why: String,
    },
    /// Lines come as they are written.
    Live,
    /// Its upstream broke; the proxy comes back to it.
    Reconnecting {
        /// From 1 on.
        attempt: u32,
        /// Why it broke.
        cause: String,
    },
    /// The run ended. Another may follow: then a gap `restarted` comes, and lines.
    Ended {
        /// Exit code, where known.
        code: Option<i32>,
        /// Such as `Completed`, `Error`, `CrashLoopBackOff`.
        reason: String,
    },
    /// The pod is gone, and its log with it.
    Gone,
    /// Refused for this source alone. Where that passes (`Limit`), the proxy asks again by itself.
    Denied {
        /// Why.
        refusal: Refusal,
    },
}

/// Why lines are missing in a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LogGap {
    /// The node began a new file meanwhile; what was written before and not read is lost.
    Rotated,
    /// The container was replaced more than once, or the log of the run before is gone: its rest is lost.
    Replaced,
    /// Nothing is missing: the container ended and was started again.
    Restarted {
        /// Exit code of the run before, where known.
        code: Option<i32>,
        /// Restarts before the run that begins here, where known.
        run: Option<u32>,
    },
    /// Left out here, since the reader was slower than the log; counted.
    Dropped,
    /// Whether lines are missing cannot be told.
    Lost,
    /// Nothing but the end of the line before, which was longer than [`MAX_LINE`].
    Cut {
        /// Bytes that were left out.
        bytes: u64,
    },
}

impl fmt::Display for LogGap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogGap::Rotated => f.write_str("the log was rotated"),
            LogGap::Replaced => f.write_str("the container was replaced"),
            LogGap::Restarted { code: Some(code), .. } => write!(f, "the container restarted after exit code {code}"),
            LogGap::Restarted { code: None, .. } => f.write_str("the container restarted"),
            LogGap::Dropped => f.write_str("left out here"),
            LogGap::Lost => f.write_str("lines may be missing"),
            LogGap::Cut { bytes } => write!(f, "{bytes} more bytes of this line were left out"),
        }
    }
}

/// From the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LogClientFrame {
    /// Credit in bytes. The proxy reads the cluster only while it has credit.
    Credit(LogCredit),
    /// Where to begin; the first frame where the query says `resume`, and none otherwise.
    Begin {
        /// Where.
        begin: LogBegin,
    },
}

/// Credit in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogCredit {
    /// Bytes of lines that the app takes on top of what it granted before. A line costs the bytes of its timestamp and text, and 1.
    pub credit: u64,
}

/// Where a page goes on: what it has of each source. Empty: from the beginning, as the query says. Pods that were made after the youngest line of these joined meanwhile, and are told from their beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogBegin {
    /// One for each source.
    pub cursors: Vec<LogCursor>,
}

/// Credit that a new socket has without asking, in bytes.
pub const INITIAL_CREDIT: u64 = 1 << 20;
/// Longest line that is passed on, in bytes; the kubelet splits at 16 KiB, so only a runtime of its own kind writes longer ones.
pub const MAX_LINE: usize = 256 * 1024;
/// Longest frame that the proxy accepts, in bytes: cursors of a thousand sources.
pub const MAX_CLIENT_FRAME: usize = 512 * 1024;
