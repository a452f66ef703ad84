//! Opening without a network: the service worker that keeps the page, and who was here last. What is kept of a person goes when they sign out.

use std::collections::BTreeSet;

use idb::Factory;
use krateyard_shared::api::{ClusterInfo, Session};
use krateyard_shared::identity::ClusterName;
use leptos::prelude::window;
use serde::{Deserialize, Serialize};
use wasm_bindgen_futures::spawn_local;

use super::preferences::{forget_all, recall, remember};
use super::shelf::shelf_name;
use super::storage::database_name;

/// Where the last session is remembered. It opens nothing at the proxy.
const LAST: &str = "krateyard.last";

/// Who was signed in here last, and what they could choose from.
#[derive(Clone, Serialize, Deserialize)]
pub struct LastSession {
    /// Who.
    pub session: Session,
    /// The clusters, as the proxy named them then.
    pub clusters: Vec<ClusterInfo>,
}

/// Lets the browser keep the page. Where it may not (no secure context, private windows of some browsers) the page needs a network, as any other.
pub fn keep_page() {
    let container = window().navigator().service_worker();
    // Undefined where there is none, whatever the type says.
    if !js_sys::Reflect::has(&window().navigator(), &"serviceWorker".into()).unwrap_or(false) {
        return;
    }
    spawn_local(async move {
        let _ = wasm_bindgen_futures::JsFuture::from(container.register("/sw.js")).await;
    });
}

/// Remembers who is signed in.
pub fn remember_session(session: &Session, clusters: &[ClusterInfo]) {
    let last = LastSession { session: session.clone(), clusters: clusters.to_vec() };
    if let Ok(text) = serde_json::to_string(&last) {
        remember(LAST, &text);
    }
}

/// Who was signed in last, if they did not sign out.
pub fn last_session() -> Option<LastSession> {
    serde_json::from_str(&recall(LAST)?).ok()
}

/// Forgets everything that this browser keeps of a person: Yards, what windows showed last, camera, what was opened lately. Choices of looks are the browser's own.
pub fn forget_person(user: &str, clusters: &[ClusterInfo]) {
    let of_person = format!(" {user}@");
    // A cluster that is not there any more may have left something, too.
    let seen = forget_all(|key| key == LAST || key.contains(&of_person));
    let seen = seen.iter().filter_map(|key| key.split_once(&of_person)).map(|(_, cluster)| ClusterName(cluster.into()));
    let all: BTreeSet<ClusterName> = clusters.iter().map(|cluster| cluster.name.clone()).chain(seen).collect();
    let names: Vec<String> = all.iter().flat_map(|cluster| [database_name(user, cluster), shelf_name(user, cluster)]).collect();
    spawn_local(async move {
        let Ok(factory) = Factory::new() else { return };
        for name in names {
            // Waits until the page that is being left has let go of it.
            if let Ok(request) = factory.delete(&name) {
                let _ = request.await;
            }
        }
    });
}
