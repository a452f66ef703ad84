//! What only a simulator can be told to do, or to tell: a cluster that stops, forgets its history, or counts who asks.

use std::time::Duration;

use flows::{Account, Person, Stage, flow};
use krateyard_app::store::Table;
use krateyard_shared::kinds::Kind;
use krateyard_shared::scope::Scope;
use kubesim::RestartKind;
use serde_json::{Value, json};

fn has(name: &str) -> impl Fn(&Table) -> bool {
    move |table| table.rows.iter().any(|row| row.name == name)
}

fn pod(namespace: &str, name: &str, phase: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {"nodeName": "node-x", "containers": [{"name": "main", "image": "registry.example/main:1"}]}, "status": {"phase": phase},
    })
}

#[test]
fn a_restart_of_the_cluster_is_survived_with_and_without_its_history() {
    for kind in [RestartKind::KeepHistory, RestartKind::LoseHistory] {
        flow(async || {
            let stage = Stage::simulated().await;
            let admin = Person::open(&stage, Account::Admin);
            let pods = admin.table(Kind::Pod, Scope::All);
            Person::sees_the_cluster(&stage, &pods, Kind::Pod, "").await;
            stage.sim().stop().await;
            stage.sim().apply(pod("web", "meanwhile", "Running")).expect("applied");
            stage.sim().restart(kind).await.expect("the same port");
            Person::table_when(&pods, has("meanwhile")).await.expect("what came meanwhile");
            Person::sees_the_cluster(&stage, &pods, Kind::Pod, "").await;
            stage.sim().apply(pod("web", "afterwards", "Running")).expect("applied");
            Person::table_when(&pods, has("afterwards")).await.expect("what came afterwards");
        });
    }
}

#[test]
fn a_cluster_that_does_not_answer_is_told_while_its_rows_stay() {
    flow(async || {
        let stage = Stage::simulated().await;
        let admin = Person::open(&stage, Account::Admin);
        let pods = admin.table(Kind::Pod, Scope::All);
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, "").await;
        stage.sim().stop().await;
        let stale = Person::table_when(&pods, |table| table.state.is_unconfirmed()).await.expect("told");
        assert_eq!(stale.rows.len(), stage.sim().list("v1", "Pod", "").len());
    });
}

#[test]
fn many_people_and_tables_share_one_watch_of_the_cluster() {
    flow(async || {
        let stage = Stage::simulated().await;
        let payments = || Scope::Namespace("payments".into());
        let [admin, other, editor] = [Account::Admin, Account::Admin, Account::Editor].map(|account| Person::open(&stage, account));
        let leases = [admin.table(Kind::Pod, Scope::All), other.table(Kind::Pod, Scope::All), other.table(Kind::Pod, payments())];
        let theirs = editor.table(Kind::Pod, Scope::All);
        Person::sees_the_cluster(&stage, &leases[0], Kind::Pod, "").await;
        Person::sees_the_cluster(&stage, &leases[1], Kind::Pod, "").await;
        Person::sees_the_cluster(&stage, &leases[2], Kind::Pod, "payments").await;
        Person::sees_the_cluster(&stage, &theirs, Kind::Pod, "payments").await;
        let open: u64 =
            stage.sim().requests().all().iter().filter(|count| count.verb == "watch" && count.path.ends_with("/pods")).map(|count| count.open).sum();
        assert_eq!(open, 1, "{:?}", stage.sim().requests().all());
    });
}

#[test]
fn a_pod_is_told_by_its_phases() {
    flow(async || {
        let stage = Stage::simulated().await;
        let admin = Person::open(&stage, Account::Admin);
        let pods = admin.table(Kind::Pod, Scope::Namespace("payments".into()));
        Person::sees_the_cluster(&stage, &pods, Kind::Pod, "payments").await;
        for phase in ["Pending", "Running", "Failed", "Succeeded"] {
            stage.sim().apply(pod("payments", "phased", phase)).expect("applied");
            let is_there = |table: &Table| {
                table.rows.iter().any(|row| row.name == "phased" && matches!(&row.facts, krateyard_shared::rows::Facts::Pod(pod) if pod.phase == phase))
            };
            Person::table_when(&pods, is_there).await.expect("its phase");
        }
    });
}

#[test]
fn a_burst_of_changes_between_two_looks_is_collapsed_and_nothing_is_lost() {
    flow(async || {
        let stage = Stage::simulated().await;
        let admin = Person::open(&stage, Account::Admin);
        let (all, payments) = (admin.table(Kind::Pod, Scope::All), admin.table(Kind::Pod, Scope::Namespace("payments".into())));
        Person::sees_the_cluster(&stage, &all, Kind::Pod, "").await;
        for round in 0..400_usize {
            let name = format!("storm-{}", round * 7 % 30);
            let namespace = if round % 2 == 0 { "payments" } else { "web" };
            if round % 5 == 4 {
                // Not there (any more) in every round: that is part of the storm.
                let _ = stage.sim().remove("v1", "Pod", namespace, &name);
            } else {
                stage.sim().apply(pod(namespace, &name, ["Pending", "Running", "Failed"][round % 3])).expect("applied");
            }
            if round % 4 == 0 {
                tokio::task::yield_now().await;
            }
        }
        stage.sim().apply(pod("payments", "last", "Running")).expect("applied");
        Person::table_when(&all, has("last")).await.expect("the last change");
        Person::sees_the_cluster(&stage, &all, Kind::Pod, "").await;
        Person::sees_the_cluster(&stage, &payments, Kind::Pod, "payments").await;
        assert_eq!(admin.workspace().resyncs(), 0);
    });
}

#[test]
fn ten_thousand_changes_in_a_second_are_all_seen_in_the_end() {
    flow(async || {
        let stage = Stage::simulated().await;
        let admin = Person::open(&stage, Account::Admin);
        let (all, payments) = (admin.table(Kind::Pod, Scope::All), admin.table(Kind::Pod, Scope::Namespace("payments".into())));
        Person::sees_the_cluster(&stage, &all, Kind::Pod, "").await;
        let begun = std::time::Instant::now();
        for round in 0..10_000_usize {
            let (name, namespace) = (format!("storm-{}", round * 7 % 900), ["payments", "web"][round % 2]);
            if round % 5 == 4 {
                // Not there (any more) in many rounds: that is part of the storm.
                let _ = stage.sim().remove("v1", "Pod", namespace, &name);
            } else {
                stage.sim().apply(pod(namespace, &name, ["Pending", "Running", "Failed"][round % 3])).expect("applied");
            }
            // 500 at once, then as long as is left of that twentieth of a second.
            if round % 500 == 499 {
                let next = Duration::from_millis(50) * u32::try_from(round / 500 + 1).expect("few");
                tokio::time::sleep(next.saturating_sub(begun.elapsed())).await;
            }
        }
        Person::sees_the_cluster(&stage, &all, Kind::Pod, "").await;
        Person::sees_the_cluster(&stage, &payments, Kind::Pod, "payments").await;
        assert_eq!(admin.workspace().resyncs(), 0);
    });
}
