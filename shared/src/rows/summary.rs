use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::status::Health;

/// How many objects of a kind do how, in one namespace or, of a kind without namespaces, in the cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryFacts {
    /// Those that fail.
    #[n(0)]
    pub bad: u32,
    /// Those that work in part.
    #[n(1)]
    pub warn: u32,
    /// Those on their way.
    #[n(2)]
    pub pending: u32,
    /// Those that do what they should.
    #[n(3)]
    pub ok: u32,
    /// Those that ended as they should.
    #[n(4)]
    pub ended: u32,
    /// Those that were stopped on purpose.
    #[n(5)]
    pub stopped: u32,
}

impl SummaryFacts {
    /// How many do so.
    pub fn of(&self, health: Health) -> u32 {
        match health {
            Health::Bad => self.bad,
            Health::Warn => self.warn,
            Health::Pending => self.pending,
            Health::Ok => self.ok,
            Health::Ended => self.ended,
            Health::Stopped => self.stopped,
        }
    }

    /// Those that do so, to change.
    pub fn of_mut(&mut self, health: Health) -> &mut u32 {
        match health {
            Health::Bad => &mut self.bad,
            Health::Warn => &mut self.warn,
            Health::Pending => &mut self.pending,
            Health::Ok => &mut self.ok,
            Health::Ended => &mut self.ended,
            Health::Stopped => &mut self.stopped,
        }
    }

    /// All of them.
    pub fn all(&self) -> u32 {
        self.bad + self.warn + self.pending + self.ok + self.ended + self.stopped
    }

    /// The counts of both.
    #[must_use]
    pub fn and(self, other: SummaryFacts) -> SummaryFacts {
        SummaryFacts {
            bad: self.bad + other.bad,
            warn: self.warn + other.warn,
            pending: self.pending + other.pending,
            ok: self.ok + other.ok,
            ended: self.ended + other.ended,
            stopped: self.stopped + other.stopped,
        }
    }
}
