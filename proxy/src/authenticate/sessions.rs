use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use krateyard_shared::api::SessionInfo;
use krateyard_shared::refusal::Refusal;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::ledger::{LOOK, Ledger, Reading};
use super::{Session, User, review};
use crate::clusters::Clusters;
use crate::config::{Limits, RoomsKept, Secret};
use crate::relay::storage::StorageError;

/// Token reviews under way at once: what a flood of wrong tokens can cost the cluster.
const REVIEWS_AT_ONCE: usize = 32;

/// How a session is found: never by what opens it, always by its hash.
type Key = [u8; 32];

/// Everybody who is signed in. A restart of a proxy that shares its sessions with no other signs everybody out.
pub(crate) struct Sessions {
    /// The default one reviews tokens.
    clusters: Arc<Clusters>,
    lifetime: Duration,
    limits: Limits,
    tasks: TaskTracker,
    stop: CancellationToken,
    reviews: Semaphore,
    table: Arc<Table>,
}

/// Those whom this proxy has seen, and what the others know. Whoever takes an ended session out of it tells the others.
struct Table {
    known: Mutex<HashMap<Key, (Kind, Arc<Session>)>>,
    ledger: Ledger,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Lives until it ends.
    Cookie,
    /// Lives while it is used: it only keeps the review of a token, so each proxy has its own.
    Bearer,
}

impl Sessions {
    /// They are shared by those who share rooms in a Redis.
    ///
    /// # Errors
    /// When its URL is none.
    pub(crate) fn new(
        clusters: Arc<Clusters>,
        kept: &RoomsKept,
        lifetime: Duration,
        limits: Limits,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Result<Sessions, StorageError> {
        let me = || random::<9>().map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).map_err(|refusal| StorageError::Failed(refusal.to_string()));
        let ledger = match kept {
            RoomsKept::Memory | RoomsKept::Folder(_) => Ledger::Alone,
            RoomsKept::Redis(url) => Ledger::in_redis(url.reveal(), me()?)?,
        };
        let table = Arc::new(Table { known: Mutex::default(), ledger });
        let (follows, stopped) = (table.clone(), stop.clone());
        tasks.spawn(async move { stopped.run_until_cancelled(follows.follow()).await });
        let (tasks, stop) = (tasks.clone(), stop.clone());
        Ok(Sessions { clusters, lifetime, limits, tasks, stop, reviews: Semaphore::new(REVIEWS_AT_ONCE), table })
    }

    /// Signs somebody in; the id belongs into the cookie and nowhere else.
    ///
    /// # Errors
    /// `Unauthenticated` for a wrong token; `Limit`; `StoreDown`; what the cluster says.
    pub(crate) async fn sign_in(&self, token: Secret) -> Result<(Secret, Arc<Session>), Refusal> {
        let id = Secret::new(URL_SAFE_NO_PAD.encode(random::<32>()?));
        let session = self.begin(token, audit_id(&id), key("cookie", &id), Kind::Cookie).await?;
        if let Err(refusal) = self.table.ledger.put(&id, &info(&session, Kind::Cookie), &session.record()).await {
            session.end(refusal.clone());
            return Err(refusal);
        }
        tracing::info!(user = session.user.name, session = session.audit_id, "signed in");
        Ok((id, session))
    }

    /// Everybody who is signed in, at this proxy or another. Of others it is what they said some seconds ago.
    ///
    /// # Errors
    /// `StoreDown`.
    pub(crate) async fn all(&self) -> Result<Vec<SessionInfo>, Refusal> {
        let mut all = self.table.ledger.others().await?;
        for info in self.table.here() {
            let sockets_elsewhere = all.get(&info.id).map_or(0, |known| known.sockets);
            all.insert(info.id.clone(), SessionInfo { sockets: info.sockets + sockets_elsewhere, ..info });
        }
        let mut all: Vec<SessionInfo> = all.into_values().collect();
        all.sort();
        Ok(all)
    }

    /// Ends a session, and its sockets wherever they are.
    ///
    /// # Errors
    /// `StoreDown` when other proxies are told later, or it cannot be known whether there is such a session; `NotFound`.
    pub(crate) async fn end(&self, id: &str, why: Refusal) -> Result<(), Refusal> {
        let is_here = self.table.take_out(id, why);
        if !is_here && !self.table.ledger.others().await?.contains_key(id) {
            return Err(Refusal::NotFound { what: "this session".into() });
        }
        self.table.ledger.end(id).await
    }

    pub(super) async fn of_cookie(&self, id: Secret) -> Result<Arc<Session>, Refusal> {
        let key = key("cookie", &id);
        let session = match self.find(&key) {
            Some(session) => session,
            None => self.of_others(&id, key).await?,
        };
        session.still_valid(&self.clusters, self.limits.token_review).await?;
        Ok(session)
    }

    /// One that began at another proxy. Its token is reviewed before it counts here.
    async fn of_others(&self, id: &Secret, key: Key) -> Result<Arc<Session>, Refusal> {
        let audit_id = audit_id(id);
        let record = self.table.ledger.open(id, &audit_id).await?.ok_or(Refusal::Expired)?;
        let session = self.keep(key, Kind::Cookie, Arc::new(Session::of(record, audit_id.clone())))?;
        // Ended while it was read: that was said before it was known here.
        if self.table.ledger.open(id, &audit_id).await?.is_none() {
            self.table.take_out(&audit_id, Refusal::Expired);
        }
        Ok(session)
    }

    pub(super) async fn of_bearer(&self, token: Secret) -> Result<Arc<Session>, Refusal> {
        let key = key("bearer", &token);
        match self.find(&key) {
            Some(session) => {
                session.still_valid(&self.clusters, self.limits.token_review).await.map_err(|_| Refusal::Unauthenticated)?;
                Ok(session)
            }
            None => self.begin(token, URL_SAFE_NO_PAD.encode(random::<9>()?), key, Kind::Bearer).await,
        }
    }

    fn find(&self, key: &Key) -> Option<Arc<Session>> {
        self.table.known.lock().expect("no panic while held").get(key).map(|(_, session)| session.clone())
    }

    async fn begin(&self, token: Secret, audit_id: String, key: Key, kind: Kind) -> Result<Arc<Session>, Refusal> {
        let user = {
            let _place = self.reviews.try_acquire().map_err(|_| Refusal::Limit { which: "sign-ins at once".into(), retry_after_secs: 1 })?;
            review::review(&self.clusters.default(), &token).await?
        };
        self.keep(key, kind, Arc::new(Session::new(user, audit_id, Some(token), self.lifetime)))
    }

    /// A session of the one at this machine, who came by the link.
    ///
    /// # Errors
    /// `Limit`.
    pub(crate) fn begin_on_laptop(&self, person: &str) -> Result<(Secret, Arc<Session>), Refusal> {
        let user = User { name: person.into(), uid: String::new(), groups: Vec::new(), extra: BTreeMap::new() };
        let id = Secret::new(URL_SAFE_NO_PAD.encode(random::<32>()?));
        let session = Arc::new(Session::new(user, audit_id(&id), None, self.lifetime));
        Ok((id.clone(), self.keep(key("cookie", &id), Kind::Cookie, session)?))
    }

    fn keep(&self, key: Key, kind: Kind, session: Arc<Session>) -> Result<Arc<Session>, Refusal> {
        let ttl = self.limits.token_review;
        let mut known = self.table.known.lock().expect("no panic while held");
        known.retain(|_, (kind, session)| {
            let stays = !session.is_past() && (*kind == Kind::Cookie || !session.is_idle(ttl));
            if !stays {
                session.end(Refusal::Expired);
            }
            stays
        });
        // Two first requests of one program, or of one page: both were reviewed, the first one stays.
        if let Some((_, first)) = known.get(&key) {
            return Ok(first.clone());
        }
        if known.len() >= self.limits.sessions {
            return Err(Refusal::Limit { which: "sessions".into(), retry_after_secs: 60 });
        }
        known.insert(key, (kind, session.clone()));
        let (stop, table, id, expires) = (self.stop.clone(), self.table.clone(), session.audit_id.clone(), session.expires);
        let guard = session.clone().guard(self.clusters.clone(), ttl);
        self.tasks.spawn(async move {
            let was_known = stop.run_until_cancelled(guard).await.is_some() && table.take_out(&id, Refusal::Expired);
            // When its time is over everybody knows.
            if was_known && kind == Kind::Cookie && jiff::Timestamp::now().as_second() < expires {
                let _ = table.ledger.end(&id).await;
            }
        });
        Ok(session)
    }
}

impl Table {
    /// Those who are signed in here.
    fn here(&self) -> Vec<SessionInfo> {
        let known = self.known.lock().expect("no panic while held");
        known.values().filter(|(_, session)| !session.is_over()).map(|(kind, session)| info(session, *kind)).collect()
    }

    /// Ends a session at this proxy. Whether it was known here, and the others may be told.
    fn take_out(&self, id: &str, why: Refusal) -> bool {
        let mut taken = false;
        self.known.lock().expect("no panic while held").retain(|_, (_, session)| {
            let is_it = session.audit_id == id;
            if is_it {
                session.end(why.clone());
                taken = true;
            }
            !is_it
        });
        taken
    }

    /// Ends here what was ended elsewhere. While that cannot be known everybody stays signed in: each token is reviewed by the cluster all the same.
    async fn follow(&self) {
        let Ledger::Shared(shared) = &self.ledger else { return };
        let (mut reading, mut ticks, mut is_cut_off) = (Reading::default(), tokio::time::interval(LOOK), false);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match shared.look(&mut reading, || self.here()).await {
                Ok(ended) => {
                    for id in &ended {
                        self.take_out(id, Refusal::Expired);
                    }
                    is_cut_off = false;
                }
                Err(error) if !std::mem::replace(&mut is_cut_off, true) => {
                    tracing::warn!(%error, "sessions that are ended at other proxies go on here until they can be heard of");
                }
                Err(_) => {}
            }
        }
    }
}

fn info(session: &Session, kind: Kind) -> SessionInfo {
    SessionInfo {
        user: session.user.name.clone(),
        began: session.began,
        id: session.audit_id.clone(),
        expires: session.expires,
        sockets: session.socket_count(),
        program: kind == Kind::Bearer,
        own: false,
    }
}

fn key(kind: &str, secret: &Secret) -> Key {
    Sha256::new().chain_update(kind).chain_update([0]).chain_update(secret.reveal()).finalize().into()
}

/// The same at every proxy. Of a cookie, which is random, its hash tells nothing; of a token it might.
fn audit_id(cookie: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(&key("audit", cookie)[..9])
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Refusal::UpstreamDown { cause: format!("no randomness: {error}") })?;
    Ok(bytes)
}
