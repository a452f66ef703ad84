//! How long after a plain kube-rs watcher the app's core has a change: `cargo xtask bench` measures with it. Both look at all pods of the same simulated cluster;
//! marks are written into labels of pods while the cluster changes others at its own rate, and each mark is timed at both.
//!
//! `cargo run --release --example latency -- PROXY_PORT KUBERNETES_PORT SECONDS`, with a proxy that calls the cluster `prod-eu-1`
#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures::{SinkExt, StreamExt};
use krateyard_app::refresh::Lease;
use krateyard_app::runtime::socket::SocketEvent;
use krateyard_app::runtime::{Effect, Input, Runtime};
use krateyard_shared::identity::ClusterName;
use krateyard_shared::kinds::Kind;
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::{BINARY, EncodedRow, ServerMessage, Wire};
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::runtime::watcher::{self, Event};
use kube::{Client, Config};
use serde_json::json;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const CLUSTER: &str = "prod-eu-1";
const TOKEN: &str = "demo-admin";
/// The label that marks are in.
const MARK: &str = "krateyard.dev/mark";
/// Between two marks.
const EVERY: Duration = Duration::from_millis(20);
/// Marks at the beginning that are not counted: connections open, and memory is had for the first time.
const WARM: u64 = 50;
/// Fewer say nothing of one in a hundred.
const ENOUGH: usize = 300;
/// How long lists may take.
const PATIENCE: Duration = Duration::from_secs(60);

type Failed = Box<dyn Error + Send + Sync>;

/// When each mark came.
#[derive(Clone, Default)]
struct Times(Arc<Mutex<HashMap<u64, Instant>>>);

impl Times {
    fn put(&self, mark: Option<&str>, at: Instant) {
        if let Some(mark) = mark.and_then(|mark| mark.parse().ok()) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(mark).or_insert(at);
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let [proxy, kubernetes, seconds] = numbers[..] else {
        return Err("usage: latency PROXY_PORT KUBERNETES_PORT SECONDS".into());
    };
    let mut config = Config::new(format!("http://127.0.0.1:{kubernetes}").parse()?);
    config.auth_info = serde_json::from_value(json!({ "token": TOKEN }))?;
    let client = Client::try_from(config)?;
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Pod"));
    let pods = Api::<DynamicObject>::all_with(client.clone(), &resource);

    let (plain, ours) = (Times::default(), Times::default());
    let (listed, mut is_listed) = watch::channel(false);
    let watching = tokio::spawn(watch_plainly(pods.clone(), plain.clone(), listed));
    let (complete, mut is_complete) = watch::channel(false);
    let core = tokio::spawn(run_the_core(proxy, ours.clone(), complete));
    tokio::time::timeout(PATIENCE, is_listed.wait_for(|is| *is)).await??;
    tokio::time::timeout(PATIENCE, is_complete.wait_for(|is| *is)).await??;

    let some = pods.list(&ListParams::default().limit(200)).await?.items;
    let mut ticks = tokio::time::interval(EVERY);
    let last = seconds * 1000 / u64::try_from(EVERY.as_millis())?;
    for (mark, pod) in (0..last).zip(some.iter().cycle()) {
        ticks.tick().await;
        let (Some(name), Some(namespace)) = (pod.metadata.name.clone(), pod.metadata.namespace.as_deref()) else { continue };
        let pods = Api::<DynamicObject>::namespaced_with(client.clone(), namespace, &resource);
        tokio::spawn(async move {
            let patch = json!({"metadata": {"labels": {MARK: mark.to_string()}}});
            // A pod that went is a mark less.
            drop(pods.patch(&name, &PatchParams::default(), &Patch::Merge(&patch)).await);
        });
    }
    // What is under way arrives.
    tokio::time::sleep(Duration::from_secs(1)).await;
    for (task, whose) in [(watching, "the plain watcher"), (core, "the app's core")] {
        if task.is_finished() {
            return Err(task.await?.err().unwrap_or_else(|| format!("{whose} ended").into()));
        }
    }
    let (plain, ours) = (plain.0.lock().unwrap_or_else(PoisonError::into_inner), ours.0.lock().unwrap_or_else(PoisonError::into_inner));
    let both = plain.iter().filter_map(|(mark, at)| Some((*mark, *at, *ours.get(mark)?))).filter(|(mark, ..)| *mark >= WARM);
    // Negative where the core was first.
    let mut beyond: Vec<f64> = both.map(|(_, plain, ours)| millis(ours, plain) - millis(plain, ours)).collect();
    beyond.sort_by(f64::total_cmp);
    if beyond.len() < ENOUGH {
        return Err(format!("only {} of {last} marks came to both", beyond.len()).into());
    }
    println!("beyond {:.3} {:.3} {}", beyond[beyond.len() / 2], beyond[beyond.len() * 99 / 100], beyond.len());
    Ok(())
}

fn millis(later: Instant, earlier: Instant) -> f64 {
    later.saturating_duration_since(earlier).as_secs_f64() * 1000.0
}

/// What anybody would write with kube-rs.
async fn watch_plainly(pods: Api<DynamicObject>, times: Times, listed: watch::Sender<bool>) -> Result<(), Failed> {
    let events = watcher::watcher(pods, watcher::Config::default());
    futures::pin_mut!(events);
    while let Some(event) = events.next().await {
        match event? {
            Event::Apply(pod) => times.put(pod.metadata.labels.as_ref().and_then(|labels| labels.get(MARK)).map(String::as_str), Instant::now()),
            Event::InitDone => {
                let _ = listed.send(true);
            }
            _ => {}
        }
    }
    Ok(())
}

/// The core of a page, over a socket of this program: its time is that at which a frame was taken in.
async fn run_the_core(port: u64, times: Times, complete: watch::Sender<bool>) -> Result<(), Failed> {
    let mut runtime = Runtime::new(ClusterName(CLUSTER.into()), 1);
    let mut effects = runtime.handle(Input::Socket(SocketEvent::Start), now_ms());
    let (lease, more) = runtime.lease(Lease { kinds: Kind::Pod.into(), scopes: Scope::All.into() }, now_ms());
    effects.extend(more);
    let generation = effects.iter().find_map(|effect| if let Effect::Connect { generation } = effect { Some(*generation) } else { None });
    let generation = generation.ok_or("the core does not connect")?;

    let access = reqwest::Client::new().get(format!("http://127.0.0.1:{port}/api/access?cluster={CLUSTER}")).bearer_auth(TOKEN).send().await?;
    let access = Input::Access(Ok(access.error_for_status()?.json().await?));
    let mut request = format!("ws://127.0.0.1:{port}/ws/watch").into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {TOKEN}").parse()?);
    request.headers_mut().insert("sec-websocket-protocol", BINARY.parse()?);
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await?;

    let mut inputs = vec![Input::Socket(SocketEvent::Opened { generation }), access];
    let mut ticks = tokio::time::interval(Duration::from_millis(250));
    loop {
        for input in inputs.drain(..) {
            for effect in runtime.handle(input, now_ms()) {
                if let Effect::Send { bytes } = effect {
                    socket.send(Message::binary(bytes)).await?;
                }
            }
        }
        tokio::select! {
            _ = ticks.tick() => {
                if !*complete.borrow() && runtime.table(lease).complete {
                    let _ = complete.send(true);
                }
                inputs.push(Input::Tick);
            }
            message = socket.next() => {
                let Message::Binary(bytes) = message.ok_or("the proxy closed the socket")?? else { continue };
                let effects = runtime.handle(Input::Frame { generation, bytes: bytes.to_vec() }, now_ms());
                let reduced = Instant::now();
                for effect in effects {
                    if let Effect::Send { bytes } = effect {
                        socket.send(Message::binary(bytes)).await?;
                    }
                }
                // Read a second time, to know of whom it told.
                if let Ok(ServerMessage::Delta { upserts, .. }) = Wire::Binary.decode::<ServerMessage>(&bytes) {
                    for row in upserts.iter().filter_map(|row: &EncodedRow| row.decode().ok()) {
                        times.put(row.label(MARK), reduced);
                    }
                }
            }
        }
    }
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
