//! Text that leaves the page: clipboard and files.

use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

/// The browser did not let us.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {reason}")]
pub struct BrowserRefused {
    what: &'static str,
    reason: String,
}

/// Puts text on the clipboard. The browser allows it in answer to a click or a key, on HTTPS or loopback.
pub async fn copy(text: &str) -> Result<(), BrowserRefused> {
    let refused = |error: JsValue| refused("copy to the clipboard", &error);
    JsFuture::from(clipboard().map_err(refused)?.write_text(text)).await.map(drop).map_err(refused)
}

/// Reads text off the clipboard; the browser asks the person first.
pub async fn paste() -> Result<String, BrowserRefused> {
    let refused = |error: JsValue| refused("read the clipboard", &error);
    let text = JsFuture::from(clipboard().map_err(refused)?.read_text()).await.map_err(refused)?;
    Ok(text.as_string().unwrap_or_default())
}

/// Saves text as a file among the person's downloads.
pub fn download(name: &str, text: &str) -> Result<(), BrowserRefused> {
    let mut pieces = Pieces::default();
    pieces.push(text)?;
    pieces.save(name)
}

/// A file in pieces: each leaves the page's own memory at once, and the browser keeps it, on disk where there are many.
#[derive(Default)]
pub struct Pieces(js_sys::Array);

impl Pieces {
    /// Adds a piece.
    ///
    /// # Errors
    /// When the browser has no room for it.
    pub fn push(&mut self, text: &str) -> Result<(), BrowserRefused> {
        let piece = Blob::new_with_str_sequence(&js_sys::Array::of1(&text.into())).map_err(|error| refused("keep a file", &error))?;
        self.0.push(&piece);
        Ok(())
    }

    /// Saves them as one file among the person's downloads.
    ///
    /// # Errors
    /// When the browser does not let us.
    pub fn save(self, name: &str) -> Result<(), BrowserRefused> {
        save(name, &self.0).map_err(|error| refused("save a file", &error))
    }
}

fn save(name: &str, pieces: &js_sys::Array) -> Result<(), JsValue> {
    let kind = BlobPropertyBag::new();
    kind.set_type("text/plain;charset=utf-8");
    let blob = Blob::new_with_blob_sequence_and_options(pieces, &kind)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // The download holds on to the blob by itself once it has started; in this turn of the event loop it has not.
    leptos::prelude::set_timeout(move || drop(Url::revoke_object_url(&url)), std::time::Duration::from_secs(10));
    Ok(())
}

/// Missing where the page is not in a secure context, although its type does not say so.
fn clipboard() -> Result<web_sys::Clipboard, JsValue> {
    let clipboard: JsValue = window().navigator().clipboard().into();
    if clipboard.is_undefined() { Err("needs HTTPS".into()) } else { Ok(clipboard.unchecked_into()) }
}

fn refused(what: &'static str, error: &JsValue) -> BrowserRefused {
    let message = js_sys::Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    BrowserRefused { what, reason: message.or_else(|| error.as_string()).unwrap_or_else(|| "refused".into()) }
}
