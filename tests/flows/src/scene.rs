//! The scene on a real cluster: namespaces, workloads and accounts like those parts of kubesim's demo world that flows and the journey use.
//!
//! Everything carries the prefix of the run, so that a scene fits into anybody's cluster and can be removed whole.

mod look;
mod objects;

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kube::config::{Cluster, Kubeconfig};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::plain::Plain;
use objects::{ACCOUNTS, NAMESPACES, Placed};

/// How long the cluster may take to remove a namespace with what is in it.
const GONE_WITHIN: Duration = Duration::from_secs(180);
/// Between two looks at the cluster.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// What an account's token is good for: more than a run takes.
const TOKEN_SECS: u32 = 3600;

/// A scene, as it is written for whoever plays in it. It holds tokens: the file is its owner's alone, and there is no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scene {
    /// What the names of everything in it begin with.
    pub prefix: String,
    /// URL of the API server.
    pub server: String,
    /// The authorities that sign its certificate, as PEM; the system's when absent.
    pub ca: Option<String>,
    /// The name in its certificate, where that is not the URL's.
    pub tls_server_name: Option<String>,
    /// Whether the administrator's kubeconfig wants its certificate to be taken as it is.
    pub insecure: bool,
    /// The administrator's kubeconfig, and the context in it.
    pub kubeconfig: PathBuf,
    /// The current one when absent.
    pub context: Option<String>,
    /// A kubeconfig of the proxy's account alone.
    pub proxy_kubeconfig: PathBuf,
    /// Namespaces by their short names, such as `payments`.
    pub namespaces: BTreeMap<String, String>,
    /// Bearer tokens by account: admin, editor, viewer, nobody, proxy.
    pub tokens: BTreeMap<String, String>,
}

/// Why a scene is not there, or not gone.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum SceneError {
    #[error("cannot use the kubeconfig {path}: {cause}")]
    Kubeconfig { path: PathBuf, cause: String },
    #[error("cannot write {path}: {cause}")]
    Write { path: PathBuf, cause: io::Error },
    #[error("cannot read the scene {path}: {cause}")]
    Read { path: PathBuf, cause: io::Error },
    #[error("{what}: {cause}")]
    Cluster { what: String, cause: Box<kube::Error> },
    #[error("the cluster's answer to a token request holds none")]
    NoToken,
    #[error("after {secs} s still missing: {missing}")]
    NotReady { secs: u64, missing: String },
    #[error("after {secs} s still there: {left}")]
    NotGone { secs: u64, left: String },
}

impl Scene {
    /// Reads what [`up`] wrote.
    ///
    /// # Errors
    /// `Read`.
    pub fn read(path: &Path) -> Result<Scene, SceneError> {
        let read = |cause| SceneError::Read { path: path.into(), cause };
        serde_json::from_slice(&std::fs::read(path).map_err(read)?).map_err(|error| read(error.into()))
    }

    /// A plain client of the cluster's administrator.
    ///
    /// # Errors
    /// `Kubeconfig`.
    pub async fn administrator(&self) -> Result<Plain, SceneError> {
        administrator(&self.kubeconfig, self.context.as_deref()).await
    }

    /// Whom a role binding names to mean an account.
    pub fn subject(&self, account: &str) -> Value {
        json!({"kind": "ServiceAccount", "name": account, "namespace": self.namespaces["accounts"]})
    }

    fn write(&self, path: &Path) -> Result<(), SceneError> {
        write(path, &serde_json::to_vec_pretty(self).expect("a scene is plain JSON"))
    }
}

/// Makes a scene and writes it to `out`; goes on with the one that is there already. It is written before anything is made, so that [`down`] finds all of it.
/// Waits until the workloads are as they should be.
///
/// # Errors
/// What could not be made, or is missing after `within`.
pub async fn up(kubeconfig: &Path, context: Option<&str>, out: &Path, within: Duration) -> Result<Scene, SceneError> {
    let mut scene = match Scene::read(out) {
        Ok(scene) => scene,
        Err(SceneError::Read { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => plan(kubeconfig, context, out)?,
        Err(error) => return Err(error),
    };
    scene.write(out)?;
    let cluster = scene.administrator().await?;
    for object in objects::all(&scene) {
        make(&cluster, &object).await?;
    }
    for account in ACCOUNTS {
        let token = token(&cluster, &scene, account).await?;
        scene.tokens.insert((*account).into(), token);
    }
    write(&scene.proxy_kubeconfig, &serde_json::to_vec(&proxy_kubeconfig(&scene)?).expect("a kubeconfig is plain"))?;
    scene.write(out)?;
    look::until_ready(&cluster, &scene, within).await?;
    Ok(scene)
}

/// Removes a scene, and its files after it. One that is gone, or was never made, is no error.
///
/// # Errors
/// What is still there after a while.
pub async fn down(file: &Path) -> Result<(), SceneError> {
    let scene = match Scene::read(file) {
        Err(SceneError::Read { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        scene => scene?,
    };
    let cluster = scene.administrator().await?;
    for path in objects::removed(&scene) {
        match cluster.delete(&path).await {
            Err(error) if code(&error) != Some(404) => return Err(SceneError::Cluster { what: format!("cannot delete {path}"), cause: Box::new(error) }),
            _ => {}
        }
    }
    look::until_gone(&cluster, &scene).await?;
    for path in [&scene.proxy_kubeconfig, file] {
        match std::fs::remove_file(path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(SceneError::Write { path: path.into(), cause }),
            _ => {}
        }
    }
    Ok(())
}

/// A new scene, of which nothing is made yet.
fn plan(kubeconfig: &Path, context: Option<&str>, out: &Path) -> Result<Scene, SceneError> {
    let bad = |cause: String| SceneError::Kubeconfig { path: kubeconfig.into(), cause };
    let absolute = |path: &Path| std::path::absolute(path).map_err(|cause| SceneError::Write { path: path.into(), cause });
    let cluster = cluster_of(kubeconfig, context)?;
    let ca = match (&cluster.certificate_authority_data, &cluster.certificate_authority) {
        (Some(data), _) => Some(String::from_utf8(BASE64_STANDARD.decode(data).map_err(|error| bad(error.to_string()))?)),
        (None, Some(path)) => Some(Ok(std::fs::read_to_string(path).map_err(|cause| SceneError::Read { path: path.into(), cause })?)),
        (None, None) => None,
    };
    let prefix = format!("krateyard-{:06x}", getrandom::u32().map_err(|error| bad(error.to_string()))? & 0xff_ffff);
    let namespaces = NAMESPACES.iter().map(|short| ((*short).to_owned(), format!("{prefix}-{short}"))).collect();
    Ok(Scene {
        prefix,
        server: cluster.server.clone().ok_or_else(|| bad("its cluster has no server".into()))?,
        ca: ca.transpose().map_err(|error| bad(error.to_string()))?,
        tls_server_name: cluster.tls_server_name.clone(),
        insecure: cluster.insecure_skip_tls_verify.unwrap_or_default(),
        kubeconfig: absolute(kubeconfig)?,
        context: context.map(Into::into),
        proxy_kubeconfig: absolute(&out.with_extension("kubeconfig"))?,
        namespaces,
        tokens: BTreeMap::new(),
    })
}

async fn administrator(kubeconfig: &Path, context: Option<&str>) -> Result<Plain, SceneError> {
    let bad = |cause: String| SceneError::Kubeconfig { path: kubeconfig.into(), cause };
    let file = Kubeconfig::read_from(kubeconfig).map_err(|error| bad(error.to_string()))?;
    Plain::of_kubeconfig(file, context).await.map_err(bad)
}

/// The cluster that a context means.
fn cluster_of(path: &Path, context: Option<&str>) -> Result<Cluster, SceneError> {
    let bad = |cause: String| SceneError::Kubeconfig { path: path.into(), cause };
    let file = Kubeconfig::read_from(path).map_err(|error| bad(error.to_string()))?;
    let context = context.or(file.current_context.as_deref()).ok_or_else(|| bad("it has no current context: name one".into()))?;
    let found = file.contexts.iter().find(|named| named.name == context).and_then(|named| named.context.as_ref());
    let cluster = &found.ok_or_else(|| bad(format!("it has no context {context}")))?.cluster;
    let found = file.clusters.iter().find(|named| named.name == *cluster).and_then(|named| named.cluster.clone());
    found.ok_or_else(|| bad(format!("it has no cluster {cluster}")))
}

/// The cluster as the administrator reaches it, and the proxy's token in place of the administrator's identity.
fn proxy_kubeconfig(scene: &Scene) -> Result<Value, SceneError> {
    let cluster = cluster_of(&scene.kubeconfig, scene.context.as_deref())?;
    Ok(json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "proxy",
        "contexts": [{"name": "proxy", "context": {"cluster": "scene", "user": "proxy"}}],
        "clusters": [{"name": "scene", "cluster": cluster}],
        "users": [{"name": "proxy", "user": {"token": scene.tokens["proxy"]}}],
    }))
}

async fn make(cluster: &Plain, Placed { collection, object }: &Placed) -> Result<(), SceneError> {
    match cluster.create(collection, object).await {
        Err(error) if code(&error) != Some(409) => {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            Err(SceneError::Cluster { what: format!("cannot create {collection}/{name}"), cause: Box::new(error) })
        }
        _ => Ok(()),
    }
}

async fn token(cluster: &Plain, scene: &Scene, account: &str) -> Result<String, SceneError> {
    let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": TOKEN_SECS}});
    let path = format!("/api/v1/namespaces/{}/serviceaccounts/{account}/token", scene.namespaces["accounts"]);
    let answer =
        cluster.create(&path, &request).await.map_err(|error| SceneError::Cluster { what: format!("no token for {account}"), cause: Box::new(error) })?;
    answer["status"]["token"].as_str().map(str::to_owned).ok_or(SceneError::NoToken)
}

fn code(error: &kube::Error) -> Option<u16> {
    if let kube::Error::Api(status) = error { Some(status.code) } else { None }
}

/// Writes a file that only its owner reads.
fn write(path: &Path, bytes: &[u8]) -> Result<(), SceneError> {
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(|cause| SceneError::Write { path: path.into(), cause })
}
