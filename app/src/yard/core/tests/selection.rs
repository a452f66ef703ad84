use super::*;

fn places(peer: &Peer, krates: &[KrateId]) -> Vec<Point> {
    krates.iter().filter_map(|id| peer.core.state().krate(id).map(|krate| krate.at)).collect()
}

fn all_by(places: &[Point], by: Point) -> Vec<Point> {
    places.iter().map(|at| Point::new(at.x + by.x, at.y + by.y)).collect()
}

#[test]
fn krates_that_are_dropped_together_go_the_same_way_and_come_back_in_one_step() {
    let mut peer = Peer::new('a');
    let krates = [1, 2, 3].map(|number| peer.open(number, View::Logs, None).0).to_vec();
    let (before, by) = (places(&peer, &krates), Point::new(5000.0, 321.0));
    peer.act(&YardAction::MoveKrates { krates: [krates.clone(), krates.clone()].concat(), by });
    assert_eq!(places(&peer, &krates), all_by(&before, by));
    peer.act(&YardAction::Undo);
    assert_eq!(places(&peer, &krates), before);
    peer.act(&YardAction::Redo);
    assert_eq!(places(&peer, &krates), all_by(&before, by));
    peer.act(&YardAction::MoveKrates { krates: Vec::new(), by });
    assert_eq!(places(&peer, &krates), all_by(&before, by));
}

#[test]
fn krates_that_are_dropped_onto_others_keep_their_arrangement_and_cover_nobody() {
    let mut peer = Peer::new('a');
    let krates = [1, 2, 3].map(|number| peer.open(number, View::Logs, None).0).to_vec();
    peer.act(&YardAction::MoveKrates { krates: krates.clone(), by: Point::new(5000.0, 0.0) });
    let other = peer.open(4, View::Yaml, None).0;
    let (before, there) = (places(&peer, &krates), places(&peer, std::slice::from_ref(&other)));
    let onto = Point::new(there[0].x - before[0].x + 10.0, there[0].y - before[0].y + 10.0);
    peer.act(&YardAction::MoveKrates { krates: krates.clone(), by: onto });
    let after = places(&peer, &krates);
    let went = Point::new(after[0].x - before[0].x, after[0].y - before[0].y);
    assert_ne!(after, before);
    assert_eq!(after, all_by(&before, went));
    assert_eq!(places(&peer, std::slice::from_ref(&other)), there, "nobody else's is touched");
    assert_eq!(crowded(peer.core.state()), None);
}

#[test]
fn krates_that_are_closed_together_take_their_arrows_along_and_come_back_in_one_step() {
    let mut peer = Peer::new('a');
    let krates = [1, 2, 3].map(|number| peer.open(number, View::Logs, None).0).to_vec();
    peer.act(&YardAction::PutArrow { from: krates[0].clone(), to: krates[1].clone() });
    peer.act(&YardAction::PutArrow { from: krates[1].clone(), to: krates[2].clone() });
    let before = peer.core.state().clone();
    peer.act(&YardAction::CloseKrates { krates: krates[..2].to_vec() });
    let state = peer.core.state();
    assert_eq!((state.krates.len(), state.arrows.len()), (1, 0));
    peer.act(&YardAction::Undo);
    assert_eq!((peer.core.state().krates.len(), &peer.core.state().arrows), (3, &before.arrows));
}
