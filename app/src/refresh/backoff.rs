//! How long to wait before trying again: 1 s doubling to 30 s, 20 % jitter, so that a thousand browsers do not come back at once.

/// The first wait, in milliseconds.
const FIRST_MS: u64 = 1000;
/// The longest wait before jitter, in milliseconds.
const LONGEST_MS: u64 = 30_000;
/// Jitter: the wait is made longer or shorter by at most this part of it.
const JITTER: f64 = 0.2;

/// The wait before attempt `attempt` (from 1), in milliseconds. `random` is within 0..1.
pub fn wait_ms(attempt: u32, random: f64) -> u64 {
    let doubled = FIRST_MS.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(LONGEST_MS);
    let factor = 1.0 + JITTER * (2.0 * random.clamp(0.0, 1.0) - 1.0);
    (doubled as f64 * factor) as u64
}

/// Random numbers that only need to differ between browsers (xorshift64*, Vigna 2014).
#[derive(Debug, Clone)]
pub struct Jitter(u64);

impl Jitter {
    /// Numbers of a seed.
    pub fn new(seed: u64) -> Jitter {
        Jitter(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next number, within 0..1.
    pub fn draw(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_one_second_to_thirty() {
        let waits: Vec<_> = (1..=7).map(|attempt| wait_ms(attempt, 0.5)).collect();
        assert_eq!(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        assert_eq!(wait_ms(u32::MAX, 0.5), 30_000);
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        assert_eq!((wait_ms(1, 0.0), wait_ms(1, 1.0)), (800, 1200));
        let mut jitter = Jitter::new(7);
        let drawn: Vec<_> = (0..1000).map(|_| jitter.draw()).collect();
        assert!(drawn.iter().all(|number| (0.0..1.0).contains(number)));
        assert!(drawn.iter().any(|number| *number < 0.1) && drawn.iter().any(|number| *number > 0.9));
    }
}
