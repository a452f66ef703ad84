use std::net::SocketAddr;

use krateyard_proxy::{ClusterConfig, Config, Proxy};
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::Row;
use kubesim::{Options, Sim};
use serde_json::Value;

/// The cluster's name.
pub(crate) const CLUSTER: &str = "demo";

/// A simulated cluster and a proxy in front of it.
pub struct Stage {
    /// The cluster.
    pub sim: Sim,
    proxy: Option<Proxy>,
    addr: SocketAddr,
}

impl Stage {
    /// A small static world.
    pub async fn start() -> Stage {
        Stage::with(Options { pods: 60, ..Options::default() }).await
    }

    /// A world of one's own.
    pub async fn with(options: Options) -> Stage {
        let sim = Sim::start(options).await.expect("a free port");
        let mut stage = Stage { sim, proxy: None, addr: SocketAddr::from(([127, 0, 0, 1], 0)) };
        stage.start_proxy().await;
        stage
    }

    /// Where the proxy is (or was, while it is stopped).
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Starts the proxy, on the port that it had before.
    pub async fn start_proxy(&mut self) {
        let cluster = ClusterConfig::server(CLUSTER, self.sim.url(), "krateyard-proxy").expect("kubesim gives a URL");
        let mut config = Config::loopback(cluster);
        config.listen = self.addr;
        let proxy = Proxy::start(config).await.expect("the port is ours");
        self.addr = proxy.local_addr();
        self.proxy = Some(proxy);
    }

    /// Stops the proxy in order.
    pub async fn stop_proxy(&mut self) {
        if let Some(proxy) = self.proxy.take() {
            proxy.stop().await;
        }
    }

    /// Objects of a kind as kubesim itself lists them; an empty namespace means all.
    pub fn objects(&self, kind: Kind, namespace: &str) -> Vec<Value> {
        let entry = kind.entry();
        let api_version = if entry.group.is_empty() { entry.version.to_owned() } else { format!("{}/{}", entry.group, entry.version) };
        self.sim.list(&api_version, entry.name, namespace)
    }

    /// The same, as what a row must say of them.
    pub fn expected(&self, kind: Kind, namespace: &str) -> Vec<Shown> {
        sorted(self.objects(kind, namespace).iter().map(Shown::of_object).collect())
    }
}

/// What is compared of an object and its row, read from each in its own way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub struct Shown {
    pub namespace: String,
    pub name: String,
    pub uid: String,
    pub labels: Vec<(String, String)>,
    /// Something that its kind adds, as text.
    pub fact: String,
}

impl Shown {
    /// Of an object, as the API server gives it.
    pub fn of_object(object: &Value) -> Shown {
        let meta = &object["metadata"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let labels = meta["labels"].as_object().map(|labels| labels.iter().map(|(key, value)| (key.clone(), text(value))).collect()).unwrap_or_default();
        let fact = match object["kind"].as_str().unwrap_or_default() {
            "Pod" => format!("{} {}", text(&object["status"]["phase"]), text(&object["spec"]["nodeName"])),
            "Deployment" | "ReplicaSet" => {
                format!("{} {}", object["spec"]["replicas"].as_u64().unwrap_or(1), object["status"]["readyReplicas"].as_u64().unwrap_or(0))
            }
            "Service" => text(&object["spec"]["clusterIP"]),
            "Node" => text(&object["status"]["nodeInfo"]["kubeletVersion"]),
            "Namespace" => text(&object["status"]["phase"]),
            _ => text(&object["message"]),
        };
        let mut shown = Shown { namespace: text(&meta["namespace"]), name: text(&meta["name"]), uid: text(&meta["uid"]), labels, fact };
        shown.labels.sort();
        shown
    }

    /// Of a row.
    pub fn of_row(row: &Row) -> Shown {
        use krateyard_shared::rows::Facts;
        let fact = match &row.facts {
            Facts::Pod(pod) => format!("{} {}", pod.phase, pod.node),
            Facts::Deployment(deployment) => format!("{} {}", deployment.desired, deployment.ready),
            Facts::ReplicaSet(set) => format!("{} {}", set.desired, set.ready),
            Facts::Service(service) => service.cluster_ip.clone(),
            Facts::Node(node) => node.version.clone(),
            Facts::Namespace(namespace) => namespace.phase.clone(),
            Facts::Event(event) => event.message.clone(),
        };
        Shown { namespace: row.namespace.clone().unwrap_or_default(), name: row.name.clone(), uid: row.uid.clone(), labels: row.labels.clone(), fact }
    }
}

pub(crate) fn sorted(mut shown: Vec<Shown>) -> Vec<Shown> {
    shown.sort();
    shown
}
