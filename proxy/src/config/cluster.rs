use std::fmt;
use std::path::PathBuf;

use krateyard_shared::identity::ClusterName;
use sha2::{Digest, Sha256};

/// One cluster and how it is reached. Where two differ, the cluster is another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterConfig {
    /// The name that people see.
    pub name: ClusterName,
    /// Where it is.
    pub endpoint: Endpoint,
}

/// Where a cluster is, and the identity that the proxy has there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// The cluster that the proxy itself runs in, by its service account.
    InCluster,
    /// A context of a kubeconfig file; the current one when none is named.
    #[allow(missing_docs)]
    Kubeconfig {
        path: PathBuf,
        context: Option<String>,
        /// Of what the file says.
        mark: Mark,
    },
    /// A context of several kubeconfig files, merged as kubectl does.
    #[allow(missing_docs)]
    Context {
        paths: Vec<PathBuf>,
        context: String,
        /// Of all that the files say of it.
        mark: Mark,
    },
    /// An API server by its URL.
    #[allow(missing_docs)]
    Server {
        url: http::Uri,
        credentials: Credentials,
        /// PEM file with the authorities that sign its certificate; the system's none when absent.
        ca: Option<PathBuf>,
        /// Of what that file says.
        mark: Mark,
    },
}

/// How the proxy names itself to an API server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A bearer token.
    Token(Secret),
    /// A file with a bearer token, read again as it changes.
    TokenFile(PathBuf),
}

impl ClusterConfig {
    /// A cluster by URL and token.
    ///
    /// # Errors
    /// When `url` is no URL.
    pub fn server(name: &str, url: &str, token: &str) -> Result<ClusterConfig, http::uri::InvalidUri> {
        let endpoint = Endpoint::Server { url: url.parse()?, credentials: Credentials::Token(Secret::new(token)), ca: None, mark: Mark::default() };
        Ok(ClusterConfig { name: ClusterName(name.into()), endpoint })
    }
}

/// What tells whether something reads as before: the hash of it. It prints as `#`, since a password may be in it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark([u8; 32]);

impl Mark {
    /// Of a text.
    pub fn of(text: impl AsRef<[u8]>) -> Mark {
        Mark(Sha256::digest(text).into())
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("#")
    }
}

/// A text that nobody may read in a log: it prints as `***`.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text itself, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
