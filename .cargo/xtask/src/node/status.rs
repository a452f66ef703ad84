//! `cargo xtask node status`: what runs, and whether tests can begin.

use std::fs;

use super::credentials::NODE;
use super::kubectl;
use super::programs::{self, KUBERNETES, Programs};
use super::services;
use super::state::State;
use crate::workspace::{Failure, Workspace};

/// Prints what runs; the last line begins with `ready`, or says what is not.
///
/// # Errors
/// When the node is not ready: the last line.
pub(super) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let state = State::of(workspace);
    if !state.exists() {
        return Err(Failure::new("not ready: there is no node; `cargo xtask node up` starts one"));
    }
    let mut total = 0;
    for name in services::NAMES {
        match state.running(name) {
            Some(started) => {
                let megabytes = resident(started.pid);
                total += megabytes;
                println!("{name:24} runs, pid {}, {megabytes} MB", started.pid);
            }
            None => println!("{name:24} does not run; its log: {}", state.log(name).display()),
        }
    }
    println!("{:24} {total} MB, without its pods", "together");
    let programs = programs::find(workspace)?.ok_or_else(|| Failure::new("not ready: the node's programs are not built; `cargo xtask node up` builds them"))?;
    match missing(&state, &programs) {
        None => {
            println!("ready: Kubernetes {KUBERNETES} for {}", state.kubeconfig().display());
            Ok(())
        }
        Some(why) => Err(Failure::new(format!("not ready: {why}"))),
    }
}

/// What keeps the node from being ready; `None` when nothing does.
pub(super) fn missing(state: &State, programs: &Programs) -> Option<String> {
    if let Some(name) = services::NAMES.into_iter().find(|name| state.running(name).is_none()) {
        return Some(format!("{name} does not run; see {}", state.log(name).display()));
    }
    if let Err(why) = kubectl::ask(state, programs, &["get", "--raw=/readyz"]) {
        return Some(format!("the API server says: {why}"));
    }
    let condition = "jsonpath={.status.conditions[?(@.type==\"Ready\")]['status','message']}";
    match kubectl::ask(state, programs, &["get", "node", NODE, "-o", condition]) {
        Ok(ready) if ready.starts_with("True") => {}
        Ok(words) => return Some(format!("the node is not ready: {words}")),
        Err(why) => return Some(format!("the node has not joined: {why}")),
    }
    // The controllers make it in every namespace, and pods need it.
    let account = kubectl::ask(state, programs, &["get", "serviceaccount", "default", "-n", "default", "-o", "name"]);
    account.err().map(|why| format!("the controllers have not begun: {why}"))
}

/// Resident memory of a process, in MB.
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kilobytes| kilobytes / 1024)
}
