//! kill -9 at random points while people edit: of a proxy that keeps rooms in a folder, of one of two that share a Redis, of the Redis, of all at once. Whatever
//! was acknowledged is there before anybody sends anything again, those who are left go on, and in the end all have everything.
//!
//! `KRATEYARD_KILLS=200` kills more often, `KRATEYARD_SEED` plays one game again.
#![allow(clippy::print_stdout, reason = "seeds are printed")]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures::future::join_all;
use futures::{SinkExt, StreamExt};
use krateyard_shared::sync::frame::Frame;
use krateyard_shared::sync::{self, CONTROL, PROTOCOL, ToApp, ToProxy};
use kubesim::{Options, Sim};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

use crate::bench::bounded;
use crate::redis_server::{Redis, free_port, without_redis};
use crate::sync_peers::{Copy, demo, of};

/// People who edit at the same time.
const WRITERS: usize = 4;
/// Edits of one of them that wait to be acknowledged.
const WAITING: usize = 8;
/// Edits that are acknowledged after a death, as a sign that the others go on.
const GO_ON: u64 = 30;
/// Whatever was acknowledged is there within this time.
const SOON: Duration = Duration::from_secs(5);
/// The one room.
const CHANNEL: u32 = 1;

/// Numbers that follow from a seed (SplitMix64).
struct Random(u64);

impl Random {
    /// Another one each time, unless `KRATEYARD_SEED` says which.
    fn new() -> Random {
        let said = std::env::var("KRATEYARD_SEED").ok().map(|text| text.parse().unwrap());
        let seed = said.unwrap_or_else(|| u64::from(std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos()));
        println!("KRATEYARD_SEED={seed}");
        Random(seed)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

fn kills(usual: u32) -> u32 {
    std::env::var("KRATEYARD_KILLS").map_or(usual, |text| text.parse().unwrap())
}

/// The program `krateyard` itself.
struct Server {
    cluster: String,
    rooms: String,
    address: SocketAddr,
    process: Option<Child>,
}

impl Server {
    async fn start(sim: &Sim, rooms: &str) -> Server {
        let mut server = Server { cluster: sim.url().to_owned(), rooms: rooms.to_owned(), address: ([127, 0, 0, 1], 0).into(), process: None };
        server.run().await;
        server
    }

    async fn run(&mut self) {
        self.address = ([127, 0, 0, 1], free_port()).into();
        let mut command = Command::new(env!("CARGO_BIN_EXE_krateyard"));
        command.args(["serve", "--cluster", "demo", "--server", &self.cluster, "--rooms", &self.rooms, "--listen", &self.address.to_string()]);
        command.env("KRATEYARD_TOKEN", "krateyard-proxy").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(command.spawn().unwrap());
        let (http, health) = (reqwest::Client::new(), format!("http://{}/api/health", self.address));
        bounded(async {
            let answer = async || http.get(&health).send().await?.text().await;
            while !answer().await.is_ok_and(|health| health.contains("\"ready\":true")) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

type Stream = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// The app's socket, in the room.
async fn enter(address: SocketAddr, copy: &Copy) -> Option<Stream> {
    let mut request = format!("ws://{address}/ws/sync").into_client_request().unwrap();
    request.headers_mut().insert("authorization", "Bearer demo-admin".parse().unwrap());
    request.headers_mut().insert("sec-websocket-protocol", PROTOCOL.parse().unwrap());
    let (mut stream, _) = bounded(tokio_tungstenite::connect_async(request)).await.ok()?;
    let open = ToProxy::Open { channel: CHANNEL, cluster: demo(), room: of("web"), in_pieces: true };
    stream.send(Message::binary(sync::control(&open))).await.ok()?;
    stream.send(Message::binary(sync::on_channel(CHANNEL, &copy.ask()))).await.ok()?;
    Some(stream)
}

enum Heard {
    /// So many frames are kept.
    Kept(u64),
    /// Of the document; what is to be answered.
    Document(Option<Vec<u8>>),
    Nothing,
}

/// The next that a copy hears; `None` once the socket is broken.
async fn hear(stream: &mut Stream, copy: &Copy) -> Option<Heard> {
    let message = match stream.next().await?.ok()? {
        Message::Binary(message) => message,
        _ => return Some(Heard::Nothing),
    };
    match sync::of_channel(&message).unwrap() {
        (CONTROL, control) => match minicbor::decode(control).unwrap() {
            ToApp::Ack { frames, .. } => Some(Heard::Kept(frames)),
            ToApp::Closed { refusal, .. } | ToApp::Refused { refusal, .. } => panic!("{refusal}"),
            _ => Some(Heard::Nothing),
        },
        (_, frame) if matches!(Frame::read(frame), Ok(Frame::Awareness(_))) => Some(Heard::Nothing),
        (_, frame) => Some(Heard::Document(copy.hear(frame))),
    }
}

/// Stays until a copy has all of these, and what it alone had is kept; those that are missing, where they do not come soon.
async fn meet(copy: &Copy, address: SocketAddr, wanted: &[String]) -> Result<(), Vec<String>> {
    let meeting = async {
        let (mut stream, mut is_kept) = (enter(address, copy).await.expect("it is there"), false);
        while !is_kept || !wanted.iter().all(|key| copy.has(key)) {
            match hear(&mut stream, copy).await.expect("it stays there") {
                Heard::Document(Some(answer)) => stream.send(Message::binary(sync::on_channel(CHANNEL, &answer))).await.unwrap(),
                Heard::Kept(_) => is_kept = true,
                Heard::Document(None) | Heard::Nothing => {}
            }
        }
    };
    let done = tokio::time::timeout(SOON, meeting).await;
    done.map_err(|_| wanted.iter().filter(|key| !copy.has(key)).cloned().collect())
}

/// Somebody who edits.
struct Writer {
    number: usize,
    copy: Copy,
    written: u64,
    /// Of what was written, from the beginning.
    acknowledged: u64,
}

fn key(writer: usize, number: u64) -> String {
    format!("{writer}: {number}")
}

impl Writer {
    /// Edits until the socket breaks, or it is time to stop. `all` counts what is acknowledged.
    async fn edit(&mut self, address: SocketAddr, all: &watch::Sender<u64>, stop: &CancellationToken) {
        let Some(mut stream) = enter(address, &self.copy).await else { return };
        // Frame so and so had everything before this edit.
        let (mut frames, mut had, mut was_asked) = (0, VecDeque::new(), false);
        loop {
            while was_asked && had.len() < WAITING && !stop.is_cancelled() {
                let edit = self.copy.write(&key(self.number, self.written));
                self.written += 1;
                frames += 1;
                had.push_back((frames, self.written));
                // A socket that is broken says so when it is read.
                let _ = stream.send(Message::binary(sync::on_channel(CHANNEL, &edit))).await;
            }
            let heard = tokio::select! {
                heard = hear(&mut stream, &self.copy) => heard,
                () = stop.cancelled() => None,
            };
            match heard {
                None => return,
                Some(Heard::Kept(kept)) => {
                    let before = self.acknowledged;
                    while let Some((_, written)) = had.pop_front_if(|(frame, _)| *frame <= kept) {
                        self.acknowledged = self.acknowledged.max(written);
                    }
                    all.send_modify(|all| *all += self.acknowledged - before);
                }
                Some(Heard::Document(Some(answer))) => {
                    was_asked = true;
                    frames += 1;
                    had.push_back((frames, self.written));
                    let _ = stream.send(Message::binary(sync::on_channel(CHANNEL, &answer))).await;
                }
                Some(Heard::Document(None) | Heard::Nothing) => {}
            }
        }
    }
}

/// Who dies.
#[derive(Debug, Clone, Copy)]
enum Death {
    /// One proxy of them.
    Proxy(usize),
    /// The Redis, which begins anew while the proxies go on.
    Redis,
    /// Everything.
    All,
}

struct Game {
    random: Random,
    servers: Vec<Server>,
    redis: Option<Redis>,
    writers: Vec<Writer>,
}

impl Game {
    fn new(random: Random, servers: Vec<Server>, redis: Option<Redis>) -> Game {
        let writers = (0..WRITERS).map(|number| Writer { number, copy: Copy::new(number as u64 + 1), written: 0, acknowledged: 0 });
        Game { random, servers, redis, writers: writers.collect() }
    }

    /// Lets everybody edit, and somebody die meanwhile.
    async fn round(&mut self, death: Death) {
        let (all, stop) = (watch::Sender::new(0), CancellationToken::new());
        let addresses: Vec<SocketAddr> = self.servers.iter().map(|server| server.address).collect();
        let editing = join_all(self.writers.iter_mut().map(|writer| writer.edit(addresses[writer.number % addresses.len()], &all, &stop)));
        let (until, pause) = (10 + self.random.below(300), Duration::from_micros(self.random.below(5_000)));
        let (servers, redis) = (&mut self.servers, &mut self.redis);
        let dying = async {
            let mut count = all.subscribe();
            bounded(count.wait_for(|count| *count >= until)).await.unwrap();
            // In the middle of whatever it does.
            tokio::time::sleep(pause).await;
            match (death, redis) {
                (Death::Proxy(number), _) => servers[number].kill(),
                (Death::Redis, Some(redis)) => {
                    redis.kill();
                    redis.run().unwrap();
                }
                (Death::Redis | Death::All, redis) => {
                    if let Some(redis) = redis {
                        redis.kill();
                    }
                    servers.iter_mut().for_each(Server::kill);
                }
            }
            if servers.iter().any(|server| server.process.is_some()) {
                let before = *count.borrow_and_update();
                bounded(count.wait_for(|count| *count >= before + GO_ON)).await.unwrap();
            }
            stop.cancel();
        };
        bounded(async { tokio::join!(editing, dying) }).await;
    }

    /// Asks a proxy, before anybody sends anything again, whether all is there that was acknowledged.
    async fn check(&mut self, death: Death) {
        if let (Death::All, Some(redis)) = (death, &mut self.redis) {
            redis.run().unwrap();
        }
        if self.servers.iter().all(|server| server.process.is_none()) {
            self.servers[0].run().await;
        }
        let acknowledged: Vec<String> = self.writers.iter().flat_map(|writer| (0..writer.acknowledged).map(|number| key(writer.number, number))).collect();
        let alive = self.servers.iter().find(|server| server.process.is_some()).unwrap();
        if let Err(missing) = meet(&Copy::new(99), alive.address, &acknowledged).await {
            panic!("after the death of {death:?} these are missing of {} that were acknowledged: {missing:?}", acknowledged.len());
        }
        for server in &mut self.servers {
            if server.process.is_none() {
                server.run().await;
            }
        }
    }

    async fn play(mut self, deaths: impl Fn(&mut Random) -> Death, rounds: u32) {
        for _ in 0..rounds {
            let death = deaths(&mut self.random);
            self.round(death).await;
            self.check(death).await;
        }
        // All come back, and send what they have.
        let all: Vec<String> = self.writers.iter().flat_map(|writer| (0..writer.written).map(|number| key(writer.number, number))).collect();
        let met = join_all(self.writers.iter().map(|writer| meet(&writer.copy, self.servers[writer.number % self.servers.len()].address, &all))).await;
        for (writer, met) in met.into_iter().enumerate() {
            assert_eq!(met, Ok(()), "writer {writer}");
        }
        let acknowledged: u64 = self.writers.iter().map(|writer| writer.acknowledged).sum();
        println!("{rounds} deaths, {acknowledged} edits acknowledged, {} written", all.len());
        // And from what is kept, alone.
        self.servers.iter_mut().for_each(Server::kill);
        self.check(Death::Proxy(0)).await;
    }
}

async fn cluster() -> Sim {
    Sim::start(Options { pods: 5, ..Options::default() }).await.unwrap()
}

#[tokio::test]
async fn what_a_proxy_acknowledged_is_in_its_folder_after_kill_9() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("killed-{}", std::process::id()));
    let (random, sim) = (Random::new(), cluster().await);
    let server = Server::start(&sim, folder.to_str().unwrap()).await;
    Game::new(random, vec![server], None).play(|_| Death::All, kills(5)).await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn what_two_proxies_acknowledged_is_in_redis_whoever_of_them_is_killed() {
    let Some(redis) = Redis::start("killed") else { return without_redis() };
    let (random, sim) = (Random::new(), cluster().await);
    let servers = vec![Server::start(&sim, &redis.url()).await, Server::start(&sim, &redis.url()).await];
    let deaths = |random: &mut Random| match random.below(4) {
        0 => Death::Redis,
        1 => Death::All,
        which => Death::Proxy(which as usize - 2),
    };
    Game::new(random, servers, Some(redis)).play(deaths, kills(6)).await;
}
