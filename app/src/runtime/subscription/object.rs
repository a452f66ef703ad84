use std::sync::Arc;

use krateyard_shared::json_patch;
use serde_json::Value;

use super::{Outcome, Phase, Subscription};

impl Subscription {
    /// Its object, and whether that is gone.
    pub fn object(&self) -> (Option<&Arc<Value>>, bool) {
        (self.object.as_ref(), self.is_gone)
    }

    /// The whole object, or that there is none.
    pub(in crate::runtime) fn took_object(&mut self, json: Option<&str>, now_ms: u64) -> Outcome {
        match json.map(serde_json::from_str::<Value>) {
            Some(Ok(object)) => {
                self.object = Some(Arc::new(object));
                self.is_gone = false;
            }
            Some(Err(_)) => self.unreadable += 1,
            None => self.is_gone = true,
        }
        self.has_object(now_ms)
    }

    /// What changed of it. What does not fit is asked for anew, and the old one stays until then.
    pub(in crate::runtime) fn took_patch(&mut self, patch: &str, now_ms: u64) -> Outcome {
        let has_whole = !self.is_gone && matches!(self.phase, Phase::Live | Phase::Stale { .. });
        let patched = self.object.as_deref().filter(|_| has_whole).and_then(|object| {
            let mut object = object.clone();
            json_patch::apply(&mut object, &serde_json::from_str(patch).ok()?).ok()?;
            Some(object)
        });
        let Some(object) = patched else { return Outcome::Lost };
        self.object = Some(Arc::new(object));
        self.has_object(now_ms)
    }

    fn has_object(&mut self, now_ms: u64) -> Outcome {
        (self.complete, self.is_own) = (true, true);
        self.as_of_ms = now_ms;
        self.phase = self.phase_by_upstream();
        Outcome::Changed
    }
}
