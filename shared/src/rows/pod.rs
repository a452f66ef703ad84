use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::uses::{self, Use};
use crate::objects::{Container, ContainerState, ContainerStatus, PodObject};
use crate::quantity;
use crate::time::{self, Seconds};

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodFacts {
    /// `status.phase`.
    #[n(0)]
    pub phase: String,
    /// `status.reason`, such as `Evicted` or `NodeLost`; empty as a rule.
    #[n(1)]
    pub reason: String,
    /// Node; empty while it waits for one.
    #[n(2)]
    pub node: String,
    /// `status.podIP`.
    #[n(3)]
    pub ip: String,
    /// Containers in the order of the spec, init containers first.
    #[n(4)]
    pub containers: Vec<ContainerFacts>,
    /// Why the scheduler found no node (message of condition `PodScheduled`); empty otherwise.
    #[n(5)]
    pub unscheduled: String,
    /// Whether condition `Ready` is true.
    #[n(6)]
    pub ready: bool,
    /// Whether `Initialized` is true.
    #[n(7)]
    pub initialized: bool,
    /// Sum of CPU requests in millicores; 0 for none.
    #[n(8)]
    pub cpu_request_milli: i64,
    /// Sum of memory limits in bytes; 0 for none.
    #[n(9)]
    pub memory_limit_bytes: i64,
    /// What it uses of its namespace, by name.
    #[n(10)]
    #[cbor(default)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<Use>,
    /// Ephemeral containers: those that somebody added to debug it. They do not count for its status.
    #[n(11)]
    #[cbor(default)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ephemeral: Vec<ContainerFacts>,
}

/// A container of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ContainerFacts {
    /// Name.
    #[n(0)]
    pub name: String,
    /// What it is for.
    #[n(1)]
    pub role: ContainerRole,
    /// Ready, as the kubelet says.
    #[n(2)]
    pub ready: bool,
    /// Restarts so far.
    #[n(3)]
    pub restarts: u32,
    /// Where it is now.
    #[n(4)]
    pub state: ContainerRunState,
    /// How its last run ended.
    #[n(5)]
    pub last: Option<Ended>,
    /// Whether it started, as the kubelet says.
    #[n(6)]
    pub started: bool,
}

/// What a container is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "camelCase")]
pub enum ContainerRole {
    /// An ordinary container.
    #[n(0)]
    Main,
    /// An init container, which must end well.
    #[n(1)]
    Init,
    /// An init container with restart policy `Always`.
    #[n(2)]
    Sidecar,
    /// A container that was added to debug a pod.
    #[n(3)]
    Ephemeral,
}

/// Where a container is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ContainerRunState {
    /// Not yet known to the kubelet.
    #[n(0)]
    Unknown,
    /// Waiting, with reason and message.
    #[n(1)]
    #[allow(missing_docs)]
    Waiting {
        #[n(0)]
        reason: String,
        #[n(1)]
        message: String,
    },
    /// Running since.
    #[n(2)]
    Running(#[n(0)] Seconds),
    /// Ended.
    #[n(3)]
    Terminated(#[n(0)] Ended),
}

/// How a run of a container ended.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// Exit code.
    #[n(0)]
    pub code: i32,
    /// Signal; 0 for none.
    #[n(1)]
    pub signal: i32,
    /// Such as `Error`, `Completed`, `OOMKilled`.
    #[n(2)]
    pub reason: String,
    /// When; 0 where unknown.
    #[n(3)]
    pub at: Seconds,
}

/// `v1.PodReasonSchedulingGated` of k8s.io/api.
const SCHEDULING_GATED: &str = "SchedulingGated";

pub(super) fn facts(pod: PodObject) -> PodFacts {
    let (spec, status) = (pod.spec, pod.status);
    let uses = uses::of_pod(&pod.metadata.name, &spec);
    let sum = |key: &str, limits: bool, read: fn(&str) -> Option<i64>| -> i64 {
        spec.containers.iter().filter_map(|c| if limits { c.resources.limits.get(key) } else { c.resources.requests.get(key) }).filter_map(|q| read(q)).sum()
    };
    let condition = |kind: &str| status.conditions.iter().find(|c| c.kind == kind);
    let is_true = |kind: &str| condition(kind).is_some_and(|c| c.status == "True");
    let role_of_init = |c: &Container| if c.restart_policy == "Always" { ContainerRole::Sidecar } else { ContainerRole::Init };
    let init = spec.init_containers.iter().map(|c| container(&c.name, role_of_init(c), &status.init_container_statuses));
    let main = spec.containers.iter().map(|c| container(&c.name, ContainerRole::Main, &status.container_statuses));
    // kubectl puts the gate in the place of the reason (printPod: PodReasonSchedulingGated).
    let gated = condition("PodScheduled").is_some_and(|c| c.reason == SCHEDULING_GATED);
    PodFacts {
        containers: init.chain(main).collect(),
        ephemeral: spec.ephemeral_containers.iter().map(|c| container(&c.name, ContainerRole::Ephemeral, &status.ephemeral_container_statuses)).collect(),
        unscheduled: condition("PodScheduled").filter(|c| c.status == "False").map(|c| c.message.clone()).unwrap_or_default(),
        ready: is_true("Ready"),
        initialized: is_true("Initialized"),
        cpu_request_milli: sum("cpu", false, quantity::milli),
        memory_limit_bytes: sum("memory", true, quantity::whole),
        phase: status.phase,
        reason: if gated && status.reason.is_empty() { SCHEDULING_GATED.into() } else { status.reason },
        node: spec.node_name,
        ip: status.pod_ip,
        uses,
    }
}

fn container(name: &str, role: ContainerRole, statuses: &[ContainerStatus]) -> ContainerFacts {
    let Some(status) = statuses.iter().find(|s| s.name == name) else {
        return ContainerFacts { name: name.into(), role, ready: false, restarts: 0, state: ContainerRunState::Unknown, last: None, started: false };
    };
    ContainerFacts {
        name: name.into(),
        role,
        ready: status.ready,
        restarts: status.restart_count,
        state: state(&status.state),
        last: ended(&status.last_state),
        started: status.started,
    }
}

fn state(state: &ContainerState) -> ContainerRunState {
    if let Some(ended) = ended(state) {
        ContainerRunState::Terminated(ended)
    } else if let Some(running) = &state.running {
        ContainerRunState::Running(time::seconds(&running.started_at).unwrap_or(0))
    } else if let Some(waiting) = &state.waiting {
        ContainerRunState::Waiting { reason: waiting.reason.clone(), message: waiting.message.clone() }
    } else {
        ContainerRunState::Unknown
    }
}

fn ended(state: &ContainerState) -> Option<Ended> {
    state.terminated.as_ref().map(|t| Ended { code: t.exit_code, signal: t.signal, reason: t.reason.clone(), at: time::seconds(&t.finished_at).unwrap_or(0) })
}
