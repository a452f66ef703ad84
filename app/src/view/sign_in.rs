//! Sign in with a Kubernetes bearer token. The token goes to the proxy once and is kept nowhere in the browser.

use krateyard_shared::api::{About, Session};
use krateyard_shared::refusal::Refusal;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::parts::{glyph, logo, sentence_case, shape};
use crate::connection::rest;
use crate::store::Failure;

/// The sign-in page.
#[component]
pub fn SignIn(
    /// Called with who has signed in.
    signed_in: Callback<Session>,
    /// Why the last session ended, when it did.
    ended: Option<String>,
) -> impl IntoView {
    let about = RwSignal::new(None::<About>);
    let (token, shown, asking) = (RwSignal::new(String::new()), RwSignal::new(false), RwSignal::new(false));
    let problem = RwSignal::new(ended);
    spawn_local(async move { about.set(rest::about().await.ok()) });
    let sign_in = move || {
        let text = token.get_untracked().trim().to_owned();
        if text.is_empty() || asking.get_untracked() {
            problem.set(Some("Paste a bearer token first.".into()));
            return;
        }
        asking.set(true);
        spawn_local(async move {
            match rest::sign_in(&text).await {
                Ok(session) => {
                    token.set(String::new());
                    signed_in.run(session);
                }
                Err(Failure::Refused(Refusal::Unauthenticated)) => problem.set(Some("The cluster does not accept this token.".into())),
                Err(failure) => problem.set(Some(sentence_case(&failure.to_string()))),
            }
            asking.set(false);
        });
    };
    let by_link = Memo::new(move |_| about.with(|about| about.as_ref().is_some_and(|about| about.by_link)));
    let cluster = move || about.with(|about| about.as_ref().map(|a| a.cluster.0.clone()));
    view! {
        <main class="canvas signin">
            <div class="grid"></div>
            <div class="plots" aria-hidden="true"><i class="ns4"></i><i class="ns7"></i><i class="ns1"></i><i class="ns10"></i></div>
            <Show when=move || by_link.get()>
                <div class="sheet">
                    <h1 class="brand">{logo()}"Krateyard"</h1>
                    <p class="last">"Open the link that is printed in the terminal where " <b class="mono">"krateyard"</b>
                        " runs. Each link opens this page once; Enter in the terminal prints another one."</p>
                </div>
            </Show>
            <form class="sheet" hidden=move || by_link.get() on:submit=move |event| { event.prevent_default(); sign_in(); }>
                <h1 class="brand">{logo()}"Krateyard"</h1>
                <p>"Sign in to " <b class="mono">{move || cluster().unwrap_or_else(|| "the cluster".into())}</b>
                    ". You see and do what your own cluster rights allow, nothing more."</p>
                <label for="token">"Bearer token"</label>
                <div class="field">
                    <input id="token" class="mono grow" autocomplete="off" spellcheck="false" autofocus
                        type=move || if shown.get() { "text" } else { "password" }
                        aria-invalid=move || problem.with(Option::is_some).to_string() aria-describedby="token-note"
                        prop:value=token on:input=move |event| { token.set(event_target_value(&event)); problem.set(None); } />
                    <button type="button" class="icon" title="Show the token" aria-pressed=move || shown.get().to_string() on:click=move |_| shown.update(|s| *s = !*s)>
                        {glyph("eye")}
                    </button>
                </div>
                {move || match problem.get() {
                    Some(problem) => view! { <small id="token-note" class="bad" role="alert">{problem}</small> }.into_any(),
                    None => view! { <small id="token-note">"Kept for this session only, and never written to disk in the browser."</small> }.into_any(),
                }}
                <button type="submit" class="btn primary large full" disabled=move || asking.get()>
                    {move || if asking.get() { "Asking the cluster" } else { "Sign in with token" }}
                </button>
                <div class="meta">
                    <span>{move || about.with(|a| a.as_ref().filter(|a| !a.kubernetes.is_empty()).map(|a| format!("Kubernetes {}", a.kubernetes.trim_start_matches('v'))))}</span>
                    {move || about.get().map(|about| if about.reachable {
                        view! { <span class="status ok">{shape("st-ok")}<span class="muted">"cluster reachable"</span></span> }.into_any()
                    } else {
                        view! { <span class="status bad">{shape("st-bad")}<span>"cluster does not answer"</span></span> }.into_any()
                    })}
                </div>
            </form>
        </main>
    }
}
