use std::collections::{BTreeMap, BTreeSet};

use krateyard_shared::kinds::{Kind, View};

use super::*;
use crate::yard::core::News;
use crate::yard::rooms::room_of;
use crate::yard::{Collection, Content, Krate, KrateId, Point, Size, Subject, WindowId, YardAction};

mod enter;
mod long_absence;
mod proxy;
mod storm;

use proxy::{Proxy, Right};

const CLUSTER: &str = "demo";

fn namespace(name: &str) -> Room {
    Room::Namespace(name.into())
}

fn pods(namespaces: &[&str]) -> Subject {
    Subject::Collection(Collection::of_kind(Kind::Pod, None).in_namespaces(namespaces.iter().map(|name| (*name).to_owned())))
}

/// A tab: a Yard and its way to the proxy.
struct Tab {
    core: Core,
    sync: Sync,
    person: usize,
    generation: Option<u64>,
    /// Whether its socket is not open yet.
    is_fresh: bool,
    number: u64,
    keys: u32,
    told: Vec<String>,
    unsent: Unsent,
    /// Messages on their way to the proxy; the harness says when they arrive.
    out: Vec<Vec<u8>>,
}

impl Tab {
    fn new(number: u64, person: usize) -> Tab {
        let sync = Sync::new(ClusterName(CLUSTER.into()), number);
        let core = Core::new(number * 1_000_003);
        Tab { core, sync, person, generation: None, is_fresh: false, number, keys: 0, told: Vec::new(), unsent: Unsent::default(), out: Vec::new() }
    }

    /// The same browser after a reload: what it kept is there, and nothing else.
    fn reload(&mut self, number: u64) {
        let mut fresh = Tab::new(number, self.person);
        let numbers = self.core.resting();
        let taken: Vec<_> = numbers.iter().filter(|number| fresh.core.take_up(number)).collect();
        for room in self.core.rooms() {
            fresh.core.receive(room, Origin::Restored, &self.core.snapshot(room).unwrap()).unwrap();
            if self.core.is_shared(room) {
                fresh.core.set_shared(room);
            }
        }
        taken.into_iter().for_each(|number| fresh.core.check_number(number));
        fresh.core.take_news();
        fresh.told = std::mem::take(&mut self.told);
        fresh.unsent = std::mem::take(&mut self.unsent);
        fresh.sync.recall(fresh.unsent.clone());
        *self = fresh;
    }

    fn act(&mut self, action: &YardAction, now_ms: u64) -> Option<WindowId> {
        let Tab { core, keys, number, .. } = self;
        let made = core.act(action, &mut new_id(*number, keys));
        self.settle(now_ms);
        made
    }

    fn open(&mut self, namespaces: &[&str], now_ms: u64) -> KrateId {
        let open = YardAction::Open { subject: pods(namespaces), content: Content::Collection, into: None, near: Point::default() };
        let window = self.act(&open, now_ms).expect("Open gives a window");
        self.core.state().window(&window).unwrap().0.id.clone()
    }

    fn event(&mut self, event: SocketEvent, now_ms: u64) {
        let effects = self.sync.event(event, &mut self.core, now_ms);
        self.take(effects);
        self.settle(now_ms);
    }

    fn message(&mut self, bytes: &[u8], now_ms: u64) {
        let Some(generation) = self.generation else { return };
        let Tab { core, sync, keys, number, .. } = self;
        let mut new_id = new_id(*number, keys);
        let effects = sync.message(generation, bytes, core, &mut new_id, now_ms);
        drop(new_id);
        self.take(effects);
        self.settle(now_ms);
    }

    fn settle(&mut self, now_ms: u64) {
        for news in self.core.take_news() {
            if let News::Change(change) = news {
                let effects = self.sync.changed(&change, &self.core, now_ms);
                self.take(effects);
            }
        }
    }

    fn take(&mut self, effects: Vec<SyncEffect>) {
        for effect in effects {
            match effect {
                SyncEffect::Connect { generation } => {
                    self.out.clear();
                    self.generation = Some(generation);
                    self.is_fresh = true;
                }
                SyncEffect::Disconnect => self.generation = None,
                SyncEffect::Send { bytes } => self.out.push(bytes),
                SyncEffect::Wake { .. } => {}
                SyncEffect::Keep(unsent) => self.unsent = unsent,
                SyncEffect::Tell(sentence) => self.told.push(sentence),
            }
        }
    }

    fn krate(&self, id: &str) -> Option<&Krate> {
        self.core.state().krate(id).map(AsRef::as_ref)
    }
}

fn new_id(seed: u64, keys: &mut u32) -> impl FnMut() -> std::sync::Arc<str> {
    move || {
        *keys += 1;
        format!("{seed:x}-{keys}").into()
    }
}

/// A world of a proxy and tabs, in which time passes when it is told to.
struct World {
    proxy: Proxy,
    tabs: Vec<Tab>,
    now_ms: u64,
}

impl World {
    /// One tab for each of these rights.
    fn of(rights: &[&[(Room, Right)]]) -> World {
        World::with_replicas(rights, 1)
    }

    fn with_replicas(rights: &[&[(Room, Right)]], replicas: usize) -> World {
        let tabs = (0..rights.len()).map(|person| Tab::new(person as u64 + 1, person)).collect();
        let rights = rights.iter().map(|rights| rights.iter().cloned().collect()).collect();
        let mut world = World { proxy: Proxy::new(rights, replicas), tabs, now_ms: 1_000_000 };
        for tab in 0..world.tabs.len() {
            world.tabs[tab].event(SocketEvent::Start, world.now_ms);
        }
        world.settle();
        world
    }

    /// Connects who wants to be, and lets everything arrive.
    fn settle(&mut self) {
        for _ in 0..2_000 {
            let mut quiet = true;
            for tab in 0..self.tabs.len() {
                quiet &= !self.connect(tab) && !self.up(tab, usize::MAX) && !self.down(tab, usize::MAX);
            }
            quiet &= !self.proxy.save() && !self.proxy.tail();
            if quiet {
                return;
            }
        }
        panic!("they never stop talking");
    }

    /// Says whether anything happened.
    fn connect(&mut self, tab: usize) -> bool {
        match self.tabs[tab].generation {
            Some(generation) if self.tabs[tab].is_fresh => {
                self.tabs[tab].is_fresh = false;
                self.proxy.disconnect(tab);
                self.proxy.connect(tab, self.tabs[tab].person);
                self.tabs[tab].event(SocketEvent::Opened { generation }, self.now_ms);
                true
            }
            _ => false,
        }
    }

    fn up(&mut self, tab: usize, most: usize) -> bool {
        if !self.proxy.is_connected(tab) || self.tabs[tab].is_fresh {
            return false;
        }
        let count = self.tabs[tab].out.len().min(most);
        let messages: Vec<Vec<u8>> = self.tabs[tab].out.drain(..count).collect();
        messages.iter().for_each(|message| self.proxy.receive(tab, message));
        count > 0
    }

    fn down(&mut self, tab: usize, most: usize) -> bool {
        if self.tabs[tab].is_fresh {
            return false;
        }
        let messages = self.proxy.take(tab, most);
        messages.iter().for_each(|message| self.tabs[tab].message(message, self.now_ms));
        !messages.is_empty()
    }

    /// The connection is lost with everything on it.
    fn cut(&mut self, tab: usize) {
        self.proxy.disconnect(tab);
        self.tabs[tab].out.clear();
        if let Some(generation) = self.tabs[tab].generation.take() {
            self.tabs[tab].event(SocketEvent::Closed { generation, code: 1006, reason: String::new() }, self.now_ms);
        }
    }

    fn pass(&mut self, ms: u64) {
        self.now_ms += ms;
        for tab in &mut self.tabs {
            tab.event(SocketEvent::Tick, self.now_ms);
        }
    }

    /// Everybody is connected again, and everything said.
    fn heal(&mut self) {
        for _ in 0..4 {
            self.pass(40_000);
            self.settle();
        }
    }
}

fn write(rooms: &[Room]) -> Vec<(Room, Right)> {
    rooms.iter().map(|room| (room.clone(), Right::Write)).collect()
}

#[test]
fn two_people_see_each_other_s_edits_and_know_when_they_are_durable() {
    let all = write(&[Room::Cluster, namespace("web")]);
    let mut world = World::of(&[&all, &all]);
    assert!(world.tabs.iter().all(|tab| tab.sync.state().is_synced()));
    let now = world.now_ms;
    let krate = world.tabs[0].open(&["web"], now);
    assert_eq!((world.tabs[0].sync.state().changes, world.tabs[0].sync.state().lag_ms(now + 3_000)), (1, 3_000));
    world.settle();
    assert_eq!(world.tabs[0].sync.state(), SyncState { line: Line::Open, ..SyncState::default() });
    assert_eq!(world.tabs[1].krate(&krate), world.tabs[0].krate(&krate));
    world.tabs[1].act(&YardAction::MoveKrate { krate: krate.clone(), to: Point::new(700.0, 0.0) }, now);
    world.settle();
    assert_eq!(world.tabs[0].krate(&krate).unwrap().at, Point::new(700.0, 0.0));
    assert!(world.tabs[0].krate(&krate).unwrap().writable);
}

#[test]
fn what_is_done_without_a_connection_arrives_when_there_is_one_and_is_counted() {
    let all = write(&[Room::Cluster, namespace("web")]);
    let mut world = World::of(&[&all, &all]);
    let now = world.now_ms;
    let krate = world.tabs[0].open(&["web"], now);
    world.settle();
    world.cut(0);
    for x in 1..=12 {
        world.tabs[0].act(&YardAction::MoveKrate { krate: krate.clone(), to: Point::new(f64::from(x) * 100.0, 0.0) }, now);
    }
    let state = world.tabs[0].sync.state();
    assert_eq!(state.words(now), "offline, 12 changes kept");
    world.pass(2_000);
    world.settle();
    assert_eq!(world.tabs[0].sync.state().words(world.now_ms), "12 changes synced");
    assert_eq!(world.tabs[1].krate(&krate).unwrap().at.x, 1200.0);
    world.pass(SAID_FOR_MS);
    assert_eq!(world.tabs[0].sync.state().words(world.now_ms), "synced");
}

#[test]
fn a_revoked_right_takes_the_room_away_and_leaves_what_nobody_else_knew() {
    let all = write(&[Room::Cluster, namespace("web")]);
    let mut world = World::of(&[&all, &all]);
    let now = world.now_ms;
    let theirs = world.tabs[0].open(&["web"], now);
    world.settle();
    world.proxy.set_right(1, &namespace("web"), Right::None);
    // Not with the proxy when that takes the room away.
    let open = YardAction::Open { subject: pods(&["web"]), content: Content::View(View::Events), into: None, near: Point::default() };
    let mine = world.tabs[1].act(&open, now).unwrap();
    world.down(1, usize::MAX);
    assert_eq!(world.tabs[1].krate(&theirs), None);
    assert_eq!(world.tabs[1].core.state().window(&mine).unwrap().0.room, Room::Private);
    assert_eq!(world.tabs[1].core.snapshot(&namespace("web")), None);
    world.settle();
    world.proxy.set_right(1, &namespace("web"), Right::Write);
    world.settle();
    assert!(world.tabs[1].krate(&theirs).is_some_and(|krate| krate.writable));
}

#[test]
fn a_namespace_that_nobody_may_share_is_ones_own() {
    let mut world = World::of(&[&[]]);
    let now = world.now_ms;
    let krate = world.tabs[0].open(&["web"], now);
    assert_eq!(world.tabs[0].krate(&krate).unwrap().room, namespace("web"), "not known yet");
    world.settle();
    assert_eq!(world.tabs[0].krate(&krate).unwrap().room, Room::Private);
    assert_eq!(world.tabs[0].told.len(), 1);
    let again = world.tabs[0].open(&["web", "shop"], now);
    assert_eq!(world.tabs[0].krate(&again).unwrap().room, Room::Private);
}

#[test]
fn what_is_refused_for_now_is_sent_again_and_what_the_proxy_forgot_too() {
    let all = write(&[Room::Cluster, namespace("web")]);
    let mut world = World::of(&[&all, &all]);
    let now = world.now_ms;
    let krate = world.tabs[0].open(&["web"], now);
    world.settle();
    world.proxy.refuse_next = 5;
    for x in 1..=5 {
        world.tabs[0].act(&YardAction::MoveKrate { krate: krate.clone(), to: Point::new(f64::from(x) * 100.0, 0.0) }, now);
    }
    world.settle();
    assert!(world.tabs[0].sync.state().changes > 0);
    world.pass(3_000);
    world.settle();
    assert_eq!(world.tabs[1].krate(&krate).unwrap().at.x, 500.0);
    assert!(world.tabs[0].sync.state().is_synced(), "{:?}", world.tabs[0].sync.state());
    world.proxy.forget();
    (0..2).for_each(|tab| world.cut(tab));
    world.heal();
    assert_eq!(world.proxy.krates(&namespace("web")), BTreeSet::from([krate.clone()]));
    assert!(world.tabs.iter().all(|tab| tab.sync.state().is_synced() && tab.krate(&krate).is_some()));
}

#[test]
fn a_silent_connection_is_asked_something_before_it_is_given_up() {
    let mut world = World::of(&[&write(&[Room::Cluster])]);
    for _ in 0..400 {
        world.pass(250);
        world.settle();
    }
    assert_eq!(world.tabs[0].generation, Some(1), "100 s on one connection");
    for _ in 0..170 {
        world.pass(250);
    }
    assert_ne!(world.tabs[0].generation, Some(1), "it never answered");
}

#[test]
fn others_are_there_while_they_say_so_and_only_where_they_say_it() {
    let all = write(&[Room::Cluster, namespace("web")]);
    let mut world = World::of(&[&all, &all]);
    world.tabs[0].open(&["web"], 0);
    world.settle();
    let presence = Presence { tab: "t".into(), ..Presence::default() };
    let say = |world: &mut World, presence: Option<Presence>| {
        let now = world.now_ms;
        let Tab { sync, core, .. } = &mut world.tabs[0];
        let effects = sync.set_presence(&namespace("web"), presence, core, now);
        world.tabs[0].take(effects);
        world.settle();
    };
    say(&mut world, Some(presence.clone()));
    let there = |world: &World| world.tabs[1].sync.peers().into_iter().map(|peer| (peer.room, peer.presence)).collect::<Vec<_>>();
    assert_eq!(there(&world), [(namespace("web"), presence.clone())]);
    assert!(world.tabs[0].sync.peers().is_empty(), "oneself is nobody else");
    for _ in 0..20 {
        world.pass(5_000);
        world.settle();
    }
    assert_eq!(there(&world).len(), 1, "said again and again");
    world.pass(100);
    say(&mut world, None);
    assert_eq!(there(&world), []);
}
