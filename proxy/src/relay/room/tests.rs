use krateyard_shared::sync::awareness;
use tokio::time::Duration;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Doc, Map, ReadTxn, StateVector, Transact, Update, WriteTxn};

use super::*;

const ANN: PeerId = PeerId(1);
const BOB: PeerId = PeerId(2);
const EVE: PeerId = PeerId(3);

/// A client as y-websocket is one: a document, and what it does with frames.
struct Client(Doc);

impl Client {
    fn new(client: u64) -> Client {
        Client(Doc::with_client_id(client))
    }

    fn write(&self, key: &str) -> Vec<u8> {
        let mut txn = self.0.transact_mut();
        txn.get_or_insert_map("k").insert(&mut txn, key, 1);
        Frame::Update(&txn.encode_update_v1()).encode()
    }

    fn keys(&self) -> Vec<String> {
        let mut txn = self.0.transact_mut();
        let map = txn.get_or_insert_map("k");
        let mut keys: Vec<String> = map.keys(&txn).map(ToString::to_string).collect();
        keys.sort();
        keys
    }

    fn ask(&self) -> Vec<u8> {
        Frame::Step1(&self.0.transact().state_vector().encode_v1()).encode()
    }

    /// Takes a frame in; gives the answer to a question.
    fn hear(&self, frame: &[u8]) -> Option<Vec<u8>> {
        match Frame::read(frame).unwrap() {
            Frame::Step1(vector) => {
                let vector = StateVector::decode_v1(vector).unwrap();
                Some(Frame::Step2(&self.0.transact().encode_state_as_update_v1(&vector)).encode())
            }
            Frame::Step2(update) | Frame::Update(update) => {
                self.0.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
                None
            }
            _ => None,
        }
    }
}

fn room() -> Room {
    Room::new(Document::new(), Bounds::of(&Limits { room_peers: 3, ..Limits::default() }))
}

fn join(room: &mut Room, peer: PeerId, writable: bool) -> Vec<Outgoing> {
    room.join(Instant::now(), peer, Person::named(&format!("person {}", peer.0)), writable, true).unwrap()
}

/// What is said to one peer.
fn to(out: &[Outgoing], peer: PeerId) -> Vec<&Said> {
    out.iter().filter_map(|outgoing| if let Outgoing::To(of, said) = outgoing { (*of == peer).then_some(said) } else { None }).collect()
}

fn appended(out: &[Outgoing]) -> usize {
    out.iter().filter(|outgoing| matches!(outgoing, Outgoing::Append(_))).count()
}

#[test]
fn whoever_comes_is_told_what_is_known_and_an_edit_goes_to_all_others() {
    let (mut room, now) = (room(), Instant::now());
    let (ann, bob) = (Client::new(1), Client::new(2));
    let out = join(&mut room, ANN, true);
    assert_eq!(out, [Outgoing::To(ANN, Said::Opened(true)), Outgoing::To(ANN, Said::Frame(Frame::Step1(&[0]).encode().into()))]);
    let out = room.receive(now, ANN, &ann.write("a"));
    assert_eq!((out.len(), appended(&out)), (2, 1));
    assert!(matches!(&out[0], Outgoing::Edit(ANN, _)));
    join(&mut room, BOB, true);
    assert_eq!(room.followers().count(), 0, "nobody is told edits of a document that it has not got");
    let out = room.receive(now, BOB, &bob.ask());
    let [Said::Frame(answer)] = to(&out, BOB)[..] else { panic!("{out:?}") };
    bob.hear(answer);
    assert_eq!(bob.keys(), ["a"]);
    assert_eq!(room.followers().collect::<Vec<_>>(), [BOB]);
}

#[test]
fn nothing_is_acknowledged_before_it_is_kept_and_then_once() {
    let (mut room, now) = (room(), Instant::now());
    let ann = Client::new(1);
    join(&mut room, ANN, true);
    for key in ["a", "b", "c"] {
        assert!(to(&room.receive(now, ANN, &ann.write(key)), ANN).is_empty());
    }
    assert_eq!(room.kept(2), [Outgoing::To(ANN, Said::Acked(2))]);
    assert_eq!(room.kept(1), [Outgoing::To(ANN, Said::Acked(3))]);
    // What is known already is kept already.
    let again = room.receive(now, ANN, &ann.hear(&Frame::Step1(&[0]).encode()).unwrap());
    assert_eq!(again, [Outgoing::To(ANN, Said::Acked(4))]);
}

#[test]
fn what_builds_on_something_missing_is_asked_for_and_acknowledged_with_the_answer() {
    let (mut room, now) = (room(), Instant::now());
    let ann = Client::new(1);
    join(&mut room, ANN, true);
    ann.write("made offline");
    let out = room.receive(now, ANN, &ann.write("b"));
    let [Said::Frame(question)] = to(&out, ANN)[..] else { panic!("{out:?}") };
    assert_eq!(appended(&out), 0);
    let answer = ann.hear(question).unwrap();
    let out = room.receive(now, ANN, &answer);
    assert_eq!((appended(&out), to(&out, ANN).len()), (1, 0));
    assert_eq!(room.kept(1), [Outgoing::To(ANN, Said::Acked(2))]);
    let bob = Client::new(2);
    join(&mut room, BOB, true);
    let out = room.receive(now, BOB, &bob.ask());
    let [Said::Frame(answer)] = to(&out, BOB)[..] else { panic!("{out:?}") };
    bob.hear(answer);
    assert_eq!(bob.keys(), ["b", "made offline"]);
}

#[test]
fn whoever_may_only_read_changes_nothing_and_may_answer() {
    let (mut room, now) = (room(), Instant::now());
    let eve = Client::new(3);
    assert_eq!(join(&mut room, EVE, false)[0], Outgoing::To(EVE, Said::Opened(false)));
    // Every client answers the question that it is met with.
    assert!(room.receive(now, EVE, &eve.hear(&Frame::Step1(&[0]).encode()).unwrap()).is_empty());
    let refused = |out: &[Outgoing]| matches!(to(out, EVE)[..], [Said::Refused(Refusal::Forbidden { .. })]);
    assert!(refused(&room.receive(now, EVE, &eve.write("x"))));
    assert!(refused(&room.receive(now, EVE, &eve.hear(&Frame::Step1(&[0]).encode()).unwrap())));
    // Once it may, it is asked for what it had.
    let out = room.allow(EVE, true);
    let [Said::Opened(true), Said::Frame(question)] = to(&out, EVE)[..] else { panic!("{out:?}") };
    assert_eq!(appended(&room.receive(now, EVE, &eve.hear(question).unwrap())), 1);
    assert!(room.allow(EVE, true).is_empty(), "said once");
    assert!(room.allow(EVE, false).len() == 1 && refused(&room.receive(now, EVE, &eve.write("y"))));
}

#[test]
fn hostile_frames_and_strangers_come_to_nothing() {
    let (mut room, now) = (room(), Instant::now());
    join(&mut room, ANN, true);
    let nonsense: [&[u8]; 5] = [&[], &[9], &Frame::Update(&[0xff; 9]).encode(), &Frame::Step1(&[0xff]).encode(), &Frame::Awareness(&[1]).encode()];
    for frame in nonsense {
        let out = room.receive(now, ANN, frame);
        assert!(matches!(to(&out, ANN)[..], [Said::Refused(Refusal::BadRequest { .. })]), "{frame:?}: {out:?}");
    }
    let long = Frame::Update(&vec![0; MAX_FRAME]).encode();
    assert!(matches!(to(&room.receive(now, ANN, &long), ANN)[..], [Said::Refused(Refusal::Limit { .. })]));
    assert!(room.receive(now, BOB, &Client::new(2).write("x")).is_empty(), "never came in");
    room.leave(ANN);
    assert!(room.is_deserted());
}

#[test]
fn a_full_room_and_too_many_changes_are_refused_and_time_gives_them_back() {
    let (mut room, now) = (room(), Instant::now());
    for peer in [ANN, BOB, EVE] {
        join(&mut room, peer, true);
    }
    let fourth = room.join(now, PeerId(4), Person::named("dan"), true, true);
    assert!(matches!(fourth, Err(Refusal::Limit { .. })));
    let ann = Client::new(1);
    let refused = |out: Vec<Outgoing>| to(&out, ANN).iter().any(|said| matches!(said, Said::Refused(Refusal::Limit { .. })));
    let taken = (0..3000).take_while(|i| !refused(room.receive(now, ANN, &ann.write(&format!("key{i}"))))).count();
    assert_eq!(taken, 2000, "20 s of 100 a second");
    assert!(!refused(room.receive(now + Duration::from_secs(1), ANN, &ann.ask())));
    assert!(!refused(room.receive(now + Duration::from_secs(1), ANN, &ann.write("later"))));
}

#[test]
fn a_room_whose_changes_cannot_be_kept_takes_no_more_and_says_so() {
    let (mut room, now) = (room(), Instant::now());
    let ann = Client::new(1);
    join(&mut room, ANN, true);
    room.set_stuck(Some(Refusal::UpstreamDown { cause: "disk".into() }));
    let out = room.receive(now, ANN, &ann.write("a"));
    assert!(matches!(to(&out, ANN)[..], [Said::Refused(Refusal::UpstreamDown { .. })]));
    room.set_stuck(None);
    assert_eq!(appended(&room.receive(now, ANN, &ann.hear(&Frame::Step1(&[0]).encode()).unwrap())), 1);
}

#[test]
fn people_hear_of_each_other_in_one_frame_and_newcomers_of_everybody() {
    let (mut room, now) = (room(), Instant::now());
    join(&mut room, ANN, true);
    join(&mut room, BOB, false);
    let say = |client: u64| Frame::Awareness(&awareness::write([awareness::Entry { client, clock: 1, state: "{}".into() }].iter())).encode();
    assert!(room.receive(now, ANN, &say(1)).is_empty() && room.receive(now, BOB, &say(2)).is_empty(), "readers are seen as well");
    let [Outgoing::All(frame), Outgoing::Elsewhere(_)] = &room.tell_presence(now)[..] else { panic!("nothing told") };
    let Frame::Awareness(states) = Frame::read(frame).unwrap() else { panic!("no awareness") };
    assert_eq!(awareness::read(states, 9, 999).unwrap().len(), 2);
    assert!(room.tell_presence(now).is_empty());
    assert_eq!(to(&join(&mut room, EVE, false), EVE).len(), 3, "opened, a question, and who is there");
    room.leave(BOB);
    assert!(room.has_presence_news());
}
