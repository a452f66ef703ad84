//! The browser's WebSocket to `/ws/watch`, in the words of the workspace.

use krateyard_shared::watch::BINARY;

use super::stream_socket::{SocketEvent as Heard, StreamSocket};
use crate::runtime::Input;
use crate::runtime::socket::SocketEvent;
use crate::store::Workspace;

/// Opens a socket; what happens to it goes into the workspace under this generation.
pub(super) fn open(workspace: Workspace, generation: u64) -> StreamSocket {
    StreamSocket::speaking(BINARY, "/ws/watch", move |heard| match heard {
        Heard::Opened => workspace.handle(Input::Socket(SocketEvent::Opened { generation })),
        Heard::Bytes(bytes) => workspace.handle(Input::Frame { generation, bytes }),
        // Under this subprotocol the proxy sends no text.
        Heard::Text(_) => {}
        Heard::Closed { code, reason } => workspace.handle(Input::Socket(SocketEvent::Closed { generation, code, reason })),
    })
}
