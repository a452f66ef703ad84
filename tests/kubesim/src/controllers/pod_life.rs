//! A pod from its making to its end.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Step, set_situation, time};
use crate::cluster::Cluster;
use crate::kinds::Kind;
use crate::names::hash;
use crate::script::Script;
use crate::store::Write;
use crate::world::events::{Happening, record};
use crate::world::nodes;
use crate::world::status::{Ended, Situation, status};

/// Scripts that run longer run for ever.
const LONGEST_SCRIPT: Duration = Duration::from_secs(3600);

/// How long a container that crashes lives.
const CRASHING_LIFE: Duration = Duration::from_secs(6);

/// What follows from a change of a pod, and when.
pub(super) fn next_steps(pod: &Value, born: bool, gone: bool) -> Vec<(Step, Duration)> {
    if gone {
        return Vec::new();
    }
    let some = |base: u64| Duration::from_millis(base + hash(pod["metadata"]["uid"].as_str().unwrap_or_default()) % base);
    let leaving = pod["metadata"]["deletionTimestamp"].is_string();
    let held = pod["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty());
    if leaving && !held {
        // a process that heeds SIGTERM is gone long before its grace is over
        let grace = Duration::from_secs(pod["metadata"]["deletionGracePeriodSeconds"].as_u64().unwrap_or(30));
        return vec![(Step::Vanish, some(900).min(grace))];
    }
    let gated = pod["spec"]["schedulingGates"].as_array().is_some_and(|gates| !gates.is_empty());
    if born && !leaving && !gated && pod["spec"]["nodeName"].is_null() && pod["status"]["phase"] == "Pending" {
        return vec![(Step::Schedule, some(200))];
    }
    Vec::new()
}

/// Takes a step; answers the next one and when.
pub(super) fn take(cluster: &Cluster, pods: &Kind, namespace: &str, name: &str, step: &Step) -> Option<(Duration, Step)> {
    match step {
        Step::Schedule => schedule(cluster, pods, namespace, name),
        Step::Start => start(cluster, namespace, name),
        Step::Vanish => {
            let _ =
                cluster.store.write::<()>(pods, namespace, name, |pod| Ok(if pod.is_some_and(|pod| pod.is_leaving()) { Write::Remove } else { Write::Keep }));
            None
        }
        Step::Crash => crash(cluster, namespace, name),
        Step::Restart => restart(cluster, namespace, name),
        Step::End(code) => end(cluster, namespace, name, *code),
    }
}

fn schedule(cluster: &Cluster, pods: &Kind, namespace: &str, name: &str) -> Option<(Duration, Step)> {
    let nodes = nodes::schedulable();
    let now = cluster.clock.now();
    let mut placed = None;
    let _ = cluster.store.write::<()>(pods, namespace, name, |pod| {
        let Some(mut pod) = pod.map(|pod| pod.value()).filter(|pod| pod["spec"]["nodeName"].is_null() && pod["metadata"]["deletionTimestamp"].is_null()) else {
            return Ok(Write::Keep);
        };
        let node = cluster.names.with(|random| random.pick(&nodes).clone());
        pod["spec"]["nodeName"] = json!(node);
        pod["status"] = status(&pod, &Situation::Creating { since: now }, now);
        placed = Some((pod.clone(), node));
        Ok(Write::Put(pod))
    });
    let (pod, node) = placed?;
    record(cluster, "v1", "Pod", &pod, &Happening::once("default-scheduler", "Scheduled", format!("Successfully assigned {namespace}/{name} to {node}"), now));
    Some((Duration::from_millis(900 + hash(name) % 1200), Step::Start))
}

/// When the script of a pod's only container ends, counted from its start.
fn script_end(pod: &Value) -> Option<(Duration, Step)> {
    let [container] = pod["spec"]["containers"].as_array()?.as_slice() else { return None };
    let (at, code) = Script::of(container)?.played(LONGEST_SCRIPT).end?;
    Some((at, Step::End(code)))
}

/// The script has ended: the pod with it, or it is started again.
fn end(cluster: &Cluster, namespace: &str, name: &str, exit_code: i64) -> Option<(Duration, Step)> {
    let now = cluster.clock.now();
    let reason = if exit_code == 0 { "Completed" } else { "Error" };
    let mut count = 0;
    let pod = set_situation(cluster, namespace, name, |pod| {
        count = restarts(pod);
        let shown = &pod["status"]["containerStatuses"][0]["state"]["running"];
        if !shown.is_object() || pod["metadata"]["deletionTimestamp"].is_string() {
            return None;
        }
        let started = time(&shown["startedAt"], now);
        let since = time(&pod["metadata"]["creationTimestamp"], now);
        let stays = match pod["spec"]["restartPolicy"].as_str() {
            Some("Never") => true,
            Some("OnFailure") => exit_code == 0,
            _ => false,
        };
        Some(match (stays, exit_code) {
            (true, 0) => Situation::Completed { since: started, at: now },
            (true, _) => Situation::Failed { since: started, last: Ended { exit_code, reason, started, finished: now } },
            (false, _) => {
                Situation::CrashLoop { since, restarts: count, back_off: back_off(count).1, last: Ended { exit_code, reason, started, finished: now } }
            }
        })
    })?;
    let again = pod["status"]["phase"] == "Running";
    // the kubelet starts a container again at once the first time
    again.then(|| if count == 0 { (Duration::from_millis(500), Step::Restart) } else { (back_off(count - 1).0, Step::Restart) })
}

/// Images that no registry has, by their tags.
fn cannot_be_pulled(image: &str) -> bool {
    let tag = image.rsplit(':').next().unwrap_or_default();
    ["hotfix", "rc1", "missing", "broken", "nosuch"].iter().any(|word| tag.contains(word))
}

fn start(cluster: &Cluster, namespace: &str, name: &str) -> Option<(Duration, Step)> {
    let now = cluster.clock.now();
    let mut pulls = true;
    let pod = set_situation(cluster, namespace, name, |pod| {
        if pod["metadata"]["deletionTimestamp"].is_string() {
            return None;
        }
        pulls = !cannot_be_pulled(pod["spec"]["containers"][0]["image"].as_str().unwrap_or_default());
        Some(if pulls { Situation::Running { since: now, restarts: 0, last: None } } else { Situation::ImagePull { since: now, backing_off: true } })
    })?;
    if pulls {
        announce(cluster, &pod, now);
        let crashes = cluster.options.living && crashes_by_nature(cluster, &pod);
        return script_end(&pod).or_else(|| crashes.then_some((Duration::from_secs(15), Step::Crash)));
    }
    let image = pod["spec"]["containers"][0]["image"].as_str().unwrap_or_default();
    let container = pod["spec"]["containers"][0]["name"].as_str().unwrap_or_default();
    let cause =
        format!("Failed to pull image \"{image}\": failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found");
    for happening in [
        Happening::once("kubelet", "Pulling", format!("Pulling image \"{image}\""), now),
        Happening::warning("kubelet", "Failed", cause, 1, now, now),
        Happening::warning("kubelet", "Failed", "Error: ErrImagePull", 1, now, now),
        Happening::warning("kubelet", "BackOff", format!("Back-off pulling image \"{image}\""), 1, now, now),
    ] {
        record(cluster, "v1", "Pod", &pod, &happening.of(container));
    }
    None
}

/// One pod of these applications always crashes in a living world.
fn crashes_by_nature(cluster: &Cluster, pod: &Value) -> bool {
    let (namespace, app) = (pod["metadata"]["namespace"].as_str().unwrap_or_default(), pod["metadata"]["labels"]["app"].as_str().unwrap_or_default());
    if !matches!((namespace, app), ("payments", "payments-api" | "fraud-check")) {
        return false;
    }
    let (_, pods) = cluster.store.list(&crate::kinds::built_in_kind("", "pods"), namespace);
    !pods.iter().any(|other| other.labels.get("app").is_some_and(|name| name == app) && !other.is_ready() && !other.is_leaving())
}

fn announce(cluster: &Cluster, pod: &Value, now: Timestamp) {
    for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
        let (name, image) = (container["name"].as_str().unwrap_or_default(), container["image"].as_str().unwrap_or_default());
        for (reason, message) in [
            ("Pulled", format!("Container image \"{image}\" already present on machine and can be accessed by the pod")),
            ("Created", "Container created".to_owned()),
            ("Started", "Container started".to_owned()),
        ] {
            record(cluster, "v1", "Pod", pod, &Happening::once("kubelet", reason, message, now).of(name));
        }
    }
}

/// How often the first container was started again.
pub(super) fn restarts(pod: &Value) -> u64 {
    pod["status"]["containerStatuses"][0]["restartCount"].as_u64().unwrap_or(0)
}

/// The situation of a pod whose first container has just ended.
pub(super) fn crashed(pod: &Value, now: Timestamp, exit_code: i64, reason: &'static str, restarts: u64) -> Situation {
    let running = &pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"];
    let started = time(running, now - SignedDuration::from_secs(6));
    let since = time(&pod["metadata"]["creationTimestamp"], now);
    Situation::CrashLoop { since, restarts, back_off: back_off(restarts).1, last: Ended { exit_code, reason, started, finished: now } }
}

/// 10 s, doubled up to five minutes: kubelet's MaxContainerBackOff.
fn back_off(restarts: u64) -> (Duration, &'static str) {
    const STEPS: [(u64, &str); 6] = [(10, "10s"), (20, "20s"), (40, "40s"), (80, "1m20s"), (160, "2m40s"), (300, "5m0s")];
    let (seconds, text) = STEPS[usize::try_from(restarts).unwrap_or(5).min(5)];
    (Duration::from_secs(seconds), text)
}

fn crash(cluster: &Cluster, namespace: &str, name: &str) -> Option<(Duration, Step)> {
    let now = cluster.clock.now();
    let mut count = 0;
    let pod = set_situation(cluster, namespace, name, |pod| {
        count = restarts(pod);
        let memory = pod["metadata"]["labels"]["app"] == "fraud-check";
        let running = pod["status"]["containerStatuses"][0]["state"]["running"].is_object() && pod["metadata"]["deletionTimestamp"].is_null();
        running.then(|| if memory { crashed(pod, now, 137, "OOMKilled", count) } else { crashed(pod, now, 1, "Error", count) })
    })?;
    let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
    let container = pod["spec"]["containers"][0]["name"].as_str().unwrap_or_default();
    let message = format!("Back-off restarting failed container {container} in pod {name}_{namespace}({uid})");
    record(cluster, "v1", "Pod", &pod, &Happening::warning("kubelet", "BackOff", message, 1, now, now).of(container));
    Some((back_off(count).0, Step::Restart))
}

fn restart(cluster: &Cluster, namespace: &str, name: &str) -> Option<(Duration, Step)> {
    let now = cluster.clock.now();
    let pod = set_situation(cluster, namespace, name, |pod| {
        let shown = &pod["status"]["containerStatuses"][0];
        let waits = shown["state"]["waiting"]["reason"] == "CrashLoopBackOff" && pod["metadata"]["deletionTimestamp"].is_null();
        let last = &shown["lastState"]["terminated"];
        let reason = ["OOMKilled", "Completed"].into_iter().find(|reason| last["reason"] == *reason).unwrap_or("Error");
        let ended = Ended {
            exit_code: last["exitCode"].as_i64().unwrap_or(1),
            reason,
            started: time(&last["startedAt"], now),
            finished: time(&last["finishedAt"], now),
        };
        waits.then(|| Situation::Running { since: now, restarts: restarts(pod) + 1, last: Some(ended) })
    })?;
    let container = pod["spec"]["containers"][0]["name"].as_str().unwrap_or_default();
    record(cluster, "v1", "Pod", &pod, &Happening::once("kubelet", "Started", "Container started", now).of(container));
    Some(script_end(&pod).unwrap_or((CRASHING_LIFE, Step::Crash)))
}
