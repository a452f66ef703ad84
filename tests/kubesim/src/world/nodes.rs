//! Nodes: fourteen, one that takes no pods and one short of memory.

use serde_json::{Value, json};

use super::Builder;
use crate::clock::text;

/// How many nodes there are: scheduler messages say so.
pub(crate) const NODES: usize = 14;

/// The node that is cordoned.
const CORDONED: usize = 6;

/// The node under memory pressure.
const PRESSED: usize = 10;

/// `node-a-03`: zones a, b and c.
pub(crate) fn name(index: usize) -> String {
    let zone = ["a", "b", "c"][index % 3];
    format!("node-{zone}-{:02}", index / 3 + 1)
}

/// The nodes that take pods.
pub(crate) fn schedulable() -> Vec<String> {
    (0..NODES).filter(|index| *index != CORDONED).map(name).collect()
}

/// The address of a node by its name.
pub(crate) fn address(node: &str) -> String {
    let index = (0..NODES).find(|index| name(*index) == node).unwrap_or(0);
    format!("10.0.{}.{}", index % 3 + 1, 11 + index / 3)
}

pub(super) fn nodes(builder: &Builder<'_>) {
    for index in 0..NODES {
        let created = builder.ago(60 * 24 * (380 - 21 * index as u64) + 13);
        builder.put("", "nodes", created, node(builder, index));
    }
}

fn node(builder: &Builder<'_>, index: usize) -> Value {
    let name = name(index);
    let zone = format!("eu-west-1{}", ["a", "b", "c"][index % 3]);
    let large = index.is_multiple_of(4);
    let (cpu, memory) = if large { ("16", "65854156Ki") } else { ("8", "32779124Ki") };
    let mut labels = json!({
        "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux",
        "kubernetes.io/hostname": name, "node.kubernetes.io/instance-type": if large { "m6.4xlarge" } else { "m6.2xlarge" },
        "topology.kubernetes.io/region": "eu-west-1", "topology.kubernetes.io/zone": zone,
    });
    let mut spec = json!({"podCIDR": format!("10.244.{index}.0/24"), "podCIDRs": [format!("10.244.{index}.0/24")], "providerID": format!("sim:///{zone}/i-{:012x}", 0x0a1b_2c3d_0000_u64 + index as u64)});
    if index == CORDONED {
        spec["unschedulable"] = json!(true);
        spec["taints"] = json!([{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": text(builder.ago(47))}]);
    }
    if index == PRESSED {
        spec["taints"] = json!([{"key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule", "timeAdded": text(builder.ago(12))}]);
    }
    if index < 3 {
        labels["node-role.kubernetes.io/control-plane"] = json!("");
    }
    let resources = json!({"cpu": cpu, "memory": memory, "pods": "110", "ephemeral-storage": "103079844Ki", "hugepages-1Gi": "0", "hugepages-2Mi": "0"});
    json!({
        "metadata": {"name": name, "labels": labels, "annotations": {"node.alpha.kubernetes.io/ttl": "0", "volumes.kubernetes.io/controller-managed-attach-detach": "true"}},
        "spec": spec,
        "status": {
            "capacity": resources, "allocatable": resources, "conditions": conditions(builder, index),
            "addresses": [{"type": "InternalIP", "address": address(&name)}, {"type": "Hostname", "address": name}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "6.1.0-28-amd64", "osImage": "Debian GNU/Linux 12 (bookworm)",
                "containerRuntimeVersion": "containerd://1.7.24", "kubeletVersion": if index == 12 { "v1.35.4" } else { "v1.36.2" }, "kubeProxyVersion": "", "operatingSystem": "linux", "architecture": "amd64",
            },
        },
    })
}

fn conditions(builder: &Builder<'_>, index: usize) -> Value {
    let heartbeat = text(builder.now);
    let condition = |kind: &str, status: &str, reason: &str, message: &str, minutes: u64| json!({"type": kind, "status": status, "lastHeartbeatTime": heartbeat, "lastTransitionTime": text(builder.ago(minutes)), "reason": reason, "message": message});
    let memory = if index == PRESSED {
        condition("MemoryPressure", "True", "KubeletHasInsufficientMemory", "kubelet has insufficient memory available", 12)
    } else {
        condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available", 60 * 24 * 30)
    };
    json!([
        memory,
        condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", 60 * 24 * 30),
        condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available", 60 * 24 * 30),
        condition("Ready", "True", "KubeletReady", "kubelet is posting ready status", 60 * 24 * 30),
    ])
}
