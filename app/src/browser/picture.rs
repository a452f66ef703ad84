//! What an image of the Yard takes from the page: its colours.

use leptos::prelude::{document, window};

/// The value that a custom property has now, such as `canvas` for `--canvas`: in the theme that is on screen.
pub fn colour(name: &str) -> String {
    let style = document().document_element().and_then(|root| window().get_computed_style(&root).ok().flatten());
    style.and_then(|style| style.get_property_value(&format!("--{name}")).ok()).unwrap_or_default().trim().to_owned()
}
