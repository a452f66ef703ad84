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

#[test]
fn who_may_only_read_and_comes_back_is_sent_what_they_lack_and_all_of_it_only_where_theirs_is_more() {
    let mut world = World::of(&[&write(&[namespace("web")]), &[(namespace("web"), Right::Read)]]);
    let now = world.now_ms;
    let kinds = [Kind::Pod, Kind::Service, Kind::ConfigMap, Kind::Deployment, Kind::ReplicaSet, Kind::StatefulSet];
    let krates = kinds.map(|kind| {
        let subject = Subject::Collection(Collection::of_kind(kind, None).in_namespaces(["web".to_owned()]));
        let window = world.tabs[0].act(&YardAction::Open { subject, content: Content::Collection, into: None, near: Point::default() }, now).unwrap();
        world.tabs[0].core.state().window(&window).unwrap().0.id.clone()
    });
    world.settle();
    let back = |world: &mut World, number: u64, meanwhile: &[YardAction]| {
        world.cut(1);
        world.tabs[1].reload(number);
        meanwhile.iter().for_each(|action| drop(world.tabs[1].act(action, now)));
        // Somebody else goes on.
        world.tabs[0].act(&YardAction::CloseKrate { krate: krates[number as usize % 4].clone() }, now);
        let before = world.proxy.asked_for_all;
        world.tabs[1].event(SocketEvent::Start, now);
        world.settle();
        let (one, other) = (&world.tabs[0].core, &world.tabs[1].core);
        assert_eq!(one.snapshot(&namespace("web")), other.snapshot(&namespace("web")));
        assert!(world.tabs[1].sync.state().is_synced());
        // One's own room always is, as long as nothing is in it.
        world.proxy.asked_for_all - before
    };
    let usual = back(&mut world, 71, &[]);
    let moved = YardAction::MoveKrate { krate: krates[4].clone(), to: Point::new(9_000.0, 0.0) };
    assert_eq!(back(&mut world, 72, &[moved]), usual + 1, "something was put in");
    assert_eq!(back(&mut world, 73, &[]), usual);
    let closed = YardAction::CloseKrate { krate: krates[5].clone() };
    assert_eq!(back(&mut world, 74, &[closed]), usual + 1, "something was taken out");
    assert!(world.tabs[1].krate(&krates[4]).is_some_and(|krate| !krate.writable) && world.tabs[1].krate(&krates[5]).is_some());
}
