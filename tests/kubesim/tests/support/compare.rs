//! Asks a simulator what a recording asked, and compares the answers.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// The whole collection of recordings, where it lies beside the repository.
pub(crate) fn collection() -> Option<PathBuf> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recordings");
    all.is_dir().then_some(all)
}

/// A recording by its name: `writing/patch-json`.
pub(crate) fn read(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// Whether the answer is the recorded one.
pub(crate) async fn check(url: &str, recording: &Value) -> Result<(), String> {
    let (status, content_type, body) = ask(url, &recording["request"]).await?;
    let expected = &recording["response"];
    if json!(status) != expected["status"] {
        return Err(format!("{status} instead of {}: {body}", expected["status"]));
    }
    let wanted_type = expected["headers"]["Content-Type"].as_str();
    if wanted_type.is_some() && content_type.as_deref() != wanted_type {
        return Err(format!("{content_type:?} instead of {wanted_type:?}"));
    }
    let (got, wanted) = (normal(body), normal(expected["body"].clone()));
    if got == wanted { Ok(()) } else { Err(format!("\n  got    {got}\n  wanted {wanted}")) }
}

/// Status, content type and body of the answer to a recorded request.
pub(crate) async fn ask(url: &str, asked: &Value) -> Result<(u16, Option<String>, Value), String> {
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
    let body = serde_json::from_str(&text).unwrap_or(json!(text));
    Ok((status, content_type.and_then(|value| value.to_str().map(str::to_owned).ok()), body))
}

/// Without what differs from one cluster and moment to the next.
pub(crate) fn normal(mut body: Value) -> Value {
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
