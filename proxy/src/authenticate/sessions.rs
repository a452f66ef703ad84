use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use krateyard_shared::refusal::Refusal;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Session, User, review};
use crate::clusters::Clusters;
use crate::config::{Limits, Secret};

/// Token reviews under way at once: what a flood of wrong tokens can cost the cluster.
const REVIEWS_AT_ONCE: usize = 32;

/// How a session is found: never by what opens it, always by its hash.
type Key = [u8; 32];

/// Everybody who is signed in, in memory: a restart of the proxy signs everybody out.
pub(crate) struct Sessions {
    /// The default one reviews tokens.
    clusters: Arc<Clusters>,
    lifetime: Duration,
    limits: Limits,
    tasks: TaskTracker,
    stop: CancellationToken,
    reviews: Semaphore,
    known: Mutex<HashMap<Key, (Kind, Arc<Session>)>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Lives until it ends.
    Cookie,
    /// Lives while it is used: it only keeps the review of a token.
    Bearer,
}

impl Sessions {
    pub(crate) fn new(clusters: Arc<Clusters>, lifetime: Duration, limits: Limits, tasks: &TaskTracker, stop: &CancellationToken) -> Sessions {
        let (tasks, stop) = (tasks.clone(), stop.clone());
        Sessions { clusters, lifetime, limits, tasks, stop, reviews: Semaphore::new(REVIEWS_AT_ONCE), known: Mutex::default() }
    }

    /// Signs somebody in; the id belongs into the cookie and nowhere else.
    ///
    /// # Errors
    /// `Unauthenticated` for a wrong token; `Limit`; what the cluster says.
    pub(crate) async fn sign_in(&self, token: Secret) -> Result<(Secret, Arc<Session>), Refusal> {
        let id = Secret::new(URL_SAFE_NO_PAD.encode(random::<32>()?));
        let session = self.begin(token, key("cookie", &id), Kind::Cookie).await?;
        tracing::info!(user = session.user.name, session = session.audit_id, "signed in");
        Ok((id, session))
    }

    /// Everybody who is signed in, and whether it is a program.
    pub(crate) fn all(&self) -> Vec<(Arc<Session>, bool)> {
        let known = self.known.lock().expect("no panic while held");
        known.values().filter(|(_, session)| !session.is_over()).map(|(kind, session)| (session.clone(), *kind == Kind::Bearer)).collect()
    }

    pub(super) async fn of_cookie(&self, id: Secret) -> Result<Arc<Session>, Refusal> {
        let session = self.find(&key("cookie", &id)).ok_or(Refusal::Expired)?;
        session.still_valid(&self.clusters, self.limits.token_review).await?;
        Ok(session)
    }

    pub(super) async fn of_bearer(&self, token: Secret) -> Result<Arc<Session>, Refusal> {
        let key = key("bearer", &token);
        match self.find(&key) {
            Some(session) => {
                session.still_valid(&self.clusters, self.limits.token_review).await.map_err(|_| Refusal::Unauthenticated)?;
                Ok(session)
            }
            None => self.begin(token, key, Kind::Bearer).await,
        }
    }

    fn find(&self, key: &Key) -> Option<Arc<Session>> {
        self.known.lock().expect("no panic while held").get(key).map(|(_, session)| session.clone())
    }

    async fn begin(&self, token: Secret, key: Key, kind: Kind) -> Result<Arc<Session>, Refusal> {
        let user = {
            let _place = self.reviews.try_acquire().map_err(|_| Refusal::Limit { which: "sign-ins at once".into(), retry_after_secs: 1 })?;
            review::review(&self.clusters.default(), &token).await?
        };
        let session = Arc::new(Session::new(user, URL_SAFE_NO_PAD.encode(random::<9>()?), Some(token), self.lifetime));
        self.keep(key, kind, session)
    }

    /// A session of the one at this machine, who came by the link.
    ///
    /// # Errors
    /// `Limit`.
    pub(crate) fn begin_on_laptop(&self, person: &str) -> Result<(Secret, Arc<Session>), Refusal> {
        let user = User { name: person.into(), uid: String::new(), groups: Vec::new(), extra: BTreeMap::new() };
        let id = Secret::new(URL_SAFE_NO_PAD.encode(random::<32>()?));
        let session = Arc::new(Session::new(user, URL_SAFE_NO_PAD.encode(random::<9>()?), None, self.lifetime));
        Ok((id.clone(), self.keep(key("cookie", &id), Kind::Cookie, session)?))
    }

    fn keep(&self, key: Key, kind: Kind, session: Arc<Session>) -> Result<Arc<Session>, Refusal> {
        let ttl = self.limits.token_review;
        let mut known = self.known.lock().expect("no panic while held");
        known.retain(|_, (kind, session)| {
            let stays = !session.is_over() && (*kind == Kind::Cookie || !session.is_idle(ttl));
            if !stays {
                session.end(Refusal::Expired);
            }
            stays
        });
        // Two first requests of one program: both were reviewed, the first one stays.
        if let Some((_, first)) = known.get(&key) {
            return Ok(first.clone());
        }
        if known.len() >= self.limits.sessions {
            return Err(Refusal::Limit { which: "sessions".into(), retry_after_secs: 60 });
        }
        known.insert(key, (kind, session.clone()));
        let (stop, guard) = (self.stop.clone(), session.clone().guard(self.clusters.clone(), ttl));
        self.tasks.spawn(async move { stop.run_until_cancelled(guard).await });
        Ok(session)
    }
}

fn key(kind: &str, secret: &Secret) -> Key {
    Sha256::new().chain_update(kind).chain_update([0]).chain_update(secret.reveal()).finalize().into()
}

fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Refusal::UpstreamDown { cause: format!("no randomness: {error}") })?;
    Ok(bytes)
}
