use krateyard_shared::logs::{LogCursor, LogSourceState};
use proptest::prelude::*;

use super::*;

fn query() -> LogQuery {
    LogQuery { cluster: "c".into(), ns: "n".into(), pod: Some("p".into()), container: Some("app".into()), ..LogQuery::default() }
}

fn follow(range: Range) -> Follow {
    let mut follow = Follow::new(query(), range, 7, 0);
    follow.step(Input::Start, 0);
    follow
}

fn line(index: u32, at: &str, text: &str) -> LogLine {
    LogLine(index, at.into(), text.into())
}

fn lines(lines: Vec<LogLine>) -> Input {
    Input::Frame(LogFrame::Lines { l: lines })
}

fn control(control: LogControl) -> Input {
    Input::Frame(LogFrame::Control(control))
}

fn source(index: u32, pod: &str) -> Input {
    control(LogControl::Source { index, pod: pod.into(), uid: None, container: "app".into(), role: None, run: Some(0) })
}

fn state(index: u32, state: LogSourceState) -> Input {
    control(LogControl::State { index, state })
}

fn cut() -> Input {
    Input::Closed { code: 1006, reason: String::new() }
}

fn opened(effects: &[Effect]) -> Option<&LogQuery> {
    effects.iter().find_map(|effect| if let Effect::Open(query) = effect { Some(query) } else { None })
}

fn begin(effects: &[Effect]) -> Option<&LogBegin> {
    effects.iter().find_map(|effect| if let Effect::Begin(begin) = effect { Some(begin) } else { None })
}

fn texts(effects: &[Effect]) -> Vec<&str> {
    effects.iter().filter_map(|effect| if let Effect::Line(_, _, text) = effect { Some(text.as_str()) } else { None }).collect()
}

/// With these sources, all of them live and caught up.
fn live(pods: &[&str]) -> Follow {
    let mut follow = follow(Range::All);
    follow.step(Input::Opened, 1);
    for (index, pod) in (0..).zip(pods) {
        follow.step(source(index, pod), 1);
        follow.step(state(index, LogSourceState::Live), 1);
    }
    follow.step(control(LogControl::CaughtUp), 1);
    follow
}

#[test]
fn a_follow_starts_with_its_range_and_no_cursor_and_is_live_once_caught_up() {
    let mut follow = Follow::new(query(), Range::Tail(1000), 7, 0);
    let effects = follow.step(Input::Start, 5);
    let asked = opened(&effects).unwrap();
    assert_eq!((asked.tail, asked.since_secs, asked.resume), (Some(1000), None, true));
    assert_eq!(follow.state(), StreamState::Connecting { since_ms: 5 });
    assert_eq!(begin(&follow.step(Input::Opened, 5)), Some(&LogBegin::default()));
    follow.step(source(0, "p"), 6);
    let effects = follow.step(lines(vec![line(0, "2026-11-21T14:05:31Z", "a")]), 6);
    assert_eq!((texts(&effects), follow.state()), (vec!["a"], StreamState::LiveAs("catching up".into())));
    follow.step(state(0, LogSourceState::Live), 7);
    follow.step(control(LogControl::CaughtUp), 7);
    assert_eq!((follow.state(), follow.is_caught_up()), (StreamState::Live, true));
}

#[test]
fn a_cut_is_a_row_that_says_later_what_it_cost() {
    for costs in [false, true] {
        let mut follow = live(&["p"]);
        follow.step(lines(vec![line(0, "2026-11-21T14:05:31.9Z", "a")]), 1);
        let effects = follow.step(cut(), 10_000);
        assert_eq!(effects, [Effect::Gap(None, Gap::Lost { at_ms: 10_000, back_ms: None, whole: false })]);
        let StreamState::Reconnecting { attempt: 1, next_ms, .. } = follow.state() else { panic!("{:?}", follow.state()) };
        assert!(follow.step(Input::Tick, next_ms - 1).is_empty());
        assert!(opened(&follow.step(Input::Tick, next_ms)).is_some());
        let effects = follow.step(Input::Opened, next_ms);
        let cursor = &begin(&effects).unwrap().cursors[0];
        assert_eq!((cursor.pod.as_str(), cursor.begun, cursor.newest.map(|newest| newest.1)), ("p", true, Some(900_000_000)));
        assert!(follow.step(source(0, "p"), 12_000).is_empty(), "it is known already");
        if costs {
            let effects = follow.step(control(LogControl::Gap { index: 0, count: None, reason: LogGap::Rotated }), 12_000);
            assert_eq!(effects, [Effect::Gap(Some(0), Gap::Missing { count: None, why: LogGap::Rotated })]);
        }
        let effects = follow.step(control(LogControl::CaughtUp), 12_000);
        assert_eq!(effects, [Effect::Mend(Gap::Lost { at_ms: 10_000, back_ms: Some(12_000), whole: !costs })]);
    }
}

#[test]
fn a_source_keeps_its_index_over_sockets_and_what_joins_or_goes_is_a_row() {
    let mut follow = live(&["a", "b"]);
    follow.step(lines(vec![line(0, "2026-11-21T14:05:31Z", "of a"), line(1, "2026-11-21T14:05:31Z", "of b")]), 2);
    follow.step(cut(), 3);
    follow.step(Input::Again, 4);
    follow.step(Input::Opened, 4);
    follow.step(source(0, "b"), 5);
    let effects = follow.step(source(1, "c"), 5);
    assert_eq!(effects, [Effect::Source(2, Source { pod: "c".into(), container: "app".into() }), Effect::Gap(Some(2), Gap::Joined)]);
    let effects = follow.step(lines(vec![line(0, "2026-11-21T14:05:32Z", "b"), line(1, "2026-11-21T14:05:32Z", "c")]), 5);
    assert!(matches!(&effects[..], [Effect::Line(1, _, b), Effect::Line(2, _, c)] if b == "b" && c == "c"));
    assert_eq!(follow.step(state(0, LogSourceState::Gone), 6), [Effect::Gap(Some(1), Gap::Gone)]);
    assert!(follow.step(state(0, LogSourceState::Gone), 6).is_empty(), "told once");
    assert!(follow.step(lines(vec![line(9, "2026-11-21T14:05:32Z", "of nobody")]), 7).is_empty());
    follow.step(cut(), 8);
    follow.step(Input::Again, 9);
    let effects = follow.step(Input::Opened, 9);
    assert_eq!(begin(&effects).unwrap().cursors.iter().map(|cursor| cursor.pod.as_str()).collect::<Vec<_>>(), ["a", "c"], "what is gone is not asked for");
    follow.step(source(0, "c"), 10);
    let effects = follow.step(control(LogControl::CaughtUp), 11);
    assert_eq!(effects[1..], [Effect::Gap(Some(0), Gap::Gone)], "what is not there any more went meanwhile");
}

#[test]
fn a_restart_is_told_with_its_exit_code_and_the_silence_before_it() {
    let mut follow = live(&["p"]);
    follow.step(lines(vec![line(0, "2026-11-21T14:05:44Z", "panic")]), 2);
    assert!(follow.step(state(0, LogSourceState::Ended { code: Some(1), reason: "Error".into() }), 3).is_empty());
    assert_eq!(follow.state(), StreamState::Ended { code: Some(1), reason: "Error".into() });
    assert!(follow.step(control(LogControl::Gap { index: 0, count: None, reason: LogGap::Restarted { code: Some(1), run: Some(1) } }), 4).is_empty());
    follow.step(state(0, LogSourceState::Live), 5);
    let effects = follow.step(lines(vec![line(0, "2026-11-21T14:08:25Z", "starting")]), 5);
    assert_eq!(effects[0], Effect::Gap(Some(0), Gap::Restarted { code: Some(1), quiet_secs: Some(161) }));
    assert_eq!(follow.state(), StreamState::Live);
}

#[test]
fn together_sources_are_what_all_of_them_are_and_trouble_is_named() {
    let waiting = |why: &str| LogSourceState::Waiting { why: why.into() };
    let denied = || LogSourceState::Denied { refusal: Refusal::Forbidden { verb: "get".into(), resource: "pods/log".into(), namespace: Some("web".into()) } };
    let ended = || LogSourceState::Ended { code: Some(0), reason: "Completed".into() };
    let of = |states: Vec<LogSourceState>| {
        let mut follow = live(&["web-aaaaa", "web-bbbbb", "web-ccccc"]);
        for (index, told) in (0..).zip(states) {
            follow.step(state(index, told), 2);
        }
        (follow.state().words(2), follow.trouble())
    };
    assert_eq!(of(vec![]), ("live".into(), None));
    assert_eq!(of(vec![waiting("ImagePullBackOff")]), ("2 of 3 live".into(), Some("2 of 3 pods live, aaaaa: ImagePullBackOff".into())));
    assert_eq!(of(vec![ended(), LogSourceState::Gone]), ("live".into(), None), "what ended is no trouble");
    assert_eq!(of(vec![ended(), denied()]).1.unwrap(), "1 of 2 pods live, bbbbb: you may not get pods/log in web");
    assert_eq!(of(vec![ended(), ended(), LogSourceState::Gone]).0, "ended");
    assert_eq!(of(vec![denied(), denied(), denied()]).0, "denied");
    assert_eq!(of(vec![waiting("x"), ended(), ended()]).0, "not started");
    let broken = LogSourceState::Reconnecting { attempt: 2, cause: "the node does not answer".into() };
    let (words, trouble) = of(vec![broken.clone(), waiting("x"), waiting("y")]);
    assert_eq!(
        (words.as_str(), trouble.as_deref()),
        ("reconnecting, attempt 2", Some("0 of 3 pods live, aaaaa: the node does not answer, attempt 2; bbbbb: x; and 1 more"))
    );
    let mut follow = live(&["p"]);
    follow.step(state(0, waiting("PodInitializing")), 2);
    assert_eq!((follow.state(), follow.waits_for(), follow.trouble()), (StreamState::NotStarted, Some("PodInitializing"), None));
}

#[test]
fn of_previous_runs_it_is_said_how_many_there_are_not() {
    let mut follow = Follow::new(LogQuery { previous: true, ..query() }, Range::All, 7, 0);
    follow.step(Input::Start, 0);
    for index in 0..3 {
        follow.step(source(index, &format!("web-{index}")), 1);
    }
    follow.step(state(0, LogSourceState::Ended { code: Some(3), reason: "Error".into() }), 2);
    for index in 1..3 {
        follow.step(state(index, LogSourceState::Denied { refusal: Refusal::Rejected { message: "no such run".into() } }), 2);
    }
    follow.step(control(LogControl::CaughtUp), 2);
    assert_eq!((follow.state().words(2).as_str(), follow.trouble().as_deref()), ("ended 3", Some("2 of 3 containers have no previous run")));
}

#[test]
fn what_is_left_out_by_a_limit_is_said_with_which_and_when() {
    let mut follow = live(&["a"]);
    let refusal = Refusal::Limit { which: "follows of one workload".into(), retry_after_secs: 9 };
    follow.step(control(LogControl::Limit { refusal: refusal.clone(), left_out: 4 }), 2);
    assert_eq!(follow.trouble().unwrap(), "4 more left out: too many follows of one workload: try again in 9 s");
    follow.step(control(LogControl::Limit { refusal, left_out: 0 }), 3);
    assert_eq!(follow.trouble(), None);
}

#[test]
fn refusals_settle_or_retry() {
    let forbidden = Refusal::Forbidden { verb: "get".into(), resource: "pods/log".into(), namespace: Some("n".into()) };
    let cases = [(forbidden.clone(), StreamState::Denied(forbidden.clone())), (Refusal::NotFound { what: "pod".into() }, StreamState::Gone)];
    for (refusal, state) in cases {
        let mut by_frame = follow(Range::All);
        by_frame.step(control(LogControl::Refused { refusal: refusal.clone() }), 1);
        assert_eq!(by_frame.state(), state);
        let mut by_close = follow(Range::All);
        by_close.step(Input::Closed { code: 4403, reason: serde_json::to_string(&refusal).unwrap() }, 1);
        assert_eq!((by_close.state(), by_close.wake_ms()), (state, None), "what is settled is not retried by itself");
        assert!(opened(&by_close.step(Input::Again, 2)).is_some());
    }
    let mut limited = follow(Range::All);
    limited.step(control(LogControl::Refused { refusal: Refusal::Limit { which: "logs".into(), retry_after_secs: 9 } }), 1);
    assert_eq!((limited.wake_ms(), limited.trouble().as_deref()), (Some(9_001), Some("too many logs: try again in 9 s")));
}

#[test]
fn retries_come_later_and_later_and_a_silent_socket_is_given_up() {
    let mut follow = follow(Range::All);
    let mut delays = Vec::new();
    for _ in 0..9 {
        let given_up_ms = follow.wake_ms().unwrap();
        follow.step(Input::Tick, given_up_ms);
        let next_ms = follow.wake_ms().unwrap();
        follow.step(Input::Tick, next_ms);
        delays.push(next_ms - given_up_ms);
    }
    assert!(delays[0] <= FIRST_RETRY_MS && delays.iter().all(|delay| *delay <= LAST_RETRY_MS) && delays[8] > LAST_RETRY_MS / 2, "{delays:?}");
}

#[test]
fn credit_is_given_back_for_what_was_taken_and_held_back_while_there_is_no_room() {
    let mut follow = live(&["p"]);
    let granted = |effects: &[Effect]| effects.iter().map(|effect| if let Effect::Grant(bytes) = effect { *bytes } else { 0 }).sum::<u64>();
    let mut sum = 0;
    let batch = || lines(vec![line(0, "2026-11-21T14:05:31Z", &"x".repeat(30_000))]);
    for _ in 0..40 {
        sum += granted(&follow.step(batch(), 1));
    }
    assert!(sum + INITIAL_CREDIT > 40 * 30_000 + INITIAL_CREDIT / 2, "{sum}");
    follow.step(Input::Room(false), 2);
    assert!((0..40).all(|_| granted(&follow.step(batch(), 2)) == 0));
    assert!(granted(&follow.step(Input::Room(true), 3)) >= 40 * 30_000);
}

/// What the proxy does with a cursor, in the plainest words: it finds after which line the same cursor stands, and goes on with the next one.
struct Proxy {
    log: Vec<(String, String)>,
    begin: usize,
    sent: usize,
}

impl Proxy {
    fn resume(&mut self, cursor: Option<&LogCursor>) {
        let Some(cursor) = cursor else {
            self.sent = self.begin;
            return;
        };
        let mut own = LogCursor { begun: cursor.begun, ..LogCursor::new(&cursor.pod, None, &cursor.container, cursor.run) };
        let mut after = self.begin;
        while own.newest != cursor.newest || own.seconds != cursor.seconds {
            let (time, text) = self.log.get(after).expect("the cursor stands after one of the lines");
            own.advance(time, text);
            after += 1;
        }
        self.sent = after;
    }
}

proptest! {
    /// Sources whose lines repeat and share instants; frames of many sizes, of which some are under way when the connection breaks and never arrive.
    #[test]
    fn no_line_is_lost_or_doubled_over_any_cuts(
        logs in proptest::collection::vec(proptest::collection::vec((0..900_u32, 0..3_u8), 1..60), 1..4),
        steps in proptest::collection::vec((0..4_usize, 1..9_usize, any::<bool>(), any::<bool>()), 0..120),
        tail in prop_oneof![Just(None), (1..20_usize).prop_map(Some)],
    ) {
        let mut proxies: Vec<Proxy> = logs.iter().map(|log| {
            let mut millis = 1_795_269_931_000_i64;
            let log: Vec<(String, String)> = log.iter().map(|(wait, text)| {
                millis += i64::from(*wait);
                let whole = Stamp { secs: millis.div_euclid(1000), nanos: 0 }.rfc3339();
                (format!("{}.{:03}Z", &whole[..whole.len() - 1], millis.rem_euclid(1000)), format!("line {text}"))
            }).collect();
            Proxy { begin: tail.map_or(0, |tail| log.len().saturating_sub(tail)), log, sent: 0 }
        }).collect();
        let mut follow = follow(tail.map_or(Range::All, |tail| Range::Tail(tail as u32)));
        let mut got: Vec<Vec<String>> = vec![Vec::new(); logs.len()];
        let mut now_ms = 0;
        let name = |index: usize| format!("pod-{index}");
        let connect = |follow: &mut Follow, proxies: &mut Vec<Proxy>, now_ms: u64| {
            let effects = follow.step(Input::Opened, now_ms);
            let cursors = &begin(&effects).unwrap().cursors;
            for (index, proxy) in proxies.iter_mut().enumerate() {
                proxy.resume(cursors.iter().find(|cursor| cursor.is_of(&name(index), None, "app")));
                follow.step(source(index as u32, &name(index)), now_ms);
            }
        };
        connect(&mut follow, &mut proxies, now_ms);
        // In the end everything is sent, and arrives.
        let rest = (0..1000).map(|step| (step, 9, true, false));
        for (of, count, arrives, cuts) in steps.into_iter().chain(rest) {
            let of = of % proxies.len();
            let proxy = &mut proxies[of];
            let to = (proxy.sent + count).min(proxy.log.len());
            let frame: Vec<LogLine> = proxy.log[proxy.sent..to].iter().map(|(time, text)| line(of as u32, time, text)).collect();
            proxy.sent = to;
            now_ms += 10;
            if arrives {
                for effect in follow.step(lines(frame), now_ms) {
                    if let Effect::Line(source, _, text) = effect { got[source as usize].push(text); }
                }
            }
            if cuts || !arrives {
                follow.step(cut(), now_ms);
                now_ms = follow.wake_ms().unwrap();
                prop_assert!(opened(&follow.step(Input::Tick, now_ms)).is_some());
                connect(&mut follow, &mut proxies, now_ms);
            }
        }
        let want: Vec<Vec<String>> = proxies.iter().map(|proxy| proxy.log[proxy.begin..].iter().map(|(_, text)| text.clone()).collect()).collect();
        prop_assert_eq!(got, want);
    }
}
