//! Objects that belong together, found among the rows of one namespace: owners, owned, selecting and selected, the node.

use std::sync::Arc;

use krateyard_shared::identity::{ClusterName, ObjectRef};
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::{Facts, Row};
use krateyard_shared::status::{self, Health};

use super::facts::named;

/// Rows among which related objects are looked for.
#[derive(Debug, Clone, Copy)]
pub struct Neighbours<'a> {
    /// Deployments, replica sets and what else owns pods in the namespace.
    pub workloads: &'a [Arc<Row>],
    /// Pods of the namespace.
    pub pods: &'a [Arc<Row>],
    /// Services of the namespace.
    pub services: &'a [Arc<Row>],
}

/// A related object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The object.
    pub object: ObjectRef,
    /// How it does.
    pub health: Health,
}

/// At most this many: what follows is better read in a list.
const MOST: usize = 24;

/// The objects related to a row.
pub fn related(row: &Row, cluster: &ClusterName, near: Neighbours<'_>) -> Vec<Related> {
    let mut found = Vec::new();
    let mut add = |row: &Row| found.push(Related { object: reference(row, cluster), health: status::of(row).health });
    let workload = |uid: &str| near.workloads.iter().find(|w| w.uid == uid);
    let owners = || {
        let owner = row.owner.as_ref().and_then(|owner| workload(&owner.uid));
        let grand = owner.and_then(|owner| owner.owner.as_ref()).and_then(|owner| workload(&owner.uid));
        [grand, owner].into_iter().flatten()
    };
    let is_owned = |other: &Row| other.owner.as_ref().is_some_and(|owner| owner.uid == row.uid);
    owners().for_each(|owner| add(owner));
    match &row.facts {
        Facts::Pod(pod) => {
            near.services.iter().filter(|service| selects(service, &row.labels)).for_each(|service| add(service));
            if !pod.node.is_empty() {
                found.push(Related { object: named(cluster, Kind::Node, None, &pod.node), health: Health::Ok });
            }
        }
        Facts::Deployment(_) => {
            let sets: Vec<_> = near.workloads.iter().filter(|w| is_owned(w)).collect();
            let pods = || near.pods.iter().filter(|pod| pod.owner.as_ref().is_some_and(|o| sets.iter().any(|set| set.uid == o.uid)));
            near.services.iter().filter(|service| pods().any(|pod| selects(service, &pod.labels))).for_each(|service| add(service));
            sets.iter().filter(|set| !matches!(&set.facts, Facts::ReplicaSet(r) if r.desired == 0)).for_each(|set| add(set));
            pods().for_each(|pod| add(pod));
        }
        Facts::ReplicaSet(_) => near.pods.iter().filter(|pod| is_owned(pod)).for_each(|pod| add(pod)),
        Facts::Service(_) => near.pods.iter().filter(|pod| selects(row, &pod.labels)).for_each(|pod| add(pod)),
        // Pods of a stateful set, a daemon set or a job; jobs of a cron job.
        Facts::Plain(_) => near.workloads.iter().chain(near.pods).filter(|other| is_owned(other)).for_each(|other| add(other)),
        Facts::Node(_) | Facts::Namespace(_) | Facts::Event(_) => {}
    }
    found.truncate(MOST);
    found
}

/// Whether a service selects these labels; one without a selector selects nothing.
fn selects(service: &Row, labels: &[(String, String)]) -> bool {
    matches!(&service.facts, Facts::Service(s) if !s.selector.is_empty() && s.selector.iter().all(|pair| labels.contains(pair)))
}

/// The reference of a row's object.
pub fn reference(row: &Row, cluster: &ClusterName) -> ObjectRef {
    ObjectRef { uid: row.uid.clone(), ..named(cluster, row.kind, row.namespace.clone(), &row.name) }
}
