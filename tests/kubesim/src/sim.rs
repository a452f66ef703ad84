//! The handle on a running simulator.

use std::ops::Deref;
use std::sync::Arc;

use serde_json::{Value, json};
use thiserror::Error;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::cluster::Cluster;
use crate::controllers::{Controllers, PodDoes};
use crate::failure::Failure;
use crate::faults::Faults;
use crate::kinds::Kind;
use crate::logs::LogFile;
use crate::negotiate::Form;
use crate::options::Options;
use crate::query::Query;
use crate::requests::Requests;
use crate::server::{Server, single};
use crate::store::Write;
use crate::tls::Tls;
use crate::write::{self, Edit};

/// What keeps a simulator from doing what it was asked for.
#[derive(Debug, Error)]
pub enum Error {
    /// A port could not be bound.
    #[error("binding a port failed: {0}")]
    Bind(#[from] std::io::Error),
    /// No certificate could be made.
    #[error("making a certificate failed: {0}")]
    Certificate(String),
    /// The object names a kind that is not served.
    #[error("no such kind: {0}")]
    NoSuchKind(String),
    /// The simulated server refused, with its HTTP code.
    #[error("refused with {code}: {message}")]
    Refused {
        /// HTTP code.
        code: u16,
        /// The Status' message.
        message: String,
    },
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Refused { code: failure.code(), message: failure.message().to_owned() }
    }
}

/// How a server comes back from a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartKind {
    /// Watches can go on from where they were.
    KeepHistory,
    /// A resumed watch is answered with 410.
    LoseHistory,
}

/// A running simulator: an API server and its control API, on 127.0.0.1. Dropped, it closes both. Everything that a [`Handle`] does it does too.
#[derive(Debug)]
pub struct Sim {
    handle: Handle,
    control: Mutex<Server>,
    control_url: String,
    controllers: JoinHandle<()>,
}

/// Reaches a running simulator; it does not keep it running.
#[derive(Clone, Debug)]
pub struct Handle {
    cluster: Arc<Cluster>,
    url: String,
    server: Arc<Mutex<Server>>,
    tls: Option<Arc<Tls>>,
}

impl Sim {
    /// Makes the world and opens the ports.
    ///
    /// # Errors
    /// When a port cannot be bound, or no certificate can be made.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let (port, control_port, with_tls, with_controllers) = (options.port, options.control_port, options.tls, options.controllers);
        let cluster = Arc::new(tokio::task::spawn_blocking(move || Cluster::new(options)).await.map_err(std::io::Error::other)?);
        let behind = cluster.clone();
        let router = single(move |request| {
            let cluster = behind.clone();
            async move { cluster.answer(request).await }
        });
        let server = Server::start(port, router).await?;
        let url = format!("http://{}", server.address);
        let tls = if with_tls { Some(Arc::new(Tls::start(server.address).await?)) } else { None };
        let controllers = Controllers::new(cluster.clone());
        let controllers = tokio::spawn(async move {
            if with_controllers {
                controllers.run().await;
            }
        });
        let handle = Handle { cluster, url, server: Arc::new(Mutex::new(server)), tls };
        let control = Server::start(control_port, crate::control::router(handle.clone())).await?;
        let control_url = format!("http://{}", control.address);
        Ok(Self { handle, control: Mutex::new(control), control_url, controllers })
    }

    /// `http://127.0.0.1:PORT` of the control API.
    pub fn control_url(&self) -> &str {
        &self.control_url
    }

    /// A handle for other tasks.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Closes the ports and every connection, and ends the controllers.
    pub async fn stop(&self) {
        self.controllers.abort();
        self.handle.close_port().await;
        self.control.lock().await.stop().await;
    }
}

impl Deref for Sim {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.controllers.abort();
    }
}

impl Handle {
    /// `http://127.0.0.1:PORT` of the API server.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Faults to be set.
    pub fn faults(&self) -> &Faults {
        &self.cluster.faults
    }

    /// Counts of requests.
    pub fn requests(&self) -> &Requests {
        &self.cluster.requests
    }

    /// Closes all sockets and opens the same port again.
    ///
    /// # Errors
    /// When the port cannot be bound again.
    pub async fn restart(&self, kind: RestartKind) -> Result<(), Error> {
        let mut server = self.server.lock().await;
        server.stop().await;
        if kind == RestartKind::LoseHistory {
            self.cluster.store.compact();
        }
        Ok(server.open().await?)
    }

    /// Closes the port and every connection: whoever connects is refused, until [`Self::open_port`].
    pub async fn close_port(&self) {
        self.server.lock().await.stop().await;
    }

    /// Opens the port again.
    ///
    /// # Errors
    /// When it cannot be bound again.
    pub async fn open_port(&self) -> Result<(), Error> {
        Ok(self.server.lock().await.open().await?)
    }

    /// Cuts every open connection and goes on serving.
    pub async fn cut_connections(&self) {
        self.server.lock().await.cut_all();
    }

    /// Makes a pod crash, heal and so on; says whether there is such a pod.
    pub fn make_pod(&self, namespace: &str, name: &str, does: PodDoes) -> bool {
        crate::controllers::make(&self.cluster, namespace, name, does)
    }

    /// Changes the number of replicas of a deployment; says whether there is one.
    pub fn scale(&self, namespace: &str, name: &str, replicas: u64) -> bool {
        crate::controllers::scale(&self.cluster, namespace, name, replicas)
    }

    /// Gives a pod's logs so many lines at their beginning, and so many a second; says whether there is such a pod.
    pub fn set_log(&self, namespace: &str, name: &str, lines: Option<u64>, rate: Option<u64>) -> bool {
        let Some(mut pod) = self.get("v1", "Pod", namespace, name) else { return false };
        for (annotation, number) in [(crate::logs::LINES, lines), (crate::logs::RATE, rate)] {
            if let Some(number) = number {
                pod["metadata"]["annotations"][annotation] = json!(number.to_string());
            }
        }
        self.apply(pod).is_ok()
    }

    /// The log of a container as a test writes it, from now on in the place of what the simulator makes up. Its pod's status is changed by [`Handle::count_restart`].
    pub fn log_file(&self, namespace: &str, pod: &str, container: &str) -> LogFile {
        self.cluster.written.of(namespace, pod, container)
    }

    /// The pod's status tells that its first container ended with this exit code and runs again; says whether there is such a pod.
    pub fn count_restart(&self, namespace: &str, name: &str, exit_code: i64) -> bool {
        let Some(mut pod) = self.get("v1", "Pod", namespace, name) else { return false };
        let now = self.cluster.clock.now_text();
        let status = &mut pod["status"]["containerStatuses"][0];
        let restarts = status["restartCount"].as_u64().unwrap_or(0) + 1;
        let (ran, id) = (status["state"]["running"]["startedAt"].clone(), status["containerID"].clone());
        let reason = if exit_code == 0 { "Completed" } else { "Error" };
        status["lastState"] = json!({"terminated": {"exitCode": exit_code, "reason": reason, "startedAt": ran, "finishedAt": now, "containerID": id}});
        status["state"] = json!({"running": {"startedAt": now}});
        status["restartCount"] = json!(restarts);
        status["containerID"] = json!(format!("containerd://{:064x}", restarts));
        self.apply(pod).is_ok()
    }

    /// Forgets the history of changes: a resumed watch is answered with 410.
    pub fn compact(&self) {
        self.cluster.store.compact();
    }

    /// Serves a kind as an aggregated API would, with the verbs that it names.
    pub fn aggregate(&self, kind: Kind) {
        self.cluster.registry.aggregate(kind);
    }

    /// An aggregated API whose server does not answer.
    pub fn set_dead_api(&self, group: &str, version: &str) {
        self.cluster.registry.set_dead(group, version);
    }

    /// Ends a bearer token; says whether it was known.
    pub fn revoke_token(&self, token: &str) -> bool {
        self.cluster.tokens.revoke(token)
    }

    /// Adds a bearer token for a user with these groups besides `system:authenticated`.
    pub fn add_token(&self, token: &str, user: &str, groups: &[&str]) {
        let groups = groups.iter().copied().chain(["system:authenticated"]).map(str::to_owned).collect();
        self.cluster.tokens.add(token, crate::access::User { name: user.to_owned(), uid: format!("u-{user}"), groups, extra: Vec::new() });
    }

    /// A kubeconfig (YAML) by the port with TLS, where there is one, for a user or token: `demo-admin`, `viewer@example.com`, `system:serviceaccount:krateyard:krateyard`.
    pub fn kubeconfig(&self, user: &str) -> String {
        let token = self.cluster.tokens.token_of(user).unwrap_or_else(|| user.to_owned());
        let name = &self.cluster.options.cluster_name;
        let server = match &self.tls {
            Some(tls) => format!("{}\n    certificate-authority-data: {}", tls.url(), tls.certificate_base64()),
            None => self.url.clone(),
        };
        format!(
            "apiVersion: v1\nkind: Config\nclusters:\n- name: {name}\n  cluster:\n    server: {server}\nusers:\n- name: user\n  user:\n    token: {token}\ncontexts:\n- name: {name}\n  context:\n    cluster: {name}\n    user: user\ncurrent-context: {name}\n"
        )
    }

    /// Creates an object or replaces it, as an administrator, past admission. The answer is the object with its version.
    ///
    /// # Errors
    /// When its kind is not served.
    pub fn apply(&self, object: Value) -> Result<Value, Error> {
        let kind = self.kind_of(&object)?;
        let mut object = object;
        if let Some(fields) = object.as_object_mut() {
            fields.remove("kind");
            fields.remove("apiVersion");
        }
        let namespace = if kind.namespaced { object["metadata"]["namespace"].as_str().unwrap_or("default").to_owned() } else { String::new() };
        if kind.namespaced {
            object["metadata"]["namespace"] = json!(namespace);
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let written = self.cluster.store.write::<Error>(&kind, &namespace, &name, |existing| {
            let kept = existing.map(|existing| existing.value()["metadata"].clone()).unwrap_or_default();
            for (field, fallback) in [("uid", json!(self.cluster.names.uid())), ("creationTimestamp", json!(self.cluster.clock.now_text()))] {
                if object["metadata"][field].is_null() {
                    object["metadata"][field] = if kept[field].is_null() { fallback } else { kept[field].clone() };
                }
            }
            Ok(Write::Put(object))
        })?;
        if kind.plural == "customresourcedefinitions" {
            self.cluster.learn_definitions();
        }
        Ok(written.map(|written| shown(&kind, written.object().value())).unwrap_or_default())
    }

    /// An object, or none: `sim.get("apps/v1", "Deployment", "web", "storefront")`. The namespace of cluster-wide kinds is empty.
    pub fn get(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        let kind = self.cluster.registry.of_object(api_version, kind)?;
        self.cluster.store.get(&kind, namespace, name).map(|object| shown(&kind, object.value()))
    }

    /// All objects of a kind; an empty namespace means all.
    pub fn list(&self, api_version: &str, kind: &str, namespace: &str) -> Vec<Value> {
        let Some(kind) = self.cluster.registry.of_object(api_version, kind) else { return Vec::new() };
        self.cluster.store.list(&kind, namespace).1.iter().map(|object| shown(&kind, object.value())).collect()
    }

    /// Deletes an object as a client would: a running pod ends gracefully.
    ///
    /// # Errors
    /// 404, or an unknown kind.
    pub fn delete(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<(), Error> {
        self.delete_with(api_version, kind, namespace, name, &write::plain_query(None))
    }

    /// Removes an object at once, whatever it should wait for.
    ///
    /// # Errors
    /// 404, or an unknown kind.
    pub fn remove(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<(), Error> {
        let stored = self.cluster.registry.of_object(api_version, kind);
        self.delete_with(api_version, kind, namespace, name, &write::plain_query(Some(0)))?;
        if let Some(kind) = stored {
            self.cluster.store.write::<Error>(&kind, namespace, name, |_| Ok(Write::Remove))?;
        }
        Ok(())
    }

    fn delete_with(&self, api_version: &str, kind: &str, namespace: &str, name: &str, query: &Query) -> Result<(), Error> {
        let kind = self.cluster.registry.of_object(api_version, kind).ok_or_else(|| Error::NoSuchKind(kind.to_owned()))?;
        let edit = Edit { kind: &kind, namespace, name, query, form: Form::Full };
        write::delete(&self.cluster.writer(), &edit, &Value::Null)?;
        if kind.plural == "customresourcedefinitions" {
            self.cluster.learn_definitions();
        }
        Ok(())
    }

    fn kind_of(&self, object: &Value) -> Result<Arc<Kind>, Error> {
        let (api_version, kind) = (object["apiVersion"].as_str().unwrap_or_default(), object["kind"].as_str().unwrap_or_default());
        self.cluster.registry.of_object(api_version, kind).ok_or_else(|| Error::NoSuchKind(format!("{kind} in {api_version}")))
    }
}

fn shown(kind: &Kind, mut value: Value) -> Value {
    value["kind"] = json!(kind.kind);
    value["apiVersion"] = json!(kind.api_version());
    value
}
