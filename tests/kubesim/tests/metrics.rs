//! `metrics.k8s.io`, as metrics-server serves it.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of a test fail and speak as a test does")]

#[path = "support/client.rs"]
mod client;

use client::{get, send};
use kubesim::{Options, Sim};
use serde_json::{Value, json};

const API: &str = "/apis/metrics.k8s.io/v1beta1";

async fn sim() -> Sim {
    Sim::start(Options { metrics: true, ..Options::default() }).await.unwrap()
}

async fn read(sim: &Sim, token: &str, path: &str) -> (u16, Value) {
    let response = get(sim, token, &format!("{API}{path}")).await;
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or_default())
}

/// Nanocores and KiB, as metrics-server writes them.
fn amounts(usage: &Value) -> (u64, u64) {
    let of = |field: &str, unit: &str| usage[field].as_str().unwrap().strip_suffix(unit).unwrap().parse().unwrap();
    (of("cpu", "n"), of("memory", "Ki"))
}

#[tokio::test]
async fn a_running_pod_uses_less_than_its_limits_and_a_node_what_its_pods_use_and_more() {
    let sim = sim().await;
    let (status, list) = read(&sim, "demo-admin", "/pods").await;
    assert_eq!((status, list["kind"].as_str(), list["apiVersion"].as_str()), (200, Some("PodMetricsList"), Some("metrics.k8s.io/v1beta1")));
    let measured = list["items"].as_array().unwrap();
    assert!(measured.len() > 150 && measured.len() < sim.list("v1", "Pod", "").len(), "those that do not run have no figures");
    let mut on_nodes = std::collections::BTreeMap::<String, u64>::new();
    for pod in sim.list("v1", "Pod", "") {
        let Some(figures) =
            measured.iter().find(|m| m["metadata"]["name"] == pod["metadata"]["name"] && m["metadata"]["namespace"] == pod["metadata"]["namespace"])
        else {
            continue;
        };
        assert!(figures["window"].is_string() && figures["timestamp"].is_string() && figures["kind"].is_null());
        for container in figures["containers"].as_array().unwrap() {
            let (cpu, memory) = amounts(&container["usage"]);
            assert!(cpu > 0 && cpu < 2_000_000_000 && memory > 0, "{container}");
            let spec = pod["spec"]["containers"].as_array().unwrap().iter().find(|spec| spec["name"] == container["name"]).unwrap();
            if spec["resources"]["limits"]["memory"] == "256Mi" {
                assert!(memory <= 256 * 1024, "{container}");
            }
            *on_nodes.entry(pod["spec"]["nodeName"].as_str().unwrap().to_owned()).or_default() += memory;
        }
    }
    let (_, nodes) = read(&sim, "demo-admin", "/nodes").await;
    assert_eq!(nodes["items"].as_array().unwrap().len(), sim.list("v1", "Node", "").len());
    for node in nodes["items"].as_array().unwrap() {
        let of_pods = on_nodes.get(node["metadata"]["name"].as_str().unwrap()).copied().unwrap_or(0);
        // The clock may have moved on in between.
        assert!(amounts(&node["usage"]).1 * 10 > of_pods * 9, "{node}");
    }
}

#[tokio::test]
async fn what_has_no_figures_is_not_found_in_the_words_of_metrics_server() {
    let sim = sim().await;
    let waiting = sim.list("v1", "Pod", "").into_iter().find(|pod| pod["status"]["phase"] == "Pending").unwrap();
    let (namespace, name) = (waiting["metadata"]["namespace"].as_str().unwrap(), waiting["metadata"]["name"].as_str().unwrap());
    let (status, refused) = read(&sim, "demo-admin", &format!("/namespaces/{namespace}/pods/{name}")).await;
    assert_eq!((status, refused["message"].as_str().unwrap()), (404, format!("podmetrics.metrics.k8s.io \"{namespace}/{name}\" not found").as_str()));
    assert_eq!(read(&sim, "demo-admin", "/nodes/nosuch").await.1["message"], "nodemetrics.metrics.k8s.io \"nosuch\" not found");
    assert_eq!(send(&sim, "demo-admin", "POST", &format!("{API}/nodes"), json!({})).await.status(), 405);
}

#[tokio::test]
async fn whoever_may_view_a_namespace_sees_its_use() {
    let sim = sim().await;
    let (status, list) = read(&sim, "demo-viewer", "/namespaces/web/pods?labelSelector=app%3Dstorefront").await;
    assert_eq!(status, 200);
    assert!(
        !list["items"].as_array().unwrap().is_empty() && list["items"].as_array().unwrap().iter().all(|pod| pod["metadata"]["labels"]["app"] == "storefront")
    );
    assert_eq!(read(&sim, "demo-viewer", "/nodes").await.0, 403);
    let (_, group) = read(&sim, "demo-viewer", "").await;
    assert_eq!(group["resources"][1], json!({"name": "pods", "singularName": "", "namespaced": true, "kind": "PodMetrics", "verbs": ["get", "list"]}));
}

/// As recorded where no metrics-server is installed: misc/metrics-absent.
#[tokio::test]
async fn without_metrics_server_there_is_no_such_page() {
    let sim = Sim::start(Options::default()).await.unwrap();
    let response = get(&sim, "demo-admin", &format!("{API}/nodes")).await;
    assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (404, "404 page not found\n"));
}
