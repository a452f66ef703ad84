//! Whether a krate is in sight, and for how long it has not been: windows out of sight give their streams back after a while.

/// How long windows keep their streams out of sight, in milliseconds: one looks away and back often.
pub const REST_MS: u64 = 30_000;
/// Pixels around the screen that count as seen, so that what is panned to is there already.
pub const MARGIN_PX: f64 = 240.0;

/// How a krate stands to the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sight {
    /// It was not seen since the page was opened.
    #[default]
    Never,
    /// It is seen.
    In,
    /// It was seen until then, in milliseconds since 1970.
    Out {
        /// Since when.
        since_ms: u64,
    },
}

impl Sight {
    /// What comes of it now.
    #[must_use]
    pub fn next(self, is_seen: bool, now_ms: u64) -> Sight {
        match (self, is_seen) {
            (_, true) => Sight::In,
            (Sight::In, false) => Sight::Out { since_ms: now_ms },
            (before, false) => before,
        }
    }

    /// Whether its windows keep their streams.
    pub fn is_awake(self, now_ms: u64) -> bool {
        match self {
            Sight::Never => false,
            Sight::In => true,
            Sight::Out { since_ms } => now_ms.saturating_sub(since_ms) < REST_MS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_seen_has_no_streams() {
        assert!(!Sight::default().next(false, 1).is_awake(1));
    }

    #[test]
    fn a_look_away_costs_nothing_and_a_long_one_gives_the_streams_back() {
        let away = Sight::default().next(true, 0).next(false, 1_000);
        assert_eq!(away.next(false, 20_000), away, "looking away goes on");
        assert!(away.is_awake(1_000 + REST_MS - 1));
        assert!(!away.is_awake(1_000 + REST_MS));
        assert!(away.next(true, 90_000).is_awake(90_000), "seen again");
    }

    #[test]
    fn a_clock_that_goes_back_wakes_nobody_too_early_and_panics_never() {
        assert!(Sight::Out { since_ms: 50_000 }.is_awake(10));
    }
}
