use super::*;
use proptest::prelude::*;

fn query() -> LogQuery {
    let text = String::from;
    LogQuery { cluster: text("c"), ns: text("n"), pod: Some(text("p")), container: Some(text("app")), ..LogQuery::default() }
}

fn running(restarts: u32) -> Input {
    Input::Container(Container { run: Run::Running, restarts, ..Container::default() })
}

fn follow(range: Range) -> Follow {
    Follow::new(query(), range, 7, 0)
}

fn line(at: &str, text: &str) -> LogLine {
    LogLine(0, at.into(), text.into())
}

fn lines(lines: Vec<LogLine>) -> Input {
    Input::Frame(LogFrame::Lines { l: lines })
}

fn control(control: LogControl) -> Input {
    Input::Frame(LogFrame::Control(control))
}

fn cut() -> Input {
    Input::Closed { code: 1006, reason: String::new() }
}

fn opened(effects: &[Effect]) -> Option<&LogQuery> {
    effects.iter().find_map(|effect| if let Effect::Open(query) = effect { Some(query) } else { None })
}

#[test]
fn a_follow_starts_with_its_range_and_is_live_once_caught_up() {
    let mut follow = follow(Range::Tail(1000));
    assert_eq!(follow.state(), StreamState::NotStarted);
    let effects = follow.step(running(0), 5);
    assert_eq!(opened(&effects).unwrap().tail, Some(1000));
    assert_eq!(follow.state(), StreamState::Connecting { since_ms: 5 });
    follow.step(lines(vec![line("2026-11-21T14:05:31Z", "a")]), 6);
    assert_eq!(follow.state(), StreamState::LiveAs("catching up".into()));
    follow.step(control(LogControl::CaughtUp), 7);
    assert_eq!(follow.state(), StreamState::Live);
}

#[test]
fn a_cut_shows_a_gap_and_the_follow_goes_on_from_the_last_seconds() {
    let mut follow = follow(Range::All);
    follow.step(running(0), 0);
    follow.step(lines(vec![line("2026-11-21T14:05:31.9Z", "a"), line("2026-11-21T14:05:32.1Z", "b")]), 1);
    let effects = follow.step(cut(), 10_000);
    assert_eq!(effects, [Effect::Gap(Gap::Lost { at_ms: 10_000, back_ms: None, whole: false })]);
    let StreamState::Reconnecting { attempt: 1, next_ms, .. } = follow.state() else { panic!("{:?}", follow.state()) };
    assert!(follow.step(Input::Tick, next_ms - 1).is_empty());
    let effects = follow.step(Input::Tick, next_ms);
    assert_eq!(opened(&effects).unwrap().since_time.as_deref(), Some("2026-11-21T14:05:31Z"));
    let again = vec![line("2026-11-21T14:05:31.9Z", "a"), line("2026-11-21T14:05:32.1Z", "b"), line("2026-11-21T14:05:40Z", "c")];
    let effects = follow.step(lines(again), 12_000);
    assert_eq!(effects[0], Effect::Mend(Gap::Lost { at_ms: 10_000, back_ms: Some(12_000), whole: true }));
    assert!(matches!(&effects[1..], [Effect::Line(_, text)] if text == "c"));
}

#[test]
fn a_cut_without_overlap_says_that_lines_may_be_missing() {
    let mut follow = follow(Range::All);
    follow.step(running(0), 0);
    follow.step(lines(vec![line("2026-11-21T14:05:31Z", "a")]), 1);
    follow.step(cut(), 10_000);
    follow.step(Input::Tick, 20_000);
    let effects = follow.step(lines(vec![line("2026-11-21T14:09:00Z", "z")]), 21_000);
    assert_eq!(effects[0], Effect::Mend(Gap::Lost { at_ms: 10_000, back_ms: Some(21_000), whole: false }));
}

#[test]
fn a_restart_is_followed_and_shown_with_its_exit_code_and_the_silence_before_it() {
    let mut follow = follow(Range::All);
    follow.step(running(2), 0);
    follow.step(lines(vec![line("2026-11-21T14:05:44Z", "panic")]), 1);
    follow.step(control(LogControl::Ended { reason: "end of the run".into() }), 2);
    let waiting = Container { run: Run::Waiting("CrashLoopBackOff".into()), restarts: 2, last: Some((1, "Error".into())) };
    follow.step(Input::Container(waiting), 3);
    assert_eq!(follow.state(), StreamState::Ended { code: Some(1), reason: "Error; CrashLoopBackOff".into() });
    let anew = Container { run: Run::Running, restarts: 3, last: Some((1, "Error".into())) };
    assert!(opened(&follow.step(Input::Container(anew), 4)).is_some());
    let effects = follow.step(lines(vec![line("2026-11-21T14:08:25Z", "starting")]), 5);
    assert_eq!(effects[0], Effect::Gap(Gap::Restarted { code: Some(1), quiet_secs: Some(161) }));
}

#[test]
fn the_end_of_a_log_that_is_ahead_of_its_row_is_checked_again() {
    let mut follow = follow(Range::All);
    follow.step(running(0), 0);
    follow.step(control(LogControl::Ended { reason: "end".into() }), 1_000);
    let wake_ms = follow.wake_ms().unwrap();
    assert!(wake_ms >= 1_000 + SETTLE_MS);
    assert!(opened(&follow.step(Input::Tick, wake_ms)).is_some());
}

#[test]
fn a_container_that_waits_says_why_and_starts_when_it_runs() {
    let mut follow = follow(Range::All);
    follow.step(Input::Container(Container { run: Run::Waiting("ImagePullBackOff".into()), ..Container::default() }), 0);
    assert_eq!((follow.state(), follow.waits_for(), follow.wake_ms()), (StreamState::NotStarted, Some("ImagePullBackOff"), None));
    assert!(opened(&follow.step(running(0), 9)).is_some());
}

#[test]
fn without_a_row_the_log_is_asked_for_all_the_same() {
    let mut follow = follow(Range::All);
    assert!(opened(&follow.step(Input::Tick, ROW_MS)).is_some());
}

#[test]
fn refusals_settle_wait_or_retry() {
    let forbidden = Refusal::Forbidden { verb: "get".into(), resource: "pods/log".into(), namespace: Some("n".into()) };
    let cases = [
        (forbidden.clone(), StreamState::Denied(forbidden.clone())),
        (Refusal::NotFound { what: "pod".into() }, StreamState::Gone),
        (Refusal::Rejected { message: "container is waiting to start".into() }, StreamState::NotStarted),
    ];
    for (refusal, state) in cases {
        let mut by_frame = follow(Range::All);
        by_frame.step(running(0), 0);
        by_frame.step(control(LogControl::Refused { refusal: refusal.clone() }), 1);
        assert_eq!(by_frame.state(), state);
        let mut by_close = follow(Range::All);
        by_close.step(running(0), 0);
        by_close.step(Input::Closed { code: 4403, reason: serde_json::to_string(&refusal).unwrap() }, 1);
        assert_eq!(by_close.state(), state);
    }
    let mut denied = follow(Range::All);
    denied.step(running(0), 0);
    denied.step(Input::Closed { code: 4403, reason: serde_json::to_string(&forbidden).unwrap() }, 1);
    assert_eq!(denied.wake_ms(), None, "what is settled is not retried by itself");
    assert!(opened(&denied.step(Input::Again, 2)).is_some());
    let mut limited = follow(Range::All);
    limited.step(running(0), 0);
    limited.step(control(LogControl::Refused { refusal: Refusal::Limit { which: "logs".into(), retry_after_secs: 9 } }), 1);
    assert_eq!(limited.wake_ms(), Some(9_001));
}

#[test]
fn retries_come_later_and_later_and_a_silent_socket_is_given_up() {
    let mut follow = follow(Range::All);
    let mut now_ms = 0;
    let mut delays = Vec::new();
    follow.step(running(0), now_ms);
    for _ in 0..9 {
        now_ms = follow.wake_ms().unwrap();
        follow.step(Input::Tick, now_ms);
        delays.push(follow.wake_ms().unwrap() - now_ms);
        now_ms = follow.wake_ms().unwrap();
        follow.step(Input::Tick, now_ms);
    }
    assert!(delays[0] <= FIRST_RETRY_MS && delays.iter().all(|delay| *delay <= LAST_RETRY_MS) && delays[8] > LAST_RETRY_MS / 2, "{delays:?}");
}

#[test]
fn credit_is_given_back_for_what_was_taken() {
    let mut follow = follow(Range::All);
    follow.step(running(0), 0);
    let mut granted = 0;
    for n in 0..40 {
        let text = format!("{n}{}", "x".repeat(30_000));
        for effect in follow.step(lines(vec![line("2026-11-21T14:05:31Z", &text)]), 1) {
            if let Effect::Grant(bytes) = effect {
                granted += bytes;
            }
        }
    }
    assert!(granted + INITIAL_CREDIT > 40 * 30_000 + INITIAL_CREDIT / 2, "{granted}");
}

#[test]
fn the_previous_run_is_read_once() {
    let mut follow = Follow::new(LogQuery { previous: true, ..query() }, Range::All, 1, 0);
    follow.step(Input::Container(Container { run: Run::Running, restarts: 1, last: Some((3, "Error".into())) }), 0);
    follow.step(lines(vec![line("2026-11-21T14:05:31Z", "a")]), 1);
    follow.step(control(LogControl::Ended { reason: "end".into() }), 2);
    assert_eq!(follow.state(), StreamState::Ended { code: Some(3), reason: "end".into() });
    assert!(follow.step(running(2), 3).is_empty() && follow.wake_ms().is_none());
}

proptest! {
    /// A server with a log whose lines may repeat and change order a little; it cuts whenever it likes and repeats whole seconds.
    #[test]
    fn no_line_is_lost_or_doubled_over_any_cuts(
        steps in proptest::collection::vec((0..900_u32, 0..3_u8), 1..120),
        batches in proptest::collection::vec((1..9_usize, any::<bool>()), 0..80),
        tail in prop_oneof![Just(None), (1..40_u32).prop_map(Some)],
        swaps in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut millis = 1_795_269_931_000_i64;
        let mut log: Vec<(i64, String)> = steps.iter().map(|(wait, text)| { millis += i64::from(*wait) + i64::from(tail.is_some()); (millis, format!("line {text}")) }).collect();
        for at in swaps {
            let at = at.index(log.len());
            if at > 0 && tail.is_none() && log[at].0 - log[at - 1].0 < 400 { log.swap(at, at - 1); }
        }
        let stamped = |(millis, text): &(i64, String)| {
            let at = Stamp { secs: millis.div_euclid(1000), nanos: 0 };
            let whole = at.rfc3339();
            line(&format!("{}.{:03}Z", &whole[..whole.len() - 1], millis.rem_euclid(1000)), text)
        };
        let mut follow = follow(tail.map_or(Range::All, Range::Tail));
        let mut got: Vec<(i64, String)> = Vec::new();
        let mut sent: Vec<LogLine> = Vec::new();
        let mut written = log.len() / 2;
        let begin = tail.map_or(0, |tail| written.saturating_sub(tail as usize));
        let mut pos = begin;
        let mut now_ms = 0;
        let mut effects = follow.step(running(0), now_ms);
        let mut endless = batches.into_iter().chain(std::iter::repeat((5, false)));
        loop {
            for effect in effects.drain(..) {
                match effect {
                    Effect::Open(query) => pos = query.since_time.map_or(begin, |since| {
                        let since = Stamp::parse(&since).unwrap().secs * 1000;
                        log.iter().position(|(millis, _)| *millis >= since).unwrap_or(log.len())
                    }),
                    Effect::Line(at, text) => got.push((at.secs * 1000 + i64::from(at.nanos / 1_000_000), text)),
                    _ => {}
                }
            }
            written = (written + 3).min(log.len());
            if pos == log.len() { break; }
            let (count, cuts) = endless.next().unwrap();
            let to = (pos + count).min(written);
            sent.clear();
            sent.extend(log[pos..to].iter().map(stamped));
            pos = to;
            now_ms += 10;
            effects = follow.step(lines(std::mem::take(&mut sent)), now_ms);
            if cuts {
                effects.extend(follow.step(cut(), now_ms));
                now_ms = follow.wake_ms().unwrap();
                effects.extend(follow.step(Input::Tick, now_ms));
            }
        }
        let mut want = log[begin..].to_vec();
        got.sort();
        want.sort();
        prop_assert_eq!(got, want);
    }
}
