//! What a running proxy needs, checked before a port is bound. Flags stand above the environment, the environment above the file, the file above defaults.

mod cluster;
mod laptop;
mod load;
mod origin;
mod written;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use cluster::{ClusterConfig, Credentials, Endpoint, Mark, Secret};
pub use laptop::LaptopFlags;
pub use load::{ConfigErrors, Flags, KeyError, Sources};
pub use origin::Origin;
pub use written::Written;
pub(crate) use written::{Files, Looks};

/// The most clusters that one proxy serves.
pub const MAX_CLUSTERS: usize = 1000;

/// What a running proxy needs. Made by [`Config::load`], or by hand in tests.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Whether any free port will do where that of `listen` is taken.
    pub any_port: bool,
    /// The origins that people's pages come from, exactly. Empty: those of `listen`, which is then loopback.
    pub public_origins: Vec<Origin>,
    /// Folder with the built app; none serves the API alone.
    pub static_dir: Option<PathBuf>,
    /// Clusters, the default one (that people sign in to) first. Never empty, and at most [`MAX_CLUSTERS`].
    pub clusters: Vec<ClusterConfig>,
    /// Who they are who come.
    pub people: People,
    /// Where rooms of Yards are kept.
    pub rooms: RoomsKept,
    /// The longest that a session lives.
    pub session_lifetime: Duration,
    /// Bounds and intervals.
    pub limits: Limits,
}

/// Where rooms of Yards are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomsKept {
    /// Until the proxy ends.
    Memory,
    /// In a file in this folder, for one proxy.
    Folder(PathBuf),
    /// In a Redis, by its URL: several proxies may share it.
    Redis(Secret),
}

/// Who they are who come, and in whose name clusters are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum People {
    /// Many, by bearer tokens that the default cluster reviews. What is not shared is asked for in their names, by impersonation.
    Tokens,
    /// The one at this machine, by a one-time link: each cluster is asked with what the kubeconfig has for it, and none that was not opened. Named as the
    /// machine names them.
    Laptop(String),
}

/// Bounds and intervals. The file's table `[limits]` sets some of them, tests set all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// WebSockets that one person may have open.
    pub sockets_per_user: usize,
    /// Longest body of a request, in bytes.
    pub body_bytes: usize,
    /// Longest answer that passes through from a cluster, in bytes.
    pub answer_bytes: usize,
    /// Sessions in memory.
    pub sessions: usize,
    /// Rooms of Yards that may be open at the same time.
    pub rooms: usize,
    /// People, a tab each, in one room.
    pub room_peers: usize,
    /// How long a room stays open without anybody.
    pub room_rest: Duration,
    /// Changes of a Yard that one tab may send in a second on average; 20 s of it at once.
    pub edits_per_sec: u32,
    /// The same in bytes.
    pub edit_bytes_per_sec: u32,
    /// How long an access review counts.
    pub review: Duration,
    /// How long a token review counts.
    pub token_review: Duration,
    /// How long changes of roles and bindings are gathered before live streams are reviewed again.
    pub rights_settle: Duration,
    /// How long a hub lives without subscribers.
    pub hub_rest: Duration,
    /// Bytes that the rows of one cluster may take before no further kind is watched.
    pub hub_bytes: usize,
    /// Changed objects that may wait for one slow subscriber before it is reset.
    pub pending_rows: usize,
    /// `timeoutSeconds` of upstream watches: so long at most may one be quiet before the API server shows that it is there.
    pub watch_timeout_secs: u32,
    /// A watch that is quiet for so much longer than that is dead.
    pub silence_margin: Duration,
    /// How long one request to a cluster may take.
    pub upstream_timeout: Duration,
    /// Between two pings of a socket.
    pub ping: Duration,
    /// A socket without any sign of life for so long is dropped.
    pub peer_timeout: Duration,
    /// Between two heartbeats of a watch socket.
    pub heartbeat: Duration,
    /// Between two looks at an object that the person may get, not watch.
    pub object_poll: Duration,
    /// Logs that one person may follow at the same time, a container each.
    pub logs_per_user: usize,
    /// Logs of one namespace that may be followed.
    pub logs_per_namespace: usize,
    /// Logs that may be followed, by everybody.
    pub logs: usize,
    /// Containers that one window follows.
    pub log_targets: usize,
    /// A log that says nothing for so long is looked at beside its stream, which may have stopped without a word.
    pub log_quiet: Duration,
    /// Shells that one person may have running.
    pub shells_per_user: usize,
    /// How long a shell goes on without its viewer.
    pub shell_keep: Duration,
    /// How long one lives at most in which nothing is typed and nothing is said.
    pub shell_idle: Duration,
    /// How long one lives at most.
    pub shell_life: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            sockets_per_user: 64,
            body_bytes: 64 * 1024,
            answer_bytes: 64 << 20,
            sessions: 10_000,
            rooms: 20_000,
            room_peers: 2_000,
            room_rest: Duration::from_secs(60),
            // A hand that drags makes one change, and some twenty words of presence a second.
            edits_per_sec: 100,
            edit_bytes_per_sec: 256 * 1024,
            review: Duration::from_secs(30),
            token_review: Duration::from_secs(30),
            rights_settle: Duration::from_secs(1),
            hub_rest: Duration::from_secs(60),
            // Some 500,000 pods.
            hub_bytes: 256 << 20,
            pending_rows: 20_000,
            watch_timeout_secs: 60,
            // kube's watcher asks anew after 5 s, and is answered within `upstream_timeout`.
            silence_margin: Duration::from_secs(20),
            upstream_timeout: Duration::from_secs(10),
            ping: Duration::from_secs(20),
            peer_timeout: Duration::from_secs(60),
            heartbeat: Duration::from_secs(15),
            object_poll: Duration::from_secs(5),
            logs_per_user: 512,
            logs_per_namespace: 2_000,
            logs: 10_000,
            log_targets: 100,
            log_quiet: Duration::from_secs(30),
            shells_per_user: 32,
            shell_keep: Duration::from_secs(120),
            shell_idle: Duration::from_secs(4 * 3600),
            shell_life: Duration::from_secs(24 * 3600),
        }
    }
}

impl Limits {
    /// An upstream that says nothing for so long is dead.
    pub fn silence(&self) -> Duration {
        Duration::from_secs(self.watch_timeout_secs.into()) + self.silence_margin
    }
}

impl Config {
    /// A proxy on a free loopback port with one cluster: what tests and the demo start from.
    pub fn loopback(cluster: ClusterConfig) -> Config {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            any_port: false,
            public_origins: Vec::new(),
            static_dir: None,
            clusters: vec![cluster],
            people: People::Tokens,
            rooms: RoomsKept::Memory,
            session_lifetime: Duration::from_secs(12 * 3600),
            limits: Limits::default(),
        }
    }

    /// The keys besides `clusters` in which another configuration differs: those need a restart.
    pub(crate) fn differs(&self, other: &Config) -> Vec<&'static str> {
        let same = [
            ("listen", self.listen == other.listen),
            ("public_origin", self.public_origins == other.public_origins),
            ("static_dir", self.static_dir == other.static_dir),
            ("rooms", self.rooms == other.rooms),
            ("session_secs", self.session_lifetime == other.session_lifetime),
            ("limits", self.limits == other.limits),
        ];
        same.into_iter().filter(|(_, same)| !same).map(|(key, _)| key).collect()
    }

    /// The origins that count once `listen` is bound to `bound`.
    pub(crate) fn origins(&self, bound: SocketAddr) -> Vec<Origin> {
        if self.public_origins.is_empty() { Origin::of_loopback(bound) } else { self.public_origins.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_connection_is_noticed_within_90_seconds_and_a_live_one_is_left() {
        let limits = Limits::default();
        assert!(limits.silence() <= Duration::from_secs(90));
        assert!(limits.silence_margin > Duration::from_secs(5) + limits.upstream_timeout, "kube's margin, and an answer");
        // The page counts a socket that is silent for 40 s as dead.
        assert_eq!(limits.heartbeat, Duration::from_secs(15));
    }
}
