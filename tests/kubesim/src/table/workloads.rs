//! Rows of what keeps pods running, after Kubernetes' pkg/printers/internalversion.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::words::{NONE, ago, containers, human, items, labels, number, selector, selector_or_none, text, text_or, time};

pub(super) fn deployment(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let (names, images) = containers(&spec["template"]["spec"]);
    vec![
        object["metadata"]["name"].clone(),
        json!(ready(status, spec)),
        json!(number(&status["updatedReplicas"])),
        json!(number(&status["availableReplicas"])),
        json!(ago(&object["metadata"]["creationTimestamp"], now)),
        json!(names),
        json!(images),
        json!(selector(&spec["selector"])),
    ]
}

pub(super) fn replica_set(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let (names, images) = containers(&spec["template"]["spec"]);
    vec![
        object["metadata"]["name"].clone(),
        json!(number(&spec["replicas"])),
        json!(number(&status["replicas"])),
        json!(number(&status["readyReplicas"])),
        json!(ago(&object["metadata"]["creationTimestamp"], now)),
        json!(names),
        json!(images),
        json!(selector_or_none(&spec["selector"])),
    ]
}

pub(super) fn stateful_set(object: &Value, now: Timestamp) -> Vec<Value> {
    let spec = &object["spec"];
    let (names, images) = containers(&spec["template"]["spec"]);
    let age = ago(&object["metadata"]["creationTimestamp"], now);
    vec![object["metadata"]["name"].clone(), json!(ready(&object["status"], spec)), json!(age), json!(names), json!(images)]
}

fn ready(status: &Value, spec: &Value) -> String {
    format!("{}/{}", number(&status["readyReplicas"]), number(&spec["replicas"]))
}

pub(super) fn daemon_set(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let (names, images) = containers(&spec["template"]["spec"]);
    let mut cells = vec![object["metadata"]["name"].clone()];
    for field in ["desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable"] {
        cells.push(json!(number(&status[field])));
    }
    cells.extend([
        json!(labels(&spec["template"]["spec"]["nodeSelector"])),
        json!(ago(&object["metadata"]["creationTimestamp"], now)),
        json!(names),
        json!(images),
        json!(selector_or_none(&spec["selector"])),
    ]);
    cells
}

pub(super) fn job(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let (names, images) = containers(&spec["template"]["spec"]);
    let succeeded = number(&status["succeeded"]);
    let completions = match (spec["completions"].as_i64(), number(&spec["parallelism"])) {
        (Some(completions), _) => format!("{succeeded}/{completions}"),
        (None, parallelism) if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
        (None, _) => format!("{succeeded}/1"),
    };
    let duration = time(&status["startTime"]).map(|start| human(time(&status["completionTime"]).unwrap_or(now).duration_since(start)));
    vec![
        object["metadata"]["name"].clone(),
        json!(job_word(object)),
        json!(completions),
        json!(duration.unwrap_or_default()),
        json!(ago(&object["metadata"]["creationTimestamp"], now)),
        json!(names),
        json!(images),
        json!(selector_or_none(&spec["selector"])),
    ]
}

fn job_word(job: &Value) -> &'static str {
    let is = |kind: &str| items(&job["status"]["conditions"]).iter().any(|condition| condition["type"] == kind && condition["status"] == "True");
    if let Some(ended) = ["Complete", "Failed"].into_iter().find(|kind| is(kind)) {
        return ended;
    }
    if job["metadata"]["deletionTimestamp"].is_string() {
        return "Terminating";
    }
    ["Suspended", "FailureTarget", "SuccessCriteriaMet"].into_iter().find(|kind| is(kind)).unwrap_or("Running")
}

pub(super) fn cron_job(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let (names, images) = containers(&spec["jobTemplate"]["spec"]["template"]["spec"]);
    let last = if status["lastScheduleTime"].is_string() { ago(&status["lastScheduleTime"], now) } else { NONE.to_owned() };
    let suspend = spec["suspend"].as_bool().map_or("<unset>", |suspended| if suspended { "True" } else { "False" });
    vec![
        object["metadata"]["name"].clone(),
        spec["schedule"].clone(),
        json!(text_or(&spec["timeZone"], NONE)),
        json!(suspend),
        json!(items(&status["active"]).len()),
        json!(last),
        json!(ago(&object["metadata"]["creationTimestamp"], now)),
        json!(names),
        json!(images),
        json!(selector_or_none(&spec["jobTemplate"]["spec"]["selector"])),
    ]
}

pub(super) fn controller_revision(object: &Value, now: Timestamp) -> Vec<Value> {
    let owners = items(&object["metadata"]["ownerReferences"]);
    let controller = owners.iter().find(|owner| owner["controller"] == true).map_or_else(
        || NONE.to_owned(),
        |owner| {
            let group = text(&owner["apiVersion"]).rsplit_once('/').map(|(group, _)| format!(".{group}")).unwrap_or_default();
            format!("{}{group}/{}", text(&owner["kind"]).to_lowercase(), text(&owner["name"]))
        },
    );
    let age = ago(&object["metadata"]["creationTimestamp"], now);
    vec![object["metadata"]["name"].clone(), json!(controller), json!(number(&object["revision"])), json!(age)]
}

pub(super) fn disruption_budget(object: &Value, now: Timestamp) -> Vec<Value> {
    let spec = &object["spec"];
    let shown = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => "N/A".to_owned(),
    };
    vec![
        object["metadata"]["name"].clone(),
        json!(shown(&spec["minAvailable"])),
        json!(shown(&spec["maxUnavailable"])),
        json!(number(&object["status"]["disruptionsAllowed"])),
        json!(ago(&object["metadata"]["creationTimestamp"], now)),
    ]
}

pub(super) fn autoscaler(object: &Value, now: Timestamp) -> Vec<Value> {
    let spec = &object["spec"];
    let target = &spec["scaleTargetRef"];
    vec![
        object["metadata"]["name"].clone(),
        json!(format!("{}/{}", text(&target["kind"]), text(&target["name"]))),
        json!(metrics(items(&spec["metrics"]), items(&object["status"]["currentMetrics"]))),
        json!(spec["minReplicas"].as_i64().map_or_else(|| "<unset>".to_owned(), |least| least.to_string())),
        json!(number(&spec["maxReplicas"])),
        json!(number(&object["status"]["currentReplicas"])),
        json!(ago(&object["metadata"]["creationTimestamp"], now)),
    ]
}

/// At most two metrics, each as what is and what is wanted.
fn metrics(wanted: &[Value], current: &[Value]) -> String {
    if wanted.is_empty() {
        return NONE.to_owned();
    }
    let shown: Vec<String> =
        wanted.iter().zip(current.iter().chain(std::iter::repeat(&Value::Null))).map(|(wanted, current)| metric(wanted, current)).collect();
    match shown.len() {
        0..=2 => shown.join(", "),
        count => format!("{} + {} more...", shown[..2].join(", "), count - 2),
    }
}

fn metric(wanted: &Value, current: &Value) -> String {
    let (field, of_resource) = match text(&wanted["type"]) {
        "Resource" => ("resource", true),
        "ContainerResource" => ("containerResource", true),
        "Pods" => ("pods", false),
        "Object" => ("object", false),
        "External" => ("external", false),
        _ => return "<unknown type>".to_owned(),
    };
    let (target, now) = (&wanted[field]["target"], &current[field]["current"]);
    let percent = |value: &Value, otherwise: &str| value.as_i64().map_or_else(|| otherwise.to_owned(), |number| format!("{number}%"));
    let average = target["averageValue"].is_string();
    let both = if average {
        let unit = if field == "external" || field == "object" { " (avg)" } else { "" };
        format!("{}/{}{unit}", text_or(&now["averageValue"], "<unknown>"), text(&target["averageValue"]))
    } else if of_resource {
        format!("{}/{}", percent(&now["averageUtilization"], "<unknown>"), percent(&target["averageUtilization"], "<auto>"))
    } else {
        format!("{}/{}", text_or(&now["value"], "<unknown>"), text(&target["value"]))
    };
    if of_resource { format!("{}: {both}", text(&wanted[field]["name"])) } else { both }
}
