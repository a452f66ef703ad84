//! What was kept when the page was here last, until the proxy is heard.

use std::collections::BTreeSet;
use std::sync::Arc;

use krateyard_shared::api::{FailingGroup, NamespaceAccess};

use super::*;
use crate::kept::record::{Draft, Progress, Record};
use crate::kept::{Content, Shown};
use crate::refresh::Target;

const KEPT_MS: u64 = 400_000;

fn record(target: &Target, content: Content) -> (Record, u64) {
    match Draft::of(target.clone(), content).unwrap().step() {
        Progress::Done(bytes) => (Record::read(&bytes).unwrap(), KEPT_MS),
        other => panic!("{other:?}"),
    }
}

fn pods(scope: Scope, names: &[&str]) -> (Record, u64) {
    record(&Target { kind: Kind::Pod, scope }, Content::Rows(names.iter().map(|name| Arc::new(row(name, "web", 0))).collect()))
}

/// A page that nobody has answered yet.
fn unanswered(records: Vec<(Record, u64)>) -> Rig {
    let mut rig = Rig::unstarted("c");
    let effects = rig.runtime.recall(everything(), records, rig.now_ms);
    assert_eq!(effects, []);
    rig
}

fn shown(rig: &Rig) -> Vec<Shown> {
    rig.runtime.shown(&BTreeSet::new())
}

#[test]
fn what_lies_there_and_nobody_looks_at_goes_as_soon_as_the_proxy_says_that_it_may_not_be_read() {
    let of = |kind, scope| Target { kind, scope };
    let web = || Scope::Namespace("web".into());
    let lies: BTreeSet<Target> = [
        of(Kind::Pod, Scope::All),
        of(Kind::Pod, web()),
        of(Kind::Pod, Scope::Namespace("shop".into())),
        of(Kind::Pod, Scope::Object { namespace: Some("shop".into()), name: "a".into() }),
        of(Kind::Service, web()),
        of(Kind::Ingress, web()),
        of(Kind::Node, Scope::All),
    ]
    .into();
    let mut rig = unanswered(vec![pods(Scope::All, &["a"])]);
    assert_eq!(rig.runtime.shown(&lies), [], "nobody knows");
    rig.handle(Input::Socket(SocketEvent::Start));
    rig.open_socket();
    rig.give(Access {
        cluster_wide: vec!["nodes".into()],
        namespaces: vec![NamespaceAccess { namespace: "web".into(), resources: vec!["pods".into()] }],
        failing: vec![FailingGroup { group: "networking.k8s.io".into(), why: "does not answer".into() }],
        ..Access::default()
    });
    let refused: Vec<Target> = rig.runtime.shown(&lies).into_iter().map(|shown| shown.target).collect();
    let stays = [of(Kind::Pod, web()), of(Kind::Ingress, web()), of(Kind::Node, Scope::All)];
    assert_eq!(refused, lies.iter().filter(|target| !stays.contains(target)).cloned().collect::<Vec<_>>());
    // What is open its own stream judges.
    rig.lease(Kind::Service, web());
    rig.pass(0);
    assert!(!rig.runtime.shown(&lies).iter().any(|shown| shown.target.kind == Kind::Service));
}

#[test]
fn kept_rows_are_shown_with_their_age_until_live_ones_replace_them_all_at_once() {
    let mut rig = unanswered(vec![pods(Scope::All, &["a", "b"])]);
    rig.proxy.put(row("b", "web", 1));
    rig.proxy.put(row("c", "web", 1));
    let (all, web) = (rig.lease(Kind::Pod, Scope::All), rig.lease(Kind::Pod, Scope::Namespace("web".into())));
    let other = rig.lease(Kind::Deployment, Scope::All);
    for lease in [all, web] {
        let table = rig.table(lease);
        assert_eq!((names(&table), table.complete, table.as_of_ms), (vec!["a", "b"], true, KEPT_MS));
        assert!(matches!(table.state, StreamState::Stale { as_of_ms: KEPT_MS, .. }), "{:?}", table.state);
    }
    assert_eq!((rig.table(other).state, rig.table(other).complete), (StreamState::NotStarted, false), "nothing was kept of it");
    rig.handle(Input::Socket(SocketEvent::Start));
    assert_eq!(names(&rig.table(all)), ["a", "b"], "it is still they");
    assert!(rig.table(all).state.is_unconfirmed());
    rig.open_socket();
    rig.give(everything());
    rig.deliver(1);
    assert_eq!((names(&rig.table(all)), rig.table(all).as_of_ms), (vec!["a", "b"], KEPT_MS));
    rig.deliver_all();
    assert_eq!((names(&rig.table(all)), rig.table(all).state), (vec!["b", "c"], StreamState::Live));
    assert_eq!(rig.runtime.resyncs(), 0);
}

#[test]
fn what_may_not_be_read_any_more_goes_as_soon_as_the_proxy_says_so_and_is_not_kept_on() {
    let mut rig = unanswered(vec![pods(Scope::All, &["a"])]);
    rig.proxy.deny(Scope::All, FORBIDDEN());
    let lease = rig.lease(Kind::Pod, Scope::All);
    assert_eq!(shown(&rig), [], "what was kept is not kept anew");
    rig.handle(Input::Socket(SocketEvent::Start));
    rig.open_socket();
    rig.deliver_all();
    assert_eq!(names(&rig.table(lease)), Vec::<String>::new());
    assert_eq!(shown(&rig), [Shown { target: Target { kind: Kind::Pod, scope: Scope::All }, what: None }]);
}

#[test]
fn what_is_kept_counts_for_nothing_once_the_proxy_was_heard_or_somebody_signed_out() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    assert_eq!(rig.runtime.recall(everything(), vec![pods(Scope::All, &["old"])], rig.now_ms), []);
    let lease = rig.lease(Kind::Pod, Scope::All);
    assert_eq!(names(&rig.table(lease)), Vec::<String>::new());
    rig.deliver_all();
    assert_eq!(names(&rig.table(lease)), ["a"]);
    let mut rig = unanswered(vec![pods(Scope::All, &["a"])]);
    let lease = rig.lease(Kind::Pod, Scope::All);
    rig.runtime.sign_out(rig.now_ms);
    assert_eq!((names(&rig.table(lease)), shown(&rig)), (vec![], vec![]));
}

#[test]
fn a_kept_object_is_shown_with_its_age_until_it_comes() {
    let scope = Scope::Object { namespace: Some("web".into()), name: "a".into() };
    let object = serde_json::json!({"metadata": {"name": "a", "uid": "u", "resourceVersion": "7"}});
    let mut rig = unanswered(vec![record(&Target { kind: Kind::Pod, scope: scope.clone() }, Content::Object(Arc::new(object.clone())))]);
    let lease = rig.lease(Kind::Pod, scope);
    let state = rig.runtime.object(lease);
    assert_eq!(state.object.as_deref(), Some(&object));
    assert!(matches!(state.state, StreamState::Stale { as_of_ms: KEPT_MS, .. }), "{:?}", state.state);
    rig.handle(Input::Socket(SocketEvent::Start));
    rig.open_socket();
    rig.give(everything());
    rig.deliver_all();
    let id = rig.proxy.ids()[0];
    rig.say(ServerMessage::Object { id, json: Some(r#"{"metadata":{"name":"a","uid":"u","resourceVersion":"8"}}"#.into()) });
    assert_eq!((rig.runtime.object(lease).state, shown(&rig).len()), (StreamState::Live, 1));
}
