use std::net::SocketAddr;
use std::path::Path;

use krateyard_proxy::{ClusterConfig, Config, Endpoint, Mark, Proxy};
use krateyard_shared::identity::ClusterName;
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::Row;
use kube::config::Kubeconfig;
use kubesim::{Options, Sim};
use serde_json::{Value, json};

use crate::plain::Plain;
use crate::scene::Scene;

/// The cluster's name.
pub(crate) const CLUSTER: &str = "demo";

/// A cluster and a proxy in front of it.
pub struct Stage {
    cluster: Cluster,
    kube: Plain,
    proxy: Option<Proxy>,
    addr: SocketAddr,
}

/// The clusters that there are.
enum Cluster {
    Simulated(Box<Sim>),
    /// Anybody's, on which a scene is set. Tests that run beside each other share it.
    Real(Box<Scene>),
}

/// Who plays, on every cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// May do everything.
    Admin,
    /// May edit `payments`.
    Editor,
    /// May view `web`.
    Viewer,
    /// May do nothing.
    Nobody,
}

impl Account {
    fn name(self) -> &'static str {
        match self {
            Account::Admin => "admin",
            Account::Editor => "editor",
            Account::Viewer => "viewer",
            Account::Nobody => "nobody",
        }
    }
}

impl Stage {
    /// The cluster of which the environment tells (`KRATEYARD_SCENE`, a file that `scene up` wrote), else a small static world of kubesim.
    pub async fn start() -> Stage {
        let Some(scene) = std::env::var_os("KRATEYARD_SCENE") else { return Stage::simulated().await };
        let scene = Scene::read(Path::new(&scene)).expect("KRATEYARD_SCENE names a scene");
        let kube = scene.administrator().await.expect("its kubeconfig works");
        Stage::before(Cluster::Real(Box::new(scene)), kube).await
    }

    /// A small static world of kubesim, for what only a simulator can be told to do.
    pub async fn simulated() -> Stage {
        let sim = Sim::start(Options { pods: 60, ..Options::default() }).await.expect("a free port");
        let kubeconfig = Kubeconfig::from_yaml(&sim.kubeconfig("admin@example.com")).expect("kubesim writes kubeconfigs");
        let kube = Plain::of_kubeconfig(kubeconfig, None).await.expect("kubesim's own kubeconfig works");
        Stage::before(Cluster::Simulated(Box::new(sim)), kube).await
    }

    async fn before(cluster: Cluster, kube: Plain) -> Stage {
        let mut stage = Stage { cluster, kube, proxy: None, addr: SocketAddr::from(([127, 0, 0, 1], 0)) };
        stage.start_proxy().await;
        stage
    }

    /// The simulator of a [`Stage::simulated`].
    pub fn sim(&self) -> &Sim {
        match &self.cluster {
            Cluster::Simulated(sim) => sim,
            Cluster::Real(_) => panic!("this cluster is a real one"),
        }
    }

    /// The cluster itself, for its administrator.
    pub fn kube(&self) -> &Plain {
        &self.kube
    }

    /// The name that a namespace has on this cluster.
    pub fn namespace(&self, short: &str) -> String {
        match &self.cluster {
            Cluster::Simulated(_) => short.into(),
            Cluster::Real(scene) => scene.namespaces[short].clone(),
        }
    }

    /// A name that no object of this cluster has: a real one outlives the test.
    pub fn fresh(&self, base: &str) -> String {
        format!("{base}-{:08x}", getrandom::u32().expect("the machine has random bytes"))
    }

    /// The bearer token of an account.
    pub fn token(&self, account: Account) -> String {
        match &self.cluster {
            Cluster::Simulated(_) => format!("demo-{}", account.name()),
            Cluster::Real(scene) => scene.tokens[account.name()].clone(),
        }
    }

    /// Whom a role binding names to mean an account.
    pub fn subject(&self, account: Account) -> Value {
        match &self.cluster {
            Cluster::Simulated(_) => json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": format!("{}@example.com", account.name())}),
            Cluster::Real(scene) => scene.subject(account.name()),
        }
    }

    /// Where the proxy is (or was, while it is stopped).
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Starts the proxy, on the port that it had before.
    pub async fn start_proxy(&mut self) {
        let cluster = match &self.cluster {
            Cluster::Simulated(sim) => ClusterConfig::server(CLUSTER, sim.url(), "krateyard-proxy").expect("kubesim gives a URL"),
            Cluster::Real(scene) => {
                let endpoint = Endpoint::Kubeconfig { path: scene.proxy_kubeconfig.clone(), context: None, mark: Mark::default() };
                ClusterConfig { name: ClusterName(CLUSTER.into()), endpoint }
            }
        };
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

    /// Objects of a kind as the cluster itself lists them now; an empty namespace means all.
    pub async fn objects(&self, kind: Kind, namespace: &str) -> Vec<Value> {
        self.kube.list(kind, namespace).await.expect("the cluster lists for its administrator")
    }

    /// Whether the cluster serves a kind: older ones and the simulated one lack some.
    pub async fn serves(&self, kind: Kind) -> bool {
        self.kube.list(kind, "").await.is_ok()
    }

    /// The same, as what a row must say of them.
    pub async fn expected(&self, kind: Kind, namespace: &str) -> Vec<Shown> {
        sorted(self.objects(kind, namespace).await.iter().map(|object| Shown::of_object(kind, object)).collect())
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
    /// Of an object, as the API server gives it in a list.
    pub fn of_object(kind: Kind, object: &Value) -> Shown {
        let meta = &object["metadata"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let labels = meta["labels"].as_object().map(|labels| labels.iter().map(|(key, value)| (key.clone(), text(value))).collect()).unwrap_or_default();
        let fact = match kind {
            Kind::Pod => format!("{} {}", text(&object["status"]["phase"]), text(&object["spec"]["nodeName"])),
            Kind::Deployment | Kind::ReplicaSet => {
                format!("{} {}", object["spec"]["replicas"].as_u64().unwrap_or(1), object["status"]["readyReplicas"].as_u64().unwrap_or(0))
            }
            Kind::Service => text(&object["spec"]["clusterIP"]),
            Kind::Node => text(&object["status"]["nodeInfo"]["kubeletVersion"]),
            Kind::Namespace => text(&object["status"]["phase"]),
            Kind::Event => text(&object["message"]),
            // Cells are held against the API server's own Tables where rows are made.
            _ => String::new(),
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
            Facts::Summary(counts) => format!("{counts:?}"),
            Facts::Plain(_) => String::new(),
        };
        Shown { namespace: row.namespace.clone().unwrap_or_default(), name: row.name.clone(), uid: row.uid.clone(), labels: row.labels.clone(), fact }
    }
}

pub(crate) fn sorted(mut shown: Vec<Shown>) -> Vec<Shown> {
    shown.sort();
    shown
}
