//! What changes how many pods there are, and how many there may be.

use serde_json::Value;

use super::path::{condition, count, count_cell, items, members, number, text, written};
use super::{CellValue, PlainFacts, PlainStatus};
use crate::quantity;
use crate::status::Health;

/// Metrics that kubectl writes (`formatHPAMetrics`).
const MOST_METRICS: usize = 2;

pub(super) fn autoscaler(scaler: &Value) -> PlainFacts {
    let current = items(scaler, "/status/currentMetrics");
    let metrics: Vec<_> =
        items(scaler, "/spec/metrics").iter().enumerate().map(|(at, metric)| target(metric, current.get(at).unwrap_or(&Value::Null))).collect();
    let shown = metrics.iter().take(MOST_METRICS).cloned().collect::<Vec<_>>().join(", ");
    let targets = match metrics.len().checked_sub(MOST_METRICS) {
        Some(more @ 1..) => format!("{shown} + {more} more..."),
        _ => shown,
    };
    let reference = format!("{}/{}", text(scaler, "/spec/scaleTargetRef/kind"), text(scaler, "/spec/scaleTargetRef/name"));
    PlainFacts::with(
        autoscaler_status(scaler),
        [
            CellValue::Text(reference),
            CellValue::of_text(targets),
            number(scaler, "/spec/minReplicas").map_or(CellValue::None, CellValue::Number),
            count_cell(scaler, "/spec/maxReplicas"),
            count_cell(scaler, "/status/currentReplicas"),
            CellValue::None,
        ],
    )
}

fn autoscaler_status(scaler: &Value) -> PlainStatus {
    if let Some(unable) = condition(scaler, "AbleToScale", "False") {
        return PlainStatus::new(Health::Bad, unable.reason()).because(unable.message());
    }
    match condition(scaler, "ScalingActive", "False") {
        Some(off) if off.reason() == "ScalingDisabled" => return PlainStatus::new(Health::Stopped, "Disabled").because("its target is scaled to 0"),
        Some(inactive) => return PlainStatus::new(Health::Bad, inactive.reason()).because(inactive.message()),
        None => {}
    }
    match condition(scaler, "ScalingLimited", "True") {
        Some(limited) if limited.reason() == "TooManyReplicas" => PlainStatus::new(Health::Warn, "At its maximum").because(limited.message()),
        _ if items(scaler, "/status/conditions").is_empty() => PlainStatus::new(Health::Pending, "Pending").because("not looked at yet"),
        _ => PlainStatus::ok("Active"),
    }
}

/// `cpu: 40%/70%`: what a metric is, and what it should be.
fn target(metric: &Value, current: &Value) -> String {
    let (place, named) = match text(metric, "/type") {
        "Resource" => ("/resource", true),
        "ContainerResource" => ("/containerResource", true),
        "Pods" => ("/pods", false),
        "Object" => ("/object", false),
        "External" => ("/external", false),
        _ => return "<unknown type>".into(),
    };
    let wanted = |field: &str| written(metric, &format!("{place}/target/{field}"));
    let is = |field: &str| Some(written(current, &format!("{place}/current/{field}"))).filter(|text| !text.is_empty());
    let unknown = || "<unknown>".to_owned();
    let average = wanted("averageValue");
    let said = match (named, average.is_empty()) {
        (_, false) => {
            let suffix = if matches!(place, "/object" | "/external") { " (avg)" } else { "" };
            format!("{}/{average}{suffix}", is("averageValue").unwrap_or_else(unknown))
        }
        (false, true) => format!("{}/{}", is("value").unwrap_or_else(unknown), wanted("value")),
        (true, true) => {
            let percent = |text: String| if text.is_empty() { "<auto>".into() } else { format!("{text}%") };
            format!("{}/{}", is("averageUtilization").map_or_else(unknown, percent), percent(wanted("averageUtilization")))
        }
    };
    if named { format!("{}: {said}", written(metric, &format!("{place}/name"))) } else { said }
}

pub(super) fn disruption_budget(budget: &Value) -> PlainFacts {
    let bound = |field: &str| match budget.pointer(field) {
        Some(Value::Number(number)) => number.as_i64().map_or(CellValue::None, CellValue::Number),
        _ => CellValue::of_text(text(budget, field)),
    };
    let (allowed, healthy, wanted) =
        (count(budget, "/status/disruptionsAllowed"), count(budget, "/status/currentHealthy"), count(budget, "/status/desiredHealthy"));
    let status = if let Some(failed) = condition(budget, "DisruptionAllowed", "False").filter(|c| c.reason() == "SyncFailed") {
        PlainStatus::new(Health::Bad, "SyncFailed").because(failed.message())
    } else if allowed > 0 {
        PlainStatus::ok("Allowed")
    } else if count(budget, "/status/expectedPods") == 0 {
        PlainStatus::new(Health::Stopped, "No pods").because("it selects none")
    } else {
        PlainStatus::new(Health::Warn, "None allowed").because(format!("{healthy} healthy, {wanted} must stay: no pod may be evicted"))
    };
    PlainFacts::with(status, [bound("/spec/minAvailable"), bound("/spec/maxUnavailable"), CellValue::Number(allowed), CellValue::None])
}

pub(super) fn resource_quota(quota: &Value) -> PlainFacts {
    let used = members(quota, "/status/used");
    let (mut requests, mut limits, mut spent) = (Vec::new(), Vec::new(), Vec::new());
    for (resource, hard) in members(quota, "/status/hard") {
        let hard = hard.as_str().unwrap_or_default();
        let used = used.get(resource).and_then(|used| used.as_str()).unwrap_or("0");
        let said = format!("{resource}: {used}/{hard}");
        match (quantity::milli(used), quantity::milli(hard)) {
            // What is forbidden altogether is not used up.
            (Some(used), Some(hard)) if hard > 0 && used >= hard => spent.push(said.clone()),
            _ => {}
        }
        if resource.starts_with("limits.") { limits.push(said) } else { requests.push(said) }
    }
    let status = match spent.is_empty() {
        true => PlainStatus::ok("Within"),
        false => PlainStatus::new(Health::Warn, "Used up").because(spent.join(", ")),
    };
    PlainFacts::with(status, [CellValue::of_text(requests.join(", ")), CellValue::of_text(limits.join(", ")), CellValue::None])
}

pub(super) fn limit_range(range: &Value) -> PlainFacts {
    PlainFacts::just([CellValue::of_list(items(range, "/spec/limits").iter().map(|limit| text(limit, "/type")), usize::MAX)])
}

pub(super) fn priority_class(class: &Value) -> PlainFacts {
    let preemption = Some(text(class, "/preemptionPolicy")).filter(|policy| !policy.is_empty()).unwrap_or("PreemptLowerPriority");
    let default = super::path::flag(class, "/globalDefault");
    PlainFacts::just([count_cell(class, "/value"), CellValue::Flag(default), CellValue::of_text(preemption)])
}
