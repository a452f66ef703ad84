//! How many numbers a room comes to know of one browser.

use super::*;

/// The page is left: what it writes under is laid down.
fn leave(tab: Tab, vault: &FakeVault) {
    let numbers = tab.yard.try_with_core(Core::resting).unwrap_or_default();
    numbers.iter().for_each(|number| vault.0.borrow_mut().add(rest::frame(number)));
}

/// How many numbers ever wrote in a room of a vault.
fn writers(vault: &FakeVault, room: &Room) -> u64 {
    let tab = Tab::open(u64::MAX >> 11, vault);
    let vector = tab.yard.try_with_core(|core| core.state_vector(room)).unwrap_or_default();
    leave(tab, vault);
    krateyard_shared::sync::lib0::Reader::new(&vector).number().unwrap()
}

#[test]
fn however_often_a_page_is_loaded_it_writes_under_one_number() {
    let vault = FakeVault::default();
    for load in 1..30 {
        let mut tab = Tab::open(load, &vault);
        let window = tab.open_pods("web");
        tab.yard.act(YardAction::Switch { window, content: Content::View([View::Events, View::Describe][load as usize % 2]) });
        tab.settle();
        leave(tab, &vault);
    }
    assert_eq!(writers(&vault, &namespace("web")), 1);
    assert!(vault.0.borrow().aside.is_empty());
}

#[test]
fn two_tabs_never_write_under_one_number_and_one_that_crashed_gives_none_on() {
    let vault = FakeVault::default();
    let write = |client, content| {
        let mut tab = Tab::open(client, &vault);
        let window = tab.open_pods("web");
        tab.yard.act(YardAction::Switch { window, content: Content::View(content) });
        tab.settle();
        tab
    };
    leave(write(1, View::Events), &vault);
    let (first, second) = (write(2, View::Describe), write(3, View::Yaml));
    assert_eq!(writers(&vault, &namespace("web")), 2);
    // The first is left; the second crashes, and its number goes with it.
    leave(first, &vault);
    drop(second);
    leave(write(4, View::Events), &vault);
    assert_eq!(writers(&vault, &namespace("web")), 2);
    leave(write(5, View::Describe), &vault);
    assert_eq!(writers(&vault, &namespace("web")), 2);
}
