use krateyard_shared::identity::ObjectRef;
use krateyard_shared::kinds::{Kind, View};
use proptest::prelude::*;

use super::*;
use crate::yard::collection::{Collection, Only};
use crate::yard::state::Content;

fn cluster() -> ClusterName {
    ClusterName("prod-eu-1".into())
}

fn object(kind: &str, group: &str, namespace: Option<&str>, name: &str) -> Subject {
    let namespace = namespace.map(Into::into);
    Subject::Object(ObjectRef {
        cluster: cluster(),
        group: group.into(),
        version: "v1".into(),
        kind: kind.into(),
        namespace,
        name: name.into(),
        uid: String::new(),
    })
}

fn link(room: Room, subject: Subject, windows: Vec<(Content, Option<Subject>)>) -> Link {
    let windows = windows.into_iter().map(|(content, subject)| PackedWindow { content, subject, size: None }).collect();
    let made_of = PackedKrate { room, subject, at: Point::new(120.0, -40.0), minimised: false, windows };
    Link::Krate(Box::new(KrateLink { cluster: cluster(), krate: "k1x".into(), made_of }))
}

#[test]
fn a_link_is_readable() {
    let web = Room::Namespace("web".into());
    let other = object("Service", "", Some("web"), "api");
    let pod = link(web.clone(), object("Pod", "", Some("web"), "api-1"), vec![(Content::View(View::Logs), None), (Content::View(View::Yaml), Some(other))]);
    assert_eq!(pod.write().unwrap(), "krate=k1x&cluster=prod-eu-1&room=web&at=120,-40&of=Pod.v1/web/api-1&w=L&w=Y:Service.v1/web/api");
    let list = Collection::of_kind(Kind::Pod, Some("web".into())).with_labels("app=api".into());
    let list = link(web, Subject::Collection(list), vec![(Content::Collection, None)]);
    assert_eq!(list.write().unwrap(), "krate=k1x&cluster=prod-eu-1&room=web&at=120,-40&of=list:pods/web/labels:app%3Dapi&w=*");
    let view = Link::View(ViewLink { cluster: cluster(), centre: Point::new(640.0, -20.0), zoom: 0.92 });
    assert_eq!(view.write().unwrap(), "view=640,-20&zoom=0.920&cluster=prod-eu-1");
    for link in [pod, list, view] {
        assert_eq!(Link::read(&format!("#{}", link.write().unwrap())), Ok(link));
    }
}

#[test]
fn what_makes_no_sense_is_no_link_and_what_is_added_later_does_no_harm() {
    let fine = "krate=k1&cluster=c&room=web&at=0,0&of=Pod.v1/web/a&w=L";
    assert!(Link::read(fine).is_ok() && Link::read(&format!("{fine}&later=%00%&w2")).is_ok());
    for (was, now) in [
        ("of=Pod.v1/web/a", "of=Pod.v1/shop/a"),
        ("of=Pod.v1/web/a", "of=Pod.v1/web/..%2F..%2Fsecrets"),
        ("of=Pod.v1/web/a", "of=Pod.v1/web/.."),
        ("of=Pod.v1/web/a", "of=Pod.v1/web/a%E2%80%AEb"),
        ("of=Pod.v1/web/a", "of=Pod.v1/web/%FF"),
        ("of=Pod.v1/web/a", "of=Pod.v1/web/a/b"),
        ("of=Pod.v1/web/a", "of=list:pods/web/more:x"),
        ("&w=L", ""),
        ("&w=L", "&w=*"),
        ("&w=L", "&w=LL"),
        ("&w=L", "&w=L:Pod.v1/shop/b"),
        ("at=0,0", "at=NaN,0"),
        ("at=0,0", "at=1e300,0"),
        ("room=web", "room=..%2Fx"),
        ("krate=k1", "krate=%3Cscript%3E"),
        ("cluster=c", "cluster="),
    ] {
        assert_eq!(Link::read(&fine.replace(was, now)), Err(NoLink::Damaged), "{now}");
    }
    for nonsense in ["view=1,2&zoom=9&cluster=c", "view=1,2&cluster=c", "view=1&zoom=1&cluster=c", "view=1,2&zoom=NaN&cluster=c"] {
        assert_eq!(Link::read(nonsense), Err(NoLink::Damaged), "{nonsense}");
    }
    assert_eq!(Link::read("#anything"), Err(NoLink::Other));
    assert_eq!(Link::read(""), Err(NoLink::Other));
    assert_eq!(Link::read(&format!("{fine}{}", "&w=L".repeat(2_000))), Err(NoLink::TooLong));
}

#[test]
fn a_krate_of_many_windows_has_a_link_of_its_first_ones() {
    let windows = (0..40).map(|number| (Content::View(View::Logs), Some(object("Pod", "", Some("web"), &format!("{}-{number}", "a".repeat(200)))))).collect();
    let long = link(Room::Namespace("web".into()), object("Pod", "", Some("web"), "api"), windows).write().unwrap();
    assert!(long.len() <= WRITTEN, "{}", long.len());
    assert!(matches!(Link::read(&long), Ok(Link::Krate(link)) if (4..24).contains(&link.made_of.windows.len())));
    let names = (0..64).map(|number| format!("{}{number}", "n".repeat(60)));
    let wide = Collection::of_kind(Kind::Pod, None).in_namespaces(names);
    assert_eq!(link(Room::Cluster, Subject::Collection(wide), vec![(Content::Collection, None)]).write(), None, "one that nobody could read is not made");
}

/// Names with everything that means something in an address, and more.
fn odd_name() -> impl Strategy<Value = String> {
    "[a-z0-9 .:&=#?+,;@!$'()*~\"<>ü日-]{1,20}".prop_filter("is a name", |name| subject::is_name(name))
}

fn any_subject() -> impl Strategy<Value = Subject> {
    let objects = ("[A-Za-z]{1,12}", prop_oneof!["", "[a-z]{1,8}\\.[a-z.]{1,8}[a-z]"], prop::option::of(odd_name()), odd_name());
    let objects = objects.prop_map(|(kind, group, namespace, name)| object(&kind, &group, namespace.as_deref(), &name));
    let only = prop_oneof![
        Just(None),
        Just(Some(Only::Attention)),
        Just(Some(Only::Overview)),
        odd_name().prop_map(|node| Some(Only::Node(node))),
        (odd_name(), odd_name()).prop_map(|(kind, name)| Some(Only::Workload { kind, name })),
        Just(Some(Only::Labels("app in (a,b),!x,y=z".into()))),
    ];
    let lists = (prop::option::of(odd_name()), prop::collection::vec(odd_name(), 0..3), only).prop_map(|(resource, namespaces, only)| {
        // One that is called `*` would be all of them.
        let resource = resource.filter(|resource| resource != "*");
        let only = only.map(|only| if let Only::Labels(text) = only { Only::Labels(subject::selector_of(&text).unwrap()) } else { only });
        Subject::Collection(Collection { resource, only, ..Collection::default() }.in_namespaces(namespaces))
    });
    prop_oneof![objects, lists]
}

proptest! {
    #[test]
    fn whatever_has_a_name_is_read_back(subjects in prop::collection::vec(any_subject(), 1..5)) {
        let content = |subject: &Subject| if matches!(subject, Subject::Object(_)) { Content::View(View::Shell) } else { Content::Collection };
        let windows = subjects.iter().map(|subject| (content(subject), Some(subject.clone()))).collect();
        let link = link(Room::Cluster, subjects[0].clone(), windows);
        let text = link.write().unwrap();
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>#\\^`{|}".contains(&byte)), "{}", text);
        prop_assert_eq!(Link::read(&text), Ok(link));
    }

    #[test]
    fn nothing_that_anybody_writes_breaks_it(text in "(krate|view)=.{0,40}(&(cluster|room|at|of|w|zoom)=[a-zA-Z0-9/:.,*%&=\\-\u{0}-\u{20}ü]{0,30}){0,9}") {
        if let Ok(link) = Link::read(&text) {
            let again = link.write().unwrap();
            prop_assert_eq!(Link::read(&again), Ok(link));
        }
    }
}
