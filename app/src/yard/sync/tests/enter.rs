use super::*;

#[test]
fn a_room_that_holds_nothing_is_entered_on_demand_and_says_what_may_be_done_there() {
    let (web, shop, ops) = (namespace("web"), namespace("shop"), namespace("ops"));
    let mut world = World::of(&[&[(Room::Cluster, Right::Write), (web.clone(), Right::Write), (shop.clone(), Right::Read)]]);
    let entry = |world: &World, room: &Room| world.tabs[0].sync.entry(room);
    assert_eq!(entry(&world, &web), Entry::Unknown);
    assert_eq!(entry(&world, &Room::Cluster), Entry::Open { writable: true });
    for room in [&web, &shop, &ops] {
        let Tab { core, sync, .. } = &mut world.tabs[0];
        let effects = sync.enter(room, core);
        world.tabs[0].take(effects);
        assert_eq!(entry(&world, room), Entry::Unknown, "not before there is an answer");
    }
    world.settle();
    assert_eq!((entry(&world, &web), entry(&world, &shop)), (Entry::Open { writable: true }, Entry::Open { writable: false }));
    assert!(matches!(entry(&world, &ops), Entry::Refused(Refusal::Forbidden { .. })));
    assert!(world.tabs[0].told.is_empty() && world.tabs[0].core.state().krates.is_empty());
    // A right that came since.
    world.proxy.set_right(0, &ops, Right::Write);
    let Tab { core, sync, .. } = &mut world.tabs[0];
    let effects = sync.enter(&ops, core);
    world.tabs[0].take(effects);
    world.settle();
    assert_eq!(entry(&world, &ops), Entry::Open { writable: true });
    world.cut(0);
    assert_eq!(entry(&world, &web), Entry::Unknown);
    world.heal();
    assert_eq!(entry(&world, &web), Entry::Open { writable: true });
}

#[test]
fn who_may_only_read_sees_all_and_keeps_what_they_did_before_they_knew() {
    let all = write(&[Room::Cluster, namespace("web")]);
    let reader = [(namespace("web"), Right::Read)];
    let mut world = World::of(&[&all, &reader]);
    let now = world.now_ms;
    let krate = world.tabs[0].open(&["web"], now);
    world.settle();
    assert!(!world.tabs[1].krate(&krate).unwrap().writable);
    assert!(!world.tabs[1].core.may_write(&Room::Cluster));
    // A new tab of theirs that is not connected yet.
    world.tabs[1].reload(78);
    let mine = world.tabs[1].act(&YardAction::Open { subject: pods(&["web"]), content: Content::View(View::Events), into: None, near: Point::default() }, now);
    world.tabs[1].act(&YardAction::MoveKrate { krate: krate.clone(), to: Point::new(5_000.0, 0.0) }, now);
    world.proxy.disconnect(1);
    world.tabs[1].event(SocketEvent::Start, now);
    world.settle();
    let mine = world.tabs[1].core.state().window(&mine.unwrap()).unwrap().0.clone();
    assert_eq!((&mine.room, mine.writable), (&Room::Private, true));
    assert_eq!(world.tabs[1].krate(&krate).unwrap().at, world.tabs[0].krate(&krate).unwrap().at, "as everybody sees it");
    assert_eq!(world.tabs[1].told.len(), 1, "{:?}", world.tabs[1].told);
    assert!(world.tabs[1].sync.state().is_synced());
}
