//! What is asked before edits that were not sent are lost by signing out.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use crate::browser::dom;

/// The question.
#[component]
pub fn Leaving(
    /// How many edits would be lost.
    changes: u32,
    /// Signs out.
    leave: Callback<()>,
    /// Goes on.
    stay: Callback<()>,
) -> impl IntoView {
    let title = if changes == 1 { "1 change of the Yard was not sent".to_owned() } else { format!("{changes} changes of the Yard were not sent") };
    let them = if changes == 1 { "it" } else { "them" };
    let choices = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(choices) = choices.get() {
            dom::focus_first(&choices);
        }
    });
    view! {
        <div class="veil"></div>
        <div class="sheet" role="alertdialog" aria-modal="true" aria-label=title.clone() on:keydown=move |event: ev::KeyboardEvent| if event.key() == "Escape" { stay.run(()) }>
            <h1 class="brand"><span class="cut">{title.clone()}</span></h1>
            <p>{format!("Nobody else has {them} yet, and signing out removes everything of yours from this browser. Sign out and lose {them}?")}</p>
            <div node_ref=choices class="others">
                <button class="btn primary large full" on:click=move |_| stay.run(())>"Stay signed in"</button>
                <button class="btn large full" on:click=move |_| leave.run(())>{format!("Sign out and lose {them}")}</button>
            </div>
        </div>
    }
}
