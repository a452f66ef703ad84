//! The proxy beside a simulated cluster, and the programs of `proxy/examples` before it.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::demo;
use crate::http;
use crate::processes::Processes;
use crate::workspace::{Failure, Workspace};

/// How long memory may take to settle.
const SETTLES: Duration = Duration::from_secs(2);
/// A slow machine that makes 50,000 pods needs less.
const STARTS_WITHIN: Duration = Duration::from_secs(60);
/// `USER_HZ`, the unit of times in /proc: 100 on every Linux that Rust runs on (`man 5 proc`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Both, running.
pub(super) struct Pair {
    processes: Processes,
    proxy: u32,
    /// Of the proxy.
    pub(super) port: u16,
    /// Of the cluster.
    pub(super) kubernetes: u16,
    /// Of the cluster's control API.
    pub(super) control: u16,
    /// How long the proxy took to be ready.
    pub(super) ready_after: Duration,
}

impl Pair {
    /// Starts a cluster of so many pods, with so many changes a second on top of what lives, and a proxy.
    pub(super) fn start(workspace: &Workspace, pods: u32, churn: u32) -> Result<Pair, Failure> {
        Pair::begin(workspace, pods, churn, None)
    }

    /// The same with the rooms of the Yard kept in a folder.
    pub(super) fn start_with_rooms(workspace: &Workspace, pods: u32, churn: u32, rooms: &Path) -> Result<Pair, Failure> {
        Pair::begin(workspace, pods, churn, Some(rooms))
    }

    fn begin(workspace: &Workspace, pods: u32, churn: u32, rooms: Option<&Path>) -> Result<Pair, Failure> {
        let programs = workspace.target.join("release");
        let mut processes = Processes::new(workspace)?;
        let (kubernetes, control, port) = (http::free_port()?, http::free_port()?, http::free_port()?);
        let mut kubesim = Command::new(programs.join("kubesim"));
        kubesim.args(["--port", &kubernetes.to_string(), "--control-port", &control.to_string(), "--pods", &pods.to_string(), "--churn", &churn.to_string()]);
        processes.start("kubesim", &mut kubesim)?;
        processes.wait_until("the simulated cluster", STARTS_WITHIN, || http::get(kubernetes, "/version").is_ok())?;
        let (proxy, ready_after) = demo::start_proxy(&mut processes, &programs, port, kubernetes, Some(&workspace.root.join("dist")), rooms)?;
        Ok(Pair { processes, proxy, port, kubernetes, control, ready_after })
    }

    /// Lets time pass while both run.
    pub(super) fn settle(&mut self) -> Result<(), Failure> {
        settle(&mut self.processes)
    }

    /// Memory of the proxy, in MB of 10^6 bytes.
    pub(super) fn resident_mb(&self) -> Result<f64, Failure> {
        self.memory("VmRSS:")
    }

    /// The most that it ever had.
    pub(super) fn peak_mb(&self) -> Result<f64, Failure> {
        self.memory("VmHWM:")
    }

    pub(super) fn memory(&self, field: &str) -> Result<f64, Failure> {
        memory_of(self.proxy, field)
    }

    /// What the proxy worked so far.
    pub(super) fn cpu_seconds(&self) -> Result<f64, Failure> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.proxy)).map_err(Failure::at("reading the proxy's time"))?;
        cpu_seconds(&stat).ok_or_else(|| Failure::new("the proxy's time is not in /proc"))
    }

    /// Watches of pods that are open at the cluster now.
    pub(super) fn watches_of_pods(&self) -> Result<f64, Failure> {
        let counts = http::get(self.control, "/requests").map_err(Failure::at("asking the cluster for its requests"))?;
        let counts: Vec<Value> = serde_json::from_str(&counts).map_err(Failure::at("reading the cluster's requests"))?;
        let of_pods = |count: &&Value| count["verb"] == "watch" && count["path"].as_str().is_some_and(|path| path.ends_with("/pods"));
        Ok(counts.iter().filter(of_pods).filter_map(|count| count["open"].as_f64()).sum())
    }

    /// One subscriber of all pods, which counts changes for so long once it has all rows.
    pub(super) fn subscriber(&self, workspace: &Workspace, seconds: u64) -> Result<Talker, Failure> {
        let mut command = Command::new(workspace.target.join("release/examples/subscribe"));
        command.args([&format!("127.0.0.1:{}", self.port), demo::CLUSTER, &seconds.to_string()]).env("KRATEYARD_TOKEN", "demo-admin");
        Talker::start("the subscriber", command)
    }

    /// So many people, signed in; `what` they do after a line: `pods` or `idle`.
    pub(super) fn crowd(&self, workspace: &Workspace, people: u32, what: &str) -> Result<Talker, Failure> {
        let mut command = Command::new(workspace.target.join("release/examples/crowd"));
        command.args([&format!("127.0.0.1:{}", self.port), &self.control.to_string(), demo::CLUSTER, &people.to_string(), what]);
        let mut crowd = Talker::start("the crowd", command)?;
        crowd.numbers_after("signed")?;
        Ok(crowd)
    }
}

/// A program that tells by lines how far it is. It ends with this.
pub(super) struct Talker {
    name: &'static str,
    process: Child,
    input: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Talker {
    pub(super) fn start(name: &'static str, mut command: Command) -> Result<Talker, Failure> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(Failure::at(format!("starting {name}")))?;
        let output = process.stdout.take().ok_or_else(|| Failure::new(format!("{name} has no output")))?;
        Ok(Talker { name, input: process.stdin.take(), process, lines: BufReader::new(output).lines() })
    }

    /// Lets it go on.
    pub(super) fn go_on(&mut self) -> Result<(), Failure> {
        let input = self.input.as_mut().ok_or_else(|| Failure::new(format!("{} takes no input", self.name)))?;
        input.write_all(b"\n").map_err(Failure::at(format!("telling {} to go on", self.name)))
    }

    /// The numbers of the next line that begins with `word`.
    pub(super) fn numbers_after(&mut self, word: &str) -> Result<Vec<f64>, Failure> {
        for line in self.lines.by_ref() {
            let line = line.map_err(Failure::at(format!("reading from {}", self.name)))?;
            let mut words = line.split_whitespace();
            if words.next() == Some(word) {
                return Ok(words.filter_map(|number| number.parse().ok()).collect());
            }
        }
        Err(Failure::new(format!("{} ended before it was done", self.name)))
    }

    /// The first of them.
    pub(super) fn number_after(&mut self, word: &str) -> Result<f64, Failure> {
        self.numbers_after(word)?.first().copied().ok_or_else(|| Failure::new(format!("{} said `{word}` and no number", self.name)))
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A program's memory by a field of its status, in MB of 10^6 bytes.
pub(super) fn memory_of(pid: u32, field: &str) -> Result<f64, Failure> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).map_err(Failure::at("reading a program's memory"))?;
    memory_mb(&status, field).ok_or_else(|| Failure::new("a program's memory is not in /proc"))
}

/// Lets time pass while programs run, until memory stays as it is.
pub(super) fn settle(processes: &mut Processes) -> Result<(), Failure> {
    match processes.wait_for(SETTLES) {
        None => Ok(()),
        Some(_) => Err(Failure::new("a program ended while it was measured")),
    }
}

fn memory_mb(status: &str, field: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
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
        let status = "Name:\tkrateyard\nVmHWM:\t   20000 kB\nVmRSS:\t   10000 kB\n";
        assert_eq!((memory_mb(status, "VmRSS:"), memory_mb(status, "VmHWM:")), (Some(10.24), Some(20.48)));
        assert_eq!(cpu_seconds("12 (a) b) S 1 12 12 0 -1 4194560 0 0 0 0 250 50 0 0 20 0 5"), Some(3.0));
    }
}
