//! The terminal's colours: the page's tokens, read anew whenever the page's theme changes.

use js_sys::{Function, Object};
use wasm_bindgen::prelude::*;

use super::set;

#[wasm_bindgen]
extern "C" {
    type MutationObserver;
    #[wasm_bindgen(constructor)]
    fn new(changed: &Function) -> MutationObserver;
    #[wasm_bindgen(method)]
    fn observe(this: &MutationObserver, target: &JsValue, options: &Object);
    #[wasm_bindgen(method)]
    fn disconnect(this: &MutationObserver);
}

/// xterm's names, and the tokens that they mean.
const COLOURS: [(&str, &str); 25] = [
    ("background", "--term-bg"),
    ("foreground", "--term-text"),
    ("cursor", "--term-cursor"),
    ("cursorAccent", "--term-bg"),
    ("selectionBackground", "--term-selection"),
    ("scrollbarSliderBackground", "--line-strong"),
    ("scrollbarSliderHoverBackground", "--text-muted"),
    ("scrollbarSliderActiveBackground", "--text-muted"),
    ("overviewRulerBorder", "--term-bg"),
    ("black", "--ansi-black"),
    ("red", "--ansi-red"),
    ("green", "--ansi-green"),
    ("yellow", "--ansi-yellow"),
    ("blue", "--ansi-blue"),
    ("magenta", "--ansi-magenta"),
    ("cyan", "--ansi-cyan"),
    ("white", "--ansi-white"),
    ("brightBlack", "--ansi-bright-black"),
    ("brightRed", "--ansi-bright-red"),
    ("brightGreen", "--ansi-bright-green"),
    ("brightYellow", "--ansi-bright-yellow"),
    ("brightBlue", "--ansi-bright-blue"),
    ("brightMagenta", "--ansi-bright-magenta"),
    ("brightCyan", "--ansi-bright-cyan"),
    ("brightWhite", "--ansi-bright-white"),
];

/// The colours of now.
pub(super) fn read() -> Object {
    let theme = Object::new();
    for (name, token) in COLOURS {
        set(&theme, name, &value(token).into());
    }
    theme
}

/// The font of what the cluster says.
pub(super) fn font() -> String {
    value("--font-mono")
}

/// How found text is marked.
pub(super) fn find_options() -> JsValue {
    let marks = Object::new();
    set(&marks, "matchBackground", &value("--find").into());
    set(&marks, "activeMatchBackground", &value("--find-current").into());
    set(&marks, "matchOverviewRuler", &value("--find-current").into());
    set(&marks, "activeMatchColorOverviewRuler", &value("--find-current").into());
    let options = Object::new();
    set(&options, "decorations", &marks);
    options.into()
}

fn value(token: &str) -> String {
    let style = leptos::prelude::document().document_element().and_then(|root| leptos::prelude::window().get_computed_style(&root).ok().flatten());
    style.and_then(|style| style.get_property_value(token).ok()).unwrap_or_default().trim().to_owned()
}

/// Calls back when the page's theme changes, until dropped.
pub(super) struct ThemeWatch {
    observer: MutationObserver,
    _changed: Closure<dyn FnMut()>,
}

impl ThemeWatch {
    pub(super) fn start(changed: impl FnMut() + 'static) -> ThemeWatch {
        let changed = Closure::<dyn FnMut()>::new(changed);
        let observer = MutationObserver::new(changed.as_ref().unchecked_ref());
        let options = Object::new();
        set(&options, "attributes", &JsValue::TRUE);
        set(&options, "attributeFilter", &js_sys::Array::of1(&"data-theme".into()));
        if let Some(root) = leptos::prelude::document().document_element() {
            observer.observe(&root, &options);
        }
        ThemeWatch { observer, _changed: changed }
    }
}

impl Drop for ThemeWatch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
