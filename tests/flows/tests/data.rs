//! The way of data, on any cluster: API server -> proxy -> socket -> plan, runtime, reducers, store.
//!
//! A real cluster is shared by all of these while they run beside each other: what a test makes has a name of its own, and what it counts is its own.

use flows::{Account, Person, Stage, collection, eventually, flow, path};
use krateyard_app::store::{ObjectState, Table};
use krateyard_app::stream::StreamState;
use krateyard_shared::api::AccessQuestion;
use krateyard_shared::domain::Domain;
use krateyard_shared::kinds::{KINDS, Kind};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::rows::Row;
use krateyard_shared::scope::Scope;
use leptos::prelude::GetUntracked;
use serde_json::{Value, json};

#[path = "data/aggregates.rs"]
mod aggregates;

fn ns(namespace: &str) -> Scope {
    Scope::Namespace(namespace.into())
}

fn row<'t>(table: &'t Table, name: &str) -> Option<&'t Row> {
    table.rows.iter().map(AsRef::as_ref).find(|row| row.name == name)
}

fn has(name: &str) -> impl Fn(&Table) -> bool {
    move |table| row(table, name).is_some()
}

/// Whether a row says so of its label `step`.
fn is_at_step(name: &str, step: &str) -> impl Fn(&Table) -> bool {
    move |table| row(table, name).is_some_and(|row| row.labels.iter().any(|(key, value)| key == "step" && value == step))
}

fn step(step: &str) -> Value {
    json!({"metadata": {"labels": {"step": step}}})
}

/// What a pod is made of. It finds no node on any cluster: nothing happens to it but what the test does.
fn pod_spec() -> Value {
    let main = json!({"name": "main", "image": "registry.k8s.io/pause:3.10"});
    json!({"containers": [main], "nodeSelector": {"krateyard.dev/nowhere": "true"}, "terminationGracePeriodSeconds": 0})
}

/// A pod at step one, made now.
async fn make_pod(stage: &Stage, namespace: &str, name: &str) {
    let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"step": "one"}}, "spec": pod_spec()});
    stage.kube().create(&collection(Kind::Pod, namespace), &object).await.expect("the pod is made");
}

async fn change_pod(stage: &Stage, namespace: &str, name: &str, to: &str) {
    stage.kube().merge(&path(Kind::Pod, namespace, name), &step(to)).await.expect("the pod is changed");
}

async fn remove_pod(stage: &Stage, namespace: &str, name: &str) {
    stage.kube().delete(&path(Kind::Pod, namespace, name)).await.expect("the pod is removed");
}

fn forbidden(resource: &str, namespace: Option<&str>) -> Refusal {
    Refusal::Forbidden { verb: "list".into(), resource: resource.into(), namespace: namespace.map(Into::into) }
}

#[test]
fn first_rows_of_every_kind_equal_an_independent_list() {
    flow(async || {
        let stage = Stage::start().await;
        let payments = stage.namespace("payments");
        let admin = Person::open(&stage, Account::Admin);
        let mut leases = Vec::new();
        for entry in KINDS {
            // What is measured has no object of its own that a list could be compared with.
            if !entry.is_overlay() && stage.serves(entry.kind).await {
                leases.push((entry.kind, admin.table(entry.kind, Scope::All)));
            }
        }
        for (kind, lease) in &leases {
            assert!(kind.is_plain() || !stage.objects(*kind, "").await.is_empty(), "the cluster has {kind:?}");
            Person::sees_the_cluster(&stage, lease, *kind, "").await;
        }
        let in_payments = admin.table(Kind::Pod, ns(&payments));
        Person::sees_the_cluster(&stage, &in_payments, Kind::Pod, &payments).await;
        assert_eq!(admin.workspace().resyncs(), 0);
    });
}

#[test]
fn a_domain_joins_its_kinds() {
    flow(async || {
        let stage = Stage::start().await;
        let admin = Person::open(&stage, Account::Admin);
        let network = admin.table(Domain::Network, ns(&stage.namespace("web")));
        let catalog = admin.table(Domain::Catalog, Scope::All);
        let is_live = |table: &Table| table.complete && table.state.is_live();
        let table = Person::table_when(&network, is_live).await.expect("live");
        let mut all = 0;
        for kind in Domain::Network.entry().kinds.iter().filter(|kind| kind.entry().namespaced) {
            if stage.serves(*kind).await {
                all += stage.objects(*kind, &stage.namespace("web")).await.len();
            }
        }
        assert_eq!(table.rows.len(), all);
        // What others do on this cluster meanwhile makes numbers move; what stands still is in it.
        let table = Person::table_when(&catalog, is_live).await.expect("live");
        for kind in Domain::Catalog.entry().kinds.iter().filter(|kind| kind.entry().namespaced) {
            if !stage.serves(*kind).await {
                continue;
            }
            for object in stage.objects(*kind, &stage.namespace("web")).await {
                let uid = object["metadata"]["uid"].as_str().expect("a uid");
                assert!(table.rows.iter().any(|row| row.uid == uid), "{object:#}");
            }
        }
    });
}

#[test]
fn a_live_change_arrives_and_what_is_gone_goes() {
    flow(async || {
        let stage = Stage::start().await;
        let (payments, fresh) = (stage.namespace("payments"), stage.fresh("fresh"));
        let admin = Person::open(&stage, Account::Admin);
        let pods = admin.table(Kind::Pod, ns(&payments));
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, &payments).await;
        make_pod(&stage, &payments, &fresh).await;
        Person::table_when(&pods, is_at_step(&fresh, "one")).await.expect("the new pod");
        change_pod(&stage, &payments, &fresh, "two").await;
        Person::table_when(&pods, is_at_step(&fresh, "two")).await.expect("its change");
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, &payments).await;
        remove_pod(&stage, &payments, &fresh).await;
        Person::table_when(&pods, |table| !has(&fresh)(table)).await.expect("the pod is gone");
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, &payments).await;
        assert_eq!(admin.workspace().resyncs(), 0);
    });
}

#[test]
fn a_deployment_is_scaled_and_its_replica_set_and_pods_follow() {
    flow(async || {
        let stage = Stage::start().await;
        let (payments, name) = (stage.namespace("payments"), stage.fresh("scaled"));
        let admin = Person::open(&stage, Account::Admin);
        let kinds = [Kind::Deployment, Kind::ReplicaSet, Kind::Pod];
        let [deployments, sets, pods] = kinds.map(|kind| admin.table(kind, ns(&payments)));
        let labels = json!({"app": name});
        let template = json!({"metadata": {"labels": labels}, "spec": {"containers": pod_spec()["containers"], "nodeSelector": pod_spec()["nodeSelector"]}});
        let spec = json!({"replicas": 1, "selector": {"matchLabels": labels}, "template": template});
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec});
        stage.kube().create(&collection(Kind::Deployment, &payments), &object).await.expect("the deployment is made");
        let count = |table: &Table| table.rows.iter().filter(|row| row.labels.contains(&("app".into(), name.clone()))).count();
        Person::table_when(&deployments, has(&name)).await.expect("the deployment");
        for replicas in [1, 3, 0] {
            let scale = json!({"spec": {"replicas": replicas}});
            stage.kube().merge(&format!("{}/scale", path(Kind::Deployment, &payments, &name)), &scale).await.expect("scaled");
            Person::table_when(&pods, |table| count(table) == replicas).await.expect("so many pods");
            Person::table_when(&sets, |table| count(table) == 1).await.expect("one replica set");
            for (kind, lease) in [(Kind::Deployment, &deployments), (Kind::ReplicaSet, &sets), (Kind::Pod, &pods)] {
                Person::sees_the_cluster(&stage, lease, kind, &payments).await;
            }
        }
        stage.kube().delete(&path(Kind::Deployment, &payments, &name)).await.expect("removed");
        Person::table_when(&deployments, |table| !has(&name)(table)).await.expect("the deployment is gone");
    });
}

#[test]
fn an_object_is_live_and_stays_readable_when_it_is_gone() {
    flow(async || {
        let stage = Stage::start().await;
        let (payments, name) = (stage.namespace("payments"), stage.fresh("watched"));
        make_pod(&stage, &payments, &name).await;
        let admin = Person::open(&stage, Account::Admin);
        let lease = admin.object(Kind::Pod, &payments, &name);
        let step = |object: &ObjectState| object.object.as_ref().map(|object| object["metadata"]["labels"]["step"].clone());
        Person::object_when(&lease, |object| step(object) == Some("one".into()) && object.state == StreamState::Live).await.expect("the object");
        change_pod(&stage, &payments, &name, "two").await;
        Person::object_when(&lease, |object| step(object) == Some("two".into())).await.expect("its change");
        remove_pod(&stage, &payments, &name).await;
        let gone = Person::object_when(&lease, |object| object.state == StreamState::Gone).await.expect("gone");
        assert_eq!(step(&gone), Some("two".into()));
    });
}

#[test]
fn a_restarted_proxy_is_found_again_and_everything_ends_equal_to_the_cluster() {
    flow(async || {
        let mut stage = Stage::start().await;
        let web = stage.namespace("web");
        let (goes, comes) = (stage.fresh("goes"), stage.fresh("comes"));
        make_pod(&stage, &web, &goes).await;
        let admin = Person::open(&stage, Account::Admin);
        let (pods, deployments) = (admin.table(Kind::Pod, Scope::All), admin.table(Kind::Deployment, ns(&web)));
        Person::table_when(&pods, has(&goes)).await.expect("the pod");
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, "").await;
        Person::sees_the_cluster(&stage, &deployments, Kind::Deployment, &web).await;
        stage.stop_proxy().await;
        let lost = Person::table_when(&pods, |table| matches!(table.state, StreamState::Reconnecting { .. })).await.expect("told");
        assert!(lost.complete && has(&goes)(&lost), "rows stay on screen");
        make_pod(&stage, &web, &comes).await;
        remove_pod(&stage, &web, &goes).await;
        assert!(has(&goes)(&pods.table.get_untracked()), "nobody can have heard of it");
        stage.start_proxy().await;
        Person::table_when(&pods, |table| has(&comes)(table) && !has(&goes)(table)).await.expect("what happened meanwhile");
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, "").await;
        Person::sees_the_cluster(&stage, &deployments, Kind::Deployment, &web).await;
        assert_eq!(admin.connection(), StreamState::Live);
        remove_pod(&stage, &web, &comes).await;
    });
}

#[test]
fn an_editor_of_one_namespace_sees_it_and_is_told_what_is_missing() {
    flow(async || {
        let stage = Stage::start().await;
        let (payments, web) = (stage.namespace("payments"), stage.namespace("web"));
        let editor = Person::open(&stage, Account::Editor);
        let pods = editor.table(Kind::Pod, Scope::All);
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, &payments).await;
        assert_eq!(pods.table.get_untracked().missing, [forbidden("pods", None)]);
        let access = editor.access();
        assert_eq!(access.namespaces.iter().map(|namespace| namespace.namespace.as_str()).collect::<Vec<_>>(), [payments.as_str()]);
        let (foreign, theirs) = (stage.fresh("not-theirs"), stage.fresh("theirs"));
        make_pod(&stage, &web, &foreign).await;
        make_pod(&stage, &payments, &theirs).await;
        let table = Person::table_when(&pods, has(&theirs)).await.expect("their change");
        assert!(table.rows.iter().all(|row| row.namespace.as_ref() == Some(&payments)));
        remove_pod(&stage, &web, &foreign).await;
        remove_pod(&stage, &payments, &theirs).await;
    });
}

#[test]
fn a_denied_namespace_and_a_denied_kind_are_named_and_never_empty() {
    flow(async || {
        let stage = Stage::start().await;
        let (payments, web) = (stage.namespace("payments"), stage.namespace("web"));
        let viewer = Person::open(&stage, Account::Viewer);
        let (theirs, foreign, nodes) = (viewer.table(Kind::Pod, ns(&web)), viewer.table(Kind::Pod, ns(&payments)), viewer.table(Kind::Node, Scope::All));
        Person::sees_the_cluster(&stage, &theirs, Kind::Pod, &web).await;
        let denied = |table: &Table| matches!(table.state, StreamState::Denied(_));
        let foreign = Person::table_when(&foreign, denied).await.expect("denied");
        assert_eq!((foreign.state.clone(), foreign.complete), (StreamState::Denied(forbidden("pods", Some(&payments))), false));
        let nodes = Person::table_when(&nodes, denied).await.expect("denied");
        assert_eq!(nodes.missing, [forbidden("nodes", None)]);
    });
}

#[test]
fn a_right_that_is_taken_ends_the_stream_and_one_that_is_given_begins_it_when_asked() {
    flow(async || {
        let stage = Stage::start().await;
        let (web, name) = (stage.namespace("web"), stage.fresh("lent"));
        let bindings = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{web}/rolebindings");
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
            "subjects": [stage.subject(Account::Nobody)],
        });
        stage.kube().create(&bindings, &binding).await.expect("bound");
        let guest = Person::open(&stage, Account::Nobody);
        let pods = guest.table(Kind::Pod, ns(&web));
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, &web).await;
        stage.kube().delete(&format!("{bindings}/{name}")).await.expect("removed");
        let denied = Person::table_when(&pods, |table| matches!(table.state, StreamState::Denied(_))).await.expect("denied");
        assert!(denied.rows.is_empty(), "what may not be seen is not shown");
        stage.kube().create(&bindings, &binding).await.expect("bound again");
        // The person tries until it counts: the proxy remembers a refusal for a moment.
        let mut tries = 0;
        eventually(|| {
            tries += 1;
            if tries % 50 == 0 {
                pods.refresh();
            }
            pods.table.get_untracked().state.is_live().then_some(())
        })
        .await
        .expect("allowed again");
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, &web).await;
        stage.kube().delete(&format!("{bindings}/{name}")).await.expect("removed");
    });
}

#[test]
fn a_wrong_token_is_signed_out() {
    flow(async || {
        let stage = Stage::start().await;
        let nobody = Person::with_token(&stage, "no-such-token");
        let told = eventually(|| Some(nobody.connection()).filter(|state| matches!(state, StreamState::Denied(_)))).await;
        assert!(matches!(told, Some(StreamState::Denied(Refusal::Unauthenticated | Refusal::Expired))), "{told:?} {:?}", nobody.connection());
    });
}

#[test]
fn questions_are_answered_by_the_clusters_own_rules() {
    flow(async || {
        let stage = Stage::start().await;
        let editor = Person::open(&stage, Account::Editor);
        let exec_in = |short: &str| AccessQuestion {
            verb: "create".into(),
            group: String::new(),
            resource: "pods".into(),
            subresource: "exec".into(),
            namespace: Some(stage.namespace(short)),
            name: String::new(),
        };
        assert_eq!(editor.may(exec_in("payments")).await, Some(true));
        assert_eq!(editor.may(exec_in("web")).await, Some(false));
    });
}

#[test]
fn under_a_storm_of_changes_nothing_is_lost() {
    flow(async || {
        let stage = Stage::start().await;
        let (payments, web, storm) = (stage.namespace("payments"), stage.namespace("web"), stage.fresh("storm"));
        let admin = Person::open(&stage, Account::Admin);
        let (all, one) = (admin.table(Kind::Pod, Scope::All), admin.table(Kind::Pod, ns(&payments)));
        Person::sees_the_cluster(&stage, &all, Kind::Pod, "").await;
        // Pods come, change and go, several between two looks of the app.
        let namespaces = [payments.as_str(), web.as_str()];
        let mut left = Vec::new();
        for round in 0..240_usize {
            let (namespace, name) = (namespaces[round % 2], format!("{storm}-{}", round / 8 * 2 + round % 2));
            match round % 8 / 2 {
                0 => make_pod(&stage, namespace, &name).await,
                3 if round % 3 != 0 => remove_pod(&stage, namespace, &name).await,
                at => change_pod(&stage, namespace, &name, &format!("changed-{at}")).await,
            }
            if round % 8 / 2 == 3 && round % 3 == 0 {
                left.push((namespace, name));
            }
        }
        let last = format!("{storm}-last");
        make_pod(&stage, &payments, &last).await;
        Person::table_when(&all, has(&last)).await.expect("the last change");
        Person::sees_the_cluster(&stage, &all, Kind::Pod, "").await;
        Person::sees_the_cluster(&stage, &one, Kind::Pod, &payments).await;
        assert_eq!(admin.workspace().resyncs(), 0);
        left.push((&payments, last));
        for (namespace, name) in left {
            remove_pod(&stage, namespace, &name).await;
        }
    });
}
