//! The programs of a node: what each is told, and how each says that it is ready.

use std::path::PathBuf;

use super::credentials::NODE;
use super::network;
use super::programs::Programs;
use super::state::State;

/// Of the API server.
pub(super) const API_PORT: u16 = 28443;
const ETCD_PORT: u16 = 28379;
const ETCD_PEER_PORT: u16 = 28380;
const CONTROLLERS_PORT: u16 = 28257;
const SCHEDULER_PORT: u16 = 28259;
const KUBELET_HEALTH_PORT: u16 = 28248;
/// At the node's address.
const KUBELET_PORT: u16 = 28250;

/// The ports on 127.0.0.1, for whom each is. Fixed, since kubeconfigs name them; high, since others use the usual ones.
pub(super) const PORTS: [(&str, u16); 6] = [
    ("kube-apiserver", API_PORT),
    ("etcd", ETCD_PORT),
    ("etcd", ETCD_PEER_PORT),
    ("kube-controller-manager", CONTROLLERS_PORT),
    ("kube-scheduler", SCHEDULER_PORT),
    ("kubelet", KUBELET_HEALTH_PORT),
];

/// The cgroup under which everything of the node's pods is.
pub(super) const CGROUP: &str = "krateyard-node";

/// One program to start.
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
}

/// All of them, in the order in which they need each other.
pub(super) fn all(state: &State, programs: &Programs) -> Vec<Service> {
    vec![
        etcd(state, programs),
        containerd(state),
        api_server(state, programs),
        controllers(state, programs),
        scheduler(state, programs),
        kubelet(state, programs),
    ]
}

/// The names of [`all`]; `down` ends them in the opposite order.
pub(super) const NAMES: [&str; 6] = ["etcd", "containerd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet"];

fn etcd(state: &State, programs: &Programs) -> Service {
    let (clients, peers) = (format!("http://127.0.0.1:{ETCD_PORT}"), format!("http://127.0.0.1:{ETCD_PEER_PORT}"));
    let arguments = [
        format!("--data-dir={}", state.text("etcd")),
        format!("--listen-client-urls={clients}"),
        format!("--advertise-client-urls={clients}"),
        format!("--listen-peer-urls={peers}"),
        format!("--initial-advertise-peer-urls={peers}"),
        format!("--initial-cluster=default={peers}"),
        // A test cluster may lose what it knew when the machine crashes.
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
    ];
    Service { name: "etcd", program: programs.path("etcd"), arguments: arguments.into() }
}

fn containerd(state: &State) -> Service {
    Service { name: "containerd", program: "containerd".into(), arguments: vec![format!("--config={}", state.text("containerd.toml"))] }
}

fn api_server(state: &State, programs: &Programs) -> Service {
    let pki = |name: &str| state.text(&format!("pki/{name}"));
    let arguments = [
        format!("--etcd-servers=http://127.0.0.1:{ETCD_PORT}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={API_PORT}"),
        format!("--advertise-address={}", network::node_address()),
        format!("--service-cluster-ip-range={}", network::SERVICES),
        format!("--cert-dir={}", state.text("pki")),
        format!("--tls-cert-file={}", pki("apiserver.crt")),
        format!("--tls-private-key-file={}", pki("apiserver.key")),
        format!("--client-ca-file={}", pki("ca.crt")),
        format!("--token-auth-file={}", state.text("tokens.csv")),
        "--authorization-mode=Node,RBAC".to_owned(),
        "--enable-admission-plugins=NodeRestriction".to_owned(),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={}", pki("service-accounts.key")),
        format!("--service-account-signing-key-file={}", pki("service-accounts.key")),
        format!("--kubelet-client-certificate={}", pki("apiserver-kubelet.crt")),
        format!("--kubelet-client-key={}", pki("apiserver-kubelet.key")),
        "--kubelet-preferred-address-types=InternalIP".to_owned(),
        "--allow-privileged=true".to_owned(),
    ];
    Service { name: "kube-apiserver", program: programs.path("kube-apiserver"), arguments: arguments.into() }
}

fn controllers(state: &State, programs: &Programs) -> Service {
    let mut arguments = control_plane(state, "kube-controller-manager", CONTROLLERS_PORT);
    arguments.extend([
        "--use-service-account-credentials=true".to_owned(),
        format!("--service-account-private-key-file={}", state.text("pki/service-accounts.key")),
        format!("--root-ca-file={}", state.text("pki/ca.crt")),
    ]);
    Service { name: "kube-controller-manager", program: programs.path("kube-controller-manager"), arguments }
}

fn scheduler(state: &State, programs: &Programs) -> Service {
    Service { name: "kube-scheduler", program: programs.path("kube-scheduler"), arguments: control_plane(state, "kube-scheduler", SCHEDULER_PORT) }
}

fn control_plane(state: &State, name: &str, port: u16) -> Vec<String> {
    let kubeconfig = state.text(&format!("{name}.kubeconfig"));
    vec![
        format!("--kubeconfig={kubeconfig}"),
        format!("--authentication-kubeconfig={kubeconfig}"),
        format!("--authorization-kubeconfig={kubeconfig}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        format!("--cert-dir={}", state.text("pki")),
        "--leader-elect=false".to_owned(),
    ]
}

fn kubelet(state: &State, programs: &Programs) -> Service {
    let arguments = [
        format!("--config={}", state.text("kubelet.json")),
        format!("--kubeconfig={}", state.text("kubelet.kubeconfig")),
        format!("--root-dir={}", state.text("kubelet")),
        format!("--hostname-override={NODE}"),
        format!("--node-ip={}", network::node_address()),
    ];
    Service { name: "kubelet", program: programs.path("kubelet"), arguments: arguments.into() }
}

/// Writes the configuration files that the arguments name.
pub(super) fn configure(state: &State) -> Result<(), crate::workspace::Failure> {
    state.write("containerd.toml", &containerd_configuration(state))?;
    state.write("resolv.conf", "")?;
    state.write("kubelet.json", &kubelet_configuration(state).to_string())
}

/// `restrict_oom_score_adj`: containers start without CAP_SYS_RESOURCE, too. The plugins that are switched off want folders or file systems outside of the state folder.
fn containerd_configuration(state: &State) -> String {
    let (root, run, socket, cni) = (state.text("containerd/root"), state.text("containerd/run"), state.text("containerd.sock"), state.text("cni"));
    let sandbox = super::images::PAUSE;
    format!(
        r#"version = 2
root = "{root}"
state = "{run}"
oom_score = 0
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]

[grpc]
  address = "{socket}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{sandbox}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{PLUGINS}"
    conf_dir = "{cni}"
"#
    )
}

/// Where Debian has the plugins of containernetworking.
const PLUGINS: &str = "/usr/lib/cni";

/// Evictions and image collection are off as far as they can be: images that were made here cannot be pulled again.
fn kubelet_configuration(state: &State) -> serde_json::Value {
    serde_json::json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "address": network::node_address(), "port": KUBELET_PORT, "healthzBindAddress": "127.0.0.1", "healthzPort": KUBELET_HEALTH_PORT,
        "authentication": {"anonymous": {"enabled": false}, "webhook": {"enabled": true}, "x509": {"clientCAFile": state.text("pki/ca.crt")}},
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": format!("unix://{}", state.text("containerd.sock")),
        "cgroupDriver": "cgroupfs", "cgroupRoot": format!("/{CGROUP}"), "failCgroupV1": false,
        "clusterDNS": ["10.204.0.10"], "clusterDomain": "cluster.local", "resolvConf": state.text("resolv.conf"),
        "podLogsDir": state.text("pod-logs"), "volumePluginDir": state.text("volume-plugins"),
        "failSwapOn": false, "makeIPTablesUtilChains": false, "oomScoreAdj": 0,
        "imageGCHighThresholdPercent": 100, "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "nodefs.inodesFree": "1%", "imagefs.available": "1%"},
    })
}
