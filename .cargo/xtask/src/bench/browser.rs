//! What a person waits for, in Chromium.

use std::process::Command;

use serde_json::Value;

use super::Figure;
use crate::command;
use crate::install;
use crate::workspace::{Failure, Workspace};

/// What a script in `tests/browser/bench` measured: it prints one JSON object.
struct Measured {
    script: &'static str,
    value: Value,
}

impl Measured {
    fn by(workspace: &Workspace, script: &'static str) -> Result<Measured, Failure> {
        install::install(workspace, &install::BROWSER)?;
        let mut node = Command::new("node");
        node.current_dir(workspace.root.join("tests/browser")).arg(format!("bench/{script}"));
        node.env("KRATEYARD_PROGRAMS", workspace.target.join("release")).env("KRATEYARD_PAGE", workspace.root.join("dist"));
        if let Some(chromium) = install::chromium(workspace) {
            node.env("KRATEYARD_CHROMIUM", chromium);
        }
        let line = command::first_line(&mut node).ok_or_else(|| Failure::new(format!("`node bench/{script}` in tests/browser failed")))?;
        let value = serde_json::from_str(&line).map_err(Failure::at("reading what the browser measured"))?;
        Ok(Measured { script, value })
    }

    fn number(&self, key: &str) -> Result<f64, Failure> {
        self.value[key].as_f64().ok_or_else(|| Failure::new(format!("{} measured no {key}", self.script)))
    }
}

/// Subscribe to rows painted.
pub(super) fn first_rows(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let measured = Measured::by(workspace, "first_rows.mjs")?;
    let other = Some((measured.number("list_ms")?, "ms for the whole list from the API server, as JSON, in Node"));
    let how = format!("Subscribe to rows painted, 10,000 pods; median of {}", measured.number("runs")?);
    Ok(vec![Figure { name: "app.first_rows_10k_ms", unit: "ms", ours: measured.number("ours_ms")?, other, how }])
}

/// What a tab holds for 10,000 pods.
pub(super) fn memory(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let measured = Measured::by(workspace, "memory.mjs")?;
    let other = Some((measured.number("parsed_mb")?, "MB for the same list as JSON.parse leaves it"));
    let how = format!(
        "private memory of the tab with 10,000 pods listed, over the same with a dozen ({:.0} MB); median of {}",
        measured.number("few_mb")?,
        measured.number("runs")?
    );
    Ok(vec![Figure { name: "app.mb_10k", unit: "MB", ours: measured.number("ours_mb")?, other, how }])
}

/// How long a tab is busy at once while rows change.
pub(super) fn long_tasks(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let measured = Measured::by(workspace, "long_task.mjs")?;
    let how = format!(
        "longest task of the page's main thread in {} s, {} rows listed, {:.0} changes/s; {} tasks over 50 ms; 99.9 % of tasks within {:.1} ms; median of {}",
        measured.number("seconds")?,
        measured.number("rows")?,
        measured.number("changes_per_s")?,
        measured.number("long")?,
        measured.number("p999_ms")?,
        measured.number("runs")?
    );
    Ok(vec![Figure { name: "app.long_task_ms", unit: "ms", ours: measured.number("ours_ms")?, other: None, how }])
}

/// A key of Spotlight.
pub(super) fn spotlight(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let measured = Measured::by(workspace, "spotlight.mjs")?;
    let other = Some((measured.number("plain_ms")?, "ms for a plain filter by substring in JavaScript"));
    let how = format!(
        "a key over {} objects until the page is laid out; median of {} keys, p95 {:.1} ms, slowest {}",
        measured.number("objects")?,
        measured.number("keys")?,
        measured.number("p95_ms")?,
        measured.value["slowest"]
    );
    Ok(vec![Figure { name: "spotlight.key_ms", unit: "ms", ours: measured.number("ours_ms")?, other, how }])
}

/// A large Yard that moves.
pub(super) fn pan(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let measured = Measured::by(workspace, "pan.mjs")?;
    let other = Some((measured.number("still_ms")?, "ms for the same page at rest"));
    let how = format!(
        "time from a frame to the next, 95 in 100, while {} krates are panned and zoomed with {} live windows in sight; half {:.1} ms, 99 in 100 {:.1} ms; median of {} runs of {} frames, drawn without a GPU",
        measured.number("krates")?,
        measured.number("windows")?,
        measured.number("half_ms")?,
        measured.number("p99_ms")?,
        measured.number("runs")?,
        measured.number("frames")?
    );
    Ok(vec![Figure { name: "yard.pan_p95_ms", unit: "ms", ours: measured.number("ours_ms")?, other, how }])
}

/// Our table beside one in plain JavaScript.
pub(super) fn table(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let measured = Measured::by(workspace, "table.mjs")?;
    let other = Some((measured.number("vanilla_ms")?, "ms in plain JavaScript"));
    let how = format!(
        "make, replace, select; geometric mean of medians of {}; {} rows, {} in sight; ours {}, plain {}",
        measured.number("runs")?,
        measured.number("rows")?,
        measured.number("in_sight")?,
        measured.value["mine"],
        measured.value["plain"]
    );
    Ok(vec![Figure { name: "table.vs_vanilla", unit: "ms", ours: measured.number("ours_ms")?, other, how }])
}
