use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::Notify;

/// Bytes that the other end takes; a cluster is read only while some are left. One task waits, others grant.
pub(crate) struct Credit {
    left: AtomicI64,
    granted: Notify,
}

/// More than anybody needs; keeps sums far from overflow.
const MOST: i64 = 1 << 40;

impl Credit {
    pub(crate) fn new(bytes: u64) -> Credit {
        Credit { left: AtomicI64::new(clamp(bytes)), granted: Notify::new() }
    }

    /// Adds credit.
    pub(crate) fn grant(&self, bytes: u64) {
        let add = |left: i64| Some(left.saturating_add(clamp(bytes)).min(MOST));
        let _ = self.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, add);
        self.granted.notify_one();
    }

    /// Uses credit; it may fall below zero, and waits are longer then.
    pub(crate) fn spend(&self, bytes: usize) {
        self.left.fetch_sub(clamp(bytes as u64), Ordering::AcqRel);
    }

    /// Waits until something may be read.
    pub(crate) async fn some(&self) {
        while self.left.load(Ordering::Acquire) <= 0 {
            self.granted.notified().await;
        }
    }
}

fn clamp(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(MOST).min(MOST)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn nothing_is_read_without_credit() {
        let credit = Credit::new(10);
        assert!(credit.some().now_or_never().is_some());
        credit.spend(25);
        assert!(credit.some().now_or_never().is_none());
        credit.grant(15);
        assert!(credit.some().now_or_never().is_none(), "15 of 15 are owed");
        credit.grant(1);
        assert!(credit.some().now_or_never().is_some());
        credit.grant(u64::MAX);
        credit.grant(u64::MAX);
        assert!(credit.some().now_or_never().is_some());
    }
}
