use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::version::Info;
use krateyard_shared::refusal::Refusal;
use tokio::sync::watch::Sender;
use tokio::time::Instant;

use super::Cluster;
use crate::refuse::{Actor, Asked};

/// Between two looks at a cluster that does well (refresh.md).
const INTERVAL: Duration = Duration::from_secs(15);
/// While it does not answer, and between two looks that others gave cause for.
const RETRY: Duration = Duration::from_secs(1);
/// Where it does not accept the credentials, they are read again at once, and then after these (refresh.md).
const AGAIN: [Duration; 4] = [Duration::from_secs(5), Duration::from_secs(10), Duration::from_secs(15), Duration::from_secs(60)];

/// How a cluster does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Whether it answered the last time.
    pub(crate) reachable: bool,
    /// Whether it did not accept the proxy's credentials, or there were none.
    pub(crate) refused: bool,
    /// Its version such as `v1.36.2`, the last known one; empty before the first answer.
    pub(crate) version: String,
    /// Why it did not answer; empty when it did.
    pub(crate) problem: String,
}

/// Asks for the version again and again; where the cluster does not accept the credentials, reads them again.
pub(super) async fn watch(cluster: Arc<Cluster>, told: Sender<Option<Reach>>) {
    let mut recovery = Recovery::default();
    loop {
        let answer = version(&cluster).await;
        let (now, refused) = (Instant::now(), cluster.link.is_refused());
        if recovery.is_due(refused, now) {
            tracing::info!(cluster = %cluster.name, "the credentials are read again");
            cluster.link.rebuild();
            continue;
        }
        let pause = match (&answer, recovery.again_at) {
            (_, Some(at)) if refused => at.saturating_duration_since(now),
            (Err(_), _) => RETRY,
            (Ok(_), _) => INTERVAL,
        };
        tell(&cluster, &told, answer, refused);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = cluster.link.news() => tokio::time::sleep(RETRY.min(pause)).await,
        }
    }
}

async fn version(cluster: &Cluster) -> Result<String, Refusal> {
    let asked = Asked { actor: Actor::Proxy, verb: "get", resource: "version".into(), namespace: None, name: "" };
    let request = http::Request::get("/version").body(Vec::new()).expect("a constant");
    let body = cluster.call(request, &asked).await?;
    let unlike = |_| Refusal::UpstreamDown { cause: "what answers /version is no Kubernetes".into() };
    serde_json::from_slice::<Info>(&body).map(|info| info.git_version).map_err(unlike)
}

fn tell(cluster: &Cluster, told: &Sender<Option<Reach>>, answer: Result<String, Refusal>, refused: bool) {
    told.send_if_modified(|known| {
        let last = known.clone().unwrap_or_default();
        let now = match answer {
            Ok(version) if !refused => Reach { reachable: true, version, ..Reach::default() },
            // By what others asked.
            Ok(_) => Reach { refused, version: last.version.clone(), problem: crate::refuse::UNACCEPTED.into(), ..Reach::default() },
            Err(Refusal::UpstreamDown { cause }) if refused => Reach { refused, version: last.version.clone(), problem: cause, ..Reach::default() },
            Err(refusal) => Reach { refused, version: last.version.clone(), problem: refusal.to_string(), ..Reach::default() },
        };
        if known.is_none() || (last.reachable, last.refused) != (now.reachable, now.refused) {
            match (now.reachable, now.refused) {
                (true, _) => tracing::info!(cluster = %cluster.name, version = now.version, "the cluster answers"),
                (false, true) => tracing::warn!(cluster = %cluster.name, problem = now.problem, "the cluster does not accept krateyard's credentials"),
                (false, false) => tracing::warn!(cluster = %cluster.name, problem = now.problem, "the cluster does not answer"),
            }
        }
        let changed = known.as_ref() != Some(&now);
        *known = Some(now);
        changed
    });
}

/// When credentials are read again.
#[derive(Debug, Default)]
struct Recovery {
    tries: usize,
    /// Not before.
    again_at: Option<Instant>,
}

impl Recovery {
    /// After each answer: whether the credentials are to be read again now. Waits begin anew when an answer was good that came after one.
    fn is_due(&mut self, refused: bool, now: Instant) -> bool {
        let waits = self.again_at.is_some_and(|at| now < at);
        if refused && !waits {
            self.again_at = Some(now + AGAIN[self.tries.min(AGAIN.len() - 1)]);
            self.tries += 1;
            return true;
        }
        if !refused && !waits {
            *self = Recovery::default();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read_again_at_once_then_after_5_10_and_15_s_then_each_minute() {
        let (start, mut recovery, mut tried) = (Instant::now(), Recovery::default(), Vec::new());
        for second in 0..160 {
            if recovery.is_due(true, start + Duration::from_secs(second)) {
                tried.push(second);
            }
        }
        assert_eq!(tried, [0, 5, 15, 30, 90, 150]);
    }

    #[test]
    fn what_is_accepted_and_refused_in_turn_is_not_read_at_each_turn() {
        let (start, mut recovery, mut tried) = (Instant::now(), Recovery::default(), 0);
        for second in 0..60 {
            tried += u32::from(recovery.is_due(second % 2 == 0, start + Duration::from_secs(second)));
        }
        assert!(tried <= 12, "{tried} times in a minute");
        let mut recovery = Recovery::default();
        assert!(recovery.is_due(true, start) && !recovery.is_due(false, start + Duration::from_secs(1)));
        assert!(!recovery.is_due(false, start + Duration::from_secs(6)));
        assert!(recovery.is_due(true, start + Duration::from_secs(7)), "after a good answer the first try is made at once");
    }
}
