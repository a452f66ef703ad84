//! Counts of requests, so that tests can prove what a client asked for: one upstream watch, for example.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::target::Attributes;

/// How often one kind of request was made, and how many of them are open now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RequestCount {
    /// `list`, `watch`, `get`, ...; for paths that are no resources the lower-case method.
    pub verb: String,
    /// The path with `{namespace}` and `{name}` for what varies: `/api/v1/namespaces/{namespace}/pods`.
    pub path: String,
    /// All requests since the start, refused ones included.
    pub made: u64,
    /// Those whose answer has not ended.
    pub open: u64,
}

/// The counters of one server.
#[derive(Clone, Debug, Default)]
pub struct Requests(Arc<Mutex<Counts>>);

/// Made and open, by path and verb.
type Counts = BTreeMap<(String, String), (u64, u64)>;

impl Requests {
    /// All counts, sorted by path and verb.
    pub fn all(&self) -> Vec<RequestCount> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|((path, verb), (made, open))| RequestCount { verb: verb.clone(), path: path.clone(), made: *made, open: *open }).collect()
    }

    /// The count of one verb and path template; zeros where there was none.
    pub fn of(&self, verb: &str, path: &str) -> RequestCount {
        let found = self.all().into_iter().find(|count| count.verb == verb && count.path == path);
        found.unwrap_or_else(|| RequestCount { verb: verb.to_owned(), path: path.to_owned(), ..RequestCount::default() })
    }

    /// Counts a request; it is open until the guard is dropped.
    pub(crate) fn begin(&self, asked: &Attributes) -> Open {
        let key = (template(asked), asked.verb.clone());
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key.clone()).or_default();
        count.0 += 1;
        count.1 += 1;
        Open { requests: self.clone(), key }
    }

    /// Keeps a request that was begun open beyond its answer: a socket.
    pub(crate) fn reopen(&self, asked: &Attributes) -> Open {
        let key = (template(asked), asked.verb.clone());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key.clone()).or_default().1 += 1;
        Open { requests: self.clone(), key }
    }
}

/// An open request.
#[derive(Debug)]
pub(crate) struct Open {
    requests: Requests,
    key: (String, String),
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(count) = self.requests.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&self.key) {
            count.1 -= 1;
        }
    }
}

fn template(asked: &Attributes) -> String {
    if !asked.is_resource() {
        return asked.path.clone();
    }
    let mut path = if asked.group.is_empty() { format!("/api/{}", asked.version) } else { format!("/apis/{}/{}", asked.group, asked.version) };
    if !asked.namespace.is_empty() && asked.resource != "namespaces" {
        path.push_str("/namespaces/{namespace}");
    }
    path.push('/');
    path.push_str(&asked.resource);
    // a list or watch that selects one name is still one of the collection
    if !asked.name.is_empty() && !matches!(asked.verb.as_str(), "list" | "watch" | "deletecollection") {
        path.push_str("/{name}");
    }
    if !asked.subresource.is_empty() {
        path.push('/');
        path.push_str(&asked.subresource);
    }
    path
}
