//! Autoscalers, disruption budgets, quotas, limit ranges.

use krateyard_shared::quantity;
use krateyard_shared::status::Health;
use serde_json::Value;

use super::build::{Facts, Seen, cell, table};
use super::read::{count, items, name, selector, text};
use super::{Bar, Body, Section, To};

/// The most bars.
const MOST_BARS: usize = 60;

pub(super) fn autoscaler(seen: &Seen<'_>) -> Vec<Section> {
    let (spec, status) = (seen.spec(), seen.status());
    let target = &spec["scaleTargetRef"];
    let mut facts = Facts::default();
    let object = seen.by_version(name(&target["apiVersion"]), name(&target["kind"]), name(&target["name"]));
    facts.link("Scales", name(&target["name"]), To::Object(object), text(&target["kind"]));
    let (now, wanted) = (count(&status["currentReplicas"]), count(&status["desiredReplicas"]));
    let (least, most) = (spec["minReplicas"].as_i64().unwrap_or(1), count(&spec["maxReplicas"]));
    facts.say("Replicas", if wanted == now || wanted == 0 { now.to_string() } else { format!("{now}, going to {wanted}") });
    let health = if wanted >= most && most > 0 { Some(Health::Warn) } else { None };
    let between = format!("{least} to {most}");
    match health {
        Some(health) => facts.toned("Between", format!("{between}: at its most"), health),
        None => facts.say("Between", between),
    };
    facts.ago("Last scaled", &status["lastScaleTime"], seen.now);
    let current = items(&status["currentMetrics"]);
    let bars = items(&spec["metrics"]).iter().enumerate().take(MOST_BARS).map(|(at, metric)| metric_bar(metric, current.get(at).unwrap_or(&Value::Null)));
    vec![
        facts.section(),
        Section { title: "Metrics, now of target", body: Body::Bars(bars.collect()), more: items(&spec["metrics"]).len().saturating_sub(MOST_BARS) },
    ]
}

/// What a metric is of what it should be (autoscaling/v2, `MetricSpec`).
fn metric_bar(metric: &Value, current: &Value) -> Bar {
    let place = match name(&metric["type"]) {
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        "Pods" => "pods",
        "Object" => "object",
        _ => "external",
    };
    let (spec, is) = (&metric[place], &current[place]["current"]);
    let label = [&spec["name"], &spec["metric"]["name"]].map(text).concat();
    let (field, unit) = ["averageUtilization", "averageValue", "value"]
        .into_iter()
        .find(|field| !spec["target"][*field].is_null())
        .map_or(("value", ""), |f| (f, if f == "averageUtilization" { " %" } else { "" }));
    let (wanted, has) = (text(&spec["target"][field]), text(&is[field]));
    let part = ratio(&has, &wanted);
    let words = if has.is_empty() { format!("unknown of {wanted}{unit}") } else { format!("{has}{unit} of {wanted}{unit}") };
    // At its target is where it should be; it scales when it is above.
    let health = if part.is_some_and(|part| part > 1.0) { Health::Warn } else { Health::Ok };
    Bar { label, part, tick: None, words, health }
}

pub(super) fn disruption_budget(seen: &Seen<'_>) -> Vec<Section> {
    let (spec, status) = (seen.spec(), seen.status());
    let mut facts = Facts::default();
    let of = |field: &str| count(&status[field]);
    let allowed = of("disruptionsAllowed");
    facts.toned("May go now", if allowed == 1 { "1 pod".into() } else { format!("{allowed} pods") }, if allowed > 0 { Health::Ok } else { Health::Warn });
    facts.say("Healthy", format!("{} of {}, {} must stay", of("currentHealthy"), of("expectedPods"), of("desiredHealthy")));
    facts.add("Least", text(&spec["minAvailable"]));
    facts.add("Most away", text(&spec["maxUnavailable"]));
    facts.add("Selector", selector(&spec["selector"]));
    vec![facts.section()]
}

pub(super) fn quota(seen: &Seen<'_>) -> Vec<Section> {
    let status = seen.status();
    let mut facts = Facts::default();
    facts.add("Only for", super::read::joined(&seen.spec()["scopes"]));
    let hard = if status["hard"].is_object() { &status["hard"] } else { &seen.spec()["hard"] };
    let all = || hard.as_object().into_iter().flatten();
    let bars = all().take(MOST_BARS).map(|(resource, hard)| {
        let (hard, used) = (text(hard), Some(text(&status["used"][resource])).filter(|used| !used.is_empty()).unwrap_or_else(|| "0".into()));
        let part = ratio(&used, &hard);
        Bar { label: resource.clone(), health: health_of_part(part), part, tick: None, words: format!("{used} of {hard}") }
    });
    vec![facts.section(), Section { title: "Used", body: Body::Bars(bars.collect()), more: all().count().saturating_sub(MOST_BARS) }]
}

pub(super) fn limit_range(seen: &Seen<'_>) -> Vec<Section> {
    const BOUNDS: [&str; 5] = ["min", "defaultRequest", "default", "max", "maxLimitRequestRatio"];
    let rows = items(&seen.spec()["limits"]).iter().flat_map(|limit| {
        let mut resources: Vec<&str> = BOUNDS.iter().flat_map(|bound| limit[*bound].as_object().into_iter().flatten().map(|(key, _)| key.as_str())).collect();
        resources.sort_unstable();
        resources.dedup();
        resources.into_iter().map(|resource| {
            let mut row = vec![cell(format!("{} {resource}", text(&limit["type"])))];
            row.extend(BOUNDS[..4].iter().map(|bound| cell(text(&limit[*bound][resource]))));
            row
        })
    });
    vec![table("Limits", &["Of", "Least", "Request", "Limit", "Most"], rows)]
}

/// How much of how much, from 0 up; `None` where either is no quantity or there is nothing to have.
pub(super) fn ratio(used: &str, of: &str) -> Option<f64> {
    let (used, of) = (quantity::milli(used)?, quantity::milli(of)?);
    (of > 0).then(|| used as f64 / of as f64)
}

/// The thresholds of look.md: warn from 75 %, bad from 90 %.
pub fn health_of_part(part: Option<f64>) -> Health {
    match part {
        Some(part) if part >= 0.9 => Health::Bad,
        Some(part) if part >= 0.75 => Health::Warn,
        _ => Health::Ok,
    }
}
