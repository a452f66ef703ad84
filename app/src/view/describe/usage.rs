//! Asks for what a pod or a node uses, as long as somebody looks.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Described;
use crate::browser::screen;
use crate::connection::rest;
use crate::describe::{Use, use_source};

/// metrics-server measures this often; more often shows nothing new.
const EVERY_MS: u64 = 15_000;
/// What is off stays off for a while: every how many times it is asked for all the same.
const SELDOM: u64 = 8;

/// What is known of the use of what is described; `None` for what is not measured, and until the first answer. A window out of sight is not mounted; a tab out
/// of sight does not ask.
pub(super) fn polled(this: Described) -> RwSignal<Option<Use>> {
    let known = RwSignal::new(None::<Use>);
    let Some(source) = this.about.with_value(use_source) else { return known };
    let may = this.desk.workspace.may(source.right.clone());
    let opened_ms = this.desk.now_ms.get_untracked();
    let beat = Memo::new(move |_| this.desk.now_ms.get().saturating_sub(opened_ms) / EVERY_MS);
    let asking = StoredValue::new(false);
    Effect::new(move |_| {
        let (beat, may) = (beat.get(), may.get());
        let is_off = known.with_untracked(|known| matches!(known, Some(Use::Off(off)) if !off.is_passing()));
        let is_served = known.with_untracked(|known| matches!(known, Some(Use::Measured(_))));
        let (Some(is_allowed), false) = (may, asking.get_value()) else { return };
        if !screen::is_visible() || (is_off && !beat.is_multiple_of(SELDOM)) {
            return;
        }
        asking.set_value(true);
        let (cluster, source) = (this.about.with_value(|about| about.cluster.clone()), source.clone());
        spawn_local(async move {
            let answer = rest::usage(&cluster, &source, is_allowed, is_served).await;
            // The window may be gone by now.
            asking.try_set_value(false);
            known.try_set(Some(answer));
        });
    });
    known
}
