use krateyard_shared::logs::LogGap;

use super::*;
use crate::logs::Level;
use crate::logs::buffer::CAPACITY;
use crate::logs::stamp::Stamp;

fn shown(lines: &[&str]) -> Shown {
    let mut shown = Shown::default();
    shown.take(lines.iter().map(|line| Effect::Line(0, Stamp::default(), (*line).into())).collect());
    shown
}

fn texts(shown: &Shown) -> Vec<String> {
    shown.text(false).lines().map(str::to_owned).collect()
}

fn work(shown: &mut Shown) {
    while shown.work(2) {}
}

const LINES: [&str; 6] = ["INFO pay 1", "ERROR no", "  at pay", "INFO basket", "WARN pay 2", "INFO pay 3"];

#[test]
fn a_filter_shows_what_it_picks_also_of_what_comes_later() {
    let mut shown = shown(&LINES);
    shown.filter(None, Some(Level::Warn));
    work(&mut shown);
    assert_eq!(texts(&shown), ["ERROR no", "  at pay", "WARN pay 2"]);
    shown.take(vec![
        Effect::Line(0, Stamp::default(), "ERROR again".into()),
        Effect::Gap(None, Gap::Missing { count: Some(2), why: LogGap::Dropped }),
        Effect::Line(0, Stamp::default(), "INFO x".into()),
    ]);
    assert_eq!(texts(&shown)[3..], ["ERROR again", "--- 2 lines missing: the log was faster than this window"]);
    shown.filter(None, None);
    assert_eq!(shown.rows(), 9);
}

#[test]
fn a_paused_window_stands_still_and_counts_what_waits() {
    let mut shown = shown(&LINES);
    shown.pause();
    shown.take(vec![Effect::Line(0, Stamp::default(), "new".into())]);
    assert_eq!((shown.rows(), shown.waiting()), (6, 1));
    assert!(shown.row(6).is_none());
    shown.resume();
    assert_eq!((shown.rows(), shown.waiting()), (7, 0));
}

#[test]
fn a_search_steps_through_what_is_shown_and_around_the_ends() {
    let mut shown = shown(&LINES);
    shown.filter(None, Some(Level::Info));
    shown.set_search(Some(Matcher::text("pay")));
    work(&mut shown);
    assert_eq!(shown.hit(), Some((0, 4)));
    let steps: Vec<_> = (0..5).map(|_| shown.step(true, 4).unwrap()).collect();
    assert_eq!(steps, [4, 5, 0, 2, 4]);
    assert_eq!((shown.step(false, 0), shown.hit()), (Some(2), Some((2, 4))));
    shown.filter(None, Some(Level::Error));
    work(&mut shown);
    assert_eq!((shown.hit(), shown.step(true, 9)), (Some((0, 1)), Some(2)), "the search follows the filter");
}

#[test]
fn a_lost_connection_is_mended_in_its_place() {
    let mut shown = shown(&["a"]);
    shown.take(vec![Effect::Gap(None, Gap::Lost { at_ms: 0, back_ms: None, whole: false })]);
    shown.take(vec![Effect::Mend(Gap::Lost { at_ms: 0, back_ms: Some(2_000), whole: true }), Effect::Line(0, Stamp::default(), "b".into())]);
    assert_eq!(texts(&shown), ["a", "--- connection lost 00:00:00, back after 2 s, no line missing", "b"]);
}

fn source(index: u32, pod: &str) -> Effect {
    Effect::Source(index, crate::logs::Source { pod: pod.into(), container: "app".into() })
}

fn line(source: u32, text: &str) -> Effect {
    Effect::Line(source, Stamp::default(), text.into())
}

#[test]
fn a_window_narrowed_to_a_pod_shows_its_lines_and_gaps_also_of_a_source_that_comes_later() {
    let mut shown = Shown::default();
    let gap = |of| Effect::Gap(of, Gap::Joined);
    shown.take(vec![source(0, "web-aaaaa"), source(1, "web-bbbbb"), line(0, "ERROR a"), line(1, "b"), line(0, "  at a"), gap(Some(1)), gap(None)]);
    shown.narrow(Some("web-aaaaa".into()));
    work(&mut shown);
    assert_eq!(texts(&shown), ["web-aaaaa/app ERROR a", "web-aaaaa/app   at a", "--- joined"]);
    shown.take(vec![source(2, "web-aaaaa"), line(2, "c"), line(1, "d")]);
    work(&mut shown);
    assert_eq!(texts(&shown).last().unwrap(), "web-aaaaa/app c");
    shown.narrow(None);
    work(&mut shown);
    assert_eq!((shown.rows(), texts(&shown)[3].as_str()), (7, "--- web-bbbbb/app: joined"));
}

#[test]
fn a_continuation_has_its_heads_level_though_another_source_writes_in_between() {
    let mut shown = Shown::default();
    shown.take(vec![line(0, "ERROR a"), line(1, "INFO b"), line(0, "  at a")]);
    shown.filter(None, Some(Level::Error));
    work(&mut shown);
    assert_eq!(texts(&shown), ["ERROR a", "  at a"]);
}

#[test]
fn chosen_lines_are_those_between_two_clicks_or_keys_and_only_they_are_copied() {
    let mut shown = shown(&LINES);
    assert_eq!(shown.chosen_text(false).lines().count(), 6, "nothing is chosen: everything");
    shown.choose(3, false);
    shown.choose(1, true);
    assert_eq!((shown.chosen(), shown.chosen_text(false).as_str()), (3, "ERROR no\n  at pay\nINFO basket\n"));
    shown.choose_next(false);
    assert_eq!(shown.chosen(), 4);
    shown.filter(None, Some(Level::Error));
    work(&mut shown);
    assert_eq!(shown.chosen_text(false), "ERROR no\n  at pay\n", "what is not shown is not copied");
    shown.choose_all();
    assert_eq!(shown.chosen(), 2);
    assert!(shown.choose_none() && !shown.choose_none() && shown.chosen() == 0);
    shown.choose_next(true);
    assert_eq!(shown.chosen_text(false), "  at pay\n", "a key begins at the last one");
}

#[test]
fn while_nobody_follows_only_as_much_is_taken_as_leaves_what_was_on_screen() {
    let mut shown = shown(&LINES);
    let many = |count: usize| (0..count).map(|_| Effect::Line(0, Stamp::default(), "x".into())).collect::<Vec<_>>();
    shown.take(many(CAPACITY));
    assert!(shown.has_room(), "a tail is followed however fast it is");
    shown.pause();
    shown.take(many(CAPACITY / 2 - 1));
    assert!(shown.has_room());
    shown.take(many(1));
    assert!(!shown.has_room());
    shown.resume();
    assert!(shown.has_room());
    shown.hide(true);
    shown.take(vec![Effect::Line(0, Stamp::default(), "x".repeat(crate::logs::buffer::CAPACITY_BYTES / 2))]);
    assert!(!shown.has_room(), "long lines count by their bytes");
    shown.hide(false);
    assert!(shown.has_room());
}

#[test]
fn forgotten_lines_are_one_row_at_the_top_and_positions_follow() {
    let mut shown = shown(&[]);
    shown.take((0..CAPACITY + 5).map(|n| Effect::Line(0, Stamp::default(), format!("line {n}"))).collect());
    assert_eq!(shown.rows(), CAPACITY + 1);
    assert!(matches!(shown.row(0), Some((FORGOTTEN, Row::Gap(None, Gap::Forgotten { count: 5 })))));
    let (id, _) = shown.row(10).unwrap();
    assert_eq!((id, shown.position(id)), (14, 10));
}
