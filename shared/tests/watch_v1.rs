//! Frames of version 1, recorded before there was another: older apps and proxies go on talking to newer ones.
#![allow(missing_docs, clippy::unwrap_used)]

use krateyard_shared::watch::{ClientMessage, ServerMessage, Wire};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

const FRAMES: &str = include_str!("fixtures/watch_v1.jsonl");

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Whether everything that was said then is said now, with the same value: fields may have come since.
fn still_says(now: &Value, then: &Value) -> bool {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => then.iter().all(|(key, then)| now.get(key).is_some_and(|now| still_says(now, then))),
        (Value::Array(now), Value::Array(then)) => now.len() == then.len() && now.iter().zip(then).all(|(now, then)| still_says(now, then)),
        (now, then) => now == then,
    }
}

fn check<T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()> + Serialize + DeserializeOwned>(frame: &Value) {
    let text = |message: &T| serde_json::from_slice::<Value>(&Wire::Json.encode(message)).unwrap();
    let of_cbor: T = Wire::Binary.decode(&bytes(frame["cbor"].as_str().unwrap())).unwrap_or_else(|refusal| panic!("{refusal} {frame}"));
    let json = frame["json"].to_string();
    let of_json: T = Wire::Json.decode(json.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal} {frame}"));
    assert_eq!(text(&of_cbor), text(&of_json));
    assert!(still_says(&text(&of_cbor), &frame["json"]), "{} {frame}", text(&of_cbor));
}

#[test]
fn every_message_of_version_1_is_read_as_it_was_meant() {
    let frames: Vec<Value> = FRAMES.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for frame in &frames {
        match frame["from"].as_str().unwrap() {
            "app" => check::<ClientMessage>(frame),
            _ => check::<ServerMessage>(frame),
        }
    }
    let said = |from: &str| {
        let mut kinds: Vec<_> = frames.iter().filter(|frame| frame["from"] == from).map(|frame| frame["json"]["type"].as_str().unwrap()).collect();
        kinds.dedup();
        kinds.len()
    };
    assert_eq!((said("app"), said("proxy")), (4, 11), "version 1 had so many messages");
}
