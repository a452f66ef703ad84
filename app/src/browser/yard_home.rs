//! A Yard in this browser: kept, and shared with the other tabs.

use std::rc::Rc;

use krateyard_shared::identity::ClusterName;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::VisibilityState;

use super::ids::{client_number, new_id};
use super::storage::{IndexedVault, database_name};
use super::tabs::join_tabs;
use crate::yard::Yard;
use crate::yard::persist::Keeper;

/// The Yard of a person and a cluster, as this browser last had it: what was kept arrives within a moment ([`Yard::persistence`] says `Loading` until then).
/// Lives as long as the owner in whose scope this is called.
pub fn open_yard(user: &str, cluster: &ClusterName) -> Yard {
    let yard = Yard::new(client_number(), new_id);
    let name = database_name(user, cluster);
    let keeper = Keeper::new(yard);
    join_tabs(yard, &name);
    let vault = IndexedVault::new(name);
    let (waiting, resting, hurried) = (Rc::new(keeper.waiting()), keeper.resting(), Rc::new(vault.hurried()));
    let (last, leave) = (waiting.clone(), hurried.clone());
    let left = window_event_listener(ev::pagehide, move |_| leave(&[last(), resting()].concat()));
    // Brought back as it was left it would write under numbers that another page may have by now.
    let back = window_event_listener(ev::pageshow, move |event| {
        if event.persisted() {
            let _ = window().location().reload();
        }
    });
    // On a phone this is the last that a page hears.
    let hidden = window_event_listener(ev::visibilitychange, move |_| {
        if document().visibility_state() == VisibilityState::Hidden {
            hurried(&waiting());
        }
    });
    on_cleanup(move || {
        left.remove();
        back.remove();
        hidden.remove();
    });
    spawn_local(keeper.run(vault));
    yard
}
