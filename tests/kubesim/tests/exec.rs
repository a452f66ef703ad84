//! Exec speaks the channel protocol as the recordings of the group exec show it.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of a test fail and speak as a test does")]

#[path = "support/client.rs"]
mod client;
#[path = "support/scene.rs"]
mod scene;

use client::{Exec, get};
use serde_json::{Value, json};

const SHELL: &str = "/api/v1/namespaces/shop/pods/shell/exec?container=app";
const V5: &str = "v5.channel.k8s.io";
const V4: &str = "v4.channel.k8s.io";

fn script(text: &str) -> String {
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("{SHELL}&command=sh&command=-c&command={encoded}&stdout=true&stderr=true")
}

#[tokio::test]
async fn output_comes_on_its_channels_and_the_status_on_the_third() {
    let sim = scene::scene().await;
    for protocol in [V5, V4] {
        let output = Exec::open(&sim, "admin", protocol, &script("echo out; echo err >&2; exit 0")).await.all().await;
        assert_eq!(output.first, Some((1, 0)), "an empty frame on channel 1 comes first");
        assert_eq!((output.out.as_str(), output.err.as_str()), ("out\n", "err\n"));
        assert_eq!(output.status, json!({"metadata": {}, "status": "Success"}));
        assert_eq!(output.close_code, 1000);
    }
}

#[tokio::test]
async fn exit_codes_have_the_recorded_words_of_each_version() {
    let sim = scene::scene().await;
    let ended = |what: &str, code: &str| json!({"metadata": {}, "status": "Failure", "message": format!("command terminated with non-zero exit code: {what}"), "reason": "NonZeroExitCode", "details": {"causes": [{"reason": "ExitCode", "message": code}]}});
    for (protocol, text, what, code) in [
        (V5, "echo before; exit 5", "command terminated with exit code 5", "5"),
        (V4, "echo before; exit 5", "error executing command [sh -c echo before; exit 5], exit code 5", "5"),
        (V5, "kill -9 $$", "command terminated with exit code 137", "137"),
        (V5, "nosuch", "command terminated with exit code 127", "127"),
    ] {
        let output = Exec::open(&sim, "admin", protocol, &script(text)).await.all().await;
        assert_eq!(output.status, ended(what, code), "{text}");
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_an_internal_error_after_the_handshake() {
    let sim = scene::scene().await;
    for (protocol, program, why, prefix) in [
        (V5, "/no/such", "exec: \"/no/such\": stat /no/such: no such file or directory: unknown", "Internal error occurred: "),
        (V4, "/no/such", "exec: \"/no/such\": stat /no/such: no such file or directory: unknown", ""),
        (V5, "bash", "exec: \"bash\": executable file not found in $PATH: unknown", "Internal error occurred: "),
    ] {
        let output = Exec::open(&sim, "admin", protocol, &format!("{SHELL}&command={program}&stdout=true")).await.all().await;
        let cause = output.status["details"]["causes"][0]["message"].as_str().unwrap();
        assert!(cause.starts_with(&format!("{prefix}error executing command in container: failed to exec in container: failed to start exec \"")), "{cause}");
        assert!(cause.ends_with(why), "{cause}");
        assert_eq!(output.status["message"], format!("Internal error occurred: {cause}"));
        assert_eq!((&output.status["reason"], &output.status["code"]), (&json!("InternalError"), &json!(500)));
    }
}

#[tokio::test]
async fn stdin_ends_with_the_close_frame_of_v5() {
    let sim = scene::scene().await;
    let mut exec = Exec::open(&sim, "admin", V5, &format!("{SHELL}&command=cat&stdin=true&stdout=true")).await;
    exec.send(0, b"hello\n").await;
    assert!(exec.until("hello\n").await.ends_with("hello\n"));
    exec.send(255, &[1]).await;
    exec.send(255, &[0]).await;
    let output = exec.all().await;
    assert_eq!(output.status["status"], "Success");
}

#[tokio::test]
async fn a_terminal_echoes_resizes_and_is_interrupted() {
    let sim = scene::scene().await;
    let mut exec = Exec::open(&sim, "admin", V5, &format!("{SHELL}&command=sh&stdin=true&stdout=true&tty=true")).await;
    exec.send(4, br#"{"Width":100,"Height":30}"#).await;
    exec.until("# ").await;
    exec.send(0, b"stty size\r").await;
    assert!(exec.until("30 100\r\n/ # ").await.starts_with("stty size\r\n"));
    exec.send(0, b"sleep 100\r").await;
    exec.until("sleep 100\r\n").await;
    exec.send(0, &[3]).await;
    exec.until("^C\r\n/ # ").await;
    exec.send(0, b"echo code $?\r").await;
    exec.until("code 130\r\n/ # ").await;
    exec.send(0, b"exix\x7ft 3\r").await;
    let output = exec.all().await;
    assert_eq!(output.status["details"]["causes"][0]["message"], "3");
}

#[tokio::test]
async fn yes_waits_for_its_reader_and_stops_at_ctrl_c() {
    let sim = scene::scene().await;
    let mut exec = Exec::open(&sim, "admin", V5, &format!("{SHELL}&command=sh&stdin=true&stdout=true&tty=true")).await;
    exec.until("# ").await;
    exec.send(0, b"yes\r").await;
    let mut bytes = 0;
    while bytes < 5_000_000 {
        bytes += exec.frame().await.unwrap().1.len();
    }
    exec.send(0, &[3]).await;
    exec.until("^C\r\n/ # ").await;
}

#[tokio::test]
async fn a_get_needs_the_right_to_create_as_well() {
    let sim = scene::scene().await;
    let rule = |verb: &str| json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "exec", "namespace": "shop"}, "rules": [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": [verb]}]});
    let subject = json!([{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "nobody"}]);
    sim.apply(rule("get")).unwrap();
    sim.apply(json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "exec", "namespace": "shop"}, "roleRef": {"kind": "Role", "name": "exec"}, "subjects": subject})).unwrap();
    for (verb, message) in [
        ("get", "pods \"shell\" is forbidden: "),
        ("create", "pods \"shell\" is forbidden: User \"nobody\" cannot get resource \"pods/exec\" in API group \"\" in the namespace \"shop\""),
    ] {
        sim.apply(rule(verb)).unwrap();
        let refused = get(&sim, "nobody", &format!("{SHELL}&command=true&stdout=true")).await;
        assert_eq!(refused.status(), 403);
        let status: Value = refused.json().await.unwrap();
        assert_eq!(status["message"], message, "with {verb} alone");
    }
}

#[tokio::test]
async fn attached_one_sees_what_the_container_prints_from_then_on() {
    let sim = scene::scene().await;
    assert!(sim.set_log("shop", "logger", None, Some(10)));
    for protocol in [V5, V4] {
        let path = "/api/v1/namespaces/shop/pods/logger/attach?container=app&stdin=true&stdout=true&stderr=true";
        let mut attached = Exec::open(&sim, "admin", protocol, path).await;
        assert_eq!(attached.frame().await, Some((1, Vec::new())));
        attached.send(0, b"nobody reads this\n").await;
        let (channel, line) = attached.frame().await.unwrap();
        assert!(channel == 1 && line.ends_with(b"\n"));
        // the container's end is the end of it
        sim.remove("v1", "Pod", "shop", "logger").unwrap();
        let output = attached.all().await;
        assert_eq!((output.status, output.close_code), (json!({"metadata": {}, "status": "Success"}), 1000));
        sim.apply(scene_pod(&sim, "shell", "logger")).unwrap();
    }
}

/// A running pod like another one.
fn scene_pod(sim: &kubesim::Sim, like: &str, name: &str) -> Value {
    let mut pod = sim.get("v1", "Pod", "shop", like).unwrap();
    pod["metadata"] = json!({"name": name, "namespace": "shop", "annotations": {}});
    pod
}

#[tokio::test]
async fn an_image_without_a_shell_has_none() {
    let sim = scene::scene().await;
    let pods = sim.list("v1", "Pod", "edge");
    let gateway = pods.iter().find(|pod| pod["metadata"]["labels"]["app"] == "gateway").unwrap();
    let path = format!("/api/v1/namespaces/edge/pods/{}/exec?command=sh&stdin=true&stdout=true&tty=true", gateway["metadata"]["name"].as_str().unwrap());
    let output = Exec::open(&sim, "admin", V5, &path).await.all().await;
    assert_eq!(output.status["reason"], "InternalError");
}
