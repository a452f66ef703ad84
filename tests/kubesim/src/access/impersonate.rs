//! `Impersonate-*` headers: acting as another, for whoever may.

use http::HeaderMap;

use super::rbac::Policy;
use super::{User, forbidden};
use crate::failure::Failure;
use crate::query::percent_decode;
use crate::target::Attributes;

/// Whom a request acts as.
///
/// # Errors
/// 400 for groups, uid or extra without a user; 403 when the sender may not impersonate all that is asked.
pub(crate) fn acting_as(sender: User, headers: &HeaderMap, asked: &Attributes, policy: &Policy) -> Result<User, Failure> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let wanted = User {
        name: text("impersonate-user"),
        uid: text("impersonate-uid"),
        groups: headers.get_all("impersonate-group").iter().filter_map(|value| value.to_str().ok()).map(str::to_owned).collect(),
        extra: extra(headers),
    };
    if wanted == User::default() {
        return Ok(sender);
    }
    if wanted.name.is_empty() {
        return Err(Failure::bad_request(format!("requested {} without impersonating a user name", go_syntax(&wanted))).by_filter());
    }
    if !rights(&wanted).iter().all(|right| policy.allows(&sender, right).is_some()) {
        // since 1.36 the refusal is that of constrained impersonation (recordings access/impersonate-refused)
        let mode = if wanted.service_account().is_some() { "serviceaccount" } else { "user-info" };
        let refused = Attributes { verb: format!("impersonate-on:{mode}:{}", asked.verb), ..asked.clone() };
        return Err(forbidden(&sender, &refused));
    }
    Ok(completed(wanted))
}

/// The groups that a user has without being looked up.
fn completed(mut user: User) -> User {
    if user.name == "system:anonymous" {
        user.groups.push("system:unauthenticated".to_owned());
        return user;
    }
    if user.groups.is_empty()
        && let Some((namespace, _)) = user.service_account()
    {
        user.groups = vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")];
    }
    if !user.groups.iter().any(|group| group == "system:authenticated" || group == "system:unauthenticated") {
        user.groups.push("system:authenticated".to_owned());
    }
    user
}

/// One `impersonate` right for each thing that is taken on: apiserver's impersonation filter.
fn rights(user: &User) -> Vec<Attributes> {
    let right = |group: &str, resource: &str, subresource: &str, name: &str| Attributes {
        verb: "impersonate".to_owned(),
        group: group.to_owned(),
        version: "v1".to_owned(),
        resource: resource.to_owned(),
        subresource: subresource.to_owned(),
        name: name.to_owned(),
        ..Attributes::default()
    };
    let first = match user.service_account() {
        Some((namespace, name)) => Attributes { namespace: namespace.to_owned(), ..right("", "serviceaccounts", "", name) },
        None => right("", "users", "", &user.name),
    };
    let mut rights = vec![first];
    rights.extend(user.groups.iter().map(|group| right("", "groups", "", group)));
    if !user.uid.is_empty() {
        rights.push(right("authentication.k8s.io", "uids", "", &user.uid));
    }
    for (key, values) in &user.extra {
        rights.extend(values.iter().map(|value| right("authentication.k8s.io", "userextras", key, value)));
    }
    rights
}

fn extra(headers: &HeaderMap) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for name in headers.keys() {
        if let Some(key) = name.as_str().strip_prefix("impersonate-extra-") {
            let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(str::to_owned).collect();
            found.push((percent_decode(key, false).to_lowercase(), values));
        }
    }
    found.sort();
    found
}

/// How Go prints the user: it stands so in the message (recordings access/impersonate-group-only).
fn go_syntax(user: &User) -> String {
    let list = |values: &[String]| {
        let quoted: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
        format!("[]string{{{}}}", quoted.join(", "))
    };
    let groups = if user.groups.is_empty() { "[]string(nil)".to_owned() } else { list(&user.groups) };
    let extra: Vec<String> = user.extra.iter().map(|(key, values)| format!("{key:?}:{}", list(values))).collect();
    let extra = if extra.is_empty() { "(nil)".to_owned() } else { format!("{{{}}}", extra.join(", ")) };
    format!("&user.DefaultInfo{{Name:\"\", UID:{:?}, Groups:{groups}, Extra:map[string][]string{extra}}}", user.uid)
}
