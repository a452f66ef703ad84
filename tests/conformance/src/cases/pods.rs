//! Pods that run: their logs, and shells in them.

use serde_json::{Value, json};

use crate::scene::Scene;
use crate::{Request, delete, get, post};

const IMAGE: &str = "docker.io/library/busybox:1.35.0";

fn container(name: &str, script: &str) -> Value {
    json!({"name": name, "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", script]})
}

fn pod(name: &str, restart: &str, containers: Value) -> Value {
    json!({"metadata": {"name": name}, "spec": {"restartPolicy": restart, "terminationGracePeriodSeconds": 1, "containers": containers}})
}

/// Makes a pod and waits until its first container is as wanted.
async fn start(scene: &Scene, pod: Value, wanted: impl Fn(&Value) -> bool) {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    scene.arrange(post("pods", pod)).await;
    scene.until(&format!("pod {name}"), get(format!("pods/{name}")), |answer| wanted(&answer.body["status"]["containerStatuses"][0])).await;
}

fn runs(status: &Value) -> bool {
    status["ready"] == true
}

/// Ten lines, and then it goes on.
async fn talker(scene: &Scene) {
    start(scene, pod("talker", "Never", json!([container("app", "for i in $(seq 1 10); do echo line $i; done; sleep 3600")])), runs).await;
    scene.until("ten lines", get("pods/talker/log"), |answer| answer.body.as_str().is_some_and(|text| text.ends_with("line 10\n"))).await;
}

/// A pod that no scheduler takes.
async fn gated(scene: &Scene) {
    let mut gated = pod("gated", "Never", json!([container("app", "sleep 1")]));
    gated["spec"]["schedulingGates"] = json!([{"name": "example.com/gate"}]);
    scene.arrange(post("pods", gated)).await;
}

pub(super) async fn logs(scene: &mut Scene) {
    talker(scene).await;
    gated(scene).await;
    start(scene, pod("two", "Never", json!([container("a", "echo from a; sleep 3600"), container("b", "echo from b; sleep 3600")])), runs).await;
    scene.until("b", get("pods/two/log?container=b"), |answer| answer.body == "from b\n").await;
    for (name, query) in [
        ("all", "talker/log"),
        ("named", "talker/log?container=app"),
        ("tail", "talker/log?tailLines=3"),
        ("tail of nothing", "talker/log?tailLines=0"),
        ("tail larger than the log", "talker/log?tailLines=500"),
        ("timestamps", "talker/log?tailLines=2&timestamps=true"),
        ("bytes", "talker/log?limitBytes=10"),
        ("bytes of a tail", "talker/log?limitBytes=10&tailLines=2"),
        ("since an hour", "talker/log?sinceSeconds=3600"),
        ("since long ago", "talker/log?sinceTime=2020-01-01T00:00:00Z"),
        ("since a time to come", "talker/log?sinceTime=2099-01-01T00:00:00Z"),
        ("pretty", "talker/log?pretty=true&tailLines=1"),
        ("followed to its limit", "talker/log?follow=true&limitBytes=14"),
        ("previous of none", "talker/log?previous=true"),
        ("one of two", "two/log?container=b"),
        ("none of two", "two/log"),
        ("wrong container", "talker/log?container=nosuch"),
        ("wrong container of two", "two/log?container=nosuch"),
        ("missing pod", "nosuch/log"),
        ("on no node", "gated/log"),
        ("on no node, followed", "gated/log?follow=true"),
        ("on no node, wrong container", "gated/log?container=nosuch"),
        ("negative tail", "talker/log?tailLines=-1"),
        ("tail that is no number", "talker/log?tailLines=all"),
        ("no bytes", "talker/log?limitBytes=0"),
        ("since zero", "talker/log?sinceSeconds=0"),
        ("both since", "talker/log?sinceSeconds=5&sinceTime=2020-01-01T00:00:00Z"),
        ("since a word", "talker/log?sinceTime=yesterday"),
        ("stream", "talker/log?stream=Stdout"),
        ("unknown option", "talker/log?tailLines=1&color=red"),
    ] {
        scene.ask(name, get(format!("pods/{query}"))).await;
    }
    scene.ask("as text", get("pods/talker/log").accept("text/plain")).await;
    scene.ask("as JSON", get("pods/talker/log?tailLines=1").accept("application/json")).await;
    scene.ask("as anything", get("pods/talker/log?tailLines=1").accept("*/*")).await;
    scene.ask("posted", post("pods/talker/log", json!({}))).await;
    scene.ask("deleted", delete("pods/talker/log")).await;
}

pub(super) async fn log_ends(scene: &mut Scene) {
    scene.arrange(post("pods", pod("ender", "Never", json!([container("app", "echo one; sleep 3; echo two; exit 3")])))).await;
    scene.until("it runs", get("pods/ender/log"), |answer| answer.status == 200 && answer.body == "one\n").await;
    let mut followed = scene.watch("pods/ender/log?follow=true").await;
    followed.until_end().await;
    scene.saw("followed to the end", followed);
    scene.until("it has failed", get("pods/ender"), |answer| answer.body["status"]["phase"] == "Failed").await;
    for (name, query) in
        [("after the end", "ender/log"), ("followed after the end", "ender/log?follow=true&tailLines=1"), ("previous after the end", "ender/log?previous=true")]
    {
        scene.ask(name, get(format!("pods/{query}"))).await;
    }
    scene.exec("exec after the end", "v5.channel.k8s.io", "pods/ender/exec?command=ls&stdout=true").await;
    start(scene, pod("crasher", "Always", json!([container("app", "echo crash; sleep 1; exit 1")])), |status| status["restartCount"].as_u64() >= Some(1)).await;
    scene
        .until("it waits", get("pods/crasher"), |answer| answer.body["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff")
        .await;
    for (name, query) in [("between two runs", "crasher/log"), ("previous of a crash", "crasher/log?previous=true")] {
        scene.ask(name, get(format!("pods/{query}"))).await;
    }
    scene.exec("exec between two runs", "v5.channel.k8s.io", "pods/crasher/exec?command=ls&stdout=true").await;
}

const V4: &str = "v4.channel.k8s.io";
const V5: &str = "v5.channel.k8s.io";

/// A path of an exec of `sh -c`.
fn script(text: &str, streams: &str) -> String {
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("pods/talker/exec?command=sh&command=-c&command={encoded}&{streams}")
}

pub(super) async fn exec(scene: &mut Scene) {
    talker(scene).await;
    for protocol in [V5, V4] {
        let version = &protocol[..2];
        for (name, path) in [
            ("output", script("echo out; exit 0", "stdout=true&stderr=true")),
            ("both channels", script("echo out; echo err >&2", "stdout=true&stderr=true")),
            ("stdout alone", script("echo out; echo err >&2", "stdout=true")),
            ("stderr alone", script("echo out; echo err >&2", "stderr=true")),
            ("exit code", script("echo before; exit 5", "stdout=true&stderr=true")),
            ("command of the shell that is none", script("nosuch-command", "stdout=true&stderr=true")),
            ("killed", script("kill -9 $$", "stdout=true&stderr=true")),
            ("no shell", "pods/talker/exec?command=echo&command=a&command=b%20c&stdout=true".to_owned()),
            ("false", "pods/talker/exec?command=false&stdout=true".to_owned()),
            ("much", "pods/talker/exec?command=seq&command=20000&stdout=true".to_owned()),
            ("no such program", "pods/talker/exec?command=nosuch&stdout=true".to_owned()),
            ("no such path", "pods/talker/exec?command=/no/such&stdout=true".to_owned()),
            ("named container", "pods/talker/exec?container=app&command=echo&command=x&stdout=true".to_owned()),
        ] {
            if let Some(exec) = scene.exec(&format!("{name}, {version}"), protocol, &path).await {
                scene.heard(exec).await;
            }
        }
        if let Some(mut exec) =
            scene.exec(&format!("script on stdin, {version}"), protocol, "pods/talker/exec?command=sh&stdin=true&stdout=true&stderr=true").await
        {
            exec.write("echo hello\n").await;
            exec.until("hello\n").await;
            exec.write("exit 4\n").await;
            scene.heard(exec).await;
        }
        if let Some(mut exec) =
            scene.exec(&format!("terminal that is resized, {version}"), protocol, "pods/talker/exec?command=sh&stdin=true&stdout=true&tty=true").await
        {
            exec.resize(90, 20).await;
            exec.until("# ").await;
            exec.write("stty size\r").await;
            exec.until("20 90\r\n").await;
            exec.until("# ").await;
            exec.resize(120, 40).await;
            exec.write("stty size\r").await;
            exec.until("40 120\r\n").await;
            exec.until("# ").await;
            exec.write("exit 3\r").await;
            scene.heard(exec).await;
        }
    }
    // under v4 a node may lose the output of a terminal that ends at once
    for (name, path) in [
        ("terminal", script("echo out; echo err >&2; exit 2", "stdout=true&tty=true")),
        ("terminal with stderr", script("echo out", "stdout=true&stderr=true&tty=true")),
    ] {
        if let Some(exec) = scene.exec(name, V5, &path).await {
            scene.heard(exec).await;
        }
    }
    if let Some(mut exec) = scene.exec("stdin that is closed", V5, "pods/talker/exec?command=cat&stdin=true&stdout=true").await {
        exec.write("hello\n").await;
        exec.until("hello\n").await;
        exec.close_stdin().await;
        scene.heard(exec).await;
    }
}

pub(super) async fn exec_refusals(scene: &mut Scene) {
    talker(scene).await;
    gated(scene).await;
    let list = "pods/talker/exec?command=ls&stdout=true";
    for (name, protocols, path) in [
        ("unknown protocol", "nosuch.k8s.io", list),
        ("protocols in another order", "v4.channel.k8s.io, v5.channel.k8s.io", list),
        ("unknown protocol and a known one", "nosuch.k8s.io, v4.channel.k8s.io", list),
        ("no command", V5, "pods/talker/exec?stdout=true"),
        ("no stream", V5, "pods/talker/exec?command=ls"),
        ("wrong container", V5, "pods/talker/exec?container=nosuch&command=ls&stdout=true"),
        ("missing pod", V5, "pods/nosuch/exec?command=ls&stdout=true"),
        ("on no node", V5, "pods/gated/exec?command=ls&stdout=true"),
        ("missing namespace", V5, "/api/v1/namespaces/{ns}-nosuch/pods/talker/exec?command=ls&stdout=true"),
    ] {
        if let Some(mut exec) = scene.exec(name, protocols, path).await {
            exec.forget_output();
            scene.heard(exec).await;
        }
    }
    scene.ask("no upgrade", get(list)).await;
    scene.ask("no upgrade, posted", Request::new(http::Method::POST, list)).await;
}

pub(super) async fn lives(scene: &mut Scene) {
    let from = scene.arrange(get("pods")).await.version();
    let mut watch = scene.watch(&format!("pods?watch=true&resourceVersion={from}&fieldSelector=status.phase%3DRunning")).await;
    talker(scene).await;
    scene.ask("running", get("pods/talker")).await;
    scene.ask("table", get("pods").accept("application/json;as=Table;g=meta.k8s.io;v=v1")).await;
    scene.ask("selected by its phase", get("pods?fieldSelector=status.phase%3DRunning")).await;
    scene.ask("deleted", delete("pods/talker?gracePeriodSeconds=1")).await;
    watch.until_event("DELETED", "talker").await;
    scene.saw("watched", watch);
}
