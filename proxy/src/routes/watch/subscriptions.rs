use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

use krateyard_shared::identity::{ClusterName, Resource};
use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::scope::{Part, Scope};
use krateyard_shared::watch::{self, Beat, Freshness, MAX_SUBSCRIPTIONS, Position, SubscriptionId};
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

use crate::app::Shared;
use crate::authenticate::Session;
use crate::authorize::{self, ReadObject, RowScope, WatchRows};
use crate::clusters::{Cluster, Farewell};
use crate::hub::{self, Batch, End, Queue, Reached};
use crate::refresh::Refresh;
use crate::{object, path};

/// The subscriptions of one socket: the reader begins them, a task each fills its queue, the writer empties the queues in turn.
pub(super) struct Subscriptions {
    app: Shared,
    session: Arc<Session>,
    /// The version of the other side.
    version: AtomicU32,
    live: Mutex<HashMap<SubscriptionId, Live>>,
    inbox: Arc<Inbox>,
    /// Whoever has this open hears of changes of rights in these clusters.
    followed: Mutex<HashMap<ClusterName, Followed>>,
}

/// A cluster whose changes of rights are told, and what tells them.
struct Followed {
    cluster: Weak<Cluster>,
    _task: AbortOnDropHandle<()>,
}

struct Live {
    queue: Arc<Queue>,
    refresh: Arc<Notify>,
    _task: AbortOnDropHandle<()>,
}

/// What the other side has and takes.
#[derive(Clone, Copy)]
struct Having {
    resume: Option<Position>,
    /// Patches of an object.
    patches: bool,
}

/// Which queues hold something, and where access changed.
#[derive(Default)]
struct Inbox {
    ready: Mutex<VecDeque<SubscriptionId>>,
    changed: Mutex<BTreeSet<ClusterName>>,
    filled: Notify,
}

/// What the writer is to say next.
pub(super) enum News {
    Of(SubscriptionId, Batch),
    AccessChanged(ClusterName),
}

/// What a Subscribe asks for, in its one canonical form.
#[derive(Debug, PartialEq)]
enum Wanted {
    Rows(WatchRows, Part),
    Object(ReadObject),
    /// Rows of a kind that is not Kubernetes' own: the cluster says what it is.
    Unknown {
        resource: Resource,
        scope: Scope,
    },
}

impl Subscriptions {
    pub(super) fn new(app: Shared, session: Arc<Session>) -> Arc<Subscriptions> {
        let subscriptions =
            Subscriptions { app, session, version: AtomicU32::new(1), live: Mutex::default(), inbox: Arc::default(), followed: Mutex::default() };
        for cluster in subscriptions.app.clusters.all().iter().filter(|cluster| cluster.is_awake()) {
            subscriptions.follow(cluster);
        }
        Arc::new(subscriptions)
    }

    /// Hears from now on when a cluster comes, goes or is replaced: whoever shows it, or wants to, asks again.
    pub(super) async fn follow_clusters(self: Arc<Self>) {
        let mut changes = self.app.clusters.changes();
        let mut before = changes.borrow_and_update().clone();
        while changes.changed().await.is_ok() {
            let after = changes.borrow_and_update().clone();
            let differs = |one: &Arc<Cluster>, others: &[Arc<Cluster>]| !others.iter().any(|other| Arc::ptr_eq(one, other));
            for cluster in before.iter().filter(|cluster| differs(cluster, &after)) {
                self.followed.lock().expect("no panic while held").remove(&cluster.name);
                self.inbox.put_changed(cluster.name.clone());
            }
            for cluster in after.iter().filter(|cluster| differs(cluster, &before)) {
                self.inbox.put_changed(cluster.name.clone());
            }
            before = after;
        }
    }

    /// Hears from now on when rights change in a cluster, or what it defines.
    fn follow(&self, cluster: &Arc<Cluster>) {
        let mut followed = self.followed.lock().expect("no panic while held");
        let known = followed.get(&cluster.name);
        if known.is_none_or(|known| !known.cluster.ptr_eq(&Arc::downgrade(cluster))) {
            let (inbox, name) = (self.inbox.clone(), cluster.name.clone());
            let task = cluster.track(cluster.clone().each_access_change(move || inbox.put_changed(name.clone())));
            followed.insert(cluster.name.clone(), Followed { cluster: Arc::downgrade(cluster), _task: AbortOnDropHandle::new(task) });
        }
    }

    /// The other side says its version.
    pub(super) fn speak(&self, version: u32) {
        self.version.store(version, Ordering::Relaxed);
    }

    fn speaks(&self, version: u32) -> bool {
        self.version.load(Ordering::Relaxed) >= version
    }

    /// What an older side does not know, said as it knows it.
    pub(super) fn in_their_words(&self, batch: Batch) -> Batch {
        match batch {
            Batch::Freshness(Freshness::Polled { .. }) if !self.speaks(watch::POLLED_SINCE) => Batch::Freshness(Freshness::Live),
            batch => batch,
        }
    }

    /// Begins a subscription, of rows where `resume` says if that is known; everything else comes through [`Subscriptions::next`].
    ///
    /// # Errors
    /// For a request that can be refused without asking the cluster.
    pub(super) fn begin(&self, id: SubscriptionId, cluster: &ClusterName, resource: Resource, scope: Scope, resume: Option<Position>) -> Result<(), Refusal> {
        let wanted = canonical(Kind::of_resource(&resource), resource, scope)?;
        let cluster = self.app.cluster(cluster)?;
        self.follow(&cluster);
        let mut live = self.live.lock().expect("no panic while held");
        if live.contains_key(&id) {
            return Err(Refusal::BadRequest { field: "id".into(), problem: "is taken by a subscription of this socket".into() });
        }
        if live.len() >= MAX_SUBSCRIPTIONS {
            return Err(Refusal::Limit { which: "subscriptions of one socket".into(), retry_after_secs: 10 });
        }
        let inbox = self.inbox.clone();
        let queue = Arc::new(Queue::new(move || inbox.put(id)));
        let refresh = Arc::new(Notify::new());
        let having = Having { resume, patches: self.speaks(watch::PATCHES_SINCE) };
        let task = cluster.track(serve(cluster.clone(), self.session.clone(), wanted, having, queue.clone(), refresh.clone()));
        live.insert(id, Live { queue, refresh, _task: AbortOnDropHandle::new(task) });
        Ok(())
    }

    /// Ends a subscription without a word.
    pub(super) fn forget(&self, id: SubscriptionId) {
        self.live.lock().expect("no panic while held").remove(&id);
    }

    /// Lists past every cache; `false` when there is no such subscription.
    pub(super) fn refresh(&self, id: SubscriptionId) -> bool {
        let live = self.live.lock().expect("no panic while held");
        live.get(&id).map(|live| live.refresh.notify_one()).is_some()
    }

    /// What to tell next. Queues take turns, so that a long one does not hold the others.
    pub(super) async fn next(&self) -> News {
        loop {
            if let Some(cluster) = self.inbox.take_changed() {
                return News::AccessChanged(cluster);
            }
            let Some(id) = self.inbox.take() else {
                self.inbox.filled.notified().await;
                continue;
            };
            let queue = self.live.lock().expect("no panic while held").get(&id).map(|live| live.queue.clone());
            if let Some(batch) = queue.and_then(|queue| queue.next()) {
                self.inbox.put(id);
                return News::Of(id, batch);
            }
        }
    }

    /// How far each subscription is that has its rows.
    pub(super) fn positions(&self) -> Vec<Beat> {
        let live = self.live.lock().expect("no panic while held");
        let beat = |id: SubscriptionId, Reached { seq, tally }| Beat { id, seq, count: tally.count, checksum: Some(tally.checksum) };
        live.iter().filter_map(|(id, live)| live.queue.sent().map(|sent| beat(*id, sent))).collect()
    }
}

impl Inbox {
    fn put(&self, id: SubscriptionId) {
        self.ready.lock().expect("no panic while held").push_back(id);
        self.filled.notify_one();
    }

    fn put_changed(&self, cluster: ClusterName) {
        self.changed.lock().expect("no panic while held").insert(cluster);
        self.filled.notify_one();
    }

    fn take_changed(&self) -> Option<ClusterName> {
        self.changed.lock().expect("no panic while held").pop_first()
    }

    fn take(&self) -> Option<SubscriptionId> {
        self.ready.lock().expect("no panic while held").pop_front()
    }
}

/// A subscription's life: permit, data, and the end of the right.
async fn serve(cluster: Arc<Cluster>, session: Arc<Session>, wanted: Wanted, having: Having, queue: Arc<Queue>, refresh: Arc<Notify>) {
    let rows = async |target, part| rows(&cluster, &session, target, part, having.resume, &queue, &refresh).await;
    let served = async {
        match wanted {
            Wanted::Rows(target, part) => rows(target, part).await,
            Wanted::Object(target) => object(&cluster, &session, target, having.patches, &queue, &refresh).await,
            Wanted::Unknown { resource, scope } => match canonical(cluster.kind_of(&resource).await, resource.clone(), scope) {
                Ok(Wanted::Rows(target, part)) => rows(target, part).await,
                Ok(_) => Refusal::NotFound { what: format!("rows of {resource}") },
                Err(refusal) => refusal,
            },
        }
    };
    let end = tokio::select! {
        // Reviews and hubs of a cluster that is no more end as well, each with words of its own.
        biased;
        farewell = cluster.ended() => match farewell {
            Farewell::Removed => End::Denied(Refusal::no_cluster(&cluster.name)),
            Farewell::Replaced => End::Complete("what krateyard knows of this cluster changed".into()),
        },
        refusal = served => End::Denied(refusal),
    };
    queue.end(end);
}

async fn rows(
    cluster: &Arc<Cluster>,
    session: &Arc<Session>,
    target: WatchRows,
    part: Part,
    resume: Option<Position>,
    queue: &Arc<Queue>,
    refresh: &Notify,
) -> Refusal {
    let permit = match authorize::authorize(cluster, session, target).await {
        Ok(permit) => permit,
        Err(refusal) => return refusal,
    };
    let subscription = match hub::subscribe(permit, part, resume, queue).await {
        Ok(subscription) => subscription,
        Err(refusal) => return refusal,
    };
    let revoked = subscription.permit().revoked();
    tokio::pin!(revoked);
    loop {
        tokio::select! {
            refusal = &mut revoked => return refusal,
            () = refresh.notified() => subscription.refresh().await,
        }
    }
}

async fn object(cluster: &Arc<Cluster>, session: &Arc<Session>, target: ReadObject, patches: bool, queue: &Queue, refresh: &Notify) -> Refusal {
    let permit = match authorize::authorize(cluster, session, target).await {
        Ok(permit) => permit,
        Err(refusal) => return refusal,
    };
    queue.begin_object(Position { epoch: getrandom::u64().unwrap_or_default() >> 11, seq: 0 }, patches);
    let revoked = permit.revoked();
    tokio::pin!(revoked);
    let mut asked = Refresh::default();
    loop {
        let follow = object::follow(&permit, queue);
        tokio::pin!(follow);
        loop {
            tokio::select! {
                refusal = &mut revoked => return refusal,
                refusal = &mut follow => return refusal,
                () = refresh.notified() => asked.ask(),
                // It is followed anew, which begins with a look.
                () = asked.due() => break,
            }
        }
    }
}

fn canonical(kind: Option<Kind>, resource: Resource, scope: Scope) -> Result<Wanted, Refusal> {
    let bad = |field: &str, problem: &str| Err(Refusal::BadRequest { field: field.into(), problem: problem.into() });
    let namespaced = kind.map(|kind| kind.entry().namespaced);
    let part = scope.part().map_err(|error| Refusal::BadRequest { field: "selector".into(), problem: error.problem })?;
    match &scope {
        Scope::Object { namespace, name } => {
            path::check(&resource, namespace.as_deref(), Some(name))?;
            return match (namespaced, namespace.is_some()) {
                (Some(true), false) => bad("namespace", "is missing"),
                (Some(false), true) => bad("namespace", "this kind has none"),
                _ => Ok(Wanted::Object(ReadObject { resource, namespace: namespace.clone(), name: name.clone() })),
            };
        }
        Scope::Node { node: name, .. } | Scope::Workload { name, .. } => {
            if kind != Some(Kind::Pod) {
                return bad("scope", "only pods are on nodes and of workloads");
            }
            path::part("name", name)?;
        }
        Scope::Newest { .. } if kind != Some(Kind::Event) => return bad("scope", "only events are new and old"),
        Scope::Newest { .. } | Scope::All | Scope::Namespace(_) | Scope::Labels { .. } | Scope::Attention { .. } | Scope::Summary { .. } => {}
    }
    let rights = match scope.namespace() {
        Some(_) if namespaced == Some(false) => return bad("scope", "this kind has no namespaces"),
        Some(namespace) => RowScope::Namespace(path::part("namespace", namespace)?.to_owned()),
        None => RowScope::All,
    };
    match kind {
        Some(kind) => Ok(Wanted::Rows(WatchRows { kind, scope: rights }, part)),
        None => Ok(Wanted::Unknown { resource, scope }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(resource: Resource, scope: Scope) -> Result<Wanted, Refusal> {
        super::canonical(Kind::of_resource(&resource), resource, scope)
    }

    #[test]
    fn a_scope_fits_its_kind() {
        let in_web = || Scope::Namespace("web".into());
        let one = |namespace: Option<&str>| Scope::Object { namespace: namespace.map(Into::into), name: "a".into() };
        assert!(canonical(Kind::Pod.resource(), in_web()).is_ok());
        assert!(canonical(Kind::Pod.resource(), one(Some("web"))).is_ok());
        assert!(canonical(Kind::Node.resource(), one(None)).is_ok());
        let widgets = Resource { group: "example.com".into(), version: "v1".into(), plural: "widgets".into() };
        assert!(canonical(widgets.clone(), one(Some("web"))).is_ok());
        assert!(matches!(canonical(widgets, Scope::All), Ok(Wanted::Unknown { .. })));
        let node = |namespace: Option<&str>| Scope::Node { namespace: namespace.map(Into::into), node: "node-a".into() };
        let workload = || Scope::Workload { namespace: "web".into(), kind: "Deployment".into(), name: "api".into() };
        let labels = |selector: &str| Scope::Labels { namespace: None, selector: selector.into() };
        for scope in [node(None), node(Some("web")), workload(), labels("app=api")] {
            assert!(canonical(Kind::Pod.resource(), scope.clone()).is_ok(), "{scope:?}");
        }
        assert_eq!(
            canonical(Kind::Pod.resource(), labels("b=2, a in (1)")),
            canonical(Kind::Pod.resource(), labels("a=1,b==2")),
            "once canonical they are one"
        );
        assert!(canonical(Kind::Node.resource(), labels("app=api")).is_ok());
        for (resource, scope) in [
            (Kind::Service.resource(), node(None)),
            (Kind::Service.resource(), workload()),
            (Kind::Pod.resource(), node(Some("a/b"))),
            (Kind::Pod.resource(), Scope::Node { namespace: None, node: "../a".into() }),
            (Kind::Pod.resource(), labels("app in (")),
            (Kind::Pod.resource(), labels("")),
            (Kind::Node.resource(), in_web()),
            (Kind::Node.resource(), one(Some("web"))),
            (Kind::Pod.resource(), one(None)),
            (Kind::Pod.resource(), Scope::Namespace(String::new())),
            (Kind::Pod.resource(), Scope::Namespace("a/b".into())),
        ] {
            assert!(canonical(resource.clone(), scope.clone()).is_err(), "{resource} {scope:?}");
        }
    }
}
