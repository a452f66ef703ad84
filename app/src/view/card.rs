//! A krate from far away: a card of fixed size on the floor plan of its windows.

use std::sync::Arc;

use krateyard_shared::status;
use leptos::prelude::*;

use super::desk::desk;
use super::parts::{cut_name, glyph, health_marks, kind_glyph, shape, small_glyph, status_word, tag};
use super::row_of::row_of;
use crate::rows::counts::Counts;
use crate::yard::{Collection, Content, Krate, Subject, layout};

/// Narrower than this many pixels a card says its name and the shape of its status, no more.
const COMPACT_PX: f64 = 150.0;

/// The card and the floor plan.
#[component]
pub fn Card(
    /// The krate, and its place in the order of painting.
    krate: Memo<Option<(usize, Arc<Krate>)>>,
    /// What it is about.
    subject: Subject,
) -> impl IntoView {
    let desk = desk();
    let size = Memo::new(move |_| krate.get().map(|(_, krate)| layout::krate_rect(&krate).size).unwrap_or_default());
    let width = move || format!("width:min(var(--card-width),calc({}px * var(--zoom)))", size.get().w);
    let is_compact = Memo::new(move |_| size.get().w * desk.drawn_zoom.get() < COMPACT_PX);
    let outlines = move || {
        krate.get().map(|(_, krate)| {
            let rects = layout::window_rects(&krate).into_iter().map(|(_, rect)| rect);
            rects.map(|rect| view! { <i style=format!("left:{}px;top:{}px;width:{}px;height:{}px", rect.at.x - krate.at.x, rect.at.y - krate.at.y, rect.size.w, rect.size.h)></i> }).collect_view()
        })
    };
    let marks = move || {
        krate.get().map(|(_, krate)| {
            let mut contents: Vec<Content> = krate.windows.iter().map(|window| window.content).collect();
            contents.sort_by_key(|content| match content {
                Content::View(view) => *view as u8,
                Content::Collection => u8::MAX,
            });
            contents.dedup();
            let count = krate.windows.len();
            let mark = |content| match content {
                Content::View(view) => view! { <span class="mark">{view.letter().to_string()}</span> }.into_any(),
                Content::Collection => view! { <span class="mark">{small_glyph("list")}</span> }.into_any(),
            };
            view! { {contents.into_iter().map(mark).collect_view()}<span class="count">{format!("{count} window{}", if count == 1 { "" } else { "s" })}</span> }
        })
    };
    let title = subject.title();
    view! {
        {outlines}
        <div class="card" class:compact=is_compact style=width>
            <div class="l1">{glyph(kind_glyph(subject.kind()))}{cut_name(&title)}</div>
            <div class="l2">{worst(&subject)}{tag(subject.namespace(), &subject.place())}</div>
            <div class="l3">{marks}</div>
        </div>
    }
}

/// How the object does, or how many of a collection do badly.
fn worst(subject: &Subject) -> AnyView {
    match subject {
        Subject::Object(_) => row_of(subject)
            .map(|row| {
                let status = Memo::new(move |_| row.get().map(|row| status::of(&row)).filter(|status| !status.word.is_empty()));
                move || status.get().map(|status| status_word(&status))
            })
            .into_any(),
        Subject::Collection(collection) => worst_of(collection).into_any(),
    }
}

fn worst_of(collection: &Collection) -> impl IntoView + use<> {
    let table = desk().workspace.use_table(&collection.kinds()[..], collection.scopes());
    let worst = Memo::new(move |_| table.with(|table| Counts::of(&table.rows).parts.first().copied()));
    move || {
        worst.get().map(|(health, count, word)| {
            let (class, mark) = health_marks(health);
            view! { <span class=format!("status {class}")>{shape(mark)}<span>{format!("{count} {word}")}</span></span> }
        })
    }
}
