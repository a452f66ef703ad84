//! What the person may read: known before anything is asked for, and asked again every minute and whenever something hints at a change.

use std::sync::Arc;

use krateyard_shared::api::{Access, NamespaceAccess};
use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;

use super::Runtime;
use super::socket::SocketEvent;
use super::subscription::Phase;
use crate::refresh::Target;
use crate::refresh::refresher::{Pace, Refresher};

/// Why the proxy did not give what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It did not answer, or not in words that this page knows.
    #[error("Krateyard does not answer: {cause}")]
    #[allow(missing_docs)]
    Unreachable { cause: String },
}

impl Failure {
    /// Whatever kept an answer from coming.
    pub fn unreachable(cause: &impl std::fmt::Display) -> Failure {
        Failure::Unreachable { cause: cause.to_string() }
    }
}

const PACE: Pace = Pace { interval_ms: 60_000, cooldown_ms: 1000, timeout_ms: 15_000 };

/// Who knows the rights.
#[derive(Debug, Default)]
pub(super) struct Rightsholder {
    known: Option<Arc<Access>>,
    /// Whether that is from before the page was loaded: the proxy was not heard yet.
    is_recalled: bool,
    generation: u64,
    refresher: Refresher,
    /// Why they could not be fetched, if so.
    pub(super) trouble: Option<Failure>,
}

impl Rightsholder {
    pub(super) fn known(&self) -> Option<&Arc<Access>> {
        self.known.as_ref()
    }

    /// What was known when the page was here last; whether it is of use.
    pub(super) fn recall(&mut self, access: Access) -> bool {
        if self.known.is_none() {
            (self.known, self.is_recalled) = (Some(Arc::new(access)), true);
            self.generation += 1;
        }
        self.is_recalled
    }

    /// What the proxy said, if it was heard.
    pub(super) fn confirmed(&self) -> Option<&Arc<Access>> {
        self.known.as_ref().filter(|_| !self.is_recalled)
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Something hints at a change.
    pub(super) fn ask(&mut self) {
        self.refresher.ask();
    }

    /// Nobody is signed in: what was known counts no more.
    pub(super) fn stop(&mut self) {
        *self = Rightsholder { generation: self.generation + 1, ..Rightsholder::default() };
    }

    /// Nobody looks: they are not asked for until somebody does.
    pub(super) fn pause(&mut self) {
        self.refresher.pause();
    }

    /// Somebody looks again.
    pub(super) fn resume(&mut self) {
        self.refresher.resume();
    }

    /// Whether they are to be fetched now.
    pub(super) fn tick(&mut self, is_wanted: bool, now_ms: u64) -> bool {
        is_wanted && self.refresher.tick(PACE, now_ms)
    }
}

impl Runtime {
    pub(super) fn access_answered(&mut self, answer: Result<Access, Failure>, now_ms: u64) {
        let random = self.jitter.draw();
        self.rights.refresher.ended(PACE, now_ms, random, answer.is_ok());
        let had_vanished = self.has_vanished();
        match answer {
            Ok(access) => {
                self.rights.trouble = None;
                self.rights.is_recalled = false;
                // From here on what is asked for comes by itself.
                self.recalled.clear();
                for custom in &access.custom {
                    Kind::learn(custom);
                }
                if self.rights.known.as_deref() != Some(&access) {
                    self.rights.known = Some(Arc::new(access));
                    self.rights.generation += 1;
                }
                self.contradict(random, now_ms);
                if had_vanished {
                    self.ask_ended(now_ms);
                }
            }
            Err(Failure::Refused(refusal @ (Refusal::Unauthenticated | Refusal::Expired))) => self.socket_event(SocketEvent::Refused(refusal), now_ms),
            Err(failure) => self.rights.trouble = Some(failure),
        }
        self.touch_all();
    }

    /// Whether the proxy does not serve this cluster (any more).
    pub fn has_vanished(&self) -> bool {
        self.rights.trouble == Some(Failure::Refused(Refusal::no_cluster(&self.cluster)))
    }

    /// The cluster is there again: nobody waits.
    fn ask_ended(&mut self, now_ms: u64) {
        let ended: Vec<Target> =
            self.subscriptions.iter().filter(|(_, s)| matches!(s.phase(), Phase::Ended { .. })).map(|(target, _)| target.clone()).collect();
        for target in ended {
            self.subscribe(&target, now_ms);
        }
    }

    /// What was refused although it is allowed is asked for again.
    fn contradict(&mut self, random: f64, now_ms: u64) {
        let Some(access) = self.rights.known() else { return };
        let allows = |target: &Target| {
            let (resource, namespace) = (target.kind.resource().to_string(), target.scope.namespace());
            let is_within = |access: &NamespaceAccess| namespace == Some(access.namespace.as_str()) && access.resources.contains(&resource);
            access.cluster_wide.contains(&resource) || access.namespaces.iter().any(is_within)
        };
        for (_, subscription) in self.subscriptions.iter_mut().filter(|(target, _)| allows(target)) {
            subscription.contradict(random, now_ms);
        }
    }
}
