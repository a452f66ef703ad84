//! RBAC, evaluated from the Role, ClusterRole, RoleBinding and ClusterRoleBinding objects of the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};

use super::User;
use crate::kinds::built_in_kind;
use crate::store::Store;
use crate::target::Attributes;

const GROUP: &str = "rbac.authorization.k8s.io";

/// One `PolicyRule`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Rule {
    verbs: Vec<String>,
    api_groups: Vec<String>,
    resources: Vec<String>,
    resource_names: Vec<String>,
    #[serde(rename = "nonResourceURLs")]
    non_resource_urls: Vec<String>,
}

/// All rights at one moment.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    roles: HashMap<(String, String), Arc<Vec<Rule>>>,
    cluster_roles: HashMap<String, Arc<Vec<Rule>>>,
    bindings: HashMap<String, Vec<Binding>>,
    cluster_bindings: Vec<Binding>,
}

#[derive(Debug)]
struct Binding {
    name: String,
    namespace: String,
    role_kind: String,
    role: String,
    subjects: Vec<Subject>,
}

#[derive(Debug, Deserialize)]
struct Subject {
    kind: String,
    name: String,
    #[serde(default)]
    namespace: String,
}

/// The policy of the store, read again whenever one of its objects has changed.
#[derive(Debug, Default)]
pub(crate) struct PolicyCache(Mutex<Option<([u64; 4], Arc<Policy>)>>);

impl PolicyCache {
    pub(crate) fn of(&self, store: &Store) -> Arc<Policy> {
        let versions = ["roles", "clusterroles", "rolebindings", "clusterrolebindings"].map(|plural| *store.news(&built_in_kind(GROUP, plural)).borrow());
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, policy)) = cached.as_ref()
            && *known == versions
        {
            return policy.clone();
        }
        let policy = Arc::new(Policy::read(store));
        *cached = Some((versions, policy.clone()));
        policy
    }
}

impl Policy {
    fn read(store: &Store) -> Self {
        let objects = |plural: &str| store.list(&built_in_kind(GROUP, plural), "").1;
        let mut policy = Self::default();
        for role in objects("roles") {
            policy.roles.insert((role.namespace.clone(), role.name.clone()), rules(&role.value()));
        }
        for role in objects("clusterroles") {
            policy.cluster_roles.insert(role.name.clone(), rules(&role.value()));
        }
        for binding in objects("rolebindings") {
            policy.bindings.entry(binding.namespace.clone()).or_default().push(Binding::of(&binding.namespace, &binding.name, &binding.value()));
        }
        for binding in objects("clusterrolebindings") {
            policy.cluster_bindings.push(Binding::of("", &binding.name, &binding.value()));
        }
        policy
    }

    /// Whether a user may; if so, the authorizer's reason (empty for system:masters).
    pub(crate) fn allows(&self, user: &User, asked: &Attributes) -> Option<String> {
        if user.groups.iter().any(|group| group == "system:masters") {
            return Some(String::new());
        }
        self.grants(user, &asked.namespace)
            .find(|(_, _, rules)| rules.iter().any(|rule| rule.allows(asked)))
            .map(|(binding, subject, _)| binding.reason(subject))
    }

    /// All rules that a user has in a namespace, one entry for each rule, as SelfSubjectRulesReview shows them.
    pub(crate) fn rules(&self, user: &User, namespace: &str) -> (Vec<Value>, Vec<Value>) {
        let mut resources = Vec::new();
        let mut paths = Vec::new();
        for rule in self.grants(user, namespace).flat_map(|(_, _, rules)| rules.iter()) {
            if !rule.resources.is_empty() {
                let mut shown = json!({"verbs": rule.verbs, "apiGroups": rule.api_groups, "resources": rule.resources});
                if !rule.resource_names.is_empty() {
                    shown["resourceNames"] = json!(rule.resource_names);
                }
                resources.push(shown);
            }
            if !rule.non_resource_urls.is_empty() {
                paths.push(json!({"verbs": rule.verbs, "nonResourceURLs": rule.non_resource_urls}));
            }
        }
        (resources, paths)
    }

    fn grants<'a>(&'a self, user: &'a User, namespace: &'a str) -> impl Iterator<Item = (&'a Binding, &'a Subject, &'a [Rule])> {
        let local = self.bindings.get(namespace).filter(|_| !namespace.is_empty()).map(Vec::as_slice).unwrap_or_default();
        self.cluster_bindings.iter().chain(local).filter_map(|binding| {
            let subject = binding.subjects.iter().find(|subject| subject.is(user, &binding.namespace))?;
            Some((binding, subject, self.rules_of(binding)?))
        })
    }

    fn rules_of(&self, binding: &Binding) -> Option<&[Rule]> {
        let rules = if binding.role_kind == "Role" {
            self.roles.get(&(binding.namespace.clone(), binding.role.clone()))
        } else {
            self.cluster_roles.get(&binding.role)
        };
        rules.map(|rules| rules.as_slice())
    }
}

impl Binding {
    fn of(namespace: &str, name: &str, value: &Value) -> Self {
        let text = |field: &str| value["roleRef"][field].as_str().unwrap_or_default().to_owned();
        let subjects = value["subjects"].as_array().map(Vec::as_slice).unwrap_or_default();
        Self {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            role_kind: text("kind"),
            role: text("name"),
            subjects: subjects.iter().filter_map(|subject| Subject::deserialize(subject).ok()).collect(),
        }
    }

    fn reason(&self, subject: &Subject) -> String {
        let binding = if self.namespace.is_empty() {
            format!("ClusterRoleBinding \"{}\"", self.name)
        } else {
            format!("RoleBinding \"{}/{}\"", self.name, self.namespace)
        };
        let to = if subject.kind == "ServiceAccount" { format!("{}/{}", subject.name, subject.namespace) } else { subject.name.clone() };
        format!("RBAC: allowed by {binding} of {} \"{}\" to {} \"{to}\"", self.role_kind, self.role, subject.kind)
    }
}

impl Subject {
    fn is(&self, user: &User, binding_namespace: &str) -> bool {
        match self.kind.as_str() {
            "User" => self.name == user.name,
            "Group" => user.groups.contains(&self.name),
            "ServiceAccount" => {
                let namespace = if self.namespace.is_empty() { binding_namespace } else { &self.namespace };
                user.service_account() == Some((namespace, &self.name))
            }
            _ => false,
        }
    }
}

impl Rule {
    fn allows(&self, asked: &Attributes) -> bool {
        let has = |list: &[String], value: &str| list.iter().any(|one| one == "*" || one == value);
        if !has(&self.verbs, &asked.verb) {
            return false;
        }
        if !asked.is_resource() {
            return self.non_resource_urls.iter().any(|url| covers(url, &asked.path));
        }
        let any_parent = |resource: &String| !asked.subresource.is_empty() && *resource == format!("*/{}", asked.subresource);
        has(&self.api_groups, &asked.group)
            && (has(&self.resources, &asked.resource_and_subresource()) || self.resources.iter().any(any_parent))
            && (self.resource_names.is_empty() || self.resource_names.contains(&asked.name))
    }
}

fn covers(url: &str, path: &str) -> bool {
    url == path || url.strip_suffix('*').is_some_and(|start| path.starts_with(start))
}

fn rules(role: &Value) -> Arc<Vec<Rule>> {
    let rules = role["rules"].as_array().map(Vec::as_slice).unwrap_or_default();
    Arc::new(rules.iter().filter_map(|rule| Rule::deserialize(rule).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(value: Value) -> Rule {
        Rule::deserialize(value).unwrap()
    }

    fn asked(verb: &str, resource: &str, subresource: &str, name: &str) -> Attributes {
        Attributes { verb: verb.into(), resource: resource.into(), subresource: subresource.into(), name: name.into(), ..Attributes::default() }
    }

    #[test]
    fn rules_cover_what_kubernetes_says_they_cover() {
        let pods = rule(json!({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}));
        assert!(pods.allows(&asked("get", "pods", "", "a")));
        assert!(!pods.allows(&asked("get", "pods", "log", "a")));
        assert!(!pods.allows(&asked("list", "pods", "", "")));
        let all_scales = rule(json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*/scale"]}));
        assert!(all_scales.allows(&asked("patch", "deployments", "scale", "a")));
        assert!(!all_scales.allows(&asked("patch", "deployments", "", "a")));
        let one = rule(json!({"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["a"]}));
        assert!(one.allows(&asked("get", "secrets", "", "a")));
        assert!(!one.allows(&asked("get", "secrets", "", "b")));
        let paths = rule(json!({"verbs": ["get"], "nonResourceURLs": ["/api/*", "/version"]}));
        assert!(paths.allows(&Attributes { verb: "get".into(), path: "/api/v1".into(), ..Attributes::default() }));
        assert!(!paths.allows(&Attributes { verb: "get".into(), path: "/metrics".into(), ..Attributes::default() }));
    }
}
