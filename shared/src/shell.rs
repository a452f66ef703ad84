//! The shell protocol, `/ws/shell`: binary frames; the first byte is the channel.

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// What a shell socket is asked for, as the query of its URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShellQuery {
    /// Cluster.
    pub cluster: String,
    /// Namespace.
    pub ns: String,
    /// Pod.
    pub pod: String,
    /// Container.
    pub container: String,
    /// Columns of the terminal at the start.
    pub cols: u16,
    /// Rows of the terminal at the start.
    pub rows: u16,
    /// A shell that runs already ([`ShellSession::id`]), to go on with; a new one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Bytes of its output that are here: what follows is sent. When absent, all that the proxy still has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
}

/// The first byte of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Channel {
    /// App to proxy: bytes typed.
    Stdin = 0,
    /// Proxy to app: bytes shown.
    Stdout = 1,
    /// Proxy to app: bytes shown. Not used with a terminal, kept for commands without one.
    Stderr = 2,
    /// Proxy to app: [`ShellStatus`] as JSON.
    Status = 3,
    /// App to proxy: [`Size`] as JSON.
    Resize = 4,
    /// App to proxy: [`Credit`] as JSON. The proxy reads the cluster only while it has credit.
    Credit = 5,
    /// Proxy to app: [`ShellSession`] as JSON, once, before everything else.
    Session = 6,
    /// App to proxy: its viewer is done with the shell. A socket that ends without it leaves the shell running for a while.
    End = 7,
}

/// A shell that outlives its socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShellSession {
    /// What it is asked for by. It serves nobody but its own person.
    pub id: String,
    /// The byte of its output, counted from 0, that comes next: later than asked for where the proxy has not kept so much.
    pub position: u64,
    /// Bytes typed that the proxy took, since the shell began: those after them were lost on the way, and are to be sent again.
    pub taken: u64,
}

impl Channel {
    /// The channel of a first byte.
    pub fn of(byte: u8) -> Option<Channel> {
        [Channel::Stdin, Channel::Stdout, Channel::Stderr, Channel::Status, Channel::Resize, Channel::Credit, Channel::Session, Channel::End]
            .into_iter()
            .find(|channel| *channel as u8 == byte)
    }

    /// A frame of this channel.
    pub fn frame(self, payload: &[u8]) -> Vec<u8> {
        let mut frame = Vec::with_capacity(payload.len() + 1);
        frame.push(self as u8);
        frame.extend_from_slice(payload);
        frame
    }
}

/// A terminal's size in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Size {
    pub cols: u16,
    pub rows: u16,
}

/// Bytes of output that the app takes on top of what it granted before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Credit {
    pub credit: u64,
}

/// How a shell does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[allow(missing_docs)]
pub enum ShellStatus {
    /// Running, and which shell: `bash`, `ash` or `sh`.
    Started { shell: String },
    /// Ended by itself; `code` is `None` where the cluster did not say.
    Exited { code: Option<i32>, reason: String },
    /// The image has no shell: which were tried.
    NoShell { tried: Vec<String> },
    /// The connection to the cluster was lost.
    Lost { reason: String },
    /// Refused; the socket closes next.
    Refused { refusal: Refusal },
}

/// Shells in the order in which they are tried.
pub const SHELLS: [&str; 3] = ["bash", "ash", "sh"];
/// Credit that a new socket has without asking, in bytes.
pub const INITIAL_CREDIT: u64 = 256 * 1024;
/// Output that is kept for a viewer who was cut off, in bytes; past that the shell waits.
pub const KEPT: u64 = 2 << 20;
/// Longest frame that the proxy accepts, in bytes; a paste is sent in pieces of at most this.
pub const MAX_CLIENT_FRAME: usize = 64 * 1024;
