//! What a person sees: components only. They hold leases, send commands and yard actions, and read the store.

pub mod app;
pub mod arrows;
pub mod canvas;
pub mod card;
pub mod collection;
pub mod company;
pub mod describe;
pub mod desk;
pub mod diagnostics;
pub mod empty;
pub mod events;
pub mod files;
pub mod help;
pub mod keyboard;
pub mod krate;
pub mod leaving;
pub mod links;
pub mod logs_window;
pub mod minimap;
pub mod note;
pub mod others;
pub mod overview;
pub mod parts;
pub mod people;
pub mod pop;
pub mod preferences;
pub mod row_of;
pub mod said;
pub mod search_bar;
pub mod selection;
pub mod shell_window;
pub mod sign_in;
pub mod spotlight;
pub mod switcher;
pub mod sync_word;
pub mod top_bar;
pub mod turns;
pub mod vanished;
pub mod window;
pub mod window_header;
pub mod yaml_window;

use leptos::prelude::*;

/// Mounts the page.
pub fn mount() {
    console_error_panic_hook::set_once();
    app::prepare();
    leptos::mount::mount_to_body(|| view! { <app::App/> });
}
