//! The runtime against a small proxy of its own: what it says is what architecture.md says a proxy may say.

mod any_order;
mod fake_proxy;
mod objects;
mod recalled;
mod reconnect;
mod rights;
mod sight;

use krateyard_shared::api::NamespaceAccess;
use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::{Beat, EncodedRow, Freshness, Position, ServerMessage};

use super::*;
use crate::refresh::plan::LINGER_MS;
use crate::stream::StreamState;
use fake_proxy::{Rig, row};

fn everything() -> Access {
    Access { cluster_wide: vec!["pods".into(), "deployments.apps".into(), "namespaces".into()], ..Access::default() }
}

fn only(namespaces: &[&str]) -> Access {
    let of = |namespace: &&str| NamespaceAccess { namespace: (*namespace).into(), resources: vec!["pods".into()] };
    Access { cluster_wide: vec![], namespaces: namespaces.iter().map(of).collect(), ..Access::default() }
}

fn names(table: &Table) -> Vec<&str> {
    let mut names: Vec<_> = table.rows.iter().map(|row| row.name.as_str()).collect();
    names.sort_unstable();
    names
}

fn ns(namespace: &str) -> Scope {
    Scope::Namespace(namespace.into())
}

const FORBIDDEN: fn() -> Refusal = || Refusal::Forbidden { verb: "list".into(), resource: "pods".into(), namespace: None };

#[test]
fn rows_are_asked_for_only_when_rights_are_known() {
    let mut rig = Rig::new();
    rig.open_socket();
    let lease = rig.lease(Kind::Pod, Scope::All);
    assert_eq!(rig.proxy.subscriptions(), 0);
    assert!(matches!(rig.table(lease).state, StreamState::Connecting { .. }));
    rig.give(everything());
    assert_eq!(rig.proxy.subscriptions(), 1);
}

#[test]
fn the_first_rows_are_shown_as_they_come_and_complete_when_all_are_here() {
    let mut rig = Rig::with(everything(), &[("a", "web"), ("b", "web"), ("c", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver(2); // Ack, and the first chunk of two rows
    let table = rig.table(lease);
    assert_eq!((names(&table), table.complete), (vec!["a", "b"], false));
    assert!(matches!(table.state, StreamState::Connecting { .. }));
    rig.deliver_all();
    let table = rig.table(lease);
    assert_eq!((names(&table), table.complete, table.state.clone()), (vec!["a", "b", "c"], true, StreamState::Live));
}

#[test]
fn changes_arrive_and_an_unchanged_row_keeps_its_allocation() {
    let mut rig = Rig::with(everything(), &[("a", "web"), ("b", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    let before = rig.table(lease);
    rig.proxy.put(row("b", "web", 7));
    rig.proxy.put(row("d", "web", 0));
    rig.deliver_all();
    let after = rig.table(lease);
    let by_name = |table: &Table, name: &str| table.rows.iter().find(|row| row.name == name).unwrap().clone();
    assert_eq!(names(&after), ["a", "b", "d"]);
    assert!(Arc::ptr_eq(&by_name(&before, "a"), &by_name(&after, "a")));
    assert!(!Arc::ptr_eq(&by_name(&before, "b"), &by_name(&after, "b")));
    rig.proxy.remove("a");
    rig.deliver_all();
    assert_eq!(names(&rig.table(lease)), ["b", "d"]);
}

#[test]
fn a_reset_keeps_the_old_rows_until_the_new_ones_are_complete() {
    let mut rig = Rig::with(everything(), &[("a", "web"), ("b", "web"), ("c", "web"), ("d", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    rig.proxy.forget("c");
    rig.proxy.reset("upstream 410");
    rig.deliver(2);
    let table = rig.table(lease);
    assert_eq!((names(&table), table.complete), (vec!["a", "b", "c", "d"], true));
    assert!(matches!(&table.state, StreamState::Stale { cause, .. } if cause == "upstream 410"), "{:?}", table.state);
    rig.deliver_all();
    assert_eq!((names(&rig.table(lease)), rig.table(lease).state), (vec!["a", "b", "d"], StreamState::Live));
}

#[test]
fn a_lost_change_is_noticed_counted_and_mended() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    rig.proxy.put(row("b", "web", 0));
    rig.proxy.lose_next();
    rig.proxy.put(row("c", "web", 0));
    rig.deliver_all();
    assert_eq!((names(&rig.table(lease)), rig.runtime.resyncs()), (vec!["a", "b", "c"], 1));
    assert_eq!(rig.proxy.subscriptions(), 1, "the lost one is ended");
}

#[test]
fn a_stream_that_loses_again_and_again_waits_before_it_asks() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    for name in ["b", "c"] {
        rig.proxy.put(row(name, "web", 0));
        rig.proxy.lose_next();
        rig.proxy.put(row(&format!("{name}{name}"), "web", 0));
        rig.deliver_all();
    }
    assert!(matches!(rig.table(lease).state, StreamState::Reconnecting { attempt: 2, .. }), "{:?}", rig.table(lease).state);
    assert_eq!(names(&rig.table(lease)), ["a", "b", "bb"], "what was known stays");
    rig.pass(3000);
    rig.deliver_all();
    assert_eq!(names(&rig.table(lease)), ["a", "b", "bb", "c", "cc"]);
}

#[test]
fn a_heartbeat_that_counts_other_rows_makes_a_resync() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    rig.proxy.forget("a");
    let beats = rig.proxy.beats();
    rig.say(ServerMessage::Heartbeat { positions: beats });
    rig.deliver_all();
    assert_eq!((names(&rig.table(lease)), rig.runtime.resyncs()), (vec![], 1));
}

#[test]
fn a_row_that_is_other_than_what_was_told_is_found_by_the_checksum() {
    let mut rig = Rig::with(everything(), &[("a", "web"), ("b", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    rig.proxy.corrupt("a");
    let beats = rig.proxy.beats();
    rig.say(ServerMessage::Heartbeat { positions: beats.iter().map(|beat| Beat { checksum: None, ..beat.clone() }).collect() });
    assert_eq!((rig.runtime.resyncs(), rig.proxy.asked()), (0, 1), "an older proxy counts, and no more");
    rig.say(ServerMessage::Heartbeat { positions: beats });
    rig.deliver_all();
    assert!(rig.table(lease).rows.iter().any(|row| row.label("corrupted").is_some()));
    assert_eq!((rig.table(lease).state, rig.runtime.resyncs()), (StreamState::Live, 1));
}

#[test]
fn rows_that_this_page_cannot_read_are_no_reason_to_ask_again() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    let id = rig.proxy.ids()[0];
    rig.say(ServerMessage::Delta { id, from_seq: 1, to_seq: 1, upserts: vec![EncodedRow(vec![0xff])], deletes: vec![] });
    rig.say(ServerMessage::Heartbeat { positions: vec![Beat { id, seq: 1, count: 2, checksum: None }] });
    assert_eq!((rig.runtime.resyncs(), rig.proxy.asked()), (0, 1));
}

#[test]
fn a_heartbeat_renews_the_age_of_what_is_shown() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    rig.pass(15_000);
    let before = rig.table(lease).as_of_ms;
    let beats = rig.proxy.beats();
    rig.say(ServerMessage::Heartbeat { positions: beats });
    assert!(rig.table(lease).as_of_ms >= before + 15_000);
    assert_eq!(rig.runtime.resyncs(), 0);
}

#[test]
fn a_restricted_person_sees_what_they_may_and_what_is_missing_is_named() {
    let mut rig = Rig::with(only(&["payments", "web"]), &[("a", "web"), ("b", "payments"), ("c", "shop")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    let table = rig.table(lease);
    assert_eq!((names(&table), table.state.clone(), table.missing.clone()), (vec!["a", "b"], StreamState::Live, vec![FORBIDDEN()]));
}

#[test]
fn one_denied_namespace_does_not_blank_the_others() {
    let mut rig = Rig::with(only(&["payments", "web"]), &[("a", "web"), ("b", "payments")]);
    let denied = Refusal::Forbidden { verb: "watch".into(), resource: "pods".into(), namespace: Some("web".into()) };
    rig.proxy.deny(ns("web"), denied.clone());
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    let table = rig.table(lease);
    assert_eq!((names(&table), table.state.clone(), table.complete), (vec!["b"], StreamState::Live, true));
    assert_eq!(table.missing, [FORBIDDEN(), denied]);
}

#[test]
fn a_namespace_lease_sees_its_rows_in_a_stream_of_everything() {
    let mut rig = Rig::with(everything(), &[("a", "web"), ("b", "payments")]);
    let all = rig.lease(Kind::Pod, Scope::All);
    let web = rig.lease(Kind::Pod, ns("web"));
    rig.deliver_all();
    assert_eq!((names(&rig.table(all)), names(&rig.table(web)), rig.proxy.asked()), (vec!["a", "b"], vec!["a"], 1));
    rig.release(all);
    rig.pass(LINGER_MS + 1);
    assert_eq!(names(&rig.table(web)), ["a"], "shown without a gap while its own stream begins");
    rig.deliver_all();
    assert_eq!((names(&rig.table(web)), rig.table(web).state, rig.proxy.subscriptions()), (vec!["a"], StreamState::Live, 1));
}

#[test]
fn a_domain_is_joined_from_its_kinds_and_refused_ones_are_named() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let workloads = krateyard_shared::domain::Domain::Workloads;
    let lease = rig.lease(workloads, Scope::All);
    rig.deliver_all();
    let table = rig.table(lease);
    assert_eq!((rig.proxy.subscriptions(), table.state.clone()), (1, StreamState::Live));
    let refused = workloads.entry().kinds.iter().filter(|kind| **kind != Kind::Deployment);
    let refused = refused.map(|kind| Refusal::Forbidden { verb: "list".into(), resource: kind.resource().to_string(), namespace: None });
    assert_eq!(table.missing, refused.collect::<Vec<_>>());
}

#[test]
fn news_of_the_upstream_are_shown_while_rows_stay() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    let id = rig.proxy.ids()[0];
    rig.say(ServerMessage::Freshness { id, state: Freshness::Stale { since: 100, cause: "the API server does not answer".into() } });
    assert_eq!(rig.table(lease).state, StreamState::Stale { as_of_ms: 100_000, cause: "the API server does not answer".into() });
    assert_eq!(names(&rig.table(lease)), ["a"]);
    rig.say(ServerMessage::Freshness { id, state: Freshness::Live });
    assert_eq!(rig.table(lease).state, StreamState::Live);
    rig.say(ServerMessage::Freshness { id, state: Freshness::Polled { every_secs: 10 } });
    assert_eq!(rig.table(lease).state, StreamState::LiveAs("polling each 10 s".into()));
}

#[test]
fn an_ended_stream_is_asked_for_again_later_and_keeps_its_rows() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    let id = rig.proxy.ids()[0];
    rig.proxy.end(id);
    rig.say(ServerMessage::Complete { id, reason: "drained".into() });
    assert!(matches!(&rig.table(lease).state, StreamState::Reconnecting { cause, .. } if cause == "drained"));
    assert_eq!(names(&rig.table(lease)), ["a"]);
    rig.pass(1500);
    rig.deliver_all();
    assert_eq!((rig.table(lease).state, rig.proxy.asked()), (StreamState::Live, 2));
}

#[test]
fn an_ended_session_is_told_once_for_all_and_nothing_is_asked_any_more() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    rig.close_socket(4401);
    assert_eq!(rig.runtime.socket().stream_state(), StreamState::Denied(Refusal::Expired));
    assert_eq!(rig.table(lease).state, StreamState::Denied(Refusal::Expired));
    let effects = rig.pass(600_000);
    assert_eq!(effects, []);
}

#[test]
fn a_wrong_session_at_the_first_question_is_signed_out() {
    let mut rig = Rig::new();
    rig.open_socket();
    rig.answer_access(Err(Failure::Refused(Refusal::Unauthenticated)));
    assert_eq!(rig.runtime.socket().stream_state(), StreamState::Denied(Refusal::Unauthenticated));
}

#[test]
fn a_refresh_asks_the_running_stream_to_list_anew() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    rig.refresh(lease);
    assert_eq!((rig.proxy.refreshed(), rig.proxy.asked()), (1, 1));
}

#[test]
fn what_is_said_of_a_number_that_is_not_in_use_means_nothing() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    let before = rig.table(lease);
    let position = Position { epoch: 1, seq: 1 };
    for message in [
        ServerMessage::Rows { id: 999, rows: vec![], done: true },
        ServerMessage::Delta { id: 999, from_seq: 0, to_seq: 9, upserts: vec![], deletes: vec!["a".into()] },
        ServerMessage::Reset { id: 999, reason: String::new(), position },
        ServerMessage::Denied { id: 999, refusal: FORBIDDEN() },
        ServerMessage::Heartbeat { positions: vec![Beat { id: 999, seq: 0, count: 0, checksum: None }] },
    ] {
        rig.say(message);
    }
    rig.say_bytes(b"no message at all");
    assert_eq!(rig.table(lease), before);
}

#[test]
fn the_next_person_sees_nothing_of_the_one_before() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    rig.close_socket(4401);
    rig.handle(Input::Socket(SocketEvent::Start));
    assert_eq!((names(&rig.table(lease)), rig.runtime.access()), (vec![], None));
    rig.open_socket();
    rig.give(only(&[]));
    rig.deliver_all();
    assert_eq!(rig.table(lease).state, StreamState::Denied(FORBIDDEN()));
}

#[test]
fn signing_out_takes_everything_off_the_screen() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    let effects = rig.runtime.sign_out(rig.now_ms);
    assert_eq!(effects, [Effect::Disconnect, Effect::SignOut]);
    assert_eq!((names(&rig.table(lease)), rig.table(lease).state), (vec![], StreamState::NotStarted));
}

#[test]
fn who_does_not_want_to_wait_need_not() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.deliver_all();
    let id = rig.proxy.ids()[0];
    rig.say(ServerMessage::Freshness { id, state: Freshness::Stale { since: 100, cause: "slow".into() } });
    rig.retry_now();
    assert_eq!((rig.proxy.refreshed(), rig.proxy.asked()), (1, 1));
    rig.proxy.end(id);
    rig.say(ServerMessage::Complete { id, reason: "drained".into() });
    rig.retry_now();
    rig.deliver_all();
    assert_eq!((rig.table(lease).state, rig.proxy.asked()), (StreamState::Live, 2));
    rig.drop_socket();
    let effects = rig.retry_now();
    assert!(effects.contains(&Effect::Connect { generation: 2 }), "{effects:?}");
}
