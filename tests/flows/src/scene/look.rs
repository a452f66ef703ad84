//! Waiting for the cluster, and saying what it lacks.

use std::time::Duration;

use krateyard_shared::kinds::Kind;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{GONE_WITHIN, LOOK_EVERY, Scene, SceneError, code, objects};
use crate::plain::Plain;

/// How pods of an application are to fare.
#[derive(Clone, Copy)]
enum Fate {
    /// So many are ready.
    Ready(usize),
    /// One has crashed again and again. It may be called `Error` or `CrashLoopBackOff`: since 1.36 the kubelet looks at it again only when the time to start it
    /// has come, or after about a minute, and until then its status says how the last run ended.
    CrashLoops,
}

const WANTED: &[(&str, &str, Fate)] = &[
    ("payments", "payments-api", Fate::CrashLoops),
    ("payments", "payments-worker", Fate::Ready(2)),
    ("web", "storefront", Fate::Ready(2)),
    ("edge", "gateway", Fate::Ready(1)),
];

/// Until the workloads are as they should be.
///
/// # Errors
/// `NotReady` with what is missing and what its pods say.
pub(super) async fn until_ready(cluster: &Plain, scene: &Scene, within: Duration) -> Result<(), SceneError> {
    let start = Instant::now();
    loop {
        let missing = missing(cluster, scene).await?;
        if missing.is_empty() {
            return Ok(());
        }
        if start.elapsed() >= within {
            return Err(SceneError::NotReady { secs: within.as_secs(), missing: missing.join("; ") });
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn missing(cluster: &Plain, scene: &Scene) -> Result<Vec<String>, SceneError> {
    let mut missing = Vec::new();
    for (namespace, app, fate) in WANTED {
        let namespace = &scene.namespaces[*namespace];
        let listed = cluster.list(Kind::Pod, namespace).await;
        let pods = listed.map_err(|error| SceneError::Cluster { what: format!("cannot list pods of {namespace}"), cause: Box::new(error) })?;
        let pods: Vec<&Value> = pods.iter().filter(|pod| pod["metadata"]["labels"]["app"] == *app).collect();
        let fares = match fate {
            Fate::Ready(count) => pods.iter().filter(|pod| is_ready(pod)).count() >= *count,
            Fate::CrashLoops => pods.iter().any(|pod| crashes(pod)),
        };
        if !fares {
            let wanted = match fate {
                Fate::Ready(count) => format!("{count} ready"),
                Fate::CrashLoops => "crashed and started again".into(),
            };
            let found: Vec<String> = pods.iter().map(|pod| said(pod)).collect();
            missing.push(format!("{app} in {namespace} ({wanted}; {})", if found.is_empty() { "it has no pod".into() } else { found.join(", ") }));
        }
    }
    Ok(missing)
}

fn is_ready(pod: &Value) -> bool {
    pod["status"]["conditions"].as_array().is_some_and(|all| all.iter().any(|one| one["type"] == "Ready" && one["status"] == "True"))
}

/// Whether a container was started again and is not running.
fn crashes(pod: &Value) -> bool {
    let containers = pod["status"]["containerStatuses"].as_array().into_iter().flatten();
    let restarted = containers.filter(|container| container["restartCount"].as_u64() > Some(0));
    restarted.map(|container| &container["state"]).any(|state| state["waiting"]["reason"] == "CrashLoopBackOff" || state["terminated"]["reason"] == "Error")
}

fn states(pod: &Value) -> impl Iterator<Item = &Value> {
    pod["status"]["containerStatuses"].as_array().into_iter().flatten().map(|container| &container["state"])
}

/// What a pod says of itself: the first reason that it gives, or its phase.
fn said(pod: &Value) -> String {
    let waiting = states(pod).map(|state| &state["waiting"]);
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten().filter(|one| one["status"] == "False");
    let reasons = waiting.chain(conditions).find_map(|why| {
        let reason = why["reason"].as_str()?;
        Some(format!("{reason} {}", why["message"].as_str().unwrap_or_default()).trim().to_owned())
    });
    reasons.unwrap_or_else(|| pod["status"]["phase"].as_str().unwrap_or("no phase").to_owned())
}

/// Until the cluster holds nothing of a scene.
///
/// # Errors
/// `NotGone` with what it still holds.
pub(super) async fn until_gone(cluster: &Plain, scene: &Scene) -> Result<(), SceneError> {
    let start = Instant::now();
    let mut left = objects::removed(scene);
    loop {
        let mut there = Vec::new();
        for path in left {
            match cluster.get(&path).await {
                Err(error) if code(&error) == Some(404) => {}
                Err(error) => return Err(SceneError::Cluster { what: format!("cannot look for {path}"), cause: Box::new(error) }),
                Ok(_) => there.push(path),
            }
        }
        left = there;
        if left.is_empty() {
            return Ok(());
        }
        if start.elapsed() >= GONE_WITHIN {
            return Err(SceneError::NotGone { secs: GONE_WITHIN.as_secs(), left: left.join(", ") });
        }
        sleep(LOOK_EVERY).await;
    }
}
