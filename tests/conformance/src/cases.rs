//! The cases: each is a function that asks, and runs alike on both sides.

mod reading;

use futures::future::BoxFuture;

use crate::scene::Scene;

/// What a case needs of the real cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// An API server and its controllers.
    Server,
    /// A node that runs pods, too.
    RunningPods,
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
pub const CASES: &[Case] = &[case!("discovery", Server, reading::discovery), case!("get", Server, reading::get_one), case!("list", Server, reading::list)];
