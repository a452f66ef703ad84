use krateyard_shared::identity::{ClusterName, ObjectRef};
use krateyard_shared::kinds::{Kind, View};
use proptest::prelude::*;

use super::*;
use crate::yard::Collection;
use crate::yard::layout::{KRATE_GAP, krate_rect};
use crate::yard::state::{Content, KrateId, Point, Rect, Size, Subject};

mod month;
mod notes;
mod place;
mod properties;
mod rooms;
mod selection;

/// What a person might do, as numbers that are taken modulo what there is.
#[derive(Debug, Clone)]
enum Op {
    Open { subject: usize, content: usize, into: Option<usize>, near: Point },
    Move { krate: usize, to: Point },
    MoveSome { from: usize, count: usize, by: Point },
    Resize { window: usize, size: Size },
    Minimise { krate: usize, minimised: bool },
    Switch { window: usize, content: usize },
    Retarget { window: usize, subject: usize },
    TearOff { window: usize, to: Point },
    Join { window: usize, krate: usize },
    CloseWindow { window: usize },
    CloseKrate { krate: usize },
    CloseSome { from: usize, count: usize },
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
        2 => (index(), 0_usize..5, point()).prop_map(|(from, count, by)| Op::MoveSome { from, count, by }),
        2 => (index(), 0_i32..1200, 0_i32..900).prop_map(|(window, w, h)| Op::Resize { window, size: Size::new(f64::from(w), f64::from(h)) }),
        1 => (index(), any::<bool>()).prop_map(|(krate, minimised)| Op::Minimise { krate, minimised }),
        1 => (index(), index()).prop_map(|(window, content)| Op::Switch { window, content }),
        1 => (index(), index()).prop_map(|(window, subject)| Op::Retarget { window, subject }),
        2 => (index(), point()).prop_map(|(window, to)| Op::TearOff { window, to }),
        2 => (index(), index()).prop_map(|(window, krate)| Op::Join { window, krate }),
        1 => index().prop_map(|window| Op::CloseWindow { window }),
        1 => index().prop_map(|krate| Op::CloseKrate { krate }),
        1 => (index(), 0_usize..4).prop_map(|(from, count)| Op::CloseSome { from, count }),
        1 => index().prop_map(|krate| Op::Raise { krate }),
        2 => Just(Op::Undo),
        1 => Just(Op::Redo),
    ]
}

/// The room of every [`subject`].
fn home() -> Room {
    Room::Namespace("payments".into())
}

fn subject(number: usize) -> Subject {
    pod("payments", number)
}

fn pod(namespace: &str, number: usize) -> Subject {
    Subject::Object(ObjectRef {
        cluster: ClusterName("demo".into()),
        group: String::new(),
        version: "v1".into(),
        kind: "Pod".into(),
        namespace: Some(namespace.into()),
        name: format!("payments-api-7d9f8c6b5-{number:05}"),
        uid: format!("0b1f7a52-8a35-4a1e-9c3e-0000000{number:05}"),
    })
}

/// Namespace `web`.
fn elsewhere() -> Room {
    Room::Namespace("web".into())
}

/// Of two namespaces, of the cluster, of all.
fn any_subject(number: usize) -> Subject {
    let list = |namespaces: &[&str]| Collection::of_kind(Kind::Pod, None).in_namespaces(namespaces.iter().map(|n| (*n).to_owned()));
    match number % 14 {
        0..6 => subject(number % 14),
        6..9 => pod("web", number % 14),
        9 => Subject::Collection(Collection::of_kind(Kind::Node, None)),
        10 => Subject::Collection(list(&[])),
        11 => Subject::Collection(list(&["web"])),
        12 => Subject::Collection(list(&["web", "payments"])),
        _ => Subject::Collection(list(&["payments"])),
    }
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
    let some = |from: usize, count: usize| (0..count).filter_map(|n| krate(from + n)).collect::<Vec<_>>();
    Some(match op.clone() {
        Op::Open { subject: s, content: c, into, near } => YardAction::Open { subject: any_subject(s), content: content(c), into: into.and_then(krate), near },
        Op::Move { krate: k, to } => YardAction::MoveKrate { krate: krate(k)?, to },
        Op::MoveSome { from, count, by } => YardAction::MoveKrates { krates: some(from, count), by: Point::new(by.x / 2.0, by.y / 2.0) },
        Op::Resize { window: w, size } => YardAction::ResizeWindow { window: window(w)?, size },
        Op::Minimise { krate: k, minimised } => YardAction::Minimise { krate: krate(k)?, minimised },
        Op::Switch { window: w, content: c } => YardAction::Switch { window: window(w)?, content: content(c) },
        Op::Retarget { window: w, subject: s } => YardAction::Retarget { window: window(w)?, subject: any_subject(s) },
        Op::TearOff { window: w, to } => YardAction::TearOff { window: window(w)?, to },
        Op::Join { window: w, krate: k } => YardAction::Join { window: window(w)?, krate: krate(k)? },
        Op::CloseWindow { window: w } => YardAction::CloseWindow { window: window(w)? },
        Op::CloseKrate { krate: k } => YardAction::CloseKrate { krate: krate(k)? },
        Op::CloseSome { from, count } => YardAction::CloseKrates { krates: some(from, count) },
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

    fn own_changes(&mut self) -> Vec<Change> {
        let changes = self.core.take_news().into_iter().filter_map(|news| if let News::Change(change) = news { Some(change) } else { None });
        changes.filter(|change| change.origin.is_own()).collect()
    }

    fn take(&mut self, changes: &[Change]) {
        changes.iter().for_each(|change| self.core.receive(&change.room, Origin::Remote, &change.update).unwrap());
    }
}

/// What undo answers for: everything but the order of painting.
fn apart_from_order(state: &YardState) -> Vec<Arc<crate::yard::Krate>> {
    let mut krates = state.krates.clone();
    krates.sort_by(|a, b| a.id.cmp(&b.id));
    krates
}

fn exchange(a: &mut Peer, b: &mut Peer) -> Vec<Change> {
    let (from_a, from_b) = (a.own_changes(), b.own_changes());
    b.take(&from_a);
    a.take(&from_b);
    from_a.into_iter().chain(from_b).collect()
}

fn crowded(state: &YardState) -> Option<(Rect, Rect)> {
    let rects: Vec<Rect> = state.krates.iter().map(|krate| krate_rect(krate)).collect();
    rects.iter().enumerate().find_map(|(i, a)| rects[i + 1..].iter().find(|b| a.grown(KRATE_GAP - 0.001).overlaps(b)).map(|b| (*a, *b)))
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
    assert_eq!(peer.own_changes().len(), 3);
    peer.act(&YardAction::Raise { krate: first.clone() });
    assert!(peer.own_changes().is_empty(), "what is in front already writes nothing");
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
    peer.own_changes();
    for action in [
        YardAction::MoveKrate { krate: krate.clone(), to: at },
        YardAction::ResizeWindow { window: window.clone(), size: Size::new(380.0, 362.0) },
        YardAction::Minimise { krate: krate.clone(), minimised: false },
        YardAction::Switch { window: window.clone(), content: Content::View(View::Logs) },
        YardAction::Join { window, krate },
        YardAction::CloseKrate { krate: "gone".into() },
    ] {
        peer.act(&action);
        assert!(peer.own_changes().is_empty(), "{action:?}");
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
fn a_room_of_a_newer_schema_is_shown_and_not_touched() {
    use yrs::Map;
    let newer = yrs::Doc::with_client_id(7);
    let about = newer.get_or_insert_map("y");
    about.insert(&mut newer.transact_mut(), "v", crate::yard::document::SCHEMA + 1);
    let update = newer.transact().encode_state_as_update_v1(&StateVector::default());
    let mut peer = Peer::new('a');
    let refused = DocumentError::Newer { found: 2 };
    assert_eq!(peer.core.receive(&home(), Origin::Restored, &update), Err(refused.clone()));
    assert_eq!((peer.core.refused(&home()), peer.core.refused(&Room::Private)), (Some(&refused), None));
    let (krate, _) = peer.open(1, View::Logs, None);
    assert_eq!(peer.core.state().krate(&krate).unwrap().room, Room::Private, "only what can be written is written");
    let mut peer = Peer::new('b');
    assert_eq!(peer.core.receive(&home(), Origin::Restored, &update), Err(refused.clone()));
    assert_eq!(peer.core.receive(&Room::Private, Origin::Restored, &update), Err(refused));
    let open = YardAction::Open { subject: subject(2), content: content(0), into: None, near: Point::default() };
    assert_eq!(peer.act(&open), None);
    assert!(peer.own_changes().is_empty());
}

#[test]
fn a_cut_update_is_refused_and_changes_nothing() {
    let (mut a, mut b, ..) = two_peers();
    a.open(2, View::Logs, None);
    let update = a.own_changes().remove(0).update;
    let before = b.core.state().clone();
    for length in 0..update.len() {
        let _ = b.core.receive(&home(), Origin::Remote, &update[..length]);
        assert_eq!(b.core.state(), &before, "cut to {length} of {} bytes", update.len());
    }
    b.core.receive(&home(), Origin::Remote, &update).unwrap();
    assert_ne!(b.core.state(), &before);
}
