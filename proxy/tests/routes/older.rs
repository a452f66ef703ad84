//! A page of version 1, word for word as it was: its frames are recorded bytes, and it reads with what it knew.

use kubesim::Options;
use minicbor::Decode;
use serde_json::Value;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

use krateyard_shared::watch::BINARY;

use crate::bench::Bench;

const FRAMES: &str = include_str!("../../../shared/tests/fixtures/watch_v1.jsonl");

/// As far as this test looks, what version 1 knew; the numbers are on record in the fixture.
#[derive(Debug, Decode)]
#[allow(dead_code)]
enum Heard {
    #[n(0)]
    Welcome(#[n(0)] u32),
    #[n(1)]
    Ack(#[n(0)] u32, #[n(1)] Position, #[n(2)] bool),
    #[n(2)]
    Rows(#[n(0)] u32, #[n(1)] Vec<minicbor::bytes::ByteVec>, #[n(2)] bool),
    #[n(3)]
    Delta(#[n(0)] u32, #[n(1)] u64, #[n(2)] u64, #[n(3)] Vec<minicbor::bytes::ByteVec>, #[n(4)] Vec<String>),
    #[n(4)]
    Object(#[n(0)] u32, #[n(1)] Option<String>),
    #[n(8)]
    Freshness(#[n(0)] u32),
    #[n(9)]
    Heartbeat(#[n(0)] Vec<Beat>),
}

#[derive(Debug, Decode)]
#[allow(dead_code)]
struct Position(#[n(0)] u64, #[n(1)] u64);

#[derive(Debug, Decode)]
#[allow(dead_code)]
struct Beat(#[n(0)] u32, #[n(1)] u64, #[n(2)] u64);

/// The recorded bytes of a message that begins so.
fn recorded(json: &str) -> Vec<u8> {
    let frames = FRAMES.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let wanted: Value = serde_json::from_str(json).unwrap();
    let fits = |frame: &Value| wanted.as_object().unwrap().iter().all(|(key, value)| frame["json"][key] == *value);
    let frame = frames.into_iter().find(fits).unwrap();
    let hex = frame["cbor"].as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[tokio::test]
async fn a_page_of_version_1_goes_on_as_before() {
    let bench = Bench::with(Options { pods: 30, ..Options::default() }, |config| config.limits.heartbeat = Duration::from_millis(20)).await;
    let pod = serde_json::json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "api-0", "namespace": "web"}, "spec": {"containers": [{"name": "a", "image": "a"}]}});
    bench.sim.apply(pod.clone()).unwrap();
    let mut socket = bench.connect("/ws/watch", &[("authorization", "Bearer demo-admin"), ("sec-websocket-protocol", BINARY)]).await.unwrap();
    for said in [r#"{"type":"hello"}"#, r#"{"type":"subscribe","id":1}"#, r#"{"type":"subscribe","id":3}"#] {
        socket.send(Message::binary(recorded(said))).await;
    }
    let (mut rows, mut complete, mut objects, mut labelled, mut counted) = (0, false, 0, false, None);
    while !(complete && objects >= 2 && labelled && counted.is_some()) {
        let frame = socket.next().await.unwrap().into_data();
        // What it does not know it skips, as it always did.
        let Ok(heard) = minicbor::decode(&frame) else { continue };
        match heard {
            Heard::Ack(_, _, resumed) => assert!(!resumed),
            Heard::Rows(1, some, done) => {
                rows += some.len();
                complete = done;
            }
            Heard::Delta(..) => labelled = true,
            // Whole, each time.
            Heard::Object(3, Some(json)) => {
                let object: Value = serde_json::from_str(&json).unwrap();
                assert_eq!(object["metadata"]["name"], "api-0");
                objects += 1;
                let mut changed = pod.clone();
                changed["metadata"]["labels"] = serde_json::json!({"n": objects.to_string()});
                bench.sim.apply(changed).unwrap();
            }
            Heard::Heartbeat(beats) => counted = beats.iter().find(|beat| beat.0 == 1).map(|beat| beat.2).or(counted),
            Heard::Welcome(version) => assert!(version >= 1),
            _ => {}
        }
    }
    assert_eq!(rows, bench.sim.list("v1", "Pod", "").len());
    assert_eq!(counted, Some(rows as u64));
}
