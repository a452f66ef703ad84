//! What may be kept in a browser: what is named here, and nothing else. No secret, nothing that may hold one, no text that a program wrote (logs, what a container
//! said when it ended) and no value that a person set without saying how secret it is (environment, arguments, annotations).

use krateyard_shared::api::Access;
use krateyard_shared::kinds::Kind;
use krateyard_shared::scope::Scope;
use serde_json::Value;

use crate::refresh::Target;

/// What stands where something was left out.
pub const LEFT_OUT: &str = "(not kept)";

/// How much of a kind may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Most {
    /// Nothing.
    Nothing,
    /// Rows: what a list shows.
    Rows,
    /// Whole objects, too, without what [`leave_out`] takes from them.
    Objects,
}

/// How much of a kind may be kept. Each kind stands here: who adds one decides.
pub fn most_of(kind: Kind) -> Most {
    match kind {
        // Secrets, what is kept in them, and what nobody here knows: what a cluster defines itself.
        Kind::Secret | Kind::HelmRelease | Kind::Custom(_) => Most::Nothing,
        // Objects of which any text may be secret, or which nobody reads whole without a network.
        Kind::ConfigMap
        | Kind::ControllerRevision
        | Kind::StorageClass
        | Kind::PersistentVolume
        | Kind::VolumeAttachment
        | Kind::VolumeAttributesClass
        | Kind::CSIDriver
        | Kind::CSINode
        | Kind::CSIStorageCapacity
        | Kind::CertificateSigningRequest
        | Kind::CustomResourceDefinition
        | Kind::APIService
        | Kind::ValidatingWebhookConfiguration
        | Kind::MutatingWebhookConfiguration
        | Kind::ValidatingAdmissionPolicy
        | Kind::ValidatingAdmissionPolicyBinding
        | Kind::MutatingAdmissionPolicy
        | Kind::MutatingAdmissionPolicyBinding
        | Kind::RuntimeClass
        | Kind::Lease
        | Kind::FlowSchema
        | Kind::PriorityLevelConfiguration
        | Kind::DeviceClass
        | Kind::ResourceClaim
        | Kind::ResourceClaimTemplate
        | Kind::ResourceSlice
        | Kind::IPAddress
        | Kind::ServiceCIDR
        | Kind::Event
        | Kind::PodMetrics
        | Kind::NodeMetrics => Most::Rows,
        Kind::Namespace
        | Kind::Node
        | Kind::Pod
        | Kind::Deployment
        | Kind::ReplicaSet
        | Kind::Service
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::Job
        | Kind::CronJob
        | Kind::ReplicationController
        | Kind::PodTemplate
        | Kind::HorizontalPodAutoscaler
        | Kind::PodDisruptionBudget
        | Kind::ResourceQuota
        | Kind::LimitRange
        | Kind::Ingress
        | Kind::IngressClass
        | Kind::NetworkPolicy
        | Kind::EndpointSlice
        | Kind::Endpoints
        | Kind::PersistentVolumeClaim
        | Kind::ServiceAccount
        | Kind::Role
        | Kind::RoleBinding
        | Kind::ClusterRole
        | Kind::ClusterRoleBinding
        | Kind::PriorityClass => Most::Objects,
    }
}

/// Whether anything of a stream may be kept.
pub fn may_keep(target: &Target) -> bool {
    let needed = if matches!(target.scope, Scope::Object { .. }) { Most::Objects } else { Most::Rows };
    most_of(target.kind) >= needed
}

/// Whether what was kept of a stream may still be there under rights that the proxy said: who may not list it any more has nothing of it left, also where nobody
/// looks at it. Where a group does not answer, nobody knows.
pub fn may_stay(target: &Target, access: &Access) -> bool {
    let resource = target.kind.resource();
    if access.failing.iter().any(|failing| failing.group == resource.group) {
        return true;
    }
    let resource = resource.to_string();
    let within = |namespace: &str| access.namespaces.iter().any(|known| known.namespace == namespace && known.resources.contains(&resource));
    access.cluster_wide.contains(&resource) || target.scope.namespace().is_some_and(within)
}

/// Takes out of an object what is not kept; says so in its place.
pub fn leave_out(object: &mut Value) {
    match object {
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    // `value` of variables and headers, not the names and where else they come from.
                    "env" | "httpHeaders" => each(value, blank_value),
                    // `message` of a container that ended may be the end of its log.
                    "terminated" => {
                        if let Some(message) = value.get_mut("message") {
                            blank(message);
                        }
                    }
                    "annotations" | "command" | "args" | "volumeAttributes" | "options" => each(value, blank),
                    "managedFields" => blank(value),
                    _ => leave_out(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(leave_out),
        _ => {}
    }
}

fn each(value: &mut Value, mut change: impl FnMut(&mut Value)) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(change),
        Value::Array(values) => values.iter_mut().for_each(change),
        single => change(single),
    }
}

/// Of a variable, whatever else it may be.
fn blank_value(entry: &mut Value) {
    match entry {
        Value::Object(fields) => fields.get_mut("value").into_iter().for_each(blank),
        other => blank(other),
    }
}

fn blank(value: &mut Value) {
    *value = LEFT_OUT.into();
}
