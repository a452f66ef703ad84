use super::*;

fn seen(uid: &str, namespace: &str, row: &'static str) -> Seen {
    with(uid, namespace, row, Health::Ok, Ripens::Never)
}

fn with(uid: &str, namespace: &str, row: &'static str, health: Health, ripens: Ripens) -> Seen {
    let kept = Kept { row: Bytes::from_static(row.as_bytes()), health, ripens, seen: None };
    Seen { uid: uid.into(), namespace: Some(namespace.into()), kept }
}

fn count(table: &Table, namespace: &str) -> u64 {
    table.tally(&RowScope::Namespace(namespace.into())).count
}

#[test]
fn the_same_bytes_are_no_change() {
    let mut table = Table::default();
    assert!(table.upsert(seen("1", "web", "a")).is_some());
    assert!(table.upsert(seen("1", "web", "a")).is_none());
    assert_eq!(table.upsert(seen("1", "web", "b")).unwrap().row, Some("b".into()));
}

#[test]
fn a_list_sweeps_what_it_does_not_name_and_changes_nothing_else() {
    let mut table = Table::default();
    for (uid, namespace) in [("1", "web"), ("2", "web"), ("3", "shop")] {
        table.upsert(seen(uid, namespace, "a"));
    }
    table.mark();
    assert!(table.upsert(seen("1", "web", "a")).is_none());
    assert!(table.upsert(seen("3", "shop", "b")).is_some());
    assert_eq!(table.unnamed(), [std::sync::Arc::<str>::from("2")]);
    table.remove("2");
    assert!(table.unnamed().is_empty());
    assert_eq!((table.tally(&RowScope::All).count, count(&table, "web")), (2, 1));
    assert_eq!(table.rows(&RowScope::Namespace("shop".into())).map(|(_, entry)| entry.row()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn counts_follow_what_comes_and_goes() {
    let mut table = Table::default();
    table.upsert(seen("1", "web", "a"));
    table.upsert(seen("2", "web", "a"));
    table.upsert(seen("2", "web", "b"));
    assert!(table.remove("1").is_some() && table.remove("1").is_none());
    assert_eq!(count(&table, "web"), 1);
    table.remove("2");
    assert_eq!(count(&table, "web"), 0);
}

#[test]
fn what_rows_take_is_counted_and_given_back() {
    let all = Arc::new(AtomicUsize::default());
    let held = || all.load(Ordering::Relaxed);
    let (mut one, mut other) = (Table::counted(all.clone()), Table::counted(all.clone()));
    one.upsert(seen("1", "web", "a"));
    other.upsert(seen("1", "web", "a"));
    one.upsert(seen("1", "web", "abcd"));
    assert_eq!(held(), 5 + 2 * BESIDES);
    one.remove("1");
    assert_eq!(held(), 1 + BESIDES);
    drop(other);
    assert_eq!(held(), 0);
}

#[test]
fn what_went_is_remembered_so_far_back_and_no_further() {
    let mut table = Table::default();
    table.loaded();
    for n in 0..MAX_GONE + 1 {
        table.upsert(seen(&n.to_string(), "web", "a"));
        table.remove(&n.to_string());
    }
    let gone = |seq: u64, namespace: &str| table.gone_since(seq, &RowScope::Namespace(namespace.into())).map(Iterator::count);
    assert_eq!(gone(1, "web"), None, "the first deletion was the second difference");
    assert_eq!(gone(2, "web"), Some(MAX_GONE));
    assert_eq!(gone(2, "shop"), Some(0), "nobody is told of what went elsewhere");
    assert_eq!(gone(table.seq(), "web"), Some(0));
}

#[test]
fn an_object_is_due_when_its_health_has_lasted_and_another_health_begins_anew() {
    let mut table = Table::default();
    let finds = |table: &mut Table, now: Seconds| {
        table.tick(now);
        table.findings().count()
    };
    table.tick(100);
    let partly = |row| with("1", "web", row, Health::Warn, Ripens::After { secs: 60, made: 0 });
    assert!(!table.upsert(partly("a")).unwrap().is_finding);
    table.tick(150);
    assert!(!table.upsert(partly("b")).unwrap().is_finding, "the same health in another row goes on");
    assert_eq!([finds(&mut table, 159), finds(&mut table, 160)], [0, 1]);
    table.upsert(with("1", "web", "c", Health::Pending, Ripens::After { secs: 60, made: 0 }));
    assert_eq!([finds(&mut table, 219), finds(&mut table, 220)], [0, 1]);
    table.upsert(seen("1", "web", "d"));
    assert_eq!(finds(&mut table, 9999), 0);
    assert!(table.upsert(partly("e")).is_some());
    assert_eq!([finds(&mut table, 9999 + 59), finds(&mut table, 9999 + 60)], [0, 1], "after it was well the time begins anew");
    assert!(table.upsert(with("2", "web", "a", Health::Pending, Ripens::At(5))).unwrap().is_finding);
    assert!(!table.remove("2").unwrap().is_finding);
}

#[test]
fn what_is_seen_the_first_time_is_as_old_as_it_says() {
    let mut table = Table::default();
    table.tick(1000);
    let of = |uid, made| with(uid, "web", "a", Health::Bad, Ripens::After { secs: 60, made });
    assert!(table.upsert(of("old", 940)).unwrap().is_finding && !table.upsert(of("young", 941)).unwrap().is_finding);
    assert!(!table.upsert(of("silent", 0)).unwrap().is_finding, "what does not say is as old as the look at it");
}

#[test]
fn healths_are_counted_in_each_namespace_and_in_all() {
    let mut table = Table::default();
    table.upsert(seen("1", "web", "a"));
    table.upsert(with("2", "web", "a", Health::Bad, Ripens::After { secs: 0, made: 0 }));
    table.upsert(with("3", "shop", "a", Health::Bad, Ripens::After { secs: 0, made: 0 }));
    table.upsert(seen("3", "shop", "b"));
    table.upsert(seen("4", "gone", "a"));
    table.remove("4");
    let mut summaries: Vec<_> = table.summaries().map(|(namespace, healths)| (namespace.unwrap(), healths.bad, healths.ok)).collect();
    summaries.sort_unstable();
    assert_eq!(summaries, [("shop", 0, 1), ("web", 1, 1)]);
    let mut nodes = Table::default();
    nodes.upsert(Seen { namespace: None, ..with("1", "", "a", Health::Warn, Ripens::Never) });
    let all: Vec<_> = nodes.summaries().collect();
    assert_eq!(all, [(None, SummaryFacts { warn: 1, ..SummaryFacts::default() })]);
}

#[test]
fn what_runs_after_a_crash_is_a_finding_for_a_while() {
    let mut table = Table::default();
    table.tick(100);
    table.upsert(with("1", "web", "crashes", Health::Bad, Ripens::After { secs: 0, made: 0 }));
    assert!(table.upsert(with("1", "web", "runs", Health::Ok, Ripens::Until(160))).unwrap().is_finding);
    table.tick(160);
    assert_eq!(table.findings().count(), 0);
    table.upsert(with("1", "web", "runs on", Health::Ok, Ripens::Until(170)));
    assert_eq!(table.findings().count(), 1);
    table.upsert(with("1", "web", "never crashed", Health::Ok, Ripens::Never));
    assert_eq!(table.findings().count(), 0);
}
