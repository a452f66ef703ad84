//! The cases: each is a function that asks, and runs alike on both sides.

mod access;
mod custom;
mod lives;
mod patching;
mod pods;
mod reading;
mod selectors;
mod watching;
mod writing;

use futures::future::BoxFuture;

use crate::scene::Scene;

/// What a case needs of the real cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// An API server and its controllers.
    Server,
    /// A node that runs pods, too.
    RunningPods,
    /// An API server so old that it has forgotten its first versions.
    History,
}

/// One case.
#[derive(Clone, Copy)]
pub struct Case {
    /// The beginning of its answers' names, and the end of its namespace's.
    pub name: &'static str,
    /// What it needs.
    pub needs: Needs,
    /// Runs it.
    pub play: fn(&mut Scene) -> BoxFuture<'_, ()>,
}

macro_rules! case {
    ($name:literal, $needs:ident, $play:path) => {
        Case { name: $name, needs: Needs::$needs, play: |scene| Box::pin($play(scene)) }
    };
}

/// All of them.
pub const CASES: &[Case] = &[
    case!("discovery", Server, reading::discovery),
    case!("get", Server, reading::get_one),
    case!("list", Server, reading::list),
    case!("labels", Server, selectors::labels),
    case!("fields", Server, selectors::fields),
    case!("watch", Server, watching::changes),
    case!("watch-begins", Server, watching::beginnings),
    case!("watch-forms", Server, watching::forms),
    case!("watch-ends", Server, watching::ends),
    case!("watch-expired", History, watching::expired),
    case!("create", Server, writing::create),
    case!("validation", Server, writing::validation),
    case!("update", Server, writing::update),
    case!("forms", Server, writing::forms),
    case!("merge-patch", Server, patching::merge),
    case!("json-patch", Server, patching::json_patch),
    case!("strategic-patch", Server, patching::strategic),
    case!("delete", Server, patching::remove),
    case!("finalizers", Server, patching::finalizers),
    case!("collection", Server, patching::collection),
    case!("scale", Server, patching::scale),
    case!("refusals", Server, access::refusals),
    case!("identities", Server, access::identities),
    case!("reviews", Server, access::reviews),
    case!("custom", Server, custom::resources),
    case!("tables", Server, custom::tables),
    case!("namespace", Server, lives::namespace),
    case!("dependents", Server, lives::dependents),
    case!("pod", RunningPods, pods::lives),
    case!("logs", RunningPods, pods::logs),
    case!("log-ends", RunningPods, pods::log_ends),
    case!("exec", RunningPods, pods::exec),
    case!("exec-refused", RunningPods, pods::exec_refusals),
];
