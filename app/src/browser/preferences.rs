//! What a person chose for this browser, in localStorage. A browser that refuses storage forgets it, nothing more.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::screen::prefers_light;

const THEME: &str = "krateyard.theme";

/// Which theme to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system has it, and changing with it.
    System,
    /// Dark: what Krateyard is made for.
    #[default]
    Dark,
    /// Light.
    Light,
}

impl Theme {
    fn word(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Dark => "dark",
            Theme::Light => "light",
        }
    }

    /// Whether the page is light now.
    pub fn is_light(self) -> bool {
        match self {
            Theme::System => prefers_light(),
            Theme::Dark => false,
            Theme::Light => true,
        }
    }
}

/// The theme chosen before, shown at once and whenever it changes: set the signal to choose another. Call it once.
pub fn theme() -> RwSignal<Theme> {
    let theme = RwSignal::new(stored_theme());
    Effect::new(move || {
        let theme = theme.get();
        if stored_theme() != theme {
            remember(THEME, theme.word());
        }
        show(theme);
    });
    show(theme.get_untracked());
    let follow = Closure::<dyn Fn()>::new(move || {
        if let Some(theme) = theme.try_get_untracked() {
            show(theme);
        }
    });
    if let Ok(Some(system)) = window().match_media("(prefers-color-scheme: light)") {
        let _ = system.add_event_listener_with_callback("change", follow.as_ref().unchecked_ref());
        // Both live as long as the page.
        follow.forget();
    }
    theme
}

/// What was remembered under this key.
pub fn recall(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Remembers a text under this key.
pub fn remember(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // Full or forbidden: then it is forgotten, which is no reason to bother anybody.
        let _ = storage.set_item(key, value);
    }
}

fn stored_theme() -> Theme {
    let stored = recall(THEME);
    [Theme::System, Theme::Dark, Theme::Light].into_iter().find(|theme| stored.as_deref() == Some(theme.word())).unwrap_or_default()
}

fn show(theme: Theme) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-theme", if theme.is_light() { "light" } else { "dark" });
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
