//! Why an object is not well, as a title and sentences: what a person reads first.

use krateyard_shared::rows::{ContainerRunState, Facts, PodFacts, Row};
use krateyard_shared::status::{self, Health};
use krateyard_shared::time::{self, Seconds};

/// Why an object is not well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    /// How bad.
    pub health: Health,
    /// The status word, with restarts: `CrashLoopBackOff 7 (3m ago)`.
    pub title: String,
    /// Sentences.
    pub sentences: String,
}

/// The lead of an object that is not well; `None` when there is nothing to say.
pub(super) fn lead(row: &Row, now: Seconds) -> Option<Lead> {
    let status = status::of(row);
    if let Some(deadline) = row.deleting {
        let stuck = status::is_stuck_deleting(row, now);
        let sentences = if stuck {
            format!("Its grace period ended {} ago: a finalizer or the node holds it.", time::age(now - deadline))
        } else {
            "It is being deleted.".into()
        };
        return Some(Lead { health: if stuck { Health::Bad } else { Health::Pending }, title: status.word, sentences });
    }
    if matches!(status.health, Health::Ok | Health::Ended | Health::Stopped) {
        return None;
    }
    let (title, sentences) = match &row.facts {
        Facts::Pod(pod) => pod_lead(pod, &status.word, &status.why, now),
        _ => (status.word.clone(), sentence(&status.why)),
    };
    Some(Lead { health: status.health, title, sentences })
}

fn pod_lead(pod: &PodFacts, word: &str, why: &str, now: Seconds) -> (String, String) {
    let (restarts, last) = status::restarts(pod);
    let title = match (restarts, last) {
        (0, _) => word.to_owned(),
        (count, None) => format!("{word} {count}"),
        (count, Some(at)) => format!("{word} {count} ({} ago)", time::age(now - at)),
    };
    let mut sentences = Vec::new();
    for container in &pod.containers {
        if let ContainerRunState::Waiting { reason, message } = &container.state {
            match &container.last {
                Some(ended) if reason == "CrashLoopBackOff" => {
                    let cause = if ended.reason == "OOMKilled" { "was killed, out of memory,".into() } else { format!("ended with exit code {}", ended.code) };
                    sentences.push(format!("Container {} {cause} {} ago and waits for its next start.", container.name, time::age(now - ended.at)));
                }
                _ if !message.is_empty() => sentences.push(sentence(message)),
                _ => sentences.push(format!("Container {} waits: {reason}.", container.name)),
            }
        } else if let ContainerRunState::Terminated(ended) = &container.state {
            if ended.code != 0 || ended.signal != 0 {
                let reason = if ended.reason.is_empty() { String::new() } else { format!(" ({})", ended.reason) };
                sentences.push(format!("Container {} ended with exit code {}{reason}.", container.name, ended.code));
            }
        } else if !container.ready && matches!(container.state, ContainerRunState::Running(_)) {
            sentences.push(format!("Container {} runs but is not ready.", container.name));
        }
    }
    if sentences.is_empty() && !why.is_empty() {
        sentences.push(sentence(why));
    }
    (title, sentences.join(" "))
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}
