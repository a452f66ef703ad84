//! Waiting for what other programs do, and nobody tells.

use std::thread;
use std::time::{Duration, Instant};

/// How often is looked again: often enough that nobody waits for it, seldom enough that looking costs nothing.
const PAUSE: Duration = Duration::from_millis(100);

/// Until `check` says so, at most so long. Answers whether it did.
#[allow(clippy::disallowed_methods, reason = "a command that waits for processes has no runtime and no test's clock")]
pub(super) fn until(most: Duration, mut check: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !check() {
        if start.elapsed() > most {
            return false;
        }
        thread::sleep(PAUSE);
    }
    true
}
