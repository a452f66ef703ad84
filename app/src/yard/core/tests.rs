use krateyard_shared::identity::{ClusterName, ObjectRef};
use krateyard_shared::kinds::View;
use proptest::prelude::*;

use super::*;
use crate::yard::layout::{KRATE_GAP, krate_rect};
use crate::yard::state::{Content, KrateId, Point, Rect, Size, Subject};

/// What a person might do, as numbers that are taken modulo what there is.
#[derive(Debug, Clone)]
enum Op {
    Open { subject: usize, content: usize, into: Option<usize>, near: Point },
    Move { krate: usize, to: Point },
    Resize { window: usize, size: Size },
    Minimise { krate: usize, minimised: bool },
    Switch { window: usize, content: usize },
    TearOff { window: usize, to: Point },
    Join { window: usize, krate: usize },
    CloseWindow { window: usize },
    CloseKrate { krate: usize },
    Raise { krate: usize },
    Undo,
    Redo,
}

fn point() -> impl Strategy<Value = Point> {
    (-1500_i32..1500, -1000_i32..1000).prop_map(|(x, y)| Point::new(f64::from(x), f64::from(y)))
}

fn op() -> impl Strategy<Value = Op> {
    let index = || 0_usize..64;
    prop_oneof![
        4 => (index(), index(), prop::option::weighted(0.2, index()), point()).prop_map(|(subject, content, into, near)| Op::Open { subject, content, into, near }),
        4 => (index(), point()).prop_map(|(krate, to)| Op::Move { krate, to }),
        2 => (index(), 0_i32..1200, 0_i32..900).prop_map(|(window, w, h)| Op::Resize { window, size: Size::new(f64::from(w), f64::from(h)) }),
        1 => (index(), any::<bool>()).prop_map(|(krate, minimised)| Op::Minimise { krate, minimised }),
        1 => (index(), index()).prop_map(|(window, content)| Op::Switch { window, content }),
        2 => (index(), point()).prop_map(|(window, to)| Op::TearOff { window, to }),
        2 => (index(), index()).prop_map(|(window, krate)| Op::Join { window, krate }),
        1 => index().prop_map(|window| Op::CloseWindow { window }),
        1 => index().prop_map(|krate| Op::CloseKrate { krate }),
        1 => index().prop_map(|krate| Op::Raise { krate }),
        2 => Just(Op::Undo),
        1 => Just(Op::Redo),
    ]
}

fn subject(number: usize) -> Subject {
    Subject::Object(ObjectRef {
        cluster: ClusterName("demo".into()),
        group: String::new(),
        version: "v1".into(),
        kind: "Pod".into(),
        namespace: Some("payments".into()),
        name: format!("payments-api-7d9f8c6b5-{number:05}"),
        uid: format!("0b1f7a52-8a35-4a1e-9c3e-0000000{number:05}"),
    })
}

fn content(number: usize) -> Content {
    [Content::View(View::Logs), Content::View(View::Shell), Content::View(View::Describe), Content::Collection][number % 4]
}

fn pick<T: Clone>(all: &[T], number: usize) -> Option<T> {
    (!all.is_empty()).then(|| all[number % all.len()].clone())
}

/// What an op means for a Yard as it is.
fn action(state: &YardState, op: &Op) -> Option<YardAction> {
    let krate = |number: usize| pick(&state.krates, number).map(|krate| krate.id.clone());
    let windows: Vec<WindowId> = state.krates.iter().flat_map(|krate| krate.windows.iter().map(|window| window.id.clone())).collect();
    let window = |number: usize| pick(&windows, number);
    Some(match op.clone() {
        Op::Open { subject: s, content: c, into, near } => YardAction::Open { subject: subject(s % 12), content: content(c), into: into.and_then(krate), near },
        Op::Move { krate: k, to } => YardAction::MoveKrate { krate: krate(k)?, to },
        Op::Resize { window: w, size } => YardAction::ResizeWindow { window: window(w)?, size },
        Op::Minimise { krate: k, minimised } => YardAction::Minimise { krate: krate(k)?, minimised },
        Op::Switch { window: w, content: c } => YardAction::Switch { window: window(w)?, content: content(c) },
        Op::TearOff { window: w, to } => YardAction::TearOff { window: window(w)?, to },
        Op::Join { window: w, krate: k } => YardAction::Join { window: window(w)?, krate: krate(k)? },
        Op::CloseWindow { window: w } => YardAction::CloseWindow { window: window(w)? },
        Op::CloseKrate { krate: k } => YardAction::CloseKrate { krate: krate(k)? },
        Op::Raise { krate: k } => YardAction::Raise { krate: krate(k)? },
        Op::Undo => YardAction::Undo,
        Op::Redo => YardAction::Redo,
    })
}

/// A copy of a Yard with keys that tell who made them.
struct Peer {
    core: Core,
    name: char,
    keys: u32,
}

impl Peer {
    fn new(name: char) -> Peer {
        Peer { core: Core::new(u64::from(u32::from(name))), name, keys: 0 }
    }

    fn act(&mut self, action: &YardAction) -> Option<WindowId> {
        let Peer { core, name, keys } = self;
        core.act(action, &mut || {
            *keys += 1;
            format!("{name}{keys}").into()
        })
    }

    fn run(&mut self, op: &Op) {
        if let Some(action) = action(self.core.state(), op) {
            self.act(&action);
        }
    }

    fn open(&mut self, number: usize, view: View, into: Option<&KrateId>) -> (KrateId, WindowId) {
        let action = YardAction::Open { subject: subject(number), content: Content::View(view), into: into.cloned(), near: Point::default() };
        let window = self.act(&action).expect("Open gives a window");
        (self.krate_of(&window), window)
    }

    fn krate_of(&self, window: &str) -> KrateId {
        self.core.state().window(window).expect("the window shows").0.id.clone()
    }

    fn own_updates(&mut self) -> Vec<Vec<u8>> {
        self.core.take_changes().into_iter().filter(|change| change.origin.is_own()).map(|change| change.update).collect()
    }
}

/// What undo answers for: everything but the order of painting.
fn apart_from_order(state: &YardState) -> Vec<Arc<crate::yard::Krate>> {
    let mut krates = state.krates.clone();
    krates.sort_by(|a, b| a.id.cmp(&b.id));
    krates
}

fn exchange(a: &mut Peer, b: &mut Peer) -> Vec<Vec<u8>> {
    let (from_a, from_b) = (a.own_updates(), b.own_updates());
    from_a.iter().for_each(|update| b.core.receive(Origin::Remote, update).unwrap());
    from_b.iter().for_each(|update| a.core.receive(Origin::Remote, update).unwrap());
    from_a.into_iter().chain(from_b).collect()
}

fn crowded(state: &YardState) -> Option<(Rect, Rect)> {
    let rects: Vec<Rect> = state.krates.iter().map(|krate| krate_rect(krate)).collect();
    rects.iter().enumerate().find_map(|(i, a)| rects[i + 1..].iter().find(|b| a.grown(KRATE_GAP - 0.001).overlaps(b)).map(|b| (*a, *b)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn one_person_never_has_krates_that_overlap_and_the_mirror_equals_the_document(ops in prop::collection::vec(op(), 1..60)) {
        let mut peer = Peer::new('a');
        for op in &ops {
            peer.run(op);
            prop_assert_eq!(crowded(peer.core.state()), None);
            let mut fresh = Mirror::default();
            fresh.refresh(&peer.core.document, &peer.core.document.keys());
            prop_assert_eq!(fresh.state(), peer.core.state());
        }
        let mut restored = Core::new(99);
        restored.receive(Origin::Restored, &peer.core.snapshot()).unwrap();
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
        all.iter().for_each(|update| late.core.receive(Origin::Remote, update).unwrap());
        prop_assert_eq!(late.core.state(), a.core.state());
        prop_assert!(late.core.early.is_none(), "nothing is waited for");
    }

    #[test]
    fn a_copy_that_was_away_catches_up_by_what_its_state_vector_lacks(ops in prop::collection::vec((any::<bool>(), op()), 1..40)) {
        let (mut a, mut b) = (Peer::new('a'), Peer::new('b'));
        for (first, op) in &ops {
            if *first { a.run(op) } else { b.run(op) }
        }
        for _ in 0..2 {
            let missing = b.core.missing_for(&a.core.state_vector()).unwrap();
            a.core.receive(Origin::Remote, &missing).unwrap();
            std::mem::swap(&mut a, &mut b);
        }
        prop_assert_eq!(a.core.state(), b.core.state());
    }
}

/// Two copies of one Yard with one krate of logs in it, opened by the first.
fn two_peers() -> (Peer, Peer, KrateId, WindowId) {
    let (mut a, mut b) = (Peer::new('a'), Peer::new('b'));
    let (krate, window) = a.open(1, View::Logs, None);
    exchange(&mut a, &mut b);
    (a, b, krate, window)
}

#[test]
fn a_window_added_while_another_person_closes_its_krate_is_not_lost() {
    let (mut a, mut b, krate, _) = two_peers();
    let at = a.core.state().krate(&krate).unwrap().at;
    let (_, added) = b.open(2, View::Describe, Some(&krate));
    a.act(&YardAction::CloseKrate { krate: krate.clone() });
    exchange(&mut a, &mut b);
    for peer in [&a, &b] {
        let (home, window) = peer.core.state().window(&added).expect("the window still shows");
        assert_eq!((&home.subject, home.at, home.windows.len(), &window.subject), (&subject(2), at, 1, &None));
    }
    a.act(&YardAction::MoveKrate { krate: krate.clone(), to: Point::new(900.0, 900.0) });
    b.act(&YardAction::Minimise { krate: krate.clone(), minimised: true });
    exchange(&mut a, &mut b);
    assert_eq!(a.core.state(), b.core.state());
    assert_eq!(a.core.state().krates.len(), 1);
}

#[test]
fn undo_takes_back_ones_own_steps_and_never_someone_elses() {
    let (mut a, mut b, krate, _) = two_peers();
    let start = a.core.state().krate(&krate).unwrap().at;
    let (there, further) = (Point::new(2000.0, 0.0), Point::new(4000.0, 0.0));
    b.act(&YardAction::MoveKrate { krate: krate.clone(), to: there });
    exchange(&mut a, &mut b);
    a.act(&YardAction::Undo);
    exchange(&mut a, &mut b);
    assert!(b.core.state().krates.is_empty(), "a's own step was to open it");
    a.act(&YardAction::Redo);
    exchange(&mut a, &mut b);
    assert_eq!(b.core.state().krate(&krate).unwrap().at, there, "where b had moved it, not {start:?}");
    b.act(&YardAction::MoveKrate { krate: krate.clone(), to: further });
    b.act(&YardAction::Undo);
    exchange(&mut a, &mut b);
    assert_eq!(a.core.state().krate(&krate).unwrap().at, there);
}

#[test]
fn after_many_steps_the_latest_can_still_be_taken_back_and_done_again() {
    let mut peer = Peer::new('a');
    let (krate, _) = peer.open(1, View::Logs, None);
    let at = |peer: &Peer| peer.core.state().krate(&krate).unwrap().at.x;
    for x in 1..=1_200 {
        peer.act(&YardAction::MoveKrate { krate: krate.clone(), to: Point::new(f64::from(x), 0.0) });
    }
    for x in (950..1_200).rev() {
        peer.act(&YardAction::Undo);
        assert_eq!(at(&peer), f64::from(x));
    }
    let steps = std::iter::repeat_with(|| peer.act(&YardAction::Undo).is_none() && peer.core.can_undo()).take_while(|more| *more).count();
    assert!(steps < 300, "{steps}");
    let back = at(&peer);
    for x in 1..=20 {
        peer.act(&YardAction::Redo);
        assert_eq!(at(&peer), back + f64::from(x));
    }
}

#[test]
fn raise_is_kept_but_no_step_of_undo() {
    let mut peer = Peer::new('a');
    let (first, _) = peer.open(1, View::Logs, None);
    let (second, _) = peer.open(2, View::Logs, None);
    peer.act(&YardAction::Raise { krate: first.clone() });
    assert_eq!(peer.core.state().krates.last().unwrap().id, first);
    assert_eq!(peer.own_updates().len(), 3);
    peer.act(&YardAction::Raise { krate: first.clone() });
    assert!(peer.own_updates().is_empty(), "what is in front already writes nothing");
    peer.act(&YardAction::Undo);
    assert!(peer.core.state().krate(&second).is_none() && peer.core.state().krate(&first).is_some());
}

#[test]
fn what_is_open_already_is_found_brought_back_and_not_doubled() {
    let mut peer = Peer::new('a');
    let (krate, logs) = peer.open(1, View::Logs, None);
    peer.act(&YardAction::Minimise { krate: krate.clone(), minimised: true });
    peer.open(2, View::Logs, None);
    assert_eq!(peer.open(1, View::Logs, None), (krate.clone(), logs));
    let state = peer.core.state().clone();
    assert_eq!((state.krates.len(), &state.krates.last().unwrap().id, state.krate(&krate).unwrap().minimised), (2, &krate, false));
    let (same, describe) = peer.open(1, View::Describe, None);
    assert_eq!((same, peer.core.state().krate(&krate).unwrap().windows.len()), (krate.clone(), 2));
    peer.act(&YardAction::CloseWindow { window: describe.clone() });
    assert_eq!(peer.core.state().krate(&krate).unwrap().windows.len(), 1);
}

#[test]
fn an_action_that_changes_nothing_is_no_step_and_no_update() {
    let (mut peer, _, krate, window) = two_peers();
    let at = peer.core.state().krate(&krate).unwrap().at;
    peer.own_updates();
    for action in [
        YardAction::MoveKrate { krate: krate.clone(), to: at },
        YardAction::ResizeWindow { window: window.clone(), size: Size::new(380.0, 362.0) },
        YardAction::Minimise { krate: krate.clone(), minimised: false },
        YardAction::Switch { window: window.clone(), content: Content::View(View::Logs) },
        YardAction::Join { window, krate },
        YardAction::CloseKrate { krate: "gone".into() },
    ] {
        peer.act(&action);
        assert!(peer.own_updates().is_empty(), "{action:?}");
    }
}

#[test]
fn krates_that_did_not_change_keep_their_allocation() {
    let mut peer = Peer::new('a');
    let (first, _) = peer.open(1, View::Logs, None);
    let (second, _) = peer.open(2, View::Logs, None);
    let before = peer.core.state().clone();
    peer.act(&YardAction::Minimise { krate: second.clone(), minimised: true });
    let after = peer.core.state();
    assert!(Arc::ptr_eq(before.krate(&first).unwrap(), after.krate(&first).unwrap()));
    assert!(!Arc::ptr_eq(before.krate(&second).unwrap(), after.krate(&second).unwrap()));
}

#[test]
fn a_document_of_a_newer_schema_is_shown_and_not_touched() {
    use yrs::Map;
    let newer = yrs::Doc::with_client_id(7);
    let about = newer.get_or_insert_map("y");
    about.insert(&mut newer.transact_mut(), "v", crate::yard::document::SCHEMA + 1);
    let update = newer.transact().encode_state_as_update_v1(&StateVector::default());
    let mut peer = Peer::new('a');
    let refused = DocumentError::Newer { found: 2 };
    assert_eq!(peer.core.receive(Origin::Restored, &update), Err(refused.clone()));
    assert_eq!(peer.core.refused(), Some(&refused));
    let open = YardAction::Open { subject: subject(1), content: content(0), into: None, near: Point::default() };
    assert_eq!(peer.act(&open), None);
    assert!(peer.own_updates().is_empty());
}

#[test]
fn a_cut_update_is_refused_and_changes_nothing() {
    let (mut a, mut b, ..) = two_peers();
    a.open(2, View::Logs, None);
    let update = a.own_updates().remove(0);
    let before = b.core.state().clone();
    for length in 0..update.len() {
        let _ = b.core.receive(Origin::Remote, &update[..length]);
        assert_eq!(b.core.state(), &before, "cut to {length} of {} bytes", update.len());
    }
    b.core.receive(Origin::Remote, &update).unwrap();
    assert_ne!(b.core.state(), &before);
}

/// 1,000 krates, edited for a month: 20,000 actions in 60 sessions of two people, each a new copy that starts from what was kept.
#[test]
fn a_busy_month_stays_under_a_megabyte() {
    let mut seed: u64 = 2_026;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut kept: Option<Vec<u8>> = None;
    let mut keys = 0;
    for session in 0..60 {
        let mut core = Core::new(0x1f_0000_0000_0000 | (0x9e37_79b9 * (session + 1)));
        kept.iter().for_each(|kept| core.receive(Origin::Restored, kept).unwrap());
        for _ in 0..334 {
            let state = core.state().clone();
            let krate = |number: usize| state.krates[number % state.krates.len()].id.clone();
            let near = Point::new(random(40_000) as f64, random(30_000) as f64);
            let dice = random(100);
            let action = if state.krates.len() < 1_000 && (dice < 25 || state.krates.is_empty()) {
                YardAction::Open { subject: subject(random(100_000)), content: content(random(4)), into: None, near }
            } else {
                let krate = krate(random(1_000));
                let window = state.krate(&krate).unwrap().windows[0].id.clone();
                match dice {
                    0..55 => YardAction::MoveKrate { krate, to: near },
                    55..75 => YardAction::ResizeWindow { window, size: Size::new(300.0 + random(600) as f64, 200.0 + random(500) as f64) },
                    75..85 => YardAction::Raise { krate },
                    85..92 => YardAction::Minimise { minimised: !state.krate(&krate).unwrap().minimised, krate },
                    92..97 => YardAction::Switch { window, content: content(random(3)) },
                    _ => YardAction::CloseKrate { krate },
                }
            };
            core.act(&action, &mut || {
                keys += 1;
                format!("{keys:012}").into()
            });
        }
        let updates = core.take_changes().into_iter().map(|change| change.update);
        let all: Vec<Vec<u8>> = kept.take().into_iter().chain(updates).collect();
        let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
        kept = Some(crate::yard::document::merge(&all).unwrap());
        if session == 59 {
            let kept = kept.as_ref().unwrap();
            println!("{} krates after 20,000 actions: {} bytes", core.state().krates.len(), kept.len());
            assert!(core.state().krates.len() > 900);
            assert!(kept.len() < 1_000_000, "{}", kept.len());
            let mut again = Core::new(1);
            again.receive(Origin::Restored, kept).unwrap();
            assert_eq!(again.state(), core.state());
        }
    }
}
