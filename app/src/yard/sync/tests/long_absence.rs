//! Days without a connection: what was done is counted over reloads, and arrives however much it is.

use super::*;

/// Edits that come to more than a frame takes, all of which build on those before.
fn edit_for_days(world: &mut World, tab: usize, bytes: usize) -> KrateId {
    let now = world.now_ms;
    let krate = world.tabs[tab].open(&["web"], now);
    let note = world.tabs[tab].act(&YardAction::PutNote { at: Point::default(), text: String::new(), beside: Some(krate.clone()) }, now).unwrap();
    let text = "What was seen at night, and what was done about it. ".repeat(38);
    for round in 0..=bytes / text.len() {
        world.tabs[tab].act(&YardAction::PutNote { at: Point::new(round as f64, 0.0), text: text.clone(), beside: Some(krate.clone()) }, now);
        world.tabs[tab].act(&YardAction::MoveNote { note: note.clone(), to: Point::new(round as f64, 1.0) }, now);
    }
    krate
}

#[test]
fn what_is_too_long_for_a_frame_arrives_in_pieces() {
    let all = write(&[Room::Cluster, namespace("web")]);
    let mut world = World::of(&[&all, &all]);
    world.cut(0);
    let krate = edit_for_days(&mut world, 0, 900 << 10);
    world.tabs[0].reload(77);
    let now = world.now_ms;
    edit_for_days(&mut world, 0, 400 << 10);
    world.tabs[0].event(SocketEvent::Start, now);
    world.proxy.longest = 0;
    world.settle();
    assert!(world.proxy.longest < 300 << 10, "{} bytes in a frame", world.proxy.longest);
    assert!(world.tabs[0].sync.state().is_synced() && world.tabs[0].told.is_empty(), "{:?} {:?}", world.tabs[0].sync.state(), world.tabs[0].told);
    assert!(world.tabs[1].krate(&krate).is_some());
    assert_eq!(world.tabs[0].core.state(), world.tabs[1].core.state());
}

#[test]
fn a_piece_that_is_refused_and_a_connection_that_is_lost_between_pieces_lose_nothing() {
    let all = write(&[Room::Cluster, namespace("web")]);
    let mut world = World::of(&[&all, &all]);
    world.cut(0);
    edit_for_days(&mut world, 0, 600 << 10);
    world.proxy.refuse_next = 3;
    world.heal();
    world.cut(0);
    edit_for_days(&mut world, 0, 600 << 10);
    world.pass(2_000);
    for _ in 0..3 {
        world.connect(0);
        for _ in 0..3 {
            world.up(0, 4);
            world.proxy.save();
            world.down(0, 4);
        }
        world.cut(0);
        world.pass(5_000);
    }
    world.heal();
    assert!(world.tabs[0].sync.state().is_synced(), "{:?}", world.tabs[0].sync.state());
    assert_eq!(world.tabs[0].core.state(), world.tabs[1].core.state());
}

#[test]
fn a_reload_without_a_connection_counts_on_and_says_it_before_it_is_known_who_is_here() {
    let all = write(&[Room::Cluster, namespace("web")]);
    let mut world = World::of(&[&all, &all]);
    let now = world.now_ms;
    let krate = world.tabs[0].open(&["web"], now);
    world.settle();
    assert_eq!(world.tabs[0].unsent, Unsent::default());
    world.cut(0);
    let move_to = |x: f64| YardAction::MoveKrate { krate: krate.clone(), to: Point::new(x, 0.0) };
    for x in 1..=3 {
        world.tabs[0].act(&move_to(f64::from(x) * 100.0), now);
    }
    world.tabs[0].reload(77);
    assert_eq!(world.tabs[0].sync.state().words(now), "offline, 3 changes kept");
    world.tabs[0].act(&move_to(900.0), now);
    assert_eq!((world.tabs[0].sync.state().words(now).as_str(), world.tabs[0].unsent.changes()), ("offline, 4 changes kept", 4));
    world.tabs[0].event(SocketEvent::Start, now);
    world.settle();
    assert_eq!((world.tabs[0].sync.state().words(now).as_str(), world.tabs[0].unsent.changes()), ("4 changes synced", 0));
}

#[test]
fn what_was_not_sent_before_a_reload_is_sent_after_it() {
    let all = write(&[Room::Cluster, namespace("web"), namespace("shop")]);
    let mut world = World::of(&[&all, &all]);
    let now = world.now_ms;
    let gone = world.tabs[0].open(&["web"], now);
    world.settle();
    world.cut(0);
    let krate = world.tabs[0].open(&["shop"], now);
    world.tabs[0].act(&YardAction::CloseKrate { krate: gone.clone() }, now);
    world.tabs[0].reload(77);
    world.tabs[0].event(SocketEvent::Start, now);
    world.settle();
    assert!(world.tabs[1].krate(&krate).is_some() && world.tabs[1].krate(&gone).is_none());
    assert!(world.tabs[0].sync.state().is_synced());
}
