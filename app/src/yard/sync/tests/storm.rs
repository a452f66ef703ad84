use super::*;

/// Numbers of a seed (Knuth's MMIX).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

const ROOMS: [&str; 3] = ["web", "shop", "pay"];

fn room(number: usize) -> Room {
    ROOMS.get(number).map_or(Room::Cluster, |name| namespace(name))
}

fn action(random: &mut Random, core: &Core) -> YardAction {
    let state = core.state();
    let at = Point::new(random.below(4_000) as f64, random.below(3_000) as f64);
    let dice = random.below(100);
    if state.krates.is_empty() || dice < 25 {
        let names = [&ROOMS[..1], &ROOMS[1..2], &ROOMS[2..], &ROOMS[..2], &[]][random.below(5)];
        let content = [Content::Collection, Content::View(View::Events)][random.below(2)];
        let into = (!state.krates.is_empty() && random.below(4) == 0).then(|| state.krates[random.below(state.krates.len())].id.clone());
        return YardAction::Open { subject: pods(names), content, into, near: at };
    }
    let krate = state.krates[random.below(state.krates.len())].clone();
    let window = krate.windows[random.below(krate.windows.len())].id.clone();
    let other = state.krates[random.below(state.krates.len())].id.clone();
    match dice {
        25..50 => YardAction::MoveKrate { krate: krate.id.clone(), to: at },
        50..58 => YardAction::ResizeWindow { window, size: Size::new(300.0 + at.x / 10.0, 200.0) },
        58..66 => YardAction::Join { window, krate: other },
        66..72 => YardAction::TearOff { window, to: at },
        72..77 => YardAction::PutNote { at, text: format!("note {dice}"), beside: Some(krate.id.clone()) },
        77..82 => YardAction::PutArrow { from: krate.id.clone(), to: other },
        82..86 => YardAction::CloseKrate { krate: krate.id.clone() },
        86..90 => YardAction::Retarget { window, subject: pods(&ROOMS[random.below(3)..]) },
        90..97 => YardAction::Undo,
        _ => YardAction::Redo,
    }
}

/// Names of one namespace in the room of another.
fn strays(core: &Core) -> Vec<(Room, Subject)> {
    let krates = core.state().krates.iter().filter(|krate| krate.room.namespace().is_some());
    let subjects = krates.flat_map(|krate| krate.windows.iter().map(|window| (krate.room.clone(), krate.subject_of(window).clone())));
    subjects.filter(|(room, subject)| room_of(subject) != *room).collect()
}

fn run(seed: u64) {
    let mut random = Random(seed);
    let rights: Vec<Vec<(Room, Right)>> = (0..3)
        .map(|_| {
            let right = |number| [Right::Write, Right::Write, Right::Read, Right::None][number];
            (0..4).map(|number| (room(number), right(random.below(4)))).collect()
        })
        .collect();
    // The last person has two browsers.
    let rights: Vec<&[(Room, Right)]> = rights.iter().map(Vec::as_slice).collect();
    let replicas = 1 + random.below(3);
    let mut world = World::with_replicas(&rights, replicas);
    let mut second = Tab::new(40, 2);
    second.event(SocketEvent::Start, world.now_ms);
    world.tabs.push(second);
    let mut reloads = 100;
    for _ in 0..250 {
        let tab = random.below(4);
        match random.below(100) {
            0..45 => {
                let action = action(&mut random, &world.tabs[tab].core);
                world.tabs[tab].act(&action, world.now_ms);
            }
            45..60 => drop(world.up(tab, 1 + random.below(4))),
            60..75 => drop(world.down(tab, 1 + random.below(6))),
            75..80 => drop(world.connect(tab)),
            80..85 => world.pass(random.below(3_000) as u64),
            85..88 => world.cut(tab),
            88..90 => drop(world.proxy.save_of(random.below(replicas))),
            90..92 => drop(world.proxy.tail_of(random.below(replicas), 1 + random.below(4))),
            92 => {
                let gone = world.proxy.reboot(random.below(replicas));
                gone.into_iter().for_each(|tab| world.cut(tab));
            }
            93 => {
                world.proxy.disconnect(tab);
                reloads += 1;
                world.tabs[tab].reload(reloads);
                world.tabs[tab].event(SocketEvent::Start, world.now_ms);
            }
            94 => world.proxy.refuse_next = random.below(3),
            95..97 => {
                let right = [Right::Write, Right::Read, Right::None][random.below(3)];
                world.proxy.set_right(random.below(3), &room(random.below(4)), right);
            }
            _ => world.settle(),
        }
    }
    world.proxy.refuse_next = 0;
    world.heal();
    assert!(world.proxy.agrees(), "seed {seed}: not every replica has what is durable");
    for (number, tab) in world.tabs.iter().enumerate() {
        let state = tab.sync.state();
        assert!(state.is_synced(), "seed {seed}: tab {number} is {state:?}");
        for room in (0..4).map(room).chain([Room::Private]) {
            let right = world.proxy.right(tab.person, &room);
            let theirs = world.proxy.copy(&room, tab.person);
            match right {
                Right::None => assert_eq!(tab.core.snapshot(&room), None, "seed {seed}: tab {number} still has {room}"),
                // The same with this room alone.
                _ => {
                    let mut ours = Core::new(2);
                    tab.core.snapshot(&room).iter().for_each(|all| ours.receive(&room, Origin::Shared, all).unwrap());
                    assert_eq!(ours.state(), theirs.state(), "seed {seed}: tab {number}, {room}");
                    assert_eq!(strays(&ours), [], "seed {seed}: tab {number}, {room}");
                    // Where nobody ever asked nobody was told.
                    let is_open = tab.sync.open_rooms().any(|(open, _)| *open == room);
                    assert_eq!(
                        tab.core.may_write(&room),
                        if is_open { right == Right::Write } else { tab.core.may_write(&room) },
                        "seed {seed}: tab {number}, {room}"
                    );
                }
            }
        }
    }
}

/// Copies that edit, lose their connections, come back after a reload, gain and lose rights, over replicas of a proxy that end, lag behind each other and refuse: whoever may read a room has it as
/// the proxy does in the end, and nobody has anything else.
#[test]
fn all_converge_whatever_happens_on_the_way() {
    let (first, count) = (number_of("KRATEYARD_SYNC_SEED", 1), number_of("KRATEYARD_SYNC_SEEDS", 200));
    for seed in first..first + count {
        run(seed);
    }
    println!("sync: {count} seeds from {first}, all converged");
}

fn number_of(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}
