//! How the API itself is set up: what it serves, admits, prefers, and who leads.

use serde_json::Value;

use super::path::{Condition, condition, count_cell, items, number, selector, text, text_cell};
use super::{CellValue, PlainFacts, PlainStatus};
use crate::status::Health;

pub(super) fn api_service(service: &Value) -> PlainFacts {
    let place = match text(service, "/spec/service/name") {
        "" => "Local".into(),
        name => format!("{}/{name}", text(service, "/spec/service/namespace")),
    };
    let lost = condition(service, "Available", "False").or_else(|| condition(service, "Available", "Unknown"));
    let (available, status) = match (condition(service, "Available", "True"), lost) {
        (Some(_), _) => ("True".into(), PlainStatus::ok("Available")),
        (None, Some(lost)) => (format!("{} ({})", lost.status(), lost.reason()), PlainStatus::new(Health::Bad, lost.reason()).because(lost.message())),
        (None, None) => ("Unknown".into(), PlainStatus::new(Health::Pending, "Unknown")),
    };
    PlainFacts::with(status, [CellValue::Text(place), CellValue::Text(available), CellValue::None])
}

/// Either kind of webhook configuration.
pub(super) fn webhooks(configuration: &Value) -> PlainFacts {
    PlainFacts::just([amount(configuration, "/webhooks")])
}

pub(super) fn validating_policy(policy: &Value) -> PlainFacts {
    let warnings = items(policy, "/status/typeChecking/expressionWarnings");
    let status = match warnings.first() {
        Some(first) => PlainStatus::new(Health::Warn, "Type warnings").because(text(first, "/warning").lines().next().unwrap_or_default()),
        None => PlainStatus::ok("Ready"),
    };
    PlainFacts::with(status, [amount(policy, "/spec/validations"), param_kind(policy), CellValue::None])
}

pub(super) fn mutating_policy(policy: &Value) -> PlainFacts {
    PlainFacts::just([amount(policy, "/spec/mutations"), param_kind(policy)])
}

/// A binding of either kind of policy.
pub(super) fn policy_binding(binding: &Value) -> PlainFacts {
    let param = match (text(binding, "/spec/paramRef/namespace"), text(binding, "/spec/paramRef/name")) {
        (_, "") => selector(binding, "/spec/paramRef/selector"),
        ("", name) => CellValue::Text(name.into()),
        (namespace, name) => CellValue::Text(format!("{namespace}/{name}")),
    };
    PlainFacts::just([text_cell(binding, "/spec/policyName"), param])
}

pub(super) fn runtime_class(class: &Value) -> PlainFacts {
    PlainFacts::just([text_cell(class, "/handler")])
}

/// Only who holds it: that it is renewed every few seconds is no change of its row.
pub(super) fn lease(lease: &Value) -> PlainFacts {
    PlainFacts::just([text_cell(lease, "/spec/holderIdentity")])
}

pub(super) fn flow_schema(schema: &Value) -> PlainFacts {
    let dangling = ["True", "False"].into_iter().find_map(|status| condition(schema, "Dangling", status));
    let missing = dangling.as_ref().map_or("?", Condition::status);
    let cells = [
        text_cell(schema, "/spec/priorityLevelConfiguration/name"),
        count_cell(schema, "/spec/matchingPrecedence"),
        text_cell(schema, "/spec/distinguisherMethod/type"),
        CellValue::Text(missing.into()),
    ];
    match dangling {
        Some(dangling) if missing == "True" => PlainFacts::with(PlainStatus::new(Health::Bad, "Dangling").because(dangling.message()), cells),
        _ => PlainFacts::just(cells),
    }
}

pub(super) fn priority_level(level: &Value) -> PlainFacts {
    let limit = |field: &str| number(level, &format!("/spec/limited/{field}")).map_or(CellValue::None, CellValue::Number);
    let queuing = |field: &str| limit(&format!("limitResponse/queuing/{field}"));
    let shares = limit("nominalConcurrencyShares");
    PlainFacts::just([text_cell(level, "/spec/type"), shares, queuing("queues"), queuing("handSize"), queuing("queueLengthLimit")])
}

/// `pending`, `allocated,reserved`, `deleted`: kubectl's `resourceClaimState`.
pub(super) fn resource_claim(claim: &Value) -> PlainFacts {
    let is_allocated = claim.pointer("/status/allocation").is_some();
    let is_reserved = !items(claim, "/status/reservedFor").is_empty();
    let is_deleted = !text(claim, "/metadata/deletionTimestamp").is_empty();
    let states = [(is_deleted, "deleted"), (is_allocated, "allocated"), (is_reserved, "reserved"), (!is_allocated && !is_deleted, "pending")];
    let word = states.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect::<Vec<_>>().join(",");
    PlainFacts::with(PlainStatus::new(if is_allocated { Health::Ok } else { Health::Pending }, word), [CellValue::None])
}

pub(super) fn resource_slice(slice: &Value) -> PlainFacts {
    PlainFacts::just(["/spec/nodeName", "/spec/driver", "/spec/pool/name"].map(|pointer| text_cell(slice, pointer)))
}

fn amount(object: &Value, pointer: &str) -> CellValue {
    CellValue::Number(i64::try_from(items(object, pointer).len()).unwrap_or(i64::MAX))
}

fn param_kind(policy: &Value) -> CellValue {
    match text(policy, "/spec/paramKind/kind") {
        "" => CellValue::None,
        kind => CellValue::Text(format!("{}/{kind}", text(policy, "/spec/paramKind/apiVersion"))),
    }
}
