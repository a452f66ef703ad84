//! Logs and shells, on any cluster: kubelet or simulator -> API server -> proxy -> socket.

use flows::{Account, Line, Stage, flow, path};
use http::StatusCode;
use krateyard_shared::kinds::Kind;
use krateyard_shared::logs::{LogControl, LogFrame, LogLine};
use krateyard_shared::shell::ShellStatus;
use serde_json::{Value, json};

const SIZE: &str = "&cols=80&rows=24";

/// A pod of an application, and its first container.
struct Found {
    namespace: String,
    pod: String,
    container: String,
}

impl Found {
    fn place(&self) -> (&str, &str, &str) {
        (&self.namespace, &self.pod, &self.container)
    }
}

async fn find(stage: &Stage, namespace: &str, app: &str, fits: impl Fn(&Value) -> bool) -> Found {
    let namespace = stage.namespace(namespace);
    let pods = stage.objects(Kind::Pod, &namespace).await;
    let name = |pod: &Value| pod["metadata"]["name"].as_str().expect("a name").to_owned();
    let pod = pods.iter().find(|pod| name(pod).starts_with(&format!("{app}-")) && fits(pod)).expect("a pod of this application");
    Found { pod: name(pod), container: pod["spec"]["containers"][0]["name"].as_str().expect("a name").into(), namespace }
}

fn states(pod: &Value) -> impl Iterator<Item = &Value> {
    pod["status"]["containerStatuses"].as_array().into_iter().flatten()
}

fn is_up(pod: &Value) -> bool {
    states(pod).all(|container| container["ready"] == true)
}

/// Lines until all that was there has been told, or the log has ended.
async fn what_was_there(log: &mut Line) -> Vec<LogLine> {
    let mut lines = Vec::new();
    loop {
        match log.log().await.expect("more of the log") {
            LogFrame::Lines { l } => lines.extend(l),
            LogFrame::Control(LogControl::CaughtUp | LogControl::Ended { .. }) => return lines,
            LogFrame::Control(LogControl::Source { .. } | LogControl::State { .. }) => {}
            LogFrame::Control(other) => panic!("{other:?}"),
        }
    }
}

/// Reads what a shell shows until it has shown `text`. Of a flood only the end is kept: it is megabytes.
async fn until_shown(shell: &mut Line, text: &str) {
    let mut screen = String::new();
    while !screen.contains(text) {
        match shell.shown().await {
            Some(Ok(shown)) => {
                let old = screen.len().saturating_sub(text.len());
                screen.drain(..screen.ceil_char_boundary(old));
                screen.push_str(&shown);
            }
            Some(Err(ShellStatus::Started { .. })) => {}
            other => panic!("{other:?} instead of {text:?} after {screen:?}"),
        }
    }
}

/// How a shell does next.
async fn status(shell: &mut Line) -> ShellStatus {
    loop {
        match shell.shown().await {
            Some(Err(status)) => return status,
            Some(Ok(_)) => {}
            None => panic!("closed without a word"),
        }
    }
}

#[test]
fn a_log_goes_on_in_order_after_what_was_there() {
    flow(async || {
        let stage = Stage::start().await;
        // It writes to one output: lines of two may change places.
        let found = find(&stage, "payments", "payments-worker", is_up).await;
        // The simulator's pods say nothing by themselves; for a real one it is an annotation like any other.
        let talk = json!({"metadata": {"annotations": {"kubesim.krateyard.dev/log-rate": "5"}}});
        stage.kube().merge(&path(Kind::Pod, &found.namespace, &found.pod), &talk).await.expect("annotated");
        let mut log = Line::open(&stage, Account::Editor, "logs", found.place(), "&tail=3").await.expect("opened");
        let mut lines = what_was_there(&mut log).await;
        let known = lines.len();
        while lines.len() < known + 2 {
            match log.log().await.expect("more of the log") {
                LogFrame::Lines { l } => lines.extend(l),
                LogFrame::Control(LogControl::State { .. }) => {}
                LogFrame::Control(other) => panic!("{other:?}"),
            }
        }
        assert!(lines.iter().is_sorted_by_key(|line| line.1.clone()), "{lines:?}");
        assert!(lines.iter().all(|LogLine(source, time, text)| *source == 0 && time.ends_with('Z') && !text.is_empty()), "{lines:?}");
    });
}

#[test]
fn the_log_of_a_crashed_container_says_why() {
    flow(async || {
        let stage = Stage::start().await;
        let crashed = |pod: &Value| states(pod).any(|container| container["restartCount"].as_u64() > Some(0) && container["ready"] == false);
        let found = find(&stage, "payments", "payments-api", crashed).await;
        let mut log = Line::open(&stage, Account::Editor, "logs", found.place(), "").await.expect("opened");
        let lines = what_was_there(&mut log).await;
        assert!(lines.iter().any(|line| line.2.contains("panic")), "{lines:?}");
    });
}

#[test]
fn a_shell_answers_stops_a_flood_by_ctrl_c_and_tells_its_code() {
    flow(async || {
        let stage = Stage::start().await;
        let found = find(&stage, "payments", "payments-worker", is_up).await;
        let mut shell = Line::open(&stage, Account::Editor, "shell", found.place(), SIZE).await.expect("opened");
        shell.type_in("echo one-$?-two\n").await;
        until_shown(&mut shell, "one-0-two").await;
        shell.type_in("yes\n").await;
        until_shown(&mut shell, "y\r\ny\r\n").await;
        shell.type_in("\x03").await;
        until_shown(&mut shell, "^C").await;
        shell.type_in("exit 3\n").await;
        let ended = status(&mut shell).await;
        assert!(matches!(ended, ShellStatus::Exited { code: Some(3), .. }), "{ended:?}");
    });
}

#[test]
fn an_image_without_a_shell_names_those_that_were_tried() {
    flow(async || {
        let stage = Stage::start().await;
        let found = find(&stage, "edge", "gateway", is_up).await;
        let mut shell = Line::open(&stage, Account::Admin, "shell", found.place(), SIZE).await.expect("opened");
        let ended = status(&mut shell).await;
        assert!(matches!(&ended, ShellStatus::NoShell { tried } if tried.len() == 3), "{ended:?}");
    });
}

#[test]
fn a_viewer_reads_logs_and_opens_no_shell_and_elsewhere_neither() {
    flow(async || {
        let stage = Stage::start().await;
        let (theirs, foreign) = (find(&stage, "web", "storefront", is_up).await, find(&stage, "payments", "payments-worker", is_up).await);
        assert!(Line::open(&stage, Account::Viewer, "logs", theirs.place(), "&tail=1").await.is_ok());
        for (what, found, more) in [("shell", &theirs, SIZE), ("shell", &foreign, SIZE), ("logs", &foreign, "")] {
            let refused = Line::open(&stage, Account::Viewer, what, found.place(), more).await;
            assert_eq!(refused.err(), Some(StatusCode::FORBIDDEN), "{what} of {}", found.pod);
        }
    });
}
