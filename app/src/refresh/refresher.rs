//! What is fetched again and again: idle, refreshing, cooldown or waiting after an error. One enum, nothing beside it.

/// What is asked of it, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// From one automatic refresh to the next.
    pub interval_ms: u64,
    /// The least rest after a refresh, also before one that was asked for.
    pub cooldown_ms: u64,
    /// A refresh that takes longer has failed.
    pub timeout_ms: u64,
}

/// The longest wait after errors, in milliseconds.
const LONGEST_MS: u64 = 60_000;

/// Where a refresher is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Refresher {
    /// Never fetched, or asked for: due now.
    #[default]
    Due,
    /// A fetch is under way.
    Refreshing {
        /// Since when.
        since_ms: u64,
        /// It was asked for once more meanwhile: one rerun follows, however often.
        again: bool,
        /// Errors in a row before this.
        errors: u32,
    },
    /// Fetched; rests.
    Cooldown {
        /// When the fetch ended.
        at_ms: u64,
        /// Asked for meanwhile.
        again: bool,
    },
    /// The last fetch failed.
    Failed {
        /// Errors in a row.
        errors: u32,
        /// When it is tried again.
        retry_ms: u64,
    },
    /// Begins nothing until it is resumed.
    Paused {
        /// Since when a fetch is under way, if one is, and errors in a row before it.
        under_way: Option<(u64, u32)>,
    },
}

impl Refresher {
    /// Time passes; returns whether a fetch is to begin now.
    pub fn tick(&mut self, pace: Pace, now_ms: u64) -> bool {
        let errors = match *self {
            Refresher::Due => 0,
            Refresher::Refreshing { since_ms, errors, .. } if now_ms >= since_ms + pace.timeout_ms => {
                self.failed(pace, now_ms, 0.5, errors);
                return false;
            }
            Refresher::Cooldown { at_ms, again } if now_ms >= at_ms + if again { pace.cooldown_ms } else { pace.interval_ms } => 0,
            Refresher::Failed { errors, retry_ms } if now_ms >= retry_ms => errors,
            _ => return false,
        };
        *self = Refresher::Refreshing { since_ms: now_ms, again: false, errors };
        true
    }

    /// Somebody asks for a refresh: soon, and never two at once.
    pub fn ask(&mut self) {
        match self {
            Refresher::Refreshing { again, .. } | Refresher::Cooldown { again, .. } => *again = true,
            Refresher::Failed { retry_ms, .. } => *retry_ms = 0,
            Refresher::Due | Refresher::Paused { .. } => {}
        }
    }

    /// The fetch that is under way ended. `random` is within 0..1. An end that nobody waits for changes nothing.
    pub fn ended(&mut self, pace: Pace, now_ms: u64, random: f64, is_ok: bool) {
        if let Refresher::Paused { under_way } = self {
            *under_way = None;
        } else if let Refresher::Refreshing { again, errors, .. } = *self {
            if is_ok {
                *self = Refresher::Cooldown { at_ms: now_ms, again };
            } else {
                self.failed(pace, now_ms, random, errors);
            }
        }
    }

    /// Begins nothing more; what is under way ends by itself.
    pub fn pause(&mut self) {
        *self = match *self {
            Refresher::Paused { .. } => return,
            Refresher::Refreshing { since_ms, errors, .. } => Refresher::Paused { under_way: Some((since_ms, errors)) },
            _ => Refresher::Paused { under_way: None },
        };
    }

    /// Goes on after a pause: with what is still under way, else with a fetch that is due now.
    pub fn resume(&mut self) {
        if let Refresher::Paused { under_way } = *self {
            *self = under_way.map_or(Refresher::Due, |(since_ms, errors)| Refresher::Refreshing { since_ms, again: false, errors });
        }
    }

    fn failed(&mut self, pace: Pace, now_ms: u64, random: f64, before: u32) {
        let wait = pace.cooldown_ms.saturating_mul(1 << before.min(16)).min(LONGEST_MS) as f64;
        *self = Refresher::Failed { errors: before + 1, retry_ms: now_ms + (wait * (0.8 + 0.4 * random)) as u64 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { interval_ms: 60_000, cooldown_ms: 1000, timeout_ms: 10_000 };

    #[test]
    fn it_fetches_at_once_and_then_at_its_interval() {
        let mut refresher = Refresher::default();
        assert!(refresher.tick(PACE, 0));
        assert!(!refresher.tick(PACE, 1));
        refresher.ended(PACE, 100, 0.5, true);
        assert!(!refresher.tick(PACE, 60_099));
        assert!(refresher.tick(PACE, 60_100));
    }

    #[test]
    fn asking_thrice_while_it_fetches_gives_one_rerun_after_the_cooldown() {
        let mut refresher = Refresher::default();
        assert!(refresher.tick(PACE, 0));
        for _ in 0..3 {
            refresher.ask();
        }
        refresher.ended(PACE, 100, 0.5, true);
        assert!(!refresher.tick(PACE, 1099));
        assert!(refresher.tick(PACE, 1100));
        refresher.ended(PACE, 1200, 0.5, true);
        assert!(!refresher.tick(PACE, 5000));
    }

    #[test]
    fn errors_double_the_wait_up_to_a_minute_and_a_success_resets_it() {
        let (mut refresher, mut now, mut waits) = (Refresher::default(), 0, Vec::new());
        for _ in 0..8 {
            assert!(refresher.tick(PACE, now));
            refresher.ended(PACE, now, 0.5, false);
            let Refresher::Failed { retry_ms, .. } = refresher else { panic!("{refresher:?}") };
            waits.push(retry_ms - now);
            now = retry_ms;
        }
        assert_eq!(waits, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
        assert!(refresher.tick(PACE, now));
        refresher.ended(PACE, now, 0.5, true);
        assert_eq!(refresher, Refresher::Cooldown { at_ms: now, again: false });
    }

    #[test]
    fn going_on_after_pauses_gives_exactly_one_fetch() {
        for is_under_way in [false, true] {
            let mut refresher = Refresher::default();
            let mut fetches = u32::from(is_under_way && refresher.tick(PACE, 0));
            for now_ms in 1..5 {
                refresher.pause();
                refresher.ask();
                assert!(!refresher.tick(PACE, now_ms), "it rests");
                refresher.resume();
            }
            for now_ms in 5..10 {
                fetches += u32::from(refresher.tick(PACE, now_ms));
            }
            assert_eq!(fetches, 1);
        }
        let mut refresher = Refresher::default();
        assert!(refresher.tick(PACE, 0));
        refresher.pause();
        refresher.ended(PACE, 100, 0.5, true);
        refresher.resume();
        assert!(refresher.tick(PACE, 200), "what came during the pause may be out of date");
    }

    proptest::proptest! {
        #[test]
        fn never_are_two_under_way_and_none_begins_in_a_pause(steps in proptest::collection::vec((0..5_u8, 0..20_000_u64), 0..60)) {
            let (mut refresher, mut now_ms, mut begun_ms, mut is_paused) = (Refresher::default(), 0, None, false);
            for (step, ms) in steps {
                now_ms += ms;
                match step {
                    0 => {
                        refresher.pause();
                        is_paused = true;
                    }
                    1 => {
                        refresher.resume();
                        is_paused = false;
                    }
                    2 => {
                        refresher.ended(PACE, now_ms, 0.5, ms % 2 == 0);
                        begun_ms = None;
                    }
                    3 => refresher.ask(),
                    _ => if refresher.tick(PACE, now_ms) {
                        proptest::prop_assert!(!is_paused);
                        proptest::prop_assert!(begun_ms.is_none_or(|begun_ms| now_ms >= begun_ms + PACE.timeout_ms), "two at once");
                        begun_ms = Some(now_ms);
                    },
                }
            }
            refresher.resume();
            // In the end it fetches again, whatever happened.
            let fetches = (0..200).filter(|_| {
                now_ms += 1000;
                refresher.tick(PACE, now_ms)
            });
            proptest::prop_assert!(fetches.count() > 0);
        }
    }

    #[test]
    fn a_fetch_that_never_ends_counts_as_failed_and_its_late_end_changes_nothing() {
        let mut refresher = Refresher::default();
        assert!(refresher.tick(PACE, 0));
        assert!(!refresher.tick(PACE, 10_000));
        let failed = refresher.clone();
        assert!(matches!(failed, Refresher::Failed { errors: 1, .. }));
        refresher.ended(PACE, 10_001, 0.5, true);
        assert_eq!(refresher, failed);
    }
}
