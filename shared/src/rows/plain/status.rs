use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::status::Health;

/// How a plain object does: worked out where its row is made, since its row does not hold what it follows from.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct PlainStatus {
    /// How it does.
    #[n(0)]
    pub health: Health,
    /// The word, as kubectl prints it where kubectl has one.
    #[n(1)]
    pub word: String,
    /// Why, in a few words; empty where the word says it all.
    #[n(2)]
    pub why: String,
}

impl PlainStatus {
    pub(super) fn new(health: Health, word: impl Into<String>) -> PlainStatus {
        PlainStatus { health, word: word.into(), why: String::new() }
    }

    pub(super) fn ok(word: impl Into<String>) -> PlainStatus {
        PlainStatus::new(Health::Ok, word)
    }

    pub(super) fn because(self, why: impl Into<String>) -> PlainStatus {
        PlainStatus { why: why.into(), ..self }
    }

    /// So many of so many that should be: none of them is bad, some are a warning.
    pub(super) fn ready_of(ready: i64, wanted: i64) -> PlainStatus {
        if ready >= wanted {
            return PlainStatus::ok("Ready");
        }
        PlainStatus::new(if ready == 0 { Health::Bad } else { Health::Warn }, format!("{ready} of {wanted} ready"))
    }
}
