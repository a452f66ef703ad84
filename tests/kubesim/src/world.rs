//! The world: a believable company's cluster, the same for the same seed.

mod access;
pub(crate) mod apps;
mod config;
mod custom;
pub(crate) mod events;
pub(crate) mod nodes;
mod platform;
pub(crate) mod pods;
pub(crate) mod status;
mod system;
pub(crate) mod workloads;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::clock::text;
use crate::cluster::Cluster;
use crate::kinds::built_in_kind;
use crate::store::Write;

/// Puts the whole world into an empty cluster.
pub(crate) fn populate(cluster: &Cluster) {
    let builder = Builder { cluster, now: cluster.clock.now() };
    config::namespaces(&builder);
    access::grants(&builder);
    nodes::nodes(&builder);
    custom::definitions(&builder);
    config::settings(&builder);
    workloads::workloads(&builder);
    platform::platform(&builder);
    system::system(&builder);
}

/// Gives a namespace that was just created what controllers put into each.
pub(crate) fn endow(cluster: &Cluster, namespace: &str) {
    let now = cluster.clock.now();
    config::birthrights(&Builder { cluster, now }, namespace, now);
}

/// Writes objects as they would be after a life of some length.
pub(crate) struct Builder<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) now: Timestamp,
}

impl Builder<'_> {
    /// The time some minutes ago.
    pub(crate) fn ago(&self, minutes: u64) -> Timestamp {
        self.now - SignedDuration::from_mins(i64::try_from(minutes).unwrap_or(0))
    }

    /// Stores an object; uid and creationTimestamp are added where they are missing. Answers its uid.
    pub(crate) fn put(&self, group: &str, plural: &str, created: Timestamp, mut object: Value) -> String {
        let kind = built_in_kind(group, plural);
        let metadata = &mut object["metadata"];
        if metadata["uid"].is_null() {
            metadata["uid"] = json!(self.cluster.names.uid());
        }
        metadata["creationTimestamp"] = json!(text(created));
        let field = |field: &str| metadata[field].as_str().unwrap_or_default().to_owned();
        let (uid, namespace, name) = (field("uid"), field("namespace"), field("name"));
        let _ = self.cluster.store.write::<()>(&kind, &namespace, &name, |_| Ok(Write::Put(object)));
        uid
    }
}
