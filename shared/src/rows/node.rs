use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::objects::NodeObject;
use crate::quantity;

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeFacts {
    /// Condition `Ready`: true, false, or unknown when the node stopped reporting.
    #[n(0)]
    pub ready: Option<bool>,
    /// Conditions that are true and should not be, such as `MemoryPressure`.
    #[n(1)]
    pub pressures: Vec<String>,
    /// Cordoned.
    #[n(2)]
    pub unschedulable: bool,
    /// From labels `node-role.kubernetes.io/*`.
    #[n(3)]
    pub roles: Vec<String>,
    /// Kubelet's version.
    #[n(4)]
    pub version: String,
    /// Address of type `InternalIP`.
    #[n(5)]
    pub internal_ip: String,
    /// Allocatable CPU in millicores.
    #[n(6)]
    pub cpu_milli: i64,
    /// Allocatable memory in bytes.
    #[n(7)]
    pub memory_bytes: i64,
    /// Number of taints.
    #[n(8)]
    pub taints: u32,
}

/// The label prefix of kubectl's ROLES column (`pkg/printers/internalversion`).
const ROLE_LABEL: &str = "node-role.kubernetes.io/";

pub(super) fn facts(node: NodeObject) -> NodeFacts {
    let ready = node.status.conditions.iter().find(|c| c.kind == "Ready").map(|c| c.status.as_str());
    let allocatable = |key: &str| node.status.allocatable.get(key).or(node.status.capacity.get(key));
    NodeFacts {
        ready: match ready {
            Some("True") => Some(true),
            Some("False") => Some(false),
            _ => None,
        },
        pressures: node.status.conditions.iter().filter(|c| c.kind != "Ready" && c.status == "True").map(|c| c.kind.clone()).collect(),
        unschedulable: node.spec.unschedulable,
        roles: node.metadata.labels.keys().filter_map(|key| key.strip_prefix(ROLE_LABEL)).filter(|role| !role.is_empty()).map(Into::into).collect(),
        cpu_milli: allocatable("cpu").and_then(|q| quantity::milli(q)).unwrap_or(0),
        memory_bytes: allocatable("memory").and_then(|q| quantity::whole(q)).unwrap_or(0),
        internal_ip: node.status.addresses.into_iter().find(|a| a.kind == "InternalIP").map(|a| a.address).unwrap_or_default(),
        version: node.status.node_info.kubelet_version,
        taints: u32::try_from(node.spec.taints.len()).unwrap_or(u32::MAX),
    }
}
