use super::*;
use proptest::prelude::*;

fn wanted() -> Wanted {
    let text = String::from;
    Wanted { cluster: text("c"), ns: text("n"), pod: text("p"), container: text("app") }
}

fn status(status: &ShellStatus) -> Input {
    Input::Frame(Channel::Status.frame(&serde_json::to_vec(status).unwrap()))
}

fn running() -> Session {
    let mut session = Session::default();
    session.step(Input::Start(wanted()), 0);
    session.step(status(&ShellStatus::Started { shell: "bash".into() }), 1_000);
    session
}

fn sent(effects: Vec<Effect>) -> Vec<(Channel, Vec<u8>)> {
    let frames = effects.into_iter().filter_map(|effect| if let Effect::Send(frame) = effect { Some(frame) } else { None });
    frames.map(|frame| (Channel::of(frame[0]).unwrap(), frame[1..].to_vec())).collect()
}

#[test]
fn nothing_but_a_start_opens_a_socket() {
    let mut session = Session::default();
    let inputs = [
        Input::Typed(b"x".to_vec()),
        Input::Resized(Size { cols: 100, rows: 30 }),
        Input::Tick,
        Input::Drawn(1 << 30),
        Input::Closed { code: 1006, reason: String::new() },
        status(&ShellStatus::Started { shell: "bash".into() }),
    ];
    for input in inputs {
        assert!(session.step(input, 10_000).is_empty());
    }
    assert_eq!(session.state(), StreamState::NotStarted);
    let effects = session.step(Input::Start(wanted()), 20_000);
    assert!(matches!(&effects[..], [Effect::Open(query)] if (query.cols, query.rows) == (100, 30)), "it opens in the size that the terminal has");
    assert!(session.step(Input::Start(wanted()), 20_001).is_empty(), "and only once");
}

#[test]
fn a_session_runs_and_says_how_it_ended() {
    let mut session = running();
    assert_eq!(session.state(), StreamState::LiveAs("bash".into()));
    let effects = session.step(status(&ShellStatus::Exited { code: Some(137), reason: "the container was killed (OOMKilled)".into() }), 381_000);
    assert_eq!(effects, [Effect::Close]);
    assert_eq!(session.phase().over().as_deref(), Some("Ended with exit code 137 after 6m 20s: the container was killed (OOMKilled)."));
    assert!(session.step(Input::Closed { code: 1000, reason: String::new() }, 381_001).is_empty());
    assert!(matches!(session.state(), StreamState::Ended { code: Some(137), .. }), "the close that follows does not overwrite it");
    assert!(session.step(Input::Typed(b"ls\r".to_vec()), 381_002).is_empty());
    assert!(matches!(session.step(Input::Start(wanted()), 390_000)[..], [Effect::Open(_)]), "a new session may follow");
}

#[test]
fn a_reason_that_only_repeats_the_exit_code_is_left_out() {
    let mut session = running();
    session.step(status(&ShellStatus::Exited { code: Some(3), reason: "command terminated with exit code 3".into() }), 15_000);
    assert_eq!(session.phase().over().as_deref(), Some("Ended with exit code 3 after 14 s."));
}

#[test]
fn other_ends_are_told_apart() {
    let forbidden = Refusal::Forbidden { verb: "create".into(), resource: "pods/exec".into(), namespace: Some("n".into()) };
    let mut session = running();
    session.step(Input::Closed { code: 1006, reason: String::new() }, 2_000);
    assert_eq!(session.phase().over().as_deref(), Some("Connection lost after 1 s: the connection was lost."));
    let mut session = running();
    session.step(Input::Closed { code: 4403, reason: serde_json::to_string(&forbidden).unwrap() }, 2_000);
    assert_eq!(session.state(), StreamState::Denied(forbidden.clone()));
    let mut session = running();
    session.step(status(&ShellStatus::Refused { refusal: forbidden.clone() }), 2_000);
    assert_eq!(session.state(), StreamState::Denied(forbidden));
    let mut session = running();
    session.step(status(&ShellStatus::NoShell { tried: vec!["bash".into()] }), 2_000);
    assert_eq!(session.phase(), &Phase::NoShell { tried: vec!["bash".into()] });
    let mut silent = Session::default();
    silent.step(Input::Start(wanted()), 0);
    assert_eq!(silent.step(Input::Tick, silent.wake_ms().unwrap()), [Effect::Close]);
    assert!(matches!(silent.phase(), Phase::Lost { .. }));
}

#[test]
fn sizes_are_told_once_they_rest() {
    let mut session = running();
    for (cols, now_ms) in [(90, 1_000), (91, 1_050), (92, 1_090)] {
        session.step(Input::Resized(Size { cols, rows: 24 }), now_ms);
        assert!(session.step(Input::Tick, now_ms).is_empty());
    }
    assert_eq!(session.wake_ms(), Some(1_190));
    assert_eq!(sent(session.step(Input::Tick, 1_190)), [(Channel::Resize, br#"{"cols":92,"rows":24}"#.to_vec())]);
    assert_eq!(session.wake_ms(), None);
}

#[test]
fn what_is_typed_before_the_shell_answers_is_sent_when_it_does_and_bounded() {
    let mut session = Session::default();
    session.step(Input::Start(wanted()), 0);
    session.step(Input::Typed(vec![b'a'; EARLY + 10]), 1);
    assert_eq!(sent(session.step(status(&ShellStatus::Started { shell: "sh".into() }), 2)), [(Channel::Stdin, vec![b'a'; EARLY])]);
}

proptest! {
    #[test]
    fn every_byte_typed_is_sent_in_order_in_frames_that_are_accepted(pieces in proptest::collection::vec(0..200_000_usize, 0..5)) {
        let mut session = running();
        let mut typed = Vec::new();
        let mut got = Vec::new();
        for (n, length) in pieces.into_iter().enumerate() {
            let piece: Vec<u8> = (0..length).map(|at| (at + n) as u8).collect();
            typed.extend_from_slice(&piece);
            for effect in session.step(Input::Typed(piece), 2_000) {
                let Effect::Send(frame) = effect else { panic!("only frames") };
                prop_assert!(frame.len() <= MAX_CLIENT_FRAME && frame[0] == Channel::Stdin as u8);
                got.extend_from_slice(&frame[1..]);
            }
        }
        prop_assert_eq!(got, typed);
    }

    /// `yes`: the proxy sends while it has credit, the terminal draws when it gets to it.
    #[test]
    fn output_never_runs_ahead_of_the_screen_and_never_stalls(draws in proptest::collection::vec(1..100_000_u64, 1..60)) {
        let mut session = running();
        let (mut credit, mut undrawn, mut total) = (INITIAL_CREDIT, 0, 0_u64);
        for draw in draws {
            let chunk = credit.min(32 * 1024);
            let effects = session.step(Input::Frame(Channel::Stdout.frame(&vec![b'y'; chunk as usize])), 2_000);
            prop_assert_eq!(effects.len(), usize::from(chunk > 0));
            (credit, undrawn, total) = (credit - chunk, undrawn + chunk, total + chunk);
            prop_assert!(undrawn <= INITIAL_CREDIT, "the screen is at most the first credit behind");
            let drawn = draw.min(undrawn);
            undrawn -= drawn;
            for (channel, payload) in sent(session.step(Input::Drawn(drawn), 2_000)) {
                prop_assert_eq!(channel, Channel::Credit);
                credit += serde_json::from_slice::<Credit>(&payload).unwrap().credit;
            }
            prop_assert!(credit + undrawn + GRANT > INITIAL_CREDIT, "what was drawn is granted again");
        }
    }

    #[test]
    fn no_frame_makes_it_panic(frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..20)) {
        let mut session = running();
        for frame in frames {
            session.step(Input::Frame(frame), 2_000);
        }
    }
}

fn met(position: u64, taken: u64) -> Input {
    let session = ShellSession { id: "abc".into(), position, taken };
    Input::Frame(Channel::Session.frame(&serde_json::to_vec(&session).unwrap()))
}

fn output(bytes: &[u8]) -> Input {
    Input::Frame(Channel::Stdout.frame(bytes))
}

fn cut() -> Input {
    Input::Closed { code: 1006, reason: String::new() }
}

/// Running, with an id, so that the proxy keeps it.
fn held() -> Session {
    let mut session = Session::default();
    session.step(Input::Start(wanted()), 0);
    session.step(met(0, 0), 500);
    session.step(status(&ShellStatus::Started { shell: "bash".into() }), 1_000);
    session
}

#[test]
fn a_cut_shell_goes_on_where_the_screen_ended_and_what_was_lost_on_the_way_is_typed_again() {
    let mut session = held();
    session.step(output(b"$ "), 1_100);
    session.step(Input::Typed(b"ls\r".to_vec()), 1_200);
    session.step(output(b"ls\r\n"), 1_300);
    session.step(Input::Typed(b"pwd\r".to_vec()), 1_900);
    assert!(session.step(cut(), 2_000).is_empty());
    assert!(matches!(session.state(), StreamState::Reconnecting { attempt: 1, .. }));
    assert!(session.step(Input::Typed(b"id\r".to_vec()), 2_100).is_empty(), "nobody is there to hear it");
    let due = session.wake_ms().unwrap();
    let [Effect::Reopen(query)] = &session.step(Input::Tick, due)[..] else { panic!("the screen stays") };
    assert_eq!((query.session.as_deref(), query.position), (Some("abc"), Some(6)));
    // Of "pwd\r" the proxy had one byte.
    let again = sent(session.step(met(6, 4), due + 50));
    assert_eq!(again, [(Channel::Stdin, b"wd\r".to_vec()), (Channel::Stdin, b"id\r".to_vec())]);
    assert!(session.step(status(&ShellStatus::Started { shell: "bash".into() }), due + 60).is_empty(), "that is known");
    assert_eq!(session.state(), StreamState::LiveAs("bash".into()));
    // What is typed from now on counts on.
    session.step(cut(), due + 100);
    let due = session.wake_ms().unwrap();
    session.step(Input::Tick, due);
    assert!(sent(session.step(met(6, 10), due)).is_empty(), "all of it arrived");
}

#[test]
fn it_is_tried_again_with_patience_and_not_for_ever() {
    let mut session = held();
    session.step(cut(), 2_000);
    let mut tries = Vec::new();
    while let Some(due) = session.wake_ms().filter(|_| matches!(session.phase(), Phase::Away { .. })) {
        tries.push(due);
        if session.step(Input::Tick, due).iter().any(|effect| matches!(effect, Effect::Reopen(_))) {
            session.step(cut(), due);
        }
        assert!(tries.len() < 1_000);
    }
    assert!(tries.windows(2).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] <= LAST_RETRY_MS));
    assert!(tries[0] - 2_000 <= FIRST_RETRY_MS && tries.last().unwrap() - 2_000 >= AWAY_MS);
    assert!(matches!(session.phase(), Phase::Lost { .. }));
    assert!(matches!(session.step(Input::Start(wanted()), 900_000)[..], [Effect::Open(ShellQuery { session: None, position: None, .. })]), "a new one is new");
}

#[test]
fn a_proxy_that_is_busy_is_asked_again() {
    let mut session = held();
    session.step(cut(), 2_000);
    session.step(Input::Tick, session.wake_ms().unwrap());
    let busy = ShellStatus::Refused { refusal: Refusal::Limit { which: "open sockets".into(), retry_after_secs: 10 } };
    assert_eq!(session.step(status(&busy), 3_000), [Effect::Close]);
    assert!(matches!(session.phase(), Phase::Away { attempt: 1, .. }));
    session.step(Input::Tick, session.wake_ms().unwrap());
    session.step(met(0, 0), 9_000);
    assert!(matches!(session.phase(), Phase::Running { since_ms: 1_000, .. }), "it ran all the time");
}

#[test]
fn a_shell_that_is_gone_meanwhile_or_shown_elsewhere_is_over_and_what_was_not_kept_is_said() {
    let gone = ShellStatus::Refused { refusal: Refusal::Gone { what: "the shell that ran here".into() } };
    let mut session = held();
    session.step(cut(), 2_000);
    session.step(Input::Tick, session.wake_ms().unwrap());
    session.step(status(&gone), 3_000);
    session.step(Input::Closed { code: 4410, reason: String::new() }, 3_000);
    assert_eq!(session.phase().over().as_deref(), Some("Connection lost after 2 s: the shell that ran here is gone."));
    let mut session = held();
    session.step(cut(), 2_000);
    session.step(Input::Tick, session.wake_ms().unwrap());
    let effects = session.step(met(500, 0), 3_000);
    let [Effect::Draw(words)] = &effects[..] else { panic!("{effects:?}") };
    assert!(String::from_utf8_lossy(words).contains("500 bytes of output were not kept"));
}

#[test]
fn what_came_by_the_socket_before_the_cut_is_not_granted_to_the_one_after_it() {
    let granted = |effects| sent(effects).iter().map(|(_, payload)| serde_json::from_slice::<Credit>(payload).unwrap().credit).sum::<u64>();
    let mut session = held();
    let flood = vec![b'y'; usize::try_from(GRANT).unwrap()];
    session.step(output(&flood), 1_500);
    session.step(cut(), 2_000);
    session.step(Input::Tick, session.wake_ms().unwrap());
    session.step(met(GRANT, 0), 2_500);
    session.step(output(&flood), 2_600);
    assert_eq!(granted(session.step(Input::Drawn(GRANT), 2_700)), 0, "drawn late");
    assert_eq!(granted(session.step(Input::Drawn(GRANT), 2_800)), GRANT);
}
