//! Draws the keys of a config map or a secret.

use leptos::prelude::*;

use super::super::parts::{copy, glyph};
use super::Described;
use super::secret::secret_view;
use crate::describe::{Data, Entry, value_of};

pub(super) fn data_view(this: Described, data: Data) -> impl IntoView {
    let Data { entries, is_secret, .. } = data;
    entries.into_iter().map(|entry| if is_secret { secret_view(this, entry).into_any() } else { plain_view(this, entry).into_any() }).collect_view()
}

/// A key's line: its name, how large its value is, and what can be done with it.
pub(super) fn head_view(key: String, size: String, actions: impl IntoView) -> impl IntoView {
    let title = key.clone();
    view! { <div class="datum-head"><span class="mono cut" title=title>{key}</span><span class="muted">{size}</span><span class="grow"></span>{actions}</div> }
}

fn plain_view(this: Described, entry: Entry) -> impl IntoView {
    let Entry { key, size, head, rest } = entry;
    let title = format!("Copy {key}");
    let copied = key.clone();
    // The object holds the value already: what is copied is taken from there.
    let copy_it = move |_| {
        if let Some(value) = this.state.with_untracked(|state| value_of(state.object.as_deref()?, &copied).map(str::to_owned)) {
            copy(value);
        }
    };
    let action = head.is_some().then(|| view! { <button class="icon" title=title on:click=copy_it>{glyph("copy")}</button> });
    view! {
        <div class="datum">
            {head_view(key, size, action)}
            {head.filter(|head| !head.is_empty()).map(|head| view! { <pre>{head}</pre> })}
            {(!rest.is_empty()).then(|| view! { <div class="muted">{rest}</div> })}
        </div>
    }
}
