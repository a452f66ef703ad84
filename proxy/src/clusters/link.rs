//! The proxy's way into one cluster: a client that stays while what it sends with is made anew, so that whoever holds it goes on by itself after that.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use krateyard_shared::api::Latency;
use kube::Client;
use kube::client::{AuthError, Body};
use tokio::sync::{Notify, OnceCell};
use tokio::time::Instant;
use tower::service_fn;

use super::connect;
use super::latency::Latencies;
use crate::config::ClusterConfig;

/// The beginning of a list may take so long, where a loaded API server keeps requests waiting. A watch begins at once.
const LIST_TIMEOUT: Duration = Duration::from_secs(30);

/// Why there is no client: no file or plugin gave credentials that can be used.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoClient(String);

/// The way into a cluster.
pub(super) struct Link {
    /// What is handed out.
    client: OnceLock<Client>,
    inner: Arc<Inner>,
}

struct Inner {
    config: ClusterConfig,
    timeout: Duration,
    now: Mutex<Arc<Way>>,
    news: Notify,
    /// Of all but watches, which begin before there is an answer.
    latencies: Latencies,
}

/// One client and what became of it. It is made by the first who asks; one that cannot be made is not tried again with every request, since a credential plugin may
/// ask somebody something in a browser.
#[derive(Default)]
struct Way {
    made: OnceCell<Result<Client, NoClient>>,
    /// Whether the last that the cluster said to its credentials is that it does not know them.
    is_refused: AtomicBool,
}

impl Link {
    pub(super) fn new(config: ClusterConfig, timeout: Duration) -> Link {
        Link {
            client: OnceLock::new(),
            inner: Arc::new(Inner { config, timeout, now: Mutex::default(), news: Notify::new(), latencies: Latencies::default() }),
        }
    }

    pub(super) fn config(&self) -> &ClusterConfig {
        &self.inner.config
    }

    /// The client: cheap to clone, and good as long as the cluster.
    pub(super) fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let inner = self.inner.clone();
            Client::new(service_fn(move |request| inner.clone().send(request)), "default")
        })
    }

    /// The namespace of the kubeconfig's context.
    pub(super) async fn default_namespace(&self) -> Result<String, NoClient> {
        let way = self.inner.way();
        way.client(&self.inner).await.map(|client| client.default_namespace().to_owned())
    }

    /// Whether the cluster does not accept the present credentials, or there are none.
    pub(super) fn is_refused(&self) -> bool {
        let way = self.inner.way();
        way.is_refused.load(Ordering::Relaxed) || way.made.get().is_some_and(Result::is_err)
    }

    /// How soon the cluster answers.
    pub(super) fn latency(&self) -> Option<Latency> {
        self.inner.latencies.told()
    }

    /// Reads the credentials again for the next request.
    pub(super) fn rebuild(&self) {
        *self.inner.now.lock().expect("no panic while held") = Arc::default();
    }

    /// Waits until the cluster's mind on the credentials changes.
    pub(super) async fn news(&self) {
        self.inner.news.notified().await;
    }
}

impl Way {
    async fn client(&self, inner: &Inner) -> Result<&Client, NoClient> {
        let made = self.made.get_or_init(|| async {
            connect::client(&inner.config.endpoint).await.map_err(|error| {
                let cause = error.words();
                tracing::warn!(cluster = %inner.config.name, cause, "cannot make a client");
                inner.news.notify_one();
                NoClient(cause)
            })
        });
        made.await.as_ref().map_err(NoClient::clone)
    }
}

impl Inner {
    fn way(&self) -> Arc<Way> {
        self.now.lock().expect("no panic while held").clone()
    }

    /// Sends a request, and does not wait for ever: one that goes out on an idle connection which died unnoticed is never answered, and kube's watchers would not
    /// try another. Given up, the connection is used no more.
    async fn send(self: Arc<Self>, request: Request<Body>) -> Result<Response<Body>, kube::Error> {
        let way = self.way();
        let client = way.client(&self).await.map_err(|error| kube::Error::Service(error.into()))?;
        let (is_watch, asked) = (is_watch(request.uri()), Instant::now());
        let timeout = if is_watch { self.timeout } else { LIST_TIMEOUT.max(self.timeout) };
        let late = |_| kube::Error::Service(format!("no answer within {} s", timeout.as_secs_f32()).into());
        let response = tokio::time::timeout(timeout, client.send(request)).await.map_err(late)?;
        // A token that had to be had again, and could not.
        let response = response.inspect_err(|error| {
            if is_of_credentials(error) {
                self.heard(&way, true)
            }
        })?;
        if !is_watch {
            self.latencies.add(asked.elapsed());
        }
        match response.status() {
            StatusCode::UNAUTHORIZED => self.heard(&way, true),
            status if status.is_success() => self.heard(&way, false),
            // What stands before the API server answers so as well.
            _ => {}
        }
        Ok(response)
    }

    fn heard(&self, way: &Way, is_refused: bool) {
        if way.is_refused.swap(is_refused, Ordering::Relaxed) != is_refused {
            self.news.notify_one();
        }
    }
}

fn is_of_credentials(error: &kube::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<AuthError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Whether a request asks for a watch, as kube does: by a parameter of its own, not by what another one says.
fn is_watch(uri: &http::Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|parameter| matches!(parameter.split_once('='), Some(("watch", "true" | "1")))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_is_told_by_its_own_parameter() {
        let cases = [
            ("/api/v1/pods?watch=true", true),
            ("/api/v1/pods?&watch=1&timeoutSeconds=30", true),
            ("/api/v1/pods?limit=500&watch=false", false),
            ("/api/v1/pods?labelSelector=watch=true", false),
            ("/api/v1/pods?fieldSelector=metadata.name%3Dwatch=1&rewatch=true", false),
            ("/api/v1/pods", false),
        ];
        for (uri, expected) in cases {
            assert_eq!(is_watch(&uri.parse().unwrap()), expected, "{uri}");
        }
    }
}
