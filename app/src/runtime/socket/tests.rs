use proptest::prelude::*;

use super::*;

fn closed(generation: u64, code: u16) -> SocketEvent {
    SocketEvent::Closed { generation, code, reason: String::new() }
}

/// A socket that is open and greeted at `now_ms`.
fn live(now_ms: u64) -> Socket {
    let mut socket = Socket::default();
    assert_eq!(socket.handle(SocketEvent::Start, now_ms, 0.5), [SocketEffect::Connect { generation: 1 }]);
    assert_eq!(socket.handle(SocketEvent::Opened { generation: 1 }, now_ms, 0.5), [SocketEffect::Up]);
    assert_eq!(socket.handle(SocketEvent::Heard { generation: 1 }, now_ms, 0.5), []);
    assert_eq!(socket.stream_state(), StreamState::Live);
    socket
}

#[test]
fn a_lost_connection_is_tried_again_after_one_two_four_seconds() {
    let mut socket = live(0);
    let mut now = 60_000;
    socket.handle(SocketEvent::Heard { generation: 1 }, now, 0.5);
    let mut waits = Vec::new();
    for generation in 1..6 {
        let effects = socket.handle(closed(generation, 1006), now, 0.5);
        assert_eq!(effects, if generation == 1 { vec![SocketEffect::Down] } else { vec![] });
        let State::Waiting { next_ms, .. } = socket.state else { panic!("{socket:?}") };
        waits.push(next_ms - now);
        assert_eq!(socket.handle(SocketEvent::Tick, next_ms - 1, 0.5), []);
        assert_eq!(socket.handle(SocketEvent::Tick, next_ms, 0.5), [SocketEffect::Connect { generation: generation + 1 }]);
        now = next_ms;
    }
    assert_eq!(waits, [1000, 1000, 2000, 4000, 8000]);
    assert!(matches!(socket.stream_state(), StreamState::Reconnecting { attempt: 5, as_of_ms: 60_000, .. }), "{:?}", socket.stream_state());
}

#[test]
fn a_proxy_that_greets_and_drops_is_not_hammered() {
    let mut socket = Socket::default();
    socket.handle(SocketEvent::Start, 0, 0.5);
    let (mut now, mut waits) = (0, Vec::new());
    for generation in 1..6 {
        socket.handle(SocketEvent::Opened { generation }, now, 0.5);
        socket.handle(SocketEvent::Heard { generation }, now, 0.5);
        socket.handle(closed(generation, 1011), now, 0.5);
        let State::Waiting { next_ms, .. } = socket.state else { panic!("{socket:?}") };
        waits.push(next_ms - now);
        now = next_ms;
        socket.handle(SocketEvent::Tick, now, 0.5);
    }
    assert_eq!(waits, [1000, 2000, 4000, 8000, 16_000]);
}

#[test]
fn a_refusal_is_settled_until_somebody_asks_again() {
    for (code, refusal) in [(4401, Refusal::Expired), (4403, Refusal::Rejected { message: "the proxy closed the connection (4403)".into() })] {
        let mut socket = live(0);
        assert_eq!(socket.handle(closed(1, code), 10, 0.5), [SocketEffect::Down]);
        assert_eq!(socket.stream_state(), StreamState::Denied(refusal));
        assert!(!socket.is_wanted());
        assert_eq!(socket.handle(SocketEvent::Tick, 1_000_000, 0.5), []);
        assert_eq!(socket.handle(SocketEvent::Start, 1_000_000, 0.5), [SocketEffect::Connect { generation: 2 }]);
    }
}

#[test]
fn a_close_that_passes_is_tried_again() {
    let mut socket = live(0);
    assert_eq!(socket.handle(SocketEvent::Closed { generation: 1, code: 4502, reason: "come back".into() }, 10, 0.5), [SocketEffect::Down]);
    assert!(matches!(&socket.state, State::Waiting { cause, .. } if cause == "come back"));
}

#[test]
fn forty_seconds_of_silence_make_a_new_connection_at_once() {
    let mut socket = live(0);
    assert_eq!(socket.handle(SocketEvent::Tick, SILENCE_MS, 0.5), []);
    let effects = socket.handle(SocketEvent::Tick, SILENCE_MS + 1, 0.5);
    assert_eq!(effects, [SocketEffect::Disconnect, SocketEffect::Down, SocketEffect::Connect { generation: 2 }]);
}

#[test]
fn a_tab_that_comes_back_confirms_or_reconnects() {
    let mut socket = live(0);
    assert_eq!(socket.handle(SocketEvent::Shown, 15_000, 0.5), []);
    assert_eq!(socket.handle(SocketEvent::Shown, 20_001, 0.5).last(), Some(&SocketEffect::Connect { generation: 2 }));
}

#[test]
fn what_an_earlier_socket_says_means_nothing() {
    let mut socket = live(0);
    socket.handle(SocketEvent::Tick, SILENCE_MS + 1, 0.5);
    let before = socket.clone();
    for event in [closed(1, 4401), SocketEvent::Opened { generation: 1 }, SocketEvent::Heard { generation: 1 }] {
        assert_eq!(socket.handle(event, SILENCE_MS + 2, 0.5), []);
    }
    assert_eq!(socket, before);
}

#[test]
fn without_a_network_nothing_is_tried_and_with_one_it_is_tried_at_once() {
    let mut socket = live(0);
    assert_eq!(socket.handle(SocketEvent::Offline, 10, 0.5), [SocketEffect::Disconnect, SocketEffect::Down]);
    assert_eq!(socket.handle(SocketEvent::Tick, 1_000_000, 0.5), []);
    assert_eq!(socket.handle(SocketEvent::Online, 1_000_001, 0.5), [SocketEffect::Connect { generation: 2 }]);
}

#[test]
fn a_proxy_that_does_not_answer_is_given_up_after_ten_seconds() {
    let mut socket = Socket::default();
    socket.handle(SocketEvent::Start, 0, 0.5);
    assert_eq!(socket.handle(SocketEvent::Tick, OPEN_TIMEOUT_MS + 1, 0.5), [SocketEffect::Disconnect]);
    let mut greeted_by_nobody = Socket::default();
    greeted_by_nobody.handle(SocketEvent::Start, 0, 0.5);
    greeted_by_nobody.handle(SocketEvent::Opened { generation: 1 }, 0, 0.5);
    assert_eq!(greeted_by_nobody.handle(SocketEvent::Tick, OPEN_TIMEOUT_MS + 1, 0.5), [SocketEffect::Disconnect, SocketEffect::Down]);
}

fn event() -> impl Strategy<Value = SocketEvent> {
    prop_oneof![
        Just(SocketEvent::Start),
        Just(SocketEvent::Stop),
        (0..6_u64).prop_map(|generation| SocketEvent::Opened { generation }),
        (0..6_u64).prop_map(|generation| SocketEvent::Heard { generation }),
        (0..6_u64, prop_oneof![Just(1006), Just(4401), Just(4502)]).prop_map(|(generation, code)| closed(generation, code)),
        Just(SocketEvent::Tick),
        Just(SocketEvent::Tick),
        Just(SocketEvent::Tick),
        Just(SocketEvent::Online),
        Just(SocketEvent::Offline),
        Just(SocketEvent::Shown),
        Just(SocketEvent::RetryNow),
        Just(SocketEvent::Refused(Refusal::Expired)),
    ]
}

proptest! {
    // A failing case prints its seed and its smallest form.
    #[test]
    fn ups_and_downs_alternate_and_there_is_never_a_second_socket(events in prop::collection::vec((event(), 0..15_000_u64), 0..60), random in 0.0..1.0_f64) {
        let (mut socket, mut now) = (Socket::default(), 1);
        let (mut is_up, mut present, mut latest) = (false, false, 0);
        for (event, wait_ms) in events {
            now += wait_ms;
            // The browser tells nothing more of a socket once that closed.
            let closes = matches!(&event, SocketEvent::Closed { generation, .. } if *generation == latest);
            if matches!(&event, SocketEvent::Opened { generation } | SocketEvent::Heard { generation } if *generation == latest) && !present {
                continue;
            }
            if closes {
                if !present { continue; }
                present = false;
            }
            for effect in socket.handle(event, now, random) {
                match effect {
                    SocketEffect::Up => { prop_assert!(!is_up && present); is_up = true; }
                    SocketEffect::Down => { prop_assert!(is_up); is_up = false; }
                    SocketEffect::Disconnect => { prop_assert!(present); present = false; }
                    SocketEffect::Connect { generation } => { prop_assert!(!present && !is_up && generation == latest + 1); present = true; latest = generation; }
                }
            }
            prop_assert_eq!(socket.is_open(), is_up);
            prop_assert_eq!(present, socket.is_open() || matches!(socket.state(), State::Connecting { .. }));
        }
        // Left alone and wanted, it always comes to another attempt.
        if socket.is_wanted() && *socket.state() != State::Offline {
            let tried = (0..60).any(|_| { now += 1000; socket.handle(SocketEvent::Tick, now, random).iter().any(|e| matches!(e, SocketEffect::Connect { .. })) });
            prop_assert!(tried);
        }
    }
}
