//! Whether anybody can see the page: what nobody asked for rests while nobody can, and is confirmed when somebody can again.

/// A tab that is left for so short a time goes on as if it were seen, in milliseconds.
pub const GRACE_MS: u64 = 10_000;

/// Whether anybody can see the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sight {
    /// Somebody can, as far as is known.
    #[default]
    Seen,
    /// Nobody can; perhaps only for a moment.
    Left {
        /// Since when.
        since_ms: u64,
    },
    /// Nobody can, and passive work rests.
    Resting,
}

impl Sight {
    /// The page went out of sight.
    pub fn leave(&mut self, now_ms: u64) {
        if *self == Sight::Seen {
            *self = Sight::Left { since_ms: now_ms };
        }
    }

    /// The page is seen; whether it was away for so long that nothing counts before it is confirmed.
    pub fn come(&mut self, now_ms: u64) -> bool {
        self.tick(now_ms);
        std::mem::take(self) == Sight::Resting
    }

    /// Time passes; whether work begins to rest now.
    pub fn tick(&mut self, now_ms: u64) -> bool {
        let rests = matches!(*self, Sight::Left { since_ms } if now_ms >= since_ms + GRACE_MS);
        if rests {
            *self = Sight::Resting;
        }
        rests
    }

    /// Whether passive work rests.
    pub fn rests(self) -> bool {
        self == Sight::Resting
    }
}
