use krateyard_shared::rows::{ContainerFacts, ContainerRole, ContainerRunState, Ended};

use super::super::facts::Facts;
use super::*;

const TIME: &str = "2026-11-21T14:05:31.5Z";

fn container(restarts: u32, state: ContainerRunState) -> Known {
    let last = (restarts > 0).then(|| Ended { code: 7, signal: 0, reason: "Error".into(), at: 0 });
    Known::Is(Facts::of(&ContainerFacts { name: "c".into(), role: ContainerRole::Main, ready: true, restarts, state, last, started: true }))
}

fn running(restarts: u32) -> Known {
    container(restarts, ContainerRunState::Running(0))
}

fn machine(known: Known) -> Machine {
    Machine::new(LogCursor::new("p", Some("u"), "c", None), known, false, 30_000, 7)
}

/// A source that is read, with a line.
fn live(known: Known) -> Machine {
    let mut machine = machine(known);
    assert_eq!(machine.begin(0), [Effect::Open { previous: false }]);
    assert_eq!(machine.step(Input::Opened { proved: true }, 1), [Effect::Tell(LogSourceState::Live)]);
    machine.cursor.advance(TIME, "a");
    machine
}

fn tells(machine: &mut Machine, known: Known, now_ms: u64) -> Vec<Effect> {
    machine.known = known;
    machine.step(Input::Facts, now_ms)
}

#[test]
fn a_log_that_breaks_is_read_again_ever_later_and_at_once_after_lines_came() {
    let mut machine = live(running(0));
    let mut waits = Vec::new();
    for now_ms in (0..10).map(|round| round * 100_000) {
        let effects = machine.step(Input::Closed(Some("reset".into())), now_ms);
        assert!(matches!(&effects[..], [Effect::Close, Effect::Tell(LogSourceState::Reconnecting { .. })]), "{effects:?}");
        let wake_ms = machine.wake_ms().unwrap();
        waits.push(wake_ms - now_ms);
        assert_eq!(machine.step(Input::Tick, wake_ms), [Effect::Open { previous: false }]);
    }
    assert!(waits[0] <= FIRST_RETRY_MS && waits[9] > LAST_RETRY_MS / 2 && waits.iter().all(|wait| *wait <= LAST_RETRY_MS), "{waits:?}");
    machine.step(Input::Opened { proved: false }, 0);
    machine.step(Input::Proved, 0);
    machine.progressed();
    machine.step(Input::Closed(Some("reset".into())), 0);
    assert!(machine.wake_ms().unwrap() <= FIRST_RETRY_MS);
}

#[test]
fn a_container_that_restarted_is_read_to_its_end_and_then_from_its_new_beginning() {
    let mut machine = live(running(0));
    assert_eq!(machine.step(Input::Closed(None), 10), []);
    assert_eq!(tells(&mut machine, running(1), 500), [Effect::Open { previous: true }]);
    assert_eq!(machine.step(Input::Opened { proved: false }, 501), []);
    assert_eq!(machine.step(Input::Proved, 502), [], "the rest of a run is not live");
    let restarted = LogGap::Restarted { code: Some(7), run: Some(1) };
    assert_eq!(machine.step(Input::Closed(None), 503), [Effect::Gap(restarted), Effect::Open { previous: false }]);
    assert_eq!(machine.cursor.run, Some(1));
    assert!(machine.cursor.floor.is_some(), "nothing of the run before comes again");
}

#[test]
fn a_run_that_is_not_to_be_had_is_a_gap() {
    let mut machine = live(running(0));
    machine.step(Input::Closed(Some("reset".into())), 10);
    machine.known = running(2);
    assert_eq!(machine.step(Input::Tick, 1_000), [Effect::Open { previous: true }]);
    machine.step(Input::Opened { proved: false }, 1_001);
    assert_eq!(machine.step(Input::Broken, 1_002), [Effect::Open { previous: false }], "the cluster may have told late of the run that was read");
    machine.step(Input::Opened { proved: false }, 1_003);
    let effects = machine.step(Input::Broken, 1_004);
    let restarted = LogGap::Restarted { code: Some(7), run: Some(2) };
    assert_eq!(effects, [Effect::Gap(LogGap::Replaced), Effect::Gap(restarted), Effect::Open { previous: false }]);
}

#[test]
fn a_cluster_that_tells_late_of_a_restart_makes_no_gap() {
    let mut machine = live(running(0));
    assert_eq!(tells(&mut machine, running(1), 10), []);
    assert_eq!(machine.step(Input::Tick, 10 + LINGER_MS), [Effect::Close, Effect::Open { previous: true }]);
    machine.step(Input::Opened { proved: false }, 6_000);
    assert_eq!(machine.step(Input::Broken, 6_001), [Effect::Open { previous: false }]);
    machine.step(Input::Opened { proved: false }, 6_002);
    assert_eq!(machine.step(Input::Proved, 6_003), []);
    assert_eq!(machine.cursor.run, Some(1));
}

#[test]
fn what_is_not_there_is_looked_for_in_the_run_before_and_then_told() {
    let mut machine = live(running(0));
    machine.step(Input::Closed(Some("reset".into())), 10);
    machine.step(Input::Tick, 1_000);
    machine.step(Input::Opened { proved: false }, 1_001);
    assert_eq!(machine.step(Input::Tick, 1_001 + PROVE_MS), [Effect::Open { previous: true }], "nothing at all came");
    let none = Refusal::Rejected { message: "previous terminated container not found".into() };
    assert_eq!(machine.step(Input::Refused(none), 7_000), [Effect::Gap(LogGap::Rotated), Effect::Open { previous: false }]);
    assert_eq!(machine.step(Input::Opened { proved: true }, 7_001), [Effect::Tell(LogSourceState::Live)]);
}

#[test]
fn who_may_not_see_the_pod_still_gets_every_run() {
    let mut machine = live(Known::Unknown);
    let effects = machine.step(Input::Closed(None), 10);
    assert!(matches!(&effects[..], [Effect::Tell(LogSourceState::Ended { code: None, .. })]), "{effects:?}");
    let wake_ms = machine.wake_ms().unwrap();
    assert_eq!(machine.step(Input::Tick, wake_ms), [Effect::Open { previous: false }]);
    machine.step(Input::Opened { proved: false }, wake_ms + 1);
    assert_eq!(machine.step(Input::Broken, wake_ms + 2), [Effect::Open { previous: true }]);
    machine.step(Input::Opened { proved: false }, wake_ms + 3);
    machine.step(Input::Proved, wake_ms + 4);
    let restarted = LogGap::Restarted { code: None, run: None };
    assert_eq!(machine.step(Input::Closed(None), wake_ms + 5), [Effect::Gap(restarted), Effect::Open { previous: false }]);
}

#[test]
fn what_waits_is_opened_when_it_starts_and_what_ended_says_how() {
    let waiting = |reason: &str| container(0, ContainerRunState::Waiting { reason: reason.into(), message: String::new() });
    let mut machine = machine(waiting("PodInitializing"));
    assert_eq!(machine.begin(0), [Effect::Tell(LogSourceState::Waiting { why: "PodInitializing".into() })]);
    assert_eq!(tells(&mut machine, waiting("ErrImagePull"), 10), [Effect::Tell(LogSourceState::Waiting { why: "ErrImagePull".into() })]);
    assert_eq!(tells(&mut machine, running(0), 20), [Effect::Open { previous: false }]);
    machine.step(Input::Opened { proved: true }, 30);
    let ended = container(0, ContainerRunState::Terminated(Ended { code: 3, signal: 0, reason: "Error".into(), at: 0 }));
    assert_eq!(tells(&mut machine, ended, 40), [], "its log is not read yet");
    let effects = machine.step(Input::Closed(None), 50);
    assert_eq!(effects, [Effect::Tell(LogSourceState::Ended { code: Some(3), reason: "Error".into() })]);
    assert!(machine.cursor.ended);
    assert_eq!(tells(&mut machine, Known::Gone, 60), [Effect::Tell(LogSourceState::Gone)]);
    assert!(machine.is_over());
}

#[test]
fn a_pod_that_goes_while_nobody_reads_leaves_a_gap() {
    let mut machine = live(running(0));
    machine.step(Input::Closed(Some("reset".into())), 10);
    assert_eq!(tells(&mut machine, Known::Gone, 20), [Effect::Gap(LogGap::Lost), Effect::Tell(LogSourceState::Gone)]);
    let mut whole = live(running(0));
    tells(&mut whole, Known::Gone, 20);
    assert_eq!(whole.step(Input::Closed(None), 30), [Effect::Tell(LogSourceState::Gone)]);
}

#[test]
fn a_quiet_log_is_looked_at_ever_less_and_a_limit_is_told_and_tried_again() {
    let mut machine = live(running(0));
    let (mut now_ms, mut looks) = (0, Vec::new());
    while now_ms < 3_600_000 {
        now_ms = machine.wake_ms().unwrap();
        assert_eq!(machine.step(Input::Tick, now_ms), [Effect::Probe]);
        looks.push(now_ms);
    }
    assert!(looks[0] <= 31_000 && looks.len() < 14, "{looks:?}");
    let effects = machine.step(Input::Silent, now_ms);
    assert!(matches!(&effects[..], [Effect::Close, Effect::Tell(LogSourceState::Reconnecting { .. })]));
    machine.step(Input::Tick, now_ms + 1_000);
    let limit = Refusal::Limit { which: "logs".into(), retry_after_secs: 9 };
    assert_eq!(machine.step(Input::Refused(limit.clone()), now_ms), [Effect::Tell(LogSourceState::Denied { refusal: limit })]);
    assert_eq!(machine.wake_ms(), Some(now_ms + 9_000));
    assert_eq!(machine.step(Input::Tick, now_ms + 9_000), [Effect::Open { previous: false }]);
}

/// Whatever happens in whatever order: there is always something that goes on, and only gaps move a cursor past what was not delivered.
#[test]
fn no_order_of_events_leaves_a_source_asleep() {
    for seed in 1..3_000_u64 {
        let mut random = seed;
        let mut below = |bound: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % bound
        };
        let (mut machine, mut now_ms, mut open) = (machine(running(0)), 0, false);
        let mut effects = machine.begin(0);
        for _ in 0..60 {
            for effect in &effects {
                match effect {
                    Effect::Open { .. } => open = true,
                    Effect::Close => open = false,
                    _ => {}
                }
            }
            if machine.is_over() {
                break;
            }
            assert!(open || machine.wake_ms().is_some() || matches!(machine.phase, Phase::Ended { .. }), "seed {seed}: {machine:?}");
            now_ms += below(4_000);
            let proved = machine.cursor.seconds.is_empty();
            effects = match below(9) {
                0 if open => machine.step(Input::Opened { proved }, now_ms),
                1 if open => machine.step(Input::Proved, now_ms),
                2 if open => machine.step(Input::Broken, now_ms),
                3 if open => {
                    open = false;
                    machine.step(Input::Closed(None), now_ms)
                }
                4 if open => {
                    open = false;
                    machine.step(Input::Closed(Some("x".into())), now_ms)
                }
                5 if open => {
                    open = false;
                    machine.step(Input::Refused(Refusal::Rejected { message: "waits".into() }), now_ms)
                }
                6 => {
                    let restarts = below(4) as u32;
                    tells(&mut machine, running(restarts), now_ms)
                }
                7 if open && machine.is_live() => {
                    machine.cursor.advance(TIME, "a");
                    machine.progressed()
                }
                _ => {
                    now_ms = machine.wake_ms().map_or(now_ms, |wake_ms| wake_ms.max(now_ms));
                    machine.step(Input::Tick, now_ms)
                }
            };
        }
    }
}
