//! What a request is about, read from its method and path as kube-apiserver's RequestInfo does: before anything is known about the resource.

use http::Method;

use crate::query::Query;

/// A request's verb and object, the form in which access is decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    /// `get`, `list`, `watch`, ...; for paths the lower-case method.
    pub(crate) verb: String,
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// The path, when this is no resource request; empty otherwise.
    pub(crate) path: String,
    /// Path segments after the subresource: no served path has any.
    pub(crate) too_long: bool,
}

impl Attributes {
    /// Whether the request is about a resource.
    pub(crate) fn is_resource(&self) -> bool {
        self.path.is_empty()
    }

    /// `pods` or `pods/log`.
    pub(crate) fn resource_and_subresource(&self) -> String {
        if self.subresource.is_empty() { self.resource.clone() } else { format!("{}/{}", self.resource, self.subresource) }
    }

    /// Reads method, path and query.
    pub(crate) fn of(method: &Method, path: &str, query: &Query) -> Self {
        let trimmed = path.trim_start_matches('/').trim_end_matches('/');
        let parts: Vec<&str> = trimmed.split('/').collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
            ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
            _ => {
                return Self { verb: method.as_str().to_lowercase(), path: path.to_owned(), ..Self::default() };
            }
        };
        let mut found = Self { group: group.to_owned(), version: version.to_owned(), ..Self::default() };
        let (old_watch, rest) = match rest {
            ["watch", rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let rest = match rest {
            ["namespaces", namespace, inner @ ..] => {
                found.namespace = decode(namespace);
                // namespaces' own subresources: RequestInfoFactory's namespaceSubresources
                if matches!(inner, [] | ["status" | "finalize", ..]) { rest } else { inner }
            }
            rest => rest,
        };
        found.resource = rest.first().map(|part| decode(part)).unwrap_or_default();
        found.name = rest.get(1).map(|part| decode(part)).unwrap_or_default();
        found.subresource = rest.get(2).map(|part| decode(part)).unwrap_or_default();
        found.too_long = rest.len() > 3;
        found.verb = found.verb_of(method, query, old_watch).to_owned();
        if found.name.is_empty() && matches!(found.verb.as_str(), "list" | "watch" | "deletecollection") {
            found.name = query.get("fieldSelector").and_then(name_selected).unwrap_or_default();
        }
        found
    }

    fn verb_of(&self, method: &Method, query: &Query, old_watch: bool) -> &'static str {
        let collection = self.name.is_empty();
        match *method {
            _ if old_watch => "watch",
            Method::GET | Method::HEAD if !collection => "get",
            Method::GET | Method::HEAD if query.is_true("watch") => "watch",
            Method::GET | Method::HEAD => "list",
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE if collection => "deletecollection",
            Method::DELETE => "delete",
            _ => "",
        }
    }
}

/// A selection of exactly one name counts as that name, so that rules with resourceNames allow its list and watch.
fn name_selected(selector: &str) -> Option<String> {
    let mut names = selector.split(',').filter_map(|part| part.strip_prefix("metadata.name=")).map(|name| name.trim_start_matches('=').to_owned());
    names.next().filter(|name| !name.is_empty())
}

fn decode(part: &str) -> String {
    crate::query::percent_decode(part, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &Method, path: &str, query: &str) -> String {
        let found = Attributes::of(method, path, &Query::parse(query));
        if !found.is_resource() {
            return format!("{} path {}", found.verb, found.path);
        }
        format!("{} {}/{} {} ns={} name={}", found.verb, found.group, found.version, found.resource_and_subresource(), found.namespace, found.name)
    }

    #[test]
    fn paths_are_read_as_the_server_reads_them() {
        assert_eq!(read(&Method::GET, "/api/v1/namespaces/web/pods/a/log", ""), "get /v1 pods/log ns=web name=a");
        assert_eq!(read(&Method::GET, "/api/v1/namespaces/web", ""), "get /v1 namespaces ns=web name=web");
        assert_eq!(read(&Method::GET, "/api/v1/namespaces", ""), "list /v1 namespaces ns= name=");
        assert_eq!(read(&Method::PUT, "/api/v1/namespaces/web/finalize", ""), "update /v1 namespaces/finalize ns=web name=web");
        assert_eq!(read(&Method::GET, "/apis/apps/v1/deployments", "watch=1"), "watch apps/v1 deployments ns= name=");
        assert_eq!(read(&Method::DELETE, "/apis/apps/v1/namespaces/web/deployments", ""), "deletecollection apps/v1 deployments ns=web name=");
        assert_eq!(read(&Method::GET, "/apis/apps/v1", ""), "get path /apis/apps/v1");
        assert_eq!(read(&Method::GET, "/api/v1/watch/pods", ""), "watch /v1 pods ns= name=");
        assert_eq!(read(&Method::GET, "/api/v1/pods", "fieldSelector=metadata.name%3Da"), "list /v1 pods ns= name=a");
    }
}
