//! Rooms of the Yard over sockets: who may enter, who may change, what everybody sees, and what ends it.

use std::time::Duration;

use krateyard_shared::identity::ClusterName;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::awareness::{self, Entry, GONE};
use krateyard_shared::sync::frame::Frame;
use krateyard_shared::sync::room::{Room, YARDS, YARDS_GROUP};
use krateyard_shared::sync::{ToApp, ToProxy};
use kubesim::Options;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::bench::{Bench, bounded};
use crate::sync_peers::{App, Copy, Heard, demo, of};

const RBAC: &str = "rbac.authorization.k8s.io";
/// A right that changes counts within this time.
const SOON: Duration = Duration::from_secs(5);

/// A role on yards and its binding to a person, in a namespace.
fn grant_yards(bench: &Bench, namespace: &str, person: &str, verbs: &[&str]) {
    let name = format!("yards-{person}");
    let meta = json!({"name": name, "namespace": namespace});
    let role = json!({"apiVersion": format!("{RBAC}/v1"), "kind": "Role", "metadata": meta,
        "rules": [{"apiGroups": [YARDS_GROUP], "resources": [YARDS], "verbs": verbs}]});
    let binding = json!({"apiVersion": format!("{RBAC}/v1"), "kind": "RoleBinding", "metadata": meta,
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": name}, "subjects": [{"apiGroup": RBAC, "kind": "User", "name": format!("{person}@example.com")}]});
    bench.sim.apply(role).unwrap();
    bench.sim.apply(binding).unwrap();
}

/// Tries every room as one account; gives what came of it.
async fn tries(bench: &Bench, account: &str) -> Vec<(String, Option<bool>)> {
    let mut app = App::open(bench, account).await;
    let mut found = Vec::new();
    for (channel, room) in (1..).zip([Room::Cluster, Room::Private, of("web"), of("payments")]) {
        app.enter(channel, &room).await;
        let entered = match app.entered(channel).await {
            Ok(writable) => Some(writable),
            Err(Refusal::Forbidden { .. }) => None,
            Err(refusal) => panic!("{refusal}"),
        };
        found.push((room.to_string(), entered));
    }
    found
}

#[tokio::test]
async fn every_account_enters_what_it_may_and_nothing_else() {
    let bench = Bench::start().await;
    let found = |cluster, private, web, payments| {
        [("_cluster", cluster), ("_private", private), ("web", web), ("payments", payments)].map(|(room, may)| (room.to_owned(), may)).to_vec()
    };
    assert_eq!(tries(&bench, "admin").await, found(Some(true), Some(true), Some(true), Some(true)));
    assert_eq!(tries(&bench, "editor").await, found(None, Some(true), None, Some(true)));
    assert_eq!(tries(&bench, "viewer").await, found(None, Some(true), Some(true), None));
    assert_eq!(tries(&bench, "nobody").await, found(None, Some(true), None, None));
    // Where a binding names yards it rules, for everybody: pods count no more.
    grant_yards(&bench, "web", "nobody", &["get"]);
    bounded(async { while tries(&bench, "nobody").await != found(None, Some(true), Some(false), None) {} }).await;
    assert_eq!(tries(&bench, "viewer").await, found(None, Some(true), None, None));
    assert_eq!(tries(&bench, "admin").await, found(Some(true), Some(true), Some(true), Some(true)));
}

#[tokio::test]
async fn an_edit_reaches_who_is_there_and_who_comes_later_and_nobody_else() {
    let bench = Bench::start().await;
    let (mut admin, mut viewer, mut editor) = (App::open(&bench, "admin").await, App::open(&bench, "viewer").await, App::open(&bench, "editor").await);
    let (mine, theirs) = (Copy::new(1), Copy::new(2));
    editor.say(&ToProxy::Look { cluster: demo() }).await;
    assert!(editor.rooms().await.is_empty(), "nothing was written yet");
    viewer.enter(7, &of("web")).await;
    viewer.entered(7).await.unwrap();
    viewer.send(7, &theirs.ask()).await;
    admin.enter(3, &of("web")).await;
    admin.entered(3).await.unwrap();
    admin.send(3, &mine.write("krate")).await;
    admin.acknowledged(3, 1).await;
    viewer
        .until(|heard| {
            let Heard::Frame(7, frame) = heard else { return None };
            theirs.hear(&frame);
            theirs.has("krate").then_some(())
        })
        .await;
    // The editor is told of what was written in payments, and never of web.
    admin.enter(4, &of("payments")).await;
    admin.send(4, &Copy::new(3).write("krate")).await;
    assert_eq!(editor.rooms().await, ["payments"]);
    let mut late = App::open(&bench, "admin").await;
    late.say(&ToProxy::Look { cluster: demo() }).await;
    assert_eq!(late.rooms().await, ["payments", "web"]);
    let copy = Copy::new(4);
    late.enter(1, &of("web")).await;
    late.send(1, &copy.ask()).await;
    late.until(|heard| {
        if let Heard::Frame(1, frame) = heard {
            copy.hear(&frame);
        }
        copy.has("krate").then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_may_look_only_sees_and_cannot_change() {
    let bench = Bench::start().await;
    grant_yards(&bench, "web", "viewer", &["get"]);
    let (mut admin, mut viewer) = (App::open(&bench, "admin").await, App::open(&bench, "viewer").await);
    bounded(async {
        for channel in 10.. {
            viewer.enter(channel, &of("web")).await;
            if viewer.entered(channel).await == Ok(false) {
                return;
            }
            viewer.say(&ToProxy::Close { channel }).await;
        }
    })
    .await;
    admin.enter(1, &of("web")).await;
    let (forged, copy) = (Copy::new(5), Copy::new(6));
    viewer.enter(1, &of("web")).await;
    viewer.send(1, &forged.write("forged")).await;
    let refusal = viewer.until(|heard| if let Heard::Control(ToApp::Refused { refusal, .. }) = heard { Some(refusal) } else { None }).await;
    assert!(matches!(refusal, Refusal::Forbidden { verb, resource, .. } if verb == "update" && resource == "yards.krateyard.dev"));
    admin.send(1, &copy.write("real")).await;
    admin.send(1, &copy.ask()).await;
    viewer.send(1, &forged.ask()).await;
    viewer
        .until(|heard| {
            if let Heard::Frame(1, frame) = heard {
                forged.hear(&frame);
            }
            forged.has("real").then_some(())
        })
        .await;
    admin.acknowledged(1, 1).await;
    assert!(!copy.has("forged"));
    // The right to change comes, and what was tried before is asked for.
    bench.sim.remove(&format!("{RBAC}/v1"), "Role", "web", "yards-viewer").unwrap();
    grant_yards(&bench, "web", "viewer", &["get", "update"]);
    let opened = viewer.until(|heard| if let Heard::Control(ToApp::Opened { channel: 1, writable: true }) = heard { Some(()) } else { None });
    tokio::time::timeout(SOON, opened).await.expect("a right that was given counts within 5 s");
}

#[tokio::test]
async fn a_revoked_right_ends_a_room_within_seconds_and_leaves_the_others() {
    let bench = Bench::start().await;
    let (mut admin, mut viewer) = (App::open(&bench, "admin").await, App::open(&bench, "viewer").await);
    let copy = Copy::new(1);
    admin.enter(1, &of("web")).await;
    admin.send(1, &copy.write("a")).await;
    admin.acknowledged(1, 1).await;
    viewer.say(&ToProxy::Look { cluster: demo() }).await;
    assert_eq!(viewer.rooms().await, ["web"]);
    viewer.enter(1, &of("web")).await;
    viewer.enter(2, &Room::Private).await;
    viewer.entered(1).await.unwrap();
    viewer.send(1, &Copy::new(2).ask()).await;
    viewer.entered(2).await.ok();
    bench.sim.remove(&format!("{RBAC}/v1"), "RoleBinding", "web", "web-viewers").unwrap();
    let (mut closed, mut unlisted) = (false, false);
    let gone = viewer.until(|heard| {
        match heard {
            Heard::Control(ToApp::Closed { channel: 1, refusal: Refusal::Forbidden { .. } }) => closed = true,
            Heard::Control(ToApp::Rooms { rooms, .. }) => unlisted = rooms.is_empty(),
            _ => {}
        }
        (closed && unlisted).then_some(())
    });
    tokio::time::timeout(SOON, gone).await.expect("a revoked right counts within 5 s");
    // Not a byte of the room from here on, while the private one goes on.
    admin.send(1, &copy.write("secret")).await;
    admin.acknowledged(1, 2).await;
    viewer.send(2, &Copy::new(3).write("own")).await;
    viewer
        .until(|heard| match heard {
            Heard::Control(ToApp::Ack { channel: 2, frames: 1 }) => Some(()),
            Heard::Frame(1, _) => panic!("a byte of a room that may not be read"),
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn private_rooms_are_their_persons_own() {
    let bench = Bench::start().await;
    let (mut admin, mut viewer, mut second) = (App::open(&bench, "admin").await, App::open(&bench, "viewer").await, App::open(&bench, "admin").await);
    for app in [&mut admin, &mut viewer, &mut second] {
        app.enter(1, &Room::Private).await;
    }
    let (mine, theirs, elsewhere) = (Copy::new(1), Copy::new(2), Copy::new(3));
    admin.send(1, &mine.write("mine")).await;
    admin.acknowledged(1, 1).await;
    second.send(1, &elsewhere.ask()).await;
    second
        .until(|heard| {
            if let Heard::Frame(1, frame) = heard {
                elsewhere.hear(&frame);
            }
            elsewhere.has("mine").then_some(())
        })
        .await;
    viewer.send(1, &theirs.write("theirs")).await;
    viewer.send(1, &Copy::new(4).ask()).await;
    let everything = Copy::new(5);
    viewer
        .until(|heard| {
            if let Heard::Frame(1, frame) = heard {
                everything.hear(&frame);
            }
            everything.has("theirs").then_some(())
        })
        .await;
    assert!(!everything.has("mine"));
    let mut looks = App::open(&bench, "admin").await;
    looks.say(&ToProxy::Look { cluster: demo() }).await;
    assert!(looks.rooms().await.is_empty(), "a private room is in no directory");
}

#[tokio::test]
async fn presence_carries_the_proxys_name_and_ends_with_the_socket() {
    let bench = Bench::start().await;
    let (mut admin, mut viewer) = (App::open(&bench, "admin").await, App::open(&bench, "viewer").await);
    admin.enter(1, &of("web")).await;
    viewer.enter(1, &of("web")).await;
    viewer.entered(1).await.unwrap();
    let state = Entry { client: 9, clock: 1, state: r#"{"name":"admin@example.com","cursorPosition":{"x":1,"y":2}}"#.into() };
    viewer.send(1, &Frame::Awareness(&awareness::write([state].iter())).encode()).await;
    let told = |heard| {
        let Heard::Frame(1, frame) = heard else { return None };
        let Ok(Frame::Awareness(states)) = Frame::read(&frame) else { return None };
        awareness::read(states, 10, 4096).unwrap().pop()
    };
    let entry = admin.until(told).await;
    let state: serde_json::Value = serde_json::from_str(&entry.state).unwrap();
    assert_eq!((entry.client, &state["name"], &state["cursorPosition"]["y"]), (9, &json!("viewer@example.com"), &json!(2)));
    drop(viewer);
    assert_eq!(admin.until(told).await.state, GONE);
}

#[tokio::test]
async fn a_plain_client_speaks_with_one_room_and_is_refused_by_status_and_code() {
    let bench = Bench::start().await;
    let connect =
        async |account: &str, room: &str| bench.connect(&format!("/ws/sync/demo/{room}"), &[("authorization", &format!("Bearer demo-{account}"))]).await;
    for (account, room, status) in [("viewer", "payments", 403), ("viewer", "_cluster", 403), ("admin", "No-Room", 404), ("wrong", "web", 401)] {
        assert_eq!(connect(account, room).await.err().map(|(status, _)| status), Some(status), "{account} {room}");
    }
    let (mut one, mut other) = (connect("admin", "web").await.unwrap(), connect("viewer", "web").await.unwrap());
    let (mine, theirs) = (Copy::new(1), Copy::new(2));
    other.send(Message::binary(theirs.ask())).await;
    one.send(Message::binary(mine.write("krate"))).await;
    bounded(async {
        while !theirs.has("krate") {
            theirs.hear(&other.next().await.unwrap().into_data());
        }
    })
    .await;
    other.send(Message::binary(vec![0, 2, 1, 0xff])).await;
    assert_eq!(other.closed().await.0, 4400);
    // A page cannot read a status: it is told by the code.
    let cookie = bench.sign_in("demo-viewer").await;
    let origin = bench.origin();
    let mut page = bench.connect("/ws/sync/demo/payments", &[("cookie", &cookie), ("origin", &origin)]).await.unwrap();
    assert_eq!(page.closed().await.0, 4403);
}

#[tokio::test]
async fn nonsense_on_the_apps_socket_harms_nobody_else() {
    let bench = Bench::with(Options { pods: 10, ..Options::default() }, |config| config.limits.room_peers = 1).await;
    let mut app = App::open(&bench, "admin").await;
    app.send(44, b"to nobody").await;
    app.enter(1, &Room::Namespace("../..".into())).await;
    assert!(matches!(app.entered(1).await, Err(Refusal::NotFound { .. })));
    app.say(&ToProxy::Open { channel: 1, cluster: ClusterName("nosuch".into()), room: Room::Cluster, in_pieces: true }).await;
    assert!(matches!(app.entered(1).await, Err(Refusal::NotFound { .. })));
    app.say(&ToProxy::Look { cluster: ClusterName("nosuch".into()) }).await;
    app.until(|heard| matches!(heard, Heard::Control(ToApp::Unseen { .. })).then_some(())).await;
    app.enter(0, &of("web")).await;
    assert!(matches!(app.entered(0).await, Err(Refusal::BadRequest { .. })));
    app.enter(2, &of("web")).await;
    app.entered(2).await.unwrap();
    app.enter(2, &of("payments")).await;
    let in_use = |heard| matches!(heard, Heard::Control(ToApp::Closed { channel: 2, refusal: Refusal::BadRequest { .. } })).then_some(());
    app.until(in_use).await;
    let mut late = App::open(&bench, "admin").await;
    late.enter(1, &of("web")).await;
    assert!(matches!(late.entered(1).await, Err(Refusal::Limit { .. })), "the room is full");
    app.0.send(Message::binary(vec![0, 0xff])).await;
    assert_eq!(app.0.closed().await.0, 4400);
    bounded(async {
        for channel in 2.. {
            late.enter(channel, &of("web")).await;
            if late.entered(channel).await == Ok(true) {
                return;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_too_long_for_a_frame_is_taken_in_pieces_each_acknowledged() {
    let bench = Bench::start().await;
    grant_yards(&bench, "web", "viewer", &["get"]);
    let (mut admin, mut later) = (App::open(&bench, "admin").await, App::open(&bench, "admin").await);
    let (copy, other) = (Copy::new(1), Copy::new(2));
    for key in 0..150 {
        copy.write(&format!("key{key}{}", "x".repeat(10_000)));
    }
    admin.enter(1, &of("web")).await;
    admin.entered(1).await.unwrap();
    let mut sent = 0;
    while let Some(piece) = copy.piece_for(&other, 256 << 10) {
        admin.send(1, &Frame::Update(&piece).encode()).await;
        sent += 1;
        admin.acknowledged(1, sent).await;
        other.hear(&Frame::Update(&piece).encode());
    }
    assert!(sent >= 6, "{sent} pieces of 1.5 MB");
    let last = format!("key149{}", "x".repeat(10_000));
    // Who comes later is sent it in pieces too, a Step2 last, whether they may change it or look only; who knows of no pieces gets it whole.
    let mut looks = App::open(&bench, "viewer").await;
    let mut older = App::open(&bench, "viewer").await;
    for (peer, may_change, in_pieces) in [(&mut later, true, true), (&mut looks, false, true), (&mut older, false, false)] {
        let mut channel = 0;
        // Until the proxy has heard of the role.
        bounded(async {
            while channel == 0 || peer.entered(channel).await != Ok(may_change) {
                channel += 1;
                if in_pieces { peer.enter(channel, &of("web")).await } else { peer.enter_for_whole_answers(channel, &of("web")).await }
            }
        })
        .await;
        let copy = Copy::new(3);
        peer.send(channel, &copy.ask()).await;
        let mut pieces = 0;
        peer.until(|heard| {
            let Heard::Frame(of, frame) = heard else { return None };
            if of != channel {
                return None;
            }
            copy.hear(&frame);
            match Frame::read(&frame).unwrap() {
                Frame::Update(update) => {
                    assert!(update.len() <= 64 << 10, "{} bytes in one frame", update.len());
                    pieces += 1;
                    None
                }
                Frame::Step2(_) => Some(()),
                _ => None,
            }
        })
        .await;
        assert!(copy.has(&last));
        assert!(if in_pieces { pieces > 20 } else { pieces == 0 }, "{pieces} pieces");
    }
}
