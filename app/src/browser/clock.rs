//! The browser's clock.

use std::time::Duration;

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    js_sys::Date::now() as u64
}

/// Waits.
pub async fn pause(wait: Duration) {
    TimeoutFuture::new(u32::try_from(wait.as_millis()).unwrap_or(u32::MAX)).await;
}

/// Calls `tick` every so often until the owner in whose scope this was called is gone.
pub fn every(interval: Duration, tick: impl Fn() + 'static) {
    if let Ok(handle) = set_interval_with_handle(tick, interval) {
        on_cleanup(move || handle.clear());
    }
}

/// The clock as a signal that moves on once a second: for ages and countdowns.
pub fn seconds() -> Signal<u64> {
    let now = RwSignal::new(now_ms());
    every(Duration::from_secs(1), move || now.set(now_ms()));
    now.into()
}
