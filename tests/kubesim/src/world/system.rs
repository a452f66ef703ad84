//! What Kubernetes and its plug-ins keep for themselves: endpoints, webhooks, policies, flow schemas, drivers, devices. One or two of a kind, as recorded on a
//! real server, so that there is something to list of every kind that is served. It stands still.

use serde_json::Value;

use super::Builder;

/// A year, in minutes.
const LONG_AGO: u64 = 60 * 24 * 365;

pub(super) fn system(builder: &Builder<'_>) {
    // group, plural, object
    let objects: Vec<(String, String, Value)> = serde_json::from_str(include_str!("../data/system.json")).unwrap_or_default();
    for (group, plural, object) in objects {
        builder.put(&group, &plural, builder.ago(LONG_AGO), object);
    }
}
