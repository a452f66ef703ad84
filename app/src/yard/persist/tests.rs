use std::sync::Arc;

use futures::executor::LocalPool;
use futures::task::LocalSpawnExt;
use krateyard_shared::kinds::{Kind, View};
use leptos::prelude::*;

use super::*;
use crate::yard::Collection;
use crate::yard::state::{Content, Point, Subject, YardState};
use crate::yard::tabs::{Message, answer, greet};
use crate::yard::{WindowId, YardAction};

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
        if let Some(record) = add {
            disk.add(record);
        }
        Ok(())
    }
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
        tab.open_pods(&format!("team-{i}"));
        assert_eq!(tab.settle(), Persistence::Failed("the browser has no room left for this site".into()));
    }
    assert_eq!(tab.state().krates.len(), 200);
    vault.0.borrow_mut().fails = None;
    tab.open_pods("last");
    assert_eq!(tab.settle(), Persistence::Saved);
    assert_eq!(vault.0.borrow().records.len(), 1, "everything as one record, not 201 that waited");
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
        // A whole frame around what is no update.
        disk.add(record::frame(&[0xff; 40]));
        broken
    };
    let mut reloaded = Tab::open(2, &vault);
    assert_eq!((reloaded.state(), reloaded.settle()), (tab.state(), Persistence::Saved));
    assert!(reloaded.yard.notice().get_untracked().unwrap().starts_with("2 stored changes"));
    assert_eq!(vault.0.borrow().aside, [broken, record::frame(&[0xff; 40])]);
    let again = Tab::open(3, &vault);
    assert_eq!(again.yard.notice().get_untracked(), None, "told once");
}

#[test]
fn what_a_newer_program_kept_is_left_alone() {
    use yrs::{Map, ReadTxn, Transact};
    let newer = yrs::Doc::with_client_id(7);
    newer.get_or_insert_map("y").insert(&mut newer.transact_mut(), "v", document::SCHEMA + 1);
    let vault = FakeVault::default();
    vault.0.borrow_mut().add(record::frame(&newer.transact().encode_state_as_update_v1(&yrs::StateVector::default())));
    let mut tab = Tab::open(1, &vault);
    assert!(matches!(tab.settle(), Persistence::Failed(reason) if reason.contains("newer")));
    tab.yard.act(YardAction::Undo);
    tab.settle();
    assert_eq!((vault.0.borrow().writes, vault.0.borrow().records.len(), vault.0.borrow().aside.len()), (0, 1, 0));
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
fn talk(tabs: &[Yard], first: usize, message: Option<Message>) {
    let mut said: Vec<(usize, Message)> = message.into_iter().map(|message| (first, message)).collect();
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
