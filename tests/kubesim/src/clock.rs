//! The one clock of a simulated cluster.

use jiff::{SignedDuration, Timestamp};

/// Tells the time as Kubernetes writes it.
#[derive(Debug, Default)]
pub(crate) struct Clock;

impl Clock {
    /// Now.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Now as `2026-11-21T20:31:18Z`.
    pub(crate) fn now_text(&self) -> String {
        text(self.now())
    }

    /// Some seconds from now.
    pub(crate) fn text_in(&self, seconds: i64) -> String {
        text(self.now() + SignedDuration::from_secs(seconds))
    }
}

/// `2026-11-21T20:31:18Z`: metav1.Time.
pub(crate) fn text(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-11-21T20:31:18.123456Z`: metav1.MicroTime.
pub(crate) fn micro_text(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// `2026-11-21T20:31:18.123Z`: what applications write.
pub(crate) fn milli_text(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// `2026-11-21T20:31:18.123456789Z`: what the runtime writes before a line.
pub(crate) fn nano_text(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.9fZ").to_string()
}
