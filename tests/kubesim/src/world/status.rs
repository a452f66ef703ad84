//! A pod's status from its spec and what happens to it: one function for the world at its start and for everything that happens later.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::nodes;
use crate::clock::text;
use crate::names::{hash, mix};

/// What happens to a pod.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Situation {
    /// No node yet; the scheduler's words if it has tried.
    Unscheduled { since: Timestamp, message: Option<String> },
    /// On a node, containers being made.
    Creating { since: Timestamp },
    /// All containers run; the first one has restarted so often.
    Running { since: Timestamp, restarts: u64, last: Option<Ended> },
    /// As Running, but the first container fails its readiness probe.
    Unready { since: Timestamp },
    /// The first container has ended and waits to be started again.
    CrashLoop { since: Timestamp, restarts: u64, back_off: &'static str, last: Ended },
    /// The first container's image cannot be pulled.
    ImagePull { since: Timestamp, backing_off: bool },
    /// All containers have ended well.
    Completed { since: Timestamp, at: Timestamp },
    /// The containers ended badly and are not started again.
    Failed { since: Timestamp, last: Ended },
}

/// The end of one run of a container.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ended {
    pub(crate) exit_code: i64,
    pub(crate) reason: &'static str,
    pub(crate) started: Timestamp,
    pub(crate) finished: Timestamp,
}

impl Ended {
    fn shown(&self, id: &str) -> Value {
        json!({"terminated": {"exitCode": self.exit_code, "reason": self.reason, "startedAt": text(self.started), "finishedAt": text(self.finished), "containerID": id}})
    }
}

/// The status of a pod in a situation.
pub(crate) fn status(pod: &Value, situation: &Situation, now: Timestamp) -> Value {
    let scheduled = !matches!(situation, Situation::Unscheduled { .. });
    let mut status = json!({"phase": phase(situation), "conditions": conditions(pod, situation, now), "qosClass": quality_of_service(pod)});
    if !scheduled {
        return status;
    }
    let created = pod["metadata"]["creationTimestamp"].clone();
    status["observedGeneration"] = json!(1);
    status["hostIP"] = json!(nodes::address(pod["spec"]["nodeName"].as_str().unwrap_or_default()));
    status["hostIPs"] = json!([{"ip": status["hostIP"]}]);
    status["startTime"] = created;
    status["resources"] = json!({});
    if !matches!(situation, Situation::Creating { .. }) {
        let uid = hash(pod["metadata"]["uid"].as_str().unwrap_or_default());
        let ip = format!("10.244.{}.{}", uid % 14, (uid >> 8) % 250 + 4);
        status["podIP"] = json!(ip);
        status["podIPs"] = json!([{"ip": ip}]);
    }
    let containers = pod["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let shown: Vec<Value> = containers.iter().enumerate().map(|(index, container)| container_status(pod, container, index, situation)).collect();
    status["containerStatuses"] = Value::Array(shown);
    if let Some(init) = pod["spec"]["initContainers"].as_array() {
        status["initContainerStatuses"] = init.iter().map(|container| init_status(pod, container, situation)).collect();
    }
    status
}

/// Kubernetes' GetPodQOS.
fn quality_of_service(pod: &Value) -> &'static str {
    let containers: Vec<&Value> = ["initContainers", "containers"].iter().flat_map(|list| pod["spec"][*list].as_array().into_iter().flatten()).collect();
    let has = |container: &&Value, what: &str| container["resources"][what].as_object().is_some_and(|amounts| !amounts.is_empty());
    let exact = |container: &&Value| {
        let (limits, requests) = (&container["resources"]["limits"], &container["resources"]["requests"]);
        ["cpu", "memory"].iter().all(|what| limits[*what].is_string() && (requests[*what].is_null() || requests[*what] == limits[*what]))
    };
    if !containers.iter().any(|container| has(container, "limits") || has(container, "requests")) {
        "BestEffort"
    } else if containers.iter().all(exact) {
        "Guaranteed"
    } else {
        "Burstable"
    }
}

fn phase(situation: &Situation) -> &'static str {
    match situation {
        Situation::Unscheduled { .. } | Situation::Creating { .. } | Situation::ImagePull { .. } => "Pending",
        Situation::Running { .. } | Situation::Unready { .. } | Situation::CrashLoop { .. } => "Running",
        Situation::Completed { .. } => "Succeeded",
        Situation::Failed { .. } => "Failed",
    }
}

fn since(situation: &Situation) -> Timestamp {
    match situation {
        Situation::Unscheduled { since, .. }
        | Situation::Creating { since }
        | Situation::Running { since, .. }
        | Situation::Unready { since }
        | Situation::CrashLoop { since, .. }
        | Situation::ImagePull { since, .. }
        | Situation::Completed { since, .. }
        | Situation::Failed { since, .. } => *since,
    }
}

fn conditions(pod: &Value, situation: &Situation, now: Timestamp) -> Value {
    let created = pod["metadata"]["creationTimestamp"].as_str().map_or_else(|| text(now), str::to_owned);
    let condition = |kind: &str, good: bool, at: &str| json!({"type": kind, "observedGeneration": 1, "status": if good { "True" } else { "False" }, "lastProbeTime": null, "lastTransitionTime": at});
    if let Situation::Unscheduled { message, .. } = situation {
        let mut scheduled = condition("PodScheduled", false, &created);
        return match message {
            Some(message) => {
                scheduled["reason"] = json!("Unschedulable");
                scheduled["message"] = json!(message);
                json!([scheduled])
            }
            None => json!([]),
        };
    }
    let changed = match situation {
        Situation::CrashLoop { last, .. } | Situation::Failed { last, .. } => text(last.finished),
        Situation::Completed { at, .. } => text(*at),
        other => text(since(other)),
    };
    let ready = matches!(situation, Situation::Running { .. });
    let why = match situation {
        Situation::Completed { .. } => Some(("PodCompleted", None)),
        Situation::Failed { .. } => Some(("PodFailed", None)),
        _ if ready => None,
        _ => Some(("ContainersNotReady", Some(format!("containers with unready status: [{}]", unready(pod, situation).join(" "))))),
    };
    let explained = |mut condition: Value| {
        if let Some((reason, message)) = &why {
            condition["reason"] = json!(reason);
            if let Some(message) = message {
                condition["message"] = json!(message);
            }
        }
        condition
    };
    let ended = matches!(situation, Situation::Completed { .. } | Situation::Failed { .. });
    let mut initialized = condition("Initialized", true, &created);
    if matches!(situation, Situation::Completed { .. }) {
        initialized["reason"] = json!("PodCompleted");
    }
    json!([
        condition("PodReadyToStartContainers", !ended && !matches!(situation, Situation::Creating { .. }), &created),
        initialized,
        explained(condition("Ready", ready, &changed)),
        explained(condition("ContainersReady", ready, &changed)),
        condition("PodScheduled", true, &created),
    ])
}

fn unready(pod: &Value, situation: &Situation) -> Vec<String> {
    let containers = pod["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names = containers.iter().map(|container| container["name"].as_str().unwrap_or_default().to_owned());
    match situation {
        Situation::Creating { .. } => names.collect(),
        _ => names.take(1).collect(),
    }
}

/// The id of a container's run: the same for the same run.
pub(crate) fn container_id(pod: &Value, container: &str, restarts: u64) -> String {
    let seed = hash(&format!("{}/{container}/{restarts}", pod["metadata"]["uid"].as_str().unwrap_or_default()));
    format!("containerd://{:016x}{:016x}{:016x}{:016x}", mix(seed), mix(seed + 1), mix(seed + 2), mix(seed + 3))
}

fn base(pod: &Value, container: &Value, restarts: u64, runs: bool) -> Map<String, Value> {
    let name = container["name"].as_str().unwrap_or_default();
    let image = container["image"].as_str().unwrap_or_default();
    let mut shown = Map::new();
    shown.insert("name".to_owned(), json!(name));
    shown.insert(
        "image".to_owned(),
        json!(if image.split('/').next().is_some_and(|first| first.contains('.')) { image.to_owned() } else { format!("docker.io/library/{image}") }),
    );
    shown.insert("restartCount".to_owned(), json!(restarts));
    shown.insert("lastState".to_owned(), json!({}));
    shown.insert("ready".to_owned(), json!(runs));
    shown.insert("started".to_owned(), json!(runs));
    shown.insert("resources".to_owned(), if container["resources"].is_object() { container["resources"].clone() } else { json!({}) });
    if let Some(requests) = container["resources"].get("requests") {
        shown.insert("allocatedResources".to_owned(), requests.clone());
    }
    if let Some(mounts) = container["volumeMounts"].as_array() {
        shown.insert("volumeMounts".to_owned(), mounts.iter().map(mounted).collect());
    }
    shown.insert("imageID".to_owned(), json!(format!("sha256:{:016x}{:016x}", hash(image), mix(hash(image)))));
    if runs {
        shown.insert("containerID".to_owned(), json!(container_id(pod, name, restarts)));
    }
    shown
}

/// A mount as the kubelet reports it.
fn mounted(mount: &Value) -> Value {
    let mut shown = json!({"name": mount["name"], "mountPath": mount["mountPath"]});
    if mount["readOnly"] == true {
        shown["readOnly"] = json!(true);
        shown["recursiveReadOnly"] = json!("Disabled");
    }
    shown
}

fn container_status(pod: &Value, container: &Value, index: usize, situation: &Situation) -> Value {
    let name = container["name"].as_str().unwrap_or_default();
    let image = container["image"].as_str().unwrap_or_default();
    let first = index == 0;
    let start = since(situation);
    let waiting = |reason: &str, message: Option<String>, restarts| {
        let mut shown = base(pod, container, restarts, false);
        let mut state = json!({"waiting": {"reason": reason}});
        if let Some(message) = message {
            state["waiting"]["message"] = json!(message);
        }
        shown.insert("state".to_owned(), state);
        shown
    };
    let running = |restarts| {
        let mut shown = base(pod, container, restarts, true);
        shown.insert("state".to_owned(), json!({"running": {"startedAt": text(start)}}));
        shown
    };
    let ended = |end: &Ended, restarts: u64| {
        let id = container_id(pod, name, restarts);
        let mut shown = base(pod, container, restarts, false);
        shown.insert("state".to_owned(), end.shown(&id));
        shown.insert("containerID".to_owned(), json!(id));
        shown
    };
    let shown = match situation {
        Situation::Unscheduled { .. } | Situation::Creating { .. } => {
            let has_init = pod["spec"]["initContainers"].is_array();
            waiting(if has_init { "PodInitializing" } else { "ContainerCreating" }, None, 0)
        }
        Situation::Running { restarts, last, .. } if first => {
            let mut shown = running(*restarts);
            if let Some(last) = last {
                shown.insert("lastState".to_owned(), last.shown(&container_id(pod, name, restarts.saturating_sub(1))));
            }
            shown
        }
        Situation::Unready { .. } if first => {
            let mut shown = running(0);
            shown.insert("ready".to_owned(), json!(false));
            shown
        }
        Situation::CrashLoop { restarts, back_off, last, .. } if first => {
            let (pod_name, namespace, uid) = (&pod["metadata"]["name"], &pod["metadata"]["namespace"], &pod["metadata"]["uid"]);
            let part = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let message = format!("back-off {back_off} restarting failed container={name} pod={}_{}({})", part(pod_name), part(namespace), part(uid));
            let mut shown = waiting("CrashLoopBackOff", Some(message), *restarts);
            let id = container_id(pod, name, *restarts);
            shown.insert("lastState".to_owned(), last.shown(&id));
            shown.insert("containerID".to_owned(), json!(id));
            shown
        }
        Situation::ImagePull { backing_off, .. } if first => {
            let cause = format!("failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found");
            let (reason, message) =
                if *backing_off { ("ImagePullBackOff", format!("Back-off pulling image \"{image}\": ErrImagePull: {cause}")) } else { ("ErrImagePull", cause) };
            let mut shown = waiting(reason, Some(message), 0);
            shown.insert("imageID".to_owned(), json!(""));
            shown
        }
        Situation::Completed { at, .. } => ended(&Ended { exit_code: 0, reason: "Completed", started: start, finished: *at }, 0),
        Situation::Failed { last, .. } => ended(last, 0),
        _ => running(0),
    };
    Value::Object(shown)
}

fn init_status(pod: &Value, container: &Value, situation: &Situation) -> Value {
    let mut shown = base(pod, container, 0, false);
    let state = match situation {
        Situation::Creating { .. } | Situation::Unscheduled { .. } => json!({"waiting": {"reason": "PodInitializing"}}),
        other => {
            let done = since(other);
            shown.insert("ready".to_owned(), json!(true));
            let id = container_id(pod, container["name"].as_str().unwrap_or_default(), 0);
            shown.insert("containerID".to_owned(), json!(id));
            Ended { exit_code: 0, reason: "Completed", started: done, finished: done }.shown(&id)
        }
    };
    shown.insert("state".to_owned(), state);
    Value::Object(shown)
}
