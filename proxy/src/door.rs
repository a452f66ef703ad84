//! The door of a laptop: opened once by a link that the terminal prints.

use std::sync::Mutex;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use krateyard_shared::refusal::Refusal;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::config::Secret;

/// How long a link that nobody opened is good.
const GOOD: Duration = Duration::from_secs(600);

/// The one link that is good now. It is known by its hash.
#[derive(Default)]
pub(crate) struct Door(Mutex<Option<([u8; 32], Instant)>>);

impl Door {
    /// A new code; the one before it is good no more.
    ///
    /// # Errors
    /// Where there is no randomness.
    pub(crate) fn code(&self) -> Result<Secret, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        let code = Secret::new(URL_SAFE_NO_PAD.encode(bytes));
        *self.0.lock().expect("no panic while held") = Some((hash(code.reveal()), Instant::now()));
        Ok(code)
    }

    /// Takes a code, once.
    ///
    /// # Errors
    /// `Expired` for any other code, and for this one the second time. A wrong one leaves the right one good: nobody guesses 256 bits.
    pub(crate) fn enter(&self, code: &str) -> Result<(), Refusal> {
        let mut door = self.0.lock().expect("no panic while held");
        match door.as_ref() {
            Some((known, made)) if *known == hash(code) && made.elapsed() < GOOD => {
                *door = None;
                Ok(())
            }
            _ => Err(Refusal::Expired),
        }
    }
}

fn hash(code: &str) -> [u8; 32] {
    Sha256::digest(code).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_opens_once_and_the_latest_alone() {
        let door = Door::default();
        assert!(door.enter("").is_err());
        let (first, second) = (door.code().unwrap(), door.code().unwrap());
        assert!(door.enter(first.reveal()).is_err() && door.enter("guess").is_err());
        assert!(door.enter(second.reveal()).is_ok() && door.enter(second.reveal()).is_err());
    }
}
