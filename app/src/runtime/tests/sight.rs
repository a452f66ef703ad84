//! A page that nobody can see, and its return.

use super::fake_proxy::{Rig, row};
use super::*;
use crate::runtime::sight::GRACE_MS;

fn fetches(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| **effect == Effect::FetchAccess).count()
}

/// What a new socket asks of the rights is answered.
fn settle(rig: &mut Rig, access: Access) {
    rig.deliver_all();
    rig.pass(2000);
    rig.give(access);
    rig.pass(2000);
    rig.deliver_all();
}

/// Out of sight for so long, with heartbeats.
fn away(rig: &mut Rig, ms: u64) -> usize {
    rig.handle(Input::Seen(false));
    let mut asked = 0;
    for _ in 0..ms / 1000 {
        asked += fetches(&rig.pass(1000));
        let positions = rig.proxy.beats();
        rig.say(ServerMessage::Heartbeat { positions });
    }
    asked
}

#[test]
fn out_of_sight_nothing_is_asked_and_rows_go_on() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let (pods, metrics) = (rig.lease(Kind::Pod, Scope::All), rig.lease(Kind::PodMetrics, ns("web")));
    settle(&mut rig, Access { cluster_wide: vec!["pods".into(), "pods.metrics.k8s.io".into()], ..Access::default() });
    assert_eq!(rig.proxy.subscriptions(), 2);
    let asked = away(&mut rig, 300_000);
    assert_eq!((asked, rig.proxy.subscriptions()), (0, 1), "neither rights nor figures");
    rig.proxy.put(row("b", "web", 0));
    rig.deliver_all();
    assert_eq!((names(&rig.table(pods)), rig.table(pods).state), (vec!["a", "b"], StreamState::Live), "the socket stays");
    let effects = rig.handle(Input::Seen(true));
    assert_eq!((fetches(&effects), rig.proxy.subscriptions()), (1, 2));
    rig.release(metrics);
}

#[test]
fn on_return_rows_are_dated_until_each_position_is_confirmed() {
    let mut rig = Rig::with(everything(), &[("a", "web"), ("b", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    away(&mut rig, 60_000);
    rig.proxy.forget("b");
    rig.handle(Input::Seen(true));
    let table = rig.table(lease);
    assert_eq!((names(&table), table.complete, table.state.is_unconfirmed()), (vec!["a", "b"], true, true), "shown, dimmed, no spinner");
    rig.deliver_all();
    assert_eq!((names(&rig.table(lease)), rig.table(lease).state), (vec!["a"], StreamState::Live));
    assert_eq!(rig.runtime.resyncs(), 0);
}

#[test]
fn a_page_that_missed_nothing_is_told_no_row_again() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    away(&mut rig, 60_000);
    rig.handle(Input::Seen(true));
    rig.deliver(1);
    assert_eq!((rig.table(lease).state, rig.proxy.resumed()), (StreamState::Live, 1));
}

#[test]
fn a_short_look_elsewhere_changes_nothing() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    let asked = rig.proxy.asked();
    for _ in 0..20 {
        rig.handle(Input::Seen(false));
        rig.pass(GRACE_MS - 1);
        rig.handle(Input::Seen(true));
        assert_eq!(rig.table(lease).state, StreamState::Live);
        let positions = rig.proxy.beats();
        rig.say(ServerMessage::Heartbeat { positions });
    }
    assert_eq!(rig.proxy.asked(), asked);
}

#[test]
fn a_socket_that_was_cut_out_of_sight_is_opened_at_once_on_return() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    away(&mut rig, 30_000);
    rig.drop_socket();
    rig.proxy.put(row("b", "web", 0));
    let effects = rig.handle(Input::Seen(true));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Connect { .. })), "{effects:?}");
    rig.open_socket();
    rig.deliver_all();
    assert_eq!((names(&rig.table(lease)), rig.table(lease).state), (vec!["a", "b"], StreamState::Live));
}

#[test]
fn a_cluster_that_is_removed_keeps_its_rows_dated_and_goes_on_when_it_is_there_again() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    settle(&mut rig, everything());
    let gone = Refusal::no_cluster(&ClusterName("c".into()));
    rig.proxy.deny(Scope::All, gone.clone());
    for id in rig.proxy.ids() {
        rig.proxy.end(id);
        rig.say(ServerMessage::Denied { id, refusal: gone.clone() });
    }
    assert_eq!(fetches(&rig.pass(2000)), 1, "whether it is gone is asked");
    rig.answer_access(Err(Failure::Refused(gone)));
    assert!(rig.runtime.has_vanished());
    let table = rig.table(lease);
    assert_eq!((names(&table), table.state.is_unconfirmed()), (vec!["a"], true));
    rig.pass(20_000);
    rig.deliver_all();
    rig.answer_access(Err(Failure::Refused(Refusal::no_cluster(&ClusterName("c".into())))));

    rig.proxy.allow(Scope::All);
    rig.proxy.put(row("b", "web", 0));
    rig.say(ServerMessage::AccessChanged { cluster: ClusterName("c".into()) });
    assert_eq!(fetches(&rig.pass(0)), 1);
    rig.give(everything());
    assert!(!rig.runtime.has_vanished());
    rig.deliver_all();
    assert_eq!((names(&rig.table(lease)), rig.table(lease).state), (vec!["a", "b"], StreamState::Live));
}
