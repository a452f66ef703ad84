//! The kinds that a cluster defines itself, and whether the proxy may watch them for everybody.

mod definition;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex as Plain};

use futures::StreamExt;
use futures::stream::BoxStream;
use http::{Method, Request, header};
use krateyard_shared::identity::Resource;
use krateyard_shared::kinds::{CustomKind, Kind};
use kube::Api;
use kube::runtime::watcher::{self, watcher};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{Mutex, watch};
use tokio::time::{Duration, Instant};

use super::Cluster;
use crate::refuse::{Actor, Asked};
use definition::Defines;

/// How long an answer of [`Cluster::may_watch`] counts.
const FRESH: Duration = Duration::from_secs(15);
/// After a failure of the watch of definitions.
const RETRY: Duration = Duration::from_secs(2);
/// Where the proxy may not watch them.
const FORBIDDEN: Duration = Duration::from_secs(30);
/// Definitions in one page, where lists come in pages: each may be a megabyte of schema, and a page is read whole.
const PAGE: u32 = 10;
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// What a cluster defines, and the kinds that this means here, in the order of their definitions' names.
pub(crate) type Defined = Arc<Vec<(CustomKind, Kind)>>;

/// By the names of their definitions; none while one is not established.
type Known = BTreeMap<String, Option<CustomKind>>;

/// What is known of them. One watch of the definitions feeds it while somebody asks, and some time after.
#[derive(Default)]
pub(crate) struct Custom {
    feed: Plain<Option<Feed>>,
    /// Group and plural of all that was ever defined here: discovery names one that is gone for a while yet.
    ever: Plain<HashSet<(String, String)>>,
    /// Whether the proxy itself may list and watch a kind everywhere.
    may: Mutex<HashMap<Kind, (Instant, bool)>>,
}

/// The watch that runs: it ends by dropping its sender.
struct Feed {
    /// `None` before the first list.
    defined: watch::Receiver<Option<Defined>>,
    asked: Instant,
}

impl Cluster {
    /// The kinds that are this cluster's own: those that it defines, then those that other API servers behind it serve. None where the proxy may not know them,
    /// and the last known ones while it does not answer.
    pub(crate) async fn custom_kinds(self: &Arc<Self>) -> Defined {
        let mut feed = self.definitions();
        let known = tokio::time::timeout(self.limits.upstream_timeout, feed.wait_for(Option::is_some)).await;
        let defined = known.ok().and_then(Result::ok).and_then(|known| known.clone()).unwrap_or_default();
        let tables = self.table_kinds().await;
        if tables.is_empty() { defined } else { Arc::new(defined.iter().cloned().chain(tables).collect()) }
    }

    /// What the cluster defines, as it changes.
    pub(crate) fn definitions(self: &Arc<Self>) -> watch::Receiver<Option<Defined>> {
        let mut feed = self.custom.feed.lock().expect("no panic while held");
        if let Some(feed) = feed.as_mut().filter(|feed| feed.defined.has_changed().is_ok()) {
            feed.asked = Instant::now();
            return feed.defined.clone();
        }
        let (told, defined) = watch::channel(None);
        *feed = Some(Feed { defined: defined.clone(), asked: Instant::now() });
        self.spawn(follow(self.clone(), told));
        defined
    }

    /// Calls whenever rights change, or what the cluster defines: for as long as somebody waits for that, both are watched.
    pub(crate) async fn each_access_change(self: Arc<Self>, changed: impl Fn()) {
        let mut rights = self.reviews.changes();
        loop {
            let mut defined = self.definitions();
            let mut is_known = defined.borrow_and_update().is_some();
            loop {
                tokio::select! {
                    () = self.stop.cancelled() => return,
                    // Its sender lives as long as the cluster.
                    _ = rights.changed() => changed(),
                    told = defined.changed() => match told {
                        // The first list is no change.
                        Ok(()) if !std::mem::replace(&mut is_known, true) => {}
                        Ok(()) => changed(),
                        Err(_) => break,
                    },
                }
            }
        }
    }

    /// Whether a resource is or was defined here.
    pub(super) fn was_defined(&self, resource: &Resource) -> bool {
        self.custom.ever.lock().expect("no panic while held").contains(&(resource.group.clone(), resource.plural.clone()))
    }

    /// The kind that a resource serves here, if it has rows: Kubernetes' own, or as this very cluster defines it now.
    pub(crate) async fn kind_of(self: &Arc<Self>, resource: &Resource) -> Option<Kind> {
        if let Some(kind) = Kind::of_resource(resource) {
            return Some(kind);
        }
        let serves = |custom: &CustomKind| custom.group == resource.group && custom.version == resource.version && custom.plural == resource.plural;
        self.custom_kinds().await.iter().find(|(custom, _)| serves(custom)).map(|(_, kind)| *kind)
    }

    /// Whether the proxy itself may list and watch a kind everywhere: only then can one watch serve everybody.
    pub(crate) async fn may_watch(&self, kind: Kind) -> bool {
        // Not held while the cluster is asked: an open Spotlight asks for all kinds at once.
        let known = self.custom.may.lock().await.get(&kind).copied();
        if let Some((_, may)) = known.filter(|(at, _)| at.elapsed() < FRESH) {
            return may;
        }
        let allowed = self.reviewed(kind, "list").await && (self.is_listed(kind) || self.reviewed(kind, "watch").await);
        self.custom.may.lock().await.insert(kind, (Instant::now(), allowed));
        allowed
    }

    async fn reviewed(&self, kind: Kind, verb: &str) -> bool {
        #[derive(Deserialize)]
        struct Review {
            status: Answer,
        }
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            allowed: bool,
        }
        let entry = kind.entry();
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"verb": verb, "group": entry.group, "version": entry.version, "resource": entry.plural}},
        });
        let asked = Asked { actor: Actor::Proxy, verb: "create", resource: "selfsubjectaccessreviews.authorization.k8s.io".into(), namespace: None, name: "" };
        let request =
            Request::builder().method(Method::POST).uri(REVIEWS).header(header::CONTENT_TYPE, "application/json").body(review.to_string().into_bytes());
        let Ok(request) = request else { return false };
        let answer = self.call(request, &asked).await.ok();
        answer.and_then(|answer| serde_json::from_slice::<Review>(&answer).ok()).is_some_and(|review| review.status.allowed)
    }
}

/// Watches the definitions until nobody has asked for a while.
async fn follow(cluster: Arc<Cluster>, told: watch::Sender<Option<Defined>>) {
    let mut look = tokio::time::interval(cluster.limits.hub_rest / 4);
    let (mut known, mut listed) = (Known::new(), Known::new());
    let mut events: Option<BoxStream<'static, watcher::Result<watcher::Event<Defines>>>> = None;
    let mut streaming = true;
    while !rests(&cluster, &told) {
        let Some(stream) = &mut events else {
            events = Some(watcher(Api::all(cluster.client().clone()), config(&cluster, streaming)).boxed());
            continue;
        };
        let event = tokio::select! {
            event = stream.next() => event,
            _ = look.tick() => continue,
        };
        match event {
            Some(Ok(watcher::Event::Init)) => listed.clear(),
            Some(Ok(watcher::Event::InitApply(defines))) => drop(listed.insert(defines.name(), defines.kind)),
            Some(Ok(watcher::Event::InitDone)) => {
                known = std::mem::take(&mut listed);
                tell(&cluster, &told, &known);
            }
            Some(Ok(watcher::Event::Apply(defines))) => {
                known.insert(defines.name(), defines.kind);
                tell(&cluster, &told, &known);
            }
            Some(Ok(watcher::Event::Delete(defines))) => {
                known.remove(&defines.name());
                tell(&cluster, &told, &known);
            }
            Some(Err(error)) => {
                tracing::debug!(cluster = %cluster.name, %error, "no news of custom kinds");
                match code(&error) {
                    Some(400 | 422 | 500) if streaming => (streaming, events) = (false, None),
                    Some(403 | 404) => silence(&told, FORBIDDEN).await,
                    _ => silence(&told, RETRY).await,
                }
            }
            None => events = None,
        }
    }
}

/// Whether nobody asks any more; then the next who does starts another watch.
fn rests(cluster: &Cluster, told: &watch::Sender<Option<Defined>>) -> bool {
    let mut feed = cluster.custom.feed.lock().expect("no panic while held");
    // One receiver is the cluster's own; another is a hub that wants to know.
    let rests = told.receiver_count() <= 1 && feed.as_ref().is_none_or(|feed| feed.asked.elapsed() >= cluster.limits.hub_rest);
    if rests {
        *feed = None;
    }
    rests
}

/// Nothing is known for now, and whoever waits for the first list does not wait for that.
async fn silence(told: &watch::Sender<Option<Defined>>, pause: Duration) {
    told.send_if_modified(|told| {
        let first = told.is_none();
        told.get_or_insert_default();
        first
    });
    tokio::time::sleep(pause).await;
}

fn config(cluster: &Cluster, streaming: bool) -> watcher::Config {
    let config = watcher::Config::default().timeout(cluster.limits.watch_timeout_secs);
    if streaming { config.streaming_lists() } else { config.page_size(PAGE) }
}

/// Tells what is defined, where that differs from what was told.
fn tell(cluster: &Cluster, told: &watch::Sender<Option<Defined>>, known: &Known) {
    let learnt = |custom: CustomKind| Kind::learn(&custom).map(|kind| (custom, kind));
    let defined: Vec<_> = known.values().flatten().cloned().filter_map(learnt).collect();
    cluster.custom.ever.lock().expect("no panic while held").extend(defined.iter().map(|(custom, _)| (custom.group.clone(), custom.plural.clone())));
    told.send_if_modified(|told| {
        let differs = told.as_deref() != Some(&defined);
        if differs {
            *told = Some(Arc::new(defined));
        }
        differs
    });
}

/// The status of a watch or list that did not begin.
fn code(error: &watcher::Error) -> Option<u16> {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status)) | watcher::Error::WatchStartFailed(kube::Error::Api(status)) => Some(status.code),
        _ => None,
    }
}
