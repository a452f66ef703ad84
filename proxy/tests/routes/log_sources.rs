//! One socket for many containers: pods of workloads and selectors, all containers of a pod, limits, and who sees less.

use std::collections::BTreeMap;
use std::time::Duration;

use krateyard_shared::logs::{LogBegin, LogClientFrame, LogControl, LogCursor, LogFrame, LogGap, LogLine, LogSourceState};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::time;
use kubesim::Options;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::bench::{Bench, Socket, bounded};
use crate::logs::running;

const ADMIN: &[(&str, &str)] = &[("authorization", "Bearer demo-admin")];
const READER: &[(&str, &str)] = &[("authorization", "Bearer reader")];
const LOGS: &str = "/api/v1/namespaces/{namespace}/pods/{name}/log";

/// A deployment with some pods that run.
fn deployment(bench: &Bench, namespace: &str) -> (String, u64) {
    let all = bench.sim.list("apps/v1", "Deployment", namespace);
    let found = all.iter().find(|one| one["status"]["readyReplicas"].as_u64() >= Some(2) && one["status"]["readyReplicas"] == one["spec"]["replicas"]);
    let found = found.expect("some deployment has more than one pod");
    (found["metadata"]["name"].as_str().unwrap().into(), found["spec"]["replicas"].as_u64().unwrap())
}

async fn begin(socket: &mut Socket, cursors: Vec<LogCursor>) {
    let begin = LogClientFrame::Begin { begin: LogBegin { cursors } };
    socket.send(Message::text(serde_json::to_string(&begin).unwrap())).await;
}

async fn frame(socket: &mut Socket) -> LogFrame {
    serde_json::from_str(socket.next().await.unwrap().to_text().unwrap()).unwrap()
}

/// What a window was told.
#[derive(Default)]
struct Seen {
    /// By index: pod and container.
    sources: BTreeMap<u32, (String, String)>,
    states: BTreeMap<u32, LogSourceState>,
    lines: Vec<LogLine>,
    others: Vec<LogControl>,
    caught_up: bool,
}

impl Seen {
    async fn until(&mut self, socket: &mut Socket, fits: impl Fn(&Seen) -> bool) {
        bounded(async {
            while !fits(self) {
                match frame(socket).await {
                    LogFrame::Lines { l } => self.lines.extend(l),
                    LogFrame::Control(LogControl::Source { index, pod, container, .. }) => drop(self.sources.insert(index, (pod, container))),
                    LogFrame::Control(LogControl::State { index, state }) => drop(self.states.insert(index, state)),
                    LogFrame::Control(LogControl::CaughtUp) => self.caught_up = true,
                    LogFrame::Control(other) => self.others.push(other),
                }
            }
        })
        .await;
    }
}

async fn open(bench: &Bench, target: &str) -> Socket {
    let mut socket = bench.connect(&format!("/ws/logs?cluster=demo&ns=web&{target}&resume=true"), ADMIN).await.unwrap();
    begin(&mut socket, Vec::new()).await;
    socket
}

#[tokio::test]
async fn a_workloads_pods_are_one_log_in_order_new_ones_join_and_those_that_go_say_so() {
    let bench = Bench::start().await;
    let (name, replicas) = deployment(&bench, "web");
    let mut socket = open(&bench, &format!("workload=apps/v1/Deployment/{name}&tail=50")).await;
    let mut seen = Seen::default();
    seen.until(&mut socket, |seen| seen.caught_up).await;
    let pods = |seen: &Seen| seen.sources.values().map(|(pod, _)| pod.clone()).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(pods(&seen).len() as u64, replicas, "{:?}", seen.sources);
    assert!(pods(&seen).iter().all(|pod| pod.starts_with(&name)), "{:?}", seen.sources);
    let times: Vec<_> = seen.lines.iter().map(|line| time::parse(&line.1).unwrap()).collect();
    assert!(times.is_sorted(), "what was there is in one order");
    assert!(seen.sources.keys().all(|index| seen.lines.iter().any(|line| line.0 == *index)), "of each pod");
    bench.sim.scale("web", &name, replicas + 1);
    seen.until(&mut socket, |seen| pods(seen).len() as u64 == replicas + 1).await;
    let joined = *seen.sources.keys().last().unwrap();
    seen.until(&mut socket, |seen| seen.states.get(&joined) == Some(&LogSourceState::Live)).await;
    bench.sim.scale("web", &name, 1);
    seen.until(&mut socket, |seen| seen.states.values().filter(|state| **state == LogSourceState::Gone).count() as u64 >= replicas).await;
    assert_eq!(seen.others, [], "nothing is missing");
}

#[tokio::test]
async fn a_pod_without_a_container_is_all_of_its_containers() {
    let bench = Bench::start().await;
    let many = |pod: &&Value| pod["spec"]["containers"].as_array().map_or(0, Vec::len) + pod["spec"]["initContainers"].as_array().map_or(0, Vec::len) > 1;
    let pods = bench.sim.list("v1", "Pod", "");
    let pod = pods.iter().filter(|pod| pod["status"]["phase"] == "Running").find(many).expect("some pod has several containers");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (namespace, name) = (text(&pod["metadata"]["namespace"]), text(&pod["metadata"]["name"]));
    let lists = ["initContainers", "containers"].iter().filter_map(|list| pod["spec"][list].as_array()).flatten();
    let wanted: Vec<String> = lists.map(|container| text(&container["name"])).collect();
    let mut socket = bench.connect(&format!("/ws/logs?cluster=demo&ns={namespace}&pod={name}&tail=1&resume=true"), ADMIN).await.unwrap();
    begin(&mut socket, Vec::new()).await;
    let mut seen = Seen::default();
    seen.until(&mut socket, |seen| seen.caught_up).await;
    assert_eq!(seen.sources.values().map(|(_, container)| container.clone()).collect::<Vec<_>>(), wanted);
    assert_eq!(seen.states.len(), wanted.len(), "each says how it does");
}

#[tokio::test]
async fn nothing_is_opened_before_the_page_has_said_what_it_has() {
    let bench = Bench::start().await;
    let (pod, container) = running(&bench, "web", "");
    let path = format!("/ws/logs?cluster=demo&ns=web&pod={pod}&container={container}&tail=1&resume=true");
    let mut socket = bench.connect(&path, ADMIN).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(300), socket.next()).await.is_err());
    assert_eq!(bench.sim.requests().of("get", LOGS).made, 0);
    let now = jiff::Timestamp::now().as_second();
    let gone = LogCursor { newest: Some((now, 0)), ..LogCursor::new("was-here", Some("u"), &container, Some(0)) };
    begin(&mut socket, vec![gone]).await;
    let mut seen = Seen::default();
    seen.until(&mut socket, |seen| seen.sources.len() == 2 && seen.caught_up).await;
    let index = *seen.sources.iter().find(|(_, (pod, _))| pod == "was-here").unwrap().0;
    assert_eq!(seen.states[&index], LogSourceState::Gone);
    assert_eq!(seen.others, [LogControl::Gap { index, count: None, reason: LogGap::Lost }], "its end was not read");
    begin(&mut socket, Vec::new()).await;
    assert_eq!(socket.closed().await.0, 4400, "there is one beginning");
}

#[tokio::test]
async fn more_than_may_be_followed_is_refused_for_itself_alone_and_says_which_limit() {
    let options = || Options { pods: 30, ..Options::default() };
    let bench = Bench::with(options(), |config| config.limits.logs_per_user = 1).await;
    let (name, replicas) = deployment(&bench, "web");
    let mut socket = open(&bench, &format!("workload=apps/v1/Deployment/{name}&tail=1")).await;
    let mut seen = Seen::default();
    seen.until(&mut socket, |seen| seen.caught_up && seen.states.len() as u64 >= replicas).await;
    let is_limited =
        |state: &&LogSourceState| matches!(state, LogSourceState::Denied { refusal: Refusal::Limit { which, .. } } if which == "logs that you follow");
    assert_eq!(seen.states.values().filter(is_limited).count(), seen.states.len() - 1, "{:?}", seen.states);
    // One socket alone is refused with its status.
    let (pod, container) = running(&bench, "web", "");
    let refused = bench.connect(&format!("/ws/logs?cluster=demo&ns=web&pod={pod}&container={container}"), ADMIN).await.err();
    assert!(matches!(refused, Some((429, Some(Refusal::Limit { .. })))), "{refused:?}");
    let bench = Bench::with(options(), |config| config.limits.log_targets = 1).await;
    let (name, _) = deployment(&bench, "web");
    let mut socket = open(&bench, &format!("workload=apps/v1/Deployment/{name}&tail=1")).await;
    let mut seen = Seen::default();
    seen.until(&mut socket, |seen| seen.caught_up).await;
    assert_eq!(seen.sources.len(), 1);
    assert!(matches!(&seen.others[..], [LogControl::Limit { left_out, .. }] if *left_out > 0), "{:?}", seen.others);
}

#[tokio::test]
async fn who_may_read_logs_and_not_see_pods_reads_the_container_that_they_name() {
    let bench = Bench::start().await;
    let (pod, container) = running(&bench, "web", "");
    let rbac = "rbac.authorization.k8s.io";
    bench.sim.add_token("reader", "reader@example.com", &[]);
    let rules = json!([{"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}]);
    let meta = |name: &str| json!({"name": name, "namespace": "web"});
    bench.sim.apply(json!({"apiVersion": format!("{rbac}/v1"), "kind": "Role", "metadata": meta("logs"), "rules": rules})).unwrap();
    let binding = json!({
        "apiVersion": format!("{rbac}/v1"), "kind": "RoleBinding", "metadata": meta("reader"), "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "logs"},
        "subjects": [{"apiGroup": rbac, "kind": "User", "name": "reader@example.com"}],
    });
    bench.sim.apply(binding).unwrap();
    let path = format!("/ws/logs?cluster=demo&ns=web&pod={pod}&container={container}&tail=5&resume=true");
    let mut socket = bench.connect(&path, READER).await.unwrap();
    begin(&mut socket, Vec::new()).await;
    let first = frame(&mut socket).await;
    assert!(matches!(first, LogFrame::Control(LogControl::Source { uid: None, run: None, .. })), "{first:?}");
    let mut seen = Seen::default();
    seen.until(&mut socket, |seen| seen.caught_up && !seen.lines.is_empty()).await;
    let refused = bench.connect(&format!("/ws/logs?cluster=demo&ns=web&pod={pod}"), READER).await.err();
    assert!(matches!(refused, Some((400, Some(Refusal::BadRequest { .. })))), "{refused:?}");
    let refused = bench.connect("/ws/logs?cluster=demo&ns=web&selector=app", READER).await.err();
    assert!(matches!(refused, Some((403, Some(Refusal::Forbidden { .. })))), "{refused:?}");
}
