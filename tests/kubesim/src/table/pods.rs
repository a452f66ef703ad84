//! A pod's row, after printPod of Kubernetes' pkg/printers/internalversion.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Row;
use super::words::{NONE, ago, human, items, number, text, text_or, time};

/// The restarts that count, and when the last one was.
#[derive(Default)]
struct Restarts {
    count: i64,
    last: Option<Timestamp>,
}

impl Restarts {
    fn add(&mut self, status: &Value) {
        self.count += number(&status["restartCount"]);
        self.last = self.last.max(time(&status["lastState"]["terminated"]["finishedAt"]));
    }

    fn shown(&self, now: Timestamp) -> String {
        match self.last {
            Some(last) if self.count != 0 => format!("{} ({} ago)", self.count, human(now.duration_since(last))),
            _ => self.count.to_string(),
        }
    }
}

pub(super) fn pod(pod: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&pod["spec"], &pod["status"]);
    let mut word = text_or(&status["reason"], text(&status["phase"])).to_owned();
    if has_condition(status, "PodScheduled", |condition| condition["reason"] == "SchedulingGated") {
        "SchedulingGated".clone_into(&mut word);
    }
    let restartable = |name: &Value| items(&spec["initContainers"]).iter().any(|init| init["name"] == *name && init["restartPolicy"] == "Always");
    let sidecars = items(&spec["initContainers"]).iter().filter(|init| init["restartPolicy"] == "Always").count();
    let total = items(&spec["containers"]).len() + sidecars;
    let mut ready = 0;
    let (mut of_inits, mut of_sidecars) = (Restarts::default(), Restarts::default());
    let mut initializing = None;
    for (index, init) in items(&status["initContainerStatuses"]).iter().enumerate() {
        of_inits.add(init);
        let sidecar = restartable(&init["name"]);
        if sidecar {
            of_sidecars.add(init);
        }
        let state = &init["state"];
        if state["terminated"].is_object() && number(&state["terminated"]["exitCode"]) == 0 {
            continue;
        }
        if sidecar && init["started"] == true {
            ready += usize::from(init["ready"] == true);
            continue;
        }
        initializing = Some(format!("Init:{}", initializing_word(state, index, items(&spec["initContainers"]).len())));
        break;
    }
    let initialized = has_condition(status, "Initialized", |condition| condition["status"] == "True");
    let restarts = match initializing {
        Some(initializing) if !initialized => {
            word = initializing;
            of_inits
        }
        other => {
            word = other.unwrap_or(word);
            let mut restarts = of_sidecars;
            ready += running(status, &mut word, &mut restarts);
            restarts
        }
    };
    let ended = matches!(text(&status["phase"]), "Succeeded" | "Failed");
    if pod["metadata"]["deletionTimestamp"].is_string() {
        if status["reason"] == "NodeLost" {
            "Unknown".clone_into(&mut word);
        } else if !ended {
            "Terminating".clone_into(&mut word);
        }
    }
    let cells = vec![
        pod["metadata"]["name"].clone(),
        json!(format!("{ready}/{total}")),
        json!(word),
        json!(restarts.shown(now)),
        json!(ago(&pod["metadata"]["creationTimestamp"], now)),
        json!(text_or(&status["podIPs"][0]["ip"], NONE)),
        json!(text_or(&spec["nodeName"], NONE)),
        json!(text_or(&status["nominatedNodeName"], NONE)),
        json!(gates(pod)),
    ];
    Row { cells, conditions: completed(text(&status["phase"])) }
}

/// What the first init container that is not done says.
fn initializing_word(state: &Value, index: usize, count: usize) -> String {
    let (ended, waiting) = (&state["terminated"], text(&state["waiting"]["reason"]));
    if ended.is_object() {
        return ended_word(ended);
    }
    if waiting.is_empty() || waiting == "PodInitializing" { format!("{index}/{count}") } else { waiting.to_owned() }
}

fn ended_word(ended: &Value) -> String {
    match (text(&ended["reason"]), number(&ended["signal"])) {
        ("", 0) => format!("ExitCode:{}", number(&ended["exitCode"])),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

/// Looks at the containers from the last to the first, so that the first one has the word. Answers how many are ready.
fn running(status: &Value, word: &mut String, restarts: &mut Restarts) -> usize {
    let mut ready = 0;
    for container in items(&status["containerStatuses"]).iter().rev() {
        restarts.add(container);
        let state = &container["state"];
        let waiting = text(&state["waiting"]["reason"]);
        if !waiting.is_empty() {
            waiting.clone_into(word);
        } else if state["terminated"].is_object() {
            *word = ended_word(&state["terminated"]);
        } else if container["ready"] == true && state["running"].is_object() {
            ready += 1;
        }
    }
    if *word == "Completed" && ready > 0 {
        let is_ready = has_condition(status, "Ready", |condition| condition["status"] == "True");
        if is_ready { "Running" } else { "NotReady" }.clone_into(word);
    }
    ready
}

fn has_condition(status: &Value, kind: &str, so: impl Fn(&Value) -> bool) -> bool {
    items(&status["conditions"]).iter().any(|condition| condition["type"] == kind && so(condition))
}

/// Readiness gates: how many of them are true.
fn gates(pod: &Value) -> String {
    let gates = items(&pod["spec"]["readinessGates"]);
    if gates.is_empty() {
        return NONE.to_owned();
    }
    let open = gates.iter().filter(|gate| has_condition(&pod["status"], text(&gate["conditionType"]), |condition| condition["status"] == "True"));
    format!("{}/{}", open.count(), gates.len())
}

/// The condition of a row whose pod has ended.
fn completed(phase: &str) -> Option<Value> {
    let (reason, message) = match phase {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return None,
    };
    Some(json!([{"type": "Completed", "status": "True", "reason": reason, "message": message}]))
}
