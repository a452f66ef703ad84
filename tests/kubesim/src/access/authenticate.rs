//! Bearer tokens.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use http::HeaderMap;

use super::User;
use crate::failure::Failure;

/// The tokens that the server knows.
pub(crate) struct Tokens {
    known: RwLock<HashMap<String, User>>,
}

// a token never shows in a log
impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Tokens {
    /// The fixed tokens of the demo.
    pub(crate) fn demo() -> Self {
        let person = |name: &str| User {
            name: format!("{name}@example.com"),
            uid: format!("u-{name}"),
            groups: vec!["people".to_owned(), "system:authenticated".to_owned()],
            extra: Vec::new(),
        };
        let mut known: HashMap<String, User> =
            ["admin", "editor", "viewer", "nobody", "expiring"].iter().map(|name| (format!("demo-{name}"), person(name))).collect();
        known.insert("krateyard-proxy".to_owned(), service_account("krateyard", "krateyard", "5b1f3f6e-6f3d-4f0a-9a64-4be5ad2d3a10"));
        Self { known: RwLock::new(known) }
    }

    /// Adds a token, or gives it to another user.
    pub(crate) fn add(&self, token: &str, user: User) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(token.to_owned(), user);
    }

    /// Ends a token; says whether it was known.
    pub(crate) fn revoke(&self, token: &str) -> bool {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(token).is_some()
    }

    pub(crate) fn user(&self, token: &str) -> Option<User> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    /// The token of a user, for kubeconfigs.
    pub(crate) fn token_of(&self, user: &str) -> Option<String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|(_, known)| known.name == user).map(|(token, _)| token.clone())
    }

    /// Who sent these headers. Without a bearer token that is nobody: anonymous access is on.
    ///
    /// # Errors
    /// 401 for a token that is not known.
    pub(crate) fn authenticate(&self, headers: &HeaderMap) -> Result<User, Failure> {
        let given = headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (scheme, token) = given.split_once(' ').unwrap_or((given, ""));
        if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
            return Ok(User::anonymous());
        }
        self.user(token.trim()).ok_or_else(Failure::unauthorized)
    }
}

/// A service account as its token shows it.
pub(crate) fn service_account(namespace: &str, name: &str, uid: &str) -> User {
    User {
        name: format!("system:serviceaccount:{namespace}:{name}"),
        uid: uid.to_owned(),
        groups: vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}"), "system:authenticated".to_owned()],
        extra: vec![("authentication.kubernetes.io/credential-id".to_owned(), vec!["JTI=7d1b5a52-1f55-4f7e-8d6c-0c9d2f8e1b11".to_owned()])],
    }
}
