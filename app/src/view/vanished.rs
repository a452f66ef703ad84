//! What is said over the page when the proxy does not serve its cluster any more, and the way to another one.

use krateyard_shared::api::ClusterInfo;
use krateyard_shared::identity::ClusterName;
use leptos::html;
use leptos::prelude::*;

use super::desk::desk;
use super::parts::shape;
use super::switcher::words;
use crate::browser::dom;

/// The sheet.
#[component]
pub fn Vanished(
    /// All clusters, as far as is known.
    known: RwSignal<Vec<ClusterInfo>>,
    /// Shows another one.
    switch: Callback<ClusterName>,
) -> impl IntoView {
    let own = desk().cluster.get_value();
    let title = format!("{own} was removed");
    let others = Memo::new(move |_| known.with(|known| known.iter().filter(|info| info.name != own).cloned().collect::<Vec<_>>()));
    let list = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(list) = list.get().filter(|_| others.with(|others| !others.is_empty())) {
            dom::focus_first(&list);
        }
    });
    let way = move |info: ClusterInfo| {
        let ((mark, class, words), to) = (words(&info), info.name.clone());
        view! {
            <button class="btn" title=info.problem on:click=move |_| switch.run(to.clone())>
                <span class=format!("status {class}")>{shape(mark)}</span>
                <span class="mono cut">{info.name.0}</span>
                <span class="muted">{words}</span>
            </button>
        }
    };
    view! {
        <div class="veil"></div>
        <div class="sheet" role="alertdialog" aria-modal="true" aria-label=title.clone()>
            <h1 class="brand"><span class="cut">{title.clone()}</span></h1>
            <p>"It is not among Krateyard's clusters any more. What you see is as it last was. When it is added again, this page goes on by itself."</p>
            <div node_ref=list class="others">
                <p class="muted">{move || if others.with(Vec::is_empty) { "There is no other cluster to show." } else { "Show another cluster:" }}</p>
                {move || others.get().into_iter().map(way).collect_view()}
            </div>
        </div>
    }
}
