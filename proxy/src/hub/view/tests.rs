use std::collections::HashMap;

use krateyard_shared::attention::Ripens;
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::project;
use krateyard_shared::selector::LabelSelector;
use krateyard_shared::status::Health;
use serde_json::json;

use super::*;
use crate::hub::projected::Kept;
use crate::hub::upstream::Seen;

/// A pod as the test's own list knows it.
#[derive(Debug, Clone, PartialEq)]
struct Pod {
    uid: String,
    namespace: &'static str,
    node: &'static str,
    app: &'static str,
    owner: Option<(&'static str, &'static str, &'static str)>,
}

/// Numbers that come out the same for the same seed (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % below as u64).unwrap()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.next(of.len())]
    }

    fn pod(&mut self) -> Pod {
        Pod {
            uid: format!("uid-{}", self.next(30)),
            namespace: "",
            node: self.one(&["node-a", "node-b", ""]),
            app: self.one(&["api", "web", "jobs"]),
            owner: self.one(&[None, Some(("ReplicaSet", "api-1", "rs-1")), Some(("ReplicaSet", "api-2", "rs-2")), Some(("StatefulSet", "db", "sts-1"))]),
        }
    }
}

fn seen(pod: &Pod) -> Seen {
    let owners: Vec<_> = pod.owner.iter().map(|(kind, name, uid)| json!({"kind": kind, "name": name, "uid": uid, "controller": true})).collect();
    let meta = json!({"uid": pod.uid, "name": pod.uid, "namespace": pod.namespace, "labels": {"app": pod.app}, "ownerReferences": owners});
    let row = project(Kind::Pod, json!({"metadata": meta, "spec": {"nodeName": pod.node}})).unwrap().0;
    let kept = Kept { row: EncodedRow::of(&row).0.into(), health: Health::Ok, ripens: Ripens::Never, seen: None };
    Seen { uid: pod.uid.clone(), namespace: Some(pod.namespace.into()), kept }
}

/// What should be in a part, said without it.
fn belongs(pod: &Pod, scope: &RowScope, part: &Part, through: &HashSet<String>) -> bool {
    let in_scope = !matches!(scope, RowScope::Namespace(namespace) if namespace != pod.namespace);
    in_scope
        && match part {
            Part::Whole => true,
            Part::Node(node) => node == pod.node,
            Part::Workload { kind, name } => pod.owner.is_some_and(|(k, n, uid)| (k == kind && n == name) || through.contains(uid)),
            Part::Labels(selector) => match selector.to_string().as_str() {
                "app=api" => pod.app == "api",
                "app notin (api,web)" => pod.app == "jobs",
                other => unreachable!("{other}"),
            },
            Part::Named(_) | Part::Attention | Part::Summary | Part::Newest => unreachable!("these are counted by a test of their own"),
        }
}

#[test]
fn whatever_happens_a_view_holds_what_an_independent_list_says() {
    for seed in 0..60 {
        let mut random = Random(seed);
        let workload = |kind: &str, name: &str| Part::Workload { kind: kind.into(), name: name.into() };
        let selector = |text: &str| Part::Labels(LabelSelector::parse(text).unwrap());
        let parts = [
            Part::Whole,
            Part::Node("node-a".into()),
            workload("StatefulSet", "db"),
            workload("Deployment", "api"),
            selector("app=api"),
            selector("app notin (api,web)"),
        ];
        let scopes = [RowScope::All, RowScope::Namespace("shop".into())];
        let queue = Arc::new(Queue::new(|| ()));
        let mut table = Table::default();
        let mut list: Vec<Pod> = Vec::new();
        let mut through = HashSet::from(["rs-1".to_owned()]);
        let mut views: Vec<(View, HashSet<String>)> = Vec::new();
        for scope in &scopes {
            for part in &parts {
                views.push((View::new(scope.clone(), part.clone(), through.clone(), &queue), HashSet::new()));
            }
        }
        for step in 0..120 {
            match random.next(10) {
                0 => {
                    through = random.one(&[&["rs-1"][..], &["rs-2"], &["rs-1", "rs-2"], &[]]).iter().map(|uid| (*uid).to_owned()).collect();
                    for (view, copy) in &mut views {
                        for (uid, row) in view.go_through(through.clone(), &table) {
                            let is_new = if row.is_some() { copy.insert(uid.to_string()) } else { copy.remove(&*uid) };
                            assert!(is_new, "seed {seed} step {step}: told of nothing new");
                        }
                    }
                }
                1 | 2 if !list.is_empty() => {
                    let gone = list.swap_remove(random.next(list.len()));
                    tell(&mut views, &table.remove(&gone.uid).unwrap());
                }
                _ => {
                    let mut pod = random.pod();
                    // A uid stays in its namespace; everything else of it may change.
                    pod.namespace = if pod.uid.len().is_multiple_of(2) { "shop" } else { "web" };
                    list.retain(|other| other.uid != pod.uid);
                    if let Some(change) = table.upsert(seen(&pod)) {
                        tell(&mut views, &change);
                    }
                    list.push(pod);
                }
            }
            for (view, copy) in &mut views {
                let expected: HashSet<String> = list.iter().filter(|pod| belongs(pod, &view.scope, &view.part, &through)).map(|pod| pod.uid.clone()).collect();
                assert_eq!(*copy, expected, "seed {seed} step {step} {:?} {:?}", view.scope, view.part);
                let mut tally = Tally::default();
                expected.iter().for_each(|uid| tally.add(checksum::hash(table.row(uid).unwrap())));
                assert_eq!(view.tally(&table), tally, "seed {seed} step {step}");
                assert_eq!(view.rows(&table).len(), expected.len(), "seed {seed} step {step}: a snapshot");
            }
        }
    }
}

fn tell(views: &mut [(View, HashSet<String>)], change: &Change) {
    let decoded = Decoded::of(change);
    for (view, copy) in views {
        match view.take(change, &decoded) {
            Some(Some(_)) => drop(copy.insert(change.uid.to_string())),
            Some(None) => drop(copy.remove(&*change.uid)),
            None => {}
        }
    }
}

/// What one page had at some moment: the number, and rows by uid.
type Had = (u64, HashMap<Uid, Bytes>);

#[test]
fn whoever_comes_back_from_any_moment_has_what_a_snapshot_says() {
    let parts = [
        Part::Whole,
        Part::Node("node-a".into()),
        Part::Workload { kind: "StatefulSet".into(), name: "db".into() },
        Part::Labels(LabelSelector::parse("app=api").unwrap()),
        Part::Workload { kind: "Deployment".into(), name: "api".into() },
    ];
    for seed in 0..60 {
        let mut random = Random(seed);
        let queue = Arc::new(Queue::new(|| ()));
        let mut table = Table::default();
        let view = |scope: &RowScope, part: &Part| View::new(scope.clone(), part.clone(), HashSet::new(), &queue);
        let had = |table: &Table, scope: &RowScope, part: &Part| -> Had {
            let held = table.rows(scope).filter(|(_, entry)| part.holds(&decode(entry.row()).unwrap(), &HashSet::new()));
            (table.seq(), held.map(|(uid, entry)| (uid.clone(), entry.row().clone())).collect())
        };
        let scope = random.one(&[None, Some("shop")]).map_or(RowScope::All, |namespace| RowScope::Namespace(namespace.into()));
        let part = &parts[random.next(parts.len())];
        let mut moments: Vec<Had> = Vec::new();
        for step in 0..150 {
            let mut pod = random.pod();
            pod.namespace = if pod.uid.len().is_multiple_of(2) { "shop" } else { "web" };
            match random.next(4) {
                0 => drop(table.remove(&pod.uid)),
                _ => drop(table.upsert(seen(&pod))),
            }
            if step == 20 {
                table.loaded();
            }
            let now = had(&table, &scope, part);
            if step > 20 && !moments.is_empty() {
                let (from, mut rows) = moments[random.next(moments.len())].clone();
                match view(&scope, part).since(from, &table) {
                    Some(changes) => {
                        for (uid, row) in changes {
                            match row {
                                Some(row) => drop(rows.insert(uid, row)),
                                None => drop(rows.remove(&uid)),
                            }
                        }
                        assert_eq!(rows, now.1, "seed {seed} step {step} from {from} {scope:?} {part:?}");
                    }
                    None => assert!(matches!(part, Part::Workload { kind, .. } if kind == "Deployment"), "seed {seed} step {step}: forgotten"),
                }
            }
            if step >= 20 {
                moments.push(now);
            }
        }
    }
}

#[test]
fn who_comes_back_to_a_namespace_hears_of_no_other() {
    let queue = Arc::new(Queue::new(|| ()));
    let mut table = Table::default();
    table.loaded();
    let pod = |uid: &str, namespace| Pod { uid: uid.into(), namespace, node: "node-a", app: "api", owner: None };
    for (uid, namespace) in [("a", "shop"), ("b", "web"), ("c", "web"), ("d", "shop")] {
        table.upsert(seen(&pod(uid, namespace)));
    }
    table.remove("a");
    table.remove("b");
    let told = |scope| {
        let changes = View::new(scope, Part::Node("node-b".into()), HashSet::new(), &queue).since(0, &table).unwrap();
        let mut uids: Vec<_> = changes.iter().map(|(uid, _)| uid.to_string()).collect();
        uids.sort();
        uids
    };
    assert_eq!(told(RowScope::Namespace("web".into())), ["b", "c"]);
    assert_eq!(told(RowScope::Namespace("payments".into())), [""; 0]);
}

#[test]
fn what_is_more_to_tell_than_all_rows_begins_anew() {
    let queue = Arc::new(Queue::new(|| ()));
    let mut table = Table::default();
    table.loaded();
    let pod = |n: usize| Pod { uid: n.to_string(), namespace: "shop", node: "node-a", app: "api", owner: None };
    for n in 0..=CHEAP {
        table.upsert(seen(&pod(n)));
    }
    let view = |part| View::new(RowScope::All, part, HashSet::new(), &queue);
    assert!(view(Part::Whole).since(0, &table).is_some(), "as many as there are rows");
    assert!(view(Part::Node("node-b".into())).since(0, &table).is_none(), "for no row at all");
}

#[test]
fn a_view_of_counts_or_of_findings_looks_as_an_independent_count_says() {
    for seed in 0..40 {
        let mut random = Random(seed);
        let queue = Arc::new(Queue::new(|| ()));
        let (mut table, mut list) = (Table::default(), HashMap::<String, (Pod, Health, i64, i64)>::new());
        let scope = random.one(&[None, Some("shop")]).map_or(RowScope::All, |namespace| RowScope::Namespace(namespace.into()));
        let mut views =
            [Part::Attention, Part::Summary, Part::Newest].map(|part| (View::new(scope.clone(), part, HashSet::new(), &queue), HashMap::<Uid, Bytes>::new()));
        table.loaded();
        for now in 0..200 {
            table.tick(now);
            let pod = Pod { namespace: random.one(&["shop", "web"]), ..random.pod() };
            // An object stays where it is.
            let pod = Pod { namespace: list.get(&pod.uid).map_or(pod.namespace, |(known, ..)| known.namespace), ..pod };
            let change = if random.next(4) == 0 {
                list.remove(&pod.uid);
                table.remove(&pod.uid)
            } else {
                let health = random.one(&[Health::Ok, Health::Bad, Health::Pending]);
                let ripens = if health == Health::Ok { Ripens::Never } else { Ripens::After { secs: 20, made: 0 } };
                let since = list.get(&pod.uid).filter(|(_, before, ..)| *before == health).map_or(now, |(_, _, since, _)| *since);
                let last = now - i64::try_from(random.next(3)).unwrap();
                let seen = seen(&pod);
                let row = format!("{} {health:?} {}", pod.uid, random.next(3));
                list.insert(pod.uid.clone(), (pod, health, since, last));
                table.upsert(Seen { kept: Kept { row: row.into(), health, ripens, seen: Some(last) }, ..seen })
            };
            for (view, copy) in &mut views {
                let taken = change.as_ref().and_then(|change| Some((change.uid.clone(), view.take(change, &Decoded::of(change))?)));
                for (uid, row) in taken.into_iter().chain(view.look(&table)) {
                    match row {
                        Some(row) => drop(copy.insert(uid, row)),
                        None => drop(copy.remove(&uid)),
                    }
                }
            }
            let own = || list.values().filter(|(pod, ..)| scope.holds(Some(pod.namespace)));
            let due: HashSet<_> = own().filter(|(_, health, since, _)| *health != Health::Ok && now >= since + 20).map(|(pod, ..)| pod.uid.clone()).collect();
            assert_eq!(views[0].1.keys().map(ToString::to_string).collect::<HashSet<_>>(), due, "seed {seed} at {now}");
            let all: HashSet<_> = own().map(|(pod, ..)| pod.uid.clone()).collect();
            assert_eq!(views[2].1.keys().map(ToString::to_string).collect::<HashSet<_>>(), all, "seed {seed} at {now}: fewer than are kept");
            let bad = own().filter(|(_, health, ..)| *health == Health::Bad).count();
            let counted = views[1].1.values().map(|row| match decode(row).unwrap().facts {
                krateyard_shared::rows::Facts::Summary(counts) => counts,
                other => panic!("{other:?}"),
            });
            let counted = counted.reduce(|one, other| one.and(other)).unwrap_or_default();
            assert_eq!((counted.bad as usize, counted.all() as usize), (bad, own().count()), "seed {seed} at {now}");
            for (view, copy) in &mut views {
                let mut tally = Tally::default();
                copy.values().for_each(|row| tally.add(checksum::hash(row)));
                assert_eq!(view.tally(&table), tally, "seed {seed} at {now}");
                assert_eq!(view.since(0, &table), None, "time is not in its numbers");
                assert_eq!(view.rows(&table).len(), copy.len(), "seed {seed} at {now}: a snapshot");
            }
        }
    }
}

#[test]
fn the_newest_events_are_so_many_and_what_is_newer_takes_the_place_of_the_oldest() {
    let queue = Arc::new(Queue::new(|| ()));
    let mut table = Table::default();
    table.loaded();
    let put = |table: &mut Table, n: usize| {
        let pod = Pod { uid: n.to_string(), namespace: if n.is_multiple_of(2) { "shop" } else { "web" }, node: "", app: "api", owner: None };
        let seen = seen(&pod);
        table.upsert(Seen { kept: Kept { seen: Some(i64::try_from(n).unwrap()), ..seen.kept }, ..seen });
    };
    (0..3 * NEWEST).for_each(|n| put(&mut table, n));
    let mut view = View::new(RowScope::All, Part::Newest, HashSet::new(), &queue);
    assert_eq!(view.rows(&table).len(), NEWEST);
    assert_eq!(view.look(&table), []);
    put(&mut table, 3 * NEWEST);
    let changes: Vec<_> = view.look(&table).into_iter().map(|(uid, row)| (uid.to_string(), row.is_some())).collect();
    assert_eq!(changes, [((2 * NEWEST).to_string(), false), ((3 * NEWEST).to_string(), true)]);
    let mut shop = View::new(RowScope::Namespace("shop".into()), Part::Newest, HashSet::new(), &queue);
    assert_eq!(shop.rows(&table).len(), NEWEST, "a namespace has its own newest");
}
