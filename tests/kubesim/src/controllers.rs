//! What the control plane and the kubelets do: deployments roll out, replica sets keep their pods, pods are scheduled, start and end. They answer to writes in
//! every world; in a living one things also happen by themselves ([`life`]).

mod deployments;
mod garbage;
mod life;
mod namespaces;
mod pod_life;
mod replicas;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::kinds::{Kind, built_in_kind};
use crate::store::{Change, Write};
use crate::world::status::{Situation, status};

/// Something that a pod is made to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PodDoes {
    /// Its first container ends with an error and waits in CrashLoopBackOff.
    Crash,
    /// The same, killed for its memory.
    RunOutOfMemory,
    /// Its first container's image cannot be pulled.
    FailToPull,
    /// It runs, but fails its readiness probe.
    BecomeUnready,
    /// Everything runs.
    Heal,
}

/// What is to happen to a pod later.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Find it a node.
    Schedule,
    /// Start its containers.
    Start,
    /// It has stopped: the object goes.
    Vanish,
    /// Its first container ends.
    Crash,
    /// Its script comes to its end, with this code.
    End(i64),
    /// Its first container is started again.
    Restart,
}

/// The controllers of one cluster.
pub(crate) struct Controllers {
    cluster: Arc<Cluster>,
    pods: Arc<Kind>,
    /// What is due when: the number keeps equal times apart.
    due: BTreeMap<(Instant, u64), (String, String, Step)>,
    number: u64,
    positions: BTreeMap<String, u64>,
    /// Keepers whose pods have changed: kind, namespace, name.
    dirty: BTreeSet<(String, String, String)>,
    /// Terminating namespaces that are to be looked at.
    emptying: BTreeSet<String>,
    life: life::Life,
}

/// How long the controllers rest when nothing is due.
const REST: Duration = Duration::from_millis(500);

/// Keepers that are looked at in one go; the others wait a moment, so that churn does not keep a core busy with counting.
const KEEPERS_AT_ONCE: usize = 10;

/// The moment that they wait.
const MOMENT: Duration = Duration::from_millis(100);

impl Controllers {
    /// Takes over a cluster as it stands.
    pub(crate) fn new(cluster: Arc<Cluster>) -> Self {
        let life = life::Life::new(&cluster);
        Self {
            pods: built_in_kind("", "pods"),
            cluster,
            due: BTreeMap::new(),
            number: 0,
            positions: BTreeMap::new(),
            dirty: BTreeSet::new(),
            emptying: BTreeSet::new(),
            life,
        }
    }

    /// Works until the task is aborted.
    pub(crate) async fn run(mut self) {
        let watched =
            [("apps", "deployments"), ("apps", "replicasets"), ("apps", "statefulsets"), ("", "pods")].map(|(group, plural)| built_in_kind(group, plural));
        let start = self.cluster.store.version();
        for kind in &watched {
            self.positions.insert(kind.plural.clone(), start);
        }
        self.life.begin(&mut self.due, &mut self.number);
        let mut next_keepers = Instant::now();
        let mut news: Vec<_> = watched.iter().map(|kind| self.cluster.store.news(kind)).collect();
        news.push(self.cluster.store.departed());
        loop {
            for receiver in &mut news {
                receiver.mark_unchanged();
            }
            for kind in &watched {
                self.catch_up(kind);
            }
            self.see_off();
            self.work();
            let now = Instant::now();
            if now >= next_keepers {
                self.look_after_keepers();
                next_keepers = now + MOMENT;
            }
            // what was written just now may be due at once: others are to have their turn as well
            tokio::task::yield_now().await;
            let mut next = self.due.keys().next().map_or(Instant::now() + REST, |(at, _)| *at).min(self.life.next());
            if !self.dirty.is_empty() {
                next = next.min(next_keepers);
            }
            let changed = futures::future::select_all(news.iter_mut().map(|receiver| Box::pin(receiver.changed())));
            tokio::select! {
                _ = changed => {}
                () = tokio::time::sleep_until(next) => {}
            }
        }
    }

    /// Looks at what has changed.
    fn catch_up(&mut self, kind: &Arc<Kind>) {
        loop {
            let position = self.positions.get(&kind.plural).copied().unwrap_or_default();
            let changes = match self.cluster.store.changes(kind, position, 256) {
                Ok(changes) => changes,
                Err(compacted) => {
                    self.positions.insert(kind.plural.clone(), compacted.oldest);
                    continue;
                }
            };
            let Some(last) = changes.last() else { return };
            self.positions.insert(kind.plural.clone(), last.version);
            for change in &changes {
                self.see(kind, change);
            }
        }
    }

    /// Looks after what went or is to go.
    fn see_off(&mut self) {
        loop {
            let departures = self.cluster.store.departures();
            for departure in &departures {
                garbage::collect(&self.cluster, departure);
                let object = &departure.object;
                let namespace = if departure.group.is_empty() && departure.plural == "namespaces" { &object.name } else { &object.namespace };
                self.emptying.insert(namespace.clone());
            }
            for namespace in std::mem::take(&mut self.emptying) {
                namespaces::empty(&self.cluster, &namespace);
            }
            if departures.is_empty() {
                return;
            }
        }
    }

    fn see(&mut self, kind: &Kind, change: &Change) {
        let Some(object) = change.after.as_ref().or(change.before.as_ref()) else { return };
        let (namespace, name) = (object.namespace.clone(), object.name.clone());
        match kind.plural.as_str() {
            "deployments" | "replicasets" | "statefulsets" => {
                if change.after.is_none()
                    && let Some((owner_kind, owner)) = owner(&object.value())
                {
                    self.dirty.insert((owner_kind, namespace.clone(), owner));
                }
                self.dirty.insert((kind.kind.clone(), namespace, name));
            }
            _ => {
                // churn changes thousands of statuses: only births, deaths, departures and readiness matter here
                let before = change.before.as_ref().map(|pod| (pod.is_leaving(), pod.is_held(), pod.is_ready()));
                let after = change.after.as_ref().map(|pod| (pod.is_leaving(), pod.is_held(), pod.is_ready()));
                if before == after {
                    return;
                }
                let value = object.value();
                for step in pod_life::next_steps(&value, change.before.is_none(), change.after.is_none()) {
                    self.later(step.1, &namespace, &name, step.0);
                }
                if let Some((owner_kind, owner)) = owner(&value) {
                    self.dirty.insert((owner_kind, namespace, owner));
                }
            }
        }
    }

    fn look_after_keepers(&mut self) {
        for _ in 0..KEEPERS_AT_ONCE {
            let Some((kind, namespace, name)) = self.dirty.pop_first() else { return };
            match kind.as_str() {
                "Deployment" => deployments::reconcile(&self.cluster, &namespace, &name),
                _ => replicas::reconcile(&self.cluster, &kind, &namespace, &name),
            }
        }
    }

    fn later(&mut self, wait: Duration, namespace: &str, name: &str, step: Step) {
        self.number += 1;
        self.due.insert((Instant::now() + wait, self.number), (namespace.to_owned(), name.to_owned(), step));
    }

    /// Does what is due.
    fn work(&mut self) {
        while let Some(entry) = self.due.first_entry() {
            if entry.key().0 > Instant::now() {
                break;
            }
            let (namespace, name, step) = entry.remove();
            if let Some((wait, next)) = pod_life::take(&self.cluster, &self.pods, &namespace, &name, &step) {
                self.later(wait, &namespace, &name, next);
            }
        }
        self.life.live(&self.cluster);
    }
}

/// Kind and name of an object's controller.
fn owner(object: &Value) -> Option<(String, String)> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    let owner = owners.iter().find(|owner| owner["controller"] == true)?;
    Some((owner["kind"].as_str()?.to_owned(), owner["name"].as_str()?.to_owned()))
}

/// Changes a pod's situation; nothing happens when it is gone.
fn set_situation(cluster: &Cluster, namespace: &str, name: &str, situation: impl FnOnce(&Value) -> Option<Situation>) -> Option<Value> {
    let pods = built_in_kind("", "pods");
    let mut now = None;
    let _ = cluster.store.write::<()>(&pods, namespace, name, |pod| {
        let Some(mut pod) = pod.map(|pod| pod.value()) else { return Ok(Write::Keep) };
        let Some(situation) = situation(&pod) else { return Ok(Write::Keep) };
        pod["status"] = status(&pod, &situation, cluster.clock.now());
        now = Some(pod.clone());
        Ok(Write::Put(pod))
    });
    now
}

/// Makes a pod do something; says whether there is such a pod.
pub(crate) fn make(cluster: &Cluster, namespace: &str, name: &str, does: PodDoes) -> bool {
    let now = cluster.clock.now();
    let made = set_situation(cluster, namespace, name, |pod| {
        let restarts = pod_life::restarts(pod);
        Some(match does {
            PodDoes::Crash => pod_life::crashed(pod, now, 1, "Error", restarts + 1),
            PodDoes::RunOutOfMemory => pod_life::crashed(pod, now, 137, "OOMKilled", restarts + 1),
            PodDoes::FailToPull => Situation::ImagePull { since: now, backing_off: true },
            PodDoes::BecomeUnready => Situation::Unready { since: now },
            PodDoes::Heal => Situation::Running { since: now, restarts, last: None },
        })
    });
    made.is_some()
}

/// Changes the number of replicas of a deployment; says whether there is one.
pub(crate) fn scale(cluster: &Cluster, namespace: &str, name: &str, replicas: u64) -> bool {
    let deployments = built_in_kind("apps", "deployments");
    let written = cluster.store.write::<()>(&deployments, namespace, name, |object| {
        let Some(mut object) = object.map(|object| object.value()) else { return Ok(Write::Keep) };
        object["spec"]["replicas"] = replicas.into();
        object["metadata"]["generation"] = (object["metadata"]["generation"].as_u64().unwrap_or(0) + 1).into();
        Ok(Write::Put(object))
    });
    matches!(written, Ok(Some(_)))
}

fn time(value: &Value, fallback: Timestamp) -> Timestamp {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or(fallback)
}
