use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use krateyard_app::refresh::Scopes;
use krateyard_app::runtime::Input;
use krateyard_app::store::{Command, Kinds, ObjectLease, ObjectState, Table, TableLease, Workspace};
use krateyard_app::stream::StreamState;
use krateyard_shared::api::{Access, AccessQuestion};
use krateyard_shared::identity::{ClusterName, ObjectRef};
use krateyard_shared::kinds::Kind;
use leptos::prelude::{GetUntracked, Owner};
use tokio::sync::watch;

use crate::stage::{Account, CLUSTER, Shown, Stage, sorted};
use crate::wire::{self, Guest};
use crate::{PATIENCE, eventually, eventually_within};

/// How long a table may lag behind one list of the cluster before the cluster is listed again.
const RELIST_AFTER: Duration = Duration::from_millis(500);
/// Between two frames, as browsers draw them.
const FRAME: Duration = Duration::from_millis(16);

/// Somebody with the app open.
pub struct Person {
    workspace: Workspace,
    owner: Owner,
    driver: tokio::task::JoinHandle<()>,
    awake: watch::Sender<bool>,
    clock: Box<dyn Fn() -> u64>,
}

impl Person {
    /// Opens the app as an account of the cluster. Within a `LocalSet`.
    pub fn open(stage: &Stage, account: Account) -> Person {
        Person::with_token(stage, &stage.token(account))
    }

    /// Opens the app under a token. Within a `LocalSet`.
    pub fn with_token(stage: &Stage, token: &str) -> Person {
        Person::at(stage.addr(), CLUSTER, token, FRAME)
    }

    /// Opens the app of the proxy at an address, on one of its clusters, whose screen draws so often.
    pub(crate) fn at(addr: SocketAddr, cluster: &str, token: &str, frame: Duration) -> Person {
        let owner = Owner::new();
        let (outbox, effects) = wire::outbox();
        let send = move |effect| outbox.try_send(effect).expect("a workspace has few effects at once");
        let workspace = owner.with(|| Workspace::new(ClusterName(cluster.into()), send, wire::clock()));
        let clock = Box::new(wire::clock());
        let (awake, awakes) = watch::channel(true);
        let guest = Guest { addr, token: token.into(), frame, awake: awakes };
        let driver = tokio::task::spawn_local(wire::drive(workspace, guest, effects));
        workspace.command(Command::Start);
        Person { workspace, owner, driver, awake, clock }
    }

    /// What their clock shows, in milliseconds since 1970.
    pub(crate) fn clock_ms(&self) -> u64 {
        (self.clock)()
    }

    /// Closes the laptop: nothing of the page runs, and nobody reads its sockets.
    pub(crate) fn fall_asleep(&self) {
        self.workspace.handle(Input::Seen(false));
        self.awake.send_replace(false);
    }

    /// Opens it again: the page is on screen.
    pub(crate) fn wake_up(&self) {
        self.awake.send_replace(true);
        self.workspace.handle(Input::Seen(true));
    }

    /// Whether their laptop is open.
    pub(crate) fn is_awake(&self) -> bool {
        *self.awake.borrow()
    }

    /// The workspace.
    pub fn workspace(&self) -> Workspace {
        self.workspace
    }

    /// Leases rows.
    pub fn table(&self, kinds: impl Into<Kinds>, scope: impl Into<Scopes>) -> TableLease {
        self.owner.with(|| self.workspace.table(kinds, scope))
    }

    /// Leases an object of a namespace.
    pub fn object(&self, kind: Kind, namespace: &str, name: &str) -> ObjectLease {
        let entry = kind.entry();
        let object = ObjectRef {
            cluster: ClusterName(CLUSTER.into()),
            group: entry.group.into(),
            version: entry.version.into(),
            kind: entry.name.into(),
            namespace: Some(namespace.into()),
            name: name.into(),
            uid: String::new(),
        };
        self.owner.with(|| self.workspace.object(&object))
    }

    /// How the connection does.
    pub fn connection(&self) -> StreamState {
        self.owner.with(|| self.workspace.connection().get_untracked())
    }

    /// What they may list.
    pub fn access(&self) -> Arc<Access> {
        self.owner.with(|| self.workspace.access().get_untracked())
    }

    /// May they?
    pub async fn may(&self, question: AccessQuestion) -> Option<bool> {
        let answer = self.owner.with(|| self.workspace.may(question));
        eventually(|| answer.get_untracked()).await
    }

    /// Waits for a table of this kind of state; the last one that was seen where it never comes.
    ///
    /// # Errors
    /// The last table.
    pub async fn table_when(lease: &TableLease, is_it: impl Fn(&Table) -> bool) -> Result<Arc<Table>, Arc<Table>> {
        let found = eventually(|| Some(lease.table.get_untracked()).filter(|table| is_it(table))).await;
        found.ok_or_else(|| lease.table.get_untracked())
    }

    /// Waits for an object of this kind of state.
    ///
    /// # Errors
    /// The last one.
    pub async fn object_when(lease: &ObjectLease, is_it: impl Fn(&ObjectState) -> bool) -> Result<ObjectState, ObjectState> {
        let found = eventually(|| Some(lease.object.get_untracked()).filter(|object| is_it(object))).await;
        found.ok_or_else(|| lease.object.get_untracked())
    }

    /// Waits until a table is live and shows exactly what the cluster lists; panics with both where it never does. On a real cluster things happen by
    /// themselves meanwhile: it is listed again and again.
    pub async fn sees_the_cluster(stage: &Stage, lease: &TableLease, kind: Kind, namespace: &str) {
        let start = Instant::now();
        loop {
            let expected = stage.expected(kind, namespace).await;
            let is_equal = |table: &Table| table.complete && table.state.is_live() && shown(table) == expected;
            if eventually_within(RELIST_AFTER, || is_equal(&lease.table.get_untracked()).then_some(())).await.is_some() {
                return;
            }
            if start.elapsed() >= PATIENCE {
                panic!("{kind:?} {namespace}: {}", difference(&lease.table.get_untracked(), &expected));
            }
        }
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// What a table shows, in the order of [`Stage::expected`].
pub(crate) fn shown(table: &Table) -> Vec<Shown> {
    sorted(table.rows.iter().map(|row| Shown::of_row(row)).collect())
}

fn difference(table: &Table, expected: &[Shown]) -> String {
    let shown = shown(table);
    let only_shown: Vec<_> = shown.iter().filter(|row| !expected.contains(row)).take(3).collect();
    let only_there: Vec<_> = expected.iter().filter(|row| !shown.contains(row)).take(3).collect();
    let counts = format!("{:?}, {} shown and {} there", table.state, shown.len(), expected.len());
    format!("{counts}; only shown: {only_shown:#?}; only there: {only_there:#?}; missing: {:?}", table.missing)
}
