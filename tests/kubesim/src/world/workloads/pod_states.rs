//! What happens to the pods of an application, and the events that tell it.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::names::Random;
use crate::world::Builder;
use crate::world::apps::{App, Fate};
use crate::world::events::{Happening, record};
use crate::world::status::{Ended, Situation};

/// The scheduler's words for a pod that asks for more than there is, on fourteen nodes.
pub(crate) const NO_ROOM: &str = "0/14 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/memory-pressure: }, 1 node(s) were unschedulable, 12 Insufficient memory. no new claims to deallocate, preemption: 0/14 nodes are available: 12 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.";

/// The situation of a pod and its age in minutes.
pub(super) fn situation(builder: &Builder<'_>, random: &mut Random, fate: Fate, special: bool, age: u64) -> (Situation, u64) {
    let seconds_ago = |seconds: u64| builder.now - SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(0));
    let crash = |exit_code, reason, restarts: u64, lived: u64, ago: u64| Situation::CrashLoop {
        since: builder.ago(age),
        restarts,
        back_off: "5m0s",
        last: Ended { exit_code, reason, started: seconds_ago(ago + lived), finished: seconds_ago(ago) },
    };
    match (fate, special) {
        (Fate::OneCrashLoops, true) => (crash(1, "Error", 17, 6, 94), 74),
        (Fate::OneRunsOutOfMemory, true) => (crash(137, "OOMKilled", 9, 48, 130), 190),
        (Fate::ImagePullBackOff, _) => (Situation::ImagePull { since: builder.ago(age.min(26)), backing_off: true }, age.min(26)),
        (Fate::OneUnschedulable, true) => (Situation::Unscheduled { since: builder.ago(11), message: Some(NO_ROOM.to_owned()) }, 11),
        (Fate::OneCreating, true) => (Situation::Creating { since: builder.ago(8) }, 8),
        (Fate::OneUnready, true) => (Situation::Unready { since: builder.ago(19) }, 19),
        _ => {
            let restarts = if random.below(12) == 0 { 1 + random.below(3) } else { 0 };
            let started = builder.ago(age);
            let last = (restarts > 0).then(|| Ended { exit_code: 137, reason: "Error", started, finished: builder.ago(age / 2) });
            (Situation::Running { since: builder.ago(if restarts > 0 { age / 2 } else { age }), restarts, last }, age)
        }
    }
}

/// Records what has happened to a pod within the hour for which events are kept.
pub(super) fn events(builder: &Builder<'_>, pod: &Value, app: &App, special: bool) {
    let created: Timestamp = pod["metadata"]["creationTimestamp"].as_str().and_then(|text| text.parse().ok()).unwrap_or(builder.now);
    let young = builder.now.as_second() - created.as_second() < 3600;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (name, namespace, uid, node) =
        (text(&pod["metadata"]["name"]), text(&pod["metadata"]["namespace"]), text(&pod["metadata"]["uid"]), text(&pod["spec"]["nodeName"]));
    let (container, image) = (app.containers[0].0, text(&pod["spec"]["containers"][0]["image"]));
    let happened = |happening: Happening<'_>| record(builder.cluster, "v1", "Pod", pod, &happening);
    let recently = builder.ago(1);
    if young && !node.is_empty() {
        happened(Happening::once("default-scheduler", "Scheduled", format!("Successfully assigned {namespace}/{name} to {node}"), created));
    }
    if !special {
        if young {
            started(&happened, app, created);
        }
        return;
    }
    let hour = builder.ago(58).max(created);
    let back_off = format!("Back-off restarting failed container {container} in pod {name}_{namespace}({uid})");
    match pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"].as_str() {
        Some("CrashLoopBackOff") => {
            started(&happened, app, hour);
            happened(Happening::warning("kubelet", "BackOff", back_off, 214, hour, recently).of(container));
        }
        Some("ImagePullBackOff") => {
            let cause = format!(
                "Failed to pull image \"{image}\": failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found"
            );
            happened(
                Happening { count: 5, last: recently, ..Happening::once("kubelet", "Pulling", format!("Pulling image \"{image}\""), created) }.of(container),
            );
            happened(Happening::warning("kubelet", "Failed", cause, 5, created, recently).of(container));
            happened(Happening::warning("kubelet", "Failed", "Error: ErrImagePull", 5, created, recently).of(container));
            happened(Happening::warning("kubelet", "BackOff", format!("Back-off pulling image \"{image}\""), 98, created, recently).of(container));
        }
        Some("ContainerCreating" | "PodInitializing") => {
            let message = "MountVolume.SetUp failed for volume \"pvc-5f0c\" : rpc error: code = DeadlineExceeded desc = context deadline exceeded";
            happened(Happening::warning("kubelet", "FailedMount", message, 4, created, recently));
        }
        None if node.is_empty() => happened(Happening::warning("default-scheduler", "FailedScheduling", NO_ROOM, 1, created, recently)),
        _ if app.fate == Fate::OneUnready => {
            started(&happened, app, created);
            happened(
                Happening::warning("kubelet", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", 112, created, recently)
                    .of(container),
            );
        }
        _ => {}
    }
    if pod["metadata"]["deletionTimestamp"].is_string() {
        happened(Happening::once("kubelet", "Killing", format!("Stopping container {container}"), recently).of(container));
    }
}

fn started(happened: &impl Fn(Happening<'_>), app: &App, at: Timestamp) {
    for (container, image) in app.containers {
        happened(
            Happening::once("kubelet", "Pulled", format!("Container image \"{image}\" already present on machine and can be accessed by the pod"), at)
                .of(container),
        );
        happened(Happening::once("kubelet", "Created", "Container created", at).of(container));
        happened(Happening::once("kubelet", "Started", "Container started", at).of(container));
    }
}
