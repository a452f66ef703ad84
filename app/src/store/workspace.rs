//! The handle that views hold: leases, commands, and what the connection does.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use krateyard_shared::api::{Access, AccessQuestion};
use krateyard_shared::domain::Domain;
use krateyard_shared::identity::{ClusterName, ObjectRef};
use krateyard_shared::kinds::Kind;
use krateyard_shared::scope::Scope;
use leptos::prelude::*;

use super::may::May;
use crate::kept::keeper::Keeper;
use crate::kept::record::Record;
use crate::kept::shelf::Change;
use crate::refresh::{Kinds, Lease, LeaseId, Scopes};
use crate::runtime::socket::SocketEvent;
use crate::runtime::{Counts, Effect, Input, ObjectState, Report, Runtime, Table};
use crate::stream::StreamState;

/// One cluster's workspace: what it holds lives in leptos' arena, in the owner that made it. `Copy`, and the same everywhere.
#[derive(Clone, Copy)]
pub struct Workspace(StoredValue<Arc<Inner>>);

/// What a person asks of the whole workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Somebody signed in.
    Start,
    /// Reconnect, and try again what waits, now instead of after the wait.
    RetryNow,
    /// End the session.
    SignOut,
}

/// Rows for as long as this is held.
pub struct TableLease {
    /// The rows; published once per frame, only when something changed.
    pub table: Signal<Arc<Table>>,
    held: Held,
}

/// One object whole for as long as this is held.
pub struct ObjectLease {
    /// The object.
    pub object: Signal<ObjectState>,
    held: Held,
}

/// Released when dropped.
struct Held {
    lease: LeaseId,
    inner: Arc<Inner>,
}

struct Inner {
    core: Mutex<Core>,
    outbox: Box<dyn Fn(Effect) + Send + Sync>,
    clock: Box<dyn Fn() -> u64 + Send + Sync>,
    connection: ArcRwSignal<StreamState>,
    counts: ArcRwSignal<Counts>,
    access: ArcRwSignal<Arc<Access>>,
    now_ms: ArcRwSignal<u64>,
    vanished: ArcRwSignal<bool>,
    others: ArcRwSignal<u64>,
    cluster: ClusterName,
}

struct Core {
    runtime: Runtime,
    may: May,
    tables: HashMap<LeaseId, ArcRwSignal<Arc<Table>>>,
    objects: HashMap<LeaseId, ArcRwSignal<ObjectState>>,
}

impl Workspace {
    /// A workspace that does nothing until it is started. `outbox` does what it is told (it may be called from any method here, never while a lock is
    /// held); `clock` gives milliseconds since 1970.
    pub fn new(cluster: ClusterName, outbox: impl Fn(Effect) + Send + Sync + 'static, clock: impl Fn() -> u64 + Send + Sync + 'static) -> Workspace {
        let now_ms = clock();
        let core = Core { runtime: Runtime::new(cluster.clone(), now_ms), may: May::default(), tables: HashMap::new(), objects: HashMap::new() };
        Workspace(StoredValue::new(Arc::new(Inner {
            core: Mutex::new(core),
            outbox: Box::new(outbox),
            clock: Box::new(clock),
            connection: ArcRwSignal::new(StreamState::NotStarted),
            counts: ArcRwSignal::new(Counts::default()),
            access: ArcRwSignal::new(Arc::new(Access::default())),
            now_ms: ArcRwSignal::new(now_ms),
            vanished: ArcRwSignal::new(false),
            others: ArcRwSignal::new(0),
            cluster,
        })))
    }

    /// The cluster.
    pub fn cluster(self) -> ClusterName {
        self.inner().cluster.clone()
    }

    /// Leases rows: of a kind, of some kinds, or of a domain. Dropping the lease releases it.
    pub fn table(self, kinds: impl Into<Kinds>, scopes: impl Into<Scopes>) -> TableLease {
        let inner = self.inner();
        let signal = ArcRwSignal::new(Arc::new(Table::default()));
        let lease = inner.lease(Lease { kinds: kinds.into(), scopes: scopes.into() }, |core, id, table| {
            signal.set(Arc::new(table));
            core.tables.insert(id, signal.clone());
        });
        TableLease { table: Signal::from(signal), held: Held { lease, inner } }
    }

    /// Rows for as long as the present owner (a component) lives.
    pub fn use_table(self, kinds: impl Into<Kinds>, scopes: impl Into<Scopes>) -> Signal<Arc<Table>> {
        let lease = self.table(kinds, scopes);
        let table = lease.table;
        on_cleanup(move || drop(lease));
        table
    }

    /// What Spotlight searches: the catalog, and what the cluster defines itself.
    pub fn catalog(self) -> Kinds {
        let access = self.inner().access.get_untracked();
        let defined = access.custom.iter().filter_map(Kind::learn);
        let kinds: Vec<Kind> = Domain::Catalog.entry().kinds.iter().copied().chain(defined).collect();
        Kinds::from(kinds.as_slice())
    }

    /// Leases one object whole. Dropping the lease releases it.
    pub fn object(self, object: &ObjectRef) -> ObjectLease {
        let inner = self.inner();
        let signal = ArcRwSignal::new(ObjectState::default());
        let scope = Scope::Object { namespace: object.namespace.clone(), name: object.name.clone() };
        // A kind without rows has no stream yet: its lease stays empty.
        let kinds = Kind::of_name(&object.group, &object.kind).map_or_else(|| Kinds::from(&[] as &[Kind]), Kinds::from);
        let lease = inner.lease(Lease { kinds, scopes: scope.into() }, |core, id, _| {
            signal.set(core.runtime.object(id));
            core.objects.insert(id, signal.clone());
        });
        ObjectLease { object: Signal::from(signal), held: Held { lease, inner } }
    }

    /// One object for as long as the present owner (a component) lives.
    pub fn use_object(self, object: &ObjectRef) -> Signal<ObjectState> {
        let lease = self.object(object);
        let object = lease.object;
        on_cleanup(move || drop(lease));
        object
    }

    /// How the connection does, as a whole: live, reconnecting, offline (`Stale`), or signed out (`Denied` with `Unauthenticated` or `Expired`).
    pub fn connection(self) -> Signal<StreamState> {
        self.inner().connection.clone().into()
    }

    /// How many streams are confirmed, of how many: `4 of 6 live`.
    pub fn counts(self) -> Signal<Counts> {
        self.inner().counts.clone().into()
    }

    /// What the person may list; empty until it is known.
    pub fn access(self) -> Signal<Arc<Access>> {
        self.inner().access.clone().into()
    }

    /// Whether the proxy serves this cluster no more.
    pub fn vanished(self) -> Signal<bool> {
        self.inner().vanished.clone().into()
    }

    /// Changes when other clusters change, come or go.
    pub fn others(self) -> Signal<u64> {
        self.inner().others.clone().into()
    }

    /// Milliseconds since 1970, once a second while the page can be seen: for ages.
    pub fn now_ms(self) -> Signal<u64> {
        self.inner().now_ms.clone().into()
    }

    /// May I? `None` until answered. Batched once per frame, remembered for 30 s.
    pub fn may(self, question: AccessQuestion) -> Signal<Option<bool>> {
        let inner = self.inner();
        let now_ms = (inner.clock)();
        inner.core().may.ask(question, now_ms).into()
    }

    /// A person's wish.
    pub fn command(self, command: Command) {
        let inner = self.inner();
        match command {
            Command::Start => inner.act(|core, now_ms| {
                core.may.forget();
                core.runtime.handle(Input::Socket(SocketEvent::Start), now_ms)
            }),
            Command::RetryNow => inner.act(|core, now_ms| core.runtime.retry_now(now_ms)),
            Command::SignOut => inner.act(|core, now_ms| core.runtime.sign_out(now_ms)),
        }
    }

    /// From the edge: something happened. Like everything from the edge it means nothing once the workspace is gone.
    pub fn handle(self, input: Input) {
        let Some(inner) = self.0.try_get_value() else { return };
        inner.act(|core, now_ms| core.runtime.handle(input, now_ms));
    }

    /// From the edge: the answer to [`Effect::AskMay`]; `None` when it could not be had.
    pub fn may_answered(self, questions: &[AccessQuestion], answers: Option<&[bool]>) {
        let Some(inner) = self.0.try_get_value() else { return };
        let now_ms = (inner.clock)();
        let news = inner.core().may.answered(questions, answers, now_ms);
        for (signal, allowed) in news {
            if signal.get_untracked() != Some(allowed) {
                signal.set(Some(allowed));
            }
        }
    }

    /// From the edge: time passed; at least twice a second.
    pub fn tick(self) {
        let Some(inner) = self.0.try_get_value() else { return };
        let now_ms = (inner.clock)();
        let rests = inner.core().runtime.rests();
        if !rests && inner.now_ms.get_untracked() / 1000 != now_ms / 1000 {
            inner.now_ms.set(now_ms);
        }
        inner.act(|core, now_ms| core.runtime.handle(Input::Tick, now_ms));
        if !rests {
            inner.ask();
        }
    }

    /// From the edge: once per animation frame. Publishes what changed, and nothing else.
    pub fn frame(self) {
        let Some(inner) = self.0.try_get_value() else { return };
        inner.ask();
        inner.publish();
    }

    /// From the edge: what was kept when this page was here last.
    pub fn recall(self, access: Access, records: Vec<(Record, u64)>) {
        let Some(inner) = self.0.try_get_value() else { return };
        inner.act(|core, now_ms| core.runtime.recall(access, records, now_ms));
    }

    /// From the edge: time passed for the keeper of what is shown. Gives what is to be written.
    pub fn keep(self, keeper: &mut Keeper) -> Vec<Change> {
        let Some(inner) = self.0.try_get_value() else { return Vec::new() };
        let now_ms = (inner.clock)();
        keeper.tick(|lies| inner.core().runtime.shown(lies), |target| inner.core().runtime.content(target), now_ms)
    }

    /// From the edge: the page is about to go. Gives what is to be written.
    pub fn keep_all(self, keeper: &mut Keeper) -> Vec<Change> {
        let Some(inner) = self.0.try_get_value() else { return Vec::new() };
        let shown = inner.core().runtime.shown(&BTreeSet::new());
        keeper.hurry(shown, |target| inner.core().runtime.content(target))
    }

    /// What the proxy said that the person may read, to be kept with what is shown.
    pub fn confirmed_access(self) -> Option<Arc<Access>> {
        let inner = self.0.try_get_value()?;
        inner.core().runtime.confirmed_access().cloned()
    }

    /// How the tables are kept, for diagnostics; names of namespaces and objects only where they are asked for.
    pub fn report(self, with_names: bool) -> Report {
        let inner = self.inner();
        let now_ms = (inner.clock)();
        inner.core().runtime.report(with_names, now_ms)
    }

    /// How often rows had to be asked for anew because they did not fit: tests hold it at zero.
    pub fn resyncs(self) -> u64 {
        self.inner().core().runtime.resyncs()
    }

    fn inner(self) -> Arc<Inner> {
        self.0.get_value()
    }
}

impl TableLease {
    /// A person asked: list past every cache, and ask again for what was denied.
    pub fn refresh(&self) {
        self.held.refresh();
    }
}

impl ObjectLease {
    /// A person asked: fetch again, also when it was denied.
    pub fn refresh(&self) {
        self.held.refresh();
    }
}

impl Held {
    fn refresh(&self) {
        self.inner.act(|core, now_ms| core.runtime.refresh(self.lease, now_ms));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.inner.act(|core, now_ms| {
            core.tables.remove(&self.lease);
            core.objects.remove(&self.lease);
            core.runtime.release(self.lease, now_ms)
        });
    }
}

impl Inner {
    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One step of the core; what it wants done is done after the lock is given back.
    fn act(&self, step: impl FnOnce(&mut Core, u64) -> Vec<Effect>) {
        let now_ms = (self.clock)();
        let effects = step(&mut self.core(), now_ms);
        effects.into_iter().for_each(|effect| (self.outbox)(effect));
    }

    fn lease(&self, lease: Lease, register: impl FnOnce(&mut Core, LeaseId, Table)) -> LeaseId {
        let mut id = 0;
        self.act(|core, now_ms| {
            let (given, effects) = core.runtime.lease(lease, now_ms);
            let table = core.runtime.table(given);
            register(core, given, table);
            id = given;
            effects
        });
        id
    }

    fn ask(&self) {
        let now_ms = (self.clock)();
        let batches = self.core().may.take_wanted(now_ms);
        batches.into_iter().for_each(|questions| (self.outbox)(Effect::AskMay { questions }));
    }

    fn publish(&self) {
        let mut core = self.core();
        if !core.runtime.take_changed() {
            return;
        }
        let (mut tables, mut objects) = (Vec::new(), Vec::new());
        for lease in core.runtime.take_dirty() {
            if let Some(signal) = core.tables.get(&lease) {
                tables.push((signal.clone(), core.runtime.table(lease)));
            }
            if let Some(signal) = core.objects.get(&lease) {
                objects.push((signal.clone(), core.runtime.object(lease)));
            }
        }
        let (connection, counts, access) = (core.runtime.socket().stream_state(), core.runtime.counts(), core.runtime.access().cloned().unwrap_or_default());
        let (vanished, others) = (core.runtime.has_vanished(), core.runtime.others());
        drop(core);
        tables.into_iter().for_each(|(signal, table)| signal.set(Arc::new(table)));
        objects.into_iter().for_each(|(signal, object)| set_if_new(&signal, object));
        set_if_new(&self.connection, connection);
        set_if_new(&self.counts, counts);
        set_if_new(&self.access, access);
        set_if_new(&self.vanished, vanished);
        set_if_new(&self.others, others);
    }
}

fn set_if_new<T: PartialEq + Send + Sync + 'static>(signal: &ArcRwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}
