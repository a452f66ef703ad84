//! What no object says by itself, on any cluster: counts, findings, the newest events, releases.

use flows::{Account, Person, Stage, collection, flow, path};
use krateyard_app::rows::overview::total;
use krateyard_app::store::Table;
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::Facts;
use krateyard_shared::scope::{NEWEST, Scope};
use leptos::prelude::GetUntracked;
use serde_json::{Value, json};

use super::{has, make_pod, ns, remove_pod, row};

fn summary(namespace: &str) -> Scope {
    Scope::Summary { namespace: Some(namespace.into()) }
}

fn attention(namespace: Option<&str>) -> Scope {
    Scope::Attention { namespace: namespace.map(Into::into) }
}

#[test]
fn objects_are_counted_as_the_cluster_lists_them() {
    flow(async || {
        let stage = Stage::start().await;
        let (payments, fresh) = (stage.namespace("payments"), stage.fresh("counted"));
        let admin = Person::open(&stage, Account::Admin);
        let (counts, rows) = (admin.table(Kind::Deployment, summary(&payments)), admin.table(Kind::Deployment, ns(&payments)));
        let all = stage.objects(Kind::Deployment, &payments).await.len();
        Person::table_when(&counts, |table| table.complete && total(&table.rows).all() as usize == all).await.expect("as many as are listed");
        let labels = json!({"app": fresh});
        let template = json!({"metadata": {"labels": labels}, "spec": super::pod_spec()});
        let mut spec = json!({"replicas": 0, "selector": {"matchLabels": labels}, "template": template});
        spec["template"]["spec"].as_object_mut().expect("an object").remove("terminationGracePeriodSeconds");
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": fresh}, "spec": spec});
        stage.kube().create(&collection(Kind::Deployment, &payments), &object).await.expect("the deployment is made");
        Person::table_when(&rows, has(&fresh)).await.expect("its row");
        Person::table_when(&counts, |table| total(&table.rows).stopped >= 1).await.expect("one that is scaled to none");
        stage.kube().delete(&path(Kind::Deployment, &payments, &fresh)).await.expect("the deployment is removed");
        Person::table_when(&rows, |table| !has(&fresh)(table)).await.expect("its row goes");
        let now = || rows.table.get_untracked().rows.len();
        Person::table_when(&counts, |table| total(&table.rows).all() as usize == now()).await.expect("as many as are shown");
        assert_eq!(admin.workspace().resyncs(), 0);
    });
}

#[test]
fn who_may_see_one_namespace_is_told_what_needs_attention_there() {
    flow(async || {
        let stage = Stage::start().await;
        let (payments, fresh) = (stage.namespace("payments"), stage.fresh("stuck"));
        make_pod(&stage, &payments, &fresh).await;
        // It finds no node, and says so; the test says that it fails, which needs no patience.
        let failed = json!({"status": {"phase": "Failed", "reason": "Evicted", "message": "out of memory"}});
        stage.kube().merge(&format!("{}/status", path(Kind::Pod, &payments, &fresh)), &failed).await.expect("the pod fails");
        let (editor, viewer) = (Person::open(&stage, Account::Editor), Person::open(&stage, Account::Viewer));
        let (own, foreign) = (editor.table(Kind::Pod, attention(None)), viewer.table(Kind::Pod, attention(None)));
        let table = Person::table_when(&own, has(&fresh)).await.expect("the finding");
        assert!(table.rows.iter().all(|row| row.namespace.as_deref() == Some(&payments)) && !table.missing.is_empty(), "the rest is named as missing");
        let table = Person::table_when(&foreign, |table| table.complete).await.expect("the viewer's own");
        assert!(row(&table, &fresh).is_none());
        remove_pod(&stage, &payments, &fresh).await;
        Person::table_when(&own, |table| !has(&fresh)(table)).await.expect("it goes with the pod");
    });
}

#[test]
fn a_list_of_events_holds_the_newest() {
    flow(async || {
        let stage = Stage::start().await;
        let (payments, fresh) = (stage.namespace("payments"), stage.fresh("event"));
        let admin = Person::open(&stage, Account::Admin);
        let events = admin.table(Kind::Event, Scope::Newest { namespace: Some(payments.clone()) });
        Person::table_when(&events, |table| table.complete).await.expect("complete");
        // Newer than whatever else happens.
        let last = "2099-01-01T00:00:00Z";
        let about = json!({"kind": "Pod", "namespace": payments, "name": "nobody"});
        let object = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": fresh}, "involvedObject": about, "type": "Warning", "reason": "Test",
            "message": "of a test", "firstTimestamp": last, "lastTimestamp": last, "count": 1});
        stage.kube().create(&collection(Kind::Event, &payments), &object).await.expect("the event is made");
        let table = Person::table_when(&events, has(&fresh)).await.expect("the event");
        assert!(table.rows.len() <= NEWEST);
    });
}

fn is_release(name: &str, revision: &str, word: &str) -> impl Fn(&Table) -> bool {
    move |table| {
        row(table, name).is_some_and(|row| {
            let Facts::Plain(plain) = &row.facts else { return false };
            plain.cells[1].text(0) == revision && plain.status.as_ref().is_some_and(|status| status.word == word)
        })
    }
}

#[test]
fn a_release_is_listed_for_who_may_list_secrets() {
    flow(async || {
        let stage = Stage::start().await;
        let (payments, fresh) = (stage.namespace("payments"), stage.fresh("release"));
        let secret = |version: u32, status: &str| -> Value {
            let labels = json!({"owner": "helm", "name": fresh, "version": version.to_string(), "status": status});
            let metadata = json!({"name": format!("sh.helm.release.v1.{fresh}.v{version}"), "labels": labels});
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "helm.sh/release.v1", "data": {"release": "ZXhhbXBsZQ=="}})
        };
        for (version, status) in [(1, "superseded"), (2, "deployed")] {
            stage.kube().create(&collection(Kind::Secret, &payments), &secret(version, status)).await.expect("the revision is made");
        }
        let (editor, viewer) = (Person::open(&stage, Account::Editor), Person::open(&stage, Account::Viewer));
        let own = editor.table(Kind::HelmRelease, ns(&payments));
        Person::table_when(&own, is_release(&fresh, "2", "deployed")).await.expect("the release");
        let foreign = viewer.table(Kind::HelmRelease, ns(&stage.namespace("web")));
        Person::table_when(&foreign, |table| !table.missing.is_empty()).await.expect("who may not list secrets is told so");
        for version in [1, 2] {
            stage.kube().delete(&path(Kind::Secret, &payments, &format!("sh.helm.release.v1.{fresh}.v{version}"))).await.expect("the revision is removed");
        }
    });
}
