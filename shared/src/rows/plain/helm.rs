//! Helm releases: Helm keeps each revision of a release in a secret, and says in its labels what it is (helm.sh/helm/v3, `pkg/storage/driver/secrets.go`). What is
//! in the secret nobody asks for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::path::text;
use super::{CellValue, PlainFacts, PlainStatus};
use crate::status::Health;

/// Which secrets are revisions.
pub const SELECTOR: &str = "owner=helm";

/// A release is its latest revision, and as old as the oldest one that is kept. Of each revision only the metadata counts; what lacks Helm's labels is none.
pub fn releases(revisions: &[Value]) -> Vec<Value> {
    let mut latest = BTreeMap::<(&str, &str), (i64, &Value, &str)>::new();
    for revision in revisions {
        let (namespace, name, created) =
            (text(revision, "/metadata/namespace"), text(revision, "/metadata/labels/name"), text(revision, "/metadata/creationTimestamp"));
        let Ok(number) = text(revision, "/metadata/labels/version").parse::<i64>() else { continue };
        if name.is_empty() {
            continue;
        }
        let known = latest.entry((namespace, name)).or_insert((number, revision, created));
        // Timestamps of Kubernetes order as text does.
        known.2 = known.2.min(created);
        if number > known.0 {
            (known.0, known.1) = (number, revision);
        }
    }
    let release = |((namespace, name), (_, revision, created)): ((&str, &str), (i64, &Value, &str))| {
        let labels = &revision["metadata"]["labels"];
        // A revision goes, the release stays: its uid is no secret's.
        json!({"metadata": {"uid": format!("helm/{namespace}/{name}"), "namespace": namespace, "name": name, "creationTimestamp": created, "labels": labels}})
    };
    latest.into_iter().map(release).collect()
}

pub(super) fn release(release: &Value) -> PlainFacts {
    let label = |name: &str| text(release, &format!("/metadata/labels/{name}"));
    let number = |name: &str| label(name).parse().ok();
    let word = label("status");
    // Of helm.sh/helm/v3, `pkg/release/status.go`.
    let health = match word {
        "deployed" => Health::Ok,
        "failed" => Health::Bad,
        "pending-install" | "pending-upgrade" | "pending-rollback" | "uninstalling" => Health::Pending,
        "superseded" | "uninstalled" => Health::Ended,
        _ => Health::Stopped,
    };
    let changed = number("modifiedAt").or_else(|| number("createdAt")).map_or(CellValue::None, CellValue::Time);
    PlainFacts::with(PlainStatus::new(health, word), [CellValue::None, number("version").map_or(CellValue::None, CellValue::Number), changed])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Kind;
    use crate::rows::{Facts, project};

    fn revision(name: &str, version: &str, status: &str, created: &str) -> Value {
        json!({"metadata": {"name": format!("sh.helm.release.v1.{name}.v{version}"), "namespace": "web", "uid": version, "creationTimestamp": created,
            "labels": {"owner": "helm", "name": name, "version": version, "status": status, "modifiedAt": "1700000000"}}})
    }

    #[test]
    fn a_release_is_its_latest_revision_and_as_old_as_its_oldest() {
        let revisions = [
            revision("api", "9", "superseded", "2026-01-01T00:00:00Z"),
            revision("api", "10", "failed", "2026-02-01T00:00:00Z"),
            revision("db", "1", "deployed", "2026-01-05T00:00:00Z"),
            json!({"metadata": {"name": "other", "labels": {"owner": "helm"}}}),
            json!({"metadata": {"name": "odd", "labels": {"name": "x", "version": "new"}}}),
        ];
        let rows: Vec<_> = releases(&revisions).iter().map(|release| project(Kind::HelmRelease, release).unwrap().0).collect();
        let said = |row: &crate::rows::Row| match &row.facts {
            Facts::Plain(plain) => {
                (row.uid.clone(), plain.status.clone().unwrap().health, plain.cells.iter().map(|cell| cell.text(1_700_000_060)).collect::<Vec<_>>())
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(said(&rows[0]), ("helm/web/api".into(), Health::Bad, vec![String::new(), "10".into(), "60s".into()]));
        assert_eq!(rows[0].created, crate::time::seconds("2026-01-01T00:00:00Z").unwrap());
        assert_eq!((rows.len(), rows[1].name.as_str()), (2, "db"));
    }
}
