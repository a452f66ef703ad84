//! Whatever happens in whatever order: at rest, every table equals the cluster.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::fake_proxy::{Rig, row};
use super::*;

#[derive(Debug, Clone)]
enum Op {
    Put {
        pod: u8,
        version: i64,
    },
    Remove(u8),
    /// A change that only a resync can tell.
    Forget(u8),
    /// A row that is other than what was told.
    Corrupt(u8),
    Deliver(usize),
    Pass(u64),
    Reset,
    Lose,
    Drop,
    Open,
    End,
    Lease(u8),
    Release(u8),
    Refresh(u8),
    Rights(u8),
    Beat,
    Freshness(bool),
    /// The page goes out of sight, or comes back.
    Seen(bool),
    /// Another cluster is shown.
    Switch(u8),
}

/// What a proxy and a network may do.
fn sound() -> impl Strategy<Value = Op> {
    let put = || (0..8_u8, 0..3_i64).prop_map(|(pod, version)| Op::Put { pod, version });
    prop_oneof![
        put(),
        put(),
        (0..8_u8).prop_map(Op::Remove),
        (0..6_usize).prop_map(Op::Deliver),
        (0..6_usize).prop_map(Op::Deliver),
        (0..3000_u64).prop_map(Op::Pass),
        Just(Op::Reset),
        Just(Op::Drop),
        Just(Op::Open),
        Just(Op::End),
        (0..5_u8).prop_map(Op::Lease),
        (0..8_u8).prop_map(Op::Release),
        (0..8_u8).prop_map(Op::Refresh),
        (0..2_u8).prop_map(Op::Rights),
        Just(Op::Beat),
        any::<bool>().prop_map(Op::Freshness),
        any::<bool>().prop_map(Op::Seen),
        any::<bool>().prop_map(Op::Seen),
        (0..3_u8).prop_map(Op::Switch),
    ]
}

/// And what they may not.
fn op() -> impl Strategy<Value = Op> {
    prop_oneof![14 => sound(), 1 => (0..8_u8).prop_map(Op::Forget), 1 => (0..8_u8).prop_map(Op::Corrupt), 1 => Just(Op::Lose)]
}

const NAMESPACES: [&str; 2] = ["payments", "web"];

fn scope(number: u8) -> Scope {
    match number {
        0 => Scope::All,
        1 | 2 => ns(NAMESPACES[usize::from(number - 1)]),
        3 => Scope::Labels { namespace: None, selector: "version=1".into() },
        _ => Scope::Labels { namespace: Some("web".into()), selector: "version in (0,2)".into() },
    }
}

/// Both may read all pods there are, so both must see the same in the end.
fn rights(number: u8) -> Access {
    if number == 0 { everything() } else { only(&NAMESPACES) }
}

fn step(rig: &mut Rig, leases: &mut Vec<(LeaseId, Scope)>, op: Op) {
    let pick = |leases: &Vec<(LeaseId, Scope)>, at: u8| if leases.is_empty() { None } else { Some(usize::from(at) % leases.len()) };
    match op {
        // A pod's name is its identity here: it stays in one namespace.
        Op::Put { pod, version } => rig.proxy.put(row(&format!("p{pod}"), NAMESPACES[usize::from(pod) % 2], version)),
        Op::Remove(pod) => rig.proxy.remove(&format!("p{pod}")),
        Op::Corrupt(pod) => rig.proxy.corrupt(&format!("p{pod}")),
        Op::Forget(pod) => rig.proxy.forget(&format!("p{pod}")),
        Op::Deliver(count) => rig.deliver(count),
        Op::Pass(ms) => drop(rig.pass(ms)),
        Op::Reset => rig.proxy.reset("reset"),
        Op::Lose => rig.proxy.lose_next(),
        Op::Drop => rig.drop_socket(),
        Op::Open => rig.open_socket(),
        Op::End => {
            if let Some(id) = rig.proxy.ids().first().copied() {
                rig.proxy.end(id);
                rig.say(ServerMessage::Complete { id, reason: "ended".into() });
            }
        }
        Op::Lease(number) => leases.push((rig.lease(Kind::Pod, scope(number)), scope(number))),
        Op::Release(at) => {
            if let Some(at) = pick(leases, at) {
                let (lease, _) = leases.remove(at);
                rig.release(lease);
            }
        }
        Op::Refresh(at) => {
            if let Some(at) = pick(leases, at) {
                rig.refresh(leases[at].0);
            }
        }
        Op::Rights(number) => rig.give(rights(number)),
        Op::Seen(seen) => drop(rig.handle(Input::Seen(seen))),
        // As the page does: a runtime of its own, and the same leases. Which pods there are is another cluster's.
        Op::Switch(number) => {
            let now_ms = rig.now_ms;
            *rig = Rig::of(&format!("c{number}"), everything(), &[(&format!("p{number}"), NAMESPACES[usize::from(number) % 2])]);
            rig.now_ms += now_ms;
            for (lease, scope) in leases {
                *lease = rig.lease(Kind::Pod, scope.clone());
            }
        }
        Op::Beat => {
            let positions = rig.proxy.beats();
            rig.say(ServerMessage::Heartbeat { positions });
        }
        Op::Freshness(live) => {
            let state = if live { Freshness::Live } else { Freshness::Stale { since: 1, cause: "upstream".into() } };
            for id in rig.proxy.ids() {
                rig.say(ServerMessage::Freshness { id, state: state.clone() });
            }
        }
    }
}

/// A new connection confirms everything; then waits pass until nothing is under way.
fn settle(rig: &mut Rig) {
    rig.handle(Input::Seen(true));
    rig.drop_socket();
    for _ in 0..4 {
        rig.open_socket();
        rig.deliver_all();
        rig.pass(40_000 - 1);
        rig.deliver_all();
        let positions = rig.proxy.beats();
        rig.say(ServerMessage::Heartbeat { positions });
        rig.deliver_all();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]
    // A failing case prints its seed and its smallest form.
    #[test]
    fn at_rest_every_table_equals_the_cluster(ops in prop::collection::vec(op(), 0..60)) {
        let mut rig = Rig::with(everything(), &[("p0", "payments"), ("p1", "web")]);
        let mut leases = vec![(rig.lease(Kind::Pod, Scope::All), Scope::All)];
        for op in ops {
            step(&mut rig, &mut leases, op);
            for (lease, scope) in &leases {
                let table = rig.table(*lease);
                let uids: BTreeSet<_> = table.rows.iter().map(|row| &row.uid).collect();
                prop_assert_eq!(uids.len(), table.rows.len(), "a row twice");
                prop_assert!(scope.namespace().is_none() || table.rows.iter().all(|row| row.namespace.as_deref() == scope.namespace()), "a foreign row");
            }
        }
        settle(&mut rig);
        for (lease, scope) in &leases {
            let table = rig.table(*lease);
            let mut shown: Vec<_> = table.rows.iter().map(|row| (**row).clone()).collect();
            shown.sort_by(|a, b| a.name.cmp(&b.name));
            let there: Vec<_> = rig.proxy.pods().filter(|row| scope.rule().is_some_and(|rule| rule.holds(row))).cloned().collect();
            prop_assert_eq!(&table.state, &StreamState::Live);
            prop_assert!(table.complete);
            prop_assert_eq!(shown, there);
        }
    }

    #[test]
    fn as_long_as_everybody_keeps_to_the_protocol_no_checksum_differs(ops in prop::collection::vec(sound(), 0..60)) {
        let mut rig = Rig::with(everything(), &[("p0", "payments"), ("p1", "web")]);
        let mut leases = vec![(rig.lease(Kind::Pod, Scope::All), Scope::All)];
        for op in ops {
            step(&mut rig, &mut leases, op);
        }
        settle(&mut rig);
        prop_assert_eq!(rig.runtime.resyncs(), 0);
    }
}
