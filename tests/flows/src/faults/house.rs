//! A simulated cluster, a real proxy, and the cables before and behind it. And a neighbour: another cluster, which comes and goes while the proxy runs, and to which
//! nothing else happens.

use std::time::Duration;

use krateyard_proxy::{ClusterConfig, Config, Proxy};
use kubesim::{Options, Sim};

use super::cluster::Cluster;
use crate::cable::{Cable, Traffic};
use crate::stage::CLUSTER;

/// Between two heartbeats, in seconds.
pub(super) const HEARTBEAT: u64 = 5;
/// After so long without a word an upstream watch is made anew, in seconds.
pub(super) const WATCH: u64 = 20;
/// After so much longer an upstream that says nothing at all is left for another, in seconds.
pub(super) const MARGIN: u64 = 15;
/// A hub without subscribers lives on so long, in seconds.
pub(super) const REST: u64 = 10;

/// Bytes of rows that a crowded proxy may hold: rows of one kind.
const CROWDED: usize = 1;

/// The name of the neighbour.
pub(super) const NEIGHBOUR: &str = "neighbour";
/// With which the proxy is known there: one after the other.
const TOKENS: [&str; 2] = ["krateyard-proxy", "krateyard-proxy-2"];

/// What is different from house to house.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// People sign in to the neighbour: it may change, and it cannot go.
    pub(super) signs_in_next_door: bool,
    /// The proxy has no room for rows of a second kind.
    pub(super) is_crowded: bool,
}

pub(super) struct House {
    plan: Plan,
    pub(super) cluster: Cluster,
    pub(super) neighbour: Cluster,
    /// Whether the proxy is to serve the neighbour, and with which of its tokens.
    neighbours: Option<usize>,
    /// From the proxy to the API server.
    pub(super) upstream: Cable,
    /// From people to the proxy.
    pub(super) front: Cable,
    proxy: Option<Proxy>,
}

impl House {
    pub(super) async fn build(seed: u64, plan: Plan, traffic: &Traffic) -> House {
        let options = Options { pods: 30, controllers: false, seed, bookmark_every: Duration::from_secs(7), history: 400, ..Options::default() };
        let sim = Sim::start(options).await.expect("a free port");
        let api = sim.url().strip_prefix("http://").and_then(|addr| addr.parse().ok()).expect("kubesim's URL is an address");
        let (upstream, front) = (Cable::to(api, traffic.clone()).await, Cable::to(api, traffic.clone()).await);
        let next = Sim::start(Options { pods: 10, controllers: false, seed: seed + 1, ..Options::default() }).await.expect("a free port");
        next.add_token(TOKENS[1], "system:serviceaccount:krateyard:krateyard", &["system:serviceaccounts", "system:authenticated"]);
        let mut house = House { plan, cluster: Cluster::of(sim), neighbour: Cluster::of(next), neighbours: Some(0), upstream, front, proxy: None };
        house.start_proxy().await;
        house
    }

    /// Starts the proxy where there is none.
    pub(super) async fn start_proxy(&mut self) {
        if self.proxy.is_some() {
            return;
        }
        let mut clusters = self.clusters();
        let mut config = Config::loopback(clusters.remove(0));
        config.clusters.append(&mut clusters);
        config.limits.heartbeat = Duration::from_secs(HEARTBEAT);
        config.limits.watch_timeout_secs = u32::try_from(WATCH).expect("small");
        config.limits.hub_rest = Duration::from_secs(REST);
        if self.plan.is_crowded {
            config.limits.hub_bytes = CROWDED;
        }
        let proxy = Proxy::start(config).await.expect("a free port");
        self.front.lead_to(proxy.local_addr());
        self.proxy = Some(proxy);
    }

    fn clusters(&self) -> Vec<ClusterConfig> {
        let one = ClusterConfig::server(CLUSTER, &format!("http://{}", self.upstream.addr()), TOKENS[0]);
        let other = self.neighbours.map(|token| ClusterConfig::server(NEIGHBOUR, self.neighbour.sim().url(), TOKENS[token]));
        let mut clusters: Vec<_> = std::iter::once(one).chain(other).map(|cluster| cluster.expect("a URL")).collect();
        if self.plan.signs_in_next_door {
            clusters.reverse();
        }
        clusters
    }

    /// Whether the proxy has no room for rows of a second kind.
    pub(super) fn is_crowded(&self) -> bool {
        self.plan.is_crowded
    }

    /// Gives the proxy room, which needs a restart.
    pub(super) fn make_room(&mut self) {
        if std::mem::take(&mut self.plan.is_crowded) {
            self.stop_proxy(true);
        }
    }

    /// Lets the proxy serve the neighbour, or not; with another token than before, if it is to.
    pub(super) async fn serve_neighbour(&mut self, is_served: bool, anew: bool) {
        let before = self.neighbours;
        let token = before.map_or(0, |token| if anew { 1 - token } else { token });
        self.neighbours = is_served.then_some(token);
        if let Some(proxy) = &self.proxy {
            proxy.set_clusters(self.clusters()).await;
        }
        if self.plan.signs_in_next_door && !is_served {
            // It stays what it was.
            self.neighbours = before;
            return;
        }
        self.neighbour.serve(is_served);
    }

    /// The cluster of a person.
    pub(super) fn of(&self, person: usize) -> &Cluster {
        if person == super::NEXT_DOOR { &self.neighbour } else { &self.cluster }
    }

    /// Ends the proxy: in order, or as a power cut does.
    pub(super) fn stop_proxy(&mut self, in_order: bool) {
        let Some(proxy) = self.proxy.take() else { return };
        self.front.lead_to(([127, 0, 0, 1], 1).into());
        if !in_order {
            self.front.cut();
        }
        tokio::spawn(proxy.stop());
    }

    pub(super) async fn clear(mut self) {
        if let Some(proxy) = self.proxy.take() {
            proxy.stop().await;
        }
        self.cluster.sim().stop().await;
        self.neighbour.sim().stop().await;
    }
}
