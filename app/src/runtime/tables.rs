//! What a lease shows: the rows of all streams that serve it, in one table, with the worst of their states and what is missing.

use std::collections::BTreeMap;
use std::sync::Arc;

use krateyard_shared::refusal::Refusal;
use krateyard_shared::rows::Row;
use krateyard_shared::scope::Rule;
use krateyard_shared::watch::MAX_SUBSCRIPTIONS;

use super::subscription::{Phase, Seed, Subscription};
use super::{Held, Runtime};
use crate::refresh::plan::{self, Wants};
use crate::refresh::{Lease, LeaseId, Target};
use crate::rows::Rows;
use crate::stream::StreamState;

/// The rows of one lease, as a view sees them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Rows in no order; an unchanged row keeps its allocation from one table to the next.
    pub rows: Vec<Arc<Row>>,
    /// How its streams do, together: the worst of them. `Denied` only where nothing may be read.
    pub state: StreamState,
    /// Whether all rows of the first load are here.
    pub complete: bool,
    /// What is missing because it was refused: the rest is shown all the same.
    pub missing: Vec<Refusal>,
    /// When the rows were last confirmed, in milliseconds since 1970; 0 for never.
    pub as_of_ms: u64,
}

/// One object whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ObjectState {
    /// The object as the API server gives it; kept when it is gone.
    pub object: Option<Arc<serde_json::Value>>,
    /// How its stream does; `Gone` when it was deleted.
    pub state: StreamState,
}

/// How many streams are confirmed, of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Counts {
    pub live: usize,
    pub all: usize,
}

impl Runtime {
    /// The table of a lease.
    pub fn table(&self, lease: LeaseId) -> Table {
        let Some(Held { lease, since_ms }) = self.leases.get(&lease) else { return Table::default() };
        let socket = self.socket.stream_state();
        let Some(access) = self.rights.known() else {
            return Table { state: self.without_rights(socket, *since_ms), ..Table::default() };
        };
        let Wants { targets, missing } = plan::wants(lease, access);
        let served = self.served_by(lease);
        let parts: Vec<(&Target, &Subscription)> = served.keys().filter_map(|server| Some((server, self.subscriptions.get(server)?))).collect();
        let missing = self.all_missing(missing, &targets, &parts);
        let readable: Vec<_> = parts.iter().filter(|(_, s)| !matches!(s.phase(), Phase::Denied { .. })).collect();
        if readable.is_empty()
            && (targets.is_empty() || !parts.is_empty())
            && let Some(first) = missing.first()
        {
            let state = if socket.is_live() || !matches!(socket, StreamState::Denied(_)) { StreamState::Denied(first.clone()) } else { socket };
            return Table { state, missing, ..Table::default() };
        }
        let state = worst(readable.iter().map(|(_, s)| s.stream_state(&socket))).unwrap_or(StreamState::Connecting { since_ms: *since_ms });
        Table {
            rows: readable.iter().flat_map(|(server, s)| filtered(server, &served[*server], s.rows())).collect(),
            state,
            complete: !readable.is_empty() && readable.iter().all(|(_, s)| s.is_complete()),
            missing,
            as_of_ms: readable.iter().map(|(_, s)| s.as_of_ms()).min().unwrap_or(0),
        }
    }

    /// The object of a lease.
    pub fn object(&self, lease: LeaseId) -> ObjectState {
        let Some(Held { lease, since_ms }) = self.leases.get(&lease) else { return ObjectState::default() };
        let socket = self.socket.stream_state();
        if lease.kinds.iter().next().is_none() {
            return ObjectState { object: None, state: StreamState::Ended { code: None, reason: "objects of this kind are not followed yet".into() } };
        }
        if self.rights.known().is_none() {
            return ObjectState { object: None, state: self.without_rights(socket, *since_ms) };
        }
        match self.served_by(lease).keys().next().and_then(|target| self.subscriptions.get(target)) {
            Some(subscription) => ObjectState { object: subscription.object().0.cloned(), state: subscription.stream_state(&socket) },
            None => ObjectState { object: None, state: StreamState::Connecting { since_ms: *since_ms } },
        }
    }

    /// How many streams are confirmed.
    pub fn counts(&self) -> Counts {
        let socket = self.socket.stream_state();
        let states = self.subscriptions.values().map(|s| s.stream_state(&socket)).filter(|state| !matches!(state, StreamState::Denied(_)));
        states.fold(Counts::default(), |counts, state| Counts { live: counts.live + usize::from(state.is_live()), all: counts.all + 1 })
    }

    /// The streams that serve a lease, each with what it serves of it: no two serve the same.
    pub(super) fn served_by(&self, lease: &Lease) -> BTreeMap<Target, Vec<Target>> {
        let mut served = BTreeMap::<_, Vec<_>>::new();
        let Some(access) = self.rights.known() else { return served };
        let standing = |target: &Target| self.subscriptions.get(target).map(|subscription| subscription.stream().standing);
        for target in plan::wants(lease, access).targets {
            if let Some(server) = plan::server(&target, standing) {
                served.entry(server).or_default().push(target);
            }
        }
        served
    }

    /// What a new stream may show until its own rows come: those of it in a wider stream that is about to close, or what was kept.
    pub(super) fn seed(&self, target: &Target, now_ms: u64) -> Option<Seed> {
        let Some(wide) = plan::wider(target).filter_map(|wide| self.subscriptions.get(&wide)).find(|wide| wide.is_complete()) else {
            return self.recalled(target);
        };
        let as_of_ms = if wide.is_own() { now_ms } else { wide.as_of_ms() };
        Some(Seed { rows: of_target(target, wide.rows())?, as_of_ms, object: None })
    }

    /// This stream's leases show something else now.
    pub(super) fn touch(&mut self, target: &Target) {
        self.changed = true;
        let shows = |lease: &Lease| lease.kinds.iter().any(|kind| kind == target.kind);
        self.dirty.extend(self.leases.iter().filter(|(_, held)| shows(&held.lease)).map(|(id, _)| *id));
    }

    pub(super) fn touch_all(&mut self) {
        self.changed = true;
        self.dirty.extend(self.leases.keys());
    }

    fn all_missing(&self, mut missing: Vec<Refusal>, targets: &[Target], parts: &[(&Target, &Subscription)]) -> Vec<Refusal> {
        for (_, subscription) in parts {
            if let Phase::Denied { refusal, .. } = subscription.phase() {
                missing.push(refusal.clone());
            }
        }
        if parts.len() < targets.len() && self.subscriptions.len() >= MAX_SUBSCRIPTIONS {
            missing.push(Refusal::Limit { which: format!("streams ({MAX_SUBSCRIPTIONS} at once)"), retry_after_secs: 0 });
        }
        let unreadable: u32 = parts.iter().map(|(_, s)| s.unreadable()).sum();
        if unreadable > 0 {
            missing.push(Refusal::Rejected { message: format!("{unreadable} rows are of a version that this page does not know: reload it") });
        }
        missing
    }

    fn without_rights(&self, socket: StreamState, since_ms: u64) -> StreamState {
        match (&self.rights.trouble, socket) {
            (Some(failure), StreamState::Live | StreamState::Connecting { .. }) => StreamState::Stale { as_of_ms: 0, cause: failure.to_string() },
            (None, StreamState::Live) => StreamState::Connecting { since_ms },
            (_, socket) => socket,
        }
    }
}

/// The rows of a stream that serve these targets: it may be wider than they are. A target without a rule of its own has none of them.
fn filtered<'a>(server: &Target, served: &[Target], rows: &'a Rows) -> impl Iterator<Item = Arc<Row>> + use<'a> {
    let is_whole = served.contains(server);
    let rules: Vec<Rule> = served.iter().filter_map(|target| target.scope.rule()).collect();
    rows.list().iter().filter(move |row| is_whole || rules.iter().any(|rule| rule.holds(row))).cloned()
}

/// Those rows of a wider stream that are of this target, where one can tell.
pub(super) fn of_target(target: &Target, rows: &Rows) -> Option<Rows> {
    let rule = target.scope.rule()?;
    Some(rows.list().iter().filter(|row| rule.holds(row)).cloned().collect())
}

/// The worst of several states: what is lost before what is stale before what still comes; of two alike the older.
fn worst(states: impl Iterator<Item = StreamState>) -> Option<StreamState> {
    let badness = |state: &StreamState| match state {
        StreamState::Denied(_) => 7,
        StreamState::Reconnecting { .. } => 6,
        StreamState::Stale { .. } => 5,
        StreamState::Ended { .. } | StreamState::Gone => 4,
        StreamState::Connecting { .. } | StreamState::NotStarted => 3,
        StreamState::Behind { .. } => 2,
        StreamState::LiveAs(_) => 1,
        StreamState::Live => 0,
    };
    let age = |state: &StreamState| match state {
        StreamState::Reconnecting { as_of_ms, .. } | StreamState::Stale { as_of_ms, .. } => u64::MAX - as_of_ms,
        _ => 0,
    };
    states.max_by_key(|state| (badness(state), age(state)))
}
