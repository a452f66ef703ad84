use std::sync::Arc;

use krateyard_shared::identity::Resource;
use krateyard_shared::kinds::Kind;
use krateyard_shared::logs::{LogControl, LogCursor, LogQuery, LogSourceState};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::rows::ContainerRole;
use krateyard_shared::scope::Part;
use krateyard_shared::selector::LabelSelector;
use krateyard_shared::time::{self, Seconds};
use serde_json::Value;

use super::facts::{Facts, Known};
use super::follows::Follows;
use super::pods::{Pod, Pods};
use super::upstream::{self, Leg, Upstream};
use crate::authenticate::Session;
use crate::authorize::{self, Permit, ReadLogs, ReadObject, RowScope, WatchRows};
use crate::clusters::Cluster;
use crate::{object, path};

/// Logs that somebody may read.
pub(crate) struct Log {
    pub(super) permit: Permit<ReadLogs>,
    pub(super) query: Arc<LogQuery>,
    pub(super) follows: Arc<Follows>,
    /// Of the target, where the person may list pods.
    pub(super) pods: Option<Pods>,
    /// All pods of a workload or selector, as they come and go.
    pub(super) is_many: bool,
    /// Containers of a pod that the person may get, not list.
    containers: Vec<String>,
    /// The log of the only source, opened where a refusal can still be a status.
    pub(super) first: Option<Leg>,
}

/// A container that a window wants.
pub(super) struct Wanted {
    /// Of the pod, where it is seen.
    pub(super) uid: Option<String>,
    pub(super) pod: String,
    pub(super) container: String,
    pub(super) role: Option<ContainerRole>,
    /// When the pod was made.
    pub(super) created: Option<Seconds>,
    pub(super) known: Known,
}

impl Wanted {
    /// By which a window has it.
    pub(super) fn key(&self) -> (String, String) {
        (self.uid.clone().unwrap_or_else(|| self.pod.clone()), self.container.clone())
    }
}

/// Checks what is asked for, and whether the person may have it. Nothing is opened of a query that says `resume`.
///
/// # Errors
/// `BadRequest`; `Forbidden` without the right to logs, or, for more than one pod, to list pods; what the cluster says of a single container's log.
pub(crate) async fn open(cluster: &Arc<Cluster>, session: &Arc<Session>, follows: &Arc<Follows>, query: LogQuery) -> Result<Log, Refusal> {
    let namespace = path::part("ns", &query.ns)?.to_owned();
    if let Some(container) = &query.container {
        path::part("container", container)?;
    }
    check_since(&query)?;
    let part = part(&query)?;
    let pod = query.pod.clone().unwrap_or_default();
    let is_many = pod.is_empty();
    let permit = authorize::authorize(cluster, session, ReadLogs { namespace: namespace.clone(), pod: pod.clone() }).await?;
    let rows = WatchRows { kind: Kind::Pod, scope: RowScope::Namespace(namespace) };
    let pods = match authorize::authorize(cluster, session, rows).await {
        Ok(permit) => Pods::subscribe(permit, part).await,
        Err(refusal) => Err(refusal),
    };
    let pods = if is_many { Some(pods?) } else { pods.ok() };
    let containers = if pods.is_none() && query.container.is_none() { containers(cluster, session, &permit).await? } else { Vec::new() };
    let mut log = Log { permit, query: Arc::new(query), follows: follows.clone(), pods, is_many, containers, first: None };
    if let (Some(container), false) = (log.query.container.clone(), log.query.resume || log.is_many) {
        let upstream = Upstream { permit: log.permit.clone(), follows: follows.clone(), pod: pod.clone(), container: container.clone() };
        let parameters = upstream::parameters(&LogCursor::new(&pod, None, &container, None), &log.query, log.query.previous, 0);
        log.first = Some(upstream.open(&parameters).await?);
    }
    Ok(log)
}

impl Log {
    /// What is wanted of a pod.
    pub(super) fn wanted(&self, pod: &Pod) -> Vec<Wanted> {
        let named = pod.containers.iter().filter(|container| self.query.container.as_ref().is_none_or(|name| *name == container.name));
        named
            .map(|container| Wanted {
                uid: Some(pod.uid.clone()),
                pod: pod.name.clone(),
                container: container.name.clone(),
                role: Some(container.role),
                created: Some(pod.created),
                known: Known::Is(Facts::of(container)),
            })
            .collect()
    }

    /// Containers that were named and that no row tells of.
    pub(super) fn unseen(&self) -> Vec<(String, String)> {
        let Some(pod) = &self.query.pod else { return Vec::new() };
        let containers = self.query.container.iter().chain(&self.containers);
        containers.map(|container| (pod.clone(), container.clone())).collect()
    }

    /// Sources that one window follows.
    pub(super) fn limit(&self) -> usize {
        self.permit.cluster().limits.log_targets
    }

    /// Whether the socket ends with this: without `resume`, the log of one container.
    pub(super) fn ends_with(&self, control: &LogControl) -> Option<Result<String, Refusal>> {
        let LogControl::State { state, .. } = control else { return None };
        if self.query.resume || self.is_many || self.query.container.is_none() {
            return None;
        }
        match state {
            LogSourceState::Ended { reason, .. } => Some(Ok(reason.clone())),
            LogSourceState::Gone => Some(Err(Refusal::Gone { what: "the pod".into() })),
            LogSourceState::Denied { refusal } if !refusal.is_passing() => Some(Err(refusal.clone())),
            _ => None,
        }
    }
}

fn check_since(query: &LogQuery) -> Result<(), Refusal> {
    let problem = match (query.since_secs, &query.since_time) {
        (Some(_), Some(_)) => "stands beside sinceSecs: give one of them",
        (None, Some(at)) if time::parse(at).is_none() => "is no instant such as 2026-11-21T14:05:31Z",
        _ => return Ok(()),
    };
    Err(Refusal::BadRequest { field: "sinceTime".into(), problem: problem.into() })
}

/// Which pods.
fn part(query: &LogQuery) -> Result<Part, Refusal> {
    let bad = |field: &str, problem: &str| Refusal::BadRequest { field: field.into(), problem: problem.into() };
    match (&query.pod, &query.workload, &query.selector) {
        (Some(pod), None, None) => Ok(Part::Named(path::part("pod", pod)?.into())),
        (None, Some(workload), None) => {
            let parts: Vec<&str> = workload.split('/').collect();
            let (3 | 4, [.., kind, name]) = (parts.len(), parts.as_slice()) else {
                return Err(bad("workload", "is none such as apps/v1/Deployment/web"));
            };
            Ok(Part::Workload { kind: path::part("workload", kind)?.into(), name: path::part("workload", name)?.into() })
        }
        (None, None, Some(selector)) => match LabelSelector::parse(selector) {
            Ok(parsed) => Ok(Part::Labels(parsed)),
            Err(error) => Err(bad("selector", &error.to_string())),
        },
        _ => Err(bad("pod", "is missing, or stands beside workload or selector: give one of them")),
    }
}

/// The containers of a pod, under the person's own right to get it.
async fn containers(cluster: &Arc<Cluster>, session: &Arc<Session>, logs: &Permit<ReadLogs>) -> Result<Vec<String>, Refusal> {
    let ReadLogs { namespace, pod } = logs.target();
    let resource: Resource = Kind::Pod.resource();
    let target = ReadObject { resource, namespace: Some(namespace.clone()), name: pod.clone() };
    let unseen = |_| Refusal::BadRequest { field: "container".into(), problem: "is missing, and you may not see which ones the pod has".into() };
    let permit = authorize::authorize(cluster, session, target).await.map_err(unseen)?;
    let pod = object::get(&permit).await?;
    let lists = ["/spec/initContainers", "/spec/containers", "/spec/ephemeralContainers"];
    let all = lists.iter().filter_map(|list| pod.pointer(list).and_then(Value::as_array)).flatten();
    Ok(all.filter_map(|container| container["name"].as_str().map(Into::into)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<Part, Refusal> {
        let uri: http::Uri = format!("/ws/logs?cluster=x&ns=web&{text}").parse().unwrap();
        part(&axum::extract::Query::<LogQuery>::try_from_uri(&uri).unwrap().0)
    }

    #[test]
    fn a_query_names_one_target() {
        assert_eq!(asked("pod=a"), Ok(Part::Named("a".into())));
        let workload = |kind: &str, name: &str| Ok(Part::Workload { kind: kind.into(), name: name.into() });
        assert_eq!(asked("workload=apps/v1/Deployment/web"), workload("Deployment", "web"));
        assert_eq!(asked("workload=v1/ReplicationController/web"), workload("ReplicationController", "web"));
        assert!(matches!(asked("selector=app%3Dweb"), Ok(Part::Labels(_))));
        for bad in ["", "pod=a/b", "pod=a&selector=app", "workload=web", "workload=Deployment/web", "workload=a/b/c/d/e", "selector=app%20in%20("] {
            assert!(matches!(asked(bad), Err(Refusal::BadRequest { .. })), "{bad}");
        }
    }
}
