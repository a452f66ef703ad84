//! The watch socket as a socket: nonsense, length, counts, refusals, other pages, the end, and signs of life.

use std::time::Duration;

use krateyard_shared::checksum::Checksum;
use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::{ClientMessage, EncodedRow, JSON, MAX_CLIENT_FRAME, MAX_SUBSCRIPTIONS, ServerMessage, Wire};
use kubesim::Options;
use tokio_tungstenite::tungstenite::Message;

use super::watch::{Copy, in_namespace, namespace, pods};
use crate::bench::{Bench, Watch, bounded, eventually};

#[tokio::test]
async fn nonsense_is_answered_and_the_socket_stays() {
    let bench = Bench::start().await;
    let mut watch = Watch { socket: bench.connect("/ws/watch", &[("authorization", "Bearer demo-admin"), ("sec-websocket-protocol", JSON)]).await.unwrap() };
    watch.next().await;
    watch.subscribe(1, pods(), Scope::All).await;
    assert!(matches!(watch.next().await, ServerMessage::Bad { .. }), "Hello comes first");
    watch.send(&ClientMessage::Hello { version: 1 }).await;
    for text in ["", "{", r#"{"type":"nosuch"}"#, r#"{"type":"subscribe","id":-1}"#] {
        watch.socket.send(Message::text(text)).await;
        assert!(matches!(watch.next().await, ServerMessage::Bad { refusal: Refusal::BadRequest { .. } }), "{text}");
    }
    watch.socket.send(Message::binary(vec![0xff; 8])).await;
    assert!(matches!(watch.next().await, ServerMessage::Bad { .. }));
    watch.send(&ClientMessage::Refresh { id: 99 }).await;
    assert!(matches!(watch.next().await, ServerMessage::Bad { .. }));
    watch.send(&ClientMessage::Unsubscribe { id: 99 }).await;
    watch.subscribe(1, pods(), Scope::All).await;
    watch.rows(1).await;
    watch.subscribe(1, pods(), Scope::All).await;
    assert!(matches!(watch.denied(1).await, Refusal::BadRequest { field, .. } if field == "id"));
}

#[tokio::test]
async fn what_the_document_says_to_type_is_answered() {
    let bench = Bench::start().await;
    let document = include_str!("../../../shared/WIRE.md");
    let mut socket = bench.connect("/ws/watch", &[("authorization", "Bearer demo-admin"), ("sec-websocket-protocol", JSON)]).await.unwrap();
    for line in document.lines().filter(|line| line.starts_with('{')) {
        socket.send(Message::text(line.replace("prod-eu-1", "demo"))).await;
    }
    let mut said = Vec::new();
    let mut done = false;
    while !done {
        let message: serde_json::Value = serde_json::from_str(socket.next().await.unwrap().to_text().unwrap()).unwrap();
        said.push(message["type"].as_str().unwrap().to_owned());
        for row in message["rows"].as_array().into_iter().flatten() {
            assert_eq!(row["namespace"], "web", "readable: {message}");
        }
        done = message["done"] == true;
    }
    // Rights that are listed for the first time may have changed.
    said.retain(|kind| kind != "freshness" && kind != "accessChanged");
    said.dedup();
    assert_eq!(said, ["welcome", "ack", "rows"]);
}

#[tokio::test]
async fn a_long_frame_closes_the_socket() {
    let bench = Bench::start().await;
    let mut watch = bench.watch("demo-admin").await;
    watch.socket.send(Message::text("x".repeat(MAX_CLIENT_FRAME + 1))).await;
    assert_eq!(watch.socket.closed().await.0, 4400);
}

#[tokio::test]
async fn subscriptions_and_sockets_are_counted() {
    let bench = Bench::with(Options::default(), |config| config.limits.sockets_per_user = 2).await;
    let mut watch = bench.watch("demo-viewer").await;
    for id in 0..=u32::try_from(MAX_SUBSCRIPTIONS).unwrap() {
        watch.subscribe(id, pods(), in_namespace("web")).await;
    }
    assert!(matches!(watch.denied(MAX_SUBSCRIPTIONS as u32).await, Refusal::Limit { .. }));
    let _second = bench.watch("demo-viewer").await;
    let third = bench.connect("/ws/watch", &[("authorization", "Bearer demo-viewer")]).await.err().unwrap();
    assert!(matches!(third, (429, Some(Refusal::Limit { .. }))), "{third:?}");
    bench.watch("demo-admin").await;
    drop(watch);
    bounded(async {
        while bench.connect("/ws/watch", &[("authorization", "Bearer demo-viewer")]).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_refused_upgrade_answers_programs_by_status_and_pages_by_code() {
    let bench = Bench::start().await;
    let origin = bench.origin();
    assert_eq!(bench.connect("/ws/watch", &[("authorization", "Bearer wrong")]).await.err(), Some((401, Some(Refusal::Unauthenticated))));
    let mut page = bench.connect("/ws/watch", &[("origin", &origin)]).await.unwrap();
    assert_eq!(page.closed().await, (4401, Refusal::Unauthenticated.to_string()));
    let old = format!("krateyard-{}=old", bench.proxy.local_addr().port());
    let mut page = bench.connect("/ws/watch", &[("origin", &origin), ("cookie", &old)]).await.unwrap();
    assert_eq!(page.closed().await, (4401, Refusal::Expired.to_string()));
    let plain = bench.get("demo-admin", "/ws/watch").await;
    assert_eq!(plain.status(), 400);
}

#[tokio::test]
async fn a_foreign_page_gets_no_socket() {
    let bench = Bench::start().await;
    let cookie = bench.sign_in("demo-admin").await;
    for path in ["/ws/watch", "/ws/logs?cluster=demo&ns=web&pod=a&container=b", "/ws/shell?cluster=demo&ns=web&pod=a&container=b&cols=80&rows=24"] {
        for origin in ["null", "https://evil.example.com"] {
            let refused = bench.connect(path, &[("cookie", &cookie), ("origin", origin)]).await.err();
            assert_eq!(refused, Some((403, Some(Refusal::ForeignOrigin { origin: origin.into() }))), "{path}");
        }
        assert_eq!(bench.connect(path, &[("cookie", &cookie)]).await.err().map(|refused| refused.0), Some(403), "{path}");
    }
}

#[tokio::test]
async fn a_stopping_proxy_says_that_it_comes_back() {
    let bench = Bench::start().await;
    let mut watch = bench.watch("demo-admin").await;
    let Bench { proxy, sim, .. } = bench;
    let (closed, ()) = tokio::join!(watch.socket.closed(), proxy.stop());
    assert_eq!(closed.0, 1012);
    eventually(|| sim.requests().all().iter().all(|count| count.verb != "watch" || count.open == 0)).await;
}

#[tokio::test]
async fn heartbeats_say_how_far_each_subscription_is_and_which_rows_it_has() {
    let bench = Bench::with(Options { pods: 60, ..Options::default() }, |config| config.limits.heartbeat = Duration::from_millis(2)).await;
    let mut watch = bench.watch("demo-admin").await;
    let labels = Scope::Labels { namespace: None, selector: "n in (1,3,5,7,9)".into() };
    let scopes = [(pods(), Scope::All), (pods(), in_namespace("web")), (Kind::Namespace.resource(), Scope::All), (Kind::Namespace.resource(), labels)];
    let mut copies: Vec<Copy> = Vec::new();
    for (id, (resource, scope)) in (0..).zip(scopes) {
        watch.subscribe(id, resource, scope).await;
        copies.push(Copy::default());
    }
    let (mut compared, mut round) = ([0; 4], 0);
    while compared.iter().any(|count| *count < 20) {
        round += 1;
        bench.sim.apply(namespace("busy", round % 12)).unwrap();
        bench.sim.apply(namespace(&format!("busy-{}", round % 5), round % 3)).unwrap();
        let _ = bench.sim.remove("v1", "Namespace", "", &format!("busy-{}", (round + 2) % 5));
        let message = watch.socket.next().await.unwrap();
        let message = Wire::Json.decode::<ServerMessage>(message.to_text().unwrap().as_bytes()).unwrap();
        if let ServerMessage::Heartbeat { positions } = &message {
            for beat in positions {
                let copy = &copies[beat.id as usize];
                let mut checksum = Checksum::default();
                copy.rows.values().for_each(|row| checksum.add(EncodedRow::of(row).hash()));
                assert_eq!((beat.seq, beat.count, beat.checksum), (copy.seq, copy.rows.len() as u64, Some(checksum)), "{}", beat.id);
                compared[beat.id as usize] += 1;
            }
        } else if let Some(id) = of(&message) {
            copies[id as usize].take(&message);
        }
    }
}

/// The subscription that a message of rows is about.
fn of(message: &ServerMessage) -> Option<u32> {
    match message {
        ServerMessage::Ack { id, .. } | ServerMessage::Rows { id, .. } | ServerMessage::Delta { id, .. } | ServerMessage::Reset { id, .. } => Some(*id),
        _ => None,
    }
}
