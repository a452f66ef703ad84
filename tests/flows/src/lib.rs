//! Flows that join the real proxy, the real app core and kubesim in one process: the app's workspace is driven as the browser drives it, over a socket and a
//! REST client of this machine instead of the browser's.

mod person;
mod stage;
mod wire;

pub use person::Person;
pub use stage::{Shown, Stage};

/// How long a flow may take to come to what it waits for: far more than it needs on a busy machine.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// Waits until `check` gives something, looking again every few milliseconds; `None` after [`PATIENCE`].
pub async fn eventually<T>(mut check: impl FnMut() -> Option<T>) -> Option<T> {
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(10));
    let wait = async {
        loop {
            looks.tick().await;
            if let Some(found) = check() {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.ok()
}
