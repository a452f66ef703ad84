//! The browser's WebSocket to `/ws/sync`, on which a Yard is shared, and what drives it: time, and news of network and tab.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use gloo_timers::callback::{Interval, Timeout};
use krateyard_shared::identity::ClusterName;
use krateyard_shared::sync::PROTOCOL;
use leptos::ev;
use leptos::prelude::*;
use web_sys::VisibilityState;

use super::stream_socket::{SocketEvent as Heard, StreamSocket};
use crate::browser::clock::now_ms;
use crate::browser::ids::client_number;
use crate::browser::unsent_memory::UnsentMemory;
use crate::runtime::socket::SocketEvent;
use crate::yard::sync::{Sync, SyncEffect};
use crate::yard::{Persistence, Yard};

/// How often time passes.
const TICK_MS: u32 = 250;
/// What the browser had kept is waited for no longer than this: a Yard without it is better than none.
const KEPT_WITHIN_MS: u32 = 3_000;

#[derive(Default)]
struct Edge {
    socket: Option<StreamSocket>,
    interval: Option<Interval>,
}

/// Shares a Yard of this person until the owner in whose scope this is called is gone. Begins to count what waits once what the browser had kept is there, and to
/// send it once it is `confirmed` whose Yard it is.
pub fn share(yard: Yard, user: &str, cluster: &ClusterName, confirmed: RwSignal<bool>) {
    let edge = Rc::<RefCell<Edge>>::default();
    let begun = RwSignal::new(false);
    let begin = {
        let (edge, cluster, unsent) = (edge.clone(), cluster.clone(), UnsentMemory::new(user, cluster));
        move || {
            if begun.try_get_untracked() != Some(false) {
                return;
            }
            let (at, memory) = (edge.clone(), unsent.clone());
            yard.share(Sync::new(cluster.clone(), client_number()), unsent.recall(), now_ms, move |effect| perform(yard, &at, &memory, effect));
            edge.borrow_mut().interval = Some(Interval::new(TICK_MS, move || yard.sync_event(SocketEvent::Tick)));
            begun.set(true);
        }
    };
    let late = begin.clone();
    let late = Timeout::new(KEPT_WITHIN_MS, late);
    let kept = yard.persistence();
    Effect::new(move |_| {
        if kept.with(|kept| *kept != Persistence::Loading) {
            begin();
        }
    });
    Effect::new(move |_| {
        if confirmed.get() && begun.get() {
            yard.sync_event(SocketEvent::Start);
        }
    });
    let online = window_event_listener(ev::online, move |_| yard.sync_event(SocketEvent::Online));
    let offline = window_event_listener(ev::offline, move |_| yard.sync_event(SocketEvent::Offline));
    let shown = window_event_listener(ev::visibilitychange, move |_| {
        if document().visibility_state() == VisibilityState::Visible {
            yard.sync_event(SocketEvent::Shown);
        }
    });
    let held = StoredValue::new_local(Some((edge, late)));
    on_cleanup(move || {
        online.remove();
        offline.remove();
        shown.remove();
        if let Some(Some((edge, _))) = held.try_update_value(Option::take) {
            // What it holds goes with the next turn: one of it may be what calls this.
            let gone = std::mem::take(&mut *edge.borrow_mut());
            wasm_bindgen_futures::spawn_local(async move { drop(gone) });
        }
    });
}

fn perform(yard: Yard, edge: &Rc<RefCell<Edge>>, unsent: &UnsentMemory, effect: SyncEffect) {
    match effect {
        SyncEffect::Connect { generation } => {
            let socket = StreamSocket::speaking(PROTOCOL, "/ws/sync", move |heard| match heard {
                Heard::Opened => yard.sync_event(SocketEvent::Opened { generation }),
                Heard::Bytes(bytes) => yard.sync_message(generation, &bytes),
                // Under this subprotocol the proxy sends no text.
                Heard::Text(_) => {}
                Heard::Closed { code, reason } => yard.sync_event(SocketEvent::Closed { generation, code, reason }),
            });
            // The one before it, if any, is closed by being dropped.
            edge.borrow_mut().socket = Some(socket);
        }
        SyncEffect::Disconnect => edge.borrow_mut().socket = None,
        SyncEffect::Send { bytes } => {
            if let Some(socket) = &edge.borrow().socket {
                socket.send_bytes(&bytes);
            }
        }
        SyncEffect::Wake { after_ms } => {
            set_timeout(move || yard.sync_event(SocketEvent::Tick), Duration::from_millis(after_ms));
        }
        SyncEffect::Keep(now) => unsent.keep(now),
        // The Yard says it itself.
        SyncEffect::Tell(_) => {}
    }
}
