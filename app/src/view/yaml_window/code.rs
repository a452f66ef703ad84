//! The lines of an object: numbers, colours, folds, what a search found.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;

use super::YamlView;
use crate::browser::dom;
use crate::logs::buffer::thousands;
use crate::yaml::{Line, Token};

/// Height of a line in pixels (`--lead-sm` of tokens.css).
const ROW_PX: f64 = 18.0;
/// Lines kept in the page above and below the ones in sight.
const MARGIN: usize = 12;
/// Letters of a line that are shown: a config map may have megabytes on one. Copy and download have all.
const LONGEST: usize = 2_000;

/// The lines in sight.
#[component]
pub fn Code(
    /// The window.
    view: YamlView,
) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let (top, height) = (RwSignal::new(0.0_f64), RwSignal::new(0.0_f64));
    Effect::new(move |_| {
        if let Some(element) = node.get() {
            height.set(f64::from(element.client_height()));
            let watched = element.clone();
            dom::on_resize(&element, move || {
                let _ = height.try_set(f64::from(watched.client_height()));
            });
        }
    });
    let seen = Memo::new(move |_| Arc::new(view.document.with(|document| view.folds.with(|folds| document.seen(folds)))));
    let slice = Memo::new(move |_| {
        let first = (top.get() / ROW_PX) as usize;
        let from = first.saturating_sub(MARGIN);
        let to = first + (height.get() / ROW_PX) as usize + 1 + MARGIN;
        seen.with(|seen| (from.min(seen.len()), to.min(seen.len())))
    });
    Effect::new(move |_| {
        view.current.track();
        let (Some(line), Some(element)) = (view.current_line(), node.get_untracked()) else { return };
        let at = seen.with_untracked(|seen| seen.binary_search(&line).unwrap_or_else(|at| at));
        let middle = at as f64 * ROW_PX - height.get_untracked() / 2.0;
        element.set_scroll_top(middle.max(0.0) as i32);
    });
    let lines = move || {
        let (from, to) = slice.get();
        let (seen, document, folds) = (seen.get(), view.document.get(), view.folds.get());
        let (current, wanted) = (view.current_line(), if view.searching.get() { view.search.get().to_lowercase() } else { String::new() });
        let rows = seen.get(from..to).unwrap_or_default().iter().filter_map(|at| Some((*at, document.lines.get(*at)?)));
        rows.map(|(at, line)| line_view(view, at, line, folds.is_folded(line), current == Some(at), &wanted)).collect_view()
    };
    view! {
        <div class="code scrolls" node_ref=node tabindex="0" role="document" aria-label="YAML" on:scroll=move |_| if let Some(element) = node.get_untracked() { top.set(f64::from(element.scroll_top())) }>
            <div class="spacer" style:height=move || format!("{}px", seen.with(|seen| seen.len()) as f64 * ROW_PX)>
                <div style:transform=move || format!("translateY({}px)", slice.get().0 as f64 * ROW_PX)>{lines}</div>
            </div>
        </div>
    }
}

fn line_view(view: YamlView, at: usize, line: &Line, is_folded: bool, is_current: bool, wanted: &str) -> impl IntoView + use<> {
    let toggle = move |_| {
        let line = view.document.with_untracked(|document| document.lines.get(at).cloned());
        line.into_iter().for_each(|line| view.folds.update(|folds| folds.toggle(&line)));
    };
    let fold = (line.block > 0).then(|| {
        let words = if is_folded { format!("Unfold {}", line.summary) } else { format!("Fold {}", line.summary) };
        view! { <button class="twist" class:open=!is_folded title=words.clone() aria-label=words aria-expanded=(!is_folded).to_string() on:click=toggle></button> }
    });
    let summary = is_folded.then(|| view! { <button class="fold" tabindex="-1" on:click=toggle>{line.summary.clone()}</button> });
    view! {
        <div class:cur=is_current><u>{at + 1}</u>{fold}<span>{pieces(line, wanted)}{summary}</span></div>
    }
}

/// The pieces of a line with their colours; what a search found is marked.
fn pieces(line: &Line, wanted: &str) -> impl IntoView + use<> {
    let mut left = LONGEST;
    let mut shown = Vec::new();
    for (token, text) in &line.pieces {
        let end = text.char_indices().nth(left).map_or(text.len(), |(at, _)| at);
        left -= text[..end].chars().count().min(left);
        shown.push(view! { <span class=class(*token)>{marked(&text[..end], wanted)}</span> }.into_any());
        if end < text.len() {
            let more = format!("… {} more characters", thousands(text[end..].chars().count() as u64));
            shown.push(view! { <span class="c">{more}</span> }.into_any());
            break;
        }
    }
    shown
}

/// Splits a text where it has the lower-case `wanted`. Letters whose lower case is longer or shorter are left unmarked.
fn marked(text: &str, wanted: &str) -> Vec<AnyView> {
    let lower = text.to_lowercase();
    if wanted.is_empty() || lower.len() != text.len() {
        return vec![text.to_owned().into_any()];
    }
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, hit) in lower.match_indices(wanted) {
        let (Some(before), Some(found)) = (text.get(from..at), text.get(at..at + hit.len())) else { continue };
        parts.push(before.to_owned().into_any());
        parts.push(view! { <mark>{found.to_owned()}</mark> }.into_any());
        from = at + hit.len();
    }
    parts.push(text.get(from..).unwrap_or_default().to_owned().into_any());
    parts
}

fn class(token: Token) -> &'static str {
    match token {
        Token::Plain => "",
        Token::Key => "k",
        Token::Text => "s",
        Token::Number => "n",
        Token::Word => "b",
        Token::Punctuation => "p",
    }
}
