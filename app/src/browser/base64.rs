//! Base64, by the browser's own decoder.

use leptos::prelude::window;

/// The bytes that a base64 text stands for; `None` for what is none.
pub fn decode(base64: &str) -> Option<Vec<u8>> {
    // A character a byte (HTML, "atob").
    window().atob(base64).ok()?.chars().map(|byte| u8::try_from(u32::from(byte)).ok()).collect()
}
