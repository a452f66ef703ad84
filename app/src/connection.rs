//! The edge to the proxy: the watch socket, the REST API, and the browser's clock, frames and network events. What it hears goes into the workspace; what the
//! workspace wants done is done here. The thinking is in [`crate::runtime`].

pub mod logs;
mod pump;
pub mod rest;
pub mod shell;
mod stream_socket;
pub mod sync_socket;
mod watch_socket;

use krateyard_shared::identity::ClusterName;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::browser::clock::now_ms;
use crate::runtime::{Effect, Input};
use crate::store::{Command, Workspace};
use stream_socket::StreamSocket;

/// What a workspace's edge holds: gone with the owner that made it.
#[derive(Default)]
struct Edge {
    workspace: Option<Workspace>,
    socket: Option<StreamSocket>,
}

type EdgeHandle = StoredValue<Edge, LocalStorage>;

/// A workspace of a cluster, connected and running. For somebody who is signed in; call it once, in the owner that lives as long as the page (or as long as
/// the person is signed in). Nothing is asked for before it is `confirmed` who it is.
pub fn start(cluster: ClusterName, confirmed: RwSignal<bool>) -> Workspace {
    let edge: EdgeHandle = StoredValue::new_local(Edge::default());
    let workspace = Workspace::new(cluster, move |effect| perform(edge, effect), now_ms);
    edge.update_value(|edge| edge.workspace = Some(workspace));
    pump::start(workspace);
    leptos::prelude::Effect::new(move |was: Option<bool>| {
        let now = confirmed.get();
        if now && was != Some(true) {
            workspace.command(Command::Start);
        }
        now || was == Some(true)
    });
    workspace
}

fn perform(edge: EdgeHandle, effect: Effect) {
    let Some(workspace) = edge.try_with_value(|edge| edge.workspace).flatten() else { return };
    match effect {
        Effect::Connect { generation } => {
            let socket = watch_socket::open(workspace, generation);
            // The one before it, if any, is closed by being dropped.
            edge.try_update_value(|edge| edge.socket = Some(socket));
        }
        Effect::Disconnect => {
            edge.try_update_value(|edge| edge.socket = None);
        }
        Effect::Send { bytes } => {
            edge.try_with_value(|edge| {
                if let Some(socket) = &edge.socket {
                    socket.send_bytes(&bytes);
                }
            });
        }
        Effect::FetchAccess => spawn_local(async move {
            let answer = rest::access(&workspace.cluster()).await;
            workspace.handle(Input::Access(answer));
        }),
        Effect::AskMay { questions } => spawn_local(async move {
            let answers = rest::may(&workspace.cluster(), &questions).await;
            workspace.may_answered(&questions, answers.ok().as_ref().map(|answers| answers.allowed.as_slice()));
        }),
        Effect::SignOut => spawn_local(async move {
            // Signed out here in any case; a session that the proxy did not hear of ends by itself.
            let _ = rest::sign_out().await;
        }),
    }
}
