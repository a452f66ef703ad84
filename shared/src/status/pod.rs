//! The STATUS and READY words of a pod, by the rules of `printPod` in kubernetes/pkg/printers/internalversion/printers.go.

use super::{Health, Status};
use crate::rows::{ContainerFacts, ContainerRole, ContainerRunState, Ended, PodFacts};
use crate::time::Seconds;

/// Ready and all containers of kubectl's READY column: init containers do not count, sidecars do.
pub fn ready_of(pod: &PodFacts) -> (usize, usize) {
    let counted = || pod.containers.iter().filter(|c| c.role != ContainerRole::Init);
    let ready = counted().filter(|c| c.ready && matches!(c.state, ContainerRunState::Running(_))).count();
    (ready, counted().count())
}

/// Restarts of kubectl's RESTARTS column, and when the last one was.
pub fn restarts(pod: &PodFacts) -> (u32, Option<Seconds>) {
    let starting = first_unfinished_init(pod).is_some();
    let counted = || pod.containers.iter().filter(move |c| (c.role == ContainerRole::Init) == starting || c.role == ContainerRole::Sidecar);
    let last = counted().filter_map(|c| c.last.as_ref()).map(|ended| ended.at).filter(|at| *at > 0).max();
    (counted().map(|c| c.restarts).sum(), last)
}

/// The state of a pod.
pub(super) fn status(pod: &PodFacts, deleting: Option<Seconds>) -> Status {
    let (word, why) = words(pod);
    if deleting.is_some() {
        return if pod.reason == "NodeLost" { Status::new(Health::Stopped, "Unknown") } else { Status::new(Health::Pending, "Terminating") };
    }
    let health = health(pod, &word);
    // It runs, and serves nothing: the word does not say why that is a warning.
    let why = match (health, why.is_empty(), ready_of(pod)) {
        (Health::Warn, true, (ready, all)) if ready < all => format!("{ready} of {all} containers ready"),
        _ => why,
    };
    Status::new(health, word).because(why)
}

fn words(pod: &PodFacts) -> (String, String) {
    if let Some((word, why)) = first_unfinished_init(pod) {
        return (word, why);
    }
    let mut word = if pod.reason.is_empty() { pod.phase.clone() } else { pod.reason.clone() };
    let mut why = String::new();
    let mut running = false;
    for container in pod.containers.iter().filter(|c| c.role == ContainerRole::Main).rev() {
        match &container.state {
            ContainerRunState::Waiting { reason, message } if !reason.is_empty() => {
                word.clone_from(reason);
                why.clone_from(message);
            }
            ContainerRunState::Terminated(ended) => {
                word = ended_word(ended);
                why.clear();
            }
            ContainerRunState::Running(_) if container.ready => running = true,
            _ => {}
        }
    }
    if word == "Completed" && running {
        word = if pod.ready { "Running".into() } else { "NotReady".into() };
    }
    if word == "Pending" && !pod.unscheduled.is_empty() {
        why.clone_from(&pod.unscheduled);
    }
    (word, why)
}

/// The word and reason of the first init container that holds the pod up.
fn first_unfinished_init(pod: &PodFacts) -> Option<(String, String)> {
    let inits = || pod.containers.iter().filter(|c| c.role != ContainerRole::Main);
    let all = inits().count();
    let is_through = |c: &ContainerFacts| match &c.state {
        ContainerRunState::Terminated(ended) => c.role == ContainerRole::Init && ended.code == 0,
        _ => c.role == ContainerRole::Sidecar && c.started,
    };
    if pod.initialized || pod.phase == "Succeeded" || pod.phase == "Failed" {
        return None;
    }
    let (at, held) = inits().enumerate().find(|(_, c)| !is_through(c))?;
    Some(match &held.state {
        ContainerRunState::Terminated(ended) => (format!("Init:{}", ended_word(ended)), String::new()),
        ContainerRunState::Waiting { reason, message } if !reason.is_empty() && reason != "PodInitializing" => (format!("Init:{reason}"), message.clone()),
        ContainerRunState::Unknown if pod.node.is_empty() => return None,
        _ => (format!("Init:{at}/{all}"), String::new()),
    })
}

fn ended_word(ended: &Ended) -> String {
    if !ended.reason.is_empty() {
        ended.reason.clone()
    } else if ended.signal != 0 {
        format!("Signal:{}", ended.signal)
    } else {
        format!("ExitCode:{}", ended.code)
    }
}

/// Words that a pod passes through on its way up.
const ON_THE_WAY: [&str; 4] = ["Pending", "ContainerCreating", "PodInitializing", "SchedulingGated"];

fn health(pod: &PodFacts, word: &str) -> Health {
    match word {
        "Running" if pod.ready => Health::Ok,
        "Running" => Health::Warn,
        "Completed" | "Succeeded" => Health::Ended,
        "Unknown" => Health::Stopped,
        "NotReady" => Health::Warn,
        word if ON_THE_WAY.contains(&word) => Health::Pending,
        word if word.strip_prefix("Init:").is_some_and(|rest| rest.contains('/') || ON_THE_WAY.contains(&rest)) => Health::Pending,
        _ => Health::Bad,
    }
}
