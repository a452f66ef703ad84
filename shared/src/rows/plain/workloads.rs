//! apps, batch, and what else runs pods.

use serde_json::Value;

use super::path::{at, condition, containers, count, count_cell, flag, items, labels, number, selector, text, text_cell};
use super::{CellValue, PlainFacts, PlainStatus};
use crate::status::Health;

/// `spec.replicas` and a job's `spec.parallelism` default to 1 (apps/v1, batch/v1).
const DEFAULT_REPLICAS: i64 = 1;

pub(super) fn stateful_set(set: &Value) -> PlainFacts {
    let (wanted, ready) = (number(set, "/spec/replicas").unwrap_or(DEFAULT_REPLICAS), count(set, "/status/readyReplicas"));
    let updated = count(set, "/status/updatedReplicas");
    let is_rolling = text(set, "/spec/updateStrategy/type") != "OnDelete" && text(set, "/status/currentRevision") != text(set, "/status/updateRevision");
    let status = if wanted == 0 {
        PlainStatus::new(Health::Stopped, "Scaled to 0")
    } else if is_rolling && updated < wanted && ready + 1 >= wanted {
        // One pod at a time is replaced: one that is not ready is the one in work.
        PlainStatus::new(Health::Pending, "Progressing").because(format!("{updated} of {wanted} updated"))
    } else {
        PlainStatus::ready_of(ready, wanted)
    };
    let [names, images] = containers(set, "/spec/template");
    PlainFacts::with(status, [CellValue::Ratio(ready, wanted), CellValue::None, names, images])
}

pub(super) fn daemon_set(set: &Value) -> PlainFacts {
    let (wanted, ready) = (count(set, "/status/desiredNumberScheduled"), count(set, "/status/numberReady"));
    let updated = count(set, "/status/updatedNumberScheduled");
    let status = if wanted == 0 {
        PlainStatus::new(Health::Ended, "No nodes").because("no node fits its selector and tolerations")
    } else if ready >= wanted && updated < wanted && text(set, "/spec/updateStrategy/type") != "OnDelete" {
        PlainStatus::new(Health::Pending, "Progressing").because(format!("{updated} of {wanted} updated"))
    } else {
        PlainStatus::ready_of(ready, wanted)
    };
    let [names, images] = containers(set, "/spec/template");
    PlainFacts::with(
        status,
        [
            CellValue::Number(wanted),
            count_cell(set, "/status/currentNumberScheduled"),
            CellValue::Number(ready),
            CellValue::Number(updated),
            count_cell(set, "/status/numberAvailable"),
            labels(set, "/spec/template/spec/nodeSelector"),
            CellValue::None,
            names,
            images,
            selector(set, "/spec/selector"),
        ],
    )
}

pub(super) fn job(job: &Value) -> PlainFacts {
    let succeeded = count(job, "/status/succeeded");
    let parallelism = number(job, "/spec/parallelism").unwrap_or(DEFAULT_REPLICAS);
    let completions = match number(job, "/spec/completions") {
        Some(wanted) => CellValue::Ratio(succeeded, wanted),
        None if parallelism > 1 => CellValue::Text(format!("{succeeded}/1 of {parallelism}")),
        None => CellValue::Ratio(succeeded, 1),
    };
    // kubectl lets the clock of a failed job run on: its time is that of its failure.
    let failed = condition(job, "Failed", "True");
    let ended = at(job, "/status/completionTime").or(failed.as_ref().and_then(super::path::Condition::since));
    let duration = match (at(job, "/status/startTime"), ended) {
        (None, _) => CellValue::None,
        (Some(start), None) => CellValue::Time(start),
        (Some(start), Some(end)) => CellValue::Span(end - start),
    };
    let is = |kind: &str| condition(job, kind, "True").is_some();
    let status = if is("Complete") {
        PlainStatus::new(Health::Ended, "Complete")
    } else if let Some(failed) = failed {
        PlainStatus::new(Health::Bad, "Failed").because(failed.message())
    } else if is("Suspended") {
        PlainStatus::new(Health::Stopped, "Suspended")
    } else if let Some(target) = condition(job, "FailureTarget", "True") {
        PlainStatus::new(Health::Bad, "FailureTarget").because(target.message())
    } else if is("SuccessCriteriaMet") {
        PlainStatus::new(Health::Ended, "SuccessCriteriaMet")
    } else {
        match count(job, "/status/failed") {
            0 => PlainStatus::ok("Running"),
            failed => PlainStatus::new(Health::Warn, "Running").because(format!("{failed} of its pods failed")),
        }
    };
    let [names, images] = containers(job, "/spec/template");
    PlainFacts::with(status, [CellValue::None, completions, duration, names, images, selector(job, "/spec/selector")])
}

pub(super) fn cron_job(cron: &Value) -> PlainFacts {
    let active = items(cron, "/status/active").len();
    let (scheduled, succeeded) = (at(cron, "/status/lastScheduleTime"), at(cron, "/status/lastSuccessfulTime"));
    let suspended = flag(cron, "/spec/suspend");
    let status = if suspended {
        PlainStatus::new(Health::Stopped, "Suspended")
    } else if active > 0 {
        PlainStatus::ok("Running")
    } else if scheduled.is_some() && succeeded < scheduled {
        // A success is later than the schedule of its run.
        PlainStatus::new(Health::Warn, "Last run failed").because("no success since it was last scheduled")
    } else {
        PlainStatus::ok("Scheduled")
    };
    let [names, images] = containers(cron, "/spec/jobTemplate/spec/template");
    PlainFacts::with(
        status,
        [
            text_cell(cron, "/spec/schedule"),
            text_cell(cron, "/spec/timeZone"),
            CellValue::Flag(suspended),
            CellValue::Number(i64::try_from(active).unwrap_or(i64::MAX)),
            CellValue::of_time(scheduled),
            CellValue::None,
            names,
            images,
            selector(cron, "/spec/jobTemplate/spec/selector"),
        ],
    )
}

pub(super) fn replication_controller(controller: &Value) -> PlainFacts {
    let (wanted, ready) = (number(controller, "/spec/replicas").unwrap_or(DEFAULT_REPLICAS), count(controller, "/status/readyReplicas"));
    let status = if wanted == 0 { PlainStatus::new(Health::Ended, "Scaled to 0") } else { PlainStatus::ready_of(ready, wanted) };
    let [names, images] = containers(controller, "/spec/template");
    let current = count_cell(controller, "/status/replicas");
    let selector = labels(controller, "/spec/selector");
    PlainFacts::with(status, [CellValue::Number(wanted), current, CellValue::Number(ready), CellValue::None, names, images, selector])
}

pub(super) fn pod_template(template: &Value) -> PlainFacts {
    let [names, images] = containers(template, "/template");
    PlainFacts::just([names, images, labels(template, "/template/metadata/labels")])
}

/// kubectl writes the controlling owner as `statefulset.apps/db`.
pub(super) fn controller_revision(revision: &Value) -> PlainFacts {
    let owner = items(revision, "/metadata/ownerReferences").iter().find(|owner| flag(owner, "/controller"));
    let controller = owner.map_or(CellValue::None, |owner| {
        let group = text(owner, "/apiVersion").rsplit_once('/').map_or_else(String::new, |(group, _)| format!(".{group}"));
        CellValue::Text(format!("{}{group}/{}", text(owner, "/kind").to_lowercase(), text(owner, "/name")))
    });
    PlainFacts::just([controller, count_cell(revision, "/revision")])
}
