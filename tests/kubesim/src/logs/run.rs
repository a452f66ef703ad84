//! One run of a container: from its start to its end, if it has ended.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::lines::{Line, Style, life, report};
use crate::container;
use crate::names::{hash, mix};
use crate::script::Script;

/// A run's log reaches back this far at most, to a whole multiple: what a node keeps of a rotated log.
const KEPT_SECONDS: i64 = 3 * 3600;

/// A pod annotation: the log begins with this many lines.
pub(crate) const LINES: &str = "kubesim.krateyard.dev/log-lines";

/// A pod annotation: so many lines a second.
pub(crate) const RATE: &str = "kubesim.krateyard.dev/log-rate";

/// What there is to read.
pub(super) enum State {
    Run(Run),
    NoPrevious,
    /// Not started, with the reason.
    Waiting(String),
}

/// One run of a container.
#[derive(Clone, Debug)]
pub(super) struct Run {
    id: String,
    seed: u64,
    start: Timestamp,
    pub(super) end: Option<Timestamp>,
    exit_code: i64,
    reason: String,
    style: Style,
    /// What it was started with, when that says what it writes.
    script: Option<Script>,
    /// Lines at its beginning, by annotation.
    opening: u64,
    /// Lines per second, by annotation.
    rate: Option<u64>,
}

/// The run that a log is about.
pub(super) fn state(pod: &Value, name: &str, previous: bool) -> State {
    let status = container::status(pod, name);
    let (now, last) = (&status["state"], &status["lastState"]["terminated"]);
    let run = |shown: &Value, id: &Value| State::Run(Run::of(pod, name, shown, id));
    let waiting = now["waiting"]["reason"].as_str();
    if previous {
        return if last.is_object() { run(last, &last["containerID"]) } else { State::NoPrevious };
    }
    if now["running"].is_object() {
        return run(&now["running"], &status["containerID"]);
    }
    if now["terminated"].is_object() {
        return run(&now["terminated"], &now["terminated"]["containerID"]);
    }
    if last.is_object() {
        return run(last, &last["containerID"]);
    }
    State::Waiting(match waiting {
        Some("ErrImagePull" | "ImagePullBackOff") => "image can't be pulled".to_owned(),
        Some(reason) => reason.to_owned(),
        None => "ContainerCreating".to_owned(),
    })
}

/// When a run ended, judged by a later state of its pod.
pub(super) fn end_of(pod: &Value, name: &str, run: &Run) -> Option<Timestamp> {
    let status = container::status(pod, name);
    for ended in [&status["state"]["terminated"], &status["lastState"]["terminated"]] {
        if ended["containerID"] == run.id.as_str() {
            return finished(ended).or_else(|| Some(Timestamp::now()));
        }
    }
    // another run has taken its place
    (status["containerID"].is_string() && status["containerID"] != run.id.as_str()).then(Timestamp::now)
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// When a run finished: its state says the second, and it lives to the end of that.
fn finished(state: &Value) -> Option<Timestamp> {
    time(&state["finishedAt"]).map(|end| end + SignedDuration::from_millis(999))
}

impl Run {
    fn of(pod: &Value, name: &str, shown: &Value, id: &Value) -> Self {
        let image = container::spec(pod, name)["image"].as_str().unwrap_or_default();
        let annotation = |key: &str| pod["metadata"]["annotations"][key].as_str().and_then(|text| text.parse().ok());
        let id = id.as_str().unwrap_or_default().to_owned();
        let start = time(&shown["startedAt"]).unwrap_or(Timestamp::UNIX_EPOCH);
        Self {
            seed: hash(&id),
            id,
            start,
            end: finished(shown),
            exit_code: shown["exitCode"].as_i64().unwrap_or(0),
            reason: shown["reason"].as_str().unwrap_or_default().to_owned(),
            style: Style::of(image, name),
            script: Script::of(container::spec(pod, name)),
            opening: annotation(LINES).unwrap_or(0),
            rate: annotation(RATE),
        }
    }

    pub(super) fn has_ended(&self, now: Timestamp) -> bool {
        self.end.is_some_and(|end| end <= now)
    }

    /// The time of the first line that is kept.
    pub(super) fn first(&self) -> Timestamp {
        let now = self.end.unwrap_or_else(Timestamp::now).as_second();
        let kept = (now / KEPT_SECONDS - 1) * KEPT_SECONDS;
        if self.opening > 0 || kept < self.start.as_second() { self.start } else { Timestamp::from_second(kept).unwrap_or(self.start) }
    }

    /// The time of the line with which the last `count` lines begin.
    pub(super) fn tail_start(&self, count: usize, now: Timestamp) -> Timestamp {
        let until = self.end.unwrap_or(now).min(now);
        let first = self.first();
        let mut missing = count;
        let mut second = until.as_second();
        while second >= first.as_second() && missing > 0 {
            let lines: Vec<Line> = self.lines_of(second).into_iter().filter(|line| line.time <= until).collect();
            if lines.len() >= missing {
                return lines[lines.len() - missing].time;
            }
            missing -= lines.len();
            second -= 1;
        }
        first
    }

    /// The lines of one second since 1970, in their order.
    pub(super) fn lines_of(&self, second: i64) -> Vec<Line> {
        let offset = second - self.start.as_second();
        if offset < 0 {
            return Vec::new();
        }
        let base = Timestamp::from_second(second).unwrap_or(self.start);
        let at = |nanoseconds: u64| base + SignedDuration::from_nanos(i64::try_from(nanoseconds % 1_000_000_000).unwrap_or(0));
        if let Some(script) = self.script.as_ref().filter(|_| self.rate.is_none() && self.opening == 0) {
            let (from, until) = (Duration::from_secs(offset.unsigned_abs()), Duration::from_secs(offset.unsigned_abs() + 1));
            let lines = script.played(until).lines.into_iter().filter(|(time, _)| (from..until).contains(time));
            return lines.map(|(time, text)| Line { time: self.start + time, text }).collect();
        }
        // an opening is written in the first seconds: a thousand lines each
        let (offset, written) = (u64::try_from(offset).unwrap_or(0), u64::try_from(offset).unwrap_or(0) * 1000);
        if written < self.opening {
            let count = (self.opening - written).min(1000);
            return (0..count)
                .map(|index| Line {
                    time: at(index * 999_983),
                    text: life(self.style, mix(self.seed ^ (written + index)), at(index * 999_983), written + index + 1),
                })
                .collect();
        }
        let seed = mix(self.seed ^ second.unsigned_abs());
        let mut lines = Vec::new();
        if offset == 0 && self.opening == 0 {
            lines.extend(self.style.greeting().iter().enumerate().map(|(index, text)| {
                let time = at(120_000_000 + index as u64 * 3_127_411);
                Line { time, text: self.style.dressed(text, time) }
            }));
        }
        let count = match self.rate {
            Some(rate) => rate.min(20_000),
            // quiet seconds, single lines, and now and then a burst
            None if seed.is_multiple_of(97) => 12 + seed % 25,
            None if seed % 5 < 2 => 1,
            None => 0,
        };
        for index in 0..count {
            let seed = mix(seed + index);
            let time = if count == 1 {
                at(100_000_000 + seed % 800_000_000)
            } else {
                at(500_000_000 / count.max(1) * index + 200_000_000 + seed % (400_000_000 / count.max(1)))
            };
            if self.rate.is_none() && seed.is_multiple_of(67) {
                lines.extend(report(self.style, seed, time));
            } else {
                lines.push(Line { time, text: life(self.style, seed, time, offset * 100 + index) });
            }
        }
        if self.end.is_some_and(|end| end.as_second() == second) && self.exit_code != 0 {
            let time = at(950_000_000);
            lines.extend(
                self.style
                    .farewell(&self.reason, self.exit_code)
                    .into_iter()
                    .enumerate()
                    .map(|(index, text)| Line { time: time + SignedDuration::from_nanos(index as i64 * 41_233), text }),
            );
        }
        lines
    }
}
