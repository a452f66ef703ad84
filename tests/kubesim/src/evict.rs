//! Eviction: a deletion that asks the disruption budgets first.

use axum::response::Response;
use serde_json::{Value, json};

use crate::answer;
use crate::failure::Failure;
use crate::kinds::built_in_kind;
use crate::selector::LabelSelector;
use crate::store::{Store, Stored, Write};
use crate::write::{self, Edit, Writer};

/// Answers a create of `pods/eviction`.
///
/// # Errors
/// 400, 404 and 429 as recorded (writing/eviction-*).
pub(crate) fn evict(writer: &Writer<'_>, edit: &Edit<'_>, body: &Value) -> Result<Response, Failure> {
    let pods = built_in_kind("", "pods");
    let named = body["metadata"]["name"].as_str().unwrap_or_default();
    if !named.is_empty() && named != edit.name {
        return Err(Failure::bad_request("name in URL does not match name in Eviction object"));
    }
    let pod = writer.store.get(&pods, edit.namespace, edit.name).ok_or_else(|| Failure::not_found(&pods, edit.name))?;
    let options = &body["deleteOptions"];
    let dry = edit.is_dry("CreateOptions")? || options["dryRun"].as_array().is_some_and(|list| !list.is_empty());
    let running = pod.field("status.phase") == "Running" || pod.field("status.phase") == "Pending";
    // who is not ready disturbs nobody by going: IfHealthyBudget's and AlwaysAllow's common case
    if running && pod.is_ready() && !pod.is_leaving() {
        use_budget(writer.store, &pod, dry)?;
    }
    if !dry {
        let inner = Edit { kind: &pods, namespace: edit.namespace, name: edit.name, query: edit.query, form: edit.form };
        write::delete(writer, &inner, options)?;
    }
    Ok(answer::json(201, &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201})))
}

/// Takes one disruption from the budget of a pod, if it has one.
fn use_budget(store: &Store, pod: &Stored, dry: bool) -> Result<(), Failure> {
    let budgets = built_in_kind("policy", "poddisruptionbudgets");
    let mine = store.list(&budgets, &pod.namespace).1.into_iter().filter(|budget| selects(&budget.value(), pod));
    let Some(budget) = mine.collect::<Vec<_>>().into_iter().next() else { return Ok(()) };
    store.write(&budgets, &budget.namespace, &budget.name, |budget| {
        let Some(mut value) = budget.map(|budget| budget.value()) else { return Ok(Write::Keep) };
        let status = &mut value["status"];
        let allowed = status["disruptionsAllowed"].as_i64().unwrap_or(0);
        if allowed <= 0 {
            let number = |field: &str| status[field].as_i64().unwrap_or(0);
            let name = budget.map(|budget| budget.name.as_str()).unwrap_or_default();
            let message =
                format!("The disruption budget {name} needs {} healthy pods and has {} currently", number("desiredHealthy"), number("currentHealthy"));
            return Err(Failure::new(429, Some("TooManyRequests"), "Cannot evict pod as it would violate the pod's disruption budget.")
                .details(json!({"causes": [{"reason": "DisruptionBudget", "message": message}]})));
        }
        if dry {
            return Ok(Write::Keep);
        }
        status["disruptionsAllowed"] = json!(allowed - 1);
        Ok(Write::Put(value))
    })?;
    Ok(())
}

/// Whether a budget is about a pod.
fn selects(budget: &Value, pod: &Stored) -> bool {
    let text = crate::table::selector_text(&budget["spec"]["selector"]);
    LabelSelector::parse(&text).is_ok_and(|selector| selector.matches(&pod.labels))
}
