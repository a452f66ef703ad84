//! Flows that join the real proxy, the real app core and a cluster: the app's workspace is driven as the browser drives it, over a socket and a REST client of
//! this machine instead of the browser's. The cluster is kubesim in this process, or the real one on which [`scene`] has set the scene.

use std::time::Duration;

mod cable;
pub mod faults;
mod line;
mod person;
mod plain;
pub mod scene;
mod stage;
mod wire;

pub use line::Line;
pub use person::Person;
pub use plain::{Plain, collection, path};
pub use stage::{Account, Shown, Stage};

/// How long a flow may take to come to what it waits for: far more than it needs on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `check` gives something, looking again every few milliseconds; `None` after [`PATIENCE`].
pub async fn eventually<T>(check: impl FnMut() -> Option<T>) -> Option<T> {
    eventually_within(PATIENCE, check).await
}

async fn eventually_within<T>(within: Duration, mut check: impl FnMut() -> Option<T>) -> Option<T> {
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    let wait = async {
        loop {
            looks.tick().await;
            if let Some(found) = check() {
                return found;
            }
        }
    };
    tokio::time::timeout(within, wait).await.ok()
}

/// Runs a flow on one thread, as the browser runs the app.
///
/// # Panics
/// When the flow does.
pub fn flow(body: impl AsyncFnOnce()) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, body());
}
