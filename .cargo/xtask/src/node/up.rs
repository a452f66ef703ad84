//! `cargo xtask node up`.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::programs::{self, Programs};
use super::services::{self, API_PORT, Service};
use super::state::State;
use super::{credentials, down, images, kubectl, network, rights, status, wait};
use crate::command;
use crate::install;
use crate::progress;
use crate::workspace::{Failure, Workspace};

/// More than any part takes on a busy machine; a node of its own takes 6 s as a whole.
const PATIENCE: Duration = Duration::from_secs(120);

/// The rights of the people who have tokens.
const GRANTS: &str = include_str!("../../../../tests/node/grants.yaml");

/// Starts the node, unless it is there. One that is half there is ended first.
pub(super) fn run(workspace: &Workspace) -> Result<Programs, Failure> {
    let state = State::of(workspace);
    if let Some(programs) = programs::find(workspace)?
        && state.exists()
        && status::missing(&state, &programs).is_none()
    {
        return Ok(programs);
    }
    if state.exists() {
        println!("ending what is left of a node");
        down::run(&state)?;
    }
    install::install(workspace, &install::NODE)?;
    rights::check(&state)?;
    let programs = programs::build(workspace)?;
    let start = Instant::now();
    if let Err(failure) = begin(&state, &programs) {
        return Err(Failure::new(format!("{failure}\nthe logs are in {}; `cargo xtask node down` clears up", state.path("logs").display())));
    }
    println!("the node is ready after {}", progress::words(start.elapsed()));
    Ok(programs)
}

fn begin(state: &State, programs: &Programs) -> Result<(), Failure> {
    for folder in ["logs", "pids"] {
        state.make_folder(folder)?;
    }
    down::note_what_is_there(state)?;
    credentials::make(state)?;
    services::configure(state)?;
    network::up(state)?;
    down::make_cgroups()?;
    let all = services::all(state, programs);
    for service in &all[..3] {
        start(state, service)?;
    }
    until(state, "containerd", || command::output(images::ctr(state).arg("version")).map(drop))?;
    images::import(state, programs)?;
    let listens = || TcpStream::connect((Ipv4Addr::LOCALHOST, API_PORT)).map(drop).map_err(|error| error.to_string());
    until(state, "kube-apiserver", listens)?;
    until(state, "kube-apiserver", || kubectl::ask(state, programs, &["get", "--raw=/readyz"]).map(drop))?;
    for service in &all[3..] {
        start(state, service)?;
    }
    until(state, "kubelet", || status::missing(state, programs).map_or(Ok(()), Err))?;
    kubectl::apply(state, programs, GRANTS)
}

/// In a process group of its own, so that Ctrl-C here does not reach it.
fn start(state: &State, service: &Service) -> Result<(), Failure> {
    let path = state.log(service.name);
    let log = File::create(&path).and_then(|log| Ok((log.try_clone()?, log))).map_err(Failure::at(format!("making {}", path.display())))?;
    let mut command = Command::new(&service.program);
    command.args(&service.arguments).current_dir(state.root()).process_group(0).stdin(Stdio::null()).stdout(log.0).stderr(log.1);
    let child = command.spawn().map_err(Failure::at(format!("cannot start {}", service.name)))?;
    state.remember(service.name, child.id())
}

/// Waits for a part until it is there, or has ended.
fn until(state: &State, name: &str, check: impl Fn() -> Result<(), String>) -> Result<(), Failure> {
    let mut answer = Ok(());
    let settled = || {
        answer = check();
        answer.is_ok() || state.running(name).is_none()
    };
    let in_time = wait::until(PATIENCE, settled);
    match answer {
        Ok(()) => Ok(()),
        Err(_) if in_time => Err(Failure::new(format!("{name} ended by itself; its last words:\n{}", last_words(state, name)))),
        Err(why) => Err(Failure::new(format!("{name} is not ready after {} s: {why}; its last words:\n{}", PATIENCE.as_secs(), last_words(state, name)))),
    }
}

fn last_words(state: &State, name: &str) -> String {
    let text = fs::read_to_string(state.log(name)).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}
