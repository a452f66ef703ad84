//! One runtime per cluster: its client, how it does, and everything that is shared by people who look at it.

mod connect;
mod custom;
mod latency;
mod link;
mod reach;
mod registry;
mod served;
mod tables;

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use krateyard_shared::api::Latency;
use krateyard_shared::identity::ClusterName;
use krateyard_shared::refusal::Refusal;
use kube::Client;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio::sync::watch::Sender;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use reach::Reach;

use crate::authorize::{self, Reviews, Yards};
use crate::config::{ClusterConfig, Limits, People};
use crate::hub::Hubs;
use crate::refuse::{self, Actor, Asked};
use custom::Custom;
pub(crate) use custom::Defined;
use link::Link;
pub(crate) use registry::Clusters;
use served::Served;
pub(crate) use served::ServedKind;
pub(crate) use tables::TABLE;
use tables::Tables;

/// The longest answer that is read whole: one object, as an API server limits it (3 MiB, recordings surprise 7), or a page of bindings.
pub(crate) const MAX_ANSWER: usize = 16 << 20;

/// A request that waits so long for the beginning of its answer is told: what is shown is not confirmed meanwhile.
pub(crate) const SILENT: Duration = Duration::from_secs(2);

/// Why a cluster is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// It is not among those that the proxy serves.
    Removed,
    /// Its entry changed: another runtime of the same name takes its place.
    Replaced,
}

/// One cluster.
pub(crate) struct Cluster {
    pub(crate) name: ClusterName,
    pub(crate) limits: Limits,
    /// What runs for this cluster, streams of people too.
    pub(crate) tasks: TaskTracker,
    /// Of the proxy, where what runs here counts as well.
    all_tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    farewell: OnceLock<Farewell>,
    pub(crate) reviews: Reviews,
    /// Which right counts for rooms of the Yard.
    pub(crate) yards: Yards,
    pub(crate) hubs: Hubs,
    /// Whether it is asked as whoever the kubeconfig says, whoever asks: on a laptop.
    is_own: bool,
    /// Taken by the first who opens it.
    asleep: Mutex<Option<Sender<Option<Reach>>>>,
    link: Link,
    reach: watch::Receiver<Option<Reach>>,
    served: Served,
    custom: Custom,
    tables: Tables,
}

impl Cluster {
    /// Starts what looks after a cluster, until [`Cluster::end`] or `stop`. Nothing waits for the cluster itself.
    pub(crate) fn start(config: ClusterConfig, people: &People, limits: Limits, tasks: &TaskTracker, stop: &CancellationToken) -> Arc<Cluster> {
        let (told, reach) = watch::channel(None);
        let cluster = Arc::new(Cluster {
            name: config.name.clone(),
            link: Link::new(config, limits.upstream_timeout),
            limits,
            tasks: TaskTracker::new(),
            all_tasks: tasks.clone(),
            stop: stop.child_token(),
            farewell: OnceLock::new(),
            reviews: Reviews::default(),
            yards: Yards::default(),
            hubs: Hubs::default(),
            is_own: matches!(people, People::Laptop(_)),
            asleep: Mutex::new(Some(told)),
            reach,
            served: Served::default(),
            custom: Custom::default(),
            tables: Tables::default(),
        });
        // On a laptop nothing is contacted that nobody opened.
        if !cluster.is_own {
            cluster.wake();
        }
        cluster
    }

    /// What it was started with.
    pub(crate) fn config(&self) -> &ClusterConfig {
        self.link.config()
    }

    /// Ends everything of the cluster; its tasks are gone as soon as they have heard of it.
    pub(crate) fn end(&self, farewell: Farewell) {
        let _ = self.farewell.set(farewell);
        self.stop.cancel();
        self.tasks.close();
    }

    /// Waits until the cluster is no more; not for the end of the proxy, which its sockets tell.
    pub(crate) async fn ended(&self) -> Farewell {
        self.stop.cancelled().await;
        match self.farewell.get() {
            Some(farewell) => *farewell,
            None => std::future::pending().await,
        }
    }

    /// As [`Cluster::ended`]; what is told to who reads a stream.
    pub(crate) async fn gone(&self) -> Refusal {
        match self.ended().await {
            Farewell::Removed => Refusal::no_cluster(&self.name),
            Farewell::Replaced => Refusal::UpstreamDown { cause: "what krateyard knows of this cluster changed".into() },
        }
    }

    /// Begins to look after the cluster, once.
    pub(crate) fn wake(self: &Arc<Self>) {
        let Some(told) = self.asleep.lock().expect("no panic while held").take() else { return };
        self.spawn(reach::watch(self.clone(), told));
        // Who reviews itself remembers the answers for 30 s at most, and may mostly not watch roles.
        if !self.is_own {
            self.spawn(authorize::watch_rights(self.clone()));
        }
    }

    /// Whether somebody opened it.
    pub(crate) fn is_awake(&self) -> bool {
        self.asleep.lock().expect("no panic while held").is_none()
    }

    /// Whether it is asked as whoever the kubeconfig says, without impersonation.
    pub(crate) fn is_own(&self) -> bool {
        self.is_own
    }

    /// Whose rights the proxy's own requests show.
    pub(crate) fn itself(&self) -> Actor {
        if self.is_own { Actor::Person } else { Actor::Proxy }
    }

    /// Runs a task that ends with the cluster.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.track(async move {
            stop.run_until_cancelled(task).await;
        });
    }

    /// Runs a task that ends by itself when the cluster does.
    pub(crate) fn track(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.tasks.spawn(self.all_tasks.track_future(task))
    }

    /// The client with the proxy's own identity. It stays good when credentials are read again; while there are none, each request says so.
    pub(crate) fn client(&self) -> &Client {
        self.link.client()
    }

    /// The namespace that the kubeconfig's context names, or kube's own choice.
    ///
    /// # Errors
    /// `UpstreamDown` while the kubeconfig or the token cannot be used.
    pub(crate) async fn default_namespace(&self) -> Result<String, Refusal> {
        self.link.default_namespace().await.map_err(|error| Refusal::UpstreamDown { cause: error.to_string() })
    }

    /// How soon its API answers.
    pub(crate) fn latency(&self) -> Option<Latency> {
        self.link.latency()
    }

    /// How the cluster does, as far as is known: unknown counts as not reachable.
    pub(crate) fn reach(&self) -> Reach {
        self.reach.borrow().clone().unwrap_or_default()
    }

    /// How the cluster does; waits a moment for the first answer after a start.
    pub(crate) async fn first_reach(&self) -> Reach {
        let mut reach = self.reach.clone();
        let known = tokio::time::timeout(Duration::from_secs(2), reach.wait_for(Option::is_some)).await;
        known.ok().and_then(Result::ok).and_then(|reach| reach.clone()).unwrap_or_default()
    }

    /// Sends a request and reads the whole answer, within the time that one request may take.
    ///
    /// # Errors
    /// What the answer means for `asked`.
    pub(crate) async fn call(&self, request: http::Request<Vec<u8>>, asked: &Asked<'_>) -> Result<Bytes, Refusal> {
        let client = self.client();
        let whole = async {
            let response = client.send(request.map(kube::client::Body::from)).await.map_err(|error| refuse::of_kube(&error, asked))?;
            let status = response.status();
            let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
            let body = body.map_err(|error| Refusal::UpstreamDown { cause: refuse::cause(error.as_ref()) })?.to_bytes();
            if status.is_success() { Ok(body) } else { Err(refuse::of_status(&status_of(status, &body), asked)) }
        };
        tokio::time::timeout(self.limits.upstream_timeout, whole).await.unwrap_or_else(|_| Err(self.late()))
    }

    /// Sends a request whose answer is a stream; only its beginning is waited for.
    ///
    /// # Errors
    /// What the answer means for `asked`.
    pub(crate) async fn open(&self, request: http::Request<Vec<u8>>, asked: &Asked<'_>) -> Result<http::Response<kube::client::Body>, Refusal> {
        let response = self.send(request, asked).await?;
        if response.status().is_success() { Ok(response) } else { Err(self.refused(response, asked).await) }
    }

    /// Sends a request; whatever the API server answers is an answer, and only its beginning is waited for.
    ///
    /// # Errors
    /// `UpstreamDown` where nothing answers.
    pub(crate) async fn send(&self, request: http::Request<Vec<u8>>, asked: &Asked<'_>) -> Result<http::Response<kube::client::Body>, Refusal> {
        let begun = self.client().send(request.map(kube::client::Body::from));
        tokio::time::timeout(self.limits.upstream_timeout, begun).await.map_err(|_| self.late())?.map_err(|error| refuse::of_kube(&error, asked))
    }

    /// What an answer that is no success means for `asked`.
    pub(crate) async fn refused(&self, response: http::Response<kube::client::Body>, asked: &Asked<'_>) -> Refusal {
        let status = response.status();
        let body = tokio::time::timeout(self.limits.upstream_timeout, Limited::new(response.into_body(), MAX_ANSWER).collect()).await;
        let Ok(body) = body else { return self.late() };
        refuse::of_status(&status_of(status, &body.map(|body| body.to_bytes()).unwrap_or_default()), asked)
    }

    fn late(&self) -> Refusal {
        Refusal::UpstreamDown { cause: format!("no answer within {} s", self.limits.upstream_timeout.as_secs_f32()) }
    }

    /// Creates a review with the proxy's own identity. Neither the question nor the answer reaches a log: one of them is a token.
    pub(crate) async fn review<Q: Serialize, A: DeserializeOwned>(&self, path: &str, question: &Q, asked: &Asked<'_>) -> Result<A, Refusal> {
        let body = serde_json::to_vec(question).expect("a review is plain JSON");
        let request = http::Request::post(path).header(http::header::CONTENT_TYPE, "application/json").body(body).expect("the path is a constant");
        let answer = self.call(request, asked).await?;
        serde_json::from_slice(&answer).map_err(|_| Refusal::UpstreamDown { cause: format!("its answer to a {} is no review", asked.resource) })
    }
}

/// The Status of an answer that is no success; made up from the status line where the body is none (recordings, surprises 2 and 75: plain text).
pub(crate) fn status_of(status: http::StatusCode, body: &[u8]) -> kube::core::Status {
    let parsed: Option<kube::core::Status> = serde_json::from_slice(body).ok();
    let mut parsed = parsed
        .unwrap_or_else(|| kube::core::Status { message: String::from_utf8_lossy(&body[..body.len().min(1024)]).trim().to_owned(), ..Default::default() });
    parsed.code = status.as_u16();
    parsed
}
