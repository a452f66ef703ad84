//! What a window's body tells its frame: how its stream does, and what may be picked.

use leptos::prelude::*;

use crate::stream::StreamState;

/// The part of a window's header that its body fills. The frame makes it, shows it, and hands it to the body.
#[derive(Clone, Copy)]
pub struct WindowHeader {
    /// How the stream does.
    pub stream: RwSignal<StreamState>,
    /// What may be picked, such as containers; empty for nothing.
    pub options: RwSignal<Vec<String>>,
    /// What the options are.
    pub noun: RwSignal<&'static str>,
    /// What is picked; empty until the body knows.
    pub picked: RwSignal<String>,
    /// The keyboard is this window's.
    pub has_keyboard: RwSignal<bool>,
    /// The window was opened just now by its own viewer, by a click or a key: only then may a shell start by itself.
    pub opened_here: bool,
}
