use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use krateyard_shared::api::AccessQuestion;
use krateyard_shared::refusal::Refusal;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{OnceCell, Semaphore, watch};
use tokio::time::Instant;

use crate::authenticate::User;
use crate::clusters::Cluster;
use crate::refuse::Asked;

/// Reviews under way at once in one cluster.
const AT_ONCE: usize = 32;
/// Answers kept; past it, those that are too old go.
const KEPT: usize = 50_000;

/// What one cluster said about rights, for a while. The whole memory is dropped when roles or bindings change.
pub(crate) struct Reviews {
    places: Semaphore,
    memory: Mutex<Memory>,
    /// Counts the changes after which live streams look again.
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Memory {
    /// Changes with every drop: an answer that was under way meanwhile does not count.
    generation: u64,
    answers: HashMap<(Arc<User>, AccessQuestion), Answer>,
}

#[derive(Clone)]
struct Answer {
    asked: Instant,
    /// Filled by the first who asked; the others wait for it.
    allowed: Arc<OnceCell<bool>>,
}

#[derive(Deserialize)]
struct Review {
    status: Status,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    allowed: bool,
}

impl Default for Reviews {
    fn default() -> Reviews {
        Reviews { places: Semaphore::new(AT_ONCE), memory: Mutex::default(), changed: watch::channel(0).0 }
    }
}

impl Reviews {
    /// Whether a person may.
    ///
    /// # Errors
    /// `ProxyForbidden` when the proxy may not ask, `UpstreamDown` and `Limit` when the cluster does not answer.
    pub(crate) async fn allowed(&self, cluster: &Cluster, user: &Arc<User>, question: &AccessQuestion) -> Result<bool, Refusal> {
        loop {
            let (generation, answer) = self.answer(cluster, user, question);
            let allowed = *answer.allowed.get_or_try_init(|| self.ask(cluster, user, question)).await?;
            if self.memory.lock().expect("no panic while held").generation == generation {
                return Ok(allowed);
            }
        }
    }

    /// Forgets everything, at once.
    pub(crate) fn forget(&self) {
        let mut memory = self.memory.lock().expect("no panic while held");
        memory.generation += 1;
        memory.answers.clear();
    }

    /// Lets live streams look again.
    pub(crate) fn tell(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Changes when live streams are to look again.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn answer(&self, cluster: &Cluster, user: &Arc<User>, question: &AccessQuestion) -> (u64, Answer) {
        let ttl = cluster.limits.review;
        let mut memory = self.memory.lock().expect("no panic while held");
        if memory.answers.len() >= KEPT {
            memory.answers.retain(|_, answer| answer.asked.elapsed() < ttl);
        }
        let fresh = || Answer { asked: Instant::now(), allowed: Arc::default() };
        let answer = memory.answers.entry((user.clone(), question.clone())).or_insert_with(fresh);
        if answer.asked.elapsed() >= ttl {
            *answer = fresh();
        }
        let answer = answer.clone();
        (memory.generation, answer)
    }

    async fn ask(&self, cluster: &Cluster, user: &User, question: &AccessQuestion) -> Result<bool, Refusal> {
        let _place = self.places.acquire().await.expect("never closed");
        let plural = if cluster.is_own() { "selfsubjectaccessreviews" } else { "subjectaccessreviews" };
        let asked = Asked { actor: cluster.itself(), verb: "create", resource: format!("{plural}.authorization.k8s.io"), namespace: None, name: "" };
        let review = if cluster.is_own() { own(question) } else { body(user, question) };
        let review: Review = cluster.review(&format!("/apis/authorization.k8s.io/v1/{plural}"), &review, &asked).await?;
        Ok(review.status.allowed)
    }
}

fn body(user: &User, question: &AccessQuestion) -> serde_json::Value {
    json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": user.name,
            "uid": user.uid,
            "groups": user.groups,
            "extra": user.extra,
            "resourceAttributes": attributes(question),
        }
    })
}

/// The question about whoever asks.
fn own(question: &AccessQuestion) -> serde_json::Value {
    json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": attributes(question)}})
}

fn attributes(question: &AccessQuestion) -> serde_json::Value {
    json!({
        "verb": question.verb,
        "group": question.group,
        "resource": question.resource,
        "subresource": question.subresource,
        "namespace": question.namespace.as_deref().unwrap_or_default(),
        "name": question.name,
    })
}
