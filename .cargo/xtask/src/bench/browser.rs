//! What a person waits for, in Chromium.

use std::process::Command;

use super::Figure;
use crate::command;
use crate::install;
use crate::workspace::{Failure, Workspace};

/// `tests/browser/bench/first_rows.mjs` prints one JSON object.
pub(super) fn first_rows(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    install::install(workspace, &install::BROWSER)?;
    let mut node = Command::new("node");
    node.current_dir(workspace.root.join("tests/browser")).arg("bench/first_rows.mjs");
    node.env("KRATEYARD_PROGRAMS", workspace.target.join("release")).env("KRATEYARD_PAGE", workspace.root.join("dist"));
    if let Some(chromium) = install::chromium(workspace) {
        node.env("KRATEYARD_CHROMIUM", chromium);
    }
    let line = command::first_line(&mut node).ok_or_else(|| Failure::new("`node bench/first_rows.mjs` in tests/browser failed"))?;
    let value: serde_json::Value = serde_json::from_str(&line).map_err(Failure::at("reading what the browser measured"))?;
    let number = |key: &str| value[key].as_f64().ok_or_else(|| Failure::new(format!("the browser measured no {key}")));
    let other = Some((number("list_ms")?, "ms for the whole list from the API server, as JSON, in Node"));
    let how = format!("Subscribe to rows painted, 10,000 pods; median of {}", number("runs")?);
    Ok(vec![Figure { name: "app.first_rows_10k_ms", unit: "ms", ours: number("ours_ms")?, other, how }])
}
