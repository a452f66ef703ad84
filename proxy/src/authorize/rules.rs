//! Where the one at this machine may list: by the rules that a cluster says the kubeconfig's identity has in a namespace, one question for all kinds.

use std::collections::BTreeSet;

use http::Request;
use krateyard_shared::kinds::KindEntry;
use krateyard_shared::refusal::Refusal;
use serde::Deserialize;
use serde_json::json;

use crate::clusters::Cluster;
use crate::refuse::{Actor, Asked};

#[derive(Deserialize)]
struct Review {
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    resource_rules: Vec<Rule>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Rule {
    verbs: Vec<String>,
    api_groups: Vec<String>,
    resources: Vec<String>,
    resource_names: Vec<String>,
}

#[derive(Deserialize)]
struct Namespaces {
    #[serde(default)]
    items: Vec<Namespace>,
}

#[derive(Deserialize)]
struct Namespace {
    metadata: Meta,
}

#[derive(Deserialize)]
struct Meta {
    name: String,
}

/// Those of the kinds that may be listed and watched in a namespace.
///
/// # Errors
/// What the cluster says where it does not answer.
pub(super) async fn allowed(cluster: &Cluster, entries: &[&'static KindEntry], namespace: &str) -> Result<Vec<&'static KindEntry>, Refusal> {
    let asked = Asked { actor: Actor::Person, verb: "create", resource: "selfsubjectrulesreviews.authorization.k8s.io".into(), namespace: None, name: "" };
    let question = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}});
    let review: Review = cluster.review("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", &question, &asked).await?;
    let may = |verb: &str, entry: &KindEntry| review.status.resource_rules.iter().any(|rule| rule.allows(verb, entry));
    Ok(entries.iter().copied().filter(|entry| may("list", entry) && may("watch", entry)).collect())
}

/// Namespaces to look at: all, where they may be listed, else those that the kubeconfig and everybody begin with.
pub(super) async fn candidates(cluster: &Cluster) -> Result<BTreeSet<String>, Refusal> {
    let asked = Asked { actor: Actor::Person, verb: "list", resource: "namespaces".into(), namespace: None, name: "" };
    let request = Request::get("/api/v1/namespaces?limit=500").body(Vec::new()).expect("a constant");
    match cluster.call(request, &asked).await {
        Ok(body) => {
            let namespaces: Namespaces = serde_json::from_slice(&body).map_err(|_| Refusal::UpstreamDown { cause: "its list of namespaces is none".into() })?;
            Ok(namespaces.items.into_iter().map(|namespace| namespace.metadata.name).collect())
        }
        // kube's own choice where a context names no namespace.
        Err(Refusal::Forbidden { .. }) => Ok(["default".to_owned(), cluster.default_namespace().await?].into()),
        Err(refusal) => Err(refusal),
    }
}

impl Rule {
    fn allows(&self, verb: &str, entry: &KindEntry) -> bool {
        let has = |words: &[String], word: &str| words.iter().any(|known| known == "*" || known == word);
        self.resource_names.is_empty() && has(&self.verbs, verb) && has(&self.api_groups, entry.group) && has(&self.resources, entry.plural)
    }
}

#[cfg(test)]
mod tests {
    use krateyard_shared::kinds::Kind;

    use super::*;

    #[test]
    fn a_rule_counts_for_its_verbs_groups_and_resources_and_not_for_single_names() {
        let rule = |text: serde_json::Value| serde_json::from_value::<Rule>(text).unwrap();
        let (pods, deployments) = (Kind::Pod.entry(), Kind::Deployment.entry());
        let of_pods = rule(json!({"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}));
        assert!(of_pods.allows("list", pods) && !of_pods.allows("watch", pods) && !of_pods.allows("list", deployments));
        assert!(rule(json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]})).allows("watch", deployments));
        assert!(!rule(json!({"verbs": ["*"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"]})).allows("list", pods));
    }
}
