//! Plain rows: a cell for each of the kind's columns ([`crate::kinds::PrinterColumn`]) and a status, taken from the object as JSON.
//!
//! The API server prints tables in `pkg/printers/internalversion/printers.go` of Kubernetes; what is said here is held against its own Tables
//! (`tests/tables.rs`).

mod cell;
mod cluster;
mod config;
mod custom;
pub mod helm;
mod json_path;
pub(super) mod metrics;
mod network;
mod path;
mod rbac;
mod scaling;
mod status;
mod storage;
mod workloads;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use cell::CellValue;
pub use status::PlainStatus;

use super::uses::{self, Use};
use crate::kinds::Kind;

/// What a plain row shows.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct PlainFacts {
    /// One for each column of its kind, in their order.
    #[n(0)]
    pub cells: Vec<CellValue>,
    /// How it does; `None` for what has no state.
    #[n(1)]
    pub status: Option<PlainStatus>,
    /// What it names in its namespace: the services and certificates of an ingress.
    #[n(2)]
    #[cbor(default)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<Use>,
}

impl PlainFacts {
    /// Cells of an object that has a state.
    fn with(status: PlainStatus, cells: impl Into<Vec<CellValue>>) -> PlainFacts {
        PlainFacts { cells: cells.into(), status: Some(status), uses: Vec::new() }
    }

    /// Cells of an object that is there, and that is all.
    fn just(cells: impl Into<Vec<CellValue>>) -> PlainFacts {
        PlainFacts { cells: cells.into(), status: None, uses: Vec::new() }
    }
}

/// What an object of a plain kind shows. The kinds with facts of their own types show nothing here.
pub(super) fn facts(kind: Kind, object: &Value) -> PlainFacts {
    match kind {
        Kind::StatefulSet => workloads::stateful_set(object),
        Kind::DaemonSet => workloads::daemon_set(object),
        Kind::Job => workloads::job(object),
        Kind::CronJob => workloads::cron_job(object),
        Kind::ReplicationController => workloads::replication_controller(object),
        Kind::PodTemplate => workloads::pod_template(object),
        Kind::ControllerRevision => workloads::controller_revision(object),
        Kind::HorizontalPodAutoscaler => scaling::autoscaler(object),
        Kind::PodDisruptionBudget => scaling::disruption_budget(object),
        Kind::PodMetrics => metrics::pod(object),
        Kind::NodeMetrics => metrics::node(object),
        Kind::ResourceQuota => scaling::resource_quota(object),
        Kind::LimitRange => scaling::limit_range(object),
        Kind::PriorityClass => scaling::priority_class(object),
        Kind::ConfigMap => config::config_map(object),
        Kind::Secret => config::secret(object),
        Kind::HelmRelease => helm::release(object),
        Kind::Ingress => PlainFacts { uses: uses::of_ingress(object), ..network::ingress(object) },
        Kind::IngressClass => network::ingress_class(object),
        Kind::NetworkPolicy => network::network_policy(object),
        Kind::EndpointSlice => network::endpoint_slice(object),
        Kind::Endpoints => network::endpoints(object),
        Kind::IPAddress => network::ip_address(object),
        Kind::ServiceCIDR => network::service_cidr(object),
        Kind::PersistentVolumeClaim => storage::claim(object),
        Kind::PersistentVolume => storage::volume(object),
        Kind::StorageClass => storage::storage_class(object),
        Kind::VolumeAttachment => storage::attachment(object),
        Kind::VolumeAttributesClass => storage::attributes_class(object),
        Kind::CSIDriver => storage::driver(object),
        Kind::CSINode => storage::driver_node(object),
        Kind::CSIStorageCapacity => storage::capacity(object),
        Kind::Role | Kind::ClusterRole => rbac::role(object),
        Kind::RoleBinding | Kind::ClusterRoleBinding => rbac::binding(object),
        Kind::CertificateSigningRequest => rbac::signing_request(object),
        Kind::CustomResourceDefinition => rbac::definition(object),
        Kind::APIService => cluster::api_service(object),
        Kind::ValidatingWebhookConfiguration | Kind::MutatingWebhookConfiguration => cluster::webhooks(object),
        Kind::ValidatingAdmissionPolicy => cluster::validating_policy(object),
        Kind::MutatingAdmissionPolicy => cluster::mutating_policy(object),
        Kind::ValidatingAdmissionPolicyBinding | Kind::MutatingAdmissionPolicyBinding => cluster::policy_binding(object),
        Kind::RuntimeClass => cluster::runtime_class(object),
        Kind::Lease => cluster::lease(object),
        Kind::FlowSchema => cluster::flow_schema(object),
        Kind::PriorityLevelConfiguration => cluster::priority_level(object),
        Kind::ResourceClaim => cluster::resource_claim(object),
        Kind::ResourceSlice => cluster::resource_slice(object),
        Kind::Custom(id) => custom::object(id.columns(), object),
        // Nothing but a name and an age.
        Kind::ServiceAccount | Kind::DeviceClass | Kind::ResourceClaimTemplate => PlainFacts::just([]),
        Kind::Namespace | Kind::Node | Kind::Pod | Kind::Deployment | Kind::ReplicaSet | Kind::Service | Kind::Event => PlainFacts::just([]),
    }
}
