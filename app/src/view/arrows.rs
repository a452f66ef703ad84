//! Arrows between krates: what led to what.

use std::collections::HashMap;

use leptos::ev;
use leptos::prelude::*;

use super::desk::desk;
use crate::canvas::arrow::{arrow_path, head_path};
use crate::yard::{KrateId, Rect, YardAction};

/// All arrows, below the krates.
#[component]
pub fn Arrows() -> impl IntoView {
    let desk = desk();
    let state = desk.yard.state();
    let shapes = Memo::new(move |_| {
        state.with(|state| {
            if state.arrows.is_empty() {
                return Vec::new();
            }
            let rects: HashMap<&KrateId, Rect> = state.krates.iter().map(|krate| (&krate.id, desk.yard.krate_rect(krate))).collect();
            let shape = |arrow: &std::sync::Arc<crate::yard::state::Arrow>| {
                let (from, to) = (rects.get(&arrow.from)?, rects.get(&arrow.to)?);
                let curve = arrow_path(from, to);
                Some((arrow.id.clone(), (!arrow.writable).then(|| desk.yard.why_fixed(&arrow.room)), format!("{} {}", curve.path(), head_path(&curve))))
            };
            state.arrows.iter().filter_map(shape).collect::<Vec<_>>()
        })
    });
    view! {
        <svg class="arrows" aria-label="Arrows">
            {move || shapes.get().into_iter().map(|(id, fixed, path)| {
                let (clicked, keyed) = (id.clone(), id);
                let remove = move |arrow: &std::sync::Arc<str>| drop(desk.act(YardAction::RemoveArrow { arrow: arrow.clone() }));
                let (class, label) = match fixed {
                    Some(why) => ("fixed", why),
                    None => ("", "Double-click takes the arrow away (Ctrl+Z brings it back)".into()),
                };
                let told = if class.is_empty() { "Arrow: Delete takes it away".to_owned() } else { format!("Arrow. {label}") };
                view! {
                    <g class=class tabindex="0" role="button" aria-label=told
                        on:keydown=move |event: ev::KeyboardEvent| if matches!(event.key().as_str(), "Delete" | "Backspace") { event.stop_propagation(); remove(&keyed) }>
                        <path d=path.clone()></path>
                        <path class="hit" d=path on:dblclick=move |_| remove(&clicked)><title>{label}</title></path>
                    </g>
                }
            }).collect_view()}
        </svg>
    }
}
