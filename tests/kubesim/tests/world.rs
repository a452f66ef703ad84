//! The world is what the demo and other tests lean on, and it answers to what is done to it.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of a test fail and speak as a test does")]

#[path = "support/client.rs"]
mod client;

use std::time::{Duration, Instant};

use client::{Lines, PATIENCE, get, send};
use kubesim::{Class, Effect, Fault, Options, PodDoes, Sim};
use serde_json::{Value, json};

async fn world() -> Sim {
    Sim::start(Options::default()).await.unwrap()
}

/// Waits until something is so.
async fn soon(what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn pods_of<'a>(pods: &'a [Value], app: &str) -> Vec<&'a Value> {
    pods.iter().filter(|pod| pod["metadata"]["labels"]["app"] == app).collect()
}

fn is_ready(pod: &Value) -> bool {
    pod["status"]["conditions"].as_array().into_iter().flatten().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

#[tokio::test]
async fn the_cast_is_there() {
    let sim = world().await;
    let payments = sim.list("v1", "Pod", "payments");
    let looping = pods_of(&payments, "payments-api")
        .into_iter()
        .find(|pod| pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff")
        .unwrap()
        .clone();
    let names: Vec<&str> = looping["spec"]["containers"].as_array().unwrap().iter().map(|container| container["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["api", "envoy"]);
    let web = sim.list("v1", "Pod", "web");
    assert!(web.iter().any(is_ready) && web.iter().any(|pod| !is_ready(pod)));
    let all = sim.list("v1", "Pod", "");
    assert!((200..=300).contains(&all.len()), "{} pods", all.len());
    let nodes = sim.list("v1", "Node", "");
    assert_eq!((nodes.len(), nodes.iter().filter(|node| node["spec"]["unschedulable"] == true).count()), (14, 1));
    let reasons: std::collections::BTreeSet<String> = sim.list("v1", "Event", "").iter().map(|event| event["reason"].as_str().unwrap().to_owned()).collect();
    for reason in ["BackOff", "FailedScheduling", "Pulled", "Started", "Unhealthy", "SuccessfulCreate", "ScalingReplicaSet", "FailedMount", "Killing"] {
        assert!(reasons.contains(reason), "no event {reason}");
    }
}

#[tokio::test]
async fn the_same_seed_makes_the_same_world() {
    let names = |sim: &Sim| sim.list("v1", "Pod", "").iter().map(|pod| format!("{}{}", pod["metadata"]["name"], pod["metadata"]["uid"])).collect::<Vec<_>>();
    let (one, two) = (world().await, world().await);
    let other = Sim::start(Options { seed: 2, ..Options::default() }).await.unwrap();
    assert_eq!(names(&one), names(&two));
    assert_ne!(names(&one), names(&other));
}

#[tokio::test]
async fn grants_are_those_of_the_demo_and_count_at_once() {
    let sim = world().await;
    let status = async |token: &'static str, path: &'static str| get(&sim, token, path).await.status().as_u16();
    for (token, path, expected) in [
        ("demo-admin", "/api/v1/nodes", 200),
        ("demo-editor", "/api/v1/namespaces/payments/pods", 200),
        ("demo-editor", "/api/v1/namespaces/payments/secrets", 200),
        ("demo-editor", "/api/v1/namespaces/web/pods", 403),
        ("demo-viewer", "/api/v1/namespaces/web/pods", 200),
        ("demo-viewer", "/api/v1/namespaces/web/secrets", 403),
        ("demo-viewer", "/api/v1/pods", 403),
        ("demo-nobody", "/api/v1/namespaces/web/pods", 403),
        ("demo-nobody", "/version", 200),
        ("krateyard-proxy", "/api/v1/pods", 200),
        ("krateyard-proxy", "/api/v1/secrets", 403),
    ] {
        assert_eq!(status(token, path).await, expected, "{token} {path}");
    }
    sim.remove("rbac.authorization.k8s.io/v1", "RoleBinding", "web", "web-viewers").unwrap();
    assert_eq!(status("demo-viewer", "/api/v1/namespaces/web/pods").await, 403);
    assert_eq!(status("demo-expiring", "/api/v1/namespaces/web/pods").await, 200);
    assert!(sim.revoke_token("demo-expiring"));
    assert_eq!(status("demo-expiring", "/api/v1/namespaces/web/pods").await, 401);
}

#[tokio::test]
async fn the_proxy_may_act_as_its_users_with_its_session_and_nothing_else() {
    let sim = world().await;
    let ask = async |headers: &[(&str, &str)]| {
        let mut request = reqwest::Client::new().get(format!("{}/api/v1/namespaces/web/pods?limit=1", sim.url())).bearer_auth("krateyard-proxy");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask(&[("Impersonate-User", "viewer@example.com"), ("Impersonate-Extra-Krateyard-Session", "s1")]).await, 200);
    assert_eq!(ask(&[("Impersonate-User", "nobody@example.com")]).await, 403);
    assert_eq!(ask(&[("Impersonate-User", "viewer@example.com"), ("Impersonate-Extra-Scopes", "all")]).await, 403);
    assert_eq!(ask(&[("Impersonate-Group", "people")]).await, 400);
}

#[tokio::test]
async fn a_deleted_pod_ends_gracefully_and_is_replaced() {
    let sim = world().await;
    let ready = || pods_of(&sim.list("v1", "Pod", "web"), "storefront").into_iter().filter(|pod| is_ready(pod)).count();
    let wanted = ready();
    let name = pods_of(&sim.list("v1", "Pod", "web"), "storefront")[0]["metadata"]["name"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/namespaces/web/pods/{name}");
    let answer: Value = send(&sim, "demo-admin", "DELETE", &path, json!({})).await.json().await.unwrap();
    assert_eq!((&answer["kind"], answer["metadata"]["deletionTimestamp"].is_string()), (&json!("Pod"), true));
    soon("the pod is gone", || sim.get("v1", "Pod", "web", &name).is_none()).await;
    soon("another one is ready", || ready() == wanted).await;
}

#[tokio::test]
async fn a_deployment_scales_and_rolls_out() {
    let sim = world().await;
    let path = "/apis/apps/v1/namespaces/checkout/deployments/cart";
    let scale: Value = send(&sim, "demo-admin", "PATCH", &format!("{path}/scale"), json!({"spec": {"replicas": 6}})).await.json().await.unwrap();
    assert_eq!((&scale["kind"], &scale["spec"]["replicas"]), (&json!("Scale"), &json!(6)));
    let deployment = || sim.get("apps/v1", "Deployment", "checkout", "cart").unwrap();
    soon("six are ready", || deployment()["status"]["readyReplicas"] == 6).await;
    let image = json!({"spec": {"template": {"spec": {"containers": [{"name": "cart", "image": "registry.example.com/checkout/cart:3.4.0"}]}}}});
    send(&sim, "demo-admin", "PATCH", path, image).await;
    soon("all are of the new revision", || {
        let deployment = deployment();
        let status = &deployment["status"];
        let seen = status["observedGeneration"] == deployment["metadata"]["generation"];
        seen && status["updatedReplicas"] == 6 && status["readyReplicas"] == 6 && status["replicas"] == 6
    })
    .await;
    assert_eq!(deployment()["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "3");
    sim.scale("checkout", "cart", 1);
    soon("one is left", || pods_of(&sim.list("v1", "Pod", "checkout"), "cart").len() == 1).await;
}

#[tokio::test]
async fn pods_are_made_to_crash_and_to_heal() {
    let sim = world().await;
    assert!(sim.make_pod("web", "session-store-0", PodDoes::Crash));
    let pod = || sim.get("v1", "Pod", "web", "session-store-0").unwrap();
    assert_eq!(pod()["status"]["containerStatuses"][0]["state"]["waiting"]["reason"], "CrashLoopBackOff");
    assert!(sim.make_pod("web", "session-store-0", PodDoes::Heal));
    assert!(is_ready(&pod()));
    assert!(!sim.make_pod("web", "nosuch", PodDoes::Crash));
}

#[tokio::test]
async fn logs_agree_with_themselves_and_tails_are_exact() {
    let sim = world().await;
    let path = "/api/v1/namespaces/payments/pods/payments-db-0/log?timestamps=true";
    let (one, two) = (get(&sim, "demo-admin", path).await.text().await.unwrap(), get(&sim, "demo-admin", path).await.text().await.unwrap());
    assert!(two.starts_with(&one) && one.lines().count() > 100);
    let tail = get(&sim, "demo-admin", &format!("{path}&tailLines=7")).await.text().await.unwrap();
    assert_eq!(tail.lines().count(), 7);
    let now = get(&sim, "demo-admin", path).await.text().await.unwrap();
    assert!(now.contains(&tail), "the tail is the end of the log");
    let limited = get(&sim, "demo-admin", &format!("{path}&limitBytes=50")).await.text().await.unwrap();
    assert_eq!(limited.len(), 50);
    let second = one.lines().rev().nth(20).unwrap()[..19].to_owned();
    let since = get(&sim, "demo-admin", &format!("{path}&sinceTime={second}.999999999Z")).await.text().await.unwrap();
    assert!(since.starts_with(&second), "sinceTime is cut to whole seconds");
}

#[tokio::test]
async fn a_log_can_begin_with_a_hundred_thousand_lines_and_be_followed() {
    let sim = world().await;
    assert!(sim.set_log("payments", "payments-db-0", Some(100_000), Some(20)));
    let path = "/api/v1/namespaces/payments/pods/payments-db-0/log";
    let start = Instant::now();
    let text = get(&sim, "demo-admin", &format!("{path}?limitBytes=50000000")).await.text().await.unwrap();
    assert!(text.lines().count() >= 100_000, "{} lines", text.lines().count());
    eprintln!("{} lines, {} bytes in {:?}", text.lines().count(), text.len(), start.elapsed());
    let mut lines = Lines::of(&sim, "demo-admin", &format!("{path}?follow=true&tailLines=1")).await;
    for _ in 0..5 {
        assert!(lines.next().await.is_some());
    }
    sim.remove("v1", "Pod", "payments", "payments-db-0").unwrap();
    while lines.next().await.is_some() {}
}

#[tokio::test]
async fn faults_strike_what_they_match() {
    let sim = world().await;
    let pods = "/api/v1/namespaces/web/pods";
    let ask = async || reqwest::Client::new().get(format!("{}{pods}", sim.url())).bearer_auth("demo-admin").send().await;
    sim.faults().set(Fault::on(Class::List, Effect::TooManyRequests(3)).times(1));
    let limited = ask().await.unwrap();
    assert_eq!((limited.status().as_u16(), limited.headers()["retry-after"].to_str().unwrap()), (429, "3"));
    assert_eq!(ask().await.unwrap().status(), 200);
    sim.faults().set(Fault::at("/api/v1/namespaces/*/pods", Effect::Close).times(1));
    assert!(ask().await.is_err());
    sim.faults().set(Fault::on(Class::List, Effect::HalfBody(1000)).times(1));
    let half = ask().await.unwrap();
    assert_eq!(half.status(), 200);
    assert!(half.bytes().await.is_err(), "the body breaks");
    sim.faults().set(Fault::on(Class::Watch, Effect::Gone).times(1));
    let mut events = Lines::of(&sim, "demo-admin", &format!("{pods}?watch=true")).await;
    assert_eq!(events.event().await.unwrap()["object"]["code"], 410);
    sim.faults().set(Fault::on(Class::Watch, Effect::Stall(0)).times(1));
    let mut stalled = get(&sim, "demo-admin", &format!("{pods}?watch=true")).await;
    assert!(tokio::time::timeout(Duration::from_millis(200), stalled.chunk()).await.is_err(), "open and silent");
    sim.close_port().await;
    assert!(ask().await.unwrap_err().is_connect());
    sim.open_port().await.unwrap();
    assert_eq!(ask().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_control_api_does_what_the_handle_does() {
    let sim = world().await;
    let control = async |path: &str, body: Value| {
        let request = reqwest::Client::new().post(format!("{}{path}", sim.control_url())).header("content-type", "application/json").body(body.to_string());
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(control("/faults", json!({"matching": {"class": "list"}, "effect": "internal-error", "count": 1})).await, 200);
    assert_eq!(control("/faults", json!({"matching": {"path": "/api"}, "effect": {"delay": 5}})).await, 200);
    assert_eq!(get(&sim, "demo-admin", "/api/v1/pods").await.status(), 500);
    assert_eq!(control("/world/pod", json!({"namespace": "web", "name": "session-store-1", "does": "crash"})).await, 200);
    assert_eq!(control("/world/pod", json!({"namespace": "web", "name": "nosuch", "does": "heal"})).await, 404);
    assert_eq!(control("/world/scale", json!({"namespace": "web", "name": "storefront", "replicas": 2})).await, 200);
    assert_eq!(control("/tokens/revoke", json!({"token": "demo-viewer"})).await, 200);
    assert_eq!(get(&sim, "demo-viewer", "/version").await.status(), 401);
    assert_eq!(control("/restart", json!({"lose_history": true})).await, 200);
    assert_eq!(get(&sim, "demo-admin", "/version").await.status(), 200);
}

#[tokio::test]
async fn what_is_not_simulated_is_refused_with_501() {
    let sim = world().await;
    for path in ["/apis/events.k8s.io/v1/events", "/api/v1/componentstatuses", "/openapi/v2", "/api/v1/namespaces/web/pods/session-store-0/portforward"] {
        let refused = get(&sim, "demo-admin", path).await;
        assert_eq!(refused.status(), 501, "{path}");
        let status: Value = refused.json().await.unwrap();
        assert_eq!((&status["kind"], &status["reason"]), (&json!("Status"), &json!("NotImplemented")));
    }
    let apply = reqwest::Client::new().patch(format!("{}/api/v1/namespaces/web/pods/session-store-0", sim.url())).bearer_auth("demo-admin");
    let apply = apply.header("content-type", "application/apply-patch+yaml").body("{}").send().await.unwrap();
    assert_eq!(apply.status(), 501);
}

#[tokio::test]
async fn ten_thousand_pods_are_ready_within_five_seconds() {
    let start = Instant::now();
    let sim = Sim::start(Options { pods: 10_000, ..Options::default() }).await.unwrap();
    let started = start.elapsed();
    let list: Value = get(&sim, "demo-admin", "/api/v1/pods").await.json().await.unwrap();
    eprintln!("{} pods in {started:?}", list["items"].as_array().unwrap().len());
    assert!(list["items"].as_array().unwrap().len() >= 10_000);
    assert!(started < Duration::from_secs(5), "{started:?}");
}
