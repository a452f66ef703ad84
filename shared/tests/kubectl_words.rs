//! Pods as a real API server 1.36.2 listed them, beside the cells of its own Table for the same pods (fixtures/pods.json: name, ready, status, restarts).
#![allow(missing_docs, clippy::unwrap_used)]

use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::{Facts, Row, project};
use krateyard_shared::status;
use krateyard_shared::watch::EncodedRow;

fn pods() -> Vec<(Row, [String; 4])> {
    let fixture: Vec<serde_json::Value> = serde_json::from_str(include_str!("fixtures/pods.json")).unwrap();
    let pods: Vec<_> = fixture
        .into_iter()
        .map(|entry| {
            let cells: [String; 4] = serde_json::from_value(entry["cells"].clone()).unwrap();
            (project(Kind::Pod, &entry["object"]).unwrap().0, cells)
        })
        .collect();
    assert_eq!(pods.len(), 33);
    pods
}

#[test]
fn a_pods_words_are_those_of_the_api_servers_table() {
    for (row, [name, ready, word, restarts]) in pods() {
        let Facts::Pod(pod) = &row.facts else { panic!("{name} is a pod") };
        assert_eq!(row.name, name);
        let (up, all) = status::ready_of(pod);
        assert_eq!(format!("{up}/{all}"), ready, "ready of {name}");
        assert_eq!(status::of(&row).word, word, "status of {name}");
        let (count, last) = status::restarts(pod);
        assert_eq!(count.to_string(), restarts.split(' ').next().unwrap(), "restarts of {name}");
        assert_eq!(last.is_some(), restarts.contains("ago"), "last restart of {name}");
    }
}

#[test]
fn a_row_is_the_same_after_the_wire_and_after_json() {
    for (row, _) in pods() {
        assert_eq!(EncodedRow::of(&row).decode().unwrap().of_kind(Kind::Pod), row);
        assert_eq!(serde_json::from_str::<Row<()>>(&serde_json::to_string(&row).unwrap()).unwrap().of_kind(Kind::Pod), row);
    }
}

#[test]
fn an_encoded_pod_is_small() {
    let sizes: Vec<_> = pods().iter().map(|(row, _)| EncodedRow::of(row).0.len()).collect();
    let mean = sizes.iter().sum::<usize>() / sizes.len();
    assert!(mean < 500, "{mean} bytes a row");
}
