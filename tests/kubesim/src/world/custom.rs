//! One custom kind with a few objects: backups of databases.

use serde_json::json;

use super::Builder;
use crate::clock::text;
use crate::store::Write;

pub(super) fn definitions(builder: &Builder<'_>) {
    let created = builder.ago(60 * 24 * 210);
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let names = json!({"plural": "backups", "singular": "backup", "kind": "Backup", "listKind": "BackupList", "shortNames": ["bk"], "categories": ["all"]});
    let definition = json!({
        "metadata": {"name": "backups.data.example.com", "generation": 1},
        "spec": {
            "group": "data.example.com", "names": names, "scope": "Namespaced",
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema, "subresources": {"status": {}}, "additionalPrinterColumns": [
                {"name": "Database", "type": "string", "jsonPath": ".spec.database"}, {"name": "Phase", "type": "string", "jsonPath": ".status.phase"},
            ]}],
            "conversion": {"strategy": "None"},
        },
        "status": {"acceptedNames": names, "storedVersions": ["v1"], "conditions": [
            {"type": "NamesAccepted", "status": "True", "lastTransitionTime": text(created), "reason": "NoConflicts", "message": "no conflicts found"},
            {"type": "Established", "status": "True", "lastTransitionTime": text(created), "reason": "InitialNamesAccepted", "message": "the initial names have been accepted"},
        ]},
    });
    builder.put("apiextensions.k8s.io", "customresourcedefinitions", created, definition);
    builder.cluster.learn_definitions();
    let Some(kind) = builder.cluster.registry.find("data.example.com", "v1", "backups") else { return };
    for (namespace, name, database, phase, hours) in [
        ("data", "orders-nightly", "orders", "Succeeded", 9),
        ("data", "orders-weekly", "orders", "Succeeded", 60),
        ("data", "catalog-nightly", "catalog", "Failed", 9),
        ("ledger", "ledger-hourly", "ledger", "Running", 0),
    ] {
        let object = json!({
            "metadata": {"name": name, "namespace": namespace, "uid": builder.cluster.names.uid(), "creationTimestamp": text(builder.ago(hours * 60 + 4)), "generation": 1},
            "spec": {"database": database, "retentionDays": 30},
            "status": {"phase": phase},
        });
        let _ = builder.cluster.store.write::<()>(&kind, namespace, name, |_| Ok(Write::Put(object)));
    }
}
