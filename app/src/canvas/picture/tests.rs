use krateyard_shared::identity::{ClusterName, ObjectRef};
use krateyard_shared::kinds::View;
use krateyard_shared::sync::room::Room;
use proptest::prelude::*;

use super::*;
use crate::yard::{Arrow, Subject, Window};

fn pod(namespace: &str, name: &str) -> Subject {
    Subject::Object(ObjectRef {
        cluster: ClusterName("c".into()),
        group: String::new(),
        version: "v1".into(),
        kind: "Pod".into(),
        namespace: Some(namespace.into()),
        name: name.into(),
        uid: String::new(),
    })
}

fn krate(id: &str, subject: Subject, x: f64, other: Option<Subject>) -> Arc<Krate> {
    let window = |id: &str, view, subject| Window { id: id.into(), content: Content::View(view), subject, size: Size::new(380.0, 362.0) };
    let windows = vec![window("1", View::Logs, None), window("2", View::Yaml, other)];
    Arc::new(Krate { id: id.into(), room: Room::Private, writable: true, subject, at: Point::new(x, 0.0), minimised: false, windows })
}

fn yard(name: &str, text: &str) -> YardState {
    let note = Note { id: "n".into(), room: Room::Private, writable: true, at: Point::new(0.0, 600.0), text: text.into() };
    let arrow = Arrow { id: "a".into(), room: Room::Private, writable: true, from: "k1".into(), to: "k2".into() };
    YardState {
        krates: vec![krate("k1", pod("web", name), 0.0, Some(pod("shop", name))), krate("k2", pod(name, "other"), 1200.0, None)],
        notes: vec![note.into()],
        arrows: vec![arrow.into()],
    }
}

fn draw(state: &YardState, status: &str, who: &str) -> Result<String, TooLarge> {
    let colour = |name: &str| format!("[{name}]");
    let legend = Legend { cluster: "prod-eu-1".into(), when: "2026-11-22T18:06:00Z".into(), who: who.into() };
    Picture {
        state,
        statuses: HashMap::from([("k1".into(), ("bad", status.to_owned())), ("2".into(), ("warn", format!("also {status}")))]),
        colour: &colour,
        legend,
    }
    .svg()
}

/// Whether tags close as they open and no letter stands that XML does not have; the names of all elements and attributes.
fn names(svg: &str) -> Option<(BTreeSet<String>, BTreeSet<String>)> {
    let (mut open, mut elements, mut attributes) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for part in svg.split('<').skip(1) {
        let (tag, _) = part.split_once('>')?;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop()? != name {
                return None;
            }
            continue;
        }
        let is_whole = tag.ends_with('/');
        let mut quoted = tag.trim_end_matches('/').split('"');
        let mut first = true;
        while let Some(outside) = quoted.next() {
            for word in outside.split_whitespace() {
                if std::mem::take(&mut first) {
                    elements.insert(word.to_owned());
                    if !is_whole {
                        open.push(word.to_owned());
                    }
                } else {
                    attributes.insert(word.strip_suffix('=')?.to_owned());
                }
            }
            quoted.next();
        }
    }
    (open.is_empty() && !svg.chars().any(|c| c.is_control() && c != '\n')).then_some((elements, attributes))
}

#[test]
fn a_picture_says_what_stood_where_how_it_did_and_whose_it_is() {
    let svg = draw(&yard("api-1", "fail-over 13:58;\ndo not roll back"), "CrashLoopBackOff", "ann@example.com").unwrap();
    for said in [
        "api-1",
        "CrashLoopBackOff",
        ">also CrashLoopBackOff<",
        ">Logs<",
        ">YAML<",
        "api-1 (shop)",
        "fail-over 13:58;",
        "do not roll back",
        "Yard of prod-eu-1",
        "2026-11-22 18:06:00 UTC, as ann@example.com",
    ] {
        assert!(svg.contains(said), "{said}: {svg}");
    }
    assert!(svg.contains("[canvas]") && svg.contains("[bad]") && svg.contains("[arrow]") && svg.contains("[note]") && svg.contains("[ns-9]"), "{svg}");
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-48 -48 2112 "), "{svg}");
    assert_eq!(svg.matches("//").count(), 1, "nothing of it is elsewhere");
}

#[test]
fn an_empty_yard_is_its_legend() {
    let svg = draw(&YardState::default(), "", "ann").unwrap();
    assert!(names(&svg).is_some() && svg.contains("as ann saw it"));
}

#[test]
fn more_than_anybody_opens_is_refused() {
    let state = yard("a", &"<".repeat(2_000));
    let notes = vec![state.notes[0].clone(); 2_000];
    assert_eq!(draw(&YardState { notes, ..state }, "", "ann"), Err(TooLarge));
}

#[test]
fn names_are_cut_in_the_middle_and_notes_between_words() {
    assert_eq!(
        (cut("payments-api-7d9f8c-x2k8q", 16).as_str(), cut("short", 5).as_str(), cut("longer", 3).as_str()),
        ("payments-a\u{2026}x2k8q", "short", "\u{2026}er")
    );
    assert_eq!(lines("one two three four five six seven\n\neight"), ["one two three four five six", "seven", "", "eight"]);
    assert!(lines(&"x".repeat(100)).iter().all(|line| line.chars().count() <= NOTE_LETTERS));
}

proptest! {
    #[test]
    fn whatever_things_are_called_it_is_the_same_kinds_of_elements(name in ".{1,60}", text in "(.|\n|\u{0}|<|>|&|\"|'|]]>){0,80}", status in ".{0,30}", who in ".{0,30}") {
        let plain = names(&draw(&yard("api", "note"), "Running", "ann").unwrap()).unwrap();
        let odd = draw(&yard(&name, &text), &status, &who).unwrap();
        let found = names(&odd);
        prop_assert!(found.as_ref().is_some_and(|(elements, attributes)| elements.is_subset(&plain.0) && attributes.is_subset(&plain.1)), "{}", odd);
    }
}
