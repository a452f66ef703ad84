//! One key of a secret. Its value is asked for by a click, and lives in this row's signal alone: it goes when it is hidden, when the secret changes, and with
//! the window.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::super::parts::{copy, glyph, missing_right, sentence_case, small_glyph};
use super::Described;
use super::data::head_view;
use crate::browser::base64;
use crate::connection::rest;
use crate::describe::{Entry, SecretValue};
use crate::runtime::Failure;

/// What a row shows. No `Debug`: it may hold a value.
#[derive(Clone, PartialEq)]
enum Shown {
    Masked,
    Asking,
    Revealed(SecretValue),
    Failed(Failure),
}

pub(super) fn secret_view(this: Described, entry: Entry) -> impl IntoView {
    let Entry { key, size, .. } = entry;
    let shown = RwSignal::new(Shown::Masked);
    let is_masked = Memo::new(move |_| shown.with(|shown| matches!(shown, Shown::Masked | Shown::Failed(_))));
    let asked = key.clone();
    let toggle = move |_| if is_masked.get_untracked() { ask(this, asked.clone(), shown) } else { shown.set(Shown::Masked) };
    let copy_it = move |_| {
        if let Some(Shown::Revealed(SecretValue::Text(text))) = shown.try_get_untracked() {
            copy(text);
        }
    };
    let (label, title) = (key.clone(), format!("Copy {key}"));
    let actions = view! {
        {move || shown.with(|shown| matches!(shown, Shown::Revealed(SecretValue::Text(_)))).then(|| {
            view! { <button class="icon" title=title.clone() on:click=copy_it>{glyph("copy")}</button> }
        })}
        <button class="btn quiet" aria-label=move || format!("{} {label}", if is_masked.get() { "Reveal" } else { "Hide" }) on:click=toggle>
            {small_glyph("eye")}{move || if is_masked.get() { "Reveal" } else { "Hide" }}
        </button>
    };
    let value = move || match shown.get() {
        Shown::Masked => view! { <div class="masked muted" aria-hidden="true">"••••••••"</div> }.into_any(),
        Shown::Asking => view! { <div class="muted">"Asking the cluster for it"</div> }.into_any(),
        Shown::Revealed(SecretValue::Text(text)) if text.is_empty() => view! { <div class="muted">"empty"</div> }.into_any(),
        Shown::Revealed(SecretValue::Text(text)) => view! { <pre>{text}</pre> }.into_any(),
        Shown::Revealed(SecretValue::Binary { bytes }) => view! { <div class="muted">{format!("binary, {bytes} bytes")}</div> }.into_any(),
        Shown::Failed(failure) => {
            let need = match &failure {
                Failure::Refused(refusal) => missing_right(refusal),
                Failure::Unreachable { .. } => None,
            };
            view! { <div class="muted" role="alert">{sentence_case(&failure.to_string())}{need.map(|need| view! { " "<code>{need}</code> })}</div> }.into_any()
        }
    };
    view! { <div class="datum">{head_view(key, size, actions)}{value}</div> }
}

fn ask(this: Described, key: String, shown: RwSignal<Shown>) {
    shown.set(Shown::Asking);
    let mut secret = this.about.get_value();
    // The one that is on screen, also where it was opened by its name.
    if let Some(uid) = this.state.with_untracked(|state| state.object.as_deref()?["metadata"]["uid"].as_str().map(str::to_owned)) {
        secret.uid = uid;
    }
    spawn_local(async move {
        let answer = rest::reveal(&secret, &key).await.map(|revealed| base64::decode(&revealed.value).map(SecretValue::of));
        // Hidden, or gone with its window, before the answer came: then nobody wants it.
        if !matches!(shown.try_get_untracked(), Some(Shown::Asking)) {
            return;
        }
        shown.set(match answer {
            Ok(Some(value)) => Shown::Revealed(value),
            Ok(None) => Shown::Failed(Failure::unreachable(&"its answer is no base64")),
            Err(failure) => Shown::Failed(failure),
        });
    });
}
