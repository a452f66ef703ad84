//! What happens in a scenario, and when: all of it decided by the seed.

use kubesim::{Class, Effect, Fault, RestartKind};

use super::dice::Dice;

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// So many changes of the cluster at once.
    Change(u64),
    /// The namespace is deleted with all that is in it, and made again.
    DeleteNamespace,
    MakeNamespace,
    /// The definition of a custom kind is taken away, and comes again.
    RemoveDefinition,
    RestoreDefinition,
    /// The editor loses a namespace, and gets it back.
    Revoke,
    Grant,
    /// The neighbour is one of the proxy's clusters, or none of them any more.
    Neighbour(bool),
    /// Its entry changes.
    NeighbourAnew,
    /// Connections of people to the proxy.
    Front(Break),
    /// Connections of the proxy to the API server.
    Upstream(Break),
    StopProxy {
        in_order: bool,
    },
    StartProxy,
    StopApi,
    StartApi,
    RestartApi(RestartKind),
    /// The API server forgets its history.
    Compact,
    Set(Fault),
    ClearFaults,
    /// Streams of the API server are connected and silent.
    Freeze(bool),
    /// A laptop is closed and opened.
    Sleep {
        person: usize,
    },
    Wake {
        person: usize,
    },
    /// Somebody closes a table, and opens it again.
    Close {
        sight: usize,
    },
    Open {
        sight: usize,
    },
    /// Somebody asks for a list past every cache.
    Refresh {
        sight: usize,
    },
}

/// What happens to connections.
#[derive(Debug, Clone, Copy)]
pub(super) enum Break {
    /// Closed.
    Cut,
    /// Forgotten: neither side hears of it.
    Lose,
    /// Held back, and let through later.
    Hold,
    /// Answers are held back.
    Slow,
    /// As it was.
    Mend,
}

/// In the order of time, in milliseconds.
pub(super) struct Script(pub(super) Vec<(u64, Act)>);

impl Script {
    /// For so many people with so many tables.
    pub(super) fn of(dice: &mut Dice, people: u64, sights: u64) -> Script {
        let mut acts = Vec::new();
        let mut now = 0;
        for _ in 0..dice.between(4, 12) {
            now += if dice.one_in(2) { dice.below(200) } else { dice.below(3000) };
            step(dice, now, people, sights, &mut acts);
            if dice.one_in(2) {
                acts.push((now + dice.below(2000), Act::Change(dice.between(1, 8))));
            }
        }
        acts.sort_by_key(|(at, _)| *at);
        Script(acts)
    }
}

/// One fault or change, with what ends it.
fn step(dice: &mut Dice, now: u64, people: u64, sights: u64, acts: &mut Vec<(u64, Act)>) {
    let mut pair = |begin: Act, end: Act, lasts: u64| acts.extend([(now, begin), (now + lasts, end)]);
    let lasts = if dice.one_in(3) { dice.between(2000, 25_000) } else { dice.below(2000) };
    match dice.below(36) {
        0..=5 => acts.push((now, Act::Change(dice.between(1, 5)))),
        6 => acts.push((now, Act::Change(dice.between(100, 300)))),
        7 => acts.push((now, Act::Front(Break::Cut))),
        8 => acts.push((now, Act::Upstream(Break::Cut))),
        9 => pair(Act::Front(Break::Hold), Act::Front(Break::Mend), lasts),
        10 => pair(Act::Upstream(Break::Hold), Act::Upstream(Break::Mend), lasts),
        11 => pair(Act::Front(Break::Slow), Act::Front(Break::Mend), lasts),
        12 => acts.push((now, if dice.one_in(2) { Act::Front(Break::Lose) } else { Act::Upstream(Break::Lose) })),
        13 | 14 => pair(Act::StopProxy { in_order: dice.one_in(2) }, Act::StartProxy, lasts.min(12_000)),
        15 => acts.push((now, Act::RestartApi(dice.pick(&[RestartKind::KeepHistory, RestartKind::LoseHistory])))),
        16 => {
            pair(Act::StopApi, Act::StartApi, lasts.min(12_000));
            if dice.one_in(2) {
                acts.push((now, Act::Compact));
            }
        }
        17 => acts.push((now, Act::Compact)),
        18 => acts.extend([(now, Act::Compact), (now, Act::Upstream(Break::Cut))]),
        19..=22 => pair(Act::Set(fault(dice)), Act::ClearFaults, lasts),
        23 => {
            // A fault shows only when something is asked for.
            pair(Act::Set(fault(dice)), Act::ClearFaults, lasts);
            acts.push((now, Act::Upstream(Break::Cut)));
        }
        24 => pair(Act::DeleteNamespace, Act::MakeNamespace, lasts),
        25 => pair(Act::RemoveDefinition, Act::RestoreDefinition, lasts),
        26 => pair(Act::Revoke, Act::Grant, lasts),
        27 => {
            let person = usize::try_from(dice.below(people)).expect("few");
            let nap = if dice.one_in(4) { dice.between(60_000, 600_000) } else { dice.between(1000, 60_000) };
            pair(Act::Sleep { person }, Act::Wake { person }, nap);
            if dice.one_in(2) {
                acts.push((now, Act::Front(Break::Lose)));
            }
        }
        28 | 29 => {
            let sight = usize::try_from(dice.below(sights)).expect("few");
            pair(Act::Close { sight }, Act::Open { sight }, lasts);
        }
        30 => pair(Act::Freeze(true), Act::Freeze(false), lasts),
        32 => pair(Act::Neighbour(false), Act::Neighbour(true), lasts),
        // In a hurry.
        33 | 34 => {
            for turn in 0..dice.between(2, 8) {
                acts.push((now + turn * dice.below(60), Act::Neighbour(turn % 2 == 1)));
            }
            acts.push((now + 500, Act::Neighbour(dice.one_in(2))));
        }
        35 => acts.push((now, Act::NeighbourAnew)),
        _ => acts.push((now, Act::Refresh { sight: usize::try_from(dice.below(sights)).expect("few") })),
    }
}

/// What an API server may do at the beginning of a list or a watch, or in the midst of it.
fn fault(dice: &mut Dice) -> Fault {
    let class = dice.pick(&[Class::List, Class::Watch, Class::Watch]);
    let effects = [
        Effect::Gone,
        Effect::Gone,
        Effect::GoneHttp,
        Effect::GoneHttp,
        Effect::Again(dice.between(1, 60)),
        Effect::Again(dice.between(1, 60)),
        Effect::Swap,
        Effect::Close,
        Effect::Delay(dice.between(10, 8000)),
        Effect::HalfBody(usize::try_from(dice.below(20_000)).expect("small")),
        Effect::Stall(usize::try_from(dice.below(20_000)).expect("small")),
        Effect::TooManyRequests(1),
        Effect::InternalError,
        Effect::Unavailable,
    ];
    let at = usize::try_from(dice.below(effects.len() as u64)).expect("an index");
    Fault::on(class, effects[at].clone()).times(u32::try_from(dice.between(1, 12)).expect("small"))
}
