//! The way of data: kubesim -> proxy -> socket -> plan, runtime, reducers, store.

use flows::{Person, Stage, eventually};
use krateyard_app::store::Table;
use krateyard_app::stream::StreamState;
use krateyard_shared::api::AccessQuestion;
use krateyard_shared::domain::Domain;
use krateyard_shared::kinds::{KINDS, Kind};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::scope::Scope;
use kubesim::RestartKind;
use leptos::prelude::GetUntracked;
use serde_json::{Value, json};

/// Runs a flow on one thread, as the browser runs the app.
fn flow(body: impl AsyncFnOnce()) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, body());
}

fn ns(namespace: &str) -> Scope {
    Scope::Namespace(namespace.into())
}

fn has(name: &str) -> impl Fn(&Table) -> bool {
    move |table| table.rows.iter().any(|row| row.name == name)
}

fn config_pod(namespace: &str, name: &str, phase: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {"nodeName": "node-x", "containers": [{"name": "main", "image": "registry.example/main:1"}]}, "status": {"phase": phase},
    })
}

fn forbidden(resource: &str, namespace: Option<&str>) -> Refusal {
    Refusal::Forbidden { verb: "list".into(), resource: resource.into(), namespace: namespace.map(Into::into) }
}

#[test]
fn first_rows_of_every_kind_equal_an_independent_list() {
    flow(async || {
        let stage = Stage::start().await;
        let admin = Person::open(&stage, "demo-admin");
        let leases: Vec<_> = KINDS.iter().map(|entry| (entry.kind, admin.table(entry.kind, Scope::All))).collect();
        for (kind, lease) in &leases {
            assert!(!stage.objects(*kind, "").is_empty(), "kubesim has {kind:?}");
            Person::sees_the_cluster(&stage, lease, *kind, "").await;
        }
        let in_payments = admin.table(Kind::Pod, ns("payments"));
        Person::sees_the_cluster(&stage, &in_payments, Kind::Pod, "payments").await;
        assert_eq!(admin.workspace().resyncs(), 0);
    });
}

#[test]
fn a_domain_joins_its_kinds() {
    flow(async || {
        let stage = Stage::start().await;
        let admin = Person::open(&stage, "demo-admin");
        let catalog = admin.table(Domain::Catalog, Scope::All);
        let all: usize = Domain::Catalog.entry().kinds.iter().map(|kind| stage.objects(*kind, "").len()).sum();
        let table = Person::table_when(&catalog, |table| table.complete && table.state.is_live()).await.expect("live");
        assert_eq!(table.rows.len(), all);
    });
}

#[test]
fn a_live_change_arrives_and_what_is_gone_goes() {
    flow(async || {
        let stage = Stage::start().await;
        let admin = Person::open(&stage, "demo-admin");
        let pods = admin.table(Kind::Pod, ns("payments"));
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, "payments").await;
        stage.sim.apply(config_pod("payments", "fresh", "Pending")).expect("applied");
        Person::table_when(&pods, has("fresh")).await.expect("the new pod");
        stage.sim.apply(config_pod("payments", "fresh", "Running")).expect("applied");
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, "payments").await;
        stage.sim.remove("v1", "Pod", "payments", "fresh").expect("removed");
        Person::table_when(&pods, |table| !has("fresh")(table)).await.expect("the pod is gone");
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, "payments").await;
        assert_eq!(admin.workspace().resyncs(), 0);
    });
}

#[test]
fn an_object_is_live_and_stays_readable_when_it_is_gone() {
    flow(async || {
        let stage = Stage::start().await;
        stage.sim.apply(config_pod("payments", "watched", "Pending")).expect("applied");
        let admin = Person::open(&stage, "demo-admin");
        let lease = admin.object(Kind::Pod, "payments", "watched");
        let phase = |object: &krateyard_app::store::ObjectState| object.object.as_ref().map(|object| object["status"]["phase"].clone());
        Person::object_when(&lease, |object| phase(object) == Some("Pending".into()) && object.state == StreamState::Live).await.expect("the object");
        stage.sim.apply(config_pod("payments", "watched", "Running")).expect("applied");
        Person::object_when(&lease, |object| phase(object) == Some("Running".into())).await.expect("its change");
        stage.sim.remove("v1", "Pod", "payments", "watched").expect("removed");
        let gone = Person::object_when(&lease, |object| object.state == StreamState::Gone).await.expect("gone");
        assert_eq!(phase(&gone), Some("Running".into()));
    });
}

#[test]
fn a_restart_of_the_cluster_is_survived_with_and_without_its_history() {
    for kind in [RestartKind::KeepHistory, RestartKind::LoseHistory] {
        flow(async || {
            let stage = Stage::start().await;
            let admin = Person::open(&stage, "demo-admin");
            let pods = admin.table(Kind::Pod, Scope::All);
            Person::sees_the_cluster(&stage, &pods, Kind::Pod, "").await;
            stage.sim.stop().await;
            stage.sim.apply(config_pod("web", "meanwhile", "Running")).expect("applied");
            stage.sim.restart(kind).await.expect("the same port");
            Person::table_when(&pods, has("meanwhile")).await.expect("what came meanwhile");
            Person::sees_the_cluster(&stage, &pods, Kind::Pod, "").await;
            stage.sim.apply(config_pod("web", "afterwards", "Running")).expect("applied");
            Person::table_when(&pods, has("afterwards")).await.expect("what came afterwards");
        });
    }
}

#[test]
fn a_cluster_that_does_not_answer_is_told_while_its_rows_stay() {
    flow(async || {
        let stage = Stage::start().await;
        let admin = Person::open(&stage, "demo-admin");
        let pods = admin.table(Kind::Pod, Scope::All);
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, "").await;
        stage.sim.stop().await;
        let stale = Person::table_when(&pods, |table| table.state.is_unconfirmed()).await.expect("told");
        assert_eq!(stale.rows.len(), stage.objects(Kind::Pod, "").len());
    });
}

#[test]
fn a_restarted_proxy_is_found_again_and_everything_ends_equal_to_the_cluster() {
    flow(async || {
        let mut stage = Stage::start().await;
        let admin = Person::open(&stage, "demo-admin");
        let (pods, deployments) = (admin.table(Kind::Pod, Scope::All), admin.table(Kind::Deployment, ns("web")));
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, "").await;
        Person::sees_the_cluster(&stage, &deployments, Kind::Deployment, "web").await;
        let before = pods.table.get_untracked().rows.len();
        stage.stop_proxy().await;
        let lost = Person::table_when(&pods, |table| matches!(table.state, StreamState::Reconnecting { .. })).await.expect("told");
        assert_eq!((lost.rows.len(), lost.complete), (before, true), "rows stay on screen");
        stage.sim.apply(config_pod("web", "meanwhile", "Running")).expect("applied");
        let gone = stage.objects(Kind::Pod, "payments")[0]["metadata"]["name"].as_str().expect("a name").to_owned();
        stage.sim.remove("v1", "Pod", "payments", &gone).expect("removed");
        stage.start_proxy().await;
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, "").await;
        Person::sees_the_cluster(&stage, &deployments, Kind::Deployment, "web").await;
        assert_eq!(admin.connection(), StreamState::Live);
        assert!(has("meanwhile")(&pods.table.get_untracked()));
    });
}

#[test]
fn an_editor_of_one_namespace_sees_it_and_is_told_what_is_missing() {
    flow(async || {
        let stage = Stage::start().await;
        let editor = Person::open(&stage, "demo-editor");
        let pods = editor.table(Kind::Pod, Scope::All);
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, "payments").await;
        assert_eq!(pods.table.get_untracked().missing, [forbidden("pods", None)]);
        let access = editor.access();
        assert_eq!(access.namespaces.iter().map(|namespace| namespace.namespace.as_str()).collect::<Vec<_>>(), ["payments"]);
        stage.sim.apply(config_pod("web", "not-theirs", "Running")).expect("applied");
        stage.sim.apply(config_pod("payments", "theirs", "Running")).expect("applied");
        let table = Person::table_when(&pods, has("theirs")).await.expect("their change");
        assert!(table.rows.iter().all(|row| row.namespace.as_deref() == Some("payments")));
    });
}

#[test]
fn a_denied_namespace_and_a_denied_kind_are_named_and_never_empty() {
    flow(async || {
        let stage = Stage::start().await;
        let viewer = Person::open(&stage, "demo-viewer");
        let (theirs, foreign, nodes) = (viewer.table(Kind::Pod, ns("web")), viewer.table(Kind::Pod, ns("payments")), viewer.table(Kind::Node, Scope::All));
        Person::sees_the_cluster(&stage, &theirs, Kind::Pod, "web").await;
        let denied = |table: &Table| matches!(table.state, StreamState::Denied(_));
        let foreign = Person::table_when(&foreign, denied).await.expect("denied");
        assert_eq!((foreign.state.clone(), foreign.complete), (StreamState::Denied(forbidden("pods", Some("payments"))), false));
        let nodes = Person::table_when(&nodes, denied).await.expect("denied");
        assert_eq!(nodes.missing, [forbidden("nodes", None)]);
    });
}

#[test]
fn a_right_that_is_taken_ends_the_stream_and_one_that_is_given_begins_it_when_asked() {
    flow(async || {
        let stage = Stage::start().await;
        let editor = Person::open(&stage, "demo-editor");
        let pods = editor.table(Kind::Pod, ns("payments"));
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, "payments").await;
        let bindings = stage.sim.list("rbac.authorization.k8s.io/v1", "RoleBinding", "payments");
        let binding = bindings.iter().find(|binding| binding["roleRef"]["name"] == "edit").expect("the editor's binding").clone();
        let name = binding["metadata"]["name"].as_str().expect("a name");
        stage.sim.remove("rbac.authorization.k8s.io/v1", "RoleBinding", "payments", name).expect("removed");
        let denied = Person::table_when(&pods, |table| matches!(table.state, StreamState::Denied(_))).await.expect("denied");
        assert!(denied.rows.is_empty(), "what may not be seen is not shown");
        stage.sim.apply(binding).expect("applied");
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
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, "payments").await;
    });
}

#[test]
fn many_people_and_tables_share_one_watch_of_the_cluster() {
    flow(async || {
        let stage = Stage::start().await;
        let (admin, other, editor) = (Person::open(&stage, "demo-admin"), Person::open(&stage, "demo-admin"), Person::open(&stage, "demo-editor"));
        let leases = [admin.table(Kind::Pod, Scope::All), other.table(Kind::Pod, Scope::All), other.table(Kind::Pod, ns("payments"))];
        let theirs = editor.table(Kind::Pod, Scope::All);
        Person::sees_the_cluster(&stage, &leases[0], Kind::Pod, "").await;
        Person::sees_the_cluster(&stage, &leases[1], Kind::Pod, "").await;
        Person::sees_the_cluster(&stage, &leases[2], Kind::Pod, "payments").await;
        Person::sees_the_cluster(&stage, &theirs, Kind::Pod, "payments").await;
        let open: u64 = stage.sim.requests().all().iter().filter(|count| count.verb == "watch" && count.path.ends_with("/pods")).map(|count| count.open).sum();
        assert_eq!(open, 1, "{:?}", stage.sim.requests().all());
    });
}

#[test]
fn a_wrong_token_is_signed_out() {
    flow(async || {
        let stage = Stage::start().await;
        let nobody = Person::open(&stage, "no-such-token");
        let told = eventually(|| Some(nobody.connection()).filter(|state| matches!(state, StreamState::Denied(_)))).await;
        assert!(matches!(told, Some(StreamState::Denied(Refusal::Unauthenticated | Refusal::Expired))), "{told:?} {:?}", nobody.connection());
    });
}

#[test]
fn questions_are_answered_by_the_clusters_own_rules() {
    flow(async || {
        let stage = Stage::start().await;
        let editor = Person::open(&stage, "demo-editor");
        let exec_in = |namespace: &str| AccessQuestion {
            verb: "create".into(),
            group: String::new(),
            resource: "pods".into(),
            subresource: "exec".into(),
            namespace: Some(namespace.into()),
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
        let admin = Person::open(&stage, "demo-admin");
        let (all, payments) = (admin.table(Kind::Pod, Scope::All), admin.table(Kind::Pod, ns("payments")));
        Person::sees_the_cluster(&stage, &all, Kind::Pod, "").await;
        // Pods come, change and go, a few between two looks of the app at a time.
        for round in 0..400_usize {
            let name = format!("storm-{}", round * 7 % 30);
            let namespace = if round % 2 == 0 { "payments" } else { "web" };
            if round % 5 == 4 {
                // Not there (any more) in every round: that is part of the storm.
                let _ = stage.sim.remove("v1", "Pod", namespace, &name);
            } else {
                stage.sim.apply(config_pod(namespace, &name, ["Pending", "Running", "Failed"][round % 3])).expect("applied");
            }
            if round % 4 == 0 {
                tokio::task::yield_now().await;
            }
        }
        stage.sim.apply(config_pod("payments", "last", "Running")).expect("applied");
        Person::table_when(&all, has("last")).await.expect("the last change");
        Person::sees_the_cluster(&stage, &all, Kind::Pod, "").await;
        Person::sees_the_cluster(&stage, &payments, Kind::Pod, "payments").await;
        assert_eq!(admin.workspace().resyncs(), 0);
    });
}
