//! How fast a log comes through the proxy, beside a plain client of the cluster, and many follows at once: `cargo xtask bench` measures with it.
//!
//! `cargo run --example logs -- HOST:PORT KUBERNETES_PORT CONTROL_PORT CLUSTER LINES FOLLOWS` with a simulated cluster. It reads one log of so many lines to its end, in turns by
//! both ways; after a line of input it opens so many follows, of a few people, and keeps them until another line.
#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::collections::HashMap;
use std::error::Error;
use std::io::BufRead;
use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use krateyard_shared::logs::{INITIAL_CREDIT, LogControl, LogCredit, LogFrame};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Failed = Box<dyn Error + Send + Sync>;
type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

const TOKEN: &str = "demo-admin";
/// Pairs of both ways.
const ROUNDS: usize = 5;
/// Follows of one person, who may have 64 sockets.
const EACH: usize = 50;
/// Nothing comes for so long: it is not about to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where everything is.
struct Place {
    proxy: String,
    kubernetes: String,
    control: String,
    cluster: String,
}

/// A container of a pod.
struct Target {
    namespace: String,
    pod: String,
    container: String,
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [proxy, kubernetes, control, cluster, lines, follows] = &arguments[..] else {
        return Err("usage: logs HOST:PORT KUBERNETES_PORT CONTROL_PORT CLUSTER LINES FOLLOWS".into());
    };
    let at = |port: &str| format!("http://127.0.0.1:{port}");
    let place = Place { proxy: proxy.clone(), kubernetes: at(kubernetes), control: at(control), cluster: cluster.clone() };
    let (lines, follows) = (lines.parse::<usize>()?, follows.parse::<usize>()?);
    let http = reqwest::Client::new();
    let targets = targets(&http, &place).await?;
    let target = targets.first().ok_or("no pod runs")?;
    let annotation = json!({"metadata": {"annotations": {"kubesim.krateyard.dev/log-lines": lines.to_string(), "kubesim.krateyard.dev/log-rate": "0"}}});
    let path = format!("{}/api/v1/namespaces/{}/pods/{}", place.kubernetes, target.namespace, target.pod);
    let patched = http.patch(&path).bearer_auth(TOKEN).header("content-type", "application/merge-patch+json").body(annotation.to_string());
    patched.send().await?.error_for_status()?;

    let (mut ours, mut plain, mut lost, mut doubled) = (Vec::new(), Vec::new(), 0, 0);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let direct = read_plainly(&http, &format!("{path}/log?container={}&timestamps=true&follow=true", target.container), lines).await?;
        plain.push(lines as f64 / begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        let through = read_through(&place, target, lines).await?;
        ours.push(lines as f64 / begun.elapsed().as_secs_f64());
        let mut counts: HashMap<&str, i64> = HashMap::new();
        direct.iter().for_each(|line| *counts.entry(line).or_default() += 1);
        through.iter().for_each(|line| *counts.entry(line).or_default() -= 1);
        lost += counts.values().filter(|count| **count > 0).sum::<i64>();
        doubled -= counts.values().filter(|count| **count < 0).sum::<i64>();
    }
    println!("rate {:.0} {:.0} {lost} {doubled}", median(ours), median(plain));
    read_a_line().await?;

    for person in 0..follows.div_ceil(EACH) {
        let known = json!({"token": token(person), "user": format!("reader-{person}@example.com"), "groups": ["system:masters"]});
        http.post(format!("{}/tokens/add", place.control)).json(&known).send().await?.error_for_status()?;
    }
    let mut open = Vec::new();
    for (number, target) in targets.iter().skip(1).cycle().take(follows).enumerate() {
        let mut socket = connect(&place, target, &token(number / EACH), "&tail=100").await?;
        while !matches!(next(&mut socket).await?, LogFrame::Control(LogControl::CaughtUp)) {}
        open.push(socket);
    }
    println!("open {}", open.len());
    read_a_line().await
}

/// Containers that run.
async fn targets(http: &reqwest::Client, place: &Place) -> Result<Vec<Target>, Failed> {
    let list: Value = http.get(format!("{}/api/v1/pods", place.kubernetes)).bearer_auth(TOKEN).send().await?.error_for_status()?.json().await?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let runs = |pod: &&Value| pod["status"]["containerStatuses"].as_array().is_some_and(|all| all.iter().all(|one| one["state"]["running"].is_object()));
    let of = |pod: &Value| Target {
        namespace: text(&pod["metadata"]["namespace"]),
        pod: text(&pod["metadata"]["name"]),
        container: text(&pod["spec"]["containers"][0]["name"]),
    };
    Ok(list["items"].as_array().into_iter().flatten().filter(runs).map(of).collect())
}

/// As `kubectl logs -f --timestamps` does.
async fn read_plainly(http: &reqwest::Client, url: &str, lines: usize) -> Result<Vec<String>, Failed> {
    let mut response = http.get(url).bearer_auth(TOKEN).send().await?.error_for_status()?;
    let (mut rest, mut all) = (Vec::new(), Vec::new());
    while all.len() < lines {
        rest.extend_from_slice(&tokio::time::timeout(PATIENCE, response.chunk()).await??.ok_or("the log ended")?);
        let end = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        all.extend(rest[..end].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(|line| String::from_utf8_lossy(line).into_owned()));
        rest.drain(..end);
    }
    Ok(all)
}

async fn read_through(place: &Place, target: &Target, lines: usize) -> Result<Vec<String>, Failed> {
    let mut socket = connect(place, target, TOKEN, "").await?;
    let (mut all, mut owed) = (Vec::new(), 0);
    while all.len() < lines {
        let LogFrame::Lines { l } = next(&mut socket).await? else { continue };
        for line in l {
            owed += (line.1.len() + line.2.len() + 1) as u64;
            all.push(format!("{} {}", line.1, line.2));
        }
        if owed >= INITIAL_CREDIT / 4 {
            let credit = LogCredit { credit: std::mem::take(&mut owed) };
            socket.send(Message::text(serde_json::to_string(&credit)?)).await?;
        }
    }
    Ok(all)
}

async fn connect(place: &Place, target: &Target, token: &str, more: &str) -> Result<Socket, Failed> {
    let Target { namespace, pod, container } = target;
    let url = format!("ws://{}/ws/logs?cluster={}&ns={namespace}&pod={pod}&container={container}{more}", place.proxy, place.cluster);
    let mut request = url.into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
    Ok(connect_async(request).await?.0)
}

async fn next(socket: &mut Socket) -> Result<LogFrame, Failed> {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await?.ok_or("the proxy closed the socket")??;
        if let Message::Text(text) = message {
            return Ok(serde_json::from_str(&text)?);
        }
    }
}

fn token(person: usize) -> String {
    format!("reader-{person}")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn read_a_line() -> Result<(), Failed> {
    Ok(tokio::task::spawn_blocking(|| std::io::stdin().lock().read_line(&mut String::new())).await?.map(drop)?)
}
