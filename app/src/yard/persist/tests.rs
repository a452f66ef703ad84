use std::sync::Arc;

use futures::executor::LocalPool;
use futures::task::LocalSpawnExt;
use krateyard_shared::kinds::{Kind, View};
use leptos::prelude::*;

use super::*;
use crate::yard::Collection;
use crate::yard::core::Core;
use crate::yard::state::{Content, Point, Size, Subject, YardState};
use crate::yard::tabs::{Message, answer, greet};
use crate::yard::{WindowId, YardAction};

mod numbers;

/// What a browser would hold, and what it is made to do wrong.
#[derive(Default)]
struct Disk {
    records: Vec<Stored>,
    aside: Vec<Vec<u8>>,
    next_key: f64,
    opened: usize,
    writes: usize,
    fails: Option<VaultError>,
}

impl Disk {
    fn add(&mut self, bytes: Vec<u8>) {
        self.next_key += 1.0;
        self.records.push(Stored { key: self.next_key, bytes });
    }
}

#[derive(Clone, Default)]
struct FakeVault(Rc<RefCell<Disk>>);

impl Vault for FakeVault {
    async fn load(&mut self) -> Result<Vec<Stored>, VaultError> {
        let mut disk = self.0.borrow_mut();
        disk.opened += 1;
        if disk.fails == Some(VaultError::Closed) {
            disk.fails = None;
        }
        disk.fails.clone().map_or_else(|| Ok(disk.records.clone()), Err)
    }

    async fn append(&mut self, records: &[Vec<u8>]) -> Result<(), VaultError> {
        let mut disk = self.0.borrow_mut();
        if let Some(error) = &disk.fails {
            return Err(error.clone());
        }
        disk.writes += 1;
        records.iter().for_each(|record| disk.add(record.clone()));
        Ok(())
    }

    async fn rewrite(&mut self, rewrite: impl FnOnce(&[Stored]) -> Rewrite) -> Result<(), VaultError> {
        let mut disk = self.0.borrow_mut();
        let Rewrite { remove, add, aside } = rewrite(&disk.records);
        disk.records.retain(|stored| !remove.contains(&stored.key) && !aside.iter().any(|gone| gone.key == stored.key));
        disk.aside.extend(aside.into_iter().map(|stored| stored.bytes));
        add.into_iter().for_each(|record| disk.add(record));
        Ok(())
    }
}

fn namespace(name: &str) -> Room {
    Room::Namespace(name.into())
}

/// A tab: a Yard, its keeper, and the loop that runs it.
struct Tab {
    yard: Yard,
    pool: LocalPool,
    owner: Owner,
}

impl Tab {
    fn open(client: u64, vault: &FakeVault) -> Tab {
        let owner = Owner::new();
        let yard = owner.with(|| yard(client));
        let pool = LocalPool::new();
        pool.spawner().spawn_local(Keeper::new(yard).run(vault.clone())).unwrap();
        let mut tab = Tab { yard, pool, owner };
        tab.settle();
        tab
    }

    fn settle(&mut self) -> Persistence {
        self.pool.run_until_stalled();
        self.yard.persistence().get_untracked()
    }

    fn state(&self) -> Arc<YardState> {
        self.yard.state().get_untracked()
    }

    fn open_pods(&self, namespace: &str) -> WindowId {
        open_pods(self.yard, namespace)
    }
}

fn yard(client: u64) -> Yard {
    let mut keys = 0;
    Yard::new(client, move || {
        keys += 1;
        format!("{client}-{keys}").into()
    })
}

fn open_pods(yard: Yard, namespace: &str) -> WindowId {
    let subject = Subject::Collection(Collection::of_kind(Kind::Pod, Some(namespace.into())));
    yard.act(YardAction::Open { subject, content: Content::Collection, into: None, near: Point::default() }).expect("Open gives a window")
}

#[test]
fn what_was_done_is_there_after_a_reload() {
    let vault = FakeVault::default();
    let mut tab = Tab::open(1, &vault);
    assert_eq!(tab.settle(), Persistence::Saved);
    let window = tab.open_pods("web");
    tab.yard.act(YardAction::Switch { window, content: Content::View(View::Events) });
    assert_eq!(tab.settle(), Persistence::Saved);
    assert_eq!(vault.0.borrow().writes, 1, "both edits went out in one write");
    let reloaded = Tab::open(2, &vault);
    assert_eq!(reloaded.state(), tab.state());
    assert!(!reloaded.yard.can_undo().get_untracked(), "what was restored is no step of undo");
}

#[test]
fn edits_made_before_the_vault_has_answered_are_kept_and_joined_with_what_it_held() {
    let vault = FakeVault::default();
    Tab::open(1, &vault).open_pods("lost, since its loop never ran again");
    let mut tab = Tab::open(2, &vault);
    tab.open_pods("web");
    tab.settle();
    let owner = Owner::new();
    let yard = owner.with(|| yard(3));
    let mut pool = LocalPool::new();
    pool.spawner().spawn_local(Keeper::new(yard).run(vault.clone())).unwrap();
    open_pods(yard, "early");
    assert_eq!(yard.persistence().get_untracked(), Persistence::Loading);
    pool.run_until_stalled();
    assert_eq!(yard.state().get_untracked().krates.len(), 2);
    assert_eq!(Tab::open(4, &vault).state(), yard.state().get_untracked());
}

#[test]
fn without_room_the_yard_goes_on_says_so_and_keeps_everything_once_there_is_room() {
    let vault = FakeVault::default();
    let mut tab = Tab::open(1, &vault);
    vault.0.borrow_mut().fails = Some(VaultError::Full);
    for i in 0..200 {
        let window = tab.open_pods(&format!("team-{}", i % 20));
        tab.yard.act(YardAction::Switch { window, content: Content::View(View::Describe) });
        assert_eq!(tab.settle(), Persistence::Failed("the browser has no room left for this site".into()));
    }
    assert_eq!(tab.state().krates.len(), 20);
    vault.0.borrow_mut().fails = None;
    tab.open_pods("last");
    assert_eq!(tab.settle(), Persistence::Saved);
    assert_eq!(vault.0.borrow().records.len(), 21, "each room as one record, not 400 that waited");
    assert_eq!(Tab::open(2, &vault).state(), tab.state());
}

#[test]
fn a_database_closed_behind_our_back_is_opened_again_without_losing_the_edit() {
    let vault = FakeVault::default();
    let mut tab = Tab::open(1, &vault);
    vault.0.borrow_mut().fails = Some(VaultError::Closed);
    tab.open_pods("web");
    assert_eq!(tab.settle(), Persistence::Saved);
    assert_eq!(vault.0.borrow().opened, 2);
    assert_eq!(Tab::open(2, &vault).state(), tab.state());
}

#[test]
fn a_browser_that_forbids_storage_has_a_yard_all_the_same() {
    let vault = FakeVault::default();
    vault.0.borrow_mut().fails = Some(VaultError::Other("forbidden".into()));
    let mut tab = Tab::open(1, &vault);
    tab.open_pods("web");
    assert_eq!(tab.settle(), Persistence::Failed("the browser's storage failed: forbidden".into()));
    assert_eq!(tab.state().krates.len(), 1);
}

#[test]
fn records_are_merged_by_count_and_nothing_is_lost_not_even_what_another_tab_wrote() {
    let vault = FakeVault::default();
    let (mut tab, mut other) = (Tab::open(1, &vault), Tab::open(2, &vault));
    other.open_pods("other");
    other.settle();
    let window = tab.open_pods("web");
    for i in 0..600 {
        let content = [View::Events, View::Describe][i % 2];
        tab.yard.act(YardAction::Switch { window: window.clone(), content: Content::View(content) });
        tab.settle();
        assert!(vault.0.borrow().records.len() <= COMPACT_RECORDS + 2, "{}", vault.0.borrow().records.len());
    }
    let bytes: usize = vault.0.borrow().records.iter().map(|stored| stored.bytes.len()).sum();
    assert!(bytes < 40_000, "{bytes}");
    let reloaded = Tab::open(3, &vault);
    assert_eq!(reloaded.state().krates.len(), 2);
    assert!(tab.state().krates.iter().all(|krate| reloaded.state().krates.contains(krate)));
}

/// A whole frame around what is no update.
fn no_update() -> Vec<u8> {
    Record { room: Room::Private, shared: false, update: &[0xff; 40] }.frame()
}

#[test]
fn a_record_that_can_not_be_read_is_set_aside_and_told_and_the_rest_is_there() {
    let vault = FakeVault::default();
    let mut tab = Tab::open(1, &vault);
    tab.open_pods("web");
    tab.settle();
    let broken = {
        let mut disk = vault.0.borrow_mut();
        let mut broken = disk.records[0].bytes.clone();
        broken.truncate(broken.len() / 2);
        disk.add(broken.clone());
        disk.add(no_update());
        broken
    };
    let mut reloaded = Tab::open(2, &vault);
    assert_eq!((reloaded.state(), reloaded.settle()), (tab.state(), Persistence::Saved));
    assert!(reloaded.yard.notice().get_untracked().unwrap().starts_with("2 stored changes"));
    assert_eq!(vault.0.borrow().aside, [broken, no_update()]);
    let again = Tab::open(3, &vault);
    assert_eq!(again.yard.notice().get_untracked(), None, "told once");
}

#[test]
fn what_a_newer_program_kept_is_left_alone() {
    use yrs::{Map, ReadTxn, Transact};
    let newer = yrs::Doc::with_client_id(7);
    newer.get_or_insert_map("y").insert(&mut newer.transact_mut(), "v", document::SCHEMA + 1);
    let vault = FakeVault::default();
    let update = newer.transact().encode_state_as_update_v1(&yrs::StateVector::default());
    vault.0.borrow_mut().add(Record { room: Room::Private, shared: false, update: &update }.frame());
    let mut tab = Tab::open(1, &vault);
    tab.settle();
    assert!(tab.yard.notice().get_untracked().unwrap().contains("newer"));
    tab.yard.act(YardAction::PutNote { at: Point::default(), text: "not lost silently".into(), beside: None });
    tab.settle();
    let kept: Vec<Room> = vault.0.borrow().records.iter().filter_map(|stored| Some(Record::read(&stored.bytes)?.room)).collect();
    assert_eq!(kept, [Room::Private, Room::Cluster], "other rooms go on");
    assert!(vault.0.borrow().aside.is_empty());
}

#[test]
fn a_yard_of_before_there_were_rooms_opens_as_the_private_room() {
    let vault = FakeVault::default();
    let mut before = Core::new(7);
    before.set_writable(&namespace("web"), false);
    let subject = Subject::Collection(Collection::of_kind(Kind::Pod, Some("web".into())));
    let open = YardAction::Open { subject, content: Content::Collection, into: None, near: Point::default() };
    let mut keys = 0;
    before.act(&open, &mut || {
        keys += 1;
        format!("before-{keys}").into()
    });
    let update = before.snapshot(&Room::Private).unwrap();
    vault.0.borrow_mut().add(record::frame_of_before(&update));
    let mut tab = Tab::open(1, &vault);
    assert_eq!(tab.state(), *before.state());
    let window = tab.state().krates[0].windows[0].id.clone();
    tab.yard.act(YardAction::ResizeWindow { window, size: Size::new(700.0, 500.0) });
    tab.settle();
    assert_eq!(Tab::open(2, &vault).state(), tab.state());
}

#[test]
fn rooms_are_kept_apart_merged_apart_and_wiped_alone() {
    let vault = FakeVault::default();
    let mut tab = Tab::open(1, &vault);
    let windows = [tab.open_pods("web"), tab.open_pods("shop")];
    for i in 0..300 {
        let content = [View::Events, View::Describe][i / 2 % 2];
        tab.yard.act(YardAction::Switch { window: windows[i % 2].clone(), content: Content::View(content) });
        tab.settle();
    }
    let rooms = |vault: &FakeVault| -> BTreeSet<Room> { vault.0.borrow().records.iter().map(|stored| Record::read(&stored.bytes).unwrap().room).collect() };
    assert!(vault.0.borrow().records.len() < 100, "{}", vault.0.borrow().records.len());
    assert_eq!(rooms(&vault), BTreeSet::from([namespace("web"), namespace("shop")]));
    // Somebody else's: what it is worth here ends with the right to see it.
    let theirs = {
        let mut core = Core::new(9);
        core.act(&YardAction::PutNote { at: Point::default(), text: "theirs".into(), beside: None }, &mut || "their-note".into());
        core.snapshot(&Room::Cluster).unwrap()
    };
    tab.yard.receive(&namespace("web"), Origin::Shared, &theirs).unwrap();
    tab.settle();
    assert!(vault.0.borrow().records.iter().any(|stored| Record::read(&stored.bytes).unwrap().shared), "what others did is kept, too");
    let reloaded = Tab::open(2, &vault);
    assert_eq!(reloaded.state(), tab.state());
    reloaded.yard.close_room(&namespace("web"));
    let mut reloaded = reloaded;
    reloaded.settle();
    assert_eq!(rooms(&vault), BTreeSet::from([namespace("shop")]));
    assert_eq!(Tab::open(3, &vault).state().krates.len(), 1);
}

#[test]
fn an_edit_made_just_before_the_page_is_left_is_handed_over_though_a_write_is_under_way() {
    let owner = Owner::new();
    let yard = owner.with(|| yard(1));
    let keeper = Keeper::new(yard);
    let waiting = keeper.waiting();
    // Its loop never comes to it.
    open_pods(yard, "web");
    let vault = FakeVault::default();
    waiting().into_iter().for_each(|record| vault.0.borrow_mut().add(record));
    assert_eq!(Tab::open(2, &vault).state(), yard.state().get_untracked());
    drop(keeper);
}

#[test]
fn what_waits_is_written_when_the_page_lets_go_of_the_yard() {
    let vault = FakeVault::default();
    let mut tab = Tab::open(1, &vault);
    tab.open_pods("web");
    let before = tab.state();
    tab.owner.cleanup();
    tab.pool.run();
    assert_eq!(Tab::open(2, &vault).state(), before);
}

/// Passes messages between tabs as a broadcast channel would, until all is said.
fn talk(tabs: &[Yard], first: usize, messages: Vec<Message>) {
    let mut said: Vec<(usize, Message)> = messages.into_iter().map(|message| (first, message)).collect();
    for _ in 0..100 {
        let Some((from, message)) = said.pop() else { return };
        let message = Message::decode(&message.encode()).unwrap();
        for (to, tab) in tabs.iter().enumerate().filter(|(to, _)| *to != from) {
            said.extend(answer(*tab, &message).unwrap().into_iter().map(|answer| (to, answer)));
        }
    }
    panic!("they never stop talking");
}

#[test]
fn tabs_that_meet_converge_whoever_knows_more() {
    let owner = Owner::new();
    owner.set();
    let tabs = [yard(1), yard(2), yard(3)];
    let (first, _) = (open_pods(tabs[0], "one"), open_pods(tabs[1], "two"));
    tabs[0].act(YardAction::CloseWindow { window: first });
    open_pods(tabs[0], "three");
    talk(&tabs, 2, greet(tabs[2]));
    talk(&tabs, 1, greet(tabs[1]));
    let states = tabs.map(|tab| tab.state().get_untracked());
    assert_eq!(states[0].krates.len(), 2);
    assert!(states.iter().all(|state| *state == states[0]));
}
