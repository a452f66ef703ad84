//! Events, with the reasons and words of the components that write them.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::{micro_text, text};
use crate::cluster::Cluster;
use crate::kinds::built_in_kind;
use crate::names::hash;
use crate::store::Write;

/// One thing that happened.
#[derive(Clone, Debug)]
pub(crate) struct Happening<'a> {
    /// Whether something is wrong.
    pub(crate) warning: bool,
    pub(crate) reason: &'a str,
    pub(crate) message: String,
    /// `kubelet`, `default-scheduler`, `deployment-controller`, ...
    pub(crate) component: &'a str,
    /// The container it is about, or empty.
    pub(crate) container: &'a str,
    pub(crate) count: u64,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
}

impl<'a> Happening<'a> {
    /// Something that happened once.
    pub(crate) fn once(component: &'a str, reason: &'a str, message: impl Into<String>, at: Timestamp) -> Self {
        Self { warning: false, reason, message: message.into(), component, container: "", count: 1, first: at, last: at }
    }

    /// Something wrong that happened often.
    pub(crate) fn warning(component: &'a str, reason: &'a str, message: impl Into<String>, count: u64, first: Timestamp, last: Timestamp) -> Self {
        Self { warning: true, count, first, last, ..Self::once(component, reason, message, last) }
    }

    /// About one container.
    pub(crate) fn of(self, container: &'a str) -> Self {
        Self { container, ..self }
    }
}

/// Records something that happened to an object (with its kind and apiVersion); the same thing again raises the count.
pub(crate) fn record(cluster: &Cluster, api_version: &str, kind: &str, object: &Value, happening: &Happening<'_>) {
    let events = built_in_kind("", "events");
    let text_of = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    let (namespace, name, uid) = (text_of("namespace"), text_of("name"), text_of("uid"));
    // cluster-wide objects have their events in default
    let event_namespace = if namespace.is_empty() { "default" } else { &namespace };
    let identity = hash(&format!("{uid}/{}/{}/{}", happening.reason, happening.message, happening.container));
    let event_name = format!("{name}.{identity:016x}");
    let node = object["spec"]["nodeName"].as_str().unwrap_or_default();
    let new = || {
        let mut involved = json!({"kind": kind, "namespace": namespace, "name": name, "uid": uid, "apiVersion": api_version, "resourceVersion": object["metadata"]["resourceVersion"]});
        if !happening.container.is_empty() {
            involved["fieldPath"] = json!(format!("spec.containers{{{}}}", happening.container));
        }
        let host = if happening.component == "kubelet" { node } else { "" };
        let mut event = json!({
            "metadata": {"name": event_name, "namespace": event_namespace, "uid": cluster.names.uid(), "creationTimestamp": text(happening.first)},
            "involvedObject": involved, "reason": happening.reason, "message": happening.message, "type": if happening.warning { "Warning" } else { "Normal" },
            "reportingComponent": happening.component, "reportingInstance": host,
        });
        if happening.component == "default-scheduler" {
            // the scheduler writes events of the new form: recordings reading/events-core
            event["eventTime"] = json!(micro_text(happening.first));
            event["action"] = json!(if happening.warning { "Scheduling" } else { "Binding" });
            event["source"] = json!({});
            event["firstTimestamp"] = Value::Null;
            event["lastTimestamp"] = Value::Null;
            event["reportingInstance"] = json!("default-scheduler-node-a-01");
        } else {
            event["eventTime"] = Value::Null;
            event["source"] = if host.is_empty() { json!({"component": happening.component}) } else { json!({"component": happening.component, "host": host}) };
            event["firstTimestamp"] = json!(text(happening.first));
            event["lastTimestamp"] = json!(text(happening.last));
            event["count"] = json!(happening.count);
        }
        event
    };
    let _ = cluster.store.write::<()>(&events, event_namespace, &event_name, |existing| {
        Ok(Write::Put(match existing {
            Some(existing) => {
                let mut event = existing.value();
                event["count"] = json!(event["count"].as_u64().unwrap_or(0) + 1);
                if !event["lastTimestamp"].is_null() {
                    event["lastTimestamp"] = json!(text(happening.last));
                }
                event
            }
            None => new(),
        }))
    });
}
