//! A socket that is cut, and the next one: what is shown meanwhile, and how it is confirmed.

use super::fake_proxy::{Rig, row};
use super::*;

#[test]
fn a_new_socket_goes_on_where_the_old_one_was_cut() {
    let mut rig = Rig::with(everything(), &[("a", "web"), ("b", "web"), ("c", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    let before = rig.table(lease);
    rig.drop_socket();
    rig.proxy.remove("a");
    rig.proxy.put(row("d", "web", 0));
    rig.proxy.put(row("b", "web", 1));
    rig.pass(2000);
    rig.open_socket();
    rig.deliver(2); // Ack, and a piece of what changed
    assert!(rig.table(lease).state.is_unconfirmed(), "more is to come");
    rig.deliver_all();
    let after = rig.table(lease);
    assert_eq!((names(&after), after.state.clone()), (vec!["b", "c", "d"], StreamState::Live));
    let by_name = |table: &Table, name: &str| table.rows.iter().find(|row| row.name == name).unwrap().clone();
    assert!(Arc::ptr_eq(&by_name(&before, "c"), &by_name(&after, "c")), "what did not change was not told again");
    assert_eq!((rig.proxy.resumed(), rig.runtime.resyncs()), (1, 0));
}

#[test]
fn who_missed_nothing_is_live_with_the_first_answer() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    rig.drop_socket();
    rig.pass(2000);
    rig.open_socket();
    rig.deliver(1);
    assert_eq!((names(&rig.table(lease)), rig.table(lease).state), (vec!["a"], StreamState::Live));
}

#[test]
fn a_cut_within_a_snapshot_begins_it_anew() {
    let mut rig = Rig::with(everything(), &[("a", "web"), ("b", "web"), ("c", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver(2);
    rig.drop_socket();
    rig.pass(2000);
    rig.open_socket();
    rig.deliver_all();
    assert_eq!((names(&rig.table(lease)), rig.table(lease).state, rig.proxy.resumed()), (vec!["a", "b", "c"], StreamState::Live, 0));
    // So does one within a reset: what is shown is of no position.
    rig.proxy.reset("too many changes waited");
    rig.deliver(2);
    rig.drop_socket();
    rig.pass(2000);
    rig.open_socket();
    rig.deliver_all();
    assert_eq!((names(&rig.table(lease)), rig.table(lease).state, rig.proxy.resumed()), (vec!["a", "b", "c"], StreamState::Live, 0));
}

#[test]
fn without_a_socket_rows_stay_with_their_age_and_are_confirmed_by_the_next_one() {
    let mut rig = Rig::with(everything(), &[("a", "web"), ("b", "web"), ("c", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    let live = rig.table(lease);
    rig.drop_socket();
    rig.proxy.forget("a");
    rig.proxy.put(row("d", "web", 0));
    let lost = rig.table(lease);
    assert!(matches!(&lost.state, StreamState::Reconnecting { attempt: 1, as_of_ms, .. } if *as_of_ms == live.as_of_ms), "{:?}", lost.state);
    assert_eq!(names(&lost), ["a", "b", "c"]);
    rig.pass(2000);
    rig.open_socket();
    rig.deliver(2);
    assert_eq!(names(&rig.table(lease)), ["a", "b", "c"], "swapped in whole, not row by row");
    assert!(rig.table(lease).state.is_unconfirmed());
    rig.deliver_all();
    assert_eq!((names(&rig.table(lease)), rig.table(lease).state), (vec!["b", "c", "d"], StreamState::Live));
}

#[test]
fn a_proxy_that_falls_silent_is_left_and_heartbeats_alone_keep_it() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    for _ in 0..40 {
        rig.pass(15_000);
        let positions = rig.proxy.beats();
        rig.say(ServerMessage::Heartbeat { positions });
        assert_eq!((rig.table(lease).state, rig.proxy.asked()), (StreamState::Live, 1));
    }
    let silent_since = rig.now_ms;
    while rig.table(lease).state == StreamState::Live {
        assert!(rig.now_ms < silent_since + 60_000, "four heartbeats are missing");
        rig.pass(500);
    }
    assert!(rig.now_ms > silent_since + 30_000, "two heartbeats may be late");
    rig.open_socket();
    rig.deliver_all();
    assert_eq!((names(&rig.table(lease)), rig.table(lease).state, rig.proxy.resumed()), (vec!["a"], StreamState::Live, 1));
}
