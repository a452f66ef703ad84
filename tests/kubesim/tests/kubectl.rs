//! The real kubectl does its work against the simulator. `KRATEYARD_KUBECTL` names the program; without it nothing of this is tested, and one line says so.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of a test fail and speak as a test does")]

#[path = "support/kubectl.rs"]
mod kubectl;

use kubectl::{Ended, Kubectl};
use kubesim::{Options, Sim};
use serde_json::{Value, json};

async fn world() -> Sim {
    Sim::start(Options { tls: true, ..Options::default() }).await.unwrap()
}

/// The columns of a printed table.
fn columns(printed: &str) -> Vec<&str> {
    let head = printed.lines().next().unwrap_or_default();
    head.split("  ").map(str::trim).filter(|column| !column.is_empty()).collect()
}

fn ready_pod(sim: &Sim, namespace: &str, app: &str) -> String {
    let pods = sim.list("v1", "Pod", namespace);
    let is_ready = |pod: &&Value| pod["status"]["conditions"].as_array().into_iter().flatten().any(|it| it["type"] == "Ready" && it["status"] == "True");
    let staying = pods.iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
    let pod = staying.filter(|pod| pod["metadata"]["labels"]["app"] == app).find(is_ready).unwrap();
    pod["metadata"]["name"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn version_and_api_resources_name_what_is_served() {
    let sim = world().await;
    let Some(kubectl) = Kubectl::find(&sim, "demo-admin") else { return };
    assert!(kubectl.run("version").good().contains("Server Version: v1.36.2"));
    let resources = kubectl.run("api-resources").good();
    assert_eq!(columns(&resources), ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"]);
    let words = |name: &str| resources.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).find(|line| line[0] == name).unwrap();
    assert_eq!(words("deployments"), ["deployments", "deploy", "apps/v1", "true", "Deployment"]);
    assert_eq!(words("backups"), ["backups", "bk", "data.example.com/v1", "true", "Backup"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn get_prints_every_kind() {
    let sim = world().await;
    let Some(kubectl) = Kubectl::find(&sim, "demo-admin") else { return };
    let names = kubectl.run("api-resources --verbs=list -o name").good();
    assert!(names.lines().count() >= 30, "{names}");
    let all = names.lines().collect::<Vec<_>>().join(",");
    let Ended { out: printed, err, .. } = kubectl.run(&format!("get {all} -A"));
    // Some kinds have no Table here yet; they say so, and kubectl prints the others.
    assert!(err.lines().all(|line| line.contains("kubesim does not simulate") && line.ends_with("as a Table")), "{err}");
    assert!(names.lines().count() - err.lines().count() >= 30, "{err}");
    for (kind, head) in [
        ("pods", vec!["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE"]),
        ("deployments", vec!["NAMESPACE", "NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]),
        ("services", vec!["NAMESPACE", "NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"]),
        ("nodes", vec!["NAME", "STATUS", "ROLES", "AGE", "VERSION"]),
        ("events", vec!["NAMESPACE", "LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]),
        ("backups", vec!["NAMESPACE", "NAME", "DATABASE", "PHASE"]),
    ] {
        assert_eq!(columns(&kubectl.run(&format!("get {kind} -A")).good()), head);
    }
    for line in
        ["pod/session-store-0 ", "deployment.apps/storefront ", "backup.data.example.com/orders-nightly ", "clusterrole.rbac.authorization.k8s.io/admin "]
    {
        assert!(printed.contains(line), "no {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn get_selects_widens_and_writes_yaml() {
    let sim = world().await;
    let Some(kubectl) = Kubectl::find(&sim, "demo-admin") else { return };
    let printed = kubectl.run("get pods -n web -l app=storefront -o wide").good();
    assert_eq!(columns(&printed), ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED NODE", "READINESS GATES"]);
    assert!(printed.lines().count() > 3 && printed.lines().skip(1).all(|line| line.starts_with("storefront-") && line.contains("Running")));
    assert!(kubectl.run("get pods -n payments").good().lines().any(|line| line.contains("CrashLoopBackOff") && line.contains("ago)")));
    let yaml = kubectl.run("get deployment storefront -n web -o yaml").good();
    assert!(yaml.starts_with("apiVersion: apps/v1\nkind: Deployment\n") && yaml.contains("\n  namespace: web\n"), "{yaml}");
    let jsonpath = kubectl.run("get deployment storefront -n web -o jsonpath={.spec.replicas}").good();
    assert_eq!(jsonpath, sim.get("apps/v1", "Deployment", "web", "storefront").unwrap()["spec"]["replicas"].to_string());
    assert_eq!(kubectl.run("get pod nosuch -n web").bad(), (1, "Error from server (NotFound): pods \"nosuch\" not found\n".to_owned()));
    assert_eq!(kubectl.run("get pods -n nothing-here").err, "No resources found in nothing-here namespace.\n");
    let pages = kubectl.run("get pods -A --chunk-size=17 --no-headers").good();
    assert_eq!(pages.lines().count(), sim.list("v1", "Pod", "").len());
}

#[tokio::test(flavor = "multi_thread")]
async fn get_watch_sees_changes() {
    let sim = world().await;
    let Some(kubectl) = Kubectl::find(&sim, "demo-admin") else { return };
    for flag in ["-w", "--watch"] {
        let pod = ready_pod(&sim, "web", "storefront");
        let mut seen = kubectl.follow(&format!("get pods -n web -l app=storefront {flag}"));
        seen.until(&["NAME", "READY"]);
        seen.until(&[&pod, "Running"]);
        sim.delete("v1", "Pod", "web", &pod).unwrap();
        seen.until(&[&pod, "Terminating"]);
        seen.until(&["storefront-", "Pending", "0s"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn describe_shows_status_and_events() {
    let sim = world().await;
    let Some(kubectl) = Kubectl::find(&sim, "demo-admin") else { return };
    let pods = sim.list("v1", "Pod", "payments");
    let crashing = pods.iter().find(|pod| pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff").unwrap();
    let shown = kubectl.run(&format!("describe pod {} -n payments", crashing["metadata"]["name"].as_str().unwrap())).good();
    for words in
        ["Reason:       CrashLoopBackOff", "Last State:     Terminated", "Controlled By:  ReplicaSet/", "Back-off restarting failed container", "QoS Class:"]
    {
        assert!(shown.contains(words), "no {words} in\n{shown}");
    }
    let shown = kubectl.run("describe deployment storefront -n web").good();
    for words in ["StrategyType:           RollingUpdate", "Available      True    MinimumReplicasAvailable", "NewReplicaSet:   storefront-"] {
        assert!(shown.contains(words), "no {words} in\n{shown}");
    }
    for what in [
        "node node-a-01",
        "namespace web",
        "service storefront -n web",
        "statefulset session-store -n web",
        "configmap storefront -n web",
        "backup orders-nightly -n data",
    ] {
        let name = what.split(' ').nth(1).unwrap();
        assert!(kubectl.run(&format!("describe {what}")).good().contains(name), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_followed() {
    let sim = world().await;
    let Some(kubectl) = Kubectl::find(&sim, "demo-admin") else { return };
    let pod = ready_pod(&sim, "web", "storefront");
    assert_eq!(kubectl.run(&format!("logs {pod} -n web -c app --tail=3")).good().lines().count(), 3);
    assert!(sim.set_log("web", &pod, None, Some(20)));
    let mut followed = kubectl.follow(&format!("logs -f {pod} -n web -c app --tail=1"));
    let first = followed.until(&[]);
    assert_ne!(followed.until(&[]), first, "a new line");
    kubectl.follow(&format!("attach {pod} -n web -c app")).until(&["="]);
    let (code, said) = kubectl.run(&format!("logs {pod} -n web -c nosuch")).bad();
    assert!(code == 1 && said.starts_with(&format!("error: container nosuch is not valid for pod {pod} out of: app, ")), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_echoes_and_gives_the_exit_code() {
    let sim = world().await;
    let Some(kubectl) = Kubectl::find(&sim, "demo-admin") else { return };
    let pod = ready_pod(&sim, "web", "storefront");
    let exec = format!("exec {pod} -n web -c app");
    assert_eq!(kubectl.run(&format!("{exec} -- echo hi")).good(), "hi\n");
    let ended = kubectl.run_words(&["exec", &pod, "-n", "web", "-c", "app", "-i", "--", "cat"], "through a pipe\n");
    assert_eq!(ended.good(), "through a pipe\n");
    let (code, said) = kubectl.run_words(&["exec", &pod, "-n", "web", "-c", "app", "--", "sh", "-c", "exit 7"], "").bad();
    assert_eq!((code, said.as_str()), (7, "command terminated with exit code 7\n"));
    let terminal = kubectl.run_on_a_terminal(&format!("exec -it {pod} -n web -c app -- sh"), "echo code $? is it\nexit 4\n");
    assert_eq!(terminal.code, 4, "{terminal:?}");
    assert!(terminal.out.contains("echo code $? is it\r\ncode 0 is it\r\n"), "{terminal:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn delete_waits_until_the_object_is_gone() {
    let sim = world().await;
    let Some(kubectl) = Kubectl::find(&sim, "demo-admin") else { return };
    let pod = ready_pod(&sim, "web", "storefront");
    assert_eq!(kubectl.run(&format!("delete pod {pod} -n web")).good(), format!("pod \"{pod}\" deleted from web namespace\n"));
    assert!(sim.get("v1", "Pod", "web", &pod).is_none());
    // what a deployment made goes with it, or stays when it is told to
    let pods = |app: &str| sim.list("v1", "Pod", "web").iter().filter(|pod| pod["metadata"]["labels"]["app"] == app).count();
    kubectl.run("delete deployment media-api -n web --cascade=foreground").good();
    assert_eq!(pods("media-api"), 0, "foreground ends when all pods are gone");
    let before = pods("profile-cache");
    kubectl.run("delete deployment profile-cache -n web --cascade=orphan").good();
    let sets = sim.list("apps/v1", "ReplicaSet", "web");
    let orphan = sets.iter().find(|set| set["metadata"]["labels"]["app"] == "profile-cache").unwrap();
    assert!(orphan["metadata"]["ownerReferences"].is_null() && before > 0);
    assert_eq!(pods("profile-cache"), before);
    kubectl.run("delete deployment storefront -n web").good();
    kubectl.run("wait --for=delete pod -l app=storefront -n web --timeout=30s").good();
    assert_eq!(pods("storefront"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_is_emptied_before_it_goes() {
    let sim = world().await;
    let Some(kubectl) = Kubectl::find(&sim, "demo-admin") else { return };
    kubectl.run("create namespace mine").good();
    kubectl.run("run one --image=busybox:1.35.0 -n mine").good();
    kubectl.run("wait --for=condition=Ready pod/one -n mine --timeout=30s").good();
    assert!(kubectl.run("get namespace mine").good().contains("Active"));
    assert_eq!(kubectl.run("delete namespace mine").good(), "namespace \"mine\" deleted\n");
    assert!(sim.list("v1", "Pod", "mine").is_empty() && sim.get("v1", "Namespace", "", "mine").is_none());
    let (_, said) = kubectl.run("delete namespace kube-system").bad();
    assert_eq!(said, "Error from server (Forbidden): namespaces \"kube-system\" is forbidden: this namespace may not be deleted\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn scale_and_rollout_change_what_runs() {
    let sim = world().await;
    let Some(kubectl) = Kubectl::find(&sim, "demo-admin") else { return };
    let deployment = || sim.get("apps/v1", "Deployment", "web", "storefront").unwrap();
    assert_eq!(kubectl.run("scale deployment storefront -n web --replicas=3").good(), "deployment.apps/storefront scaled\n");
    assert_eq!(deployment()["spec"]["replicas"], 3);
    let done = "deployment \"storefront\" successfully rolled out\n";
    assert!(kubectl.run("rollout status deployment storefront -n web").good().ends_with(done));
    assert_eq!(kubectl.run("rollout restart deployment storefront -n web").good(), "deployment.apps/storefront restarted\n");
    assert!(deployment()["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"].is_string());
    assert!(kubectl.run("rollout status deployment storefront -n web").good().ends_with(done));
    let history = kubectl.run("rollout history deployment storefront -n web").good();
    assert!(history.lines().any(|line| line.starts_with("3 ")), "{history}");
    assert_eq!(kubectl.run("rollout undo deployment storefront -n web").good(), "deployment.apps/storefront rolled back\n");
    assert!(kubectl.run("rollout status deployment storefront -n web").good().ends_with(done));
    assert!(deployment()["spec"]["template"]["metadata"]["annotations"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn label_annotate_and_patch_change_objects() {
    let sim = world().await;
    let Some(kubectl) = Kubectl::find(&sim, "demo-admin") else { return };
    let map = || sim.get("v1", "ConfigMap", "web", "storefront").unwrap();
    assert_eq!(kubectl.run("label configmap storefront -n web tier=front").good(), "configmap/storefront labeled\n");
    assert_eq!(kubectl.run("annotate configmap storefront -n web why=test").good(), "configmap/storefront annotated\n");
    assert_eq!((&map()["metadata"]["labels"]["tier"], &map()["metadata"]["annotations"]["why"]), (&json!("front"), &json!("test")));
    kubectl.run("label configmap storefront -n web tier-").good();
    assert_eq!(map()["metadata"]["labels"], Value::Null);
    let patch = |kind: &str, patch: &str| kubectl.run_words(&["patch", "deployment", "storefront", "-n", "web", "--type", kind, "-p", patch], "").good();
    let container = || sim.get("apps/v1", "Deployment", "web", "storefront").unwrap()["spec"]["template"]["spec"]["containers"][0].take();
    let before = container();
    let env = json!({"spec": {"template": {"spec": {"containers": [{"name": before["name"], "env": [{"name": "ADDED", "value": "1"}]}]}}}});
    assert_eq!(patch("strategic", &env.to_string()), "deployment.apps/storefront patched\n");
    assert_eq!(container()["image"], before["image"], "what a strategic patch does not name stays");
    assert!(container()["env"].as_array().unwrap().iter().any(|variable| variable["name"] == "ADDED"));
    assert_eq!(container()["env"].as_array().unwrap().len(), before["env"].as_array().unwrap().len() + 1);
    patch("merge", r#"{"spec":{"minReadySeconds":3}}"#);
    patch("json", r#"[{"op":"test","path":"/spec/minReadySeconds","value":3},{"op":"replace","path":"/spec/minReadySeconds","value":4}]"#);
    assert_eq!(sim.get("apps/v1", "Deployment", "web", "storefront").unwrap()["spec"]["minReadySeconds"], 4);
    assert_eq!(patch("merge", r#"{"spec":{"minReadySeconds":4}}"#), "deployment.apps/storefront patched (no change)\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn create_apply_and_delete_take_files() {
    let sim = world().await;
    let Some(kubectl) = Kubectl::find(&sim, "demo-admin") else { return };
    let map =
        |value: &str| kubectl.file("map.yaml", &format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ours\n  namespace: web\ndata:\n  key: {value}\n"));
    let value = || sim.get("v1", "ConfigMap", "web", "ours").unwrap()["data"]["key"].clone();
    let file = map("one");
    assert_eq!(kubectl.run(&format!("create -f {file} --validate=false")).good(), "configmap/ours created\n");
    assert_eq!(kubectl.run(&format!("create -f {file}")).bad().0, 1, "it exists");
    kubectl.run(&format!("delete -f {file}")).good();
    assert_eq!(kubectl.run(&format!("apply -f {file}")).good(), "configmap/ours created\n");
    assert_eq!(kubectl.run(&format!("apply -f {}", map("two"))).good(), "configmap/ours configured\n");
    assert_eq!(kubectl.run(&format!("apply -f {file}")).good(), "configmap/ours unchanged\n");
    assert_eq!(value(), "two");
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_are_told_and_kept() {
    let sim = world().await;
    let Some(kubectl) = Kubectl::find(&sim, "demo-viewer") else { return };
    assert_eq!(kubectl.run("auth can-i list pods -n web").good(), "yes\n");
    let denied = kubectl.run("auth can-i delete pods -n web");
    assert_eq!((denied.code, denied.out.as_str()), (1, "no\n"));
    let list = kubectl.run("auth can-i --list -n web").good();
    assert!(list.lines().any(|line| line.starts_with("pods ") && line.contains("[get list watch]")), "{list}");
    assert!(kubectl.run("auth whoami").good().contains("viewer@example.com"));
    let (code, said) = kubectl.run("delete pod session-store-0 -n web").bad();
    let words = "pods \"session-store-0\" is forbidden: User \"viewer@example.com\" cannot delete resource \"pods\" in API group \"\" in the namespace \"web\"";
    assert_eq!((code, said), (1, format!("Error from server (Forbidden): {words}\n")));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_listed_and_found_by_their_object() {
    let sim = world().await;
    let Some(kubectl) = Kubectl::find(&sim, "demo-admin") else { return };
    let printed = kubectl.run("get events -n payments").good();
    assert_eq!(columns(&printed), ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]);
    let back_off = printed.lines().find(|line| line.contains("BackOff") && line.contains("Back-off restarting")).unwrap();
    let pod = back_off.split_whitespace().find(|word| word.starts_with("pod/")).unwrap();
    assert!(kubectl.run(&format!("events -n payments --for {pod}")).good().lines().skip(1).all(|line| line.to_lowercase().contains(pod)));
    assert!(kubectl.run("get events -n payments --field-selector type=Warning").good().lines().skip(1).all(|line| line.contains("Warning")));
}

#[tokio::test(flavor = "multi_thread")]
async fn drain_evicts_what_budgets_allow() {
    let sim = world().await;
    let Some(kubectl) = Kubectl::find(&sim, "demo-admin") else { return };
    kubectl.run("cordon node-a-01").good();
    assert!(kubectl.run("get node node-a-01").good().contains("Ready,SchedulingDisabled"));
    let pod = ready_pod(&sim, "web", "storefront");
    let node = sim.get("v1", "Pod", "web", &pod).unwrap()["spec"]["nodeName"].as_str().unwrap().to_owned();
    let drain = |more: &str| kubectl.run(&format!("drain {node} --ignore-daemonsets --pod-selector=app=storefront {more}"));
    let budget = |allowed: u64| {
        json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "storefront", "namespace": "web"},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "storefront"}}},
            "status": {"disruptionsAllowed": allowed, "currentHealthy": 5, "desiredHealthy": 5, "expectedPods": 5},
        })
    };
    sim.apply(budget(0)).unwrap();
    let refused = drain("--timeout=3s");
    assert!(refused.code != 0 && refused.err.contains("Cannot evict pod as it would violate the pod's disruption budget."), "{refused:?}");
    sim.apply(budget(20)).unwrap();
    assert!(drain("--timeout=40s").good().contains(&format!("pod/{pod} evicted")));
    assert!(sim.get("v1", "Pod", "web", &pod).is_none());
    kubectl.run("uncordon node-a-01").good();
}
