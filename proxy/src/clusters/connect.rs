use std::time::Duration;

use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tower::service_fn;

use crate::config::{Credentials, Endpoint};
use crate::refuse;

/// The beginning of a list may take so long, where a loaded API server keeps requests waiting. A watch begins at once.
const LIST_TIMEOUT: Duration = Duration::from_secs(30);

/// Why there is no client for a cluster.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("cannot read the service account: {0}")]
    InCluster(#[from] kube::config::InClusterError),
    #[error("cannot use the kubeconfig: {0}")]
    Kubeconfig(#[from] kube::config::KubeconfigError),
    #[error("cannot make a client")]
    Client(#[from] kube::Error),
    #[error("cannot make a client: it was broken off")]
    Cut,
}

impl ConnectError {
    /// For people. What a credential plugin wrote is cut short, and what it answered is not in it.
    pub(super) fn words(&self) -> String {
        match self {
            ConnectError::Client(error) => refuse::words(error),
            other => other.to_string(),
        }
    }
}

/// Makes a client. It never retries by itself: whoever asks decides, and a person sees a 429 at once.
pub(super) async fn client(endpoint: &Endpoint, watch_timeout: Duration) -> Result<Client, ConnectError> {
    let mut config = match endpoint {
        Endpoint::InCluster => Config::incluster()?,
        Endpoint::Kubeconfig { path, context } => of_context(Kubeconfig::read_from(path)?, context.clone()).await?,
        Endpoint::Context { paths, context } => {
            let merged = paths.iter().try_fold(Kubeconfig::default(), |merged, path| merged.merge(Kubeconfig::read_from(path)?))?;
            of_context(merged, Some(context.clone())).await?
        }
        Endpoint::Server { url, credentials, ca } => {
            let mut config = Config::new(url.clone());
            config.auth_info = auth(credentials);
            config.root_cert_file.clone_from(ca);
            config
        }
    };
    config.default_retry = false;
    // A credential plugin runs in it, and may ask somebody something in a browser.
    let client = tokio::task::spawn_blocking(move || Client::try_from(config)).await.map_err(|_| ConnectError::Cut)?.map_err(ConnectError::Client)?;
    Ok(impatient(client, watch_timeout))
}

/// A client that does not wait for ever: a request that goes out on an idle connection which died unnoticed is never answered, and kube's watchers would not try
/// another. Given up, the connection is used no more.
fn impatient(client: Client, watch_timeout: Duration) -> Client {
    let namespace = client.default_namespace().to_owned();
    let service = service_fn(move |request: http::Request<kube::client::Body>| {
        let client = client.clone();
        let is_watch = request.uri().query().is_some_and(|query| query.contains("watch="));
        let timeout = if is_watch { watch_timeout } else { LIST_TIMEOUT.max(watch_timeout) };
        async move {
            let late = |_| kube::Error::Service(format!("no answer within {} s", timeout.as_secs_f32()).into());
            tokio::time::timeout(timeout, client.send(request)).await.map_err(late)?
        }
    });
    Client::new(service, namespace)
}

async fn of_context(kubeconfig: Kubeconfig, context: Option<String>) -> Result<Config, kube::config::KubeconfigError> {
    Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions { context, ..KubeConfigOptions::default() }).await
}

fn auth(credentials: &Credentials) -> AuthInfo {
    match credentials {
        // By way of its own deserializer, which wraps the token in kube's type for secrets.
        Credentials::Token(token) => {
            serde_json::from_value(serde_json::json!({ "token": token.reveal() })).expect("a kubeconfig's user may have a token alone")
        }
        Credentials::TokenFile(path) => AuthInfo { token_file: Some(path.display().to_string()), ..AuthInfo::default() },
    }
}
