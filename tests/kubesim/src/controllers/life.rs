//! What happens by itself in a living world: crash loops turn, pods are moved, and statuses churn at a given rate.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::{Step, set_situation};
use crate::cluster::Cluster;
use crate::kinds::built_in_kind;
use crate::names::Random;
use crate::negotiate::Form;
use crate::world::status::Situation;
use crate::write::{self, Edit};

/// A pod of the crowd is moved this often.
const MOVE_EVERY: Duration = Duration::from_secs(40);

/// Pods that churn holds unready at once.
const UNREADY: usize = 12;

/// Changes that are made up for at most when the machine was too slow.
const BEHIND: u32 = 200;

/// The life of one cluster.
pub(super) struct Life {
    living: bool,
    churn_every: Option<Duration>,
    next_churn: Instant,
    next_move: Instant,
    random: Random,
    /// Pods with their place, looked up now and then.
    known: Vec<(String, String)>,
    known_at: Option<Instant>,
    unready: VecDeque<(String, String)>,
    /// What people and tests look at: it is left alone.
    cast: BTreeSet<String>,
    crashing: Vec<(String, String, bool)>,
}

impl Life {
    pub(super) fn new(cluster: &Cluster) -> Self {
        let rate = cluster.options.churn_per_second;
        let now = Instant::now();
        let (_, pods) = cluster.store.list(&built_in_kind("", "pods"), "");
        let crashing = pods.iter().filter(|pod| !pod.is_ready() && pod.field("status.phase") == "Running");
        let waits = |pod: &crate::store::Stored| pod.value()["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff";
        Self {
            living: cluster.options.living,
            churn_every: (rate > 0.0).then(|| Duration::from_secs_f64(1.0 / rate)),
            next_churn: now,
            next_move: now + MOVE_EVERY,
            random: Random::new(cluster.options.seed ^ 0x11fe),
            known: Vec::new(),
            known_at: None,
            unready: VecDeque::new(),
            cast: crate::world::apps::cast().into_iter().map(|app| app.name).collect(),
            crashing: crashing.map(|pod| (pod.namespace.clone(), pod.name.clone(), waits(pod))).filter(|(_, _, waits)| *waits).collect(),
        }
    }

    /// Puts the crash loops of the world into the list of what is due.
    pub(super) fn begin(&mut self, due: &mut BTreeMap<(Instant, u64), (String, String, Step)>, number: &mut u64) {
        if !self.living {
            return;
        }
        for (index, (namespace, name, _)) in self.crashing.drain(..).enumerate() {
            *number += 1;
            // their last end was one or two minutes ago
            due.insert((Instant::now() + Duration::from_secs(45 + 50 * index as u64), *number), (namespace, name, Step::Restart));
        }
    }

    /// When something happens next.
    pub(super) fn next(&self) -> Instant {
        let far = Instant::now() + Duration::from_secs(3600);
        let churn = if self.churn_every.is_some() { self.next_churn } else { far };
        if self.living { churn.min(self.next_move) } else { churn }
    }

    /// Does what is due.
    pub(super) fn live(&mut self, cluster: &Cluster) {
        let now = Instant::now();
        if let Some(every) = self.churn_every {
            let mut made = 0;
            while self.next_churn <= now && made < BEHIND {
                self.next_churn += every;
                made += 1;
                self.churn(cluster);
            }
            if self.next_churn <= now {
                self.next_churn = now + every;
            }
        }
        if self.living && self.next_move <= now {
            self.next_move = now + MOVE_EVERY;
            self.move_one(cluster);
        }
    }

    fn churn(&mut self, cluster: &Cluster) {
        let now = cluster.clock.now();
        if self.unready.len() >= UNREADY
            && let Some((namespace, name)) = self.unready.pop_front()
        {
            set_situation(cluster, &namespace, &name, |pod| {
                let started = super::time(&pod["metadata"]["creationTimestamp"], now);
                pod["metadata"]["deletionTimestamp"].is_null().then_some(Situation::Running { since: started, restarts: 0, last: None })
            });
            return;
        }
        if let Some((namespace, name)) = self.any(cluster) {
            let changed =
                set_situation(cluster, &namespace, &name, |pod| pod["metadata"]["deletionTimestamp"].is_null().then_some(Situation::Unready { since: now }));
            if changed.is_some() {
                self.unready.push_back((namespace, name));
            }
        }
    }

    /// Some pod of the crowd that is ready.
    fn any(&mut self, cluster: &Cluster) -> Option<(String, String)> {
        if self.known_at.is_none_or(|at| at.elapsed() > Duration::from_secs(5)) {
            let (_, pods) = cluster.store.list(&built_in_kind("", "pods"), "");
            let crowd = pods.iter().filter(|pod| {
                pod.is_ready()
                    && !pod.is_leaving()
                    && pod.labels.contains_key("pod-template-hash")
                    && pod.labels.get("app").is_some_and(|app| !self.cast.contains(app))
            });
            self.known = crowd.map(|pod| (pod.namespace.clone(), pod.name.clone())).collect();
            self.known_at = Some(Instant::now());
        }
        if self.known.is_empty() {
            return None;
        }
        let index = usize::try_from(self.random.below(self.known.len() as u64)).unwrap_or(0);
        Some(self.known.swap_remove(index))
    }

    /// A pod of the crowd is evicted, and its replica set makes another.
    fn move_one(&mut self, cluster: &Cluster) {
        if let Some((namespace, name)) = self.any(cluster) {
            let pods = built_in_kind("", "pods");
            let query = write::plain_query(None);
            let edit = Edit { kind: &pods, namespace: &namespace, name: &name, query: &query, form: Form::Full };
            let _ = write::delete(&cluster.writer(), &edit, &serde_json::Value::Null);
        }
    }
}
