//! Runs cases on both sides and says what differs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::{FutureExt as _, StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::cases::{Case, Needs};
use crate::compare::{Difference, differences, explained};
use crate::known::Known;
use crate::normal::Normal;
use crate::scene::{Entry, Scene};
use crate::side::Side;
use crate::{delete, get, post};

/// Cases that run at a time.
const AT_ONCE: usize = 6;

/// A difference is shown with so many characters of each side.
const SHOWN: usize = 600;

/// What a run came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Answers compared.
    pub requests: usize,
    /// Those that are equal.
    pub equal: usize,
    /// Those that differ as is known.
    pub known: usize,
    /// Answers of known differences that were met: place in the list of differences, name in its list of answers, how often.
    pub met: BTreeMap<(usize, usize), usize>,
    /// What is wrong: differences that nobody knows, cases that broke off, namespaces that stayed.
    pub wrong: Vec<String>,
    /// Cases that were left out, each with its reason.
    pub left_out: Vec<String>,
}

impl Outcome {
    /// The end of a run in words: one line, and one for each known difference and each case that was left out.
    pub fn words(&self, known: &[Known]) -> String {
        let mut text = format!("conformance: {} requests, {} equal, {} differ for a known reason", self.requests, self.equal, self.known);
        for ((difference, answer), count) in &self.met {
            let _ = write!(text, "\n  {count} x {}: {}", known[*difference].answers[*answer], known[*difference].why);
        }
        for case in &self.left_out {
            let _ = write!(text, "\n  left out: {case}");
        }
        text
    }
}

/// Runs the cases on both sides, in namespaces whose names begin with `prefix`, and compares.
pub async fn run(cases: &'static [Case], known: &'static [Known], simulated: &Side, real: &Side, prefix: &str) -> Outcome {
    let outcome = Arc::new(Mutex::new(Outcome::default()));
    let (has_nodes, has_history) = futures::join!(has_nodes(real), has_history(real));
    stream::iter(cases)
        .for_each_concurrent(AT_ONCE, |case| {
            let outcome = outcome.clone();
            async move {
                let lack = match case.needs {
                    Needs::RunningPods if !has_nodes => Some("has no node that is ready"),
                    Needs::History if !has_history => Some("is so young that it remembers its first version"),
                    _ => None,
                };
                if let Some(lack) = lack {
                    outcome.lock().await.left_out.push(format!("{}: the real cluster {lack}", case.name));
                    return;
                }
                let namespace = format!("{prefix}-{}", case.name);
                let (ours, theirs) = futures::join!(one(case, simulated, &namespace), one(case, real, &namespace));
                let mut outcome = outcome.lock().await;
                outcome.wrong.extend(ours.wrong);
                outcome.wrong.extend(theirs.wrong);
                compare(case, known, ours.entries, theirs.entries, &mut outcome);
            }
        })
        .await;
    let mut outcome = std::mem::take(&mut *outcome.lock().await);
    outcome.wrong.extend(stale(known, &outcome));
    outcome
}

/// Known differences that are none any more, answer by answer; those of cases that were left out may be.
fn stale(known: &[Known], outcome: &Outcome) -> Vec<String> {
    let left_out: Vec<&str> = outcome.left_out.iter().filter_map(|case| case.split(':').next()).collect();
    let mut stale = Vec::new();
    for (difference, known) in known.iter().enumerate() {
        for (answer, name) in known.answers.iter().enumerate() {
            if !outcome.met.contains_key(&(difference, answer)) && !name.split('/').next().is_some_and(|case| left_out.contains(&case)) {
                stale.push(format!("the known difference of {name} is none any more: {}", known.why));
            }
        }
    }
    stale
}

/// What a case came to on one side.
struct Played {
    entries: Vec<Entry>,
    wrong: Option<String>,
}

/// Runs a case on one side, in a namespace that goes when it is over, however it ends.
async fn one(case: &Case, side: &Side, namespace: &str) -> Played {
    let mut scene = Scene::new(side.clone(), namespace.to_owned());
    let wrong = AssertUnwindSafe(async {
        set(&scene).await;
        (case.play)(&mut scene).await;
    });
    let broke = wrong.catch_unwind().await.err().map(|panic| format!("{}: broke off: {}", case.name, said(&*panic)));
    let cleared = AssertUnwindSafe(clear(&scene)).catch_unwind().await.err().map(|panic| format!("{}: {}", case.name, said(&*panic)));
    Played { entries: scene.into_entries(), wrong: broke.or(cleared) }
}

/// Makes the namespace, and waits for what controllers put into one.
async fn set(scene: &Scene) {
    let name = scene.namespace();
    scene.arrange(post("/api/v1/namespaces", json!({"metadata": {"name": name}}))).await;
    for birthright in ["serviceaccounts/default", "configmaps/kube-root-ca.crt"] {
        scene.until(birthright, get(birthright), |answer| answer.status == 200).await;
    }
}

/// Removes the namespace, and what a case may have made beside it: another namespace, a definition of custom resources.
async fn clear(scene: &Scene) {
    let definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{ns}.example.com";
    for path in ["/api/v1/namespaces/{ns}", "/api/v1/namespaces/{ns}-beside", definition] {
        scene.until("removing what the case made", delete(path), |answer| matches!(answer.status, 200 | 202 | 404 | 409)).await;
    }
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// Whether a watch from the first version there was is refused: a cluster of some minutes still has it.
async fn has_history(side: &Side) -> bool {
    let scene = Scene::new(side.clone(), "default".to_owned());
    let mut watch = scene.watch("configmaps?watch=true&resourceVersion=1&timeoutSeconds=1").await;
    watch.until_end().await;
    watch.into_seen().1["events"][0]["type"] == "ERROR"
}

async fn has_nodes(side: &Side) -> bool {
    let scene = Scene::new(side.clone(), String::new());
    let nodes = scene.arrange(get("/api/v1/nodes")).await;
    let ready = |node: &Value| {
        node["status"]["conditions"].as_array().into_iter().flatten().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
    };
    nodes.body["items"].as_array().into_iter().flatten().any(ready)
}

fn compare(case: &Case, known: &'static [Known], ours: Vec<Entry>, theirs: Vec<Entry>, outcome: &mut Outcome) {
    if ours.len() != theirs.len() {
        outcome.wrong.push(format!("{}: {} answers of kubesim, {} of the real cluster", case.name, ours.len(), theirs.len()));
    }
    let (mut our_normal, mut their_normal) = (Normal::default(), Normal::default());
    for (ours, theirs) in ours.into_iter().zip(theirs) {
        outcome.requests += 1;
        let name = format!("{}/{}", case.name, ours.name);
        let found = differences(&our_normal.of(&ours.name, ours.seen), &their_normal.of(&theirs.name, theirs.seen));
        let mut causes: BTreeSet<(usize, usize)> = BTreeSet::new();
        let mut unknown = Vec::new();
        for difference in &found {
            match explained(known, &name, difference) {
                Some(at) => {
                    causes.insert(at);
                }
                None => unknown.push(difference),
            }
        }
        for at in causes {
            *outcome.met.entry(at).or_default() += 1;
        }
        if !unknown.is_empty() {
            let places: String = unknown.iter().map(|difference| shown(difference)).collect();
            outcome.wrong.push(format!("{name}: {}{places}", ours.request));
        } else if found.is_empty() {
            outcome.equal += 1;
        } else {
            outcome.known += 1;
        }
    }
}

fn shown(difference: &Difference) -> String {
    let cut = |value: &Option<Value>| match value {
        Some(value) => value.to_string().chars().take(SHOWN).collect(),
        None => "nothing".to_owned(),
    };
    format!("\n  {}\n    kubesim {}\n    real    {}", difference.at, cut(&difference.simulated), cut(&difference.real))
}
