//! Tables: what `kubectl get` prints, made by the server. Columns and cells are those of kube-apiserver's printers; the words are written anew here, so that
//! they can be held against those of the product.

mod columns;
mod custom;
mod network;
mod places;
mod pods;
mod records;
#[cfg(test)]
mod tests;
mod words;
mod workloads;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::kinds::Kind;
use crate::query::Query;

/// How much of an object goes with its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Include {
    None,
    Metadata,
    Object,
}

impl Include {
    /// # Errors
    /// 400 for a word that is none of them.
    pub(crate) fn parse(query: &Query) -> Result<Self, Failure> {
        match query.get("includeObject").unwrap_or_default() {
            "" | "Metadata" => Ok(Self::Metadata),
            "None" => Ok(Self::None),
            "Object" => Ok(Self::Object),
            other => {
                let message = format!("includeObject: Invalid value: \"{other}\": must be 'Metadata', 'Object', 'None', or empty");
                Err(Failure::bad_request(format!("Unable to convert to Table as requested: {message}")))
            }
        }
    }
}

/// One row's cells, and the conditions that only pods have.
struct Row {
    cells: Vec<Value>,
    conditions: Option<Value>,
}

/// Whether this server has a Table of a kind.
pub(crate) fn knows(kind: &Kind) -> bool {
    columns::are_known(kind)
}

/// A whole Table of one object, which comes without kind and apiVersion.
pub(crate) fn of_one(kind: &Kind, object: &Value, include: Include, with_columns: bool, now: Timestamp) -> Value {
    let columns = if with_columns { Value::Array(columns::definitions(kind)) } else { Value::Null };
    let metadata = json!({"resourceVersion": object["metadata"]["resourceVersion"]});
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": columns, "rows": [row(kind, object, include, now)]})
}

/// What stands before the rows of a list.
pub(crate) fn head(kind: &Kind, metadata: &Value) -> String {
    let columns = Value::Array(columns::definitions(kind));
    format!("{{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{metadata},\"columnDefinitions\":{columns},\"rows\":[")
}

/// One row.
pub(crate) fn row(kind: &Kind, object: &Value, include: Include, now: Timestamp) -> Value {
    let Row { cells, conditions } = print(kind, object, now);
    let included = match include {
        Include::None => Value::Null,
        Include::Metadata => json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]}),
        Include::Object => {
            let mut whole = object.clone();
            whole["kind"] = json!(kind.kind);
            whole["apiVersion"] = json!(kind.api_version());
            whole
        }
    };
    let mut row = json!({"cells": cells, "object": included});
    if let Some(conditions) = conditions {
        row["conditions"] = conditions;
    }
    row
}

/// A LabelSelector as the text that a list's labelSelector takes.
pub(crate) fn selector_text(selector: &Value) -> String {
    words::selector(selector)
}

fn print(kind: &Kind, object: &Value, now: Timestamp) -> Row {
    if kind.custom {
        return Row { cells: custom_cells(kind, object, now), conditions: None };
    }
    let printer = match kind.plural.as_str() {
        "pods" => return pods::pod(object, now),
        "deployments" => workloads::deployment,
        "replicasets" => workloads::replica_set,
        "statefulsets" => workloads::stateful_set,
        "daemonsets" => workloads::daemon_set,
        "jobs" => workloads::job,
        "cronjobs" => workloads::cron_job,
        "controllerrevisions" => workloads::controller_revision,
        "poddisruptionbudgets" => workloads::disruption_budget,
        "horizontalpodautoscalers" => workloads::autoscaler,
        "services" => network::service,
        "ingresses" => network::ingress,
        "ingressclasses" => network::ingress_class,
        "networkpolicies" => network::network_policy,
        "nodes" => places::node,
        "namespaces" => places::namespace,
        "persistentvolumes" => places::volume,
        "persistentvolumeclaims" => places::claim,
        "storageclasses" => places::storage_class,
        "priorityclasses" => places::priority_class,
        "leases" => places::lease,
        "resourcequotas" => places::quota,
        "configmaps" => records::config_map,
        "secrets" => records::secret,
        "serviceaccounts" => records::service_account,
        "rolebindings" | "clusterrolebindings" => records::binding,
        "events" => records::event,
        _ => records::plain,
    };
    Row { cells: printer(object, now), conditions: None }
}

fn custom_cells(kind: &Kind, object: &Value, now: Timestamp) -> Vec<Value> {
    let mut cells = vec![object["metadata"]["name"].clone()];
    if kind.columns.is_empty() {
        cells.push(json!(words::ago(&object["metadata"]["creationTimestamp"], now)));
    }
    cells.extend(kind.columns.iter().map(|column| custom::cell(object, &column.kind, &column.json_path, now)));
    cells
}
