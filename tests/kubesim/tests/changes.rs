//! Patches and deletions in the order in which they were recorded, each on what the one before left.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of a test fail and speak as a test does")]

#[path = "support/client.rs"]
mod client;
#[path = "support/compare.rs"]
mod compare;
#[path = "support/scene.rs"]
mod scene;

use std::time::Instant;

use client::{PATIENCE, get, send};
use kubesim::Sim;
use serde_json::{Value, json};

/// Asks one recorded request after the other; answers what differs.
async fn replay(sim: &Sim, names: &[&str]) -> Vec<String> {
    let Some(all) = compare::collection() else {
        eprintln!("left out: the recordings are not here");
        return Vec::new();
    };
    let mut wrong = Vec::new();
    for name in names {
        if let Err(why) = compare::check(sim.url(), &compare::read(&all.join(format!("writing/{name}.json")))).await {
            wrong.push(format!("{name}: {why}"));
        }
    }
    wrong
}

#[tokio::test]
async fn patches_answer_as_recorded_one_after_the_other() {
    let sim = scene::scene().await;
    let labels = json!({"a": "1"});
    sim.apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "web", "labels": labels}, "data": {"k": "v3"}}))
        .unwrap();
    let names = [
        "patch-merge",
        "patch-merge-noop",
        "patch-merge-stale",
        "patch-merge-name",
        "patch-malformed",
        "patch-force",
        "patch-json",
        "patch-json-test-fails",
        "patch-json-no-path",
        "patch-json-no-parent",
        "patch-json-malformed",
        "patch-json-tilde",
    ];
    let wrong = replay(&sim, &names).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn strategic_patches_answer_as_recorded() {
    let Some(all) = compare::collection() else {
        eprintln!("left out: the recordings are not here");
        return;
    };
    let sim = scene::scene().await;
    let recorded = |name: &str| compare::read(&all.join(format!("writing/{name}.json")));
    // the deployment as it was before the recorded dry runs
    let mut site = recorded("patch-strategic")["response"]["body"].take();
    site["spec"]["template"]["spec"]["containers"][0].as_object_mut().unwrap().remove("env");
    site["metadata"]["generation"] = json!(1);
    sim.apply(site).unwrap();
    for name in ["patch-strategic", "patch-strategic-order"] {
        let mut recording = recorded(name);
        let (status, _, mut got) = compare::ask(sim.url(), &recording["request"]).await.unwrap();
        let mut wanted = recording["response"]["body"].take();
        for side in [&mut got, &mut wanted] {
            // controllers write it meanwhile
            side.as_object_mut().unwrap().remove("status");
        }
        assert_eq!((status, compare::normal(got)), (200, compare::normal(wanted)), "{name}");
    }
    let wrong = replay(&sim, &["patch-strategic-delete", "patch-strategic-no-key", "patch-merge-list"]).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn an_object_with_a_finalizer_goes_as_recorded() {
    let Some(all) = compare::collection() else {
        eprintln!("left out: the recordings are not here");
        return;
    };
    let sim = scene::scene().await;
    let held = json!({"name": "fin", "namespace": "web", "finalizers": ["example.com/hold"]});
    sim.apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": held, "data": {"k": "v"}})).unwrap();
    let recording = compare::read(&all.join("writing/delete-finalizer.json"));
    for (number, step) in recording["steps"].as_array().unwrap().iter().enumerate() {
        let (status, _, mut got) = compare::ask(sim.url(), &step["request"]).await.unwrap();
        let mut wanted = step["response"]["body"].clone();
        for side in [&mut got, &mut wanted] {
            if side["metadata"]["deletionTimestamp"].is_string() {
                side["metadata"]["deletionTimestamp"] = json!("some time");
            }
        }
        assert_eq!((json!(status), compare::normal(got)), (step["response"]["status"].clone(), compare::normal(wanted)), "step {number}");
    }
}

#[tokio::test]
async fn a_job_is_deleted_with_a_warning_and_leaves_its_pods() {
    let sim = Sim::start(kubesim::Options::default()).await.unwrap();
    let jobs = sim.list("batch/v1", "Job", "");
    let job = &jobs[0]["metadata"];
    let (namespace, name) = (job["namespace"].as_str().unwrap(), job["name"].as_str().unwrap());
    let mine =
        || sim.list("v1", "Pod", namespace).into_iter().filter(|pod| pod["metadata"]["labels"]["batch.kubernetes.io/job-name"] == name).collect::<Vec<_>>();
    let before = mine().len();
    let answer = send(&sim, "demo-admin", "DELETE", &format!("/apis/batch/v1/namespaces/{namespace}/jobs/{name}"), json!({})).await;
    assert!(answer.headers()["warning"].to_str().unwrap().starts_with("299 - \"child pods are preserved by default"));
    let start = Instant::now();
    while sim.get("batch/v1", "Job", namespace, name).is_some() {
        assert!(start.elapsed() < PATIENCE, "the job is still there");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(before > 0 && mine().len() == before && mine().iter().all(|pod| pod["metadata"]["ownerReferences"].is_null()));
}

#[tokio::test]
async fn a_namespace_that_is_held_up_says_by_what() {
    let sim = scene::scene().await;
    let held = json!({"name": "held", "namespace": "team-a", "finalizers": ["example.com/hold"]});
    sim.apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": held})).unwrap();
    let answer: Value = send(&sim, "admin", "DELETE", "/api/v1/namespaces/team-a", json!({})).await.json().await.unwrap();
    assert_eq!((&answer["kind"], &answer["status"]["phase"]), (&json!("Namespace"), &json!("Terminating")));
    let late = json!({"metadata": {"name": "late"}});
    let refused: Value = send(&sim, "admin", "POST", "/api/v1/namespaces/team-a/configmaps", late).await.json().await.unwrap();
    assert_eq!(refused["details"]["causes"][0]["reason"], "NamespaceTerminating");
    let condition = |kind: &str| {
        let namespace = sim.get("v1", "Namespace", "", "team-a")?;
        namespace["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)?["message"].as_str().map(str::to_owned)
    };
    let start = Instant::now();
    let wanted = "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances";
    while condition("NamespaceFinalizersRemaining").as_deref() != Some(wanted) {
        assert!(start.elapsed() < PATIENCE, "{:?}", sim.get("v1", "Namespace", "", "team-a"));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(condition("NamespaceContentRemaining").unwrap(), "Some resources are remaining: configmaps. has 1 resource instances");
    send(&sim, "admin", "PATCH", "/api/v1/namespaces/team-a/configmaps/held", json!({"metadata": {"finalizers": null}})).await;
    while sim.get("v1", "Namespace", "", "team-a").is_some() {
        assert!(start.elapsed() < PATIENCE, "the namespace is still there");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(get(&sim, "admin", "/api/v1/namespaces/team-a").await.status(), 404);
}
