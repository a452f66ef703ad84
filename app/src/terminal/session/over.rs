//! What is said of a session that is over.

use super::Phase;
use crate::stream::span;

impl Phase {
    /// The sentence above the screen of a session that is over.
    pub fn over(&self) -> Option<String> {
        let after = |ran_ms: &Option<u64>| ran_ms.map_or(String::new(), |ms| format!(" after {}", span(ms / 1000)));
        match self {
            Phase::Exited { code, reason, ran_ms } => {
                let code = code.map_or(String::new(), |code| format!(" with exit code {code}"));
                let reason = if reason.is_empty() || says_only_the_code(reason) { String::new() } else { format!(": {reason}") };
                Some(format!("Ended{code}{}{reason}.", after(ran_ms)))
            }
            Phase::Lost { reason, ran_ms } => Some(format!("Connection lost{}: {reason}.", after(ran_ms))),
            _ => None,
        }
    }
}

/// What Kubernetes says of any exit code (recordings, surprise 73): the code says it already.
fn says_only_the_code(reason: &str) -> bool {
    reason.starts_with("command terminated with") || reason.starts_with("error executing command")
}
