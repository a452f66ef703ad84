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
