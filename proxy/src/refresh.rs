//! What people ask for past every cache: a list, or one object.

use std::time::Duration;

use tokio::time::Instant;

/// A person may ask so often (architecture.md).
const EVERY: Duration = Duration::from_secs(5);

/// What people ask for. Whoever asks gets an answer that is asked for after the question.
#[derive(Debug, Default)]
pub(crate) struct Refresh {
    is_asked: bool,
    last: Option<Instant>,
}

impl Refresh {
    /// Somebody asks.
    pub(crate) fn ask(&mut self) {
        self.is_asked = true;
    }

    /// Waits until somebody has asked and it may be: it is to be done then. Dropped while it waits, it forgets nothing.
    pub(crate) async fn due(&mut self) {
        if !self.is_asked {
            return std::future::pending().await;
        }
        if let Some(last) = self.last {
            tokio::time::sleep_until(last + EVERY).await;
        }
        *self = Refresh { is_asked: false, last: Some(Instant::now()) };
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn the_first_who_asks_is_answered_at_once_and_all_others_together_later() {
        let mut refresh = Refresh::default();
        assert!(refresh.due().now_or_never().is_none(), "nobody asked");
        refresh.ask();
        assert!(refresh.due().now_or_never().is_some());
        refresh.ask();
        refresh.ask();
        assert!(refresh.due().now_or_never().is_none(), "too soon");
        refresh.last = refresh.last.and_then(|last| last.checked_sub(EVERY));
        refresh.due().await;
        assert!(refresh.due().now_or_never().is_none(), "both were answered");
    }
}
