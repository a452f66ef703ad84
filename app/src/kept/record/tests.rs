use krateyard_shared::kinds::KINDS;
use krateyard_shared::scope::Scope;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::kept::allow::{Most, most_of};
use crate::rows::fixtures;

/// What no record may have in it.
const SECRET: &str = "s3cr3t-value";

fn record_of(target: &Target, content: Content) -> Option<Vec<u8>> {
    let mut draft = Draft::of(target.clone(), content)?;
    loop {
        match draft.step() {
            Progress::Underway => {}
            Progress::Done(bytes) => return Some(bytes),
            Progress::TooLarge => return None,
        }
    }
}

fn kinds() -> impl Strategy<Value = Kind> {
    (0..KINDS.len()).prop_map(|at| KINDS[at].kind)
}

fn scopes() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::All),
        Just(Scope::Namespace("web".into())),
        Just(Scope::Object { namespace: Some("web".into()), name: "one".into() }),
        Just(Scope::Node { namespace: None, node: "n1".into() }),
        Just(Scope::Attention { namespace: None }),
        Just(Scope::Summary { namespace: None }),
        Just(Scope::Newest { namespace: Some("web".into()) }),
    ]
}

/// An object with a secret wherever people put them, some levels down.
fn objects() -> impl Strategy<Value = Value> {
    let places = prop_oneof![
        Just(json!({"env": [{"name": "PASSWORD", "value": SECRET}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "db", "key": "b"}}}]})),
        Just(json!({"env": SECRET})),
        Just(json!({"args": ["--token", SECRET], "command": [SECRET]})),
        Just(json!({"annotations": {"kubectl.kubernetes.io/last-applied-configuration": SECRET, "a": {"b": SECRET}}})),
        Just(json!({"httpGet": {"httpHeaders": [{"name": "Authorization", "value": SECRET}]}})),
        Just(json!({"lastState": {"terminated": {"exitCode": 1, "message": SECRET}}})),
        Just(json!({"csi": {"volumeAttributes": {"key": SECRET}}, "flexVolume": {"options": {"key": SECRET}}})),
    ];
    (places, 0..4_usize, any::<bool>()).prop_map(|(place, depth, in_list)| {
        let deep = (0..depth).fold(place, |inner, _| if in_list { json!({"containers": [inner]}) } else { json!({"spec": inner, "image": "registry/api:1"}) });
        json!({"metadata": {"name": "one", "uid": "u", "annotations": {"x": SECRET}}, "spec": {"template": deep}})
    })
}

proptest! {
    // A failing case prints its seed and its smallest form.
    #[test]
    fn no_secret_is_ever_kept(kind in kinds(), scope in scopes(), object in objects()) {
        let target = Target { kind, scope };
        let is_object = matches!(target.scope, Scope::Object { .. });
        let rows = Content::Rows(vec![Arc::new(fixtures::running("a", "web"))]);
        for content in [Content::Object(Arc::new(object)), rows] {
            let is_fitting = is_object == matches!(content, Content::Object(_));
            let record = record_of(&target, content);
            prop_assert!(record.is_none() || is_fitting);
            let Some(bytes) = record else {
                let needed = if is_object { Most::Objects } else { Most::Rows };
                prop_assert!(!is_fitting || most_of(kind) < needed);
                continue;
            };
            prop_assert!(!matches!(kind, Kind::Secret | Kind::HelmRelease | Kind::Custom(_)));
            prop_assert!(kind != Kind::ConfigMap || !is_object);
            prop_assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()));
            prop_assert_eq!(Record::read(&bytes).map(|record| record.target), Some(target.clone()));
        }
    }
}

#[test]
fn a_secret_that_got_into_the_browser_in_any_way_is_not_read_either() {
    for (kind, scope) in [
        (Kind::Secret, Scope::All),
        (Kind::HelmRelease, Scope::Namespace("web".into())),
        (Kind::Secret, Scope::Object { namespace: Some("web".into()), name: "db".into() }),
        (Kind::ConfigMap, Scope::Object { namespace: Some("web".into()), name: "settings".into() }),
    ] {
        let mut bytes = vec![VERSION];
        minicbor::encode((kind.resource(), &scope), &mut bytes).unwrap();
        minicbor::encode(ServerMessage::Object { id: 0, json: Some("{}".into()) }, &mut bytes).unwrap();
        assert_eq!(Record::read(&bytes), None, "{kind:?}");
    }
}

#[test]
fn rows_come_back_as_they_were_and_a_record_of_another_version_does_not() {
    let target = Target { kind: Kind::Pod, scope: Scope::Namespace("web".into()) };
    let rows: Vec<_> = (0..2 * SLICE + 7).map(|at| Arc::new(fixtures::running(&format!("pod-{at}"), "web"))).collect();
    let bytes = record_of(&target, Content::Rows(rows.clone())).unwrap();
    let Some(ServerMessage::Rows { rows: read, done: true, .. }) = Record::read(&bytes).unwrap().message() else { panic!("rows") };
    let mut read: Vec<_> = read.iter().map(|row| row.decode().unwrap().of_kind(Kind::Pod)).collect();
    read.sort_by(|a, b| a.uid.cmp(&b.uid));
    let mut wanted: Vec<_> = rows.iter().map(|row| (**row).clone()).collect();
    wanted.sort_by(|a, b| a.uid.cmp(&b.uid));
    assert!(read == wanted, "rows differ");
    let mut other = bytes.clone();
    other[0] = VERSION + 1;
    assert_eq!((Record::read(&other), Record::read(&[]), Record::read(&bytes[..5])), (None, None, None));
}

#[test]
fn half_a_list_is_not_kept() {
    let target = Target { kind: Kind::Pod, scope: Scope::All };
    let rows = |count: usize| Content::Rows((0..count).map(|at| Arc::new(fixtures::running(&format!("{}-{at}", "a-long-name".repeat(20)), "web"))).collect());
    assert!(record_of(&target, rows(1_000)).is_some_and(|bytes| bytes.len() <= BYTES_MOST + 1_000));
    assert_eq!(record_of(&target, rows(20_000)), None);
}
