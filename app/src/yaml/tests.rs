use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

#[test]
fn an_object_reads_as_kubectl_writes_it() {
    let object = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "web-0", "labels": {"app": "web", "on": "true"}, "annotations": {}},
        "spec": {"containers": [{"name": "app", "args": ["-v", "2", "yes"], "ports": [{"containerPort": 80}]}], "hostNetwork": false},
        "data": {"run.sh": "#!/bin/sh\nexec app\n", "one": "a: b", "empty": "", "n": null, "half": 0.5},
    });
    let expected = r##"apiVersion: v1
data:
  empty: ""
  half: 0.5
  "n": null
  one: "a: b"
  run.sh: |
    #!/bin/sh
    exec app
kind: Pod
metadata:
  annotations: {}
  labels:
    app: web
    "on": "true"
  name: web-0
spec:
  containers:
  - args:
    - "-v"
    - "2"
    - "yes"
    name: app
    ports:
    - containerPort: 80
  hostNetwork: false
"##;
    assert_eq!(Document::of(&object).text(), expected);
}

#[test]
fn managed_fields_are_folded_until_a_person_unfolds_them() {
    let object = json!({"kind": "ConfigMap", "metadata": {"managedFields": [{"manager": "kubectl"}, {"manager": "kubelet"}], "name": "m"}});
    let document = Document::of(&object);
    let mut folds = Folds::default();
    let seen = |folds: &Folds| document.seen(folds).into_iter().map(|at| document.lines[at].text()).collect::<Vec<_>>();
    assert_eq!(seen(&folds), ["kind: ConfigMap", "metadata:", "  managedFields:", "  name: m"]);
    let head = &document.lines[2];
    assert_eq!((head.summary.as_str(), head.block), ("2 managers", 2));
    folds.toggle(head);
    assert_eq!(seen(&folds).len(), document.lines.len());
    folds.toggle(head);
    folds.reveal(&document, 4);
    assert_eq!(seen(&folds).len(), document.lines.len(), "what is searched for is shown");
}

#[test]
fn a_fold_stays_where_it_is_when_the_object_changes() {
    let version = |replicas: u32| Document::of(&json!({"aaa": vec![1; replicas as usize], "spec": {"template": {"x": 1}, "replicas": replicas}}));
    let (before, after) = (version(1), version(3));
    let head = |document: &Document| document.lines.iter().position(|line| line.text() == "  template:").unwrap();
    let mut folds = Folds::default();
    folds.toggle(&before.lines[head(&before)]);
    assert!(folds.is_folded(&after.lines[head(&after)]));
}

#[test]
fn search_finds_text_in_any_case_across_the_pieces_of_a_line() {
    let document = Document::of(&json!({"spec": {"nodeName": "Node-1"}}));
    assert_eq!(document.find("nodename: node-1"), [1]);
    assert_eq!(document.find("SPEC"), [0]);
    assert_eq!(document.find(""), [0_usize; 0]);
}

/// Anything that JSON can hold, with the texts that YAML readers stumble over among it.
fn value() -> impl Strategy<Value = Value> {
    let hard = prop::sample::select(vec![
        "",
        " ",
        "~",
        "-",
        "- a",
        "a: b",
        "a:",
        ": a",
        "a #b",
        "#",
        "y",
        "No",
        "1",
        "1.0",
        "0x1f",
        "1e3",
        "12:30:45",
        "2026-11-22",
        ".5",
        "null",
        "| a",
        "a\n",
        "a\nb",
        "\na",
        "a\n\n",
        " a\nb",
        "a\n b\n",
        "a \nb",
        "\t",
        "a\tb",
        "\u{7}",
        "\u{85}",
        "é",
        "\"",
        "'",
        "\\",
        "%a",
        "@a",
        "`a",
        "{a}",
        "[a]",
        "*a",
        "&a",
        "!a",
        "=",
        "<<",
        "a\r\nb",
        "\u{feff}",
        "---",
        "...",
        "+1",
        "0o7",
    ]);
    let text = prop_oneof![hard.prop_map(str::to_owned), any::<String>(), "[a-z:# \n-]{0,12}"];
    let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), any::<i64>().prop_map(Value::from), text.clone().prop_map(Value::from)];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(text.clone(), inner, 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect()))
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back_as_the_same_object(object in value()) {
        let text = Document::of(&object).text();
        let back: Value = serde_saphyr::from_str(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(back, object, "{}", text);
    }

    #[test]
    fn folded_or_not_every_line_is_seen_or_hidden_by_one_fold(object in value(), pick in any::<prop::sample::Index>()) {
        let document = Document::of(&object);
        let mut folds = Folds::default();
        let line = pick.get(&document.lines);
        folds.toggle(line);
        let hidden = if folds.is_folded(line) { line.block } else { 0 };
        prop_assert_eq!(document.seen(&folds).len() + hidden, document.lines.len());
    }
}
