//! The two sides: kubesim, and a real cluster as a kubeconfig describes it.

use std::path::PathBuf;

use http::Uri;
use kube::client::Body;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use kubesim::Sim;
use thiserror::Error;

use crate::request::{Identity, Request};

/// What keeps a side from being driven.
#[derive(Debug, Error)]
pub enum SideError {
    /// No such file, or not one of a cluster.
    #[error("reading the kubeconfig: {0}")]
    Kubeconfig(#[from] KubeconfigError),
    /// No client comes of it.
    #[error("making a client: {0}")]
    Client(#[from] Box<kube::Error>),
    /// kubesim's address is none.
    #[error("kubesim's address: {0}")]
    Address(#[from] http::uri::InvalidUri),
}

/// Where the real cluster is.
#[derive(Clone, Debug)]
pub struct Real {
    kubeconfig: PathBuf,
    context: Option<String>,
}

impl Real {
    /// From `KRATEYARD_KUBECONFIG` (an administrator's) and `KRATEYARD_CONTEXT`; none when the first is not set.
    pub fn from_environment() -> Option<Self> {
        let filled = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some(Self { kubeconfig: filled("KRATEYARD_KUBECONFIG")?.into(), context: filled("KRATEYARD_CONTEXT") })
    }
}

/// One of the two clusters.
#[derive(Clone)]
pub struct Side {
    /// `kubesim` or `real`, in messages.
    pub name: &'static str,
    administrator: Client,
    stranger: Client,
    /// A socket takes its connection with it, and one that is refused leaves a connection that nobody else should be given.
    sockets: Config,
}

impl Side {
    /// A simulator.
    ///
    /// # Errors
    /// Practically never: its address is one.
    pub fn simulated(sim: &Sim) -> Result<Self, SideError> {
        let mut config = Config::new(sim.url().parse::<Uri>()?);
        config.auth_info = AuthInfo { token: Some("demo-admin".to_owned().into()), ..AuthInfo::default() };
        Self::new("kubesim", config)
    }

    /// A real cluster.
    ///
    /// # Errors
    /// When the kubeconfig cannot be read or used.
    pub async fn real(real: &Real) -> Result<Self, SideError> {
        let options = KubeConfigOptions { context: real.context.clone(), ..KubeConfigOptions::default() };
        let config = Config::from_custom_kubeconfig(Kubeconfig::read_from(&real.kubeconfig)?, &options).await?;
        Self::new("real", config)
    }

    fn new(name: &'static str, mut config: Config) -> Result<Self, SideError> {
        // an answer of 429 or 503 is one, too
        config.default_retry = false;
        let mut nobody = config.clone();
        nobody.auth_info = AuthInfo::default();
        let client = |config: Config| Client::try_from(config).map_err(Box::new);
        Ok(Self { name, administrator: client(config.clone())?, stranger: client(nobody)?, sockets: config })
    }

    /// Sends a request; the answer's body is still to be read.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn send(&self, request: &Request, namespace: &str) -> Result<http::Response<Body>, kube::Error> {
        let mut built = http::Request::builder().method(&request.method).uri(request.path_in(namespace)).header("user-agent", "krateyard-conformance");
        for (name, value) in &request.headers {
            built = built.header(*name, value.replace("{ns}", namespace));
        }
        let body = String::from_utf8(request.body.to_vec()).map_or_else(|_| request.body.to_vec(), |text| text.replace("{ns}", namespace).into_bytes());
        let client = match request.identity {
            Identity::Stranger => self.stranger.clone(),
            Identity::Administrator if request.headers.iter().any(|(name, _)| *name == "upgrade") => Client::try_from(self.sockets.clone())?,
            Identity::Administrator => self.administrator.clone(),
        };
        client.send(built.body(Body::from(body)).map_err(kube::Error::HttpError)?).await
    }
}
