use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::config::{Credentials, Endpoint};

/// Why there is no client for a cluster.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("cannot read the service account: {0}")]
    InCluster(#[from] kube::config::InClusterError),
    #[error("cannot use the kubeconfig: {0}")]
    Kubeconfig(#[from] kube::config::KubeconfigError),
    #[error("cannot make a client: {0}")]
    Client(#[from] kube::Error),
}

/// Makes a client. It never retries by itself: whoever asks decides, and a person sees a 429 at once.
pub(super) async fn client(endpoint: &Endpoint) -> Result<Client, ConnectError> {
    let mut config = match endpoint {
        Endpoint::InCluster => Config::incluster()?,
        Endpoint::Kubeconfig { path, context } => {
            let options = KubeConfigOptions { context: context.clone(), ..KubeConfigOptions::default() };
            Config::from_custom_kubeconfig(Kubeconfig::read_from(path)?, &options).await?
        }
        Endpoint::Server { url, credentials, ca } => {
            let mut config = Config::new(url.clone());
            config.auth_info = auth(credentials);
            config.root_cert_file.clone_from(ca);
            config
        }
    };
    config.default_retry = false;
    Ok(Client::try_from(config)?)
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
