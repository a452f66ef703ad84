//! What the proxy costs: to start, at rest, with 10,000 pods, per event.

use std::fs;
use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::{Figure, median};
use crate::demo::{self, Options};
use crate::http;
use crate::processes::Processes;
use crate::workspace::{Failure, Workspace};

/// How often what is small and noisy is measured.
const RUNS: usize = 7;
/// How long memory may take to settle.
const SETTLES: Duration = Duration::from_secs(2);
/// For how long events are counted.
const COUNTED_SECONDS: u64 = 10;
/// More changes a second than the simulated cluster makes of so many pods: the proxy is given all that this machine has.
const CHURN: u32 = 10_000;
const CHURNING_PODS: u32 = 30_000;
/// `USER_HZ`, the unit of times in /proc: 100 on every Linux that Rust runs on (`man 5 proc`).
const TICKS_PER_SECOND: f64 = 100.0;

/// The proxy beside a simulated cluster.
struct Pair {
    processes: Processes,
    proxy: u32,
    port: u16,
    ready_after: Duration,
}

impl Pair {
    fn start(workspace: &Workspace, pods: u32, churn: u32) -> Result<Pair, Failure> {
        let programs = workspace.target.join("release");
        let mut processes = Processes::new(workspace)?;
        let kubernetes = demo::start_cluster(&mut processes, &programs, &Options { port: 0, pods, churn })?;
        let port = http::free_port()?;
        let (proxy, ready_after) = demo::start_proxy(&mut processes, &programs, port, kubernetes, Some(&workspace.root.join("dist")))?;
        Ok(Pair { processes, proxy, port, ready_after })
    }

    /// Lets time pass while both run.
    fn settle(&mut self) -> Result<(), Failure> {
        match self.processes.wait_for(SETTLES) {
            None => Ok(()),
            Some(_) => Err(Failure::new("a program ended while it was measured")),
        }
    }

    fn resident_mb(&self) -> Result<f64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.proxy)).map_err(Failure::at("reading the proxy's memory"))?;
        resident_mb(&status).ok_or_else(|| Failure::new("the proxy's memory is not in /proc"))
    }

    fn cpu_seconds(&self) -> Result<f64, Failure> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.proxy)).map_err(Failure::at("reading the proxy's time"))?;
        cpu_seconds(&stat).ok_or_else(|| Failure::new("the proxy's time is not in /proc"))
    }
}

pub(super) fn at_rest(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let (mut starts, mut rests) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let mut pair = Pair::start(workspace, 250, 0)?;
        starts.push(pair.ready_after.as_secs_f64() * 1000.0);
        pair.settle()?;
        rests.push(pair.resident_mb()?);
    }
    let how = |what: &str| format!("{what}, median of {RUNS} starts beside a simulated cluster of 250 pods");
    Ok(vec![
        Figure { name: "proxy.start_ms", unit: "ms", ours: median(starts), other: None, how: how("from spawn to `ready` in /api/health") },
        Figure { name: "proxy.rest_mb", unit: "MB", ours: median(rests), other: None, how: how("resident memory 2 s later, nobody signed in") },
    ])
}

pub(super) fn with_10k(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let mut values = Vec::new();
    for _ in 0..3 {
        let mut pair = Pair::start(workspace, 10_000, 0)?;
        pair.settle()?;
        let rest = pair.resident_mb()?;
        let mut subscriber = Subscriber::start(workspace, pair.port, 3600)?;
        subscriber.wait_for_rows()?;
        pair.settle()?;
        values.push(pair.resident_mb()? - rest);
    }
    let how = "resident memory over rest, 2 s after one subscriber has every row of 10,000 pods; median of 3".to_owned();
    Ok(vec![Figure { name: "watch.proxy_mb_10k", unit: "MB", ours: median(values), other: None, how }])
}

pub(super) fn events(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let mut values = Vec::new();
    let mut rates = Vec::new();
    for _ in 0..3 {
        let pair = Pair::start(workspace, CHURNING_PODS, CHURN)?;
        let mut subscriber = Subscriber::start(workspace, pair.port, COUNTED_SECONDS)?;
        subscriber.wait_for_rows()?;
        let before = pair.cpu_seconds()?;
        let changes = subscriber.wait_for_changes()?;
        values.push(changes / (pair.cpu_seconds()? - before));
        rates.push(changes / COUNTED_SECONDS as f64);
    }
    let how = format!(
        "changes that reached one subscriber (those that collapsed count) by CPU seconds of the proxy, {COUNTED_SECONDS} s at {:.0} changes/s of {CHURNING_PODS} pods; median of 3",
        median(rates)
    );
    Ok(vec![Figure { name: "watch.events_per_core", unit: "1/s", ours: median(values), other: None, how }])
}

/// `proxy/examples/subscribe.rs`, running.
struct Subscriber {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Subscriber {
    fn start(workspace: &Workspace, port: u16, seconds: u64) -> Result<Subscriber, Failure> {
        let mut command = Command::new(workspace.target.join("release/examples/subscribe"));
        command.args([&format!("127.0.0.1:{port}"), demo::CLUSTER, &seconds.to_string()]).env("KRATEYARD_TOKEN", "demo-admin");
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(Failure::at("starting the subscriber"))?;
        let output = process.stdout.take().ok_or_else(|| Failure::new("the subscriber has no output"))?;
        Ok(Subscriber { process, lines: BufReader::new(output).lines() })
    }

    fn wait_for_rows(&mut self) -> Result<(), Failure> {
        self.number_after("rows").map(drop)
    }

    fn wait_for_changes(&mut self) -> Result<f64, Failure> {
        self.number_after("changes")
    }

    /// The first number of the line that begins with `word`.
    fn number_after(&mut self, word: &str) -> Result<f64, Failure> {
        for line in self.lines.by_ref() {
            let line = line.map_err(Failure::at("reading from the subscriber"))?;
            let mut words = line.split_whitespace();
            if words.next() == Some(word) {
                return words.next().and_then(|number| number.parse().ok()).ok_or_else(|| Failure::new(format!("the subscriber said `{line}`")));
            }
        }
        Err(Failure::new("the subscriber ended before it was done"))
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn resident_mb(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

/// User and system time: the 14th and 15th field; the second is the name in parentheses, which may hold anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_is_read() {
        assert_eq!(resident_mb("Name:\tkrateyard\nVmRSS:\t   10000 kB\n"), Some(10.24));
        assert_eq!(cpu_seconds("12 (a) b) S 1 12 12 0 -1 4194560 0 0 0 0 250 50 0 0 20 0 5"), Some(3.0));
    }
}
