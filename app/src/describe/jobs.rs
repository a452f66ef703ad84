//! Jobs and cron jobs.

use krateyard_shared::kinds::Kind;
use krateyard_shared::status::Health;
use krateyard_shared::time;

use super::build::{Facts, Seen};
use super::pods::{account, volumes};
use super::read::{count, items, name, text};
use super::{Link, Section};

pub(super) fn job(seen: &Seen<'_>) -> Vec<Section> {
    let (spec, status) = (seen.spec(), seen.status());
    let mut facts = Facts::default();
    let (done, failed, active) = (count(&status["succeeded"]), count(&status["failed"]), count(&status["active"]));
    let is_over = |kind: &str| items(&status["conditions"]).iter().any(|condition| condition["type"] == kind && condition["status"] == "True");
    let health = match () {
        () if is_over("Failed") => Health::Bad,
        () if is_over("Complete") => Health::Ended,
        () if spec["suspend"] == true => Health::Stopped,
        () if failed > 0 => Health::Warn,
        () => Health::Pending,
    };
    // Without completions one pod that succeeds is enough (batch/v1, "work queue").
    let wanted = spec["completions"].as_i64().map_or_else(String::new, |wanted| format!(" of {wanted}"));
    let failures = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    facts.toned("Pods", format!("{done}{wanted} succeeded, {active} running{failures}"), health);
    if spec["suspend"] == true {
        facts.toned("Suspended", "it starts no pods", Health::Stopped);
    }
    facts.noted("At once", text(&spec["parallelism"]), if spec["completionMode"] == "Indexed" { "each pod has an index" } else { "" });
    if let Some(limit) = spec["backoffLimit"].as_i64() {
        facts.say("Gives up", format!("after {limit} failed tries"));
    }
    if let deadline @ 1.. = count(&spec["activeDeadlineSeconds"]) {
        facts.say("Deadline", time::age(deadline));
    }
    facts.ago("Started", &status["startTime"], seen.now);
    let at = |field: &str| status[field].as_str().and_then(time::seconds);
    if let (Some(from), Some(to)) = (at("startTime"), at("completionTime")) {
        facts.say("Took", time::age(to - from));
    }
    if let Some(after) = spec["ttlSecondsAfterFinished"].as_i64() {
        facts.say("Removed", format!("{} after it ended", time::age(after)));
    }
    let template = &spec["template"]["spec"];
    account(seen, template, &mut facts);
    vec![facts.section(), volumes(seen, template)]
}

pub(super) fn cron_job(seen: &Seen<'_>) -> Vec<Section> {
    let (spec, status) = (seen.spec(), seen.status());
    let mut facts = Facts::default();
    facts.noted("Schedule", text(&spec["schedule"]), text(&spec["timeZone"]));
    if spec["suspend"] == true {
        facts.toned("Suspended", "it starts no jobs", Health::Stopped);
    }
    facts.ago("Last run", &status["lastScheduleTime"], seen.now);
    facts.ago("Last success", &status["lastSuccessfulTime"], seen.now);
    let active = items(&status["active"]).iter().map(|job| {
        let job = name(&job["name"]);
        Link { words: job.into(), to: seen.near(Kind::Job, job) }
    });
    facts.links("Running", active.filter(|link| !link.words.is_empty()).collect());
    let overlap = match name(&spec["concurrencyPolicy"]) {
        "Forbid" => "a run is skipped while another runs",
        "Replace" => "a run ends the one before",
        _ => "runs may overlap",
    };
    facts.noted("Overlap", text(&spec["concurrencyPolicy"]), overlap);
    if let late @ 1.. = count(&spec["startingDeadlineSeconds"]) {
        facts.say("Too late", format!("{} after its time", time::age(late)));
    }
    let kept = |field: &str| text(&spec[field]);
    if spec["successfulJobsHistoryLimit"].is_number() {
        facts.say("Keeps", format!("{} that succeeded, {} that failed", kept("successfulJobsHistoryLimit"), kept("failedJobsHistoryLimit")));
    }
    let template = &spec["jobTemplate"]["spec"]["template"]["spec"];
    account(seen, template, &mut facts);
    vec![facts.section(), volumes(seen, template)]
}
