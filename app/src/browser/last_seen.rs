//! What windows showed last, kept in this browser, and shown again when the page opens without a network.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use gloo_timers::callback::Interval;
use krateyard_shared::api::Access;
use krateyard_shared::identity::ClusterName;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::VisibilityState;

use super::clock::now_ms;
use super::shelf::IndexedShelf;
use crate::kept::keeper::Keeper;
use crate::kept::recall::{Recalled, put_access};
use crate::kept::shelf::{Change, Shelf, keep};
use crate::store::Workspace;

/// How often time passes for it: a slice each.
const TICK_MS: u32 = 250;

/// The keeping of what was seen.
#[derive(Clone, Copy)]
pub struct LastSeen {
    /// Why it is not kept, if so.
    pub trouble: RwSignal<Option<String>>,
    shelf: StoredValue<IndexedShelf, LocalStorage>,
}

#[derive(Default)]
struct State {
    keeper: Keeper,
    access: Option<Arc<Access>>,
}

impl LastSeen {
    /// Shows what was kept, and keeps what is shown, until the owner in whose scope this is called is gone.
    pub fn begin(workspace: Workspace, user: &str, cluster: &ClusterName) -> LastSeen {
        let shelf = IndexedShelf::new(user, cluster);
        let (trouble, state) = (RwSignal::new(None), Rc::<RefCell<State>>::default());
        let (at, finds) = (shelf.clone(), state.clone());
        spawn_local(async move { recall(workspace, at, &finds, trouble).await });
        let (at, writes) = (shelf.clone(), state.clone());
        let interval = StoredValue::new_local(Some(Interval::new(TICK_MS, move || {
            let changes = writes.borrow_mut().tick(workspace);
            if changes.is_empty() {
                return;
            }
            let (mut at, writes) = (at.clone(), writes.clone());
            spawn_local(async move {
                let written = keep(&mut at, &changes, now_ms()).await;
                writes.borrow_mut().keeper.wrote(&changes, written.is_ok(), now_ms());
                trouble.try_set(written.err().map(|error| error.to_string()));
            });
        })));
        let at = shelf.clone();
        let leave = Rc::new(move || at.hurry(&workspace.keep_all(&mut state.borrow_mut().keeper)));
        let leaves = leave.clone();
        let left = window_event_listener(ev::pagehide, move |_| leaves());
        // On a phone this is the last that a page hears.
        let hidden = window_event_listener(ev::visibilitychange, move |_| {
            if document().visibility_state() == VisibilityState::Hidden {
                leave();
            }
        });
        let seen = LastSeen { trouble, shelf: StoredValue::new_local(shelf) };
        on_cleanup(move || {
            left.remove();
            hidden.remove();
            interval.try_update_value(Option::take);
            seen.end();
        });
        seen
    }

    /// Nothing is kept from now on: the person leaves.
    pub fn end(&self) {
        self.shelf.try_with_value(IndexedShelf::end);
    }
}

impl State {
    fn tick(&mut self, workspace: Workspace) -> Vec<Change> {
        let mut changes = workspace.keep(&mut self.keeper);
        // What may be read goes with what was read.
        if !changes.is_empty()
            && let Some(access) = workspace.confirmed_access().filter(|access| self.access.as_ref().is_none_or(|known| !Arc::ptr_eq(known, access)))
        {
            changes.extend(put_access(&access, now_ms()));
            self.access = Some(access);
        }
        changes
    }
}

async fn recall(workspace: Workspace, mut shelf: IndexedShelf, state: &RefCell<State>, trouble: RwSignal<Option<String>>) {
    match shelf.load().await {
        Ok(entries) => {
            let Recalled { access, records, unreadable } = Recalled::of(entries);
            state.borrow_mut().keeper.found(records.iter().map(|(record, _)| record.target.clone()));
            if let Some(access) = access {
                workspace.recall(access, records);
            }
            if !unreadable.is_empty() {
                let _ = keep(&mut shelf, &unreadable, now_ms()).await;
            }
        }
        Err(error) => drop(trouble.try_set(Some(error.to_string()))),
    }
}
