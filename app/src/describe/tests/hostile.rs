//! Objects that nobody should write and somebody does: huge, partial, of the wrong types, with every character that a name may have.

use serde_json::{Map, Value, json};

use super::super::{Body, Said, Summary, value_of};
use super::{NOW, described, told};
use krateyard_shared::kinds::{KINDS, KindEntry};

fn object(entry: &KindEntry, rest: &Value) -> Value {
    let api_version = if entry.group.is_empty() { entry.version.to_owned() } else { format!("{}/{}", entry.group, entry.version) };
    let mut object = json!({"apiVersion": api_version, "kind": entry.name, "metadata": {"name": "x", "namespace": "n"}});
    if let (Some(object), Some(rest)) = (object.as_object_mut(), rest.as_object()) {
        object.extend(rest.clone());
    }
    object
}

fn data(summary: &Summary) -> &super::super::Data {
    summary.sections.iter().find_map(|section| if let Body::Data(data) = &section.body { Some(data) } else { None }).unwrap()
}

#[test]
fn an_object_with_nothing_or_with_the_wrong_types_is_described_all_the_same() {
    let wrong = [json!({}), json!(null), json!([]), json!("text"), json!(7), json!([null, 1, "a", {}, []]), json!({"a": {"b": [1]}})];
    for entry in KINDS {
        for value in &wrong {
            let fields = ["spec", "status", "data", "rules", "subjects", "roleRef", "type", "involvedObject", "binaryData", "secrets"];
            let rest: Map<String, Value> = fields.iter().map(|field| ((*field).to_owned(), value.clone())).collect();
            let _ = told(&described(&object(entry, &Value::Object(rest)), NOW));
            // One level deeper, where lists of objects are expected.
            let deep = [
                "containers",
                "volumes",
                "template",
                "conditions",
                "ports",
                "rules",
                "tls",
                "limits",
                "hard",
                "versions",
                "metrics",
                "taints",
                "addresses",
                "volumeClaimTemplates",
                "selector",
                "active",
                "clusterIPs",
                "names",
                "strategy",
            ];
            let deep: Map<String, Value> = deep.iter().map(|field| ((*field).to_owned(), value.clone())).collect();
            let _ = told(&described(&object(entry, &json!({"spec": deep, "status": deep})), NOW));
        }
    }
}

#[test]
fn of_a_config_map_of_5_mb_only_the_first_lines_are_shown_and_all_of_it_is_copied() {
    let large = "a line of text\n".repeat(350_000);
    let one_line = "x".repeat(2_000_000);
    let map = object(krateyard_shared::kinds::Kind::ConfigMap.entry(), &json!({"data": {"large": large, "one-line": one_line, "empty": "", "small": "a\n"}}));
    let summary = described(&map, NOW);
    let entries = &data(&summary).entries;
    assert!(told(&summary).len() < 10_000);
    let of = |key: &str| entries.iter().find(|entry| entry.key == key).unwrap();
    assert_eq!((of("large").size.as_str(), of("large").rest.as_str()), ("5.0 MiB", "and 349992 more lines"));
    assert_eq!(of("large").head.as_ref().unwrap().lines().count(), 8);
    assert_eq!((of("one-line").head.as_ref().unwrap().len(), of("one-line").rest.as_str()), (1200, "and 1.9 MiB more"));
    assert_eq!((of("empty").size.as_str(), of("empty").head.as_deref()), ("0 bytes", Some("")));
    assert_eq!((of("small").head.as_deref(), of("small").rest.as_str()), (Some("a"), ""));
    assert_eq!(value_of(&map, "large"), Some(large.as_str()));
}

#[test]
fn ten_thousand_keys_are_counted_and_a_hundred_are_shown() {
    let keys: Map<String, Value> = (0..10_000).map(|at| (format!("key-{at:05}"), "v".into())).collect();
    for kind in [krateyard_shared::kinds::Kind::ConfigMap, krateyard_shared::kinds::Kind::Secret] {
        let summary = described(&object(kind.entry(), &json!({"data": keys})), NOW);
        let section = summary.sections.iter().find(|section| section.title == "Keys").unwrap();
        assert_eq!((data(&summary).entries.len(), section.more), (100, 9_900));
        let Body::Facts(facts) = &summary.sections[0].body else { panic!() };
        assert!(facts.iter().any(|fact| matches!(&fact.said, Said::Ours(words) if words.starts_with("10000 keys"))), "{facts:?}");
    }
}

#[test]
fn everything_that_can_be_many_is_bounded() {
    let many = |one: Value| Value::Array(vec![one; 1_000]);
    let labels: Map<String, Value> = (0..1_000).map(|at| (format!("example.com/label-{at}"), "x".repeat(100).into())).collect();
    let container = |ports: Value| json!({"name": "c", "image": "i".repeat(5_000), "ports": ports, "envFrom": [{"secretRef": {"name": "s"}}]});
    let mut containers = vec![container(json!([])); 1_000];
    containers[0] = container(many(json!({"containerPort": 1})));
    let spec = json!({
        "containers": containers, "volumes": many(json!({"name": "v", "configMap": {"name": "m"}})), "ports": many(json!({"port": 1})),
        "rules": many(json!({"host": "h", "http": {"paths": [{"path": "/"}]}})), "taints": many(json!({"key": "k"})), "hard": labels,
        "metrics": many(json!({"type": "Pods"})), "limits": many(json!({"type": "Pod", "max": {"cpu": "1"}})), "selector": {"matchLabels": labels},
    });
    let meta = json!({"name": "x", "namespace": "n", "labels": labels, "annotations": labels, "ownerReferences": many(json!({"name": "o", "kind": "K", "apiVersion": "a/v1"}))});
    let rest = json!({"metadata": meta, "spec": spec, "status": {"conditions": many(json!({"type": "T"})), "addresses": many(json!({"address": "a"}))},
        "rules": many(json!({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]})), "subjects": many(json!({"name": "s"})), "secrets": many(json!({"name": "s"}))});
    for entry in KINDS {
        let said = told(&described(&object(entry, &rest), NOW));
        assert!(said.len() < 400_000, "{}: {}", entry.name, said.len());
    }
}

#[test]
fn names_with_every_character_that_they_may_have_stay_whole() {
    let name = "system:node.a-b_c:9.example.com";
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
        "roleRef": {"kind": "ClusterRole", "name": name}, "subjects": [{"kind": "User", "name": "ana@example.com <x> \"y\" \u{202e}é"}]});
    let said = told(&described(&binding, NOW));
    assert!(said.contains(&format!("Role: {name} -> ClusterRole cluster-wide")) && said.contains("ana@example.com <x> \"y\" \u{202e}é"), "{said}");
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "n"}, "data": {"a.B-c_9": "é".repeat(2_000)}});
    assert_eq!(data(&described(&map, NOW)).entries[0].head.as_ref().unwrap().chars().count(), 1200);
}
