//! What a row means: its health (shape and colour), its word, and why. One function for tables, krates, cards, Spotlight and counts.

mod pod;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::rows::{DeploymentFacts, EventFacts, Facts, NodeFacts, PlainStatus, Row, ServiceFacts};
use crate::time::Seconds;

pub use pod::{ready_of, restarts};

/// How an object does; the order is the order of lists: what is bad comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Health {
    /// Fails now: diamond.
    #[n(0)]
    Bad,
    /// Works in part, or will fail: triangle.
    #[n(1)]
    Warn,
    /// On its way: half ring.
    #[n(2)]
    Pending,
    /// Does what it should: dot.
    #[n(3)]
    Ok,
    /// Ended as it should: ring.
    #[n(4)]
    Ended,
    /// Stopped on purpose, or unknown: square.
    #[n(5)]
    Stopped,
}

/// An object's state in words. The word is empty for an object that has no state: it is there, and that is all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// How it does.
    pub health: Health,
    /// The word, as kubectl prints it where kubectl has one.
    pub word: String,
    /// Why, in a few words; empty where the word says it all.
    pub why: String,
}

impl Status {
    fn new(health: Health, word: impl Into<String>) -> Status {
        Status { health, word: word.into(), why: String::new() }
    }

    fn because(self, why: impl Into<String>) -> Status {
        Status { why: why.into(), ..self }
    }
}

/// The state of an object.
pub fn of(row: &Row) -> Status {
    let status = match &row.facts {
        Facts::Namespace(n) => {
            if n.phase == "Terminating" {
                Status::new(Health::Pending, "Terminating")
            } else {
                Status::new(Health::Ok, "Active")
            }
        }
        Facts::Node(n) => node(n),
        Facts::Pod(p) => return pod::status(p, row.deleting),
        Facts::Deployment(d) => deployment(d),
        Facts::ReplicaSet(r) => replicas(r.desired, r.ready),
        Facts::Service(s) => service(s),
        Facts::Event(e) => event(e),
        Facts::Summary(_) => Status::new(Health::Ok, ""),
        Facts::Plain(plain) => match plain.status.clone() {
            Some(PlainStatus { health, word, why }) => Status { health, word, why },
            None => Status::new(Health::Ok, ""),
        },
    };
    if row.deleting.is_some() { Status::new(Health::Pending, "Terminating") } else { status }
}

/// When a terminating object's grace period ends, and whether it is over: it is stuck then.
pub fn is_stuck_deleting(row: &Row, now: Seconds) -> bool {
    row.deleting.is_some_and(|deadline| now > deadline + STUCK_GRACE_SECS)
}

/// How long after its deletion deadline an object counts as stuck: the kubelet needs some seconds to report.
pub const STUCK_GRACE_SECS: i64 = 30;

fn node(node: &NodeFacts) -> Status {
    let status = match node.ready {
        Some(true) if !node.pressures.is_empty() => Status::new(Health::Warn, node.pressures.join(",")),
        Some(true) => Status::new(if node.unschedulable { Health::Warn } else { Health::Ok }, "Ready"),
        Some(false) => Status::new(Health::Bad, "NotReady"),
        None => Status::new(Health::Bad, "Unknown").because("stopped reporting"),
    };
    // kubectl prints "Ready,SchedulingDisabled".
    if node.unschedulable { Status { word: format!("{},SchedulingDisabled", status.word), ..status } } else { status }
}

fn deployment(d: &DeploymentFacts) -> Status {
    if let Some((reason, message)) = &d.stuck {
        let health = if d.available == 0 { Health::Bad } else { Health::Warn };
        return Status::new(health, reason.clone()).because(message.clone());
    }
    if d.desired == 0 {
        return Status::new(Health::Stopped, "Scaled to 0");
    }
    if d.paused {
        return Status::new(Health::Pending, "Paused");
    }
    if d.updated < d.desired || d.current > d.updated {
        return Status::new(if d.available == 0 { Health::Bad } else { Health::Pending }, "Progressing")
            .because(format!("{} of {} updated", d.updated, d.desired));
    }
    if d.available < d.desired {
        let word = format!("{} of {} ready", d.ready, d.desired);
        return Status::new(if d.available == 0 { Health::Bad } else { Health::Warn }, word);
    }
    Status::new(Health::Ok, "Available")
}

fn replicas(desired: u32, ready: u32) -> Status {
    match (desired, ready) {
        (0, _) => Status::new(Health::Ended, "Scaled to 0"),
        (desired, ready) if ready >= desired => Status::new(Health::Ok, "Ready"),
        (desired, ready) => Status::new(if ready == 0 { Health::Bad } else { Health::Warn }, format!("{ready} of {desired} ready")),
    }
}

fn service(s: &ServiceFacts) -> Status {
    match s.kind.as_str() {
        "LoadBalancer" if s.external.is_empty() => Status::new(Health::Pending, "Pending").because("no address yet"),
        kind => Status::new(Health::Ok, kind),
    }
}

fn event(e: &EventFacts) -> Status {
    Status::new(if e.kind == "Warning" { Health::Warn } else { Health::Ended }, e.reason.clone())
}
