//! Questions to the node's API server, asked with its own kubectl.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::programs::Programs;
use super::state::State;
use crate::command;
use crate::workspace::Failure;

/// As the administrator, with a home of its own: kubectl keeps a cache there.
fn kubectl(state: &State, programs: &Programs) -> Command {
    let mut kubectl = Command::new(programs.kubectl());
    kubectl.env("HOME", state.root()).arg("--kubeconfig").arg(state.kubeconfig()).arg("--request-timeout=5s");
    kubectl
}

/// What it printed, or why not.
pub(super) fn ask(state: &State, programs: &Programs, arguments: &[&str]) -> Result<String, String> {
    command::output(kubectl(state, programs).args(arguments)).map(|text| text.trim().to_owned())
}

/// Creates or changes objects.
pub(super) fn apply(state: &State, programs: &Programs, manifests: &str) -> Result<(), Failure> {
    let mut kubectl = kubectl(state, programs);
    let child = kubectl.args(["apply", "-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(Failure::at("starting kubectl"))?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(manifests.as_bytes()).map_err(Failure::at("talking to kubectl"))?;
    }
    let output = child.wait_with_output().map_err(Failure::at("running kubectl"))?;
    let words = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(Failure::new(format!("kubectl apply failed: {}", words.trim()))) }
}
