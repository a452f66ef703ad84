//! The small parts that everything on screen is made of: glyphs, status words, tags, keys, and what a window says in the place of data.

use krateyard_shared::domain::Domain;
use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::status::{Health, Status};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser::clipboard;
use crate::canvas::namespace_hue::namespace_hue;
use crate::stream::StreamState;

/// A glyph of the sprite in index.html, 14 px, in the text colour.
pub fn glyph(id: &'static str) -> impl IntoView {
    view! { <svg class="g" aria-hidden="true"><use_ href=format!("#{id}")></use_></svg> }
}

/// The same in 12 px, for dense places.
pub fn small_glyph(id: &'static str) -> impl IntoView {
    view! { <svg class="g s" aria-hidden="true"><use_ href=format!("#{id}")></use_></svg> }
}

/// A status shape of the sprite, 10 px.
pub fn shape(id: &'static str) -> impl IntoView {
    view! { <svg class="st" aria-hidden="true"><use_ href=format!("#{id}")></use_></svg> }
}

/// The mark: a dashed box with a K.
pub fn logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 20 20" aria-hidden="true">
            <rect class="box" x="1.5" y="1.5" width="17" height="17" rx="4.5"></rect>
            <path d="M7 5.5v9M13.5 5.5 7.2 10.6l6.3 3.9"></path>
        </svg>
    }
}

/// The glyph of a kind; `None` is everything of a namespace.
pub fn kind_glyph(kind: Option<Kind>) -> &'static str {
    match kind {
        Some(Kind::Pod) => "pod",
        Some(Kind::Deployment | Kind::ReplicaSet) => "deploy",
        Some(Kind::StatefulSet) => "sts",
        Some(Kind::DaemonSet) => "ds",
        Some(Kind::Job) => "job",
        Some(Kind::CronJob) => "cron",
        Some(Kind::ReplicationController | Kind::ControllerRevision | Kind::PodTemplate | Kind::HorizontalPodAutoscaler) => "deploy",
        Some(Kind::ConfigMap) => "cm",
        Some(Kind::Secret) => "secret",
        Some(Kind::HelmRelease) => "deploy",
        Some(Kind::Ingress | Kind::IngressClass | Kind::NetworkPolicy) => "ing",
        Some(Kind::EndpointSlice | Kind::Endpoints | Kind::IPAddress | Kind::ServiceCIDR) => "svc",
        Some(kind) if matches!(Domain::of_kind(kind), Domain::Storage) => "pvc",
        Some(kind) if matches!(Domain::of_kind(kind), Domain::Rbac) => "people",
        Some(Kind::Service) => "svc",
        Some(Kind::Node) => "node",
        Some(Kind::Event) => "event",
        Some(Kind::Namespace) | None => "ns",
        Some(_) => "crd",
    }
}

/// The class that carries a namespace's hue; `None` is cluster-wide and has none.
pub fn hue(namespace: Option<&str>) -> String {
    namespace.map_or_else(|| "nsall".into(), |namespace| format!("ns{}", namespace_hue(namespace)))
}

/// Class and shape of a health.
pub fn health_marks(health: Health) -> (&'static str, &'static str) {
    match health {
        Health::Bad => ("bad", "st-bad"),
        Health::Warn => ("warn", "st-warn"),
        Health::Pending => ("warn", "st-wait"),
        Health::Ok => ("ok", "st-ok"),
        Health::Ended => ("gone", "st-gone"),
        Health::Stopped => ("gone", "st-stop"),
    }
}

/// A status: shape, word, and why in the tooltip.
pub fn status_word(status: &Status) -> impl IntoView + use<> {
    let (class, mark) = health_marks(status.health);
    let (word, why) = (status.word.clone(), status.why.clone());
    view! { <span class=format!("status {class}") title=why>{shape(mark)}<span>{word}</span></span> }
}

/// A namespace's tag; `None` reads `every namespace` or, for a cluster-scoped object, `cluster`.
pub fn tag(namespace: Option<&str>, otherwise: &str) -> impl IntoView + use<> {
    let class = format!("tag {}", hue(namespace));
    view! { <span class=class>{cut_name(namespace.unwrap_or(otherwise))}</span> }
}

/// A key cap.
pub fn key(cap: impl Into<String>) -> impl IntoView {
    view! { <kbd class="key">{cap.into()}</kbd> }
}

/// A stream's state: shape and words.
pub fn stream_words(state: &StreamState, now_ms: u64) -> impl IntoView + use<> {
    let (class, mark) = match state {
        StreamState::Live | StreamState::LiveAs(_) => ("stream live", "st-ok"),
        StreamState::Behind { .. } => ("stream warn", "st-wait"),
        StreamState::Connecting { .. } => ("stream trying", "st-re"),
        StreamState::Reconnecting { .. } => ("stream warn trying", "st-re"),
        StreamState::Stale { .. } => ("stream warn", "st-re"),
        StreamState::Ended { code: Some(0) | None, .. } => ("stream", "st-gone"),
        StreamState::Ended { .. } => ("stream bad", "st-stop"),
        StreamState::Denied(_) | StreamState::Gone => ("stream", "st-stop"),
        StreamState::NotStarted => ("stream", "st-gone"),
    };
    let words = state.words(now_ms);
    view! { <span class=class role="status">{shape(mark)}<span>{words}</span></span> }
}

/// What a window says where its data would be: a title, sentences, and at most two actions.
pub fn say(mark: Option<&'static str>, title: String, sentence: String, need: Option<String>, actions: AnyView) -> impl IntoView {
    view! {
        <div class="say">
            <h3>{mark.map(glyph)}{title}</h3>
            <p>{sentence}</p>
            {need.map(|need| view! { <div class="need">{need}</div> })}
            <div class="acts">{actions}</div>
        </div>
    }
}

/// What a window says that opened without a network, and of which nothing was kept.
pub fn say_unkept(what: String) -> impl IntoView {
    say(None, "Not kept".into(), format!("This browser has kept nothing of {what}. It appears once Krateyard answers."), None, ().into_any())
}

/// A refusal in the place of data, with what is missing and a way to ask again.
pub fn say_refusal(refusal: &Refusal, again: Callback<()>) -> impl IntoView + use<> {
    let need = missing_right(refusal);
    let (title, mark) = match refusal {
        Refusal::Forbidden { .. } | Refusal::ProxyForbidden { .. } => ("No access", "lock"),
        Refusal::NotFound { .. } | Refusal::Gone { .. } => ("Gone", "ns"),
        Refusal::Unauthenticated | Refusal::Expired => ("Signed out", "lock"),
        _ => ("Not available", "help"),
    };
    let sentence = sentence_case(&refusal.to_string());
    let copied = need.clone();
    let actions = view! {
        {copied.map(|text| view! {
            <button class="btn" on:click=move |_| copy(format!("Please grant me: {text}"))>{small_glyph("copy")}"Copy request"</button>
        })}
        <button class="btn quiet" on:click=move |_| again.run(())>"Check again"</button>
    };
    say(Some(mark), title.into(), sentence, need, actions.into_any())
}

/// Copies a text; a browser that refuses says so itself.
pub fn copy(text: String) {
    spawn_local(async move {
        let _ = clipboard::copy(&text).await;
    });
}

/// The missing right in RBAC's terms: verb, resource, namespace.
pub fn missing_right(refusal: &Refusal) -> Option<String> {
    match refusal {
        Refusal::Forbidden { verb, resource, namespace } | Refusal::ProxyForbidden { verb, resource, namespace } => {
            Some(format!("{verb}  {resource}  {}", namespace.as_deref().unwrap_or("cluster-wide")))
        }
        _ => None,
    }
}

/// A refusal's words as a sentence.
pub fn sentence_case(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    format!("{}.", first.chain(letters).collect::<String>())
}

/// A name cut in the middle, so that its last five characters stay: the tail tells pods apart.
pub fn cut_name(name: &str) -> impl IntoView + use<> {
    const TAIL: usize = 5;
    // One letter alone is no head: it would stand apart, as wide as an ellipsis needs.
    let split = name.char_indices().rev().nth(TAIL - 1).map_or(0, |(at, _)| at);
    let split = if name[..split].chars().nth(1).is_some() { split } else { 0 };
    let (head, tail) = name.split_at(split);
    view! { <span class="cutname" title=name.to_owned()>{(!head.is_empty()).then(|| view! { <span class="cut">{head.to_owned()}</span> })}<span>{tail.to_owned()}</span></span> }
}
