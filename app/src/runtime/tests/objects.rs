//! One object whole, and live.

use super::fake_proxy::Rig;
use super::*;

#[test]
fn an_object_is_followed_until_it_is_gone_and_stays_readable() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::Object { namespace: Some("web".into()), name: "a".into() });
    rig.deliver_all();
    let id = rig.proxy.ids()[0];
    rig.say(ServerMessage::Object { id, json: Some(r#"{"metadata":{"name":"a"}}"#.into()) });
    let live = rig.runtime.object(lease);
    assert_eq!((live.state, live.object.unwrap()["metadata"]["name"].clone()), (StreamState::Live, "a".into()));
    rig.say(ServerMessage::Object { id, json: None });
    let gone = rig.runtime.object(lease);
    assert_eq!((gone.state, gone.object.is_some()), (StreamState::Gone, true));
}

#[test]
fn an_object_is_patched_and_asked_for_anew_when_a_patch_does_not_fit() {
    let mut rig = Rig::with(everything(), &[("a", "web")]);
    let lease = rig.lease(Kind::Pod, Scope::Object { namespace: Some("web".into()), name: "a".into() });
    rig.deliver_all();
    let id = rig.proxy.ids()[0];
    let patch = |id, patch: &str| ServerMessage::ObjectPatch { id, patch: patch.into() };
    rig.say(ServerMessage::Object { id, json: Some(r#"{"metadata":{"name":"a"},"status":{"phase":"Pending"}}"#.into()) });
    let before = rig.runtime.object(lease).object.unwrap();
    rig.say(patch(id, r#"[{"op":"replace","path":"/status/phase","value":"Running"}]"#));
    let after = rig.runtime.object(lease).object.unwrap();
    assert_eq!((before["status"]["phase"].clone(), after["status"]["phase"].clone()), ("Pending".into(), "Running".into()));
    rig.say(patch(id, r#"[{"op":"remove","path":"/status"},{"op":"remove","path":"/nothing"}]"#));
    let kept = rig.runtime.object(lease);
    assert_eq!(kept.object.unwrap(), after, "half a patch is none");
    assert!(kept.state.is_unconfirmed());
    assert_eq!((rig.proxy.asked(), rig.runtime.resyncs()), (2, 1));
    rig.say(ServerMessage::Object { id: rig.proxy.ids()[0], json: Some(r#"{"metadata":{"name":"a"}}"#.into()) });
    assert_eq!(rig.runtime.object(lease).state, StreamState::Live);
}

#[test]
fn an_object_of_a_kind_without_a_stream_says_so() {
    let mut rig = Rig::with(everything(), &[]);
    let lease = rig.lease(&[] as &[Kind], Scope::Object { namespace: None, name: "x".into() });
    assert!(matches!(rig.runtime.object(lease).state, StreamState::Ended { .. }));
}
