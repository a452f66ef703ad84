//! Kubernetes objects, as sparse as rows need them: what is not named here is skipped while decoding, never kept.
//!
//! Every field may be absent (an API server leaves empty ones out, and writes `null` for some), so all have defaults.
#![allow(missing_docs)]

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// `null` counts as absent, as in Go.
fn null<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

macro_rules! sparse {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident : $ty:ty),* $(,)? })*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name { $( #[serde(deserialize_with = "null")] $(#[$field_meta])* pub $field: $ty, )* }
    )* };
}

sparse! {
    Meta { name: String, namespace: Option<String>, uid: String, resource_version: String, creation_timestamp: Option<String>, deletion_timestamp: Option<String>,
        labels: BTreeMap<String, String>, owner_references: Vec<OwnerReference> }
    OwnerReference { kind: String, name: String, uid: String, controller: bool }
    Condition { #[serde(rename = "type")] kind: String, status: String, reason: String, message: String }

    NamespaceObject { metadata: Meta, status: NamespaceStatus }
    NamespaceStatus { phase: String }

    NodeObject { metadata: Meta, spec: NodeSpec, status: NodeStatus }
    NodeSpec { unschedulable: bool, taints: Vec<Taint> }
    Taint { key: String, effect: String }
    NodeStatus { conditions: Vec<Condition>, capacity: BTreeMap<String, String>, allocatable: BTreeMap<String, String>, addresses: Vec<NodeAddress>, node_info: NodeInfo }
    NodeAddress { #[serde(rename = "type")] kind: String, address: String }
    NodeInfo { kubelet_version: String }

    PodObject { metadata: Meta, spec: PodSpec, status: PodStatus }
    PodSpec { node_name: String, containers: Vec<Container>, init_containers: Vec<Container>, ephemeral_containers: Vec<Container>, readiness_gates: Vec<ReadinessGate>, service_account_name: String,
        volumes: Vec<Volume>, image_pull_secrets: Vec<Named> }
    Named { name: String }
    Volume { name: String, config_map: Named, secret: SecretVolume, persistent_volume_claim: ClaimVolume, projected: Projected, ephemeral: Option<IgnoredAny> }
    SecretVolume { secret_name: String }
    ClaimVolume { claim_name: String }
    Projected { sources: Vec<Source> }
    Source { config_map: Named, secret: Named, service_account_token: Option<IgnoredAny> }
    EnvFrom { config_map_ref: Named, secret_ref: Named }
    Env { value_from: ValueFrom }
    ValueFrom { config_map_key_ref: Named, secret_key_ref: Named }
    ReadinessGate { condition_type: String }
    Container { name: String, restart_policy: String, resources: Resources, env: Vec<Env>, env_from: Vec<EnvFrom> }
    Resources { requests: BTreeMap<String, String>, limits: BTreeMap<String, String> }
    PodStatus { phase: String, reason: String, #[serde(rename = "podIP")] pod_ip: String, conditions: Vec<Condition>, container_statuses: Vec<ContainerStatus>, init_container_statuses: Vec<ContainerStatus>, ephemeral_container_statuses: Vec<ContainerStatus> }
    ContainerStatus { name: String, ready: bool, started: bool, restart_count: u32, state: ContainerState, last_state: ContainerState }
    ContainerState { waiting: Option<Waiting>, running: Option<Running>, terminated: Option<Terminated> }
    Waiting { reason: String, message: String }
    Running { started_at: String }
    Terminated { exit_code: i32, signal: i32, reason: String, finished_at: String }

    DeploymentObject { metadata: Meta, spec: DeploymentSpec, status: DeploymentStatus }
    DeploymentSpec { replicas: Option<u32>, paused: bool, selector: Selector }
    Selector { match_labels: BTreeMap<String, String> }
    DeploymentStatus { replicas: u32, ready_replicas: u32, updated_replicas: u32, available_replicas: u32, observed_generation: u64, conditions: Vec<Condition> }

    ReplicaSetObject { metadata: Meta, spec: ReplicaSetSpec, status: ReplicaSetStatus }
    ReplicaSetSpec { replicas: Option<u32> }
    ReplicaSetStatus { replicas: u32, ready_replicas: u32 }

    ServiceObject { metadata: Meta, spec: ServiceSpec, status: ServiceStatus }
    ServiceSpec { #[serde(rename = "type")] kind: String, #[serde(rename = "clusterIP")] cluster_ip: String, external_name: String, ports: Vec<ServicePort>, selector: BTreeMap<String, String> }
    ServicePort { name: String, port: u32, node_port: u32, protocol: String }
    ServiceStatus { load_balancer: LoadBalancer }
    LoadBalancer { ingress: Vec<Ingress> }
    Ingress { ip: String, hostname: String }

    EventObject { metadata: Meta, involved_object: Involved, reason: String, message: String, #[serde(rename = "type")] kind: String, count: u32,
        first_timestamp: Option<String>, last_timestamp: Option<String>, event_time: Option<String>, series: Option<Series>, source: EventSource, reporting_component: String }
    Series { count: u32, last_observed_time: String }
    Involved { kind: String, name: String, namespace: String, uid: String }
    EventSource { component: String }
}
