//! Clusters come, go, change and expire while the proxy runs, and none of that touches another.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use krateyard_proxy::{ClusterConfig, Endpoint, Flags, Mark, Proxy, Sources, Written};
use krateyard_shared::api::{ClusterInfo, Clusters};
use krateyard_shared::identity::ClusterName;
use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::{ClientMessage, Freshness, ServerMessage, Wire};
use kubesim::{Options, Sim};
use serde_json::json;

use crate::bench::{Bench, Watch, bounded, refusal};

const OTHER: &str = "other";

async fn sim() -> Sim {
    Sim::start(Options { pods: 20, ..Options::default() }).await.unwrap()
}

fn config(name: &str, sim: &Sim) -> ClusterConfig {
    ClusterConfig::server(name, sim.url(), "krateyard-proxy").unwrap()
}

async fn two() -> (Bench, Sim) {
    let other = sim().await;
    let bench = Bench::with(Options { pods: 20, ..Options::default() }, |config| config.clusters.push(self::config(OTHER, &other))).await;
    (bench, other)
}

async fn subscribe(watch: &mut Watch, id: u32, cluster: &str, kind: Kind) {
    watch.send(&ClientMessage::Subscribe { id, cluster: ClusterName(cluster.into()), resource: kind.resource(), scope: Scope::All, resume: None }).await;
}

/// Everything that is said, words of clusters too.
async fn until<T>(watch: &mut Watch, mut fits: impl FnMut(&ServerMessage) -> Option<T>) -> T {
    loop {
        let message = watch.socket.next().await.unwrap();
        if let Some(found) = fits(&Wire::Json.decode(message.to_text().unwrap().as_bytes()).unwrap()) {
            return found;
        }
    }
}

/// That a change in a cluster comes, and that nothing else is said of the subscription before it.
async fn is_undisturbed(watch: &mut Watch, id: u32, sim: &Sim, name: &str) {
    sim.apply(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "status": {"phase": "Active"}})).unwrap();
    watch
        .until(|message| match message {
            ServerMessage::Delta { id: of, upserts, .. } if of == id => upserts.iter().any(|row| row.decode().unwrap().name == name).then_some(()),
            ServerMessage::Denied { id: of, .. } | ServerMessage::Complete { id: of, .. } | ServerMessage::Reset { id: of, .. } => {
                assert_ne!(of, id, "{message:?}");
                None
            }
            ServerMessage::Freshness { id: of, .. } => {
                assert_ne!(of, id, "{message:?}");
                None
            }
            _ => None,
        })
        .await;
}

async fn clusters(bench: &Bench) -> Vec<ClusterInfo> {
    bench.get("demo-admin", "/api/clusters").await.json::<Clusters>().await.unwrap().clusters
}

async fn names(bench: &Bench) -> Vec<String> {
    clusters(bench).await.into_iter().map(|cluster| cluster.name.0).collect()
}

fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

#[tokio::test]
async fn a_removed_cluster_ends_with_words_and_leaves_no_task_behind_and_the_others_do_not_notice() {
    let other = sim().await;
    let bench = Bench::start().await;
    let mut watch = bench.watch("demo-admin").await;
    subscribe(&mut watch, 1, "demo", Kind::Namespace).await;
    watch.rows(1).await;
    let mut at_rest = None;
    let both = || vec![config("demo", &bench.sim), config(OTHER, &other)];

    for round in 0..3 {
        bench.proxy.set_clusters(both()).await;
        assert_eq!(names(&bench).await, ["demo", OTHER]);
        until(&mut watch, |message| matches!(message, ServerMessage::AccessChanged { cluster } if cluster.0 == OTHER).then_some(())).await;
        for (id, kind) in [(10, Kind::Pod), (11, Kind::Secret), (12, Kind::Deployment)] {
            subscribe(&mut watch, id, OTHER, kind).await;
            watch.rows(id).await;
        }
        assert!(at_rest.is_none_or(|at_rest| tasks() > at_rest));

        bench.proxy.set_clusters(vec![config("demo", &bench.sim)]).await;
        for id in 10..13 {
            assert_eq!(watch.denied(id).await, Refusal::no_cluster(&ClusterName(OTHER.into())));
        }
        subscribe(&mut watch, 20, OTHER, Kind::Pod).await;
        assert_eq!(watch.denied(20).await.to_string(), "cluster other does not exist");
        assert_eq!(bench.get("demo-admin", "/api/access?cluster=other").await.status(), 404);
        is_undisturbed(&mut watch, 1, &bench.sim, &format!("after-{round}")).await;
        // Connections end with the client that held them; the first round leaves those that go on to the cluster that stays.
        at_rest = Some(bounded(rests_at(at_rest)).await);
    }
}

/// How many tasks there are when their number rests, at most so many.
async fn rests_at(most: Option<usize>) -> usize {
    loop {
        let before = tasks();
        tokio::time::sleep(Duration::from_millis(200)).await;
        if before == tasks() && most.is_none_or(|most| before <= most) {
            return before;
        }
    }
}

#[tokio::test]
async fn a_cluster_whose_entry_changes_begins_anew_alone() {
    let (bench, other) = two().await;
    let third = sim().await;
    third.apply(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "of-the-third"}, "status": {"phase": "Active"}})).unwrap();
    let mut watch = bench.watch("demo-admin").await;
    for (id, cluster) in [(1, "demo"), (2, OTHER)] {
        subscribe(&mut watch, id, cluster, Kind::Namespace).await;
        watch.rows(id).await;
    }
    // What reads as before is left alone, in whatever order.
    bench.proxy.set_clusters(vec![config("demo", &bench.sim), config(OTHER, &other)]).await;
    is_undisturbed(&mut watch, 2, &other, "still-there").await;
    bench.proxy.set_clusters(vec![config("demo", &bench.sim), config(OTHER, &third)]).await;
    let reason = watch.until(|message| if let ServerMessage::Complete { id: 2, reason } = message { Some(reason) } else { None }).await;
    assert!(reason.contains("changed"), "{reason}");
    subscribe(&mut watch, 3, OTHER, Kind::Namespace).await;
    assert!(watch.rows(3).await.iter().any(|row| row.name == "of-the-third"));
    is_undisturbed(&mut watch, 1, &bench.sim, "demo-goes-on").await;
}

#[tokio::test]
async fn the_cluster_that_people_sign_in_to_stays() {
    let (bench, other) = two().await;
    bench.proxy.set_clusters(vec![config(OTHER, &other)]).await;
    assert_eq!(names(&bench).await, ["demo", OTHER]);
    bench.proxy.set_clusters(vec![config(OTHER, &other), config("demo", &bench.sim)]).await;
    assert_eq!(names(&bench).await, ["demo", OTHER], "another does not become the one to sign in to");
    assert_eq!(bench.get("demo-viewer", "/api/session").await.status(), 200);
}

#[tokio::test]
async fn logs_of_a_removed_cluster_end_with_the_reason() {
    let (bench, _other) = two().await;
    // Worlds of one seed have the same pods.
    let (pod, container) = crate::logs::running(&bench, "web", "");
    let path = format!("/ws/logs?cluster={OTHER}&ns=web&pod={pod}&container={container}");
    let mut log = bench.connect(&path, &[("authorization", "Bearer demo-admin")]).await.unwrap();
    log.next().await.unwrap();
    bench.proxy.set_clusters(vec![config("demo", &bench.sim)]).await;
    assert_eq!(log.closed().await, (4404, "cluster other does not exist".into()));
}

/// Files that a test writes.
#[derive(Clone, Default)]
struct Disk(Arc<Mutex<HashMap<PathBuf, String>>>);

impl Disk {
    fn write(&self, path: &str, text: &str) {
        self.0.lock().unwrap().insert(path.into(), text.into());
    }
}

impl Sources for Disk {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        self.0.lock().unwrap().get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn exists(&self, path: &Path, _: bool) -> bool {
        self.0.lock().unwrap().contains_key(path)
    }
}

#[tokio::test]
async fn the_file_is_followed_and_a_broken_one_changes_nothing() {
    let (here, there) = (sim().await, sim().await);
    let disk = Disk::default();
    let entry = |name: &str, sim: &Sim| format!("[[clusters]]\nname = '{name}'\nserver = '{}'\ntoken = 'krateyard-proxy'\n", sim.url());
    let file = |clusters: &str| format!("listen = '127.0.0.1:0'\n{clusters}");
    disk.write("/k.toml", &file(&entry("demo", &here)));
    let written = Written::Serve(Flags { config: Some("/k.toml".into()), ..Flags::default() });
    let proxy = Proxy::start(written.load(&disk).unwrap()).await.unwrap();
    proxy.follow(written, disk.clone(), Duration::from_millis(20));
    let bench = Bench { sim: here, proxy, http: reqwest::Client::new() };
    let becomes = async |wanted: &[&str]| {
        bounded(async {
            while names(&bench).await != wanted {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    };
    becomes(&["demo"]).await;
    let both = file(&(entry("demo", &bench.sim) + &entry("there", &there)));
    disk.write("/k.toml", &both);
    becomes(&["demo", "there"]).await;
    let mut watch = bench.watch("demo-admin").await;
    subscribe(&mut watch, 1, "there", Kind::Namespace).await;
    watch.rows(1).await;
    for broken in [&both[..both.len() - 5], "", "listen = ["] {
        disk.write("/k.toml", broken);
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert_eq!(names(&bench).await, ["demo", "there"]);
    }
    disk.0.lock().unwrap().clear();
    tokio::time::sleep(Duration::from_millis(150)).await;
    // Another key counts after a restart, and harms nothing until then.
    disk.write("/k.toml", &format!("session_secs = 60\n{both}"));
    is_undisturbed(&mut watch, 1, &there, "goes-on").await;
    disk.write("/k.toml", &file(&entry("demo", &bench.sim)));
    becomes(&["demo"]).await;
    assert_eq!(watch.denied(1).await, Refusal::no_cluster(&ClusterName("there".into())));
}

#[tokio::test]
async fn an_expired_cluster_says_so_harms_no_other_and_comes_back_with_new_credentials() {
    let other = sim().await;
    for token in ["first", "second"] {
        other.add_token(token, "system:serviceaccount:krateyard:krateyard", &["system:serviceaccounts", "system:authenticated"]);
    }
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("expiring-kubeconfig.yaml");
    std::fs::write(&path, other.kubeconfig("first")).unwrap();
    let expiring =
        ClusterConfig { name: ClusterName(OTHER.into()), endpoint: Endpoint::Kubeconfig { path: path.clone(), context: None, mark: Mark::default() } };
    let bench = Bench::with(Options { pods: 20, ..Options::default() }, |config| config.clusters.push(expiring)).await;
    let mut watch = bench.watch("demo-admin").await;
    for (id, cluster) in [(1, "demo"), (2, OTHER)] {
        subscribe(&mut watch, id, cluster, Kind::Namespace).await;
        watch.rows(id).await;
    }
    let told = async |refused: bool| {
        bounded(async {
            while clusters(&bench).await[1].refused != refused {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    };
    told(false).await;

    other.revoke_token("first");
    other.cut_connections().await;
    let unaccepted = |state: &Freshness| matches!(state, Freshness::Stale { cause, .. } if cause.contains("does not accept the credentials"));
    watch.until(|message| matches!(message, ServerMessage::Freshness { id: 2, state } if unaccepted(&state)).then_some(())).await;
    told(true).await;
    let info = clusters(&bench).await.remove(1);
    assert!(!info.reachable && info.problem.contains("does not accept the credentials"), "{info:?}");
    let Refusal::UpstreamDown { cause } = refusal(bench.get("demo-admin", "/api/access?cluster=other").await).await else { panic!("not down") };
    assert!(cause.contains("does not accept the credentials"), "{cause}");
    is_undisturbed(&mut watch, 1, &bench.sim, "not-harmed").await;

    std::fs::write(&path, other.kubeconfig("second")).unwrap();
    watch.until(|message| matches!(message, ServerMessage::Freshness { id: 2, state: Freshness::Live }).then_some(())).await;
    told(false).await;
    is_undisturbed(&mut watch, 2, &other, "recovered").await;
}
