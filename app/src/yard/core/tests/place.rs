use super::*;
use crate::yard::file;
use crate::yard::link::{KrateLink, Link};
use crate::yard::parcel::Parcel;
use crate::yard::state::{Krate, NOTE_SIZE};

fn demo() -> ClusterName {
    ClusterName("demo".into())
}

fn place(peer: &mut Peer, parcel: Parcel, near: Option<Point>) -> Option<WindowId> {
    peer.act(&YardAction::Place { parcel: Arc::new(parcel), near })
}

/// What a Yard shows without keys, in an order that does not depend on them.
fn contents(state: &YardState) -> Vec<String> {
    let parcel = Parcel::of(state);
    let krate = |at: usize| format!("{:?}", parcel.krates[at]);
    let krates = (0..parcel.krates.len()).map(krate);
    let arrows = parcel.arrows.iter().map(|arrow| format!("{} {} -> {}", arrow.room, krate(arrow.from), krate(arrow.to)));
    let mut all: Vec<String> = krates.chain(parcel.notes.iter().map(|note| format!("{note:?}"))).chain(arrows).collect();
    all.sort();
    all
}

fn through_a_file(state: &YardState) -> Parcel {
    let text = file::write(&Parcel::of(state), &demo(), "2026-11-22T18:00:00Z");
    let read = file::read(&text, &demo()).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!((read.odd, read.cluster.as_str()), (0, "demo"), "{text}");
    read.parcel
}

/// Three krates in two rooms, one of them minimised, with notes and arrows.
fn incident() -> Peer {
    let mut peer = Peer::new('a');
    let (first, _) = peer.open(1, View::Logs, None);
    let (_, yaml) = peer.open(1, View::Yaml, Some(&first));
    peer.act(&YardAction::ResizeWindow { window: yaml, size: Size::new(500.0, 400.0) });
    let (second, _) = peer.open(2, View::Shell, None);
    let list = YardAction::Open { subject: any_subject(12), content: Content::Collection, into: None, near: Point::new(2000.0, 0.0) };
    let list = peer.act(&list).map(|window| peer.krate_of(&window)).unwrap();
    peer.act(&YardAction::Minimise { krate: second.clone(), minimised: true });
    peer.act(&YardAction::PutArrow { from: first.clone(), to: second });
    peer.act(&YardAction::PutArrow { from: list, to: first.clone() });
    peer.act(&YardAction::PutNote { at: Point::new(5.0, -900.0), text: "fail-over <b>13:58</b> & \"retries\"".into(), beside: Some(first) });
    peer
}

#[test]
fn a_yard_goes_through_a_file_into_an_empty_one_and_back_out_in_one_step_of_undo() {
    let there = incident();
    let mut empty = Peer::new('b');
    let made = place(&mut empty, through_a_file(there.core.state()), None);
    assert_eq!(contents(empty.core.state()), contents(there.core.state()));
    assert!(made.is_some_and(|window| empty.core.state().window(&window).is_some()));
    assert!(empty.core.state().krates.iter().all(|krate| there.core.state().krate(&krate.id).is_none()), "under new keys");
    empty.act(&YardAction::Undo);
    assert_eq!(contents(empty.core.state()), Vec::<String>::new());
    assert!(!empty.core.can_undo());
    empty.act(&YardAction::Redo);
    assert_eq!(contents(empty.core.state()), contents(there.core.state()));
}

#[test]
fn what_is_placed_keeps_its_arrangement_and_covers_nothing() {
    let mut peer = incident();
    let parcel = through_a_file(peer.core.state());
    let before: Vec<Rect> = frames(peer.core.state());
    let known: Vec<KrateId> = peer.core.state().krates.iter().map(|krate| krate.id.clone()).collect();
    place(&mut peer, parcel.clone(), None);
    let state = peer.core.state().clone();
    assert_eq!((state.krates.len(), state.notes.len(), state.arrows.len()), (6, 2, 4));
    let new: Vec<&Arc<Krate>> = state.krates.iter().filter(|krate| !known.contains(&krate.id)).collect();
    assert!(new.iter().all(|krate| before.iter().all(|rect| !rect.overlaps(&krate_rect(krate)))));
    let by: Vec<Point> = new.iter().zip(&parcel.krates).map(|(now, was)| Point::new(now.at.x - was.at.x, now.at.y - was.at.y)).collect();
    assert!(by.iter().all(|one| *one == by[0] && *one != Point::default()), "{by:?}");
    assert!(crowded(&state).is_none());
}

fn frames(state: &YardState) -> Vec<Rect> {
    state.krates.iter().map(|krate| krate_rect(krate)).chain(state.notes.iter().map(|note| Rect::new(note.at, NOTE_SIZE))).collect()
}

#[test]
fn rooms_that_may_not_be_changed_get_nothing_and_the_rest_is_placed() {
    let parcel = through_a_file(incident().core.state());
    assert_eq!(parcel.rooms(), [Room::Cluster, home()].into());
    let mut peer = Peer::new('b');
    peer.core.set_writable(&home(), false);
    place(&mut peer, parcel, None);
    let state = peer.core.state();
    assert_eq!((state.krates.len(), state.notes.len(), state.arrows.len()), (1, 0, 0));
    assert_eq!(state.krates[0].room, Room::Cluster);
}

#[test]
fn a_link_finds_its_krate_and_makes_it_once_where_it_is_gone() {
    let mut peer = incident();
    let first = peer.core.state().krates.iter().find(|krate| krate.windows.len() == 2).unwrap().clone();
    let text = Link::Krate(Box::new(KrateLink::of(demo(), &first))).write().unwrap();
    let Ok(Link::Krate(link)) = Link::read(&text) else { panic!("{text}") };
    assert_eq!(link.find(&peer.core.state().krates), Some(&first.id));
    peer.act(&YardAction::CloseKrate { krate: first.id.clone() });
    assert_eq!(link.find(&peer.core.state().krates), None);
    let window = place(&mut peer, link.parcel(home()), None).unwrap();
    let made = peer.core.state().window(&window).unwrap().0.clone();
    assert_eq!((made.at, made.room.clone(), made.windows.len()), (first.at, home(), 2));
    assert_ne!(made.id, first.id);
    assert_eq!(link.find(&peer.core.state().krates), Some(&made.id), "the second time it is there");
    let mut reader = Peer::new('c');
    reader.core.set_writable(&home(), false);
    assert_eq!(place(&mut reader, link.parcel(home()), None), None);
    place(&mut reader, link.parcel(Room::Private), None).unwrap();
    assert!(link.find(&reader.core.state().krates).is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_people_did_goes_through_a_file(ops in prop::collection::vec(op(), 0..40)) {
        let mut there = Peer::new('a');
        ops.iter().for_each(|op| there.run(op));
        // A list in a window of an object, or the other way round, is nothing that a page makes.
        let sound = |krate: &Krate| krate.windows.iter().all(|window| matches!((window.content, krate.subject_of(window)), (Content::View(_), Subject::Object(_)) | (Content::Collection, Subject::Collection(_))));
        let odd: Vec<KrateId> = there.core.state().krates.iter().filter(|krate| !sound(krate)).map(|krate| krate.id.clone()).collect();
        odd.into_iter().for_each(|krate| drop(there.act(&YardAction::CloseKrate { krate })));
        let mut empty = Peer::new('b');
        place(&mut empty, through_a_file(there.core.state()), None);
        prop_assert_eq!(contents(empty.core.state()), contents(there.core.state()));
        for krate in &there.core.state().krates {
            let link = Link::Krate(Box::new(KrateLink::of(demo(), krate)));
            let text = link.write().unwrap();
            let Ok(Link::Krate(read)) = Link::read(&text) else { panic!("{text}") };
            prop_assert_eq!(read.find(&there.core.state().krates), Some(&krate.id));
        }
    }
}
