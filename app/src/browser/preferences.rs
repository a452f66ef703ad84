//! What a person chose for this browser, in localStorage. A browser that refuses storage forgets it, nothing more.

use krateyard_shared::identity::ClusterName;
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::screen::prefers_light;

/// One of a few ways, remembered by this browser.
pub trait Choice: Copy + PartialEq + Default + Send + Sync + 'static {
    /// Where it is remembered.
    const KEY: &'static str;
    /// All of them, with the word that is remembered, and what a person reads.
    const ALL: &'static [(Self, &'static str, &'static str)];
}

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

/// How much moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Motion {
    /// As the system asks.
    #[default]
    System,
    /// Everything jumps.
    Less,
}

/// What the wheel does over the ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wheel {
    /// It pans; with Ctrl it zooms.
    #[default]
    Pans,
    /// It zooms; with Shift it pans.
    Zooms,
}

impl Choice for Theme {
    const KEY: &'static str = "krateyard.theme";
    const ALL: &'static [(Theme, &'static str, &'static str)] =
        &[(Theme::Dark, "dark", "Dark"), (Theme::Light, "light", "Light"), (Theme::System, "system", "As the system")];
}

impl Choice for Motion {
    const KEY: &'static str = "krateyard.motion";
    const ALL: &'static [(Motion, &'static str, &'static str)] = &[(Motion::System, "system", "As the system"), (Motion::Less, "less", "None")];
}

impl Choice for Wheel {
    const KEY: &'static str = "krateyard.wheel";
    const ALL: &'static [(Wheel, &'static str, &'static str)] = &[(Wheel::Pans, "pan", "Pans"), (Wheel::Zooms, "zoom", "Zooms")];
}

impl Theme {
    /// Whether the page is light now.
    pub fn is_light(self) -> bool {
        match self {
            Theme::System => prefers_light(),
            Theme::Dark => false,
            Theme::Light => true,
        }
    }
}

/// What was chosen before, remembered whenever it is set.
pub fn chosen<C: Choice>() -> RwSignal<C> {
    let choice = RwSignal::new(stored::<C>());
    Effect::new(move |was: Option<C>| {
        let choice = choice.get();
        if let Some((_, word, _)) = C::ALL.iter().find(|(each, ..)| was.is_some_and(|was| was != choice) && *each == choice) {
            remember(C::KEY, word);
        }
        choice
    });
    choice
}

/// The theme chosen before, shown at once and whenever it changes: set the signal to choose another. Call it once.
pub fn theme() -> RwSignal<Theme> {
    let theme = chosen::<Theme>();
    Effect::new(move || show(theme.get()));
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

/// Forgets what is remembered under keys of which `is_meant` says so; says which those were.
pub fn forget_all(is_meant: impl Fn(&str) -> bool) -> Vec<String> {
    let Some(storage) = storage() else { return Vec::new() };
    let count = storage.length().unwrap_or(0);
    let keys: Vec<String> = (0..count).filter_map(|at| storage.key(at).ok().flatten()).filter(|key| is_meant(key)).collect();
    for key in &keys {
        let _ = storage.remove_item(key);
    }
    keys
}

/// Whether to jump where one would fly: the system's wish, or this person's. The style sheets read the same attribute.
pub fn motion() -> RwSignal<Motion> {
    let motion = chosen::<Motion>();
    Effect::new(move || set_attribute("data-motion", if motion.get() == Motion::Less { "less" } else { "system" }));
    motion
}

fn stored<C: Choice>() -> C {
    let stored = recall(C::KEY);
    C::ALL.iter().find(|(_, word, _)| stored.as_deref() == Some(*word)).map(|(choice, ..)| *choice).unwrap_or_default()
}

fn show(theme: Theme) {
    set_attribute("data-theme", if theme.is_light() { "light" } else { "dark" });
}

fn set_attribute(name: &str, value: &str) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute(name, value);
    }
}

/// What was remembered of one person on one cluster.
pub fn recall_of<T: DeserializeOwned>(what: &str, user: &str, cluster: &ClusterName) -> Option<T> {
    serde_json::from_str(&recall(&key_of(what, user, cluster))?).ok()
}

/// Remembers something of one person on one cluster.
pub fn remember_of<T: Serialize>(what: &str, user: &str, cluster: &ClusterName, value: &T) {
    if let Ok(text) = serde_json::to_string(value) {
        remember(&key_of(what, user, cluster), &text);
    }
}

fn key_of(what: &str, user: &str, cluster: &ClusterName) -> String {
    format!("krateyard.{what} {user}@{cluster}")
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
