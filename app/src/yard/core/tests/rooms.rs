use std::collections::BTreeSet;

use super::*;
use crate::yard::rooms::room_of;
use crate::yard::state::Krate;

fn open_about(peer: &mut Peer, subject: Subject, into: Option<&KrateId>) -> (KrateId, WindowId) {
    let window = peer.act(&YardAction::Open { subject, content: content(0), into: into.cloned(), near: Point::default() }).expect("Open gives a window");
    (peer.krate_of(&window), window)
}

fn shown<'a>(peer: &'a Peer, krate: &str) -> &'a Krate {
    peer.core.state().krate(krate).expect("the krate shows")
}

/// Names of one namespace that stand in the room of another.
fn strays(core: &Core) -> Vec<(Room, Subject)> {
    let mut strays = Vec::new();
    for (room, copy) in core.rooms.iter().filter(|(room, _)| room.namespace().is_some()) {
        let (krates, windows, ..) = copy.document.read(&copy.document.keys());
        let subjects = krates.into_values().map(|krate| krate.subject).chain(windows.into_values().map(|window| window.subject));
        strays.extend(subjects.filter(|subject| room_of(subject) != *room).map(|subject| (room.clone(), subject)));
    }
    strays
}

fn windows(core: &Core) -> BTreeSet<WindowId> {
    core.state().krates.iter().flat_map(|krate| krate.windows.iter().map(|window| window.id.clone())).collect()
}

#[test]
fn a_new_krate_goes_to_the_room_of_its_subject_or_to_the_private_one_where_that_is_not_to_be_changed() {
    let mut peer = Peer::new('a');
    peer.core.set_writable(&elsewhere(), false);
    for (subject, room) in [
        (subject(1), home()),
        (pod("web", 1), Room::Private),
        (any_subject(9), Room::Cluster),
        (any_subject(10), Room::Cluster),
        (any_subject(12), Room::Cluster),
        (any_subject(13), home()),
    ] {
        let (krate, _) = open_about(&mut peer, subject.clone(), None);
        assert_eq!((&shown(&peer, &krate).room, shown(&peer, &krate).writable), (&room, true), "{subject:?}");
    }
    peer.core.set_writable(&Room::Cluster, false);
    let (krate, _) = open_about(&mut peer, Subject::Collection(Collection::attention()), None);
    assert_eq!(shown(&peer, &krate).room, Room::Private);
}

#[test]
fn a_krate_that_mixes_goes_to_the_clusters_room_whole_and_undo_brings_it_back_in_one_step() {
    for cluster in [true, false] {
        let mut peer = Peer::new('a');
        peer.core.set_writable(&Room::Cluster, cluster);
        let (krate, first) = open_about(&mut peer, subject(1), None);
        let (other, second) = open_about(&mut peer, pod("web", 2), None);
        peer.own_changes();
        peer.act(&YardAction::Join { window: second.clone(), krate: krate.clone() });
        let mixed = shown(&peer, &krate);
        assert_eq!(mixed.room, if cluster { Room::Cluster } else { Room::Private });
        assert_eq!(mixed.windows.iter().map(|window| &window.id).collect::<Vec<_>>(), [&first, &second], "under their own keys");
        assert_eq!(peer.own_changes().len(), 3, "one transaction in each of three rooms");
        assert!(strays(&peer.core).is_empty() && peer.core.state().krates.len() == 1);
        peer.act(&YardAction::Undo);
        assert_eq!((&shown(&peer, &krate).room, &shown(&peer, &other).room), (&home(), &elsewhere()));
        peer.act(&YardAction::Redo);
        assert_eq!(shown(&peer, &krate).windows.len(), 2);
        peer.act(&YardAction::TearOff { window: second.clone(), to: Point::new(3000.0, 0.0) });
        let torn = peer.krate_of(&second);
        assert_eq!(shown(&peer, &torn).room, if cluster { elsewhere() } else { Room::Private }, "what is one's own stays so");
    }
}

#[test]
fn a_list_that_is_about_other_namespaces_from_now_on_moves_and_takes_no_name_along() {
    let mut peer = Peer::new('a');
    let (krate, list) = open_about(&mut peer, any_subject(11), None);
    for (number, room) in [(13, home()), (12, Room::Cluster), (11, elsewhere())] {
        peer.act(&YardAction::Retarget { window: list.clone(), subject: any_subject(number) });
        assert_eq!((&shown(&peer, &krate).room, strays(&peer.core)), (&room, vec![]));
    }
    let (_, logs) = open_about(&mut peer, pod("web", 1), Some(&krate));
    peer.act(&YardAction::Retarget { window: logs, subject: subject(3) });
    assert_eq!((&shown(&peer, &krate).room, strays(&peer.core)), (&Room::Cluster, vec![]), "it mixes");
}

#[test]
fn what_may_only_be_read_shows_and_stays_as_it_is() {
    let (mut a, mut b, krate, window) = two_peers();
    b.core.set_writable(&home(), false);
    let (own, _) = open_about(&mut b, pod("web", 1), None);
    b.own_changes();
    let before = b.core.state().clone();
    assert!(!shown(&b, &krate).writable && shown(&b, &own).writable);
    for action in [
        YardAction::MoveKrate { krate: krate.clone(), to: Point::new(900.0, 900.0) },
        YardAction::ResizeWindow { window: window.clone(), size: Size::new(600.0, 600.0) },
        YardAction::Minimise { krate: krate.clone(), minimised: true },
        YardAction::Switch { window: window.clone(), content: content(2) },
        YardAction::Retarget { window: window.clone(), subject: subject(4) },
        YardAction::TearOff { window: window.clone(), to: Point::new(900.0, 900.0) },
        YardAction::Join { window: window.clone(), krate: own.clone() },
        YardAction::CloseWindow { window: window.clone() },
        YardAction::CloseKrate { krate: krate.clone() },
        YardAction::Raise { krate: krate.clone() },
    ] {
        b.act(&action);
        assert_eq!(b.own_changes(), [], "{action:?}");
        assert_eq!(b.core.state(), &before, "{action:?}");
    }
    let (found, same) = open_about(&mut b, subject(1), None);
    assert_eq!((&found, &same), (&krate, &window), "what shows already is not doubled");
    let describe = YardAction::Open { subject: subject(1), content: content(2), into: None, near: Point::default() };
    let describe = b.act(&describe).expect("a window of one's own");
    assert_eq!(shown(&b, &b.krate_of(&describe)).room, Room::Private);
    a.act(&YardAction::MoveKrate { krate: krate.clone(), to: Point::new(-900.0, 0.0) });
    exchange(&mut a, &mut b);
    assert_eq!(shown(&b, &krate).at, Point::new(-900.0, 0.0), "others go on");
}

#[test]
fn a_room_that_turns_out_not_to_be_theirs_leaves_them_what_they_did_meanwhile() {
    let (mut a, mut b, krate, window) = two_peers();
    let (own, logs) = open_about(&mut b, subject(2), None);
    let added = b.act(&YardAction::Open { subject: subject(1), content: content(2), into: Some(krate.clone()), near: Point::default() }).unwrap();
    b.act(&YardAction::MoveKrate { krate: krate.clone(), to: Point::new(4000.0, 0.0) });
    b.act(&YardAction::PutNote { at: Point::default(), text: "found it".into(), beside: Some(krate.clone()) });
    a.act(&YardAction::MoveKrate { krate: krate.clone(), to: Point::new(0.0, 3000.0) });
    b.core.set_writable(&home(), false);
    let proxy = a.core.snapshot(&home()).unwrap();
    let Peer { core, keys, .. } = &mut b;
    let salvaged = core
        .replace(&home(), std::slice::from_ref(&proxy), true, &mut || {
            *keys += 1;
            format!("n{keys}").into()
        })
        .unwrap();
    assert_eq!(salvaged, Salvaged { krates: 2, notes: 1 });
    let told = salvaged.words(&home()).unwrap();
    assert_eq!(told, "You may not change what is shared of namespace payments: 2 krates and 1 note of yours went to your private room, and only you see it");
    assert_eq!((&shown(&b, &own).room, &b.krate_of(&logs)), (&Room::Private, &own));
    assert_eq!(shown(&b, &b.krate_of(&added)).room, Room::Private);
    assert_eq!(shown(&b, &krate), &Krate { writable: false, ..shown(&a, &krate).clone() }, "what others see");
    assert_eq!((b.core.state().notes.len(), &b.core.state().notes[0].room), (1, &Room::Private));
    assert!(b.core.state().window(&window).is_some());
    assert_eq!(b.core.snapshot(&home()).unwrap(), proxy);
}

#[test]
fn a_closed_room_is_gone_at_once_with_its_steps_and_only_what_nobody_else_ever_saw_stays() {
    let (mut a, mut b, krate, _) = two_peers();
    let changes = a.own_changes();
    b.take(&changes);
    // As over the proxy: it has what a made, and not what b does now.
    let known = a.core.snapshot(&home()).unwrap();
    b.core.receive(&home(), Origin::Shared, &known).unwrap();
    let vector = a.core.state_vector(&home());
    b.core.proxy_has(&home(), &vector).unwrap();
    b.act(&YardAction::MoveKrate { krate: krate.clone(), to: Point::new(3000.0, 0.0) });
    let (own, _) = open_about(&mut b, subject(2), None);
    let (elsewhere, _) = open_about(&mut b, pod("web", 1), None);
    b.core.take_news();
    let salvaged = b.core.close_room(&home(), &mut || "new".into());
    assert_eq!((salvaged.krates, b.core.state().krate(&krate)), (1, None));
    assert_eq!(shown(&b, &own).room, Room::Private);
    assert!(b.core.take_news().contains(&News::Wiped(home())));
    assert_eq!((b.core.snapshot(&home()), b.core.may_write(&home())), (None, false));
    // Another tab that has not heard of it.
    b.core.receive(&home(), Origin::Remote, &known).unwrap();
    assert_eq!(b.core.state().krate(&krate), None);
    b.act(&YardAction::Undo);
    assert_eq!(b.core.state().krate(&elsewhere), None, "the last step that is left");
    assert!(!b.core.can_undo());
    // The right comes back.
    b.core.open_room(&home());
    b.core.set_writable(&home(), true);
    b.core.receive(&home(), Origin::Shared, &known).unwrap();
    assert!(shown(&b, &krate).writable);
}

#[test]
fn a_room_of_which_only_this_person_ever_knew_closes_without_a_loss() {
    let mut peer = Peer::new('a');
    let (krate, window) = open_about(&mut peer, subject(1), None);
    let before = shown(&peer, &krate).clone();
    let salvaged = peer.core.close_room(&home(), &mut || "new".into());
    assert_eq!(salvaged, Salvaged { krates: 1, notes: 0 });
    assert_eq!(shown(&peer, &krate), &Krate { room: Room::Private, ..before });
    assert!(peer.core.state().window(&window).is_some());
}

#[test]
fn two_who_move_a_krate_to_different_rooms_at_once_see_it_once_and_lose_nothing() {
    let (mut a, mut b, krate, first) = two_peers();
    let (_, of_web) = open_about(&mut a, pod("web", 1), None);
    let (_, late) = open_about(&mut b, subject(2), None);
    exchange(&mut a, &mut b);
    a.act(&YardAction::Join { window: of_web.clone(), krate: krate.clone() });
    b.act(&YardAction::Join { window: late.clone(), krate: krate.clone() });
    exchange(&mut a, &mut b);
    for peer in [&a, &b] {
        assert_eq!(peer.core.state().krates.len(), 1);
        let there: BTreeSet<&WindowId> = shown(peer, &krate).windows.iter().map(|window| &window.id).collect();
        assert_eq!((there, &shown(peer, &krate).room), (BTreeSet::from([&first, &of_web, &late]), &Room::Cluster));
    }
    assert_eq!(a.core.state(), b.core.state());
    assert!(strays(&a.core).is_empty());
    a.act(&YardAction::CloseKrate { krate });
    exchange(&mut a, &mut b);
    assert!(a.core.state().krates.is_empty() && b.core.state().krates.is_empty());
}

/// What rights do between actions.
#[derive(Debug, Clone)]
enum Turn {
    Do(bool, Op),
    Meet,
    Writable(bool, usize, bool),
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        10 => (any::<bool>(), op()).prop_map(|(first, op)| Turn::Do(first, op)),
        2 => Just(Turn::Meet),
        1 => (any::<bool>(), 0_usize..3, any::<bool>()).prop_map(|(first, room, writable)| Turn::Writable(first, room, writable)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_name_of_one_namespace_is_ever_written_to_the_room_of_another(turns in prop::collection::vec(turn(), 1..80)) {
        let mut peers = [Peer::new('a'), Peer::new('b')];
        for turn in &turns {
            match turn {
                Turn::Do(first, op) => peers[usize::from(*first)].run(op),
                Turn::Meet => {
                    let [a, b] = &mut peers;
                    exchange(a, b);
                }
                Turn::Writable(first, room, writable) => {
                    let room = [home(), elsewhere(), Room::Cluster][*room].clone();
                    peers[usize::from(*first)].core.set_writable(&room, *writable);
                }
            }
            for peer in &peers {
                prop_assert_eq!(strays(&peer.core), vec![]);
            }
        }
    }

    #[test]
    fn closing_a_room_that_nobody_shares_loses_no_window(ops in prop::collection::vec(op(), 1..40)) {
        let mut peer = Peer::new('a');
        ops.iter().for_each(|op| peer.run(op));
        let before = windows(&peer.core);
        for room in [home(), Room::Cluster, elsewhere()] {
            let mut keys = 0;
            peer.core.close_room(&room, &mut || {
                keys += 1;
                format!("{room}{keys}").into()
            });
        }
        prop_assert_eq!(windows(&peer.core), before);
        prop_assert!(peer.core.state().krates.iter().all(|krate| krate.room == Room::Private && krate.writable));
    }
}

#[test]
fn what_stands_in_the_way_of_an_action_is_the_room_that_one_may_not_change() {
    let mut peer = Peer::new('a');
    let (krate, window) = peer.open(1, View::Logs, None);
    let (other, _) = open_about(&mut peer, pod("web", 2), None);
    let note = peer.act(&YardAction::PutNote { at: Point::default(), text: "x".into(), beside: Some(krate.clone()) }).unwrap();
    peer.core.set_writable(&elsewhere(), false);
    let join = YardAction::Join { window: window.clone(), krate: other.clone() };
    let close = YardAction::CloseKrate { krate: krate.clone() };
    assert_eq!((join.barred(peer.core.state()), close.barred(peer.core.state())), (Some(&elsewhere()), None));
    peer.core.set_writable(&home(), false);
    let (to, size) = (Point::new(900.0, 900.0), Size::new(900.0, 900.0));
    for action in [
        close,
        YardAction::MoveKrate { krate: krate.clone(), to },
        YardAction::MoveKrates { krates: vec![krate.clone(), other.clone()], by: to },
        YardAction::CloseKrates { krates: vec![krate.clone()] },
        YardAction::Minimise { krate: krate.clone(), minimised: true },
        YardAction::ResizeWindow { window: window.clone(), size },
        YardAction::Switch { window: window.clone(), content: Content::View(View::Yaml) },
        YardAction::Retarget { window: window.clone(), subject: subject(7) },
        YardAction::TearOff { window: window.clone(), to },
        YardAction::CloseWindow { window },
        YardAction::EditNote { note: note.clone(), text: "y".into() },
        YardAction::MoveNote { note: note.clone(), to },
        YardAction::RemoveNote { note },
    ] {
        assert_eq!(action.barred(peer.core.state()), Some(&home()), "{action:?}");
        peer.own_changes();
        peer.act(&action);
        assert!(peer.own_changes().is_empty(), "{action:?}");
    }
    assert_eq!(YardAction::Raise { krate: other }.barred(peer.core.state()), None);
    assert_eq!(crate::yard::rooms::why_fixed(&home(), None), "You may not change the Yard of namespace payments: update yards.krateyard.dev");
}
