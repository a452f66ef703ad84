use std::sync::Arc;

use krateyard_shared::checksum::Checksum;
use krateyard_shared::kinds::Kind;
use krateyard_shared::scope::Scope;

use super::*;
use crate::kept::record::SLICE;
use crate::rows::fixtures;

fn target(kind: Kind) -> Target {
    Target { kind, scope: Scope::Namespace("web".into()) }
}

fn shown(kind: Kind, version: u64, as_of_ms: u64) -> Shown {
    Shown { target: target(kind), what: Some((Stamp::Rows { count: 1, checksum: Checksum(version) }, as_of_ms)) }
}

fn rows(count: usize) -> Option<Content> {
    Some(Content::Rows((0..count).map(|at| Arc::new(fixtures::running(&format!("pod-{at}"), "web"))).collect()))
}

/// Ticks until nothing is to be done before the next round; what was written, and how often it took a slice.
fn round(keeper: &mut Keeper, shown: &[Shown], count: usize, now_ms: u64) -> (Vec<Change>, usize) {
    let (mut all, mut ticks) = (Vec::new(), 0);
    for _ in 0..100 {
        let changes = keeper.tick(|_| shown.to_vec(), |_| rows(count), now_ms);
        keeper.wrote(&changes, true, now_ms);
        ticks += 1;
        all.extend(changes);
        if keeper.round.is_empty() && keeper.draft.is_none() {
            break;
        }
    }
    (all, ticks)
}

fn words(changes: &[Change]) -> Vec<String> {
    let word = |change: &Change| match change {
        Change::Put { key, age, .. } => format!("put {key} of {}", age.as_of_ms),
        Change::Confirm { key, as_of_ms } => format!("confirm {key} at {as_of_ms}"),
        Change::Remove { key } => format!("remove {key}"),
    };
    changes.iter().map(word).collect()
}

const PODS: &str = r#"pods {"namespace":"web"}"#;

#[test]
fn what_changed_is_written_every_few_seconds_and_what_did_not_is_confirmed_now_and_then() {
    let mut keeper = Keeper::default();
    assert_eq!(words(&round(&mut keeper, &[shown(Kind::Pod, 1, 10)], 3, 1_000).0), [format!("put {PODS} of 10")]);
    assert_eq!(words(&round(&mut keeper, &[shown(Kind::Pod, 2, 20)], 3, 1_000 + EVERY_MS - 1).0), [""; 0], "not that soon");
    assert_eq!(words(&round(&mut keeper, &[shown(Kind::Pod, 2, 20)], 3, 1_000 + EVERY_MS).0), [format!("put {PODS} of 20")]);
    assert_eq!(words(&round(&mut keeper, &[shown(Kind::Pod, 2, 5_000)], 3, 20_000).0), [""; 0]);
    assert_eq!(words(&round(&mut keeper, &[shown(Kind::Pod, 2, 70_000)], 3, 70_000).0), [format!("confirm {PODS} at 70000")]);
}

#[test]
fn what_was_refused_or_is_gone_is_removed_once() {
    let mut keeper = Keeper::default();
    round(&mut keeper, &[shown(Kind::Pod, 1, 10)], 3, 0);
    let gone = Shown { target: target(Kind::Pod), what: None };
    assert_eq!(words(&round(&mut keeper, std::slice::from_ref(&gone), 3, 10_000).0), [format!("remove {PODS}")]);
    assert_eq!(words(&round(&mut keeper, &[gone], 3, 20_000).0), [""; 0]);
}

#[test]
fn what_lies_there_is_known_until_it_is_removed_also_where_that_fails_at_first() {
    let mut keeper = Keeper::default();
    keeper.found([target(Kind::Pod)]);
    round(&mut keeper, &[shown(Kind::Service, 1, 10)], 3, 0);
    let refuse_all =
        |keeper: &mut Keeper, now_ms| keeper.tick(|lies| lies.iter().map(|target| Shown { target: target.clone(), what: None }).collect(), |_| None, now_ms);
    let both = [r#"remove services {"namespace":"web"}"#.to_owned(), format!("remove {PODS}")];
    let sorted = |changes: &[Change]| {
        let mut words = words(changes);
        words.sort_by_key(|word| !word.contains("services"));
        words
    };
    let changes = refuse_all(&mut keeper, 10_000);
    assert_eq!(sorted(&changes), both);
    keeper.wrote(&changes, false, 10_000);
    let again = refuse_all(&mut keeper, 10_000 + REST_MS);
    assert_eq!(sorted(&again), both);
    keeper.wrote(&again, true, 80_000);
    assert_eq!(refuse_all(&mut keeper, 200_000), []);
}

#[test]
fn what_may_not_be_kept_is_not_written_and_what_became_too_large_is_removed() {
    let mut keeper = Keeper::default();
    assert_eq!(words(&round(&mut keeper, &[shown(Kind::Secret, 1, 10)], 3, 0).0), [""; 0]);
    assert_eq!(words(&round(&mut keeper, &[shown(Kind::Pod, 1, 10)], 20_000, 10_000).0), [format!("remove {PODS}")]);
}

#[test]
fn a_long_list_takes_many_slices_and_no_time_when_the_page_goes() {
    let mut keeper = Keeper::default();
    let (changes, ticks) = round(&mut keeper, &[shown(Kind::Pod, 1, 10)], 3 * SLICE, 0);
    assert_eq!((changes.len(), ticks), (1, 4), "one look, and three slices");
    let all = keeper.hurry(vec![shown(Kind::Pod, 2, 20), shown(Kind::Service, 1, 20), shown(Kind::Secret, 1, 20)], |_| rows(2 * SLICE));
    assert_eq!(words(&all), [format!("put {PODS} of 20"), r#"put services {"namespace":"web"} of 20"#.into()]);
}

#[test]
fn nothing_is_asked_for_while_a_write_is_under_way_and_what_failed_is_tried_again_later() {
    let mut keeper = Keeper::default();
    let shown = [shown(Kind::Pod, 1, 10)];
    let look = |keeper: &mut Keeper, now_ms| keeper.tick(|_| shown.to_vec(), |_| rows(3), now_ms);
    assert_eq!(look(&mut keeper, 0), []);
    let changes = look(&mut keeper, 0);
    assert_eq!(changes.len(), 1);
    assert_eq!(look(&mut keeper, 100_000), [], "a write is under way");
    keeper.wrote(&changes, false, 100_000);
    assert_eq!(look(&mut keeper, 100_000 + REST_MS - 1), []);
    look(&mut keeper, 100_000 + REST_MS);
    assert_eq!(look(&mut keeper, 100_000 + REST_MS), changes);
}
