use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::objects::{ServiceSpec, ServiceStatus};

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceFacts {
    /// `spec.type`.
    #[n(0)]
    #[serde(rename = "type")]
    pub kind: String,
    /// `spec.clusterIP`: an address, `None` for a headless service, or empty.
    #[n(1)]
    pub cluster_ip: String,
    /// Addresses outside: of the load balancer, or the external name.
    #[n(2)]
    pub external: Vec<String>,
    /// Ports.
    #[n(3)]
    pub ports: Vec<PortFacts>,
    /// Labels by which it selects pods.
    #[n(4)]
    pub selector: Vec<(String, String)>,
}

/// A port of a service.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PortFacts {
    /// Name; empty for a single port.
    #[n(0)]
    pub name: String,
    /// Port.
    #[n(1)]
    pub port: u32,
    /// Port on every node; 0 for none.
    #[n(2)]
    pub node_port: u32,
    /// `TCP`, `UDP` or `SCTP`.
    #[n(3)]
    pub protocol: String,
}

pub(super) fn service(spec: ServiceSpec, status: ServiceStatus) -> ServiceFacts {
    let balancer = status.load_balancer.ingress.into_iter().map(|i| if i.ip.is_empty() { i.hostname } else { i.ip });
    ServiceFacts {
        kind: if spec.kind.is_empty() { "ClusterIP".into() } else { spec.kind },
        cluster_ip: spec.cluster_ip,
        external: balancer.chain([spec.external_name]).filter(|address| !address.is_empty()).collect(),
        ports: spec.ports.into_iter().map(|p| PortFacts { name: p.name, port: p.port, node_port: p.node_port, protocol: p.protocol }).collect(),
        selector: spec.selector.into_iter().collect(),
    }
}
