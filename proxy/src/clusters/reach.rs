use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::version::Info;
use tokio::sync::watch::Sender;

use super::Cluster;
use crate::refuse::{Actor, Asked};

/// Between two looks at a cluster.
const INTERVAL: Duration = Duration::from_secs(10);
/// While it does not answer.
const RETRY: Duration = Duration::from_secs(1);

/// How a cluster does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Whether it answered the last time.
    pub(crate) reachable: bool,
    /// Its version such as `v1.36.2`, the last known one; empty before the first answer.
    pub(crate) version: String,
    /// Why it did not answer; empty when it did.
    pub(crate) problem: String,
}

/// Asks for the version again and again.
pub(super) async fn watch(cluster: Arc<Cluster>, told: Sender<Option<Reach>>) {
    let asked = Asked { actor: Actor::Proxy, verb: "get", resource: "version".into(), namespace: None, name: "" };
    loop {
        let request = http::Request::get("/version").body(Vec::new()).expect("a constant");
        let answer = cluster.call(request, &asked).await;
        let version = answer.and_then(|body| serde_json::from_slice::<Info>(&body).map_err(|_| unlike()));
        let reachable = version.is_ok();
        told.send_if_modified(|known| {
            let last = known.clone().unwrap_or_default();
            if known.is_none() || last.reachable != reachable {
                match &version {
                    Ok(info) => tracing::info!(cluster = %cluster.name, version = info.git_version, "the cluster answers"),
                    Err(refusal) => tracing::warn!(cluster = %cluster.name, %refusal, "the cluster does not answer"),
                }
            }
            let problem = version.as_ref().err().map(ToString::to_string).unwrap_or_default();
            let now = Reach { reachable, version: version.map_or(last.version, |info| info.git_version), problem };
            let changed = known.as_ref() != Some(&now);
            *known = Some(now);
            changed
        });
        tokio::time::sleep(if reachable { INTERVAL } else { RETRY }).await;
    }
}

fn unlike() -> krateyard_shared::refusal::Refusal {
    krateyard_shared::refusal::Refusal::UpstreamDown { cause: "what answers /version is no Kubernetes".into() }
}
