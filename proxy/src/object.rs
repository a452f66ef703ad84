//! One object, whole and live, under the viewer's own rights: every request is impersonated, nothing is shared between people.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use http::Method;
use krateyard_shared::api::Reveal;
use krateyard_shared::masked;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::watch::Freshness;
use kube::core::WatchEvent;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::authorize::{Permit, ReadObject};
use crate::clusters::SILENT;
use crate::hub::Queue;
use crate::refuse::{self, Actor, Asked};
use crate::{impersonate, path};

/// Between two attempts after a failure.
const RETRY: Duration = Duration::from_secs(1);

/// Reads an object once.
///
/// # Errors
/// `NotFound`, `Forbidden` and what else the cluster says.
pub(crate) async fn get(permit: &Permit<ReadObject>) -> Result<Value, Refusal> {
    let mut object = read(permit).await?;
    mask(&mut object);
    Ok(object)
}

/// One value of a secret, as base64: the only way on which one leaves. With a uid, only of the secret that has it.
///
/// # Errors
/// `NotFound` for a key or a secret that is not there, `Gone` when another secret has the name now, and what the cluster says.
pub(crate) async fn reveal(permit: &Permit<ReadObject>, Reveal { key, uid }: &Reveal) -> Result<String, Refusal> {
    #[derive(Deserialize)]
    struct Secret {
        metadata: Meta,
        #[serde(default)]
        data: Option<BTreeMap<String, String>>,
    }
    #[derive(Deserialize)]
    struct Meta {
        uid: String,
    }
    let secret: Secret = read(permit).await?;
    let name = &permit.target().name;
    if !uid.is_empty() && secret.metadata.uid != *uid {
        return Err(Refusal::Gone { what: format!("secrets {name}") });
    }
    secret.data.unwrap_or_default().remove(key).ok_or_else(|| Refusal::NotFound { what: format!("key {key} of secrets {name}") })
}

async fn read<T: DeserializeOwned>(permit: &Permit<ReadObject>) -> Result<T, Refusal> {
    let target = permit.target();
    let path = path::object(&target.resource, target.namespace.as_deref(), &target.name);
    let body = permit.cluster().call(impersonate::request(permit, Method::GET, &path)?, &asked(target, "get")).await?;
    serde_json::from_slice(&body).map_err(|_| Refusal::UpstreamDown { cause: "its answer is no object".into() })
}

/// Tells a queue of the object at each of its changes, until the person may not.
pub(crate) async fn follow(permit: &Permit<ReadObject>, queue: &Queue) -> Refusal {
    let mut told = Told { queue, version: None };
    loop {
        match told.soon(get(permit)).await {
            Ok(object) => told.object(&object),
            Err(Refusal::NotFound { .. } | Refusal::Gone { .. }) => told.gone(),
            Err(refusal) if refusal.is_passing() => {
                told.stale(&refusal);
                tokio::time::sleep(RETRY).await;
                continue;
            }
            Err(refusal) => return refusal,
        }
        queue.freshness(Freshness::Live);
        match watch(permit, &mut told).await {
            // An API server ends each watch after a while; the next look catches what happened in between.
            Ok(()) => {}
            Err(Refusal::Forbidden { .. }) => tokio::time::sleep(permit.cluster().limits.object_poll).await,
            Err(_) => tokio::time::sleep(RETRY).await,
        }
    }
}

/// Watches until the stream ends.
async fn watch(permit: &Permit<ReadObject>, told: &mut Told<'_>) -> Result<(), Refusal> {
    let target = permit.target();
    let collection = path::collection(&target.resource, target.namespace.as_deref());
    let selector = path::name_selector(&target.name);
    let timeout_secs = permit.cluster().limits.watch_timeout_secs;
    // Without a position a watch begins with the object as it is.
    let path = format!("{collection}?watch=true&fieldSelector={selector}&timeoutSeconds={timeout_secs}");
    let asked = asked(target, "watch");
    let client = permit.cluster().client();
    let request = impersonate::request(permit, Method::GET, &path)?;
    let events = told.soon(client.request_events::<Value>(request)).await.map_err(|error| refuse::of_kube(&error, &asked))?;
    told.queue.freshness(Freshness::Live);
    let mut events: BoxStream<'_, kube::Result<WatchEvent<Value>>> = Box::pin(events);
    // The API server ends it before; a connection that died without a word does not.
    let patience = Duration::from_secs(u64::from(timeout_secs) + 5);
    while let Ok(Some(event)) = tokio::time::timeout(patience, events.next()).await {
        match event.map_err(|error| refuse::of_kube(&error, &asked))? {
            WatchEvent::Added(mut object) | WatchEvent::Modified(mut object) => {
                mask(&mut object);
                told.object(&object);
            }
            WatchEvent::Deleted(_) => told.gone(),
            WatchEvent::Bookmark(_) => {}
            WatchEvent::Error(status) => return Err(refuse::of_status(&status, &asked)),
        }
    }
    Ok(())
}

/// What the queue was told, so that it is told changes only.
struct Told<'a> {
    queue: &'a Queue,
    /// `Some(None)` = gone.
    version: Option<Option<String>>,
}

impl Told<'_> {
    fn object(&mut self, object: &Value) {
        let version = Some(object.pointer("/metadata/resourceVersion").and_then(Value::as_str).map(str::to_owned));
        if self.version != version {
            self.version = version;
            self.queue.object(Some(object.to_string()));
        }
    }

    fn gone(&mut self) {
        if self.version != Some(None) {
            self.version = Some(None);
            self.queue.object(None);
        }
    }

    /// Waits for an answer. While that does not begin, nobody knows whether the object is as it was.
    async fn soon<T>(&self, answer: impl Future<Output = T>) -> T {
        tokio::pin!(answer);
        tokio::select! {
            answer = &mut answer => return answer,
            () = tokio::time::sleep(SILENT) => self.stale(&Refusal::UpstreamDown { cause: "the API server does not answer".into() }),
        }
        answer.await
    }

    fn stale(&self, refusal: &Refusal) {
        self.queue.freshness(Freshness::Stale { since: jiff::Timestamp::now().as_second(), cause: refusal.to_string() });
    }
}

fn asked<'a>(target: &'a ReadObject, verb: &'a str) -> Asked<'a> {
    Asked { actor: Actor::Person, verb, resource: target.resource.to_string(), namespace: target.namespace.as_deref(), name: &target.name }
}

/// Masks the values of a Secret, also where kubectl wrote them a second time.
fn mask(object: &mut Value) {
    let secret = object.get("kind").and_then(Value::as_str) == Some("Secret") && object.get("apiVersion").and_then(Value::as_str) == Some("v1");
    if secret {
        mask_secret(object);
    }
}

/// Masks what is known to be a Secret, or its metadata alone: the items of a list do not say their kind.
pub(crate) fn mask_secret(object: &mut Value) {
    for pointer in ["/data", "/stringData"] {
        if let Some(values) = object.pointer_mut(pointer).and_then(Value::as_object_mut) {
            values.values_mut().for_each(|value| *value = value.as_str().map_or_else(masked::hidden, masked::mask).into());
        }
    }
    if let Some(applied) = object.pointer_mut("/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration") {
        *applied = masked::hidden().into();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_value_of_a_secret_leaves() {
        let mut secret = json!({
            "apiVersion": "v1", "kind": "Secret", "data": {"password": "c2Vlc2F3"}, "stringData": {"user": "seesaw"},
            "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"password\":\"c2Vlc2F3\"}}"}}
        });
        mask(&mut secret);
        let text = secret.to_string();
        assert!(!text.contains("seesaw") && !text.contains("c2Vlc2F3"), "{text}");
        assert!(text.contains("password"), "the keys stay: {text}");
    }

    #[test]
    fn other_objects_stay_as_they_are() {
        let mut map = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}, "metadata": {"name": "m"}});
        let before = map.clone();
        mask(&mut map);
        assert_eq!(map, before);
    }
}
