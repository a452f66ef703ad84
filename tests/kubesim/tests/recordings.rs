//! What the simulator answers is what a real API server was recorded to answer.
//!
//! The recordings that matter most lie in `tests/fixtures`; where the whole collection lies beside the repository (`../shared/recordings`), those named here are
//! asked as well.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of a test fail and speak as a test does")]

#[path = "support/scene.rs"]
mod scene;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// Recordings beyond the fixtures whose answer must be equal.
const MORE: &[&str] = &include!("support/equal.rs");

#[tokio::test]
async fn recorded_requests_get_the_recorded_answers() {
    let sim = scene::scene().await;
    let mut wrong = Vec::new();
    let files = files();
    for file in &files {
        let recording: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        if let Err(why) = check(sim.url(), &recording).await {
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
    let all = here.join("../../../shared/recordings");
    if all.is_dir() {
        files.extend(MORE.iter().map(|name| all.join(format!("{name}.json"))));
    } else {
        eprintln!("the whole collection of recordings is not here: only the fixtures are compared");
    }
    files
}

async fn check(url: &str, recording: &Value) -> Result<(), String> {
    let (asked, expected) = (&recording["request"], &recording["response"]);
    let method = asked["method"].as_str().unwrap().parse().unwrap();
    let mut request = reqwest::Client::new().request(method, format!("{url}{}", asked["path"].as_str().unwrap()));
    match asked["as"].as_str().unwrap() {
        "anonymous" => {}
        user => request = request.bearer_auth(user),
    }
    for (name, value) in asked["headers"].as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap_or_default());
    }
    if asked["headers"]["Upgrade"] == "websocket" && asked["headers"]["Sec-WebSocket-Key"].is_null() {
        request = request.header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    }
    if let Some(body) = asked.get("body").filter(|body| !body.is_null()) {
        // tokens are left out of recordings; here they are the users' names
        let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned).replace("<token of ", "").replace(">\"", "\"");
        request = request.body(text);
    }
    let response = request.send().await.map_err(|error| error.to_string())?;
    let (status, content_type) = (response.status().as_u16(), response.headers().get("content-type").cloned());
    let text = response.text().await.map_err(|error| error.to_string())?;
    if json!(status) != expected["status"] {
        return Err(format!("{status} instead of {}: {text}", expected["status"]));
    }
    let wanted_type = expected["headers"]["Content-Type"].as_str();
    if wanted_type.is_some() && content_type.as_ref().and_then(|value| value.to_str().ok()) != wanted_type {
        return Err(format!("{content_type:?} instead of {wanted_type:?}"));
    }
    let body: Value = serde_json::from_str(&text).unwrap_or(json!(text));
    let (got, wanted) = (normal(body), normal(expected["body"].clone()));
    if got == wanted { Ok(()) } else { Err(format!("\n  got    {got}\n  wanted {wanted}")) }
}

/// Without what differs from one cluster and moment to the next.
fn normal(mut body: Value) -> Value {
    forget(&mut body);
    // RBAC's rules have no order
    for list in ["resourceRules", "nonResourceRules"] {
        if let Some(rules) = body.pointer_mut(&format!("/status/{list}")).and_then(Value::as_array_mut) {
            rules.sort_by_key(Value::to_string);
        }
    }
    let message = body.get("message").and_then(Value::as_str).and_then(|text| text.split_once(", current: "));
    if let Some((text, _)) = message {
        body["message"] = json!(text);
    }
    let text = body.to_string().replace("<token of ", "").replace(">\"", "\"");
    serde_json::from_str(&text).unwrap()
}

fn forget(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for name in ["managedFields", "resourceVersion", "creationTimestamp", "uid", "serverAddress"] {
                fields.remove(name);
            }
            fields.values_mut().for_each(forget);
        }
        Value::Array(items) => items.iter_mut().for_each(forget),
        _ => {}
    }
}
