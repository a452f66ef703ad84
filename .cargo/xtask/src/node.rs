//! `cargo xtask node`: a real Kubernetes node on this machine, for tests. etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet and containerd,
//! without Docker, on loopback and a bridge of its own. Everything is kept in one folder, and `down` leaves nothing behind.

mod credentials;
mod down;
mod go;
mod images;
mod kubectl;
mod network;
mod programs;
mod rights;
mod services;
mod state;
mod status;
mod up;
mod wait;

use std::path::PathBuf;

use crate::arguments::Arguments;
use crate::install;
use crate::workspace::{Failure, Workspace};
use state::State;

/// What tests need of a node that is up.
pub(crate) struct Node {
    /// The administrator's.
    pub(crate) kubeconfig: PathBuf,
    /// The program.
    pub(crate) kubectl: PathBuf,
}

/// Starts the node, or finds it started.
///
/// # Errors
/// When the machine lacks something, or a part does not come up.
pub(crate) fn up(workspace: &Workspace) -> Result<Node, Failure> {
    let programs = up::run(workspace)?;
    let state = State::of(workspace);
    Ok(Node { kubeconfig: state.kubeconfig(), kubectl: programs.kubectl() })
}

/// Whether a node can run here: rights, Debian's packages, Go's modules. Installs and fetches what can be had; builds nothing.
fn check(workspace: &Workspace) -> Result<(), Failure> {
    install::install(workspace, &install::NODE)?;
    let state = State::of(workspace);
    if !state.exists() {
        rights::check(&state)?;
    }
    programs::fetch(workspace)
}

/// `up`, `down`, `status`, `build`, `check`.
///
/// # Errors
/// Those of the command; `status` fails where the node is not ready.
pub(crate) fn run(workspace: &Workspace, arguments: &mut Arguments) -> Result<(), Failure> {
    let command = arguments.word();
    arguments.finish()?;
    match command.as_deref() {
        Some("up") => {
            let node = up(workspace)?;
            println!("kubeconfig: {}\nkubectl: {}", node.kubeconfig.display(), node.kubectl.display());
            status::run(workspace)
        }
        Some("down") => down::run(&State::of(workspace)),
        Some("status") => status::run(workspace),
        Some("build") => programs::build(workspace).map(|programs| println!("the node's programs are in {}", programs.folder().display())),
        Some("check") => check(workspace).map(|()| println!("a node can run here")),
        other => Err(Failure::new(format!("`node {}` is none of up, down, status, build, check", other.unwrap_or_default()))),
    }
}
