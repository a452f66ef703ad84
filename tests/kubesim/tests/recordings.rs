//! What the simulator answers is what a real API server was recorded to answer.
//!
//! The recordings that matter most lie in `tests/fixtures`; where the whole collection lies beside the repository (`../shared/recordings`), those named here are
//! asked as well.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of a test fail and speak as a test does")]

#[path = "support/compare.rs"]
mod compare;
#[path = "support/scene.rs"]
mod scene;

use std::path::{Path, PathBuf};

/// Recordings beyond the fixtures whose answer must be equal.
const MORE: &[&str] = &include!("support/equal.rs");

#[tokio::test]
async fn recorded_requests_get_the_recorded_answers() {
    let sim = scene::scene().await;
    let mut wrong = Vec::new();
    let files = files();
    for file in &files {
        if let Err(why) = compare::check(sim.url(), &compare::read(file)).await {
            wrong.push(format!("{}: {why}", file.display()));
        }
    }
    assert!(files.len() >= 40, "only {} recordings", files.len());
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), files.len(), wrong.join("\n"));
}

fn files() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = std::fs::read_dir(here.join("tests/fixtures")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    if let Some(all) = compare::collection() {
        files.extend(MORE.iter().map(|name| all.join(format!("{name}.json"))));
    } else {
        eprintln!("the whole collection of recordings is not here: only the fixtures are compared");
    }
    files
}

/// Which others could be listed in `support/equal.rs`: `cargo test -p kubesim --test recordings -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "a tool: it prints, and fails never"]
async fn recordings_that_could_be_listed() {
    let Some(all) = compare::collection() else { return };
    let listed = files();
    for group in ["access", "discovery", "exec", "logs", "misc", "reading", "watch", "writing"] {
        let mut found: Vec<PathBuf> = std::fs::read_dir(all.join(group)).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.sort();
        for file in found.iter().filter(|file| !listed.contains(file)) {
            let recording = compare::read(file);
            if recording["steps"].is_array() || !recording["response"]["stream"].is_null() {
                continue;
            }
            let sim = scene::scene().await;
            let asked = tokio::time::timeout(std::time::Duration::from_secs(6), compare::check(sim.url(), &recording)).await;
            let name = format!("{group}/{}", file.file_stem().unwrap().display());
            match asked {
                Ok(Ok(())) => eprintln!("equal     {name}"),
                Ok(Err(why)) => eprintln!("different {name}: {}", why.replace('\n', " ").chars().take(900).collect::<String>()),
                Err(_) => eprintln!("open      {name}"),
            }
        }
    }
}
