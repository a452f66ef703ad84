//! A plain client of a cluster: what it answers is what is true.

use http::{Method, Request};
use krateyard_shared::kinds::{Kind, KindEntry};
use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};

/// Requests to an API server under one identity, by path, without anything of the proxy's.
#[derive(Clone)]
pub struct Plain {
    client: Client,
}

impl Plain {
    /// By a kubeconfig; its current context when none is named.
    ///
    /// # Errors
    /// In words, when the kubeconfig cannot be used.
    pub async fn of_kubeconfig(kubeconfig: Kubeconfig, context: Option<&str>) -> Result<Plain, String> {
        let options = KubeConfigOptions { context: context.map(Into::into), ..KubeConfigOptions::default() };
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| error.to_string())?;
        Ok(Plain { client: Client::try_from(config).map_err(|error| error.to_string())? })
    }

    /// # Errors
    /// What the API server says.
    pub async fn get(&self, path: &str) -> kube::Result<Value> {
        self.send(Method::GET, path, "", None).await
    }

    /// Creates an object in a collection.
    ///
    /// # Errors
    /// What the API server says.
    pub async fn create(&self, collection: &str, object: &Value) -> kube::Result<Value> {
        self.send(Method::POST, collection, "application/json", Some(object)).await
    }

    /// Changes an object by a merge patch.
    ///
    /// # Errors
    /// What the API server says.
    pub async fn merge(&self, path: &str, patch: &Value) -> kube::Result<Value> {
        self.send(Method::PATCH, path, "application/merge-patch+json", Some(patch)).await
    }

    /// Deletes an object without giving its pods time.
    ///
    /// # Errors
    /// What the API server says.
    pub async fn delete(&self, path: &str) -> kube::Result<Value> {
        let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0, "propagationPolicy": "Background"});
        self.send(Method::DELETE, path, "application/json", Some(&options)).await
    }

    /// All objects of a kind; an empty namespace means all.
    ///
    /// # Errors
    /// What the API server says.
    pub async fn list(&self, kind: Kind, namespace: &str) -> kube::Result<Vec<Value>> {
        let mut list = self.get(&collection(kind, namespace)).await?;
        Ok(serde_json::from_value(list["items"].take()).unwrap_or_default())
    }

    async fn send(&self, method: Method, path: &str, content: &str, body: Option<&Value>) -> kube::Result<Value> {
        let mut request = Request::builder().method(method).uri(path);
        if body.is_some() {
            request = request.header(http::header::CONTENT_TYPE, content);
        }
        let bytes = body.map(Value::to_string).unwrap_or_default().into_bytes();
        self.client.request(request.body(bytes).expect("paths of tests are plain")).await
    }
}

/// The path of a collection; an empty namespace means all of them.
pub fn collection(kind: Kind, namespace: &str) -> String {
    let KindEntry { group, version, plural, .. } = kind.entry();
    let root = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
    if namespace.is_empty() { format!("{root}/{plural}") } else { format!("{root}/namespaces/{namespace}/{plural}") }
}

/// The path of an object in a namespace.
pub fn path(kind: Kind, namespace: &str, name: &str) -> String {
    format!("{}/{name}", collection(kind, namespace))
}
