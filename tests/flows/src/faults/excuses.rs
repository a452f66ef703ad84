//! What nobody could know yet: until when a table may be behind, and until when it may be unconfirmed.

use std::time::Duration;

use kubesim::{Class, Effect, Fault, Faults};
use tokio::time::Instant;

use super::house::{MARGIN, WATCH};
use super::script::Break;
use crate::stage::Account;

/// Until an app gives up a connection that says nothing (`krateyard_app::runtime::socket::SILENCE_MS`), and is back.
const FRONT_LOST: Duration = Duration::from_secs(43);
/// Until kube gives up a watch that says nothing: 5 s after it should have ended.
const UPSTREAM_LOST: Duration = Duration::from_secs(WATCH + 5 + 2);
/// Until no connection that was idle when it was lost is tried any more: hyper keeps one for 90 s, and a request on a dead one fails after 10.
const POOL_LOST: Duration = Duration::from_secs(90 + 10 + 2);
/// Until a list or a watch that stalls half-way is given up: a watch when it should have ended, a list when nothing was heard for longer than that.
const STALLED: Duration = Duration::from_secs(WATCH + 5 + MARGIN);
/// The page asks for rights again after 1 s, 2 s, 4 s and so on.
const RIGHTS_UNKNOWN: Duration = Duration::from_secs(20);

/// Each until when.
pub(super) struct Excuses {
    /// Connections may be dead without anybody knowing.
    front_lost: Instant,
    upstream_lost: Instant,
    pool_lost: Instant,
    /// What began is not going on.
    stalled: Instant,
    /// Without lists nobody learns where somebody was let in.
    rights_unknown: Instant,
}

impl Excuses {
    pub(super) fn none() -> Excuses {
        let now = Instant::now();
        Excuses { front_lost: now, upstream_lost: now, pool_lost: now, stalled: now, rights_unknown: now }
    }

    pub(super) fn front(&mut self, what: Break) {
        if !matches!(what, Break::Cut | Break::Mend) {
            self.front_lost = Instant::now() + FRONT_LOST;
        }
    }

    /// Somebody opened the laptop: an app that sleeps notices nothing, and what it had been told before it hears only now.
    pub(super) fn woke(&mut self) {
        if Instant::now() < self.front_lost {
            self.front_lost = Instant::now() + FRONT_LOST;
        }
    }

    pub(super) fn upstream(&mut self, what: Break) {
        match what {
            Break::Cut | Break::Mend => {}
            Break::Lose => (self.upstream_lost, self.pool_lost) = (Instant::now() + UPSTREAM_LOST, Instant::now() + POOL_LOST),
            Break::Hold | Break::Slow => self.upstream_lost = Instant::now() + UPSTREAM_LOST,
        }
    }

    /// Faults as they are.
    pub(super) fn faults(&mut self, faults: &Faults) {
        let strikes = |fault: &Fault| fault.count != Some(0);
        if faults.all().iter().any(|set| set.fault.matching.class == Some(Class::List) && strikes(&set.fault)) {
            self.rights_unknown = Instant::now() + RIGHTS_UNKNOWN;
        }
    }

    /// Before they are taken back: what stalls goes on to.
    pub(super) fn faults_end(&mut self, faults: &Faults) {
        if faults.all().iter().any(|set| set.struck > 0 && matches!(set.fault.effect, Effect::Stall(_))) {
            self.stalled = Instant::now() + STALLED;
        }
    }

    /// Until when somebody's table may say that it is live and be behind.
    pub(super) fn behind(&self, account: Account) -> Instant {
        let lost = self.front_lost.max(self.upstream_lost);
        if account == Account::Admin { lost } else { lost.max(self.rights_unknown) }
    }

    /// The same for the neighbour: nothing happens to its connections.
    pub(super) fn behind_next_door(&self) -> Instant {
        self.front_lost
    }

    /// Until when what is true may be so by chance.
    pub(super) fn by_chance(&self) -> Instant {
        self.front_lost.max(self.upstream_lost)
    }

    /// Until when a table may say that it is not live.
    pub(super) fn unconfirmed(&self) -> Instant {
        self.by_chance().max(self.pool_lost).max(self.stalled).max(self.rights_unknown)
    }
}
