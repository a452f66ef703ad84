//! What needs somebody: an object that fails, or is on its way for longer than that takes, or does not go. What passes by itself gets a period of grace first.

use crate::kinds::Kind;
use crate::rows::{ContainerRole, Facts, Row};
use crate::status::{self, Health};
use crate::time::Seconds;

/// How long a failure may last that is no pod's: a new deployment has no replica available for some seconds.
const FAILING_SECS: u32 = 30;
/// How long something may work in part: a rollout takes a replica away before the next one is there.
const PARTLY_SECS: u32 = 60;
/// How long something may be on its way: images are pulled, volumes attached, nodes added.
const ARRIVING_SECS: u32 = 120;

/// A container that was started again so often crashes again and again, if that goes on.
const OFTEN: u32 = 3;
/// The kubelet begins its waits anew after a container ran for so long: twice its longest wait (`MaxContainerBackOff` in kubernetes/pkg/kubelet/kubelet.go).
const CRASHED_SECS: Seconds = 600;

/// When an object needs somebody, if it stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ripens {
    /// It does what it should.
    Never,
    /// At this instant.
    At(Seconds),
    /// At once, and no more from this instant on: it does what it should, for how long is not known yet.
    Until(Seconds),
    /// So long after its health became what it is. Who sees it the first time knows that not, and counts from when it was made.
    After {
        /// In seconds.
        secs: u32,
        /// When it was made; 0 where it does not say.
        made: Seconds,
    },
}

/// When an object that is like this row needs somebody.
pub fn ripens(row: &Row) -> Ripens {
    if row.kind == Kind::Event {
        // An event is what was; what is, the object says that it is about.
        return Ripens::Never;
    }
    if let Some(deadline) = row.deleting {
        return Ripens::At(deadline + status::STUCK_GRACE_SECS);
    }
    let secs = match (status::of(row).health, row.kind, crashed(row)) {
        // The kubelet, the scheduler or the image's registry said no already.
        (Health::Bad, Kind::Pod, _) => 0,
        // What crashed so often has had its time.
        (Health::Warn, _, Some(_)) => 0,
        (Health::Bad, ..) => FAILING_SECS,
        (Health::Warn, ..) => PARTLY_SECS,
        (Health::Pending, ..) => ARRIVING_SECS,
        (Health::Ok, _, Some(last)) => return Ripens::Until(last + CRASHED_SECS),
        (Health::Ok | Health::Ended | Health::Stopped, ..) => return Ripens::Never,
    };
    Ripens::After { secs, made: row.created }
}

/// When a container ended the last time that crashes again and again.
fn crashed(row: &Row) -> Option<Seconds> {
    let Facts::Pod(pod) = &row.facts else { return None };
    let often = pod.containers.iter().filter(|container| container.role != ContainerRole::Init && container.restarts >= OFTEN);
    often.filter_map(|container| container.last.as_ref()).map(|ended| ended.at).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ripens_of(kind: Kind, object: &serde_json::Value) -> Ripens {
        ripens(&crate::rows::project(kind, object).unwrap().0)
    }

    fn pod(status: &serde_json::Value) -> serde_json::Value {
        json!({"metadata": {"name": "a", "namespace": "web", "uid": "1", "creationTimestamp": "1970-01-01T00:10:00Z"},
            "spec": {"containers": [{"name": "c"}]}, "status": status})
    }

    #[test]
    fn a_pod_that_crashes_needs_somebody_at_once_and_one_that_starts_only_when_it_takes_long() {
        let crashes = json!({"phase": "Running", "containerStatuses": [{"name": "c", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]});
        assert_eq!(ripens_of(Kind::Pod, &pod(&crashes)), Ripens::After { secs: 0, made: 600 });
        assert_eq!(ripens_of(Kind::Pod, &pod(&json!({"phase": "Pending"}))), Ripens::After { secs: ARRIVING_SECS, made: 600 });
        let ready = json!([{"type": "Ready", "status": "True"}]);
        let runs = json!({"phase": "Running", "conditions": ready, "containerStatuses": [{"name": "c", "ready": true, "state": {"running": {}}}]});
        assert_eq!(ripens_of(Kind::Pod, &pod(&runs)), Ripens::Never);
        assert_eq!(ripens_of(Kind::Pod, &pod(&json!({"phase": "Succeeded"}))), Ripens::Never);
    }

    #[test]
    fn a_pod_that_crashes_again_and_again_needs_somebody_while_it_runs_between_two_crashes() {
        let runs = |restarts: u32| {
            json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": [{"name": "c", "ready": true,
                "restartCount": restarts, "state": {"running": {}}, "lastState": {"terminated": {"exitCode": 1, "finishedAt": "1970-01-01T00:15:00Z"}}}]})
        };
        assert_eq!(ripens_of(Kind::Pod, &pod(&runs(OFTEN))), Ripens::Until(900 + CRASHED_SECS));
        assert_eq!(ripens_of(Kind::Pod, &pod(&runs(OFTEN - 1))), Ripens::Never, "once or twice is no habit");
    }

    #[test]
    fn a_pod_that_runs_and_serves_nothing_says_why_it_is_listed() {
        let status = json!({"phase": "Running", "containerStatuses": [{"name": "c", "ready": false, "state": {"running": {}}}]});
        let row = crate::rows::project(Kind::Pod, &pod(&status)).unwrap().0;
        assert_eq!(ripens(&row), Ripens::After { secs: PARTLY_SECS, made: 600 });
        assert_eq!(status::of(&row).why, "0 of 1 containers ready");
    }

    #[test]
    fn what_is_deleted_needs_somebody_when_its_time_is_well_over() {
        let mut object = pod(&json!({"phase": "Running"}));
        object["metadata"]["deletionTimestamp"] = "1970-01-01T00:20:00Z".into();
        assert_eq!(ripens_of(Kind::Pod, &object), Ripens::At(1200 + status::STUCK_GRACE_SECS));
    }

    #[test]
    fn a_rollout_has_its_time_and_an_event_is_history() {
        let deployment = |available: u32| {
            json!({"metadata": {"name": "a", "uid": "1"}, "spec": {"replicas": 3, "selector": {}},
                "status": {"replicas": 3, "updatedReplicas": 3, "readyReplicas": available, "availableReplicas": available}})
        };
        assert_eq!(ripens_of(Kind::Deployment, &deployment(3)), Ripens::Never);
        assert_eq!(ripens_of(Kind::Deployment, &deployment(2)), Ripens::After { secs: PARTLY_SECS, made: 0 });
        assert_eq!(ripens_of(Kind::Deployment, &deployment(0)), Ripens::After { secs: FAILING_SECS, made: 0 });
        let event = json!({"metadata": {"name": "a", "namespace": "web", "uid": "1"}, "type": "Warning", "reason": "BackOff", "involvedObject": {}});
        assert_eq!(ripens_of(Kind::Event, &event), Ripens::Never);
    }
}
