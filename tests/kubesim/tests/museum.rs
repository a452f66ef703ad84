//! The recorded cluster itself, put into a simulator object by object: what was read of it then is read of it now.
//!
//! Without the collection of recordings nothing of this is tested, and one line says so.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of a test fail and speak as a test does")]

#[path = "support/compare.rs"]
mod compare;

use std::path::{Path, PathBuf};

use kubesim::{Options, Sim};
use serde_json::{Value, json};

/// Recordings that the museum answers equally.
const EQUAL: &[&str] = &include!("support/museum_equal.rs");

/// A simulator with nothing but the recorded objects, and nobody who changes them.
async fn museum(all: &Path) -> Sim {
    let sim = Sim::start(Options { pods: 0, controllers: false, ..Options::default() }).await.unwrap();
    sim.add_token("admin", "admin", &["system:masters"]);
    clear(&sim).await;
    let bodies: Vec<Value> = readings(all).iter().map(|file| compare::read(file)["response"]["body"].take()).collect();
    // definitions first, so that their kinds are known
    for body in bodies.iter().filter(|body| body["kind"] == "CustomResourceDefinitionList") {
        put_all(&sim, body);
    }
    for body in bodies.iter().filter(|body| body["items"].is_array()) {
        put_all(&sim, body);
    }
    for body in bodies.iter().filter(|body| body["metadata"]["uid"].is_string()) {
        put(&sim, body.clone());
    }
    sim
}

fn readings(all: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(all.join("reading")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn put_all(sim: &Sim, list: &Value) {
    let kind = list["kind"].as_str().unwrap_or_default().trim_end_matches("List");
    for item in list["items"].as_array().unwrap() {
        let mut item = item.clone();
        item["kind"] = json!(kind);
        item["apiVersion"] = list["apiVersion"].clone();
        put(sim, item);
    }
}

/// Kinds that kubesim does not serve have no place in it.
fn put(sim: &Sim, object: Value) {
    let _ = sim.apply(object);
}

async fn clear(sim: &Sim) {
    let client = reqwest::Client::new();
    let ask = async |path: &str| -> Value { client.get(format!("{}{path}", sim.url())).bearer_auth("admin").send().await.unwrap().json().await.unwrap() };
    let mut versions = vec!["v1".to_owned()];
    for group in ask("/apis").await["groups"].as_array().unwrap() {
        versions.push(group["preferredVersion"]["groupVersion"].as_str().unwrap().to_owned());
    }
    // All are asked for before any is cleared: a definition takes its group with it.
    let mut served = Vec::new();
    for version in versions {
        let prefix = if version == "v1" { "/api" } else { "/apis" };
        served.push((ask(&format!("{prefix}/{version}")).await, version));
    }
    for (resources, version) in served {
        for resource in resources["resources"].as_array().unwrap() {
            let (kind, name) = (resource["kind"].as_str().unwrap(), resource["name"].as_str().unwrap());
            let is_policy = version.starts_with("rbac.") || name.contains('/');
            for object in sim.list(&version, kind, "").iter().filter(|_| !is_policy) {
                let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
                let _ = sim.remove(&version, kind, text("namespace"), text("name"));
            }
        }
    }
}

/// Equal but for times. Ages are those of the moment; that they are right is tested where a row is printed (`src/table/tests.rs`).
async fn check(sim: &Sim, recording: &Value) -> Result<(), String> {
    let (status, _, got) = compare::ask(sim.url(), &recording["request"]).await?;
    if json!(status) != recording["response"]["status"] {
        return Err(format!("{status}: {got}"));
    }
    let (got, wanted) = (timeless(compare::normal(got)), timeless(compare::normal(recording["response"]["body"].clone())));
    if got == wanted { Ok(()) } else { Err(format!("\n  got    {got}\n  wanted {wanted}")) }
}

/// Without ages, and without the version within a continue token.
fn timeless(mut table: Value) -> Value {
    if table["metadata"]["continue"].as_str().is_some_and(|token| !token.is_empty()) {
        table["metadata"]["continue"] = json!("a token");
    }
    for row in table["rows"].as_array_mut().into_iter().flatten() {
        for cell in row["cells"].as_array_mut().into_iter().flatten() {
            if let Some(text) = cell.as_str() {
                *cell = json!(text.split(' ').map(without_age).collect::<Vec<_>>().join(" "));
            }
        }
    }
    table
}

/// `11m`, `2m26s` and `(5m12s` are ages.
fn without_age(word: &str) -> &str {
    let bare = word.trim_start_matches('(');
    let units = bare.chars().filter(char::is_ascii_alphabetic).count();
    let is_age = bare.starts_with(|c: char| c.is_ascii_digit())
        && bare.ends_with(['s', 'm', 'h', 'd', 'y'])
        && bare.chars().all(|c| c.is_ascii_digit() || matches!(c, 's' | 'm' | 'h' | 'd' | 'y'))
        && (1..=2).contains(&units);
    if is_age { "AGE" } else { word }
}

#[tokio::test]
async fn what_was_read_then_is_read_now() {
    let Some(all) = compare::collection() else {
        eprintln!("left out: the recordings are not here");
        return;
    };
    let sim = museum(&all).await;
    let mut wrong = Vec::new();
    for name in EQUAL {
        if let Err(why) = check(&sim, &compare::read(&all.join(format!("reading/{name}.json")))).await {
            wrong.push(format!("{name}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), EQUAL.len(), wrong.join("\n"));
}

/// Which could be listed in `support/museum_equal.rs`.
#[tokio::test]
#[ignore = "a tool: it prints, and fails never"]
async fn readings_that_could_be_listed() {
    let Some(all) = compare::collection() else { return };
    let sim = museum(&all).await;
    for file in readings(&all) {
        let name = file.file_stem().unwrap().display().to_string();
        match check(&sim, &compare::read(&file)).await {
            Ok(()) => eprintln!("equal     {name}"),
            Err(why) => eprintln!("different {name}: {}", why.replace('\n', " ").chars().take(3000).collect::<String>()),
        }
    }
}
