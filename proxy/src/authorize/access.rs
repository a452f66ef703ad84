use std::collections::BTreeSet;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use http::Request;
use krateyard_shared::api::{Access, KindWords, NamespaceAccess};
use krateyard_shared::kinds::{KINDS, KindEntry};
use krateyard_shared::refusal::Refusal;
use serde::Deserialize;

use super::{RowScope, Target, WatchRows, rules};
use crate::authenticate::{Session, User};
use crate::clusters::{Cluster, ServedKind};
use crate::path;
use crate::refuse::{Actor, Asked};

/// Questions under way at once for one person.
const AT_ONCE: usize = 16;
/// Namespaces that are looked at for one person who may not list cluster-wide.
const MOST_NAMESPACES: usize = 500;
/// Bindings in one page, as client-go asks (tools/pager).
const PAGE: usize = 500;

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: PageMeta,
    #[serde(default)]
    items: Vec<Binding>,
}

#[derive(Deserialize, Default)]
struct PageMeta {
    #[serde(default, rename = "continue")]
    next: String,
}

#[derive(Deserialize)]
struct Binding {
    metadata: BindingMeta,
    #[serde(default)]
    subjects: Option<Vec<Subject>>,
}

#[derive(Deserialize)]
struct BindingMeta {
    #[serde(default)]
    namespace: String,
}

#[derive(Deserialize)]
struct Subject {
    kind: String,
    name: String,
    #[serde(default)]
    namespace: String,
}

/// Finds where a person may list and watch: bindings that name the person or a group give the candidates, reviews confirm.
///
/// # Errors
/// What the cluster says where it does not answer. That the proxy may not list bindings is none: then only what is cluster-wide is found.
pub(crate) async fn find_access(cluster: &Arc<Cluster>, session: &Session) -> Result<Access, Refusal> {
    let served = cluster.served().await;
    let is_served = |entry: &&KindEntry| served.serves(&entry.kind.source());
    let (kinds, unserved): (Vec<&KindEntry>, Vec<&KindEntry>) = KINDS.iter().partition(is_served);
    let (custom, own): (Vec<_>, Vec<_>) = cluster.custom_kinds().await.iter().map(|(custom, kind)| (custom.clone(), kind.entry())).unzip();
    let kinds: Vec<&KindEntry> = kinds.into_iter().chain(own).collect();
    let called = kinds.iter().filter_map(|entry| kind_words(entry, served.resources.get(&entry.kind.resource())?)).collect();
    let cluster_wide = allowed(cluster, session, &kinds, &RowScope::All).await?;
    let rest: Vec<&KindEntry> = kinds.into_iter().filter(|entry| entry.namespaced && !cluster_wide.iter().any(|wide| wide.kind == entry.kind)).collect();
    let candidates = match (rest.is_empty(), cluster.is_own()) {
        (true, _) => BTreeSet::new(),
        (false, true) => rules::candidates(cluster).await?,
        (false, false) => candidates(cluster, &session.user).await?,
    };
    let namespaces = stream::iter(candidates.into_iter().take(MOST_NAMESPACES)).map(|namespace| {
        let rest = &rest;
        async move {
            let resources = match cluster.is_own() {
                true => rules::allowed(cluster, rest, &namespace).await?,
                false => allowed(cluster, session, rest, &RowScope::Namespace(namespace.clone())).await?,
            };
            Ok::<_, Refusal>(NamespaceAccess { namespace, resources: words(&resources) })
        }
    });
    let namespaces: Vec<_> = namespaces.buffered(AT_ONCE).try_filter(|found| std::future::ready(!found.resources.is_empty())).try_collect().await?;
    let failing = served.failing.clone();
    Ok(Access { cluster_wide: words(&cluster_wide), namespaces, unserved: words(&unserved), custom, words: called, failing })
}

/// What discovery calls a kind besides what its entry says; `None` = nothing.
fn kind_words(entry: &KindEntry, served: &ServedKind) -> Option<KindWords> {
    let aliases: Vec<String> = served.aliases.iter().filter(|alias| !entry.aliases.contains(&alias.as_str())).cloned().collect();
    let words = KindWords { resource: entry.kind.resource().to_string(), aliases, categories: served.categories.clone() };
    (!words.aliases.is_empty() || !words.categories.is_empty()).then_some(words)
}

/// Those of the kinds that the person may list and watch in a scope, in their order. The answers are asked for side by side: there are many.
async fn allowed(cluster: &Cluster, session: &Session, entries: &[&'static KindEntry], scope: &RowScope) -> Result<Vec<&'static KindEntry>, Refusal> {
    let one = async |entry: &'static KindEntry| {
        for question in (WatchRows { kind: entry.kind, scope: scope.clone() }).questions() {
            if !cluster.reviews.allowed(cluster, &session.user, &question).await? {
                return Ok(None);
            }
        }
        Ok::<_, Refusal>(Some(entry))
    };
    let asked: Vec<_> = entries.iter().map(|entry| one(entry)).collect();
    let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
    Ok(answers.into_iter().flatten().collect())
}

fn words(entries: &[&KindEntry]) -> Vec<String> {
    entries.iter().map(|entry| entry.kind.resource().to_string()).collect()
}

async fn candidates(cluster: &Cluster, user: &User) -> Result<BTreeSet<String>, Refusal> {
    let asked = Asked { actor: Actor::Proxy, verb: "list", resource: "rolebindings.rbac.authorization.k8s.io".into(), namespace: None, name: "" };
    let (mut found, mut next) = (BTreeSet::new(), String::new());
    loop {
        let path = format!("/apis/rbac.authorization.k8s.io/v1/rolebindings?limit={PAGE}&continue={}", path::query(&next));
        let path = path.trim_end_matches("&continue=");
        let request = Request::get(path).body(Vec::new()).map_err(|_| Refusal::UpstreamDown { cause: "its continue token fits into no path".into() })?;
        let page: Page = match cluster.call(request, &asked).await {
            Ok(body) => serde_json::from_slice(&body).map_err(|_| Refusal::UpstreamDown { cause: "its list of role bindings is none".into() })?,
            Err(Refusal::ProxyForbidden { .. }) => {
                tracing::warn!(cluster = %cluster.name, "krateyard may not list role bindings: it cannot find the namespaces of people without cluster-wide rights");
                return Ok(found);
            }
            Err(refusal) => return Err(refusal),
        };
        let of_user = page.items.into_iter().filter(|binding| binding.subjects.iter().flatten().any(|subject| names(subject, user)));
        found.extend(of_user.map(|binding| binding.metadata.namespace));
        next = page.metadata.next;
        if next.is_empty() {
            return Ok(found);
        }
    }
}

fn names(subject: &Subject, user: &User) -> bool {
    match subject.kind.as_str() {
        "User" => subject.name == user.name,
        "Group" => user.groups.contains(&subject.name),
        // k8s.io/apiserver, serviceaccount.MakeUsername
        "ServiceAccount" => user.name == format!("system:serviceaccount:{}:{}", subject.namespace, subject.name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_binding_names_a_person_a_group_or_a_service_account() {
        let user = |name: &str| User { name: name.into(), uid: String::new(), groups: vec!["devs".into()], extra: Default::default() };
        let subject = |text: serde_json::Value| serde_json::from_value::<Subject>(text).unwrap();
        assert!(names(&subject(json!({"kind": "User", "name": "ann"})), &user("ann")));
        assert!(names(&subject(json!({"kind": "Group", "name": "devs"})), &user("ann")));
        assert!(names(&subject(json!({"kind": "ServiceAccount", "name": "bot", "namespace": "ci"})), &user("system:serviceaccount:ci:bot")));
        assert!(!names(&subject(json!({"kind": "User", "name": "devs"})), &user("ann")));
        assert!(!names(&subject(json!({"kind": "ServiceAccount", "name": "bot", "namespace": "web"})), &user("system:serviceaccount:ci:bot")));
    }
}
