//! What the screen and the person's system ask for.

use leptos::prelude::{document, window};

/// Whether to jump where one would fly: the system asks for it, or the person chose so.
pub fn reduced_motion() -> bool {
    let chosen = document().document_element().and_then(|root| root.get_attribute("data-motion"));
    chosen.as_deref() == Some("less") || matches_media("(prefers-reduced-motion: reduce)")
}

/// Device pixels per CSS pixel.
pub fn device_pixel_ratio() -> f64 {
    let ratio = window().device_pixel_ratio();
    if ratio.is_finite() && ratio > 0.0 { ratio } else { 1.0 }
}

/// Whether the system asks for a light theme.
pub fn prefers_light() -> bool {
    matches_media("(prefers-color-scheme: light)")
}

fn matches_media(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|list| list.matches())
}

/// Whether anybody can see this tab.
pub fn is_visible() -> bool {
    !document().hidden()
}
