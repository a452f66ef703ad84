use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::config::{Credentials, Endpoint};
use crate::refuse;

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
pub(super) async fn client(endpoint: &Endpoint) -> Result<Client, ConnectError> {
    let mut config = match endpoint {
        Endpoint::InCluster => Config::incluster()?,
        Endpoint::Kubeconfig { path, context, .. } => of_context(Kubeconfig::read_from(path)?, context.clone()).await?,
        Endpoint::Context { paths, context, .. } => {
            // As kubectl does: a file of several that is not there is left out.
            let mut there = paths.iter().filter(|path| paths.len() == 1 || path.is_file());
            let merged = there.try_fold(Kubeconfig::default(), |merged, path| merged.merge(Kubeconfig::read_from(path)?))?;
            of_context(merged, Some(context.clone())).await?
        }
        Endpoint::Server { url, credentials, ca, .. } => {
            let mut config = Config::new(url.clone());
            config.auth_info = auth(credentials);
            config.root_cert_file.clone_from(ca);
            config
        }
    };
    config.default_retry = false;
    // A credential plugin runs in it, and may ask somebody something in a browser.
    tokio::task::spawn_blocking(move || Client::try_from(config)).await.map_err(|_| ConnectError::Cut)?.map_err(ConnectError::Client)
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
