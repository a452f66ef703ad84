use serde_json::{Value, json};

use super::*;
use crate::rows::fixtures::row;

fn meta(name: &str, owner: Option<(&str, &str)>, labels: Value) -> Value {
    let owners: Vec<_> = owner.iter().map(|(kind, name)| json!({"kind": kind, "name": name, "uid": format!("{kind}/{name}"), "controller": true})).collect();
    json!({"name": name, "namespace": "web", "labels": labels, "ownerReferences": owners})
}

fn object(kind: Kind, name: &str, owner: Option<(&str, &str)>, labels: Value, spec: Value) -> Arc<Row> {
    let mut meta = meta(name, owner, labels);
    meta["uid"] = json!(format!("{}/{name}", kind.entry().name));
    Arc::new(row(kind, json!({"metadata": meta, "spec": spec})))
}

fn world() -> Vec<Arc<Row>> {
    let pod = |name: &str, owner| {
        let spec = json!({"serviceAccountName": "api", "volumes": [{"configMap": {"name": "settings"}}, {"secret": {"secretName": "lost"}}]});
        object(Kind::Pod, name, owner, json!({"app": "api"}), spec)
    };
    let backend = json!({"rules": [{"http": {"paths": [{"backend": {"service": {"name": "api"}}}]}}]});
    vec![
        object(Kind::Ingress, "edge", None, json!({}), backend),
        object(Kind::Service, "api", None, json!({}), json!({"selector": {"app": "api"}})),
        object(Kind::Deployment, "api", None, json!({}), json!({})),
        object(Kind::ReplicaSet, "api-1", Some(("Deployment", "api")), json!({}), json!({})),
        object(Kind::ReplicaSet, "api-2", Some(("Deployment", "api")), json!({}), json!({})),
        pod("api-1-a", Some(("ReplicaSet", "api-1"))),
        pod("api-2-b", Some(("ReplicaSet", "api-2"))),
        object(Kind::CronJob, "nightly", None, json!({}), json!({})),
        object(Kind::Job, "nightly-1", Some(("CronJob", "nightly")), json!({}), json!({})),
        object(Kind::Pod, "nightly-1-x", Some(("Job", "nightly-1")), json!({"app": "nightly"}), json!({})),
        object(Kind::Pod, "lonely", None, json!({}), json!({})),
        object(Kind::ConfigMap, "settings", None, json!({}), json!({})),
        object(Kind::ConfigMap, "spare", None, json!({}), json!({})),
        object(Kind::ServiceAccount, "api", None, json!({}), json!({})),
    ]
}

/// The lines as a person sees them, indented.
fn told(tree: &Tree<'_>, filter: &str, folds: &Folds) -> Vec<String> {
    let line = |line: &Line| {
        let mark = match line.fold {
            Fold::None => "",
            Fold::Open => "v ",
            Fold::Closed => "> ",
        };
        let what = match &line.what {
            What::Row(row) => format!("{} {}", row.kind.entry().name, row.name),
            What::Words(words) => words.to_string(),
        };
        format!("{}{mark}{what}", "  ".repeat(line.depth.into()))
    };
    tree.lines(&Filter::parse(filter), folds).iter().map(line).collect()
}

fn all<'a>(rows: &'a [Arc<Row>], missing: &'a [Refusal]) -> Tree<'a> {
    Tree { roots: None, rows, missing, complete: true }
}

#[test]
fn a_namespace_is_what_leads_somewhere_then_what_runs_then_the_rest() {
    let rows = world();
    assert_eq!(
        told(&all(&rows, &[]), "", &Folds::default()),
        [
            "v Ingress edge",
            "  v Service api",
            "    > Pod api-1-a",
            "    > Pod api-2-b",
            "v Deployment api",
            "  > Pod api-1-a",
            "  > Pod api-2-b",
            "v CronJob nightly",
            "  v Job nightly-1",
            "    Pod nightly-1-x",
            "Pod lonely",
            "ConfigMap spare",
        ]
    );
}

#[test]
fn an_opened_pod_shows_what_it_uses_and_names_what_is_not_there() {
    let rows = world();
    let mut folds = Folds::default();
    let of_deployment = Tree { roots: Some(&rows[2..3]), ..all(&rows, &[]) };
    let pod = of_deployment.lines(&Filter::default(), &folds)[1].id;
    folds.toggle(pod);
    assert_eq!(
        told(&of_deployment, "", &folds),
        [
            "v Deployment api",
            "  v Pod api-1-a",
            "    ServiceAccount api",
            "    ConfigMap settings",
            "    Secret lost: there is none of this name",
            "  > Pod api-2-b"
        ]
    );
    let denied = [Refusal::Forbidden { verb: "list".into(), resource: "secrets".into(), namespace: None }];
    let told_denied = told(&Tree { missing: &denied, ..of_deployment }, "", &folds);
    assert_eq!(told_denied[4], "    Secret lost: you may not list secrets cluster-wide");
}

#[test]
fn a_match_keeps_what_stands_above_it_and_what_stands_below() {
    let rows = world();
    let tree = all(&rows, &[]);
    assert_eq!(told(&tree, "nightly-1-x", &Folds::default()), ["v CronJob nightly", "  v Job nightly-1", "    Pod nightly-1-x"]);
    assert_eq!(
        told(&tree, "settings", &Folds::default())[..4],
        ["v Ingress edge", "  v Service api", "    v Pod api-1-a", "      ConfigMap settings"],
        "also below what is closed"
    );
    assert_eq!(told(&tree, "edge", &Folds::default()).len(), 4, "with its service and pods");
    assert_eq!(told(&tree, "no-such-thing", &Folds::default()), [""; 0]);
}

#[test]
fn a_row_that_stands_in_two_places_is_two_lines_and_folds_by_itself() {
    let rows = world();
    let tree = all(&rows, &[]);
    let lines = tree.lines(&Filter::default(), &Folds::default());
    let ids: HashSet<_> = lines.iter().map(|line| line.id).collect();
    assert_eq!(ids.len(), lines.len());
    let mut folds = Folds::default();
    folds.toggle(lines[0].id);
    assert_eq!(told(&tree, "", &folds)[..2], ["> Ingress edge", "v Deployment api"]);
}

#[test]
fn workloads_whose_pods_may_not_be_listed_say_so() {
    let rows = [world()[2].clone()];
    let denied = [Refusal::Forbidden { verb: "list".into(), resource: "pods".into(), namespace: Some("web".into()) }];
    assert_eq!(told(&Tree { roots: Some(&rows), ..all(&rows, &denied) }, "", &Folds::default()), ["v Deployment api", "  Pods: you may not list pods in web"]);
}

#[test]
fn owners_in_a_circle_end() {
    let a = object(Kind::Job, "a", Some(("Job", "b")), json!({}), json!({}));
    let b = object(Kind::Job, "b", Some(("Job", "a")), json!({}), json!({}));
    let rows = [a, b];
    let lines = Tree { roots: Some(&rows[..1]), ..all(&rows, &[]) }.lines(&Filter::default(), &Folds::default());
    assert_eq!(lines.len(), usize::from(DEEPEST) + 1);
}
