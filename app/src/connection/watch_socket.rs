//! The browser's WebSocket to `/ws/watch`.

use krateyard_shared::watch::BINARY;
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use crate::runtime::Input;
use crate::runtime::socket::SocketEvent;
use crate::store::Workspace;

/// Where there is no close frame (RFC 6455, 7.1.5).
const NO_CLOSE_FRAME: u16 = 1006;

/// An open (or opening) socket; closed when dropped, and silent from then on.
pub(super) struct WatchSocket {
    socket: Option<WebSocket>,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl WatchSocket {
    /// Opens a socket; what happens to it goes into the workspace under this generation.
    pub(super) fn open(workspace: Workspace, generation: u64) -> WatchSocket {
        let tell = move |event| workspace.handle(Input::Socket(event));
        let on_open = Closure::<dyn FnMut()>::new(move || tell(SocketEvent::Opened { generation }));
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            if let Ok(buffer) = message.data().dyn_into::<js_sys::ArrayBuffer>() {
                workspace.handle(Input::Frame { generation, bytes: js_sys::Uint8Array::new(&buffer).to_vec() });
            }
        });
        let on_close = Closure::<dyn FnMut(CloseEvent)>::new(move |close: CloseEvent| {
            tell(SocketEvent::Closed { generation, code: close.code(), reason: close.reason() })
        });
        let socket = WebSocket::new_with_str(&url(), BINARY).ok();
        match &socket {
            Some(socket) => {
                socket.set_binary_type(BinaryType::Arraybuffer);
                socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
                socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
                socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
            }
            // Refused before it began (a page that is being left, a policy). Told from a fresh turn: the workspace is in the middle of a step here.
            None => {
                let closed = SocketEvent::Closed { generation, code: NO_CLOSE_FRAME, reason: String::new() };
                wasm_bindgen_futures::spawn_local(async move { tell(closed) });
            }
        }
        WatchSocket { socket, _on_open: on_open, _on_message: on_message, _on_close: on_close }
    }

    /// Sends one binary frame; what cannot be sent is told by the close that follows.
    pub(super) fn send(&self, bytes: &[u8]) {
        if let Some(socket) = &self.socket {
            let _ = socket.send_with_u8_array(bytes);
        }
    }
}

impl Drop for WatchSocket {
    fn drop(&mut self) {
        if let Some(socket) = &self.socket {
            socket.set_onopen(None);
            socket.set_onmessage(None);
            socket.set_onclose(None);
            let _ = socket.close();
        }
    }
}

fn url() -> String {
    let location = leptos::prelude::window().location();
    let scheme = if location.protocol().is_ok_and(|protocol| protocol == "https:") { "wss" } else { "ws" };
    format!("{scheme}://{}/ws/watch", location.host().unwrap_or_default())
}
