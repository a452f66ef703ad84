//! One cluster's data: leases come in, messages come in, time passes; frames and questions go out. No socket, no clock, no framework: the edge drives it
//! in the browser, and tests drive it over a socket of their own.

mod access;
mod keep;
mod receive;
mod report;
pub mod sight;
pub mod socket;
pub mod subscription;
mod tables;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use krateyard_shared::api::Access;
use krateyard_shared::identity::ClusterName;
use krateyard_shared::kinds::Kind;
use krateyard_shared::watch::{ClientMessage, SubscriptionId, VERSION, Wire};

use crate::kept::record::Record;
use crate::refresh::backoff::Jitter;
use crate::refresh::plan::{self, Rights, Step, Stream};
use crate::refresh::{Lease, LeaseId, Target};
use access::Rightsholder;
use sight::Sight;
use socket::{Socket, SocketEffect, SocketEvent, State};
use subscription::{Phase, Subscription};

pub use access::Failure;
pub use report::{Report, StreamReport};
pub use tables::{Counts, ObjectState, Table};

/// What comes in from the edge.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Of the socket, or of what decides whether there is one.
    Socket(SocketEvent),
    /// A frame of the socket of this generation.
    Frame {
        /// Which socket.
        generation: u64,
        /// Its payload.
        bytes: Vec<u8>,
    },
    /// The answer to [`Effect::FetchAccess`].
    Access(Result<Access, Failure>),
    /// Whether the page is on screen.
    Seen(bool),
    /// Time passed: at least twice a second.
    Tick,
}

/// What the edge is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Open a socket and tag what it says with this generation.
    Connect {
        /// Which.
        generation: u64,
    },
    /// Send a frame on it.
    Send {
        /// Payload of a binary frame.
        bytes: Vec<u8>,
    },
    /// Close it.
    Disconnect,
    /// `GET /api/access`.
    FetchAccess,
    /// `POST /api/access`, at most [`krateyard_shared::api::MAX_QUESTIONS`] at once.
    AskMay {
        /// Questions.
        questions: Vec<krateyard_shared::api::AccessQuestion>,
    },
    /// `DELETE /api/session`.
    SignOut,
}

/// One cluster's data.
#[derive(Debug)]
pub struct Runtime {
    cluster: ClusterName,
    socket: Socket,
    rights: Rightsholder,
    leases: BTreeMap<LeaseId, Held>,
    /// What was kept before the page was loaded, until the proxy is heard.
    recalled: BTreeMap<Target, (Record, u64)>,
    subscriptions: BTreeMap<Target, Subscription>,
    wire: HashMap<SubscriptionId, Target>,
    last_lease: LeaseId,
    last_subscription: SubscriptionId,
    jitter: Jitter,
    dirty: BTreeSet<LeaseId>,
    changed: bool,
    effects: Vec<Effect>,
    resyncs: u64,
    heard: Heard,
    sight: Sight,
    others: u64,
}

/// What came over the sockets so far.
#[derive(Debug, Default)]
struct Heard {
    frames: u64,
    bytes: u64,
}

/// A lease that is held.
#[derive(Debug)]
struct Held {
    lease: Lease,
    since_ms: u64,
}

impl Runtime {
    /// A runtime that has nothing to do. `seed` makes its waits differ from those of other browsers.
    pub fn new(cluster: ClusterName, seed: u64) -> Runtime {
        Runtime {
            cluster,
            socket: Socket::default(),
            rights: Rightsholder::default(),
            leases: BTreeMap::new(),
            recalled: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            wire: HashMap::new(),
            last_lease: 0,
            last_subscription: 0,
            jitter: Jitter::new(seed),
            dirty: BTreeSet::new(),
            changed: false,
            effects: Vec::new(),
            resyncs: 0,
            heard: Heard::default(),
            sight: Sight::default(),
            others: 0,
        }
    }

    /// Takes in what happened; returns what is to be done.
    pub fn handle(&mut self, input: Input, now_ms: u64) -> Vec<Effect> {
        match input {
            Input::Socket(event) => self.socket_event(event, now_ms),
            Input::Frame { generation, bytes } => {
                // What a message means for the plan can wait for the next tick; messages are too many to plan after each.
                self.frame(generation, &bytes, now_ms);
                return std::mem::take(&mut self.effects);
            }
            Input::Access(answer) => self.access_answered(answer, now_ms),
            Input::Seen(false) => self.sight.leave(now_ms),
            Input::Seen(true) => self.seen(now_ms),
            Input::Tick => self.socket_event(SocketEvent::Tick, now_ms),
        }
        self.settle(now_ms)
    }

    /// Somebody needs this from now on.
    pub fn lease(&mut self, lease: Lease, now_ms: u64) -> (LeaseId, Vec<Effect>) {
        self.last_lease += 1;
        self.leases.insert(self.last_lease, Held { lease, since_ms: now_ms });
        self.dirty.insert(self.last_lease);
        (self.last_lease, self.settle(now_ms))
    }

    /// Nobody needs this lease any more.
    pub fn release(&mut self, lease: LeaseId, now_ms: u64) -> Vec<Effect> {
        self.leases.remove(&lease);
        self.dirty.remove(&lease);
        self.settle(now_ms)
    }

    /// A person asked: what serves this lease is listed past every cache, and what was denied is asked for again.
    pub fn refresh(&mut self, lease: LeaseId, now_ms: u64) -> Vec<Effect> {
        for target in self.leases.get(&lease).map(|held| self.served_by(&held.lease)).unwrap_or_default().into_keys() {
            self.ask_again(&target, now_ms);
        }
        self.rights.ask();
        self.settle(now_ms)
    }

    /// A person does not want to wait: whatever waits for its next try is tried now, and what is stale is listed anew.
    pub fn retry_now(&mut self, now_ms: u64) -> Vec<Effect> {
        self.socket_event(SocketEvent::RetryNow, now_ms);
        let waiting: Vec<_> =
            self.subscriptions.iter().filter(|(_, s)| matches!(s.phase(), Phase::Ended { .. } | Phase::Stale { .. })).map(|(t, _)| t.clone()).collect();
        for target in waiting {
            self.ask_again(&target, now_ms);
        }
        self.rights.ask();
        self.settle(now_ms)
    }

    /// The person leaves: everything ends.
    pub fn sign_out(&mut self, now_ms: u64) -> Vec<Effect> {
        self.socket_event(SocketEvent::Stop, now_ms);
        self.effects.push(Effect::SignOut);
        self.settle(now_ms)
    }

    /// The socket.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// What the person may read; `None` until it is known.
    pub fn access(&self) -> Option<&Arc<Access>> {
        self.rights.known()
    }

    /// How often rows had to be asked for anew because they did not fit: tests hold it at zero.
    pub fn resyncs(&self) -> u64 {
        self.resyncs
    }

    /// Whether nobody can see the page: what nobody asked for rests.
    pub fn rests(&self) -> bool {
        self.sight.rests()
    }

    /// How often other clusters were said to have changed, come or gone.
    pub fn others(&self) -> u64 {
        self.others
    }

    /// Whether anything at all may look different since this was last asked.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Leases whose table or object may have changed since this was last asked.
    pub fn take_dirty(&mut self) -> Vec<LeaseId> {
        std::mem::take(&mut self.dirty).into_iter().collect()
    }

    /// Does what the plan says and hands out what is to be done.
    fn settle(&mut self, now_ms: u64) -> Vec<Effect> {
        if self.sight.tick(now_ms) {
            self.rights.pause();
        }
        if self.rights.tick(self.socket.is_wanted(), now_ms) {
            self.effects.push(Effect::FetchAccess);
        }
        for step in self.planned(now_ms) {
            self.take(step, now_ms);
        }
        std::mem::take(&mut self.effects)
    }

    fn planned(&self, now_ms: u64) -> Vec<Step> {
        let rights = self.rights.known().map(|access| Rights { access, generation: self.rights.generation() });
        let is_passive = |lease: &&Lease| self.sight.rests() && lease.kinds.iter().all(Kind::is_polled);
        plan::plan(self.leases.values().map(|held| &held.lease).filter(|lease| !is_passive(lease)), rights, &self.streams(), now_ms)
    }

    fn streams(&self) -> BTreeMap<Target, Stream> {
        self.subscriptions.iter().map(|(target, subscription)| (target.clone(), subscription.stream())).collect()
    }

    fn take(&mut self, step: Step, now_ms: u64) {
        match step {
            Step::Open { target, .. } => {
                let seed = self.seed(&target, now_ms);
                self.subscriptions.insert(target.clone(), Subscription::new(target.kind, now_ms, seed));
                self.subscribe(&target, now_ms);
                self.touch_all();
            }
            Step::Idle { target, .. } => self.set_idle(&target, Some(now_ms)),
            Step::Keep { target, .. } => self.set_idle(&target, None),
            Step::Close { target, .. } => {
                self.unsubscribe(&target);
                self.subscriptions.remove(&target);
                self.touch_all();
            }
            Step::Retry { target, .. } => self.subscribe(&target, now_ms),
        }
    }

    fn set_idle(&mut self, target: &Target, since: Option<u64>) {
        if let Some(subscription) = self.subscriptions.get_mut(target) {
            subscription.set_idle(since);
        }
    }

    /// Asks for a target's rows, under a new number: what is still under way for the old one is not taken for an answer.
    fn subscribe(&mut self, target: &Target, now_ms: u64) {
        self.unsubscribe(target);
        let is_open = self.socket.is_open();
        let Some(subscription) = self.subscriptions.get_mut(target) else { return };
        if is_open {
            self.last_subscription += 1;
            let id = self.last_subscription;
            subscription.asked(id, now_ms);
            let resume = subscription.anchor();
            self.wire.insert(id, target.clone());
            let (cluster, resource, scope) = (self.cluster.clone(), target.kind.resource(), target.scope.clone());
            self.say(&ClientMessage::Subscribe { id, cluster, resource, scope, resume });
        } else {
            subscription.wait(now_ms);
        }
        self.touch(target);
    }

    /// A running stream lists anew, any other begins.
    fn ask_again(&mut self, target: &Target, now_ms: u64) {
        match self.subscriptions.get(target).and_then(|s| s.id().filter(|_| !s.is_settled())) {
            Some(id) => self.say(&ClientMessage::Refresh { id }),
            None => self.subscribe(target, now_ms),
        }
    }

    fn unsubscribe(&mut self, target: &Target) {
        if let Some(id) = self.subscriptions.get_mut(target).and_then(Subscription::forget_id) {
            self.wire.remove(&id);
            if self.socket.is_open() {
                self.say(&ClientMessage::Unsubscribe { id });
            }
        }
    }

    fn say(&mut self, message: &ClientMessage) {
        self.effects.push(Effect::Send { bytes: Wire::Binary.encode(message) });
    }

    fn socket_event(&mut self, event: SocketEvent, now_ms: u64) {
        let random = self.jitter.draw();
        // Another person may sign in next: what this one saw is not theirs to see.
        if event == SocketEvent::Stop || (event == SocketEvent::Start && matches!(self.socket.state(), State::Refused(_))) {
            self.rights.stop();
            self.recalled.clear();
            self.subscriptions.clear();
            self.wire.clear();
        }
        let before = std::mem::discriminant(self.socket.state());
        let effects = self.socket.handle(event, now_ms, random);
        if std::mem::discriminant(self.socket.state()) != before {
            self.touch_all();
        }
        for effect in effects {
            match effect {
                SocketEffect::Connect { generation } => self.effects.push(Effect::Connect { generation }),
                SocketEffect::Disconnect => self.effects.push(Effect::Disconnect),
                SocketEffect::Up => self.up(now_ms),
                SocketEffect::Down => self.down(now_ms),
            }
        }
    }

    /// The page is on screen again. After a while out of sight no row counts before its position is confirmed: each stream goes on from it, or begins anew.
    fn seen(&mut self, now_ms: u64) {
        let was_away = self.sight.come(now_ms);
        let before = self.socket.clone();
        self.socket_event(SocketEvent::Shown, now_ms);
        if !was_away {
            return;
        }
        self.rights.resume();
        // Another socket confirms by itself.
        if self.socket == before && self.socket.is_open() {
            let is_told = |subscription: &Subscription| matches!(subscription.phase(), Phase::Live | Phase::Stale { .. });
            let told: Vec<Target> = self.subscriptions.iter().filter(|(_, s)| is_told(s)).map(|(target, _)| target.clone()).collect();
            for target in told {
                self.subscribe(&target, now_ms);
            }
        }
    }

    fn up(&mut self, now_ms: u64) {
        self.say(&ClientMessage::Hello { version: VERSION });
        if self.rights.known().is_some() {
            self.rights.ask();
        }
        let mut targets: Vec<_> = self.subscriptions.keys().cloned().collect();
        targets.sort_by_key(|target| krateyard_shared::domain::Domain::of_kind(target.kind).entry().priority);
        for target in targets {
            self.subscribe(&target, now_ms);
        }
        self.touch_all();
    }

    fn down(&mut self, now_ms: u64) {
        self.wire.clear();
        for subscription in self.subscriptions.values_mut() {
            subscription.forget_id();
            subscription.wait(now_ms);
        }
        self.touch_all();
    }
}

#[cfg(test)]
mod tests;
