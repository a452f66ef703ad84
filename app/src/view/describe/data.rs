//! Draws the keys of a config map or a secret. A secret's value is shown after a click, one key at a time, and lives only in the row that shows it.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::super::parts::glyph;
use super::Described;
use crate::browser::clipboard;
use crate::describe::{Data, Entry, value_of};

pub(super) fn data_view(this: Described, data: Data) -> impl IntoView {
    let Data { entries, .. } = data;
    entries.into_iter().map(|entry| plain_view(this, entry)).collect_view()
}

fn plain_view(this: Described, entry: Entry) -> impl IntoView {
    let Entry { key, size, head, rest } = entry;
    let title = format!("Copy {key}");
    let copied = key.clone();
    let copy = move |_| {
        let value = this.state.with_untracked(|state| state.object.as_deref().and_then(|object| value_of(object, &copied)).map(str::to_owned));
        if let Some(value) = value {
            // A browser that refuses says so itself.
            spawn_local(async move { drop(clipboard::copy(&value).await) });
        }
    };
    view! {
        <div class="datum">
            <div class="datum-head">
                <span class="mono cut" title=key.clone()>{key.clone()}</span><span class="muted">{size}</span><span class="grow"></span>
                {head.is_some().then(|| view! { <button class="icon" title=title on:click=copy>{glyph("copy")}</button> })}
            </div>
            {head.map(|head| view! { <pre>{head}</pre> })}
            {(!rest.is_empty()).then(|| view! { <div class="muted">{rest}</div> })}
        </div>
    }
}
