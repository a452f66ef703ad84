use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use krateyard_shared::api::Latency;

/// Answers that count: the last ones.
const KEPT: usize = 256;

/// How long a cluster took to begin its last answers.
#[derive(Debug, Default)]
pub(super) struct Latencies(Mutex<VecDeque<Duration>>);

impl Latencies {
    pub(super) fn add(&self, took: Duration) {
        let mut kept = self.0.lock().expect("no panic while held");
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(took);
    }

    /// Half of them, 95 and 99 of 100 came sooner; `None` before the first.
    pub(super) fn told(&self) -> Option<Latency> {
        let mut sorted: Vec<_> = self.0.lock().expect("no panic while held").iter().copied().collect();
        sorted.sort_unstable();
        // The nearest rank.
        let at = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).max(1) - 1).map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        Some(Latency { p50_us: at(50)?, p95_us: at(95)?, p99_us: at(99)?, answers: sorted.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_answers_count_and_percentiles_are_of_them() {
        let latencies = Latencies::default();
        assert_eq!(latencies.told(), None);
        (0..1000).for_each(|_| latencies.add(Duration::from_secs(9)));
        (1..=KEPT as u64).rev().for_each(|ms| latencies.add(Duration::from_millis(ms)));
        assert_eq!(latencies.told(), Some(Latency { p50_us: 128_000, p95_us: 244_000, p99_us: 254_000, answers: KEPT }));
        let one = Latencies::default();
        one.add(Duration::from_millis(3));
        assert_eq!(one.told(), Some(Latency { p50_us: 3_000, p95_us: 3_000, p99_us: 3_000, answers: 1 }));
    }
}
