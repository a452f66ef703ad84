use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use krateyard_shared::api;
use krateyard_shared::refusal::Refusal;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::sealed::Record;
use super::{User, review};
use crate::clusters::Clusters;
use crate::config::Secret;

/// Who has a session that nobody uses: the table of sessions, and its guard.
const KEEPERS: usize = 2;

/// Somebody signed in. It ends once and for all; sockets wait for that.
pub(crate) struct Session {
    pub(crate) user: Arc<User>,
    /// Names the session in audit logs; opens nothing.
    pub(crate) audit_id: String,
    /// Seconds since 1970.
    pub(crate) began: i64,
    /// Seconds since 1970.
    pub(crate) expires: i64,
    /// What is reviewed again and again; none on a laptop.
    token: Option<Secret>,
    deadline: Instant,
    /// When its token was reviewed last; never, if it was at another proxy.
    checked: Mutex<Option<Instant>>,
    sockets: AtomicUsize,
    ended: CancellationToken,
    why: OnceLock<Refusal>,
}

impl Session {
    pub(super) fn new(user: User, audit_id: String, token: Option<Secret>, lifetime: Duration) -> Session {
        let now_secs = jiff::Timestamp::now().as_second();
        let lifetime_secs = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let expires = token.as_ref().and_then(review::expiry).unwrap_or(i64::MAX).min(now_secs.saturating_add(lifetime_secs));
        Session::between(user, audit_id, token, now_secs, expires, Some(Instant::now()))
    }

    /// One that began at another proxy.
    pub(super) fn of(record: Record, audit_id: String) -> Session {
        let Record { name, uid, groups, extra, token, began, expires } = record;
        Session::between(User { name, uid, groups, extra }, audit_id, Some(Secret::new(token)), began, expires, None)
    }

    fn between(user: User, audit_id: String, token: Option<Secret>, began: i64, expires: i64, checked: Option<Instant>) -> Session {
        let left = expires.saturating_sub(jiff::Timestamp::now().as_second());
        Session {
            user: Arc::new(user),
            audit_id,
            began,
            expires,
            token,
            deadline: Instant::now() + Duration::from_secs(u64::try_from(left).unwrap_or(0)),
            checked: Mutex::new(checked),
            sockets: AtomicUsize::new(0),
            ended: CancellationToken::new(),
            why: OnceLock::new(),
        }
    }

    /// What another proxy needs to go on with it.
    pub(super) fn record(&self) -> Record {
        let User { name, uid, groups, extra } = (*self.user).clone();
        let token = self.token.as_ref().map(|token| token.reveal().to_owned()).unwrap_or_default();
        Record { name, uid, groups, extra, token, began: self.began, expires: self.expires }
    }

    /// Waits until the session ends; says why.
    pub(crate) async fn ended(&self) -> Refusal {
        self.ended.cancelled().await;
        self.why.get().cloned().unwrap_or(Refusal::Expired)
    }

    /// Ends the session at this proxy, and with it its sockets.
    pub(super) fn end(&self, why: Refusal) {
        let _ = self.why.set(why);
        self.ended.cancel();
    }

    pub(super) fn is_over(&self) -> bool {
        self.ended.is_cancelled() || self.is_past()
    }

    /// Whether its time is over.
    pub(super) fn is_past(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Whether its token was reviewed within this time.
    fn is_fresh(&self, ttl: Duration) -> bool {
        self.checked.lock().expect("no panic while held").is_some_and(|checked| checked.elapsed() < ttl)
    }

    /// What the person may know of it.
    pub(crate) fn describe(&self) -> api::Session {
        api::Session { user: self.user.name.clone(), groups: self.user.groups.clone(), expires: self.expires }
    }

    /// Sockets that are open.
    pub(crate) fn socket_count(&self) -> usize {
        self.sockets.load(Ordering::Relaxed)
    }

    /// Counts a socket, which keeps the token under review.
    pub(crate) fn socket(self: &Arc<Session>) -> SocketOfSession {
        self.sockets.fetch_add(1, Ordering::Relaxed);
        SocketOfSession(self.clone())
    }

    /// Reviews the token again when the last review is older than `ttl`. A cluster that does not answer changes nothing.
    ///
    /// # Errors
    /// `Expired` when the session is over, or the token is not what it was: the session has then ended.
    pub(super) async fn still_valid(&self, clusters: &Clusters, ttl: Duration) -> Result<(), Refusal> {
        if self.is_over() {
            self.end(Refusal::Expired);
        }
        if let Some(why) = self.ended.is_cancelled().then(|| self.why.get().cloned().unwrap_or(Refusal::Expired)) {
            return Err(why);
        }
        if self.is_fresh(ttl) {
            return Ok(());
        }
        let Some(token) = &self.token else { return Ok(()) };
        match review::review(&clusters.default(), token).await {
            Ok(user) if user.name == self.user.name && user.groups == self.user.groups => {
                *self.checked.lock().expect("no panic while held") = Some(Instant::now())
            }
            Ok(_) | Err(Refusal::Unauthenticated) => {
                tracing::info!(user = self.user.name, session = self.audit_id, "the token is not what it was: the session ends");
                self.end(Refusal::Expired);
                return Err(Refusal::Expired);
            }
            Err(refusal) => tracing::warn!(user = self.user.name, %refusal, "cannot review a token again"),
        }
        Ok(())
    }

    /// Looks after the session until it ends: its deadline always, its token while sockets are open.
    pub(super) async fn guard(self: Arc<Session>, clusters: Arc<Clusters>, ttl: Duration) {
        loop {
            let next = (Instant::now() + ttl).min(self.deadline);
            tokio::select! {
                () = self.ended.cancelled() => return,
                () = tokio::time::sleep_until(next) => {}
            }
            let used = self.socket_count() > 0;
            if (used || self.is_over()) && self.still_valid(&clusters, ttl.mul_f32(0.9)).await.is_err() {
                return;
            }
        }
    }

    /// Whether nothing but a cached review would be lost: no request and no socket has it. Whoever asks keeps others from taking it meanwhile.
    pub(super) fn is_idle(self: &Arc<Session>, ttl: Duration) -> bool {
        Arc::strong_count(self) <= KEEPERS && !self.is_fresh(ttl)
    }
}

/// One open socket of a session.
pub(crate) struct SocketOfSession(Arc<Session>);

impl Drop for SocketOfSession {
    fn drop(&mut self) {
        self.0.sockets.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_a_request_has_is_not_idle_however_old_its_review_is() {
        let ttl = Duration::from_millis(1);
        let user = User { name: "ann".into(), uid: String::new(), groups: Vec::new(), extra: Default::default() };
        let table = Arc::new(Session::new(user, "audit".into(), None, Duration::from_secs(3600)));
        let guard = table.clone();
        *table.checked.lock().unwrap() = Some(Instant::now() + ttl);
        assert!(!table.is_idle(ttl), "its review still counts");
        *table.checked.lock().unwrap() = Instant::now().checked_sub(2 * ttl);
        let request = table.clone();
        assert!(!table.is_idle(ttl), "a request has it that has no socket yet");
        drop(request);
        assert!(table.is_idle(ttl));
        assert!(guard.is_idle(ttl));
    }
}
