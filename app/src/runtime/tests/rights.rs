//! What may be read, and what may not.

use super::fake_proxy::Rig;
use super::*;

#[test]
fn denied_is_no_empty_table_and_is_asked_for_again_when_rights_change_or_a_person_asks() {
    let mut rig = Rig::with(only(&[]), &[("a", "web")]);
    let refusal = Refusal::Forbidden { verb: "list".into(), resource: "pods".into(), namespace: Some("web".into()) };
    rig.proxy.deny(ns("web"), refusal.clone());
    let lease = rig.lease(Kind::Pod, ns("web"));
    rig.deliver_all();
    let table = rig.table(lease);
    assert_eq!((table.state.clone(), table.complete, table.missing.clone()), (StreamState::Denied(refusal.clone()), false, vec![refusal]));
    rig.pass(30_000);
    rig.deliver_all();
    assert_eq!(rig.proxy.asked(), 1, "settled");
    rig.refresh(lease);
    rig.deliver_all();
    assert_eq!(rig.proxy.asked(), 2);
    rig.proxy.allow(ns("web"));
    rig.give(only(&["web"]));
    rig.deliver_all();
    assert_eq!((names(&rig.table(lease)), rig.table(lease).state), (vec!["a"], StreamState::Live));
}

#[test]
fn what_is_denied_although_it_is_allowed_is_asked_for_again_with_waits_that_grow() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    // Taken and given back before this page heard of it: the rights look as they did.
    let id = rig.proxy.ids()[0];
    rig.proxy.end(id);
    rig.say(ServerMessage::Denied { id, refusal: FORBIDDEN() });
    assert_eq!(rig.table(lease).state, StreamState::Denied(FORBIDDEN()));
    rig.pass(1000);
    rig.give(everything());
    rig.pass(1300);
    rig.deliver_all();
    assert_eq!((names(&rig.table(lease)), rig.table(lease).state), (vec!["a"], StreamState::Live));
    rig.proxy.deny(Scope::All, FORBIDDEN());
    let id = rig.proxy.ids()[0];
    rig.proxy.end(id);
    rig.say(ServerMessage::Denied { id, refusal: FORBIDDEN() });
    let asked = rig.proxy.asked();
    for _ in 0..120 {
        rig.give(everything());
        rig.pass(1000);
        rig.deliver_all();
    }
    assert!((3..12).contains(&(rig.proxy.asked() - asked)), "{} times in two minutes", rig.proxy.asked() - asked);
}

#[test]
fn a_word_of_changed_access_lets_it_be_asked_for_again() {
    let mut rig = Rig::new();
    rig.open_socket();
    rig.say(ServerMessage::Welcome { version: VERSION });
    rig.give(everything());
    let mut asks = |cluster: &str| {
        rig.say(ServerMessage::AccessChanged { cluster: ClusterName(cluster.into()) });
        rig.pass(2000).contains(&Effect::FetchAccess)
    };
    assert!(!asks("another"));
    assert!(asks("c"));
}

#[test]
fn what_may_be_listed_nowhere_is_denied_without_asking() {
    let mut rig = Rig::with(only(&[]), &[]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    assert_eq!((rig.table(lease).state, rig.proxy.asked()), (StreamState::Denied(FORBIDDEN()), 0));
}
