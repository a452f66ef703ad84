//! Who asks, and whether they may: bearer tokens, impersonation, RBAC, and the reviews that show the decisions.

pub(crate) mod authenticate;
pub(crate) mod impersonate;
pub(crate) mod rbac;
pub(crate) mod reviews;

use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::target::Attributes;

/// Who a request comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) groups: Vec<String>,
    /// Sorted by key.
    pub(crate) extra: Vec<(String, Vec<String>)>,
}

impl User {
    pub(crate) fn anonymous() -> Self {
        Self { name: "system:anonymous".to_owned(), groups: vec!["system:unauthenticated".to_owned()], ..Self::default() }
    }

    /// `userInfo` of reviews.
    pub(crate) fn info(&self) -> Value {
        let mut info = Map::new();
        info.insert("username".to_owned(), json!(self.name));
        if !self.uid.is_empty() {
            info.insert("uid".to_owned(), json!(self.uid));
        }
        if !self.groups.is_empty() {
            info.insert("groups".to_owned(), json!(self.groups));
        }
        if !self.extra.is_empty() {
            let extra: Map<String, Value> = self.extra.iter().map(|(key, values)| (key.clone(), json!(values))).collect();
            info.insert("extra".to_owned(), Value::Object(extra));
        }
        Value::Object(info)
    }

    /// `system:serviceaccount:NAMESPACE:NAME`, taken apart.
    pub(crate) fn service_account(&self) -> Option<(&str, &str)> {
        self.name.strip_prefix("system:serviceaccount:")?.split_once(':')
    }
}

/// The 403 of the RBAC authorizer.
pub(crate) fn forbidden(user: &User, asked: &Attributes) -> Failure {
    if !asked.is_resource() {
        let message = format!("forbidden: User \"{}\" cannot {} path \"{}\"", user.name, asked.verb, asked.path);
        return Failure::new(403, Some("Forbidden"), message).details(json!({})).by_filter();
    }
    let scope = if asked.namespace.is_empty() { "at the cluster scope".to_owned() } else { format!("in the namespace \"{}\"", asked.namespace) };
    let why =
        format!("User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {scope}", user.name, asked.verb, asked.resource_and_subresource(), asked.group);
    forbidden_because(asked, &why)
}

/// A 403 with a reason of its own, or none.
pub(crate) fn forbidden_because(asked: &Attributes, why: &str) -> Failure {
    let resource = if asked.group.is_empty() { asked.resource.clone() } else { format!("{}.{}", asked.resource, asked.group) };
    let mut details = Map::new();
    let named = if asked.name.is_empty() { String::new() } else { format!(" \"{}\"", asked.name) };
    for (key, value) in [("name", &asked.name), ("group", &asked.group), ("kind", &asked.resource)] {
        if !value.is_empty() {
            details.insert(key.to_owned(), json!(value));
        }
    }
    Failure::new(403, Some("Forbidden"), format!("{resource}{named} is forbidden: {why}")).details(Value::Object(details)).by_filter()
}
