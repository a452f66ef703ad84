//! Objects that belong together: what the object itself names, and what is found among the rows of its namespace: owners, owned, selecting and selected.

use std::sync::Arc;

use krateyard_shared::identity::{ClusterName, ObjectRef};
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::{Facts, Row};
use krateyard_shared::status::{self, Health};
use serde_json::Value;

use super::build::named;
use super::containers::pod_spec;
use super::pods;

/// Rows of one namespace, of the kinds that [`needs_neighbours`] names.
pub type Neighbours = [Arc<Row>];

/// A related object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The object.
    pub object: ObjectRef,
    /// How it does; `Ok` also where nobody looked.
    pub health: Health,
}

/// At most this many: what follows is better read in a list.
const MOST: usize = 24;
/// Every namespace has it, and every pod mounts it (root-ca-certificate-publisher).
const ROOT_CA: &str = "kube-root-ca.crt";
/// Names the service of a slice (discovery/v1, `LabelServiceName`).
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// The kinds among which objects related to one of this kind are looked for, in its namespace; none for most.
pub fn needs_neighbours(kind: Option<Kind>) -> &'static [Kind] {
    match kind {
        Some(Kind::Pod) => &[Kind::Deployment, Kind::ReplicaSet, Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::CronJob, Kind::Service],
        Some(Kind::Deployment) => &[Kind::ReplicaSet, Kind::Pod, Kind::Service],
        Some(Kind::ReplicaSet) => &[Kind::Deployment, Kind::Pod],
        Some(Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicationController | Kind::PodDisruptionBudget) => &[Kind::Pod],
        Some(Kind::Job) => &[Kind::CronJob, Kind::Pod],
        Some(Kind::CronJob) => &[Kind::Job, Kind::Pod],
        Some(Kind::Service) => &[Kind::Pod, Kind::EndpointSlice],
        _ => &[],
    }
}

/// The objects related to an object, and how many more there are.
pub fn related(object: &Value, row: &Row, cluster: &ClusterName, near: &Neighbours) -> (Vec<Related>, usize) {
    let mut found = Vec::new();
    let mut add = |row: &Row| found.push(Related { object: reference(row, cluster), health: status::of(row).health });
    let of = |kind: Kind| near.iter().filter(move |row| row.kind == kind);
    let by_uid = |uid: &str| near.iter().find(|w| w.uid == uid);
    let is_owned_by = |other: &Row, uid: &str| other.owner.as_ref().is_some_and(|owner| owner.uid == uid);
    let owner = row.owner.as_ref().and_then(|owner| by_uid(&owner.uid));
    let grand = owner.and_then(|owner| owner.owner.as_ref()).and_then(|owner| by_uid(&owner.uid));
    [grand, owner].into_iter().flatten().for_each(|owner| add(owner));
    match row.kind {
        Kind::Pod => of(Kind::Service).filter(|service| selects(service, &row.labels)).for_each(|service| add(service)),
        Kind::Deployment => {
            let sets: Vec<_> = of(Kind::ReplicaSet).filter(|set| is_owned_by(set, &row.uid)).collect();
            let pods = || of(Kind::Pod).filter(|pod| sets.iter().any(|set| is_owned_by(pod, &set.uid)));
            of(Kind::Service).filter(|service| pods().any(|pod| selects(service, &pod.labels))).for_each(|service| add(service));
            sets.iter().filter(|set| !matches!(&set.facts, Facts::ReplicaSet(r) if r.desired == 0)).for_each(|set| add(set));
            pods().for_each(|pod| add(pod));
        }
        Kind::Service => {
            of(Kind::Pod).filter(|pod| selects(row, &pod.labels)).for_each(|pod| add(pod));
            of(Kind::EndpointSlice).filter(|slice| slice.label(SERVICE_NAME) == Some(&row.name)).for_each(|slice| add(slice));
        }
        Kind::PodDisruptionBudget => {
            let selector = &object["spec"]["selector"];
            let wanted = selector["matchLabels"].as_object();
            let fits = |pod: &Row| wanted.is_some_and(|wanted| wanted.iter().all(|(key, value)| pod.label(key) == value.as_str()));
            // Expressions are left to the cluster.
            if !selector["matchExpressions"].is_array() {
                of(Kind::Pod).filter(|pod| fits(pod)).for_each(|pod| add(pod));
            }
        }
        // Pods of a workload; jobs of a cron job.
        _ => near.iter().filter(|other| is_owned_by(other, &row.uid)).for_each(|other| add(other)),
    }
    let used = pod_spec(object).map(pods::used_by).unwrap_or_default().into_iter().filter(|(_, name)| *name != ROOT_CA);
    let names = used.map(|(kind, name)| Related { object: named(cluster, kind, row.namespace.clone(), name), health: Health::Ok });
    // What it uses first: it is short, and what it owns may not be.
    let owners = usize::from(grand.is_some()) + usize::from(owner.is_some());
    found.splice(owners..owners, names);
    let more = found.len().saturating_sub(MOST);
    found.truncate(MOST);
    (found, more)
}

/// Whether a service selects these labels; one without a selector selects nothing.
fn selects(service: &Row, labels: &[(String, String)]) -> bool {
    matches!(&service.facts, Facts::Service(s) if !s.selector.is_empty() && s.selector.iter().all(|pair| labels.contains(pair)))
}

/// The reference of a row's object.
pub fn reference(row: &Row, cluster: &ClusterName) -> ObjectRef {
    ObjectRef { uid: row.uid.clone(), ..named(cluster, row.kind, row.namespace.clone(), &row.name) }
}
