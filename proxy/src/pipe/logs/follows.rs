use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use krateyard_shared::refusal::Refusal;

use crate::authorize::{Permit, ReadLogs};
use crate::config::Limits;

/// When a place may be free again.
const RETRY_SECS: u32 = 10;

/// The logs that are read at this moment, of everybody.
#[derive(Default)]
pub(crate) struct Follows(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    all: usize,
    users: HashMap<String, usize>,
    /// By cluster and namespace.
    namespaces: HashMap<(String, String), usize>,
}

/// One of them, given back when dropped.
pub(crate) struct Place {
    follows: Arc<Follows>,
    user: String,
    namespace: (String, String),
}

impl Follows {
    /// A place for one more log.
    ///
    /// # Errors
    /// `Limit`, which says which.
    pub(super) fn place(self: &Arc<Follows>, permit: &Permit<ReadLogs>) -> Result<Place, Refusal> {
        let namespace = (permit.cluster().name.0.clone(), permit.target().namespace.clone());
        self.take(&permit.session().user.name, namespace, &permit.cluster().limits)
    }

    fn take(self: &Arc<Follows>, user: &str, namespace: (String, String), limits: &Limits) -> Result<Place, Refusal> {
        let mut counts = self.0.lock().expect("no panic while it is held");
        let full = |count: Option<&usize>, most: usize| count.is_some_and(|count| *count >= most);
        let which = if full(counts.users.get(user), limits.logs_per_user) {
            "logs that you follow"
        } else if full(counts.namespaces.get(&namespace), limits.logs_per_namespace) {
            "logs that are followed in this namespace"
        } else if counts.all >= limits.logs {
            "logs that are followed"
        } else {
            counts.all += 1;
            *counts.users.entry(user.to_owned()).or_default() += 1;
            *counts.namespaces.entry(namespace.clone()).or_default() += 1;
            return Ok(Place { follows: self.clone(), user: user.to_owned(), namespace });
        };
        Err(Refusal::Limit { which: which.into(), retry_after_secs: RETRY_SECS })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.follows.0.lock().expect("no panic while it is held");
        counts.all -= 1;
        give_back(&mut counts.users, &self.user);
        give_back(&mut counts.namespaces, &self.namespace);
    }
}

fn give_back<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_a_namespace_and_all_have_a_limit_each_and_places_come_back() {
        let follows = Arc::new(Follows::default());
        let limits = Limits { logs_per_user: 2, logs_per_namespace: 3, logs: 4, ..Limits::default() };
        let take = |user: &str, namespace: &str| follows.take(user, ("c".into(), namespace.into()), &limits);
        let which = |user: &str, namespace: &str| match take(user, namespace).err() {
            Some(Refusal::Limit { which, .. }) => which,
            other => panic!("{other:?}"),
        };
        let (one, _two) = (take("a", "x").unwrap(), take("a", "x").unwrap());
        assert_eq!(which("a", "y"), "logs that you follow");
        let _three = take("b", "x").unwrap();
        assert_eq!(which("b", "x"), "logs that are followed in this namespace");
        let _four = take("b", "y").unwrap();
        assert_eq!(which("c", "y"), "logs that are followed");
        drop(one);
        assert!(take("a", "y").is_ok());
    }
}
