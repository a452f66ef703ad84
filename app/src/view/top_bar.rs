//! The top bar: which cluster, how it does, the way to find things, whether all is live, and who you are.

use krateyard_shared::api::ClusterInfo;
use krateyard_shared::identity::ClusterName;
use krateyard_shared::kinds::Kind;
use krateyard_shared::scope::Scope;
use leptos::prelude::*;

use super::desk::{Sheet, desk};
use super::parts::{glyph, key, logo, shape, small_glyph, stream_words};
use super::people::Faces;
use super::switcher::Switcher;
use super::sync_word::SyncWord;
use crate::browser::preferences::Theme;
use crate::people::others::initials;
use crate::rows::overview::total;
use crate::stream::StreamState;
use crate::yard::{Collection, Subject};

/// The bar.
#[component]
pub fn TopBar(
    /// Signs out.
    sign_out: Callback<()>,
    /// All clusters, as far as is known.
    known: RwSignal<Vec<ClusterInfo>>,
    /// Whether the proxy has said that it is still this person.
    confirmed: RwSignal<bool>,
    /// Shows another one.
    switch: Callback<ClusterName>,
) -> impl IntoView {
    let desk = desk();
    let menu = RwSignal::new(false);
    let user = desk.user.get_value();
    let (connection, shared) = (desk.workspace.connection(), desk.yard.sync_state());
    view! {
        <nav class="top" aria-label="Krateyard">
            <div>
                {logo()}
                <Switcher current=desk.cluster.get_value() known switch/>
                <span class="sep wide"></span>
                <span class="wide chips"><ClusterCounts/></span>
            </div>
            <div>
                <button class="field find" on:click=move |_| desk.spotlight.set(Some(String::new()))>
                    {small_glyph("search")}<span class="ph cut">"Type to find anything"</span>{key("/")}
                </button>
            </div>
            <div class="right">
                <SyncWord/>
                <button class="state" title="Diagnostics of all streams" on:click=move |_| desk.sheet.set(Some(Sheet::Diagnostics))>
                    {move || {
                        let state = connection.get();
                        if !confirmed.get() {
                            // One word for both, the data and the Yard.
                            let words = move || shared.with(|shared| if shared.changes > 0 { shared.words(0) } else { "offline".into() });
                            return view! { <span class="stream warn" role="status" data-sync="">{shape("st-re")}<span>{words}</span></span> }.into_any();
                        }
                        stream_words(&if state == StreamState::NotStarted { StreamState::Live } else { state }, desk.now_ms.get()).into_any()
                    }}
                </button>
                <Faces/>
                <span class="account">
                    <button class="face me" title=user.clone() aria-haspopup="menu" aria-expanded=move || menu.get().to_string() on:click=move |_| menu.update(|open| *open = !*open)>
                        {initials(&user)}
                    </button>
                    <Show when=move || menu.get()>
                        <div class="menu" role="menu" on:focusout=move |_| ()>
                            <p class="muted">"Signed in as"</p>
                            <p class="mono">{desk.user.get_value()}</p>
                            <button class="btn" role="menuitem" on:click=move |_| {
                                menu.set(false);
                                sign_out.run(());
                            }>"Sign out"</button>
                        </div>
                    </Show>
                </span>
                <span class="sep wide"></span>
                <button class="icon wide" title=move || if desk.theme.get().is_light() { "Dark theme" } else { "Light theme" } on:click=move |_| {
                    desk.theme.set(if desk.theme.get_untracked().is_light() { Theme::Dark } else { Theme::Light });
                }>{glyph("sun")}</button>
                <button class="icon wide" title="Shortcuts (?)" on:click=move |_| desk.sheet.set(Some(Sheet::Help))>{glyph("help")}</button>
            </div>
        </nav>
    }
}

/// How many objects of the cluster are degraded and pending, among those that this person may list.
#[component]
fn ClusterCounts() -> impl IntoView {
    let desk = desk();
    let table = desk.workspace.use_table(&[Kind::Pod, Kind::Deployment, Kind::Node][..], Scope::Summary { namespace: None });
    let counts = Memo::new(move |_| table.with(|table| total(&table.rows)));
    move || {
        let counts = counts.get();
        let chip = |class: &'static str, mark: &'static str, text: String, opens: fn() -> Collection| {
            let open = move |_| desk.open_default(Subject::Collection(opens()), None);
            let label = format!("{text}: {}", opens().title());
            view! { <button class=format!("chip {class}") title="Of pods, deployments and nodes" aria-label=label on:click=open>{shape(mark)}{text}</button> }
        };
        let some = |count: u32, class, mark, word: &str| (count > 0).then(|| chip(class, mark, format!("{count} {word}"), Collection::attention));
        let troubled = counts.bad + counts.warn + counts.pending;
        view! {
            {some(counts.bad, "bad", "st-bad", "degraded")}
            {some(counts.warn, "warn", "st-warn", "warning")}
            {some(counts.pending, "warn", "st-wait", "pending")}
            {(troubled == 0 && counts.all() > 0).then(|| chip("", "st-ok", format!("{} objects well", counts.all()), Collection::overview))}
        }
    }
}
