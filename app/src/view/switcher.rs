//! Which cluster the page shows, and the way to another one.

use krateyard_shared::api::ClusterInfo;
use krateyard_shared::identity::ClusterName;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::{ev, html};

use super::parts::{shape, small_glyph};
use crate::browser::dom;
use crate::connection::rest;

/// The cluster's name; where there are several, a button with a menu of them.
#[component]
pub fn Switcher(
    /// The one that is shown.
    current: ClusterName,
    /// All of them, as far as is known.
    known: RwSignal<Vec<ClusterInfo>>,
    /// Shows another one.
    switch: Callback<ClusterName>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let shown = current.clone();
    let is_alone = Memo::new(move |_| known.with(|known| known.iter().all(|info| info.name == shown)));
    let (button, menu) = (NodeRef::<html::Button>::new(), NodeRef::<html::Div>::new());
    let close = move |back: bool| {
        open.set(false);
        if let Some(button) = button.get_untracked().filter(|_| back) {
            dom::focus(&button);
        }
    };
    let toggle = move |_| {
        open.update(|open| *open = !*open);
        // How each does is asked for when somebody looks; on a laptop that contacts none of them.
        ask(known);
    };
    Effect::new(move |_| {
        if let Some(menu) = menu.get() {
            dom::focus_first(&menu);
        }
    });
    let elsewhere = window_event_listener(ev::pointerdown, move |event| {
        if open.get_untracked() && !dom::is_of_menu(event.target()) {
            close(false);
        }
    });
    on_cleanup(move || elsewhere.remove());
    let keys = move |event: ev::KeyboardEvent| {
        let step = match event.key().as_str() {
            "Escape" => {
                event.stop_propagation();
                return close(true);
            }
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        if let Some(menu) = menu.get_untracked() {
            dom::focus_step(&menu, step);
        }
    };
    let name = current.clone();
    let item = move |info: ClusterInfo| {
        let (mark, class, words) = words(&info);
        let is_current = info.name == name;
        let to = info.name.clone();
        view! {
            <button class="btn" role="menuitemradio" aria-checked=is_current.to_string() title=info.problem on:click=move |_| {
                if is_current { close(true) } else { switch.run(to.clone()) }
            }>
                <span class=format!("status {class}")>{shape(mark)}</span>
                <span class="mono cut">{info.name.0}</span>
                <span class="muted">{words}</span>
            </button>
        }
    };
    let (own, alone) = (current.0.clone(), current.0);
    view! {
        <Show when=move || is_alone.get()><span class="cluster">{alone.clone()}</span></Show>
        <span class="account" hidden=move || is_alone.get()>
            <button node_ref=button class="cluster" title="Another cluster" aria-haspopup="menu" aria-expanded=move || open.get().to_string() on:click=toggle>
                <span class="cut">{own}</span>{small_glyph("down")}
            </button>
            <Show when=move || open.get()>
                <div node_ref=menu class="menu pop clusters scrolls" role="menu" aria-label="Clusters" on:keydown=keys
                    on:focusout=move |event: ev::FocusEvent| if event.related_target().is_some_and(|to| !dom::is_of_menu(Some(to))) { close(false) }>
                    {
                        let item = item.clone();
                        move || known.get().into_iter().map(&item).collect_view()
                    }
                </div>
            </Show>
        </span>
    }
}

/// Asks anew which clusters there are, and how each does.
pub(super) fn ask(known: RwSignal<Vec<ClusterInfo>>) {
    spawn_local(async move {
        if let Ok(now) = rest::clusters().await {
            known.try_set(now.clusters);
        }
    });
}

/// Mark, its colour and a word on how a cluster does.
pub(super) fn words(info: &ClusterInfo) -> (&'static str, &'static str, String) {
    match (info.opened, info.reachable) {
        (false, _) => ("st-wait", "muted", String::new()),
        (true, true) => ("st-ok", "ok", info.version.clone()),
        (true, false) if info.refused => ("st-bad", "bad", "refuses the credentials".into()),
        (true, false) => ("st-bad", "bad", "does not answer".into()),
    }
}
