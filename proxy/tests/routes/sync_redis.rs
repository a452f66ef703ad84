//! Two proxies on one Yard, by way of a real Redis: what one takes in the other has, and either may die.

use krateyard_proxy::{RoomsKept, Secret};
use krateyard_shared::sync::awareness::{self, Entry};
use krateyard_shared::sync::frame::Frame;
use kubesim::Options;

use crate::bench::{Bench, bounded};
use crate::redis_server::{Redis, without_redis};
use crate::sync_peers::{App, Copy, Heard, demo, of};

async fn proxy_on(redis: &Redis) -> Bench {
    let url = redis.url();
    Bench::with(Options { pods: 10, ..Options::default() }, |config| config.rooms = RoomsKept::Redis(Secret::new(url))).await
}

/// Reads on until a copy has a key.
async fn until_has(app: &mut App, copy: &Copy, key: &str) {
    bounded(async {
        while !copy.has(key) {
            if let Heard::Frame(_, frame) = app.next().await {
                copy.hear(&frame);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn edits_and_people_cross_from_one_proxy_to_the_other() {
    let Some(redis) = Redis::start("cross") else { return without_redis() };
    let (first, second) = (proxy_on(&redis).await, proxy_on(&redis).await);
    let (mut ann, mut bob) = (App::open(&first, "admin").await, App::open(&second, "viewer").await);
    let (mine, theirs) = (Copy::new(1), Copy::new(2));
    bob.enter(1, &of("web")).await;
    bob.entered(1).await.unwrap();
    bob.send(1, &theirs.ask()).await;
    ann.enter(1, &of("web")).await;
    ann.entered(1).await.unwrap();
    ann.send(1, &mine.ask()).await;
    ann.send(1, &mine.write("from ann")).await;
    ann.acknowledged(1, 1).await;
    until_has(&mut bob, &theirs, "from ann").await;
    bob.send(1, &theirs.write("from bob")).await;
    until_has(&mut ann, &mine, "from bob").await;
    let state = Entry { client: 9, clock: 1, state: r#"{"tab":"t"}"#.into() };
    bob.send(1, &Frame::Awareness(&awareness::write([state].iter())).encode()).await;
    let told = ann
        .until(|heard| {
            let Heard::Frame(1, frame) = heard else { return None };
            let Ok(Frame::Awareness(states)) = Frame::read(&frame) else { return None };
            awareness::read(states, 10, 4096).unwrap().pop()
        })
        .await;
    assert!(told.state.contains("viewer@example.com"), "{told:?}");
    // Whoever looks at the other proxy finds the room.
    let mut late = App::open(&second, "admin").await;
    late.say(&krateyard_shared::sync::ToProxy::Look { cluster: demo() }).await;
    assert_eq!(late.rooms().await, ["web"]);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_the_proxy_and_redis_died() {
    let Some(mut redis) = Redis::start("died") else { return without_redis() };
    let first = proxy_on(&redis).await;
    let mut ann = App::open(&first, "admin").await;
    let mine = Copy::new(1);
    ann.enter(1, &of("web")).await;
    // More than a log may have before it is compacted.
    for i in 0..700 {
        ann.send(1, &mine.write(&format!("key {i}"))).await;
    }
    ann.acknowledged(1, 700).await;
    redis.kill();
    // Not kept, so not acknowledged; it is when Redis is back.
    ann.send(1, &mine.write("while redis was gone")).await;
    redis.run().unwrap();
    ann.acknowledged(1, 701).await;
    drop((ann, first));
    let second = proxy_on(&redis).await;
    let mut bob = App::open(&second, "admin").await;
    let theirs = Copy::new(2);
    bob.enter(1, &of("web")).await;
    bob.send(1, &theirs.ask()).await;
    until_has(&mut bob, &theirs, "while redis was gone").await;
    assert!((0..700).all(|i| theirs.has(&format!("key {i}"))));
}
