//! A browser's WebSocket (rows, a log, a shell): closed when dropped, and silent from then on.

use std::rc::Rc;

use leptos::prelude::window;
use serde::Serialize;
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

/// What happens to a socket.
pub(super) enum SocketEvent {
    Opened,
    Text(String),
    Bytes(Vec<u8>),
    Closed { code: u16, reason: String },
}

/// Where there is no close frame (RFC 6455, 7.1.5).
const NO_CLOSE_FRAME: u16 = 1006;

pub(super) struct StreamSocket {
    socket: Option<WebSocket>,
    listeners: Option<Listeners>,
}

type Listeners = (Closure<dyn FnMut()>, Closure<dyn FnMut(MessageEvent)>, Closure<dyn FnMut(CloseEvent)>);

impl StreamSocket {
    /// Opens a socket to a path of this origin, with the fields of `query` as its query.
    pub(super) fn open(path: &str, query: &impl Serialize, tell: impl Fn(SocketEvent) + 'static) -> StreamSocket {
        StreamSocket::over(WebSocket::new(&format!("{}?{}", url(path), query_text(query))).ok(), tell)
    }

    /// Opens a socket to a path of this origin that speaks a subprotocol.
    pub(super) fn speaking(protocol: &str, path: &str, tell: impl Fn(SocketEvent) + 'static) -> StreamSocket {
        StreamSocket::over(WebSocket::new_with_str(&url(path), protocol).ok(), tell)
    }

    fn over(socket: Option<WebSocket>, tell: impl Fn(SocketEvent) + 'static) -> StreamSocket {
        let tell = Rc::new(tell);
        let opened = tell.clone();
        let on_open = Closure::<dyn FnMut()>::new(move || opened(SocketEvent::Opened));
        let heard = tell.clone();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let data = message.data();
            if let Some(text) = data.as_string() {
                heard(SocketEvent::Text(text));
            } else if let Ok(buffer) = data.dyn_into::<js_sys::ArrayBuffer>() {
                heard(SocketEvent::Bytes(js_sys::Uint8Array::new(&buffer).to_vec()));
            }
        });
        let closed = tell.clone();
        let on_close =
            Closure::<dyn FnMut(CloseEvent)>::new(move |close: CloseEvent| closed(SocketEvent::Closed { code: close.code(), reason: close.reason() }));
        match &socket {
            Some(socket) => {
                socket.set_binary_type(BinaryType::Arraybuffer);
                socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
                socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
                socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
            }
            // Refused before it began (a page that is being left). Told from a fresh turn: whoever opens it is in the middle of a step.
            None => wasm_bindgen_futures::spawn_local(async move { tell(SocketEvent::Closed { code: NO_CLOSE_FRAME, reason: String::new() }) }),
        }
        StreamSocket { socket, listeners: Some((on_open, on_message, on_close)) }
    }

    /// Sends a binary frame; what can not be sent is told by the close that follows.
    pub(super) fn send_bytes(&self, bytes: &[u8]) {
        if let Some(socket) = &self.socket {
            let _ = socket.send_with_u8_array(bytes);
        }
    }

    /// Sends a text frame.
    pub(super) fn send_text(&self, text: &str) {
        if let Some(socket) = &self.socket {
            let _ = socket.send_with_str(text);
        }
    }
}

impl Drop for StreamSocket {
    fn drop(&mut self) {
        if let Some(socket) = &self.socket {
            socket.set_onopen(None);
            socket.set_onmessage(None);
            socket.set_onclose(None);
            let _ = socket.close();
        }
        // One of them may be what calls this: they go with the next turn.
        let listeners = self.listeners.take();
        wasm_bindgen_futures::spawn_local(async move { drop(listeners) });
    }
}

fn url(path: &str) -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|protocol| protocol == "https:") { "wss" } else { "ws" };
    format!("{scheme}://{}{path}", location.host().unwrap_or_default())
}

fn query_text(query: &impl Serialize) -> String {
    match serde_json::to_value(query) {
        Ok(serde_json::Value::Object(fields)) => fields.iter().map(|(key, value)| pair(key, value)).collect::<Vec<_>>().join("&"),
        _ => String::new(),
    }
}

fn pair(key: &str, value: &serde_json::Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    format!("{key}={}", js_sys::encode_uri_component(&text))
}
