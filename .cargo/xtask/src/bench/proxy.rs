//! What the proxy costs: to start, at rest, with many pods, per event.

use super::pair::Pair;
use super::{Figure, median};
use crate::workspace::{Failure, Workspace};

/// How often what is small and noisy is measured.
const RUNS: usize = 7;
/// For how long events are counted.
const COUNTED_SECONDS: u64 = 10;
/// More changes a second than the simulated cluster makes of so many pods: the proxy is given all that this machine has.
const CHURN: u32 = 10_000;
const CHURNING_PODS: u32 = 30_000;

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
    with_pods(workspace, "watch.proxy_mb_10k", 10_000)
}

pub(super) fn with_50k(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    with_pods(workspace, "watch.proxy_mb_50k", 50_000)
}

fn with_pods(workspace: &Workspace, name: &'static str, pods: u32) -> Result<Vec<Figure>, Failure> {
    let mut values = Vec::new();
    for _ in 0..3 {
        let mut pair = Pair::start(workspace, pods, 0)?;
        pair.settle()?;
        let rest = pair.resident_mb()?;
        let mut subscriber = pair.subscriber(workspace, 3600)?;
        subscriber.number_after("rows")?;
        pair.settle()?;
        values.push(pair.resident_mb()? - rest);
    }
    let how = format!("resident memory over rest, 2 s after one subscriber has every row of {pods} pods; median of 3");
    Ok(vec![Figure { name, unit: "MB", ours: median(values), other: None, how }])
}

pub(super) fn events(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let mut values = Vec::new();
    let mut rates = Vec::new();
    for _ in 0..3 {
        let pair = Pair::start(workspace, CHURNING_PODS, CHURN)?;
        let mut subscriber = pair.subscriber(workspace, COUNTED_SECONDS)?;
        subscriber.number_after("rows")?;
        let before = pair.cpu_seconds()?;
        let changes = subscriber.number_after("changes")?;
        values.push(changes / (pair.cpu_seconds()? - before));
        rates.push(changes / COUNTED_SECONDS as f64);
    }
    let how = format!(
        "changes that reached one subscriber (those that collapsed count) by CPU seconds of the proxy, {COUNTED_SECONDS} s at {:.0} changes/s of {CHURNING_PODS} pods; median of 3",
        median(rates)
    );
    Ok(vec![Figure { name: "watch.events_per_core", unit: "1/s", ours: median(values), other: None, how }])
}
