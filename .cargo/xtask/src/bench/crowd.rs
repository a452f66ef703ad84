//! What many people cost, and how long after a program of its own a person's page knows.

use std::process::Command;

use super::pair::{Pair, Talker};
use super::{Figure, median};
use crate::workspace::{Failure, Workspace};

/// How often each is measured.
const RUNS: usize = 3;
/// Browsers on one list.
const BROWSERS: u32 = 1_000;
/// Browsers that come at once, and to how many pods.
const STORM: u32 = 500;
const STORM_PODS: u32 = 10_000;
/// Changes a second, of how many pods, and for how long they are timed.
const CHANGES: u32 = 1_000;
const CHANGING_PODS: u32 = 5_000;
const TIMED_SECONDS: u64 = 20;

/// 1,000 browsers on one list.
pub(super) fn upstreams(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let pair = Pair::start(workspace, 250, 0)?;
    let mut crowd = pair.crowd(workspace, BROWSERS, "pods")?;
    crowd.go_on()?;
    crowd.number_after("joined")?;
    let how = format!("watches of pods open at the cluster while {BROWSERS} people, each with a socket of their own, have all pods");
    let other = Some((f64::from(BROWSERS), "for one watch a browser"));
    Ok(vec![Figure { name: "watch.upstreams", unit: "", ours: pair.watches_of_pods()?, other, how }])
}

/// Sockets that say nothing.
pub(super) fn idle(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let mut values = Vec::new();
    for _ in 0..RUNS {
        let mut pair = Pair::start(workspace, 250, 0)?;
        let mut crowd = pair.crowd(workspace, BROWSERS, "idle")?;
        pair.settle()?;
        let before = pair.resident_mb()?;
        crowd.go_on()?;
        crowd.number_after("joined")?;
        pair.settle()?;
        values.push((pair.resident_mb()? - before) * 1000.0 / f64::from(BROWSERS));
    }
    let how =
        format!("resident memory with {BROWSERS} watch sockets of as many people who had signed in, over that without, by their number; median of {RUNS}");
    Ok(vec![Figure { name: "ws.idle_kb", unit: "kB", ours: median(values), other: None, how }])
}

/// All come at once, as after a restart of the proxy.
pub(super) fn storm(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let (mut last, mut middle, mut peaks, mut rests) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let mut pair = Pair::start(workspace, STORM_PODS, 0)?;
        let mut crowd = pair.crowd(workspace, STORM, "pods")?;
        pair.settle()?;
        rests.push(pair.resident_mb()?);
        crowd.go_on()?;
        let [slowest, half, rows, ..] = crowd.numbers_after("joined")?[..] else { return Err(Failure::new("the crowd said too little")) };
        if rows < f64::from(STORM) * f64::from(STORM_PODS) {
            return Err(Failure::new(format!("{STORM} browsers got {rows} rows in all")));
        }
        last.push(slowest);
        middle.push(half);
        peaks.push(pair.peak_mb()?);
    }
    let rest = median(rests);
    let how = format!(
        "{STORM} signed-in people open a socket and subscribe at once to {STORM_PODS} pods that the proxy does not know yet, until the last one has all rows (half of them after {:.2} s), all programs on one machine; \
         the proxy's memory peaked at {:.0} MB, from {rest:.0}; median of {RUNS}",
        median(middle),
        median(peaks.clone())
    );
    Ok(vec![
        Figure { name: "watch.join_storm_s", unit: "s", ours: median(last), other: None, how },
        Figure { name: "watch.join_storm_peak_mb", unit: "MB", ours: median(peaks), other: None, how: "the most memory that the proxy had in that".into() },
    ])
}

/// A change of a pod, in the app's core and in a plain watcher.
pub(super) fn latency(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let (mut p50, mut p99, mut marks) = (Vec::new(), Vec::new(), 0.0);
    for _ in 0..RUNS {
        let pair = Pair::start(workspace, CHANGING_PODS, CHANGES)?;
        let mut command = Command::new(workspace.target.join("release/examples/latency"));
        command.args([pair.port.to_string(), pair.kubernetes.to_string(), TIMED_SECONDS.to_string()]);
        let [half, most, timed, ..] = Talker::start("the watchers", command)?.numbers_after("beyond")?[..] else {
            return Err(Failure::new("the watchers said too little"));
        };
        p50.push(half);
        p99.push(most);
        marks += timed;
    }
    let how = |what: &str| {
        format!(
            "{what} of {marks} changes: reduced in the app's core (native, over a socket to the proxy) beyond their arrival in a kube-rs watcher of the same cluster in the same program, while {CHANGES} \
             other changes a second go over both; median of {RUNS} runs of {TIMED_SECONDS} s"
        )
    };
    Ok(vec![
        Figure { name: "watch.added_p50_ms", unit: "ms", ours: median(p50), other: None, how: how("half") },
        Figure { name: "watch.added_p99_ms", unit: "ms", ours: median(p99), other: None, how: how("99 in 100") },
    ])
}
