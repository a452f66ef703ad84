//! A menu over the body of a window: it closes on Escape, on a press elsewhere, and when the keyboard goes elsewhere.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use crate::browser::dom;
use crate::yard::Point;

/// Where a menu is, over what it lies on.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)]
pub enum Place {
    TopLeft,
    TopRight,
    At(Point),
}

/// A menu. Its things are ordinary fields and buttons: Tab and the arrows go through them.
#[component]
pub fn Pop(
    /// What it is called.
    label: &'static str,
    /// Where; a point in the pixels of what it lies over.
    at: Place,
    /// It is to go away.
    close: Callback<()>,
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(node) = node.get() {
            dom::keep_within_parent(&node);
            dom::focus_first(&node);
        }
    });
    dom::on_press(move |target| {
        if !dom::is_of_menu(target) {
            close.run(());
        }
    });
    let keys = move |event: ev::KeyboardEvent| {
        let step = match event.key().as_str() {
            "Escape" => {
                event.stop_propagation();
                return close.run(());
            }
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        if let Some(node) = node.get_untracked() {
            dom::focus_step(&node, step);
        }
    };
    let place = match at {
        Place::At(at) => Some(format!("position:absolute;left:{}px;top:{}px", at.x, at.y)),
        Place::TopLeft | Place::TopRight => None,
    };
    view! {
        <div class="pop-room" class:left=at == Place::TopLeft>
            <div node_ref=node class="pop scrolls" style=place role="dialog" aria-label=label on:keydown=keys
                on:focusout=move |event: ev::FocusEvent| if event.related_target().is_some_and(|to| !dom::is_of_menu(Some(to))) { close.run(()) }>
                {children()}
            </div>
        </div>
    }
}
