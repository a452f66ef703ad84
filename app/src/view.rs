//! What a person sees: components only. They hold leases, send commands and yard actions, and read the store.

pub mod window_header;

use leptos::prelude::*;

/// Mounts the page.
pub fn mount() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(|| view! { <p>"Krateyard"</p> });
}
