//! The edge to the browser, in a real browser: IndexedDB and BroadcastChannel as they are.
//! Run by `CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=wasm-bindgen-test-runner cargo test -p krateyard-app --target wasm32-unknown-unknown --test browser`.
#![cfg(target_family = "wasm")]
#![allow(clippy::unwrap_used, reason = "tests: clippy's own exception does not see async ones")]

use krateyard_app::browser::clock::now_ms;
use krateyard_app::browser::storage::{IndexedVault, database_name};
use krateyard_app::browser::{camera_memory, open_yard, preferences};
use krateyard_app::canvas::Camera;
use krateyard_app::yard::persist::record;
use krateyard_app::yard::persist::vault::{Vault, VaultError};
use krateyard_app::yard::{Collection, Content, Persistence, Point, Subject, Yard, YardAction};
use krateyard_shared::identity::ClusterName;
use krateyard_shared::kinds::Kind;
use leptos::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn cluster(test: &str) -> ClusterName {
    ClusterName(format!("{test}-{}", now_ms()))
}

fn open_pods(yard: Yard, namespace: &str) {
    let subject = Subject::Collection(Collection::of_kind(Kind::Pod, Some(namespace.into())));
    yard.act(YardAction::Open { subject, content: Content::Collection, into: None, near: Point::default() });
}

fn krates(yard: Yard) -> usize {
    yard.state().get_untracked().krates.len()
}

/// Waits until something holds, for at most five seconds.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let end = now_ms() + 5_000;
    while !holds() {
        assert!(now_ms() < end, "{what}");
        gloo_timers::future::TimeoutFuture::new(5).await;
    }
}

async fn saved(yard: Yard) {
    until("the Yard is saved", || yard.persistence().get_untracked() == Persistence::Saved).await;
}

/// A page with this Yard.
fn page(cluster: &ClusterName) -> (Owner, Yard) {
    let owner = Owner::new();
    let yard = owner.with(|| open_yard("mira@example.org", cluster));
    (owner, yard)
}

fn vault(cluster: &ClusterName) -> IndexedVault {
    IndexedVault::new(database_name("mira@example.org", cluster))
}

#[wasm_bindgen_test]
async fn a_yard_is_there_after_a_reload() {
    let cluster = cluster("reload");
    let (owner, yard) = page(&cluster);
    saved(yard).await;
    open_pods(yard, "web");
    assert_eq!(yard.persistence().get_untracked(), Persistence::Saving);
    open_pods(yard, "payments");
    saved(yard).await;
    let before = yard.state().get_untracked();
    owner.cleanup();
    let (_owner, yard) = page(&cluster);
    saved(yard).await;
    assert_eq!(yard.state().get_untracked(), before);
    assert_eq!(before.krates.len(), 2);
}

#[wasm_bindgen_test]
async fn two_tabs_converge_and_both_survive_a_reload() {
    let cluster = cluster("tabs");
    let ((first, a), (second, b)) = (page(&cluster), page(&cluster));
    saved(a).await;
    saved(b).await;
    open_pods(a, "from-a");
    open_pods(b, "from-b");
    until("both see both", || krates(a) == 2 && krates(b) == 2).await;
    assert_eq!(a.state().get_untracked(), b.state().get_untracked());
    a.act(YardAction::Undo);
    until("undo reaches the other tab, and takes back only its own step", || krates(b) == 1 && krates(a) == 1).await;
    a.act(YardAction::Redo);
    until("redo too", || krates(b) == 2).await;
    saved(a).await;
    saved(b).await;
    first.cleanup();
    second.cleanup();
    let (_owner, again) = page(&cluster);
    saved(again).await;
    assert_eq!(krates(again), 2);
}

#[wasm_bindgen_test]
async fn a_tab_that_comes_later_gets_what_is_not_written_yet() {
    let cluster = cluster("late");
    let (_first, a) = page(&cluster);
    open_pods(a, "web");
    let (_second, b) = page(&cluster);
    until("the late tab has it", || krates(b) == 1).await;
}

#[wasm_bindgen_test]
async fn a_record_cut_short_is_set_aside_and_told() {
    let cluster = cluster("broken");
    let (owner, yard) = page(&cluster);
    saved(yard).await;
    open_pods(yard, "web");
    saved(yard).await;
    owner.cleanup();
    let mut vault = vault(&cluster);
    let stored = vault.load().await.unwrap();
    assert_eq!(stored.len(), 1);
    assert!(record::unframe(&stored[0].bytes).is_some());
    vault.append(&[stored[0].bytes[..20].to_vec()]).await.unwrap();
    let (_owner, yard) = page(&cluster);
    saved(yard).await;
    assert_eq!(krates(yard), 1);
    assert!(yard.notice().get_untracked().unwrap().starts_with("1 stored change of"));
    assert_eq!(vault.load().await.unwrap().len(), 1);
}

#[wasm_bindgen_test]
async fn many_edits_are_merged_into_few_records() {
    let cluster = cluster("merge");
    let (_owner, yard) = page(&cluster);
    saved(yard).await;
    open_pods(yard, "web");
    let krate = yard.state().get_untracked().krates[0].id.clone();
    for i in 0..400 {
        yard.act(YardAction::MoveKrate { krate: krate.clone(), to: Point::new(f64::from(i), 7.0) });
        if i % 4 == 0 {
            gloo_timers::future::TimeoutFuture::new(0).await;
        }
    }
    saved(yard).await;
    let records = vault(&cluster).load().await.unwrap().len();
    assert!(records <= 260, "{records}");
    let (_again, again) = page(&cluster);
    saved(again).await;
    assert_eq!(again.state().get_untracked(), yard.state().get_untracked());
}

#[wasm_bindgen_test]
async fn a_database_deleted_behind_our_back_is_made_again_with_everything() {
    let cluster = cluster("deleted");
    let (_owner, yard) = page(&cluster);
    saved(yard).await;
    open_pods(yard, "web");
    saved(yard).await;
    // Deleting asks open connections to close, and they do.
    idb::Factory::new().unwrap().delete(&database_name("mira@example.org", &cluster)).unwrap().await.unwrap();
    assert_eq!(vault(&cluster).append(&[Vec::new()]).await, Err(VaultError::Closed), "not opened yet");
    open_pods(yard, "payments");
    saved(yard).await;
    let (_again, again) = page(&cluster);
    saved(again).await;
    assert_eq!(krates(again), 2);
}

#[wasm_bindgen_test]
fn camera_and_preferences_are_remembered() {
    let cluster = cluster("camera");
    assert_eq!(camera_memory::recall_camera("mira", &cluster), None);
    let camera = Camera { x: 10.5, y: -3.0, zoom: 0.5 };
    camera_memory::remember_camera("mira", &cluster, camera);
    assert_eq!(camera_memory::recall_camera("mira", &cluster), Some(camera));
    assert_eq!(camera_memory::recall_camera("someone else", &cluster), None);
}

#[wasm_bindgen_test]
async fn a_theme_shows_at_once_and_is_remembered() {
    leptos::mount::mount_to_body(|| {
        let theme = preferences::theme();
        assert_eq!(shown_theme().as_deref(), Some("dark"), "the default, before anything was chosen");
        theme.set(preferences::Theme::Light);
        theme.get_untracked().is_light().then_some("light")
    });
    until("the page is light", || shown_theme().as_deref() == Some("light")).await;
    assert_eq!(preferences::recall("krateyard.theme").as_deref(), Some("light"));
}

fn shown_theme() -> Option<String> {
    document().document_element()?.get_attribute("data-theme")
}
