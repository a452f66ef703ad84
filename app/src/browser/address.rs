//! The page's own address.

use leptos::prelude::window;

/// What stands behind the `#`, with it; empty for nothing.
pub fn fragment() -> String {
    window().location().hash().unwrap_or_default()
}

/// Takes away what stands behind the `#`: a reload does not follow a link once more.
pub fn clear_fragment() {
    let location = window().location();
    if let (Ok(path), Ok(search), Ok(history)) = (location.pathname(), location.search(), window().history()) {
        // Refused only to pages that do it a hundred times a second.
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&format!("{path}{search}")));
    }
}

/// The address of this page with that behind its `#`.
pub fn with_fragment(fragment: &str) -> String {
    let location = window().location();
    format!("{}{}#{fragment}", location.origin().unwrap_or_default(), location.pathname().unwrap_or_default())
}
