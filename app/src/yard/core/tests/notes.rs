use super::*;
use crate::yard::state::NOTE_MOST;

fn note(peer: &mut Peer, text: &str, beside: Option<&KrateId>) -> WindowId {
    let put = YardAction::PutNote { at: Point::new(10.4, -3.6), text: text.into(), beside: beside.cloned() };
    peer.act(&put).expect("PutNote gives the note")
}

#[test]
fn a_note_is_written_changed_moved_taken_away_and_brought_back() {
    let (mut a, mut b, krate, _) = two_peers();
    let id = note(&mut a, "restarts since 10:40", Some(&krate));
    exchange(&mut a, &mut b);
    let there = b.core.state().notes[0].clone();
    assert_eq!((&there.id, &there.room, there.at, &*there.text), (&id, &home(), Point::new(10.0, -4.0), "restarts since 10:40"));
    b.act(&YardAction::EditNote { note: id.clone(), text: "ü".repeat(NOTE_MOST + 5) });
    a.act(&YardAction::MoveNote { note: id.clone(), to: Point::new(50.0, 60.0) });
    exchange(&mut a, &mut b);
    let both = a.core.state().notes[0].clone();
    assert_eq!((both.text.chars().count(), both.at), (NOTE_MOST, Point::new(50.0, 60.0)), "text and place are apart");
    assert_eq!(b.core.state(), a.core.state());
    b.act(&YardAction::Undo);
    assert_eq!(&*b.core.state().notes[0].text, "restarts since 10:40");
    b.act(&YardAction::RemoveNote { note: id.clone() });
    assert!(b.core.state().notes.is_empty());
    b.act(&YardAction::Undo);
    assert_eq!(b.core.state().notes[0].at, Point::new(50.0, 60.0));
}

#[test]
fn a_note_about_nothing_in_particular_is_the_clusters_or_ones_own() {
    let mut peer = Peer::new('a');
    note(&mut peer, "for all", None);
    peer.core.set_writable(&Room::Cluster, false);
    note(&mut peer, "for me", None);
    let rooms: Vec<(&str, &Room, bool)> = peer.core.state().notes.iter().map(|note| (&*note.text, &note.room, note.writable)).collect();
    assert_eq!(rooms, [("for all", &Room::Cluster, false), ("for me", &Room::Private, true)]);
    let first = peer.core.state().notes[0].id.clone();
    peer.act(&YardAction::RemoveNote { note: first });
    assert_eq!(peer.core.state().notes.len(), 2, "it can not be changed");
}

#[test]
fn an_arrow_lives_where_its_krates_do_shows_while_both_do_and_goes_with_either() {
    let (mut a, mut b, krate, _) = two_peers();
    let (same, _) = a.open(2, View::Logs, None);
    let open = YardAction::Open { subject: pod("web", 1), content: content(0), into: None, near: Point::default() };
    let other = a.act(&open).map(|window| a.krate_of(&window)).unwrap();
    let arrow = |from: &KrateId, to: &KrateId| YardAction::PutArrow { from: from.clone(), to: to.clone() };
    let first = a.act(&arrow(&krate, &same)).unwrap();
    assert_eq!(a.act(&arrow(&krate, &same)), Some(first), "it is there already");
    a.act(&arrow(&krate, &other));
    assert_eq!(a.act(&arrow(&krate, &krate)), None);
    let rooms = |peer: &Peer| peer.core.state().arrows.iter().map(|arrow| arrow.room.clone()).collect::<Vec<_>>();
    assert_eq!(rooms(&a), [home(), Room::Cluster]);
    a.core.set_writable(&Room::Cluster, false);
    a.act(&arrow(&same, &other));
    assert_eq!(rooms(&a), [home(), Room::Cluster, Room::Private]);
    // Someone who may read only one of the rooms.
    let changes: Vec<Change> = a.own_changes().into_iter().filter(|change| change.room == home()).collect();
    b.take(&changes);
    assert_eq!(rooms(&b), [home()]);
    b.act(&YardAction::CloseKrate { krate });
    assert!(b.core.state().arrows.is_empty());
    b.act(&YardAction::Undo);
    assert_eq!(rooms(&b), [home()]);
}

#[test]
fn an_arrow_moves_with_its_krate_to_another_room_and_back_by_undo() {
    let mut peer = Peer::new('a');
    let (from, _) = peer.open(1, View::Logs, None);
    let (to, _) = peer.open(2, View::Logs, None);
    let put = YardAction::PutArrow { from: from.clone(), to: to.clone() };
    let arrow = peer.act(&put).unwrap();
    let of_web = YardAction::Open { subject: pod("web", 1), content: content(0), into: Some(from.clone()), near: Point::default() };
    peer.act(&of_web).unwrap();
    let rooms = |peer: &Peer| peer.core.state().arrows.iter().map(|arrow| (arrow.id.clone(), arrow.room.clone())).collect::<Vec<_>>();
    assert_eq!(rooms(&peer), [(arrow.clone(), Room::Cluster)], "its krate mixes from now on");
    assert!(peer.core.rooms[&home()].document.keys().arrows.is_empty(), "nothing is left behind");
    peer.act(&YardAction::Undo);
    assert_eq!(rooms(&peer), [(arrow.clone(), home())]);
    peer.act(&YardAction::Redo);
    // Into one krate with what it points at: gone, in every room.
    let window = peer.core.state().krate(&to).unwrap().windows[0].id.clone();
    peer.act(&YardAction::Join { window, krate: from });
    assert!(rooms(&peer).is_empty());
    assert!(peer.core.rooms.values().all(|copy| copy.document.keys().arrows.is_empty()));
    peer.act(&YardAction::Undo);
    assert_eq!(rooms(&peer), [(arrow, Room::Cluster)]);
}

#[test]
fn an_arrow_of_ones_own_stays_so() {
    let mut peer = Peer::new('a');
    let (from, _) = peer.open(1, View::Logs, None);
    let other = YardAction::Open { subject: pod("web", 1), content: content(0), into: None, near: Point::default() };
    let other = peer.act(&other).map(|window| peer.krate_of(&window)).unwrap();
    peer.core.set_writable(&Room::Cluster, false);
    peer.act(&YardAction::PutArrow { from: from.clone(), to: other });
    assert_eq!(peer.core.state().arrows[0].room, Room::Private);
    peer.act(&YardAction::Open { subject: pod("web", 2), content: content(0), into: Some(from), near: Point::default() });
    assert_eq!(peer.core.state().arrows[0].room, Room::Private);
}
