//! Logs: how fast through the proxy, and what many cost.

use std::process::Command;

use super::Figure;
use super::pair::{Pair, Talker};
use crate::demo;
use crate::workspace::{Failure, Workspace};

/// Lines of the log that is read.
const LINES: u32 = 100_000;
/// Containers that are followed at the same time.
const FOLLOWS: u32 = 500;

pub(super) fn measure(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let mut pair = Pair::start(workspace, 250, 0)?;
    let mut command = Command::new(workspace.target.join("release/examples/logs"));
    let (proxy, kubernetes, control) = (format!("127.0.0.1:{}", pair.port), pair.kubernetes.to_string(), pair.control.to_string());
    command.args([&proxy, &kubernetes, &control, demo::CLUSTER, &LINES.to_string(), &FOLLOWS.to_string()]);
    let mut reader = Talker::start("the reader of logs", command)?;
    let [ours, plain, lost, doubled] = reader.numbers_after("rate")?[..] else { return Err(Failure::new("the reader of logs said too little")) };
    pair.settle()?;
    let rest = pair.resident_mb()?;
    reader.go_on()?;
    reader.number_after("open")?;
    pair.settle()?;
    let follows = pair.resident_mb()? - rest;
    let read = format!("a log of {LINES} lines with timestamps, read to its end by a follow; median of 5 in turns with the other");
    Ok(vec![
        Figure {
            name: "logs.vs_kubectl",
            unit: "lines/s",
            ours,
            other: Some((plain, "for a plain HTTP client of the cluster, as kubectl logs -f is one")),
            how: read,
        },
        Figure {
            name: "logs.follows_500_mb",
            unit: "MB",
            ours: follows,
            other: None,
            how: format!("resident memory with {FOLLOWS} follows, a socket each, over that without"),
        },
        Figure {
            name: "logs.read_lost",
            unit: "",
            ours: lost,
            other: None,
            how: "lines of those that came to the other alone (cuts are a test: routes, log_cuts)".into(),
        },
        Figure { name: "logs.read_doubled", unit: "", ours: doubled, other: None, how: "lines that came more often than to the other".into() },
    ])
}
