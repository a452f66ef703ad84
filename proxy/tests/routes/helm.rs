//! Helm's releases: by the labels of their secrets, in the person's own name. What is in a secret is not even asked for.

use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::rows::{Facts, Row};
use krateyard_shared::scope::Scope;
use krateyard_shared::status::Health;
use krateyard_shared::watch::{Freshness, ServerMessage};
use kubesim::Options;
use serde_json::json;

use crate::bench::Bench;
use crate::watch::in_namespace;

fn revision(bench: &Bench, name: &str, version: u32, status: &str) {
    let labels = json!({"owner": "helm", "name": name, "version": version.to_string(), "status": status});
    let metadata = json!({"name": format!("sh.helm.release.v1.{name}.v{version}"), "namespace": "payments", "labels": labels});
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "helm.sh/release.v1", "data": {"release": "c2VjcmV0LXZhbHVlcw=="}});
    bench.sim.apply(secret).unwrap();
}

fn said(row: &Row<()>) -> (String, Health, String) {
    let Facts::Plain(plain) = &row.facts else { panic!("{row:?}") };
    (row.name.clone(), plain.status.clone().unwrap().health, plain.cells[1].text(0))
}

#[tokio::test]
async fn a_release_is_one_row_of_its_latest_revision_and_holds_nothing_of_its_secret() {
    let bench = Bench::with(Options { living: false, ..Options::default() }, |_| ()).await;
    for (version, status) in [(1, "superseded"), (2, "failed")] {
        revision(&bench, "checkout", version, status);
    }
    revision(&bench, "ledger", 1, "deployed");
    let mut watch = bench.watch("demo-editor").await;
    watch.subscribe(1, Kind::HelmRelease.resource(), in_namespace("payments")).await;
    let polled = |message| matches!(message, ServerMessage::Freshness { id: 1, state: Freshness::Polled { every_secs: 10 } }).then_some(());
    watch.until(polled).await;
    watch.subscribe(2, Kind::HelmRelease.resource(), in_namespace("payments")).await;
    let mut rows = watch.rows(2).await;
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(rows.iter().map(said).collect::<Vec<_>>(), [("checkout".into(), Health::Bad, "2".into()), ("ledger".into(), Health::Ok, "1".into())]);
    assert!(!format!("{rows:?}").contains("c2VjcmV0"));
}

#[tokio::test]
async fn who_may_not_list_secrets_is_told_so() {
    let bench = Bench::start().await;
    let mut watch = bench.watch("demo-viewer").await;
    for (id, scope) in [(1, in_namespace("web")), (2, Scope::All)] {
        watch.subscribe(id, Kind::HelmRelease.resource(), scope).await;
        let refusal = watch.denied(id).await;
        assert!(matches!(&refusal, Refusal::Forbidden { verb, resource, .. } if verb == "list" && resource == "secrets"), "{refusal:?}");
    }
}
