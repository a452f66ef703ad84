use std::time::Duration;

use krateyard_shared::logs::{INITIAL_CREDIT, LogControl, LogFrame, LogLine, MAX_CLIENT_FRAME};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::rows::ContainerRole;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use crate::bench::{BOUND, Bench, Socket, bounded, eventually};

const ADMIN: &[(&str, &str)] = &[("authorization", "Bearer demo-admin")];

/// A running pod of a namespace: its name and first container.
pub(crate) fn running(bench: &Bench, namespace: &str, image: &str) -> (String, String) {
    let pods = bench.sim.list("v1", "Pod", namespace);
    let pod = pods
        .iter()
        .find(|pod| {
            let up = pod["status"]["containerStatuses"].as_array().is_some_and(|all| all.iter().all(|status| status["state"]["running"].is_object()));
            up && pod["spec"]["containers"][0]["image"].as_str().is_some_and(|has| has.contains(image))
        })
        .unwrap_or_else(|| panic!("no running pod in {namespace:?} with an image like {image:?}"));
    (pod["metadata"]["name"].as_str().unwrap().into(), pod["spec"]["containers"][0]["name"].as_str().unwrap().into())
}

fn path(namespace: &str, pod: &str, container: &str, more: &str) -> String {
    format!("/ws/logs?cluster=demo&ns={namespace}&pod={pod}&container={container}{more}")
}

/// Lets a pod's log have lines of its own.
fn annotate(bench: &Bench, namespace: &str, pod: &str, key: &str, value: &str) {
    let mut object = bench.sim.get("v1", "Pod", namespace, pod).unwrap();
    object["metadata"]["annotations"][format!("kubesim.krateyard.dev/{key}")] = value.into();
    bench.sim.apply(object).unwrap();
}

async fn frame(socket: &mut Socket) -> LogFrame {
    serde_json::from_str(socket.next().await.unwrap().to_text().unwrap()).unwrap()
}

/// Lines until all that was there has been told.
async fn what_was_there(socket: &mut Socket) -> Vec<LogLine> {
    let mut lines = Vec::new();
    loop {
        match frame(socket).await {
            LogFrame::Lines { l } => lines.extend(l),
            LogFrame::Control(LogControl::CaughtUp) => return lines,
            LogFrame::Control(LogControl::Source { .. } | LogControl::State { .. }) => {}
            LogFrame::Control(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_log_comes_as_the_cluster_wrote_it_and_goes_on() {
    let bench = Bench::start().await;
    let (pod, container) = running(&bench, "web", "");
    annotate(&bench, "web", &pod, "log-rate", "5");
    let mut socket = bench.connect(&path("web", &pod, &container, "&tail=100"), ADMIN).await.unwrap();
    let first = frame(&mut socket).await;
    let uid = bench.sim.get("v1", "Pod", "web", &pod).unwrap()["metadata"]["uid"].as_str().map(Into::into);
    let role = Some(ContainerRole::Main);
    assert_eq!(first, LogFrame::Control(LogControl::Source { index: 0, pod: pod.clone(), uid, container: container.clone(), role, run: Some(0) }));
    let lines = what_was_there(&mut socket).await;
    let url = format!("{}/api/v1/namespaces/web/pods/{pod}/log?container={container}&timestamps=true&tailLines=200", bench.sim.url());
    let direct = bench.http.get(url).bearer_auth("demo-admin").send().await.unwrap().text().await.unwrap();
    assert!(lines.len() >= 100, "{}", lines.len());
    for LogLine(source, at, text) in &lines[..100] {
        assert_eq!(*source, 0);
        assert!(direct.contains(&format!("{at} {text}\n")), "{at} {text}");
    }
    loop {
        if let LogFrame::Lines { l } = frame(&mut socket).await {
            assert!(l[0].1 > lines.last().unwrap().1, "what follows is newer");
            break;
        }
    }
}

#[tokio::test]
async fn a_hundred_thousand_lines_come_complete_and_only_as_fast_as_the_page_takes_them() {
    let bench = Bench::start().await;
    let (pod, container) = running(&bench, "web", "");
    annotate(&bench, "web", &pod, "log-lines", "100000");
    let mut socket = bench.connect(&path("web", &pod, &container, ""), ADMIN).await.unwrap();
    let (mut lines, mut taken, mut frames) = (0_u64, 0_u64, 0_u64);
    // Without more credit it stops soon after what a socket has at first.
    while let Ok(message) = tokio::time::timeout(Duration::from_millis(400), socket.next()).await {
        if let LogFrame::Lines { l } = serde_json::from_str(message.unwrap().to_text().unwrap()).unwrap() {
            lines += l.len() as u64;
            taken += l.iter().map(|line| (line.1.len() + line.2.len() + 2) as u64).sum::<u64>();
        }
    }
    assert!((INITIAL_CREDIT..INITIAL_CREDIT + 256 * 1024).contains(&taken), "{taken}");
    assert!(lines < 100_000);
    bounded(async {
        let mut owed = taken;
        while lines < 100_000 {
            if owed >= INITIAL_CREDIT / 4 {
                socket.send(Message::text(format!(r#"{{"credit":{owed}}}"#))).await;
                owed = 0;
            }
            if let LogFrame::Lines { l } = frame(&mut socket).await {
                frames += 1;
                lines += l.len() as u64;
                owed += l.iter().map(|line| (line.1.len() + line.2.len() + 2) as u64).sum::<u64>();
            }
        }
    })
    .await;
    assert!(frames * 20 < lines, "batched: {frames} frames for {lines} lines");
}

#[tokio::test]
async fn a_run_that_ended_says_so() {
    let bench = Bench::start().await;
    let pods = bench.sim.list("v1", "Pod", "");
    let ended = |status: &Value| status["lastState"]["terminated"].is_object();
    let (pod, status) = pods
        .iter()
        .find_map(|pod| Some((pod, pod["status"]["containerStatuses"].as_array()?.iter().find(|status| ended(status))?)))
        .expect("something crash loops");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let path = path(&text(&pod["metadata"]["namespace"]), &text(&pod["metadata"]["name"]), &text(&status["name"]), "&previous=true&tail=10");
    let mut socket = bench.connect(&path, ADMIN).await.unwrap();
    let lines = what_was_there(&mut socket).await;
    assert!(!lines.is_empty() && lines.len() <= 10);
    assert!(matches!(frame(&mut socket).await, LogFrame::Control(LogControl::Ended { .. })));
    assert_eq!(socket.closed().await.0, 1000);
}

#[tokio::test]
async fn programs_read_a_refusal_from_the_status_and_pages_from_a_frame() {
    let bench = Bench::start().await;
    let (pod, container) = running(&bench, "payments", "");
    let forbidden = Refusal::Forbidden { verb: "get".into(), resource: "pods/log".into(), namespace: Some("payments".into()) };
    let path_of = path("payments", &pod, &container, "");
    let refused = bench.connect(&path_of, &[("authorization", "Bearer demo-viewer")]).await.err();
    assert_eq!(refused, Some((403, Some(forbidden.clone()))));
    let (cookie, origin) = (bench.sign_in("demo-viewer").await, bench.origin());
    let mut page = bench.connect(&path_of, &[("cookie", &cookie), ("origin", &origin)]).await.unwrap();
    assert_eq!(frame(&mut page).await, LogFrame::Control(LogControl::Refused { refusal: forbidden }));
    assert_eq!(page.closed().await.0, 4403);

    let refused = bench.connect(&path("web", "nosuch", "app", ""), ADMIN).await.err().unwrap();
    assert!(matches!(refused, (404, Some(Refusal::NotFound { .. }))), "{refused:?}");
    let refused = bench.connect(&path("payments", &pod, "nosuch", ""), ADMIN).await.err().unwrap();
    assert!(matches!(&refused, (422, Some(Refusal::Rejected { message })) if message.contains("not valid for pod")), "{refused:?}");
    for query in ["/ws/logs", "/ws/logs?cluster=demo&ns=a%2Fb&pod=a&container=c", "/ws/logs?cluster=demo&ns=web&pod=a&container=c&tail=-1"] {
        assert_eq!(bench.connect(query, ADMIN).await.err().map(|refused| refused.0), Some(400), "{query}");
    }
}

#[tokio::test]
async fn what_is_no_credit_closes_the_socket() {
    let bench = Bench::start().await;
    let (pod, container) = running(&bench, "web", "");
    for nonsense in [Message::text("more"), Message::binary(vec![1]), Message::text(r#"{"credit":-1}"#), Message::text("x".repeat(MAX_CLIENT_FRAME + 1))] {
        let mut socket = bench.connect(&path("web", &pod, &container, "&tail=1"), ADMIN).await.unwrap();
        socket.send(nonsense).await;
        assert_eq!(socket.closed().await.0, 4400);
    }
    eventually(|| bench.sim.requests().all().iter().all(|count| !count.path.ends_with("/log") || count.open == 0)).await;
}

#[tokio::test]
async fn a_session_that_ends_closes_its_logs_and_says_why() {
    let bench = Bench::start().await;
    let (pod, container) = running(&bench, "web", "");
    let (cookie, origin) = (bench.sign_in("demo-viewer").await, bench.origin());
    let mut page = bench.connect(&path("web", &pod, &container, "&tail=1"), &[("cookie", &cookie), ("origin", &origin)]).await.unwrap();
    what_was_there(&mut page).await;
    bench.http.delete(bench.url("/api/session")).header("cookie", &cookie).header("origin", &origin).send().await.unwrap();
    loop {
        if let LogFrame::Control(LogControl::Refused { refusal }) = frame(&mut page).await {
            assert_eq!(refusal, Refusal::Unauthenticated);
            break;
        }
    }
    assert_eq!(page.closed().await.0, 4401);
}

#[tokio::test]
async fn a_revoked_right_closes_a_log_within_seconds_however_busy_it_is() {
    for rate in [0, 2_000] {
        let bench = Bench::start().await;
        let (pod, container) = running(&bench, "web", "");
        assert!(bench.sim.set_log("web", &pod, None, Some(rate)));
        let mut socket = bench.connect(&path("web", &pod, &container, "&tail=1"), &[("authorization", "Bearer demo-viewer")]).await.unwrap();
        what_was_there(&mut socket).await;
        socket.send(Message::text(r#"{"credit":1000000000}"#)).await;
        bench.sim.remove("rbac.authorization.k8s.io/v1", "RoleBinding", "web", "web-viewers").unwrap();
        let closed = tokio::time::timeout(Duration::from_secs(5).min(BOUND), socket.closed()).await.expect("within 5 s");
        assert_eq!(closed.0, 4403, "{rate}");
    }
}
