//! Jobs and cron jobs.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::labels;
use crate::clock::text;
use crate::world::Builder;
use crate::world::apps::{App, Fate};
use crate::world::events::{Happening, record};
use crate::world::nodes;
use crate::world::pods::{Owner, pod, template};
use crate::world::status::{Ended, Situation, status};

pub(super) fn job(builder: &Builder<'_>, app: &App) {
    run(builder, app, &app.name, builder.ago(37), None);
}

pub(super) fn cron_job(builder: &Builder<'_>, app: &App) {
    let uid = builder.cluster.names.uid();
    let hourly = app.name == "reconciler";
    let step = if hourly { 60 } else { 1440 };
    let mut last = builder.now;
    for index in (0..app.replicas as u64).rev() {
        let at = builder.ago(index * step + 23);
        // a job of a cron job is named by the minute for which it was made
        let name = format!("{}-{}", app.name, at.as_second() / 60);
        run(builder, app, &name, at, Some(&uid));
        last = at;
    }
    let template = template(app, &labels(app));
    let object = json!({
        "metadata": {"name": app.name, "namespace": app.namespace, "uid": uid, "generation": 1, "labels": labels(app)},
        "spec": {"schedule": if hourly { "0 * * * *" } else { "30 2 * * *" }, "concurrencyPolicy": "Forbid", "suspend": false, "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1, "jobTemplate": {"spec": {"template": template}}},
        "status": {"lastScheduleTime": text(last), "lastSuccessfulTime": text(last + SignedDuration::from_secs(95))},
    });
    builder.put("batch", "cronjobs", builder.ago(app.age_days * 1440), object);
}

fn run(builder: &Builder<'_>, app: &App, name: &str, at: Timestamp, cron_uid: Option<&str>) {
    let failed = app.fate == Fate::Failed;
    let uid = builder.cluster.names.uid();
    let job_labels = json!({"app": app.name, "batch.kubernetes.io/job-name": name, "job-name": name, "batch.kubernetes.io/controller-uid": uid});
    let template = template(app, &job_labels);
    let end = at + SignedDuration::from_secs(95);
    let owner = Owner { api_version: "batch/v1", kind: "Job", name, uid: &uid };
    let nodes = nodes::schedulable();
    let mut object = builder.cluster.names.with(|random| {
        let pod_name = format!("{name}-{}", random.letters(5));
        pod(random, &template, &owner, app.namespace, &pod_name, &random.clone().pick(&nodes).clone(), at)
    });
    let situation = if failed {
        Situation::Failed { since: at, last: Ended { exit_code: 2, reason: "Error", started: at, finished: end } }
    } else {
        Situation::Completed { since: at, at: end }
    };
    object["status"] = status(&object, &situation, builder.now);
    builder.put("", "pods", at, object.clone());
    let mut metadata = json!({"name": name, "namespace": app.namespace, "uid": uid, "generation": 1, "labels": job_labels});
    if let Some(cron_uid) = cron_uid {
        metadata["ownerReferences"] = Owner { api_version: "batch/v1", kind: "CronJob", name: &app.name, uid: cron_uid }.reference();
    }
    let condition = |kind: &str, reason: &str, message: &str| json!([{"type": kind, "status": "True", "lastProbeTime": text(end), "lastTransitionTime": text(end), "reason": reason, "message": message}]);
    let job_status: Value = if failed {
        json!({"startTime": text(at), "failed": 1, "terminating": 0, "ready": 0, "conditions": condition("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")})
    } else {
        json!({"startTime": text(at), "completionTime": text(end), "succeeded": 1, "terminating": 0, "ready": 0, "conditions": condition("Complete", "CompletionsReached", "Reached expected number of succeeded pods")})
    };
    let job = json!({
        "metadata": metadata,
        "spec": {"parallelism": 1, "completions": 1, "backoffLimit": 0, "completionMode": "NonIndexed", "suspend": false, "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}, "template": template},
        "status": job_status,
    });
    builder.put("batch", "jobs", at, job.clone());
    let pod_name = object["metadata"]["name"].as_str().unwrap_or_default();
    let happened = |happening: Happening<'_>| record(builder.cluster, "batch/v1", "Job", &job, &happening);
    happened(Happening::once("job-controller", "SuccessfulCreate", format!("Created pod: {pod_name}"), at));
    if failed {
        happened(Happening::warning("job-controller", "BackoffLimitExceeded", "Job has reached the specified backoff limit", 1, end, end));
    } else {
        happened(Happening::once("job-controller", "Completed", "Job completed", end));
    }
}
