//! Coming back: what changed, and nothing else; where that is not known, everything.

use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::{Position, ServerMessage};

use super::watch::{Copy, in_namespace, namespace, pods};
use crate::bench::Bench;

fn position(copy: &Copy) -> Position {
    Position { epoch: copy.epoch, seq: copy.seq }
}

#[tokio::test]
async fn who_comes_back_hears_what_changed_and_nothing_else() {
    let bench = Bench::start().await;
    for (name, label) in [("stays", 1), ("changes", 1), ("goes", 1)] {
        bench.sim.apply(namespace(name, label)).unwrap();
    }
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(1, Kind::Namespace.resource(), Scope::All).await;
    let mut copy = Copy::default();
    copy.until(&mut watch, |copy| copy.named("goes").is_some()).await;
    // Somebody else stays, so that the test knows when the hub knows.
    let mut other = bench.watch("demo-admin").await;
    other.subscribe(1, Kind::Namespace.resource(), Scope::All).await;
    let mut theirs = Copy::default();
    theirs.until(&mut other, |_| true).await;
    drop(watch);
    bench.sim.apply(namespace("comes", 1)).unwrap();
    bench.sim.apply(namespace("changes", 2)).unwrap();
    bench.sim.remove("v1", "Namespace", "", "goes").unwrap();
    theirs.until(&mut other, |copy| copy.named("goes").is_none() && copy.named("comes").is_some()).await;

    let mut watch = bench.watch("demo-admin").await;
    watch.resume(1, Kind::Namespace.resource(), Scope::All, position(&copy)).await;
    let ack = watch.next().await;
    assert_eq!(ack, ServerMessage::Ack { id: 1, position: position(&theirs), resumed: true });
    let delta = watch.next().await;
    let ServerMessage::Delta { from_seq, to_seq, upserts, deletes, .. } = &delta else { panic!("{delta:?}") };
    assert_eq!((*from_seq, *to_seq, deletes.len()), (copy.seq, theirs.seq, 1));
    let mut names: Vec<_> = upserts.iter().map(|row| row.decode().unwrap().name).collect();
    names.sort();
    assert_eq!(names, ["changes", "comes"]);
    copy.take(&delta);
    assert_eq!(copy.rows, theirs.rows);
    // And from there on.
    bench.sim.apply(namespace("later", 1)).unwrap();
    copy.until(&mut watch, |copy| copy.named("later").is_some()).await;
}

#[tokio::test]
async fn a_position_of_another_history_begins_anew() {
    let bench = Bench::start().await;
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(1, pods(), Scope::All).await;
    let mut copy = Copy::default();
    copy.until(&mut watch, |_| true).await;
    let Position { epoch, seq } = position(&copy);
    for (id, from) in [(2, Position { epoch: epoch ^ 1, seq }), (3, Position { epoch, seq: seq + 1_000_000 })] {
        watch.resume(id, pods(), Scope::All, from).await;
        let resumed = watch.until(|message| if let ServerMessage::Ack { resumed, .. } = message { Some(resumed) } else { None }).await;
        assert!(!resumed, "{from:?}");
        assert_eq!(watch.rows(id).await.len(), copy.rows.len());
    }
}

#[tokio::test]
async fn a_position_opens_nothing_that_the_right_does_not() {
    let bench = Bench::start().await;
    let mut admin = bench.watch("demo-admin").await;
    admin.subscribe(1, pods(), Scope::All).await;
    let mut copy = Copy::default();
    copy.until(&mut admin, |_| true).await;
    let payment = bench.sim.list("v1", "Pod", "payments")[0]["metadata"]["name"].as_str().unwrap().to_owned();
    bench.sim.remove("v1", "Pod", "payments", &payment).unwrap();
    let seq = copy.seq;
    copy.until(&mut admin, |copy| copy.named(&payment).is_none()).await;

    let mut viewer = bench.watch("demo-viewer").await;
    let from = Position { epoch: copy.epoch, seq };
    viewer.resume(1, pods(), Scope::All, from).await;
    assert!(matches!(viewer.denied(1).await, Refusal::Forbidden { .. }));
    viewer.resume(2, pods(), in_namespace("payments"), from).await;
    assert!(matches!(viewer.denied(2).await, Refusal::Forbidden { .. }));
    viewer.resume(3, pods(), in_namespace("web"), from).await;
    assert!(matches!(viewer.next().await, ServerMessage::Ack { id: 3, resumed: true, .. }));
    let told = viewer.until(|message| if let ServerMessage::Delta { upserts, deletes, .. } = message { Some((upserts, deletes)) } else { None }).await;
    assert!(told.1.is_empty(), "of a pod in another namespace: {told:?}");
    assert!(told.0.iter().all(|row| row.decode().unwrap().namespace.as_deref() == Some("web")));
}
