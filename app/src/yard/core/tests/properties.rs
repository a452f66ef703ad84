use super::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn one_person_never_has_krates_that_overlap_and_the_mirror_equals_the_document(ops in prop::collection::vec(op(), 1..60)) {
        let mut peer = Peer::new('a');
        for op in &ops {
            peer.run(op);
            prop_assert_eq!(crowded(peer.core.state()), None);
            let mut fresh = Mirror::default();
            for (room, copy) in &peer.core.rooms {
                fresh.refresh(room, Some(&copy.document), &copy.document.keys());
            }
            prop_assert_eq!(fresh.state(), peer.core.state());
        }
        let mut restored = Core::new(99);
        for room in peer.core.rooms() {
            restored.receive(room, Origin::Restored, &peer.core.snapshot(room).unwrap()).unwrap();
        }
        prop_assert_eq!(restored.state(), peer.core.state());
        prop_assert!(!restored.can_undo());
    }

    #[test]
    fn each_step_of_undo_restores_what_was_before_one_action_and_redo_what_was_after(ops in prop::collection::vec(op(), 1..40)) {
        let mut peer = Peer::new('a');
        let mut history = vec![apart_from_order(peer.core.state())];
        for op in ops.iter().filter(|op| !matches!(op, Op::Undo | Op::Redo)) {
            peer.run(op);
            let now = apart_from_order(peer.core.state());
            if history.last() != Some(&now) {
                history.push(now);
            }
        }
        for round in 0..2 {
            for before in history.iter().rev().skip(1) {
                peer.act(&YardAction::Undo);
                prop_assert_eq!(&apart_from_order(peer.core.state()), before, "undo, round {}", round);
            }
            prop_assert!(!peer.core.can_undo());
            for after in history.iter().skip(1) {
                peer.act(&YardAction::Redo);
                prop_assert_eq!(&apart_from_order(peer.core.state()), after, "redo, round {}", round);
            }
            prop_assert!(!peer.core.can_redo());
        }
    }

    #[test]
    fn two_people_who_edit_at_once_converge_whatever_the_order_of_delivery(
        ops in prop::collection::vec((any::<bool>(), op(), prop::bool::weighted(0.2)), 1..60),
        shuffle in any::<u64>(),
    ) {
        let (mut a, mut b) = (Peer::new('a'), Peer::new('b'));
        let mut all = Vec::new();
        let mut deliver = |a: &mut Peer, b: &mut Peer| all.extend(exchange(a, b));
        for (first, op, meet) in &ops {
            if *first { a.run(op) } else { b.run(op) }
            if *meet {
                deliver(&mut a, &mut b);
            }
        }
        deliver(&mut a, &mut b);
        prop_assert_eq!(a.core.state(), b.core.state());

        let mut seed = shuffle;
        for i in (1..all.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            all.swap(i, (seed >> 33) as usize % (i + 1));
        }
        let mut late = Peer::new('c');
        late.take(&all);
        prop_assert_eq!(late.core.state(), a.core.state());
        prop_assert!(late.core.rooms().all(|room| !late.core.is_incomplete(room)), "nothing is waited for");
    }

    #[test]
    fn a_copy_that_was_away_catches_up_by_what_its_state_vector_lacks(ops in prop::collection::vec((any::<bool>(), op()), 1..40)) {
        let (mut a, mut b) = (Peer::new('a'), Peer::new('b'));
        for (first, op) in &ops {
            if *first { a.run(op) } else { b.run(op) }
        }
        for _ in 0..2 {
            for room in [home(), Room::Cluster, Room::Private, elsewhere()] {
                let missing = b.core.missing_for(&room, &a.core.state_vector(&room)).unwrap();
                a.core.receive(&room, Origin::Remote, &missing).unwrap();
            }
            std::mem::swap(&mut a, &mut b);
        }
        prop_assert_eq!(a.core.state(), b.core.state());
    }
}
