//! Who may do what.

use serde_json::Value;

use super::path::{condition, items, number, text, text_cell};
use super::{CellValue, PlainFacts, PlainStatus};
use crate::status::Health;

/// A Role or a ClusterRole.
pub(super) fn role(role: &Value) -> PlainFacts {
    PlainFacts::just([CellValue::Number(i64::try_from(items(role, "/rules").len()).unwrap_or(i64::MAX))])
}

/// A RoleBinding or a ClusterRoleBinding.
pub(super) fn binding(binding: &Value) -> PlainFacts {
    let role = format!("{}/{}", text(binding, "/roleRef/kind"), text(binding, "/roleRef/name"));
    let subjects = |kind: &str| {
        let of_kind = items(binding, "/subjects").iter().filter(move |subject| text(subject, "/kind") == kind);
        let named = of_kind.map(|subject| match (kind, text(subject, "/namespace")) {
            ("ServiceAccount", namespace) => format!("{namespace}/{}", text(subject, "/name")),
            _ => text(subject, "/name").to_owned(),
        });
        CellValue::of_list(named.collect::<Vec<_>>(), usize::MAX)
    };
    PlainFacts::just([CellValue::Text(role), subjects("User"), subjects("Group"), subjects("ServiceAccount")])
}

/// Its condition as kubectl's `extractCSRStatus` writes it.
pub(super) fn signing_request(request: &Value) -> PlainFacts {
    let is = |kind: &str| items(request, "/status/conditions").iter().find(|condition| text(condition, "/type") == kind);
    let issued = if text(request, "/status/certificate").is_empty() { "" } else { ",Issued" };
    let status = match (is("Denied"), is("Approved"), is("Failed")) {
        (Some(denied), ..) => PlainStatus::new(Health::Stopped, format!("Denied{issued}")).because(text(denied, "/message")),
        (None, Some(_), Some(failed)) => PlainStatus::new(Health::Bad, format!("Approved,Failed{issued}")).because(text(failed, "/message")),
        (None, None, Some(failed)) => PlainStatus::new(Health::Bad, format!("Failed{issued}")).because(text(failed, "/message")),
        (None, Some(_), None) => PlainStatus::new(if issued.is_empty() { Health::Pending } else { Health::Ok }, format!("Approved{issued}")),
        (None, None, None) => PlainStatus::new(Health::Pending, format!("Pending{issued}")).because("waits for somebody's approval"),
    };
    let duration = number(request, "/spec/expirationSeconds").map_or(CellValue::None, CellValue::Span);
    PlainFacts::with(status, [text_cell(request, "/spec/signerName"), text_cell(request, "/spec/username"), duration, CellValue::None])
}

pub(super) fn definition(definition: &Value) -> PlainFacts {
    let versions = items(definition, "/spec/versions").iter().map(|version| text(version, "/name"));
    let status = if condition(definition, "Terminating", "True").is_some() {
        PlainStatus::new(Health::Pending, "Terminating")
    } else if let Some(refused) = condition(definition, "NamesAccepted", "False") {
        PlainStatus::new(Health::Bad, refused.reason()).because(refused.message())
    } else if condition(definition, "Established", "True").is_some() {
        PlainStatus::ok("Established")
    } else {
        let why = condition(definition, "Established", "False").map_or("", |condition| condition.message());
        PlainStatus::new(Health::Pending, "Not established").because(why)
    };
    let [group, kind, scope] = ["/spec/group", "/spec/names/kind", "/spec/scope"].map(|pointer| text_cell(definition, pointer));
    PlainFacts::with(status, [group, kind, scope, CellValue::of_list(versions, usize::MAX), CellValue::None])
}
