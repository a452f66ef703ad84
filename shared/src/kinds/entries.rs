use super::PrinterColumn as Column;
use super::{Kind, KindEntry, View};

const POD_VIEWS: &[View] = &[View::Logs, View::Shell, View::Describe, View::Yaml, View::Events];
/// The views of what has pods: their logs are one log.
const WORKLOAD_VIEWS: &[View] = &[View::Logs, View::Describe, View::Yaml, View::Events];
/// The views of an object that has neither logs nor shells.
pub(super) const OBJECT_VIEWS: &[View] = &[View::Describe, View::Yaml, View::Events];

const CORE: (&str, &str) = ("", "v1");
const APPS: (&str, &str) = ("apps", "v1");
const BATCH: (&str, &str) = ("batch", "v1");
const NETWORKING: (&str, &str) = ("networking.k8s.io", "v1");
const STORAGE: (&str, &str) = ("storage.k8s.io", "v1");
const RBAC: (&str, &str) = ("rbac.authorization.k8s.io", "v1");
const ADMISSION: (&str, &str) = ("admissionregistration.k8s.io", "v1");
const FLOW: (&str, &str) = ("flowcontrol.apiserver.k8s.io", "v1");
const METRICS: (&str, &str) = ("metrics.k8s.io", "v1beta1");
/// No group of any API server: the name of a release in words that go over the wire.
const HELM: (&str, &str) = ("helm.sh", "v1");
const RESOURCE: (&str, &str) = ("resource.k8s.io", "v1");

/// Every kind with rows, in the order in which Spotlight and menus name them. Short names are those of discovery.
#[rustfmt::skip]
pub const KINDS: &[KindEntry] = &[
    namespaced(Kind::Pod, CORE, "pods", "Pod", "Pods", &["pod", "po"], 16).viewed(POD_VIEWS),
    namespaced(Kind::Deployment, APPS, "deployments", "Deployment", "Deployments", &["deployment", "deploy"], 50).viewed(WORKLOAD_VIEWS),
    namespaced(Kind::StatefulSet, APPS, "statefulsets", "StatefulSet", "Stateful sets", &["statefulset", "sts"], 48)
        .viewed(WORKLOAD_VIEWS)
        .showing(&[Column::number("Ready"), Column::status(), Column::wide("Containers"), Column::wide("Images")]),
    namespaced(Kind::DaemonSet, APPS, "daemonsets", "DaemonSet", "Daemon sets", &["daemonset", "ds"], 44)
        .viewed(WORKLOAD_VIEWS)
        .showing(&[Column::number("Desired"), Column::number("Current"), Column::number("Ready"), Column::number("Up-to-date"), Column::number("Available"),
            Column::text("Node Selector"), Column::status(), Column::wide("Containers"), Column::wide("Images"), Column::wide("Selector")]),
    namespaced(Kind::Job, BATCH, "jobs", "Job", "Jobs", &["job"], 20)
        .viewed(WORKLOAD_VIEWS)
        .showing(&[Column::status(), Column::number("Completions"), Column::age("Duration"), Column::wide("Containers"), Column::wide("Images"),
            Column::wide("Selector")]),
    namespaced(Kind::CronJob, BATCH, "cronjobs", "CronJob", "Cron jobs", &["cronjob", "cj"], 38)
        .viewed(WORKLOAD_VIEWS)
        .showing(&[Column::text("Schedule"), Column::text("Timezone"), Column::text("Suspend"), Column::number("Active"), Column::age("Last Schedule"),
            Column::status(), Column::wide("Containers"), Column::wide("Images"), Column::wide("Selector")]),
    namespaced(Kind::ReplicaSet, APPS, "replicasets", "ReplicaSet", "Replica sets", &["replicaset", "rs"], 12).viewed(WORKLOAD_VIEWS),
    namespaced(Kind::ReplicationController, CORE, "replicationcontrollers", "ReplicationController", "Replication controllers", &["replicationcontroller", "rc"], 12)
        .viewed(WORKLOAD_VIEWS)
        .showing(&[Column::number("Desired"), Column::number("Current"), Column::number("Ready"), Column::status(), Column::wide("Containers"),
            Column::wide("Images"), Column::wide("Selector")]),
    namespaced(Kind::HorizontalPodAutoscaler, ("autoscaling", "v2"), "horizontalpodautoscalers", "HorizontalPodAutoscaler", "Pod autoscalers",
        &["horizontalpodautoscaler", "hpa"], 26)
        .showing(&[Column::text("Reference"), Column::text("Targets"), Column::number("MinPods"), Column::number("MaxPods"), Column::number("Replicas"),
            Column::status()]),
    namespaced(Kind::PodDisruptionBudget, ("policy", "v1"), "poddisruptionbudgets", "PodDisruptionBudget", "Disruption budgets", &["poddisruptionbudget", "pdb"], 14)
        .showing(&[Column::number("Min Available"), Column::number("Max Unavailable"), Column::number("Allowed Disruptions"), Column::status()]),

    namespaced(Kind::Service, CORE, "services", "Service", "Services", &["service", "svc"], 46).viewed(WORKLOAD_VIEWS),
    namespaced(Kind::Ingress, NETWORKING, "ingresses", "Ingress", "Ingresses", &["ingress", "ing"], 42)
        .showing(&[Column::text("Class"), Column::text("Hosts"), Column::text("Address"), Column::text("Ports")]),
    cluster_wide(Kind::IngressClass, NETWORKING, "ingressclasses", "IngressClass", "Ingress classes", &["ingressclass"], 10)
        .showing(&[Column::text("Controller"), Column::text("Parameters"), Column::text("Default")]),
    namespaced(Kind::NetworkPolicy, NETWORKING, "networkpolicies", "NetworkPolicy", "Network policies", &["networkpolicy", "netpol"], 15)
        .showing(&[Column::text("Pod-Selector")]),
    namespaced(Kind::EndpointSlice, ("discovery.k8s.io", "v1"), "endpointslices", "EndpointSlice", "Endpoint slices", &["endpointslice"], 4)
        .showing(&[Column::text("AddressType"), Column::text("Ports"), Column::text("Endpoints")]),
    namespaced(Kind::Endpoints, CORE, "endpoints", "Endpoints", "Endpoints", &["ep"], 2).showing(&[Column::text("Endpoints")]),
    cluster_wide(Kind::IPAddress, NETWORKING, "ipaddresses", "IPAddress", "IP addresses", &["ipaddress", "ip"], 3).showing(&[Column::text("ParentRef")]),
    cluster_wide(Kind::ServiceCIDR, NETWORKING, "servicecidrs", "ServiceCIDR", "Service CIDRs", &["servicecidr"], 5).showing(&[Column::text("CIDRs")]),

    namespaced(Kind::ConfigMap, CORE, "configmaps", "ConfigMap", "Config maps", &["configmap", "cm"], 22).showing(&[Column::number("Data"), Column::wide("Keys")]),
    namespaced(Kind::Secret, CORE, "secrets", "Secret", "Secrets", &["secret"], 24)
        .showing(&[Column::text("Type"), Column::number("Data"), Column::wide("Keys")]),
    namespaced(Kind::HelmRelease, HELM, "releases", "Release", "Helm releases", &["release", "helm"], 2).viewed(&[])
        .showing(&[Column::status(), Column::number("Revision"), Column::age("Updated")]),
    namespaced(Kind::ResourceQuota, CORE, "resourcequotas", "ResourceQuota", "Resource quotas", &["resourcequota", "quota"], 14)
        .showing(&[Column::text("Request"), Column::text("Limit"), Column::status()]),
    namespaced(Kind::LimitRange, CORE, "limitranges", "LimitRange", "Limit ranges", &["limitrange", "limits"], 10).showing(&[Column::text("Types")]),

    namespaced(Kind::PersistentVolumeClaim, CORE, "persistentvolumeclaims", "PersistentVolumeClaim", "Volume claims", &["persistentvolumeclaim", "pvc"], 18)
        .showing(&[Column::status(), Column::text("Volume"), Column::number("Capacity"), Column::text("Access Modes"), Column::text("StorageClass"),
            Column::text("VolumeAttributesClass"), Column::wide("VolumeMode")]),
    cluster_wide(Kind::PersistentVolume, CORE, "persistentvolumes", "PersistentVolume", "Volumes", &["persistentvolume", "pv"], 16)
        .showing(&[Column::number("Capacity"), Column::text("Access Modes"), Column::text("Reclaim Policy"), Column::status(), Column::text("Claim"),
            Column::text("StorageClass"), Column::text("VolumeAttributesClass"), Column::text("Reason"), Column::wide("VolumeMode")]),
    cluster_wide(Kind::StorageClass, STORAGE, "storageclasses", "StorageClass", "Storage classes", &["storageclass", "sc"], 14)
        .showing(&[Column::text("Provisioner"), Column::text("ReclaimPolicy"), Column::text("VolumeBindingMode"), Column::text("AllowVolumeExpansion"),
            Column::text("Default")]),
    cluster_wide(Kind::VolumeAttachment, STORAGE, "volumeattachments", "VolumeAttachment", "Volume attachments", &["volumeattachment"], 6)
        .showing(&[Column::text("Attacher"), Column::text("PV"), Column::text("Node"), Column::text("Attached"), Column::status()]),
    cluster_wide(Kind::VolumeAttributesClass, STORAGE, "volumeattributesclasses", "VolumeAttributesClass", "Volume attributes classes",
        &["volumeattributesclass", "vac"], 6)
        .showing(&[Column::text("DriverName")]),
    cluster_wide(Kind::CSIDriver, STORAGE, "csidrivers", "CSIDriver", "CSI drivers", &["csidriver"], 8)
        .showing(&[Column::text("AttachRequired"), Column::text("PodInfoOnMount"), Column::text("StorageCapacity"), Column::text("TokenRequests"),
            Column::text("RequiresRepublish"), Column::text("Modes")]),
    cluster_wide(Kind::CSINode, STORAGE, "csinodes", "CSINode", "CSI nodes", &["csinode"], 4).showing(&[Column::number("Drivers")]),
    namespaced(Kind::CSIStorageCapacity, STORAGE, "csistoragecapacities", "CSIStorageCapacity", "CSI storage capacities", &["csistoragecapacity"], 3)
        .showing(&[Column::text("StorageClass"), Column::number("Capacity")]),

    cluster_wide(Kind::Node, CORE, "nodes", "Node", "Nodes", &["node", "no"], 30),
    cluster_wide(Kind::Namespace, CORE, "namespaces", "Namespace", "Namespaces", &["namespace", "ns"], 40),

    namespaced(Kind::ServiceAccount, CORE, "serviceaccounts", "ServiceAccount", "Service accounts", &["serviceaccount", "sa"], 14),
    namespaced(Kind::Role, RBAC, "roles", "Role", "Roles", &["role"], 12).showing(&[Column::number("Rules")]),
    namespaced(Kind::RoleBinding, RBAC, "rolebindings", "RoleBinding", "Role bindings", &["rolebinding"], 11).showing(BINDING),
    cluster_wide(Kind::ClusterRole, RBAC, "clusterroles", "ClusterRole", "Cluster roles", &["clusterrole"], 10).showing(&[Column::number("Rules")]),
    cluster_wide(Kind::ClusterRoleBinding, RBAC, "clusterrolebindings", "ClusterRoleBinding", "Cluster role bindings", &["clusterrolebinding"], 9)
        .showing(BINDING),
    cluster_wide(Kind::CertificateSigningRequest, ("certificates.k8s.io", "v1"), "certificatesigningrequests", "CertificateSigningRequest",
        "Certificate signing requests", &["certificatesigningrequest", "csr"], 6)
        .showing(&[Column::text("SignerName"), Column::text("Requestor"), Column::age("RequestedDuration"), Column::status().titled("Condition")]),

    cluster_wide(Kind::CustomResourceDefinition, ("apiextensions.k8s.io", "v1"), "customresourcedefinitions", "CustomResourceDefinition",
        "Custom resource definitions", &["customresourcedefinition", "crd", "crds"], 60)
        .showing(&[Column::text("Group"), Column::text("Kind"), Column::text("Scope"), Column::text("Versions"), Column::status()]),
    cluster_wide(Kind::APIService, ("apiregistration.k8s.io", "v1"), "apiservices", "APIService", "API services", &["apiservice"], 8)
        .showing(&[Column::text("Service"), Column::text("Available"), Column::status()]),
    cluster_wide(Kind::ValidatingWebhookConfiguration, ADMISSION, "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", "Validating webhooks",
        &["validatingwebhookconfiguration"], 8)
        .showing(&[Column::number("Webhooks")]),
    cluster_wide(Kind::MutatingWebhookConfiguration, ADMISSION, "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", "Mutating webhooks",
        &["mutatingwebhookconfiguration"], 8)
        .showing(&[Column::number("Webhooks")]),
    cluster_wide(Kind::ValidatingAdmissionPolicy, ADMISSION, "validatingadmissionpolicies", "ValidatingAdmissionPolicy", "Validating policies",
        &["validatingadmissionpolicy"], 7)
        .showing(&[Column::number("Validations"), Column::text("ParamKind"), Column::status()]),
    cluster_wide(Kind::ValidatingAdmissionPolicyBinding, ADMISSION, "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding",
        "Validating policy bindings", &["validatingadmissionpolicybinding"], 6)
        .showing(&[Column::text("PolicyName"), Column::text("ParamRef")]),
    cluster_wide(Kind::MutatingAdmissionPolicy, ADMISSION, "mutatingadmissionpolicies", "MutatingAdmissionPolicy", "Mutating policies",
        &["mutatingadmissionpolicy"], 7)
        .showing(&[Column::number("Mutations"), Column::text("ParamKind")]),
    cluster_wide(Kind::MutatingAdmissionPolicyBinding, ADMISSION, "mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding",
        "Mutating policy bindings", &["mutatingadmissionpolicybinding"], 6)
        .showing(&[Column::text("PolicyName"), Column::text("ParamRef")]),
    cluster_wide(Kind::PriorityClass, ("scheduling.k8s.io", "v1"), "priorityclasses", "PriorityClass", "Priority classes", &["priorityclass", "pc"], 8)
        .showing(&[Column::number("Value"), Column::text("Global-Default"), Column::text("PreemptionPolicy")]),
    cluster_wide(Kind::RuntimeClass, ("node.k8s.io", "v1"), "runtimeclasses", "RuntimeClass", "Runtime classes", &["runtimeclass"], 7)
        .showing(&[Column::text("Handler")]),
    cluster_wide(Kind::FlowSchema, FLOW, "flowschemas", "FlowSchema", "Flow schemas", &["flowschema"], 4)
        .showing(&[Column::text("PriorityLevel"), Column::number("MatchingPrecedence"), Column::text("DistinguisherMethod"), Column::text("MissingPL")]),
    cluster_wide(Kind::PriorityLevelConfiguration, FLOW, "prioritylevelconfigurations", "PriorityLevelConfiguration", "Priority levels",
        &["prioritylevelconfiguration"], 4)
        .showing(&[Column::text("Type"), Column::number("NominalConcurrencyShares"), Column::number("Queues"), Column::number("HandSize"),
            Column::number("QueueLengthLimit")]),

    cluster_wide(Kind::DeviceClass, RESOURCE, "deviceclasses", "DeviceClass", "Device classes", &["deviceclass"], 7),
    namespaced(Kind::ResourceClaim, RESOURCE, "resourceclaims", "ResourceClaim", "Resource claims", &["resourceclaim"], 12)
        .showing(&[Column::status().titled("State")]),
    namespaced(Kind::ResourceClaimTemplate, RESOURCE, "resourceclaimtemplates", "ResourceClaimTemplate", "Resource claim templates", &["resourceclaimtemplate"], 7),
    cluster_wide(Kind::ResourceSlice, RESOURCE, "resourceslices", "ResourceSlice", "Resource slices", &["resourceslice"], 3)
        .showing(&[Column::text("Node"), Column::text("Driver"), Column::text("Pool")]),

    namespaced(Kind::ControllerRevision, APPS, "controllerrevisions", "ControllerRevision", "Controller revisions", &["controllerrevision"], 3)
        .showing(&[Column::text("Controller"), Column::number("Revision")]),
    namespaced(Kind::PodTemplate, CORE, "podtemplates", "PodTemplate", "Pod templates", &["podtemplate"], 3)
        .showing(&[Column::text("Containers"), Column::text("Images"), Column::text("Pod Labels")]),
    namespaced(Kind::Lease, ("coordination.k8s.io", "v1"), "leases", "Lease", "Leases", &["lease"], 2).showing(&[Column::text("Holder")]),
    namespaced(Kind::PodMetrics, METRICS, "pods", "PodMetrics", "Pod metrics", &[], 0).viewed(&[]).showing(USE),
    cluster_wide(Kind::NodeMetrics, METRICS, "nodes", "NodeMetrics", "Node metrics", &[], 0).viewed(&[]).showing(USE),
    namespaced(Kind::Event, CORE, "events", "Event", "Events", &["event", "ev"], 0).viewed(&[View::Describe, View::Yaml]),
];

/// In millicores and bytes ([`crate::rows::measured`]).
const USE: &[Column] = &[Column::number("CPU"), Column::number("Memory")];
const BINDING: &[Column] = &[Column::text("Role"), Column::wide("Users"), Column::wide("Groups"), Column::wide("ServiceAccounts")];

/// A kind whose objects live in a namespace: its API (group and version), its words, its weight in Spotlight.
const fn namespaced(
    kind: Kind,
    (group, version): (&'static str, &'static str),
    plural: &'static str,
    name: &'static str,
    title: &'static str,
    aliases: &'static [&'static str],
    weight: u16,
) -> KindEntry {
    KindEntry { kind, group, version, plural, name, title, aliases, namespaced: true, weight, views: OBJECT_VIEWS, columns: &[] }
}

/// The same for a kind whose objects live in the cluster.
const fn cluster_wide(
    kind: Kind,
    api: (&'static str, &'static str),
    plural: &'static str,
    name: &'static str,
    title: &'static str,
    aliases: &'static [&'static str],
    weight: u16,
) -> KindEntry {
    KindEntry { namespaced: false, ..namespaced(kind, api, plural, name, title, aliases, weight) }
}

impl KindEntry {
    const fn viewed(self, views: &'static [View]) -> KindEntry {
        KindEntry { views, ..self }
    }

    const fn showing(self, columns: &'static [Column]) -> KindEntry {
        KindEntry { columns, ..self }
    }
}
