use proptest::prelude::*;

use super::*;

fn demo() -> ClusterName {
    ClusterName("demo".into())
}

fn file(rooms: &Value) -> String {
    json!({ "format": FORMAT, "version": VERSION, "cluster": "demo", "rooms": rooms }).to_string()
}

fn pod(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Pod", "namespace": "web", "name": name, "uid": "u" })
}

#[test]
fn what_is_no_yard_says_so() {
    for text in ["", "[]", "{}", "null", "{\"format\":\"krateyard-yard\"}", "{\"format\":\"krateyard-yard\",\"version\":1}", &"[".repeat(10_000)] {
        assert_eq!(read(text, &demo()), Err(NoYard::NotAYard), "{}", &text[..text.len().min(40)]);
    }
    assert_eq!(read("{\"format\":\"krateyard-yard\",\"version\":2,\"layers\":[]}", &demo()), Err(NoYard::Newer(2)));
    assert_eq!(read(&" ".repeat(LONGEST_FILE + 1), &demo()), Err(NoYard::TooLarge));
    let many = vec![json!({ "at": [0, 0], "text": "" }); MOST_THINGS + 1];
    assert_eq!(read(&file(&json!({ "web": { "notes": many } })), &demo()), Err(NoYard::TooLarge));
    let windows = vec![json!({ "view": "logs" }); MOST_THINGS + 1];
    let krate = json!({ "object": pod("a"), "at": [0, 0], "windows": windows });
    assert_eq!(read(&file(&json!({ "web": { "krates": [krate] } })), &demo()), Err(NoYard::TooLarge));
    let long = vec![json!({ "at": [0, 0], "text": "ü".repeat(2_000) }); 300];
    assert_eq!(read(&file(&json!({ "web": { "notes": long } })), &demo()), Err(NoYard::TooLarge), "more than one update carries");
}

#[test]
fn what_makes_no_sense_is_left_out_and_counted() {
    let logs = json!([{ "view": "logs" }]);
    let fine = json!({ "id": "a", "object": pod("a"), "at": [1.4, 2], "windows": [{ "view": "logs" }, { "view": "later" }] });
    let of_shop = json!({ "id": "b", "object": { "apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "a" }, "at": [0, 0], "windows": logs });
    let steering = json!({ "object": pod("a\u{202e}b"), "at": [0, 0], "windows": logs });
    let path = json!({ "object": pod("../secrets"), "at": [0, 0], "windows": logs });
    let nowhere = json!({ "object": pod("a"), "at": [1e300, 0], "windows": logs });
    let empty = json!({ "object": pod("a"), "at": [0, 0], "windows": [] });
    let both = json!({ "object": pod("a"), "list": {}, "at": [0, 0], "windows": logs });
    let rooms = json!({
        "web": { "krates": [fine, of_shop, steering, path, nowhere, empty, both, 7], "arrows": [{ "from": "a", "to": "b" }, { "from": "a", "to": "a" }] },
        "No Room": { "krates": [] },
    });
    let read = read(&file(&rooms), &demo()).unwrap();
    assert_eq!((read.parcel.krates.len(), read.parcel.arrows.len(), read.odd), (1, 0, 1 + 7 + 2 + 1));
    assert_eq!((read.parcel.krates[0].at, read.parcel.krates[0].windows.len()), (Point::new(1.0, 2.0), 1));
}

#[test]
fn on_another_cluster_it_means_the_objects_of_the_same_names_there() {
    let rooms = json!({ "web": { "krates": [{ "object": pod("a"), "at": [0, 0], "windows": [{ "view": "shell" }] }] } });
    let uid_on = |cluster: &str| match &read(&file(&rooms), &ClusterName(cluster.into())).unwrap().parcel.krates[0].subject {
        Subject::Object(object) => (object.cluster.0.clone(), object.uid.clone()),
        Subject::Collection(_) => panic!("an object"),
    };
    assert_eq!(uid_on("demo"), ("demo".into(), "u".into()));
    assert_eq!(uid_on("other"), ("other".into(), String::new()));
}

/// JSON that is nearly a file.
fn nearly() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["web", "_cluster", "_private", "logs", "list", "v1", "Pod", "a", "attention"]).prop_map(Value::from),
    ];
    let keys = vec![
        "web",
        "_cluster",
        "krates",
        "notes",
        "arrows",
        "object",
        "list",
        "at",
        "windows",
        "view",
        "size",
        "apiVersion",
        "kind",
        "namespace",
        "name",
        "from",
        "to",
        "id",
        "text",
        "namespaces",
        "labels",
        "only",
        "resource",
        "minimised",
        "workload",
    ];
    leaf.prop_recursive(6, 96, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(keys.clone()), inner), 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_that_anybody_writes_breaks_it(rooms in nearly()) {
        if let Ok(read) = read(&file(&rooms), &demo()) {
            let again = super::read(&write(&read.parcel, &demo(), "now"), &demo()).unwrap();
            prop_assert_eq!((again.parcel, again.odd), (read.parcel, 0));
        }
    }
}

#[test]
fn what_was_left_out_is_named_in_one_sentence() {
    use krateyard_shared::refusal::Refusal;
    let krate = |namespace: &str| json!({ "object": { "apiVersion": "v1", "kind": "Pod", "namespace": namespace, "name": "a" }, "at": [0, 0], "windows": [{ "view": "logs" }] });
    let note = json!({ "at": [0, 0], "text": "why" });
    let rooms = json!({ "web": { "krates": [krate("web"), krate("web"), 1] }, "shop": { "krates": [krate("shop")], "notes": [note] }, "_cluster": { "notes": [note] } });
    let read = read(&file(&rooms), &demo()).unwrap();
    let of = |namespace: &str| Room::Namespace(namespace.into());
    let refusal = Refusal::Forbidden { verb: "list".into(), resource: "pods".into(), namespace: Some("web".into()) };
    let left = BTreeMap::from([(of("shop"), Left::Fixed), (of("web"), Left::Refused(refusal))]);
    let placed = read.parcel.within(|room| !left.contains_key(room));
    assert_eq!(
        read.words(&placed, &left),
        "Put 1 note on the Yard; left out 1 krate, 1 note of namespace shop (you may not change it: update yards.krateyard.dev), 2 krates of namespace web (you may not see \
         it: list pods); 1 thing in the file made no sense"
    );
    assert_eq!(read.words(&read.parcel, &BTreeMap::new()), "Put 3 krates, 2 notes on the Yard; 1 thing in the file made no sense");
}
