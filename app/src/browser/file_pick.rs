//! A file that the person picks.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::HtmlInputElement;

/// What came of it. Whoever closes the dialog picks nothing: then nobody is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picked {
    /// What is in it, as text.
    Text(String),
    /// It is longer than was wanted, and was not read.
    TooLong,
    /// The browser could not read it.
    Unreadable,
}

/// Lets the person pick one file of JSON of at most so many bytes. The browser allows it in answer to a click or a key.
pub fn pick_json(most: usize, then: impl FnOnce(Picked) + 'static) {
    let Ok(input) = document().create_element("input").map(JsCast::unchecked_into::<HtmlInputElement>) else { return };
    input.set_type("file");
    input.set_accept(".json,application/json");
    let picked = input.clone();
    let changed = Closure::once_into_js(move || {
        let Some(file) = picked.files().and_then(|files| files.get(0)) else { return };
        spawn_local(async move {
            if file.size() > most as f64 {
                return then(Picked::TooLong);
            }
            let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
            then(text.map_or(Picked::Unreadable, Picked::Text));
        });
    });
    input.set_onchange(Some(changed.unchecked_ref()));
    input.click();
}
