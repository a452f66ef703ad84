mod heard;

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use http::HeaderMap;
use krateyard_shared::domain::Domain;
use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::watch::Freshness;
use kube::core::{DynamicResourceScope, ObjectMeta};
use kube::runtime::watcher::{self, ListSemantic, watcher};
use kube::{Api, Client, Resource};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use self::heard::{heard, silence};
use super::polled::{self, Polled};
use super::projected::{self, Kept, Known, Plain, Projected};
use crate::authorize::{Permit, RowScope, WatchRows};
use crate::clusters::Cluster;
use crate::impersonate;
use crate::refuse::{self, Actor, Asked};

/// First wait after a failure, doubled up to [`MAX_WAIT`]; each is cut by up to a half, so that many do not come back at once.
const MIN_WAIT: Duration = Duration::from_millis(200);
/// The longest: a cluster that answers again is seen again within 5 s.
const MAX_WAIT: Duration = Duration::from_secs(4);
/// A connection that held so long was a good one.
const GOOD: Duration = Duration::from_secs(10);

/// A watch that goes on tells at once what happened meanwhile: whoever says that it is connected waits so long for that.
const SETTLE: Duration = Duration::from_millis(200);

/// What an upstream watch tells its hub.
#[derive(Debug)]
pub(super) enum News {
    /// Connected: what follows is fresh.
    Answered,
    /// A list begins: what it does not name by its end is gone.
    ListBegins,
    /// An object as it is now.
    Row(Seen),
    /// An object is gone.
    Gone(Seen),
    /// The list is complete.
    ListEnds,
    /// The position is too old: a list follows.
    Expired,
    /// Not connected; it is tried again.
    Failed(Refusal),
    /// The cluster will not, whatever we try.
    Refused(Refusal),
}

/// One object.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) uid: String,
    pub(super) namespace: Option<String>,
    pub(super) kept: Kept,
}

type Events = BoxStream<'static, watcher::Result<watcher::Event<Seen>>>;

/// The one watch of a hub, with retries.
pub(super) struct Upstream {
    cluster: Arc<Cluster>,
    kind: Kind,
    /// In whose name it asks; `None` is the proxy itself, which asks for everything at once.
    person: Option<Person>,
    /// Whether it lists again and again instead of watching.
    polls: bool,
    events: Option<Events>,
    /// Whether `events` have begun to say what there is: what was answered before is a list on its way.
    has_begun: bool,
    /// When it is to be told that there was an answer.
    tell_at: Option<Instant>,
    /// The last sign of life.
    heard_at: Instant,
    answered: Arc<Notify>,
    /// When what is asked now was asked; nothing is, between an answer and the next question.
    asked: watch::Sender<Option<Instant>>,
    /// The question whose silence was told.
    silent: Option<Instant>,
    answered_at: Option<Instant>,
    /// Answers since the last event: many at once mean that the stream ends as soon as it begins.
    answers: u32,
    /// Since 1.27 a list can come as the beginning of a watch; where the API server does not offer it, pages do.
    streaming: bool,
    failures: u32,
    retry_at: Option<Instant>,
}

/// Somebody in whose name a hub of their own asks, and where.
struct Person {
    headers: HeaderMap,
    namespace: Option<String>,
}

impl Upstream {
    /// Of the hub that everybody shares.
    pub(super) fn new(cluster: Arc<Cluster>, kind: Kind) -> Upstream {
        Upstream::by(cluster, kind, None, false)
    }

    /// Of a hub for one person alone, under that person's own rights.
    ///
    /// # Errors
    /// `BadRequest` for a user or group that fits into no header.
    pub(super) fn of_person(permit: &Permit<WatchRows>, polls: bool) -> Result<Upstream, Refusal> {
        let namespace = match &permit.target().scope {
            RowScope::All => None,
            RowScope::Namespace(namespace) => Some(namespace.clone()),
        };
        let person = Person { headers: impersonate::headers(permit)?, namespace };
        Ok(Upstream::by(permit.cluster().clone(), permit.target().kind, Some(person), polls))
    }

    /// What it watches.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// What is known of it when all is well.
    pub(super) fn at_its_best(&self) -> Freshness {
        if self.polls { Freshness::Polled { every_secs: u32::try_from(self.interval().as_secs()).unwrap_or(u32::MAX) } } else { Freshness::Live }
    }

    /// How long it waits from one list to the next, where it polls.
    fn interval(&self) -> Duration {
        Duration::from_millis(Domain::of_kind(self.kind).entry().interval_ms)
    }

    fn by(cluster: Arc<Cluster>, kind: Kind, person: Option<Person>, polls: bool) -> Upstream {
        let polls = polls || cluster.is_listed(kind);
        Upstream {
            cluster,
            kind,
            person,
            polls,
            events: None,
            has_begun: false,
            tell_at: None,
            heard_at: Instant::now(),
            answered: Arc::default(),
            asked: watch::Sender::new(None),
            silent: None,
            answered_at: None,
            answers: 0,
            streaming: true,
            failures: 0,
            retry_at: None,
        }
    }

    /// Begins anew with a list from the storage itself.
    pub(super) fn relist(&mut self) {
        self.retry_at = None;
        self.events = None;
        self.begin(false);
    }

    /// The next news. Dropped while it waits, it loses nothing.
    pub(super) async fn next(&mut self) -> News {
        loop {
            if let Some(at) = self.retry_at {
                tokio::time::sleep_until(at).await;
                (self.retry_at, self.heard_at) = (None, Instant::now());
                self.tell_at = self.tell_at.map(|_| self.heard_at + SETTLE);
            }
            if self.events.is_none() {
                self.begin(self.streaming);
            }
            let events = self.events.as_mut().expect("opened above");
            let patience = self.cluster.limits.silence();
            // Before it begins to say what there is, an answer means that a list comes.
            let tell_at = self.tell_at.filter(|_| self.has_begun);
            tokio::select! {
                // What waits to be read comes before what is said of it.
                biased;
                event = events.next() => {
                    self.heard_at = Instant::now();
                    self.has_begun = true;
                    return self.event(event);
                }
                () = self.answered.notified() => {
                    self.heard_at = Instant::now();
                    self.tell_at = Some(self.heard_at + SETTLE);
                    if let Some(news) = self.pace() {
                        return news;
                    }
                }
                asked = silence(self.asked.subscribe(), self.silent) => {
                    self.silent = Some(asked);
                    return News::Failed(Refusal::UpstreamDown { cause: "the API server does not answer".into() });
                }
                () = tokio::time::sleep_until(tell_at.unwrap_or(self.heard_at)), if tell_at.is_some() => {
                    self.tell_at = None;
                    return News::Answered;
                }
                () = tokio::time::sleep_until(self.heard_at + patience) => {
                    self.events = None;
                    return self.failed(Refusal::UpstreamDown { cause: format!("nothing was heard for {} s", patience.as_secs()) });
                }
            }
        }
    }

    fn begin(&mut self, streaming: bool) {
        self.events = Some(self.open(self.cluster.client(), streaming));
        (self.has_begun, self.tell_at, self.heard_at) = (false, None, Instant::now());
    }

    fn event(&mut self, event: Option<watcher::Result<watcher::Event<Seen>>>) -> News {
        match event {
            Some(Ok(event)) => {
                self.failures = 0;
                self.answers = 0;
                match event {
                    watcher::Event::Init => News::ListBegins,
                    watcher::Event::InitApply(seen) | watcher::Event::Apply(seen) => News::Row(seen),
                    watcher::Event::Delete(seen) => News::Gone(seen),
                    watcher::Event::InitDone => News::ListEnds,
                }
            }
            Some(Err(error)) => self.error(&error),
            None => {
                self.events = None;
                self.failed(Refusal::UpstreamDown { cause: "the watch ended".into() })
            }
        }
    }

    fn error(&mut self, error: &watcher::Error) -> News {
        let entry = self.kind.entry();
        let actor = if self.person.is_some() { Actor::Person } else { self.cluster.itself() };
        let namespace = self.person.as_ref().and_then(|person| person.namespace.as_deref());
        let asked = Asked { actor, verb: "list", resource: self.kind.resource().to_string(), namespace, name: "" };
        let refusal = match error {
            watcher::Error::WatchError(status) if status.code == 410 => return News::Expired,
            watcher::Error::WatchError(status) => refuse::of_status(status, &asked),
            watcher::Error::WatchStartFailed(kube::Error::Api(status)) if status.code == 410 => {
                // kube would ask from the same position for ever.
                self.events = None;
                return News::Expired;
            }
            watcher::Error::WatchStartFailed(kube::Error::Api(status)) if self.streaming && matches!(status.code, 400 | 422 | 500) => {
                tracing::info!(cluster = %self.cluster.name, plural = entry.plural, code = status.code, "no streaming lists here: lists come in pages");
                self.streaming = false;
                self.events = None;
                return News::Expired;
            }
            watcher::Error::InitialListFailed(error) | watcher::Error::WatchStartFailed(error) | watcher::Error::WatchFailed(error) => {
                refuse::of_kube(error, &asked)
            }
            watcher::Error::NoResourceVersion => Refusal::UpstreamDown { cause: "its answer has no resourceVersion".into() },
        };
        match refusal {
            Refusal::Forbidden { .. } | Refusal::ProxyForbidden { .. } | Refusal::NotFound { .. } => News::Refused(refusal),
            refusal => self.failed(refusal),
        }
    }

    /// kube's watcher begins a stream that ended anew at once, and so without end where it always ends: not being polled, it waits, and that is said.
    fn pace(&mut self) -> Option<News> {
        let soon = self.answered_at.is_some_and(|at| at.elapsed() < GOOD);
        self.answered_at = Some(Instant::now());
        self.answers = if soon { self.answers + 1 } else { 1 };
        if self.answers <= 2 {
            return None;
        }
        self.retry_at = Some(Instant::now() + wait(self.answers - 3));
        Some(News::Failed(Refusal::UpstreamDown { cause: "the watch ends as soon as it begins".into() }))
    }

    fn failed(&mut self, refusal: Refusal) -> News {
        self.tell_at = None;
        if self.answered_at.take().is_some_and(|at| at.elapsed() > GOOD) {
            self.failures = 0;
        }
        self.retry_at = Some(Instant::now() + wait(self.failures));
        self.failures += 1;
        News::Failed(refusal)
    }

    fn open(&self, client: &Client, streaming: bool) -> Events {
        if self.polls {
            let namespace = self.person.as_ref().and_then(|person| person.namespace.clone());
            let polled = Polled { kind: self.kind, namespace, is_table: self.cluster.is_table(self.kind), every: self.interval() };
            return polled::events(self.heard(client), polled);
        }
        match self.kind {
            Kind::Namespace => self.of::<projected::Namespace>(client, streaming),
            Kind::Node => self.of::<projected::Node>(client, streaming),
            Kind::Pod => self.of::<projected::Pod>(client, streaming),
            Kind::Deployment => self.of::<projected::Deployment>(client, streaming),
            Kind::ReplicaSet => self.of::<projected::ReplicaSet>(client, streaming),
            Kind::Service => self.of::<projected::Service>(client, streaming),
            Kind::Event => self.of::<projected::Event>(client, streaming),
            kind => {
                let api: Api<Plain> = self.api(client, &kind);
                watcher(api, self.config(streaming)).map(move |event| event.and_then(|event| plain(kind, event))).boxed()
            }
        }
    }

    fn of<K: Known>(&self, client: &Client, streaming: bool) -> Events {
        let api: Api<Projected<K>> = self.api(client, &());
        watcher(api, self.config(streaming)).map(|event| event.map(seen)).boxed()
    }

    /// Everything, in the proxy's own name, or what the person asked for, in theirs.
    fn api<K: Resource<Scope = DynamicResourceScope>>(&self, client: &Client, kind: &K::DynamicType) -> Api<K> {
        let client = self.heard(client);
        match self.person.as_ref().and_then(|person| person.namespace.as_deref()) {
            Some(namespace) => Api::namespaced_with(client, namespace, kind),
            None => Api::all_with(client, kind),
        }
    }

    fn heard(&self, client: &Client) -> Client {
        let headers = self.person.as_ref().map(|person| person.headers.clone()).unwrap_or_default();
        heard(client.clone(), self.answered.clone(), self.asked.clone(), headers)
    }

    fn config(&self, streaming: bool) -> watcher::Config {
        let config = watcher::Config::default().timeout(self.cluster.limits.watch_timeout_secs);
        if streaming { config.streaming_lists() } else { config.list_semantic(ListSemantic::MostRecent) }
    }
}

/// The wait after so many earlier failures.
fn wait(failures: u32) -> Duration {
    let longest = MIN_WAIT.saturating_mul(1 << failures.min(10)).min(MAX_WAIT);
    let cut = f64::from(getrandom::u32().unwrap_or(0)) / f64::from(u32::MAX) / 2.0;
    longest.mul_f64(1.0 - cut)
}

/// Projects an object whose kind only the watch knows.
fn plain(kind: Kind, event: watcher::Event<Plain>) -> watcher::Result<watcher::Event<Seen>> {
    let of = |object: Plain| object.project(kind).map_err(|error| watcher::Error::WatchFailed(kube::Error::SerdeError(error)));
    Ok(match event {
        watcher::Event::Init => watcher::Event::Init,
        watcher::Event::InitDone => watcher::Event::InitDone,
        watcher::Event::InitApply(object) => watcher::Event::InitApply(seen_of(of(object)?)),
        watcher::Event::Apply(object) => watcher::Event::Apply(seen_of(of(object)?)),
        watcher::Event::Delete(object) => watcher::Event::Delete(seen_of(of(object)?)),
    })
}

pub(super) fn seen_of((meta, kept): (ObjectMeta, Kept)) -> Seen {
    Seen { uid: meta.uid.unwrap_or_default(), namespace: meta.namespace, kept }
}

fn seen<K: Known>(event: watcher::Event<Projected<K>>) -> watcher::Event<Seen> {
    let of = |object: Projected<K>| seen_of((object.meta, object.kept));
    match event {
        watcher::Event::Init => watcher::Event::Init,
        watcher::Event::InitDone => watcher::Event::InitDone,
        watcher::Event::InitApply(object) => watcher::Event::InitApply(of(object)),
        watcher::Event::Apply(object) => watcher::Event::Apply(of(object)),
        watcher::Event::Delete(object) => watcher::Event::Delete(of(object)),
    }
}
