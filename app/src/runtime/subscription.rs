//! One stream of rows (or one object): where it is, and what it holds. One enum says where; nothing runs beside it.

mod object;
mod phase;
mod state;

use std::sync::Arc;

use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::watch::{Beat, EncodedRow, Freshness, Position, SubscriptionId};
use serde_json::Value;

use crate::refresh::backoff;
use crate::refresh::plan::{Standing, Stream};
use crate::rows::{Arrived, Rows};

pub use phase::Phase;
use state::{CONFIRMING, millis};

/// Changes that may wait for a snapshot to be complete; with more it is asked for anew.
const MAX_HELD: usize = 1000;

/// What a message asks of the runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// Nothing to show differs.
    Same,
    /// What is shown may differ.
    Changed,
    /// Something is missing: ask for everything anew.
    Lost,
}

/// What a stream may show until its own rows come, and when that was confirmed.
#[derive(Debug, Default)]
pub struct Seed {
    /// Rows.
    pub rows: Rows,
    /// Or an object.
    pub object: Option<Arc<Value>>,
    /// In milliseconds since 1970.
    pub as_of_ms: u64,
}

/// Changes that came while a snapshot was under way.
#[derive(Debug, Default)]
struct Held {
    changes: Vec<(Vec<Arrived>, Vec<String>)>,
    count: usize,
}

/// One stream.
#[derive(Debug)]
pub struct Subscription {
    kind: Kind,
    phase: Phase,
    id: Option<SubscriptionId>,
    idle_since_ms: Option<u64>,
    since_ms: u64,
    as_of_ms: u64,
    /// All rows were here at least once.
    complete: bool,
    position: Option<Position>,
    /// The position that all of `rows` are of, if they are: where it can go on over another socket.
    anchor: Option<Position>,
    held: Held,
    rows: Rows,
    object: Option<Arc<Value>>,
    is_gone: bool,
    /// Whether what it shows came over it: not from a wider stream, and not from before the page was loaded.
    is_own: bool,
    upstream: Freshness,
    failures: u32,
    unreadable: u32,
}

impl Subscription {
    /// A stream of objects of a kind that nobody asked for yet. The seed may be shown until its own rows come.
    pub fn new(kind: Kind, now_ms: u64, seed: Option<Seed>) -> Subscription {
        let complete = seed.is_some();
        let Seed { rows, object, as_of_ms } = seed.unwrap_or_default();
        Subscription {
            kind,
            phase: Phase::Waiting,
            id: None,
            idle_since_ms: None,
            since_ms: now_ms,
            as_of_ms,
            complete,
            position: None,
            anchor: None,
            held: Held::default(),
            rows,
            object,
            is_gone: false,
            is_own: false,
            upstream: Freshness::Live,
            failures: 0,
            unreadable: 0,
        }
    }

    /// Where it is.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Its number on the wire.
    pub fn id(&self) -> Option<SubscriptionId> {
        self.id
    }

    /// Its rows.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Whether all rows are here, or were and are still shown.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// When its rows were last confirmed.
    pub fn as_of_ms(&self) -> u64 {
        self.as_of_ms
    }

    /// Where it is in the proxy's history.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Where it can go on.
    pub fn anchor(&self) -> Option<Position> {
        self.anchor
    }

    /// Rows that this page could not read.
    pub fn unreadable(&self) -> u32 {
        self.unreadable
    }

    /// Whether it ended or was refused.
    pub fn is_settled(&self) -> bool {
        matches!(self.phase, Phase::Denied { .. } | Phase::Ended { .. })
    }

    /// What the plan needs to know.
    pub fn stream(&self) -> Stream {
        let standing = match &self.phase {
            Phase::Denied { rights, retry_ms, .. } => Standing::Denied { rights: *rights, retry_ms: *retry_ms },
            Phase::Ended { retry_ms, .. } => Standing::Ended { retry_ms: *retry_ms },
            Phase::Live | Phase::Stale { .. } => Standing::Complete,
            Phase::Waiting | Phase::Loading | Phase::Resyncing { .. } | Phase::Resuming { .. } if self.complete => Standing::Complete,
            Phase::Waiting | Phase::Loading | Phase::Resyncing { .. } | Phase::Resuming { .. } => Standing::Underway,
        };
        Stream { standing, idle_since_ms: self.idle_since_ms }
    }

    pub(super) fn set_idle(&mut self, since_ms: Option<u64>) {
        self.idle_since_ms = since_ms;
    }

    pub(super) fn forget_id(&mut self) -> Option<SubscriptionId> {
        self.id.take()
    }

    /// There is no socket: what is here stays, unconfirmed. A refusal stays one.
    pub(super) fn wait(&mut self, now_ms: u64) {
        if !matches!(self.phase, Phase::Denied { .. }) {
            self.phase = Phase::Waiting;
            self.since_ms = now_ms;
        }
        self.clear_transit();
    }

    /// Asked for under this number.
    pub(super) fn asked(&mut self, id: SubscriptionId, now_ms: u64) {
        self.id = Some(id);
        self.since_ms = now_ms;
        self.clear_transit();
        let shows_rows = self.complete || !self.rows.list().is_empty();
        let resync = || Phase::Resyncing { cause: CONFIRMING.into(), incoming: Vec::new() };
        self.phase = if shows_rows { resync() } else { Phase::Loading };
    }

    fn clear_transit(&mut self) {
        self.position = None;
        self.held = Held::default();
        self.upstream = Freshness::Live;
    }

    /// The proxy's hub is at a position. Resumed, the rows go on from where they were: what changed until that position follows.
    pub(super) fn acked(&mut self, position: Position, resumed: bool, now_ms: u64) -> Outcome {
        if resumed {
            let Some(anchor) = self.anchor else { return Outcome::Lost };
            self.position = Some(anchor);
            return self.resumed(position.seq, now_ms);
        }
        self.anchor = None;
        self.unreadable = 0;
        self.position = Some(position);
        self.as_of_ms = self.as_of_ms.max(if self.complete { 0 } else { now_ms });
        Outcome::Changed
    }

    /// Rows of a snapshot.
    pub(super) fn took_rows(&mut self, rows: &[EncodedRow], done: bool, now_ms: u64) -> Outcome {
        let decoded = self.decode(rows);
        match &mut self.phase {
            Phase::Loading => {
                self.rows.apply(decoded, []);
            }
            Phase::Resyncing { incoming, .. } => incoming.extend(decoded),
            // Rows that nobody asked for: the position is not known any more.
            _ => return Outcome::Lost,
        }
        if done {
            self.finish(now_ms);
        }
        Outcome::Changed
    }

    fn resumed(&mut self, until: u64, now_ms: u64) -> Outcome {
        self.phase = Phase::Resuming { until };
        if self.position.is_some_and(|position| position.seq >= until) {
            self.as_of_ms = now_ms;
            self.phase = self.phase_by_upstream();
        }
        Outcome::Changed
    }

    fn finish(&mut self, now_ms: u64) {
        if let Phase::Resyncing { incoming, .. } = &mut self.phase {
            self.rows.replace(std::mem::take(incoming));
        }
        for (upserts, deletes) in std::mem::take(&mut self.held).changes {
            self.rows.apply(upserts, deletes.iter().map(String::as_str));
        }
        (self.complete, self.is_own) = (true, true);
        self.anchor = self.position;
        self.as_of_ms = now_ms;
        self.phase = self.phase_by_upstream();
    }

    pub(super) fn took_delta(&mut self, seqs: (u64, u64), upserts: &[EncodedRow], deletes: &[String], now_ms: u64) -> Outcome {
        let (from_seq, to_seq) = seqs;
        match &mut self.position {
            Some(position) if position.seq == from_seq && to_seq >= from_seq => position.seq = to_seq,
            _ => return Outcome::Lost,
        }
        let decoded = self.decode(upserts);
        match self.phase {
            Phase::Live | Phase::Stale { .. } | Phase::Resuming { .. } => {
                self.rows.apply(decoded, deletes.iter().map(String::as_str));
                self.anchor = self.position;
                if let Phase::Resuming { until } = self.phase {
                    return self.resumed(until, now_ms);
                }
                self.as_of_ms = now_ms;
                Outcome::Changed
            }
            Phase::Loading | Phase::Resyncing { .. } => {
                self.held.count += decoded.len() + deletes.len();
                self.held.changes.push((decoded, deletes.to_vec()));
                if self.held.count > MAX_HELD { Outcome::Lost } else { Outcome::Same }
            }
            Phase::Waiting | Phase::Denied { .. } | Phase::Ended { .. } => Outcome::Same,
        }
    }

    pub(super) fn reset(&mut self, reason: String, position: Position, now_ms: u64) -> Outcome {
        (self.position, self.anchor, self.unreadable) = (Some(position), None, 0);
        self.held = Held::default();
        self.since_ms = now_ms;
        let shows_rows = self.complete || !self.rows.list().is_empty();
        self.phase = if shows_rows { Phase::Resyncing { cause: reason, incoming: Vec::new() } } else { Phase::Loading };
        Outcome::Changed
    }

    pub(super) fn heard_of_upstream(&mut self, freshness: Freshness) -> Outcome {
        self.upstream = freshness;
        if matches!(self.phase, Phase::Live | Phase::Stale { .. }) {
            self.phase = self.phase_by_upstream();
        }
        Outcome::Changed
    }

    /// A heartbeat: what the proxy says the rows are at a position, once this is at it.
    pub(super) fn beat(&mut self, beat: &Beat, now_ms: u64) -> Outcome {
        let is_there = self.position.is_some_and(|position| position.seq == beat.seq);
        // What this page cannot read it does not have.
        let agrees =
            self.unreadable > 0 || (beat.count == self.rows.list().len() as u64 && beat.checksum.is_none_or(|checksum| checksum == self.rows.checksum()));
        match &self.phase {
            Phase::Live | Phase::Stale { .. } if is_there && !agrees => Outcome::Lost,
            Phase::Live => {
                self.as_of_ms = now_ms;
                self.failures = 0;
                Outcome::Changed
            }
            _ => Outcome::Same,
        }
    }

    pub(super) fn deny(&mut self, refusal: Refusal, rights: u64) {
        self.id = None;
        self.phase = Phase::Denied { refusal, rights, retry_ms: None };
        self.rows = Rows::default();
        self.object = None;
        (self.complete, self.is_own) = (false, false);
        self.anchor = None;
    }

    /// Something is missing: all rows must come anew.
    pub(super) fn lose(&mut self) {
        self.anchor = None;
    }

    /// Ended for a reason that may pass: again after `at_least_ms`, or later the more often it failed.
    pub(super) fn fail(&mut self, cause: String, at_least_ms: u64, random: f64, now_ms: u64) {
        self.id = None;
        self.failures += 1;
        let wait_ms = backoff::wait_ms(self.failures, random).max(at_least_ms);
        self.phase = Phase::Ended { cause, retry_ms: now_ms + wait_ms };
    }

    /// The rights, asked for since, say that it is allowed. Asked for again, later the more often it is refused all the same.
    pub(super) fn contradict(&mut self, random: f64, now_ms: u64) {
        if let Phase::Denied { retry_ms: retry_ms @ None, .. } = &mut self.phase {
            self.failures += 1;
            *retry_ms = Some(now_ms + backoff::wait_ms(self.failures, random));
        }
    }

    /// Whether it failed lately.
    pub(super) fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// Something was lost: counted, so that a stream that loses again and again is not asked for in a loop.
    pub(super) fn count_failure(&mut self) {
        self.failures += 1;
    }

    fn phase_by_upstream(&self) -> Phase {
        match &self.upstream {
            Freshness::Live | Freshness::Polled { .. } => Phase::Live,
            Freshness::CatchingUp => Phase::Stale { since_ms: self.as_of_ms, cause: "catching up with the cluster".into() },
            Freshness::Stale { since, cause } => Phase::Stale { since_ms: millis(*since), cause: cause.clone() },
        }
    }

    /// Whether what it shows came over it.
    pub fn is_own(&self) -> bool {
        self.is_own
    }

    fn decode(&mut self, rows: &[EncodedRow]) -> Vec<Arrived> {
        let decoded: Vec<_> = rows.iter().filter_map(|row| Some((row.decode().ok()?.of_kind(self.kind), row.hash()))).collect();
        self.unreadable += u32::try_from(rows.len() - decoded.len()).unwrap_or(u32::MAX);
        decoded
    }
}
