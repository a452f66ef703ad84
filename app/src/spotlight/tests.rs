use krateyard_shared::rows::{ContainerFacts, ContainerRole, ContainerRunState, DeploymentFacts, Facts, NamespaceFacts, PodFacts};

use super::*;

fn row(kind: Kind, name: &str, namespace: Option<&str>, facts: Facts) -> Arc<Row> {
    Arc::new(Row {
        kind,
        uid: format!("{kind:?}/{namespace:?}/{name}"),
        namespace: namespace.map(Into::into),
        name: name.into(),
        created: 0,
        deleting: None,
        labels: vec![],
        owner: None,
        facts,
    })
}

fn pod(name: &str, namespace: &str, is_well: bool) -> Arc<Row> {
    let state = if is_well { ContainerRunState::Running(0) } else { ContainerRunState::Waiting { reason: "CrashLoopBackOff".into(), message: String::new() } };
    let container = ContainerFacts { name: "main".into(), role: ContainerRole::Main, ready: is_well, restarts: 0, state, last: None, started: is_well };
    let facts = PodFacts {
        phase: "Running".into(),
        reason: String::new(),
        node: "n".into(),
        ip: String::new(),
        containers: vec![container],
        unscheduled: String::new(),
        ready: is_well,
        initialized: true,
        cpu_request_milli: 0,
        memory_limit_bytes: 0,
        uses: vec![],
        ephemeral: vec![],
    };
    row(Kind::Pod, name, Some(namespace), Facts::Pod(facts))
}

fn deployment(name: &str, namespace: &str, ready: u32) -> Arc<Row> {
    let facts = DeploymentFacts { desired: 1, ready, updated: 1, available: ready, current: 1, paused: false, stuck: None, selector: vec![] };
    row(Kind::Deployment, name, Some(namespace), Facts::Deployment(facts))
}

fn namespace(name: &str) -> Arc<Row> {
    row(Kind::Namespace, name, None, Facts::Namespace(NamespaceFacts { phase: "Active".into() }))
}

fn rows() -> Vec<Arc<Row>> {
    vec![
        namespace("payments"),
        namespace("web"),
        deployment("payments-api", "payments", 1),
        pod("payments-api-7d9f8c-x2k8q", "payments", true),
        pod("payments-api-7d9f8c-m9t4w", "payments", false),
        pod("storefront-5c7d-v8zpl", "web", true),
        pod("papillon-1", "web", true),
    ]
}

const COMMANDS: &[Command] = &[Command { key: "fit", name: "Fit everything" }, Command { key: "light", name: "Light theme" }];

fn spotlight() -> Spotlight {
    let mut spotlight = Spotlight::new(ClusterName("c".into()), COMMANDS);
    spotlight.set_objects(&rows(), ["shop"]);
    spotlight
}

fn query(text: &str, pills: &[Pill]) -> Query {
    Query { text: text.into(), pills: pills.to_vec(), cycled: None }
}

/// Names of a group's hits.
fn names(hits: &Hits, title: &str) -> Vec<String> {
    hits.groups.iter().find(|group| group.title == title).map(|group| group.hits.iter().map(|hit| hit.name.to_string()).collect()).unwrap_or_default()
}

#[test]
fn the_better_match_comes_first_and_of_equal_ones_what_is_degraded() {
    let hits = spotlight().search(&query("payments-api", &[]));
    assert_eq!(names(&hits, "Objects"), ["payments-api", "payments-api-7d9f8c-m9t4w", "payments-api-7d9f8c-x2k8q"]);
}

#[test]
fn a_heavier_kind_comes_before_a_lighter_one_of_the_same_match_and_health() {
    let mut spotlight = Spotlight::new(ClusterName("c".into()), &[]);
    spotlight.set_objects(&[pod("api-1", "web", true), deployment("api-2", "web", 1)], []);
    assert_eq!(names(&spotlight.search(&query("api", &[])), "Objects"), ["api-2", "api-1"]);
}

#[test]
fn the_pod_that_fails_comes_before_the_deployment_that_fails_with_it() {
    let mut spotlight = Spotlight::new(ClusterName("c".into()), &[]);
    spotlight.set_objects(&[deployment("payments-api", "payments", 0), pod("payments-api-7d9f8c-m9t4w", "payments", false)], []);
    assert_eq!(names(&spotlight.search(&query("payapi", &[])), "Objects"), ["payments-api-7d9f8c-m9t4w", "payments-api"]);
}

#[test]
fn what_was_opened_lately_comes_before_its_equals() {
    let mut spotlight = Spotlight::new(ClusterName("c".into()), &[]);
    spotlight.set_objects(&[pod("api-1", "web", true), pod("api-2", "web", true), pod("api-3", "web", true)], []);
    let hits = spotlight.search(&query("api", &[]));
    for at in [1, 2] {
        let Found::Object(object) = &hits.groups[0].hits[at].what else { panic!() };
        spotlight.opened(object);
    }
    assert_eq!(names(&spotlight.search(&query("api", &[])), "Objects"), ["api-3", "api-2", "api-1"]);
}

#[test]
fn matched_letters_are_told() {
    let hits = spotlight().search(&query("x2k", &[]));
    assert_eq!((hits.groups[0].hits[0].name.as_ref(), &hits.groups[0].hits[0].matched[..]), ("payments-api-7d9f8c-x2k8q", &[20, 21, 22][..]));
}

#[test]
fn words_may_name_the_namespace_too() {
    let hits = spotlight().search(&query("web papillon", &[]));
    assert_eq!(names(&hits, "Objects"), ["papillon-1"]);
}

#[test]
fn pills_and_their_words_filter() {
    let cases = [
        (query("", &[Pill::Kind(Kind::Deployment)]), vec!["payments-api"]),
        (query("", &[Pill::Kind(Kind::Pod), Pill::Namespace("web".into())]), vec!["papillon-1", "storefront-5c7d-v8zpl"]),
        (query("ns:web", &[]), vec!["papillon-1", "storefront-5c7d-v8zpl"]),
        (query("", &[Pill::Kind(Kind::Namespace)]), vec!["web", "payments"]),
    ];
    for (query, expected) in cases {
        assert_eq!(names(&spotlight().search(&query), "Objects"), expected, "{query:?}");
    }
    for query in [query("status:bad", &[]), query("", &[Pill::Status(StatusWord::Bad)])] {
        assert_eq!(names(&spotlight().search(&query), "Degraded"), ["payments-api-7d9f8c-m9t4w"]);
    }
}

#[test]
fn kinds_are_found_by_every_alias_and_namespaces_by_name_even_those_one_may_not_list() {
    for entry in krateyard_shared::kinds::KINDS.iter().filter(|entry| !entry.is_overlay()) {
        for word in entry.aliases.iter().chain([&entry.plural]) {
            let hits = spotlight().search(&query(word, &[]));
            assert_eq!(names(&hits, "Kinds and namespaces").first().map(String::as_str), Some(entry.title), "{word}");
            assert_eq!(hits.groups[0].title, "Kinds and namespaces", "{word}");
        }
    }
    let hits = spotlight().search(&query("shop", &[]));
    assert_eq!(hits.groups[0].hits[0].what, Found::Collection(Collection::everything(Some("shop".into()))));
}

#[test]
fn a_kind_within_a_namespace_opens_the_list_of_that_namespace() {
    let hits = spotlight().search(&query("pods", &[Pill::Namespace("payments".into())]));
    let kinds = hits.groups.iter().find(|group| group.title == "Kinds and namespaces").unwrap();
    assert_eq!(kinds.hits[0].what, Found::Collection(Collection::of_kind(Kind::Pod, Some("payments".into()))));
}

#[test]
fn a_kind_within_a_namespace_that_is_not_known_yet_does_not_offer_the_list_of_all_namespaces() {
    assert_eq!(names(&spotlight().search(&query("ns:elsewhere pods", &[])), "Kinds and namespaces"), Vec::<String>::new());
    assert_eq!(names(&spotlight().search(&query("ns:pay pods", &[])), "Kinds and namespaces").first().map(String::as_str), Some("Pods"));
}

#[test]
fn commands_and_krates_are_found() {
    let mut spotlight = spotlight();
    let krate = crate::yard::Krate {
        id: "k1".into(),
        room: krateyard_shared::sync::room::Room::Private,
        writable: true,
        subject: crate::yard::Subject::Collection(Collection::of_kind(Kind::Pod, Some("web".into()))),
        at: crate::yard::Point::default(),
        minimised: false,
        windows: vec![],
    };
    spotlight.set_yard(&YardState { krates: vec![Arc::new(krate)], ..YardState::default() });
    assert_eq!(names(&spotlight.search(&query("fit", &[])), "Commands"), ["Fit everything"]);
    assert_eq!(names(&spotlight.search(&query("pods", &[])), "On this Yard"), ["Pods"]);
}

#[test]
fn letter_by_letter_gives_what_the_whole_word_gives() {
    for text in ["payments-api-7d", "web pap", "p", "zzz", "pay ns:payments"] {
        let mut typing = spotlight();
        for end in 1..=text.len() {
            assert_eq!(typing.search(&query(&text[..end], &[])), spotlight().search(&query(&text[..end], &[])), "{}", &text[..end]);
        }
        for end in (0..text.len()).rev() {
            assert_eq!(typing.search(&query(&text[..end], &[])), spotlight().search(&query(&text[..end], &[])), "{}", &text[..end]);
        }
    }
}

#[test]
fn rows_that_come_and_go_are_found_and_not_found_between_two_letters() {
    let mut spotlight = spotlight();
    spotlight.search(&query("pa", &[]));
    let mut all = rows();
    all.swap_remove(3);
    all.insert(1, pod("pay-new", "web", true));
    all[2] = pod("payroll", "web", false);
    spotlight.set_objects(&all, []);
    let mut fresh = Spotlight::new(ClusterName("c".into()), COMMANDS);
    fresh.set_objects(&all, []);
    assert_eq!(spotlight.search(&query("pay", &[])), fresh.search(&query("pay", &[])));
    assert!(names(&spotlight.search(&query("pay-new", &[])), "Objects").contains(&"pay-new".to_string()));
}

#[test]
fn totals_count_what_is_not_shown() {
    let mut spotlight = Spotlight::new(ClusterName("c".into()), &[]);
    let pods: Vec<_> = (0..200).map(|n| pod(&format!("api-{n}"), "web", true)).collect();
    spotlight.set_objects(&pods, []);
    let hits = spotlight.search(&query("api", &[]));
    assert_eq!((hits.groups[0].hits.len(), hits.groups[0].total, spotlight.objects()), (MAX_HITS, 200, 200));
}

fn reference(row: &Row) -> ObjectRef {
    let entry = row.kind.entry();
    ObjectRef {
        cluster: ClusterName("c".into()),
        group: entry.group.into(),
        version: entry.version.into(),
        kind: entry.name.into(),
        namespace: row.namespace.clone(),
        name: row.name.clone(),
        uid: row.uid.clone(),
    }
}

#[test]
fn before_anything_is_typed_what_was_opened_lately_comes_first_and_only_while_it_is_there() {
    let (mut spotlight, rows) = (spotlight(), rows());
    let titles = |hits: &Hits| hits.groups.iter().map(|group| group.title).collect::<Vec<_>>();
    assert_eq!(titles(&spotlight.search(&query("", &[])))[0], "Objects");
    spotlight.opened(&reference(&rows[2]));
    spotlight.opened(&reference(&rows[6]));
    spotlight.opened(&reference(&pod("gone", "web", true)));
    let remembered = spotlight.take_news().unwrap();
    assert_eq!(spotlight.take_news(), None);
    assert_eq!(names(&spotlight.search(&query("", &[])), "Opened lately"), ["papillon-1", "payments-api"]);

    let mut later = self::spotlight();
    later.recall(remembered);
    assert_eq!(names(&later.search(&query("", &[])), "Opened lately"), ["papillon-1", "payments-api"]);
    later.forget();
    assert_eq!(later.take_news(), Some(vec![]), "also where it is remembered");
    assert!(names(&later.search(&query("", &[])), "Opened lately").is_empty());
}

#[test]
fn a_label_finds_what_carries_it_in_its_own_case_and_an_empty_value_is_any() {
    let labelled = |name: &str, value: &str| {
        let mut row = (*pod(name, "web", true)).clone();
        row.labels = vec![("App".into(), value.into())];
        Arc::new(row)
    };
    let mut spotlight = spotlight();
    spotlight.set_objects(&[labelled("one", "Shop"), labelled("two", "shop"), pod("three", "web", true)], []);
    for (asked, found) in [("App=Shop", vec!["one"]), ("App=", vec!["one", "two"]), ("app=Shop", vec![]), ("t App=shop", vec!["two"])] {
        assert_eq!(names(&spotlight.search(&query(asked, &[])), "Objects"), found, "{asked}");
    }
    let labelled = Pill::Label("App".into(), "Shop".into());
    let hits = spotlight.search(&query("", std::slice::from_ref(&labelled)));
    assert_eq!(names(&hits, "Objects"), ["one"]);
    let lists = names(&hits, "Kinds and namespaces");
    assert!(lists.contains(&"Pods with App=Shop".to_owned()) && lists.len() == 3, "{lists:?}");
    let jobs = spotlight.search(&query("", &[labelled, Pill::Kind(Kind::Job), Pill::Namespace("web".into())]));
    let [job] = &jobs.groups[0].hits[..] else { panic!("{jobs:?}") };
    let Found::Collection(list) = &job.what else { panic!("{job:?}") };
    assert_eq!((list.kind(), list.namespace(), list.title().as_str()), (Some(Kind::Job), Some("web"), "Jobs with App=Shop"));
}

#[test]
fn a_kind_is_listed_by_the_words_of_the_clusters_own_discovery_until_that_says_otherwise() {
    use krateyard_shared::api::KindWords;
    let mut spotlight = spotlight();
    let found = |spotlight: &mut Spotlight| names(&spotlight.search(&query("zzq", &[])), "Kinds and namespaces");
    assert!(found(&mut spotlight).is_empty());
    let words = KindWords { resource: "jobs.batch".into(), aliases: vec!["zzq".into()], categories: vec![] };
    spotlight.set_access(&Arc::new(Access { words: vec![words], ..Access::default() }));
    assert_eq!(found(&mut spotlight), ["Jobs"]);
    spotlight.set_access(&Arc::new(Access::default()));
    assert!(found(&mut spotlight).is_empty());
}
