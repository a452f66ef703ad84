//! The REST API.

use gloo_net::http::{Request, RequestBuilder, Response};
use krateyard_shared::api::{About, Access, AccessAnswers, AccessQuestion, AccessQuestions, Clusters, Reveal, Revealed, Session, Sessions, SignIn};
use krateyard_shared::identity::{ClusterName, ObjectRef, Resource};
use krateyard_shared::refusal::{ErrorBody, Refusal};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::describe::{Off, Use, UseSource, serves_metrics};
use crate::runtime::Failure;

/// Who am I? `Refused(Unauthenticated)` for nobody.
///
/// # Errors
/// What the proxy refuses, or that it cannot be reached; so for all of these.
pub async fn session() -> Result<Session, Failure> {
    body(Request::get("/api/session").send().await).await
}

/// Signs in by a Kubernetes bearer token: the answer sets a cookie that no script can read.
///
/// # Errors
/// `Refused(Unauthenticated)` for a wrong token.
pub async fn sign_in(token: &str) -> Result<Session, Failure> {
    let request = Request::post("/api/session").json(&SignIn { token: token.into() }).map_err(|e| Failure::unreachable(&e))?;
    body(request.send().await).await
}

/// Signs out.
///
/// # Errors
/// As [`session`].
pub async fn sign_out() -> Result<(), Failure> {
    checked(Request::delete("/api/session").send().await).await.map(|_| ())
}

/// Everybody's sessions, for who looks after them.
///
/// # Errors
/// As [`session`].
pub async fn sessions() -> Result<Sessions, Failure> {
    body(Request::get("/api/sessions").send().await).await
}

/// Ends one of them.
///
/// # Errors
/// As [`session`].
pub async fn end_session(id: &str) -> Result<(), Failure> {
    checked(Request::delete(&format!("/api/sessions/{}", part(id))).send().await).await.map(|_| ())
}

/// What the sign-in page says; needs no session.
///
/// # Errors
/// As [`session`].
pub async fn about() -> Result<About, Failure> {
    body(Request::get("/api/about").send().await).await
}

/// The clusters, the default one first.
///
/// # Errors
/// As [`session`].
pub async fn clusters() -> Result<Clusters, Failure> {
    body(Request::get("/api/clusters").send().await).await
}

/// Where the person may list.
///
/// # Errors
/// As [`session`].
pub async fn access(cluster: &ClusterName) -> Result<Access, Failure> {
    body(of(Request::get("/api/access"), cluster).send().await).await
}

/// May I do these? The answers stand in the order of the questions.
///
/// # Errors
/// As [`session`].
pub async fn may(cluster: &ClusterName, questions: &[AccessQuestion]) -> Result<AccessAnswers, Failure> {
    let request = of(Request::post("/api/access"), cluster).json(&AccessQuestions { questions: questions.to_vec() });
    body(request.map_err(|e| Failure::unreachable(&e))?.send().await).await
}

/// One object, whole, under the person's own rights; values of Secrets are masked.
///
/// # Errors
/// As [`session`], and `Refused` by what the cluster says.
pub async fn object(cluster: &ClusterName, resource: &Resource, namespace: Option<&str>, name: &str) -> Result<Value, Failure> {
    let group = if resource.group.is_empty() { "core" } else { &resource.group };
    let path = format!("/api/clusters/{}/resources/{group}/{}/{}/{}", part(&cluster.0), resource.version, resource.plural, part(name));
    let request = Request::get(&path);
    let request = match namespace {
        Some(namespace) => request.query([("namespace", namespace)]),
        None => request,
    };
    body(request.send().await).await
}

/// One value of a secret, which nobody may store.
///
/// # Errors
/// `NotFound` for a key that is not there, `Gone` when another secret has the name now; else as [`session`].
pub async fn reveal(secret: &ObjectRef, key: &str) -> Result<Revealed, Failure> {
    let (cluster, namespace, name) = (part(&secret.cluster.0), part(secret.namespace.as_deref().unwrap_or_default()), part(&secret.name));
    let request = Request::post(&format!("/api/clusters/{cluster}/secrets/{namespace}/{name}/reveal"));
    let request = request.json(&Reveal { key: key.into(), uid: secret.uid.clone() }).map_err(|e| Failure::unreachable(&e))?;
    body(request.send().await).await
}

/// What a pod or a node uses now. What is known beforehand is not asked: a request that is refused is an error to the browser, and this is none.
pub async fn usage(cluster: &ClusterName, source: &UseSource, is_allowed: bool, is_served: bool) -> Use {
    let read = async |path: &str| {
        let request = Request::get(&format!("/k8s/{}/{path}", part(&cluster.0))).header("accept", "application/json");
        body::<Value>(request.send().await).await
    };
    let failed = |failure: Failure| match failure {
        Failure::Refused(refusal @ Refusal::Forbidden { .. }) => Use::Off(Off::Refused(refusal)),
        failure => Use::Off(Off::Silent(failure.to_string())),
    };
    if !is_served {
        match read("apis").await {
            Ok(groups) if !serves_metrics(&groups) => return Use::Off(Off::NotInstalled),
            Ok(_) => {}
            Err(failure) => return failed(failure),
        }
    }
    if !is_allowed {
        return source.forbidden();
    }
    read(&source.path).await.map_or_else(failed, |list| source.measured(&list))
}

/// A part of a path, so that it stays one.
fn part(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

fn of(request: RequestBuilder, cluster: &ClusterName) -> RequestBuilder {
    request.query([("cluster", cluster.0.as_str())])
}

async fn body<T: DeserializeOwned>(answer: Result<Response, gloo_net::Error>) -> Result<T, Failure> {
    checked(answer).await?.json().await.map_err(|e| Failure::unreachable(&e))
}

async fn checked(answer: Result<Response, gloo_net::Error>) -> Result<Response, Failure> {
    let response = answer.map_err(|e| Failure::unreachable(&e))?;
    if response.ok() {
        return Ok(response);
    }
    let status = response.status();
    match response.json::<ErrorBody>().await {
        Ok(error) => Err(Failure::Refused(error.refusal)),
        // Of something between here and the proxy.
        Err(_) => Err(Failure::Unreachable { cause: format!("status {status}") }),
    }
}
